"""Small pictures of the demo shop's products: one drawing for each category, in its own colour."""

from __future__ import annotations

from html import escape

from myna.shop.model import Product

_STROKES = (
    'fill="none" stroke="{ink}" stroke-width="6" stroke-linecap="round" stroke-linejoin="round"'
)
# category → ground, ink, drawing in a field of 160 by 160
_DRAWINGS = {
    "kitchen": (
        "#fdf0e3", "#b4530a",
        '<path d="M40 70h80v36a14 14 0 0 1-14 14H54a14 14 0 0 1-14-14z"/>'
        '<path d="M34 70h92M64 56q6-8 0-16M88 56q6-8 0-16"/>',
    ),
    "cooling": (
        "#e6f4fb", "#0b6fa4",
        '<circle cx="80" cy="68" r="36"/><path d="M80 68q-4-24 10-26M80 68q22 8 18 20M80 68'
        'q-18 14-26 4M80 104v24M58 128h44"/>',
    ),
    "air": (
        "#e9f6ef", "#1b7a4b",
        '<rect x="52" y="34" width="56" height="92" rx="12"/><path d="M66 56h28M66 70h28M66 84h28'
        '"/><circle cx="80" cy="108" r="5"/>',
    ),
    "cleaning": (
        "#eef0fb", "#3f4cae",
        '<circle cx="80" cy="84" r="42"/><circle cx="80" cy="72" r="10"/><path d="M48 104q32 20 64'
        ' 0"/>',
    ),
    "laundry": (
        "#f7ecf8", "#8a3a94",
        '<path d="M34 108h92q0-42-44-42H58M34 108q0-24 22-26M64 66V48h40"/>',
    ),
    "personal care": (
        "#fdecef", "#b02a4b",
        '<path d="M40 52h44a20 20 0 0 1 0 40H40zM58 92l8 34h14l-6-34M112 62v20M124 58v28"/>',
    ),
    "audio": (
        "#efeafd", "#5b3fb8",
        '<rect x="52" y="32" width="56" height="96" rx="14"/><circle cx="80" cy="94" r="18"/>'
        '<circle cx="80" cy="54" r="8"/>',
    ),
    "accessories": (
        "#eef2f4", "#42586a",
        '<rect x="50" y="36" width="60" height="88" rx="10"/><path d="M84 56 72 82h16l-12 26"/>',
    ),
    "wearables": (
        "#e8f3f3", "#0f766e",
        '<rect x="54" y="50" width="52" height="60" rx="14"/><path d="M62 50l4-22h28l4 22M62 110l'
        '4 22h28l4-22M68 82h8l6-12 6 20 4-8"/>',
    ),
    "smart home": (
        "#fbf6e0", "#8a6d00",
        '<path d="M80 32a32 32 0 0 1 18 58v12H62V90a32 32 0 0 1 18-58zM64 114h32M70 126h20"/>',
    ),
}  # fmt: skip
_OTHER = ("#f2f2f2", "#555555", '<path d="M40 58l40-20 40 20v46l-40 20-40-20zM40 58l40 20 40-20"/>')


def picture(product: Product) -> str:
    """An SVG with its name as a title, for those who cannot see it."""
    ground, ink, drawing = _DRAWINGS.get(product.category, _OTHER)
    title = escape(product.names.get("en") or product.sku)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160" role="img">'
        f'<title>{title}</title><rect width="160" height="160" fill="{ground}"/>'
        f"<g {_STROKES.format(ink=ink)}>{drawing}</g></svg>"
    )
