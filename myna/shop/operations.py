"""The calls of `Shop` as an HTTP interface: method, path, parameters and results of each.

One table for those who ask (`myna.shop.http`), who answer (`myna.shop.demo.service`) and who
describe it (`docs/shop-api.yaml`). See `docs/connect-your-shop.md` for what a shop has to mind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from myna.shop import model
from myna.shop.model import (
    Capability,
    CatalogueFile,
    Contact,
    Customer,
    DeclineReason,
    DeliveryChange,
    Invoice,
    LoyaltyAccount,
    MaybeEmpty,
    Missing,
    Order,
    OrderSummary,
    Product,
    Refund,
    Repair,
    RepairRequest,
    Return,
    ReturnRequest,
    Sent,
    Subscription,
    Warranty,
    Who,
)

_R = TypeVar("_R")


@dataclass(frozen=True)
class Cancellation:
    """What comes with a cancellation."""

    reason: str
    """For the shop's people."""


@dataclass(frozen=True)
class Message:
    """What comes with a message."""

    contact: Contact
    """To which contact on record."""
    text: model.LongText
    """Plain text."""


@dataclass(frozen=True)
class Recipient:
    """To which contact on record something is sent."""

    contact: Contact
    """The kind of contact."""


@dataclass(frozen=True)
class WarrantySearch:
    """Whose warranties, and of what."""

    who: Who
    """The customer."""
    product: MaybeEmpty = ""
    """A product's name or SKU; empty: all."""


@dataclass(frozen=True)
class Operation(Generic[_R]):
    """One call."""

    name: str
    """As in `Shop`."""
    method: Literal["GET", "POST"]
    """Of HTTP."""
    path: str
    """With `{name}` for a parameter in it."""
    result: type[_R]
    """What the answer holds: one record, or with `many` a list of them."""
    capability: Capability
    """What a shop offers or does not."""
    summary: str
    """For people."""
    many: bool = False
    """Whether the answer is a list."""
    body: type | None = None
    """What is sent along."""
    query: tuple[str, ...] = ()
    """Parameters in the address."""
    safe: bool = True
    """Whether it changes nothing; if it does, an `Idempotency-Key` comes along."""
    missing: tuple[Missing, ...] = ()
    """What can be absent."""
    refused: bool = False
    """Whether the order's state can forbid it."""
    declines: tuple[DeclineReason, ...] = ()
    """Rules of the shop that can forbid it."""
    status: Literal[200, 201] = 200
    """Of an answer that holds the result."""


