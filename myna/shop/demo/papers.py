"""The demo shop's papers as PDF: invoices, the catalogue, labels of returns.

Drawn with matplotlib, which is here anyway and brings a font that has every Vietnamese letter.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from myna.shop.model import Invoice, Money, Order, Product

SHOP = "Lentera Home"
LINES_PER_PAGE = 44

_TITLES = {
    "vi": ("HÓA ĐƠN", "Bảng giá"),
    "ms": ("INVOIS", "Senarai harga"),
    "en": ("INVOICE", "Price list"),
}


def invoice_pdf(order: Order, invoice: Invoice) -> bytes:
    """The invoice of an order, in the language of its country."""
    language = "vi" if order.address.country == "VN" else "ms"
    issued = f"{invoice.issued_at:%d/%m/%Y}" if invoice.issued_at else ""
    lines = [f"{invoice.number}    {issued}", f"{order.number}    {order.customer}"]
    lines += [f"{order.address.street}, {order.address.city}", ""]
    lines += [f"{item.quantity} × {item.name}    {_money(item.unit_price)}" for item in order.items]
    lines += [f"+ {_money(order.shipping_fee)}", "", f"= {_money(invoice.total)}"]
    lines += ["", f"e-invoice: {invoice.e_invoice_code}"] if invoice.e_invoice_code else []
    return _pdf(_TITLES[language][0], lines)


def catalogue_pdf(products: Sequence[Product], language: str) -> bytes:
    """All products with their prices."""
    lines = [
        f"{product.sku:<8} {product.names[language]}    "
        + " / ".join(_money(price) for price in product.prices.values())
        for product in products
    ]
    return _pdf(_TITLES[language][1], lines)


def label_pdf(number: str) -> bytes:
    """What is stuck on the parcel of a return."""
    return _pdf(number, [SHOP, "128 Nguyễn Đình Chiểu, Quận 3, TP. Hồ Chí Minh"])


def _money(money: Money) -> str:
    return f"{money.amount:,} {money.currency}"


def _pdf(title: str, lines: Sequence[str]) -> bytes:
    # half a second, and only who asks for a paper pays it
    from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with PdfPages(file, metadata={"Title": f"{SHOP}: {title}", "CreationDate": None}) as pages:
        for first in range(0, len(lines), LINES_PER_PAGE):
            figure = Figure(figsize=(8.27, 11.69))  # A4, in inches
            FigureCanvasPdf(figure)
            figure.text(0.08, 0.94, f"{SHOP}    {title}", size=15)
            for row, line in enumerate(lines[first : first + LINES_PER_PAGE]):
                figure.text(0.08, 0.9 - row * 0.0195, line, size=9)
            pages.savefig(figure)
    return file.getvalue()
