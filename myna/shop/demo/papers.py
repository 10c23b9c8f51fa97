"""The demo shop's papers as PDF: invoices, the catalogue, labels of returns.

Drawn with matplotlib, which is here anyway and brings a font that has every Vietnamese letter.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from myna import formats
from myna.shop.demo.aftersales import PLACES
from myna.shop.model import Invoice, Money, Order, Product

SHOP = "Lentera Home"
LINES_PER_PAGE = 42

_CURRENCIES = {"vi": "VND", "ms": "MYR", "en": "MYR"}
_INVOICE = {
    "vi": ("Hóa đơn", "Ngày", "Đơn hàng", "Phí giao hàng", "Tổng cộng", "Mã của cơ quan thuế"),
    "ms": ("Invois", "Tarikh", "Pesanan", "Caj penghantaran", "Jumlah", "Kod e-Invois"),
}
_CATALOGUE = {
    "vi": ("Bảng giá", "tạm hết hàng"),
    "ms": ("Senarai harga", "kehabisan stok"),
    "en": ("Price list", "out of stock"),
}


@dataclass(frozen=True)
class _Line:
    """One line of a page, in three columns."""

    left: str = ""
    middle: str = ""
    right: str = ""
    bold: bool = False


def invoice_pdf(order: Order, invoice: Invoice) -> bytes:
    """The invoice of an order, in the language of its country."""
    title, day, number, fee, total, code = _INVOICE["vi" if order.address.country == "VN" else "ms"]
    issued = f"{invoice.issued_at:%d/%m/%Y}" if invoice.issued_at else ""
    lines = [
        _Line(day, issued),
        _Line(number, order.number),
        _Line(),
        _Line("", order.customer),
        _Line("", f"{order.address.street}, {order.address.city}"),
        _Line(),
        *(
            _Line(
                f"{item.quantity} ×",
                item.name,
                _money(Money(item.unit_price.amount * item.quantity, item.unit_price.currency)),
            )
            for item in order.items
        ),
        _Line("", fee, _money(order.shipping_fee)),
        _Line(),
        _Line("", total, _money(invoice.total), bold=True),
    ]
    if invoice.e_invoice_code:
        lines += [_Line(), _Line("", f"{code}: {invoice.e_invoice_code}")]
    return _pdf(f"{title} {invoice.number}", lines)


def catalogue_pdf(products: Sequence[Product], language: str) -> bytes:
    """All products by category, with their prices in the language's market."""
    title, sold_out = _CATALOGUE[language]
    currency = _CURRENCIES[language]
    ordered = sorted(products, key=lambda product: (product.category, product.names[language]))
    lines = [
        _Line(
            product.sku,
            product.names[language] + ("" if product.stock else f" ({sold_out})"),
            _money(product.prices[currency]),
        )
        for product in ordered
    ]
    return _pdf(title, lines)


def label_pdf(number: str, country: str) -> bytes:
    """What is stuck on the parcel of a return."""
    address = [_Line("", part) for part in PLACES[country].split(", ")]
    return _pdf(number, [_Line("", SHOP, bold=True), *address])


def _money(money: Money) -> str:
    return formats.money(money.amount, money.currency)


def _pdf(title: str, lines: Sequence[_Line]) -> bytes:
    # half a second, and only who asks for a paper pays it
    from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with PdfPages(file, metadata={"Title": f"{SHOP}: {title}", "CreationDate": None}) as pages:
        for first in range(0, len(lines), LINES_PER_PAGE):
            figure = Figure(figsize=(8.27, 11.69))  # A4, in inches
            FigureCanvasPdf(figure)
            figure.text(0.08, 0.945, SHOP, size=10, color="#0f766e", weight="bold")
            figure.text(0.08, 0.915, title, size=17)
            for row, line in enumerate(lines[first : first + LINES_PER_PAGE]):
                height, weight = 0.875 - row * 0.0195, "bold" if line.bold else "normal"
                figure.text(0.08, height, line.left, size=9, color="#555555")
                figure.text(0.2, height, line.middle, size=9, weight=weight)
                figure.text(0.92, height, line.right, size=9, weight=weight, ha="right")
            pages.savefig(figure)
    return file.getvalue()