GET_ORDER = Operation(
    "get_order", "GET", "/orders/{number}", Order, "orders", "An order", missing=("order",)
)
CANCEL_ORDER = Operation(
    "cancel_order", "POST", "/orders/{number}/cancel", Order, "cancellation",
    "Cancel an order; the answer is the cancelled order",
    body=Cancellation, safe=False, missing=("order",), refused=True, declines=("marketplace",),
)  # fmt: skip
SEND_MESSAGE = Operation(
    "send_message", "POST", "/orders/{number}/messages", Sent, "messages",
    "Send a text to the contact on record",
    body=Message, safe=False, missing=("order", "contact"), status=201,
)  # fmt: skip
LIST_ORDERS = Operation(
    "list_orders", "POST", "/find/orders", OrderSummary, "order_lists",
    "Orders of a customer, newest first, at most twenty", many=True, body=Who,
)  # fmt: skip
CHANGE_DELIVERY = Operation(
    "change_delivery", "POST", "/orders/{number}/delivery", Order, "delivery_changes",
    "Change where, to whom or when an order is delivered; the answer is the changed order",
    body=DeliveryChange, safe=False, missing=("order",), refused=True, declines=("marketplace",),
)  # fmt: skip
GET_INVOICE = Operation(
    "get_invoice", "GET", "/orders/{number}/invoice", Invoice, "invoices",
    "The invoice of an order", missing=("order", "invoice"),
)  # fmt: skip
SEND_INVOICE = Operation(
    "send_invoice", "POST", "/orders/{number}/invoice/send", Sent, "invoices",
    "Send the invoice to the contact on record", body=Recipient, safe=False,
    missing=("order", "invoice", "contact"), declines=("not_issued",), status=201,
)  # fmt: skip
OPEN_RETURN = Operation(
    "open_return", "POST", "/orders/{number}/returns", Return, "returns",
    "Open a return", body=ReturnRequest, safe=False, missing=("order", "item", "product"),
    refused=True, status=201,
    declines=("too_late", "already_open", "not_returnable", "out_of_stock", "marketplace"),
)  # fmt: skip
LIST_RETURNS = Operation(
    "list_returns", "GET", "/orders/{number}/returns", Return, "returns",
    "Returns of an order, newest first", many=True, missing=("order",),
)  # fmt: skip
LIST_REFUNDS = Operation(
    "list_refunds", "GET", "/orders/{number}/refunds", Refund, "refunds",
    "Refunds of an order, newest first", many=True, missing=("order",),
)  # fmt: skip
LIST_WARRANTIES = Operation(
    "list_warranties", "GET", "/orders/{number}/warranties", Warranty, "warranty",
    "Warranties of what an order held", many=True, missing=("order",),
)  # fmt: skip
GET_WARRANTY = Operation(
    "get_warranty", "GET", "/warranties/{serial}", Warranty, "warranty",
    "The warranty of the piece with a serial number", missing=("serial",),
)  # fmt: skip
FIND_WARRANTIES = Operation(
    "find_warranties", "POST", "/find/warranties", Warranty, "warranty",
    "Warranties of what a customer bought, newest first", many=True, body=WarrantySearch,
)  # fmt: skip
BOOK_REPAIR = Operation(
    "book_repair", "POST", "/repairs", Repair, "repairs", "Book a repair",
    body=RepairRequest, safe=False, missing=("serial", "order", "item"),
    declines=("already_open", "void"), status=201,
)  # fmt: skip
GET_REPAIR = Operation(
    "get_repair", "GET", "/repairs/{number}", Repair, "repairs", "A repair", missing=("repair",)
)
LIST_REPAIRS = Operation(
    "list_repairs", "POST", "/find/repairs", Repair, "repairs",
    "Repairs of a customer, newest first", many=True, body=Who,
)  # fmt: skip
SEARCH_PRODUCTS = Operation(
    "search_products", "GET", "/products/search", Product, "products",
    "Products like a text, best first", many=True, query=("text", "language", "limit"),
)  # fmt: skip
GET_PRODUCT = Operation(
    "get_product", "GET", "/products/{sku}", Product, "products", "A product", missing=("product",)
)
LIST_PRODUCTS = Operation(
    "list_products", "GET", "/products", Product, "products",
    "A page of all products, ordered by SKU, a hundred on each; an empty one ends it",
    many=True, query=("page",),
)  # fmt: skip
GET_CATALOGUE = Operation(
    "get_catalogue", "GET", "/catalogue", CatalogueFile, "catalogue",
    "The catalogue with prices as a file", query=("language",),
)  # fmt: skip
GET_LOYALTY = Operation(
    "get_loyalty", "POST", "/find/loyalty", LoyaltyAccount, "loyalty",
    "A customer's points", body=Who, missing=("account",),
)  # fmt: skip
LIST_SUBSCRIPTIONS = Operation(
    "list_subscriptions", "POST", "/find/subscriptions", Subscription, "subscriptions",
    "A customer's subscriptions", many=True, body=Who,
)  # fmt: skip
RENEW_SUBSCRIPTION = Operation(
    "renew_subscription", "POST", "/subscriptions/{number}/renew", Subscription, "subscriptions",
    "Renew a subscription by one interval, or ask for its payment",
    safe=False, missing=("subscription",), declines=("not_renewable",),
)  # fmt: skip
GET_CUSTOMER = Operation(
    "get_customer", "GET", "/customers/{customer_id}", Customer, "customers",
    "A customer", missing=("customer",),
)  # fmt: skip

OPERATIONS: tuple[Operation[object], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Operation)
)
"""All of them, in the order above."""
