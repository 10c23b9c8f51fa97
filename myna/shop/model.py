"""What Myna knows of a shop's records, and what a call to the shop can come to.

All moments are aware datetimes, all amounts are decimals with their currency. The same types
travel between Myna and a shop (`myna.shop.wire`): a field with a default may be missing there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, get_args

E164 = Annotated[str, "e164"]
"""A phone number, `+84903123456`."""
Url = Annotated[str, "url"]
"""An address that begins with http:// or https://."""
Currency = Annotated[str, "currency"]
"""ISO 4217, e.g. `VND`."""
Country = Annotated[str, "country"]
"""ISO 3166 alpha-2, e.g. `VN`."""
MaybeEmpty = Annotated[str, "maybe_empty"]
"""A text that may be empty; all others have at least one character."""
LongText = Annotated[str, "long"]
"""A text of several lines, at most 2,000 characters."""
Quantity = Annotated[int, "positive"]
"""At least 1."""
Count = Annotated[int, "count"]
"""At least 0."""

OrderState = Literal[
    "pending",
    "paid",
    "packed",
    "shipped",
    "out_for_delivery",
    "delivered",
    "cancelled",
    "returned",
]
"""`pending`: placed, and neither paid nor packed. `returned`: all of it came back to the shop."""
ShipmentState = Literal["packed", "shipped", "out_for_delivery", "delivered"]
PaymentMethod = Literal["cod", "bank_transfer", "card", "e_wallet", "online_banking", "other"]
Contact = Literal["phone", "email"]
"""Which contact on record a message goes to; an address is never chosen by the caller."""
DeliveryWindow = Literal["morning", "afternoon", "evening", "weekend"]
"""When the receiver is there."""
EInvoiceState = Literal["none", "submitted", "accepted", "rejected"]
"""Where an electronic invoice stands with the tax office; `none`: it does not go there."""
ReturnReason = Literal[
    "damaged", "faulty", "wrong_item", "incomplete", "not_as_described", "changed_mind"
]
ReturnKind = Literal["refund", "exchange"]
ReturnState = Literal[
    "requested", "approved", "in_transit", "received", "completed", "rejected", "cancelled"
]
"""`requested`: the shop still decides. `completed`: refunded or exchanged."""
RefundState = Literal["requested", "approved", "sent", "failed"]
"""`approved`: will be paid. `sent`: left the shop; the bank may take its days."""
RefundMethod = Literal["original_payment", "bank_transfer", "store_credit", "cash"]
HandOver = Literal["pick_up", "drop_off"]
"""Who brings the item: the carrier fetches it, or the customer hands it in."""
RepairState = Literal[
    "booked",
    "received",
    "diagnosing",
    "waiting_for_approval",
    "waiting_for_parts",
    "repairing",
    "ready",
    "sent_back",
    "completed",
    "cancelled",
]
"""`waiting_for_approval`: the customer has to agree to its `cost`. `ready`: to be fetched."""
SubscriptionState = Literal["active", "paused", "payment_failed", "expired", "cancelled"]

ORDER_STATES: tuple[OrderState, ...] = get_args(OrderState)
SHIPMENT_STATES: tuple[ShipmentState, ...] = get_args(ShipmentState)
PAYMENT_METHODS: tuple[PaymentMethod, ...] = get_args(PaymentMethod)
CONTACTS: tuple[Contact, ...] = get_args(Contact)
DELIVERY_WINDOWS: tuple[DeliveryWindow, ...] = get_args(DeliveryWindow)
RETURN_REASONS: tuple[ReturnReason, ...] = get_args(ReturnReason)
RETURN_STATES: tuple[ReturnState, ...] = get_args(ReturnState)
REFUND_STATES: tuple[RefundState, ...] = get_args(RefundState)
REPAIR_STATES: tuple[RepairState, ...] = get_args(RepairState)
SUBSCRIPTION_STATES: tuple[SubscriptionState, ...] = get_args(SubscriptionState)
Missing = Literal[
    "order",
    "contact",
    "invoice",
    "item",
    "product",
    "serial",
    "repair",
    "customer",
    "account",
    "subscription",
]
DeclineReason = Literal[
    "too_late",
    "already_open",
    "not_returnable",
    "out_of_stock",
    "not_issued",
    "void",
    "not_renewable",
    "marketplace",
]
"""`too_late`: the term is over. `already_open`: the same is under way. `not_issued`: there is no
invoice yet. `void`: the warranty no longer counts. `marketplace`: only there."""
Capability = Literal[
    "orders",
    "order_lists",
    "cancellation",
    "messages",
    "invoices",
    "delivery_changes",
    "returns",
    "refunds",
    "warranty",
    "repairs",
    "products",
    "catalogue",
    "loyalty",
    "subscriptions",
    "customers",
]
"""What a shop's system can be able to do."""

MISSING: tuple[Missing, ...] = get_args(Missing)
DECLINE_REASONS: tuple[DeclineReason, ...] = get_args(DeclineReason)
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)


@dataclass(frozen=True)
class Money:
    """An amount in a currency."""

    amount: Decimal
    """In units of the currency (ringgit, not sen)."""
    currency: Currency
    """Whose units they are."""


@dataclass(frozen=True)
class Address:
    """Where parcels of an order go."""

    street: str
    """House number and street; may hold several parts."""
    district: MaybeEmpty
    """Ward and district, or the part of town; empty where there is none."""
    city: str
    """The only part that may be shown without proof of identity."""
    postcode: MaybeEmpty
    """Empty where the country does without."""
    country: Country
    """Where it is."""


@dataclass(frozen=True)
class Item:
    """One line of an order."""

    sku: str
    """The shop's number of the product."""
    name: str
    """As on the customer's invoice, in whatever language that is."""
    quantity: Quantity
    """How many were ordered."""
    unit_price: Money
    """What one piece cost in this order."""


@dataclass(frozen=True)
class Shipment:
    """One parcel of an order."""

    carrier: str
    """The carrier's name, as customers know it."""
    tracking_number: MaybeEmpty
    """The carrier's number of the parcel; empty until there is one."""
    tracking_url: Url | None
    """A page that shows where the parcel is."""
    state: ShipmentState
    """How far the parcel is."""
    expected_on: date | None
    """The day on which the carrier means to deliver, in the receiver's time zone."""
    shipped_at: datetime | None
    """When the carrier took it."""
    delivered_at: datetime | None
    """When it was handed over to the receiver."""
    skus: tuple[str, ...]
    """Which items of the order are in it; empty if the shop does not say."""


@dataclass(frozen=True)
class Order:
    """An order as the shop has it at the moment of asking."""

    number: str
    """In the shop's canonical form, e.g. `DH-20413`."""
    state: OrderState
    """With several parcels, the state of the one that is furthest behind."""
    placed_at: datetime
    """When the customer ordered."""
    customer: str
    """The customer's name."""
    phone: E164 | None
    """Contact on record."""
    email: str | None
    """Contact on record."""
    address: Address
    """Where it goes."""
    items: tuple[Item, ...]
    """What was ordered; at least one line."""
    shipments: tuple[Shipment, ...]
    """Parcels; empty until something is packed."""
    shipping_fee: Money
    """What the customer pays for delivery; part of `total`."""
    total: Money
    """All items and the delivery."""
    amount_due: Money
    """What is still to be paid: with cash on delivery, at the door. Zero if nothing is."""
    payment_method: PaymentMethod
    """How the customer pays."""
    paid: bool
    """Whether all of it was paid; stays true when the money is given back."""
    cancelled_at: datetime | None
    """When it was cancelled."""
    returned_at: datetime | None
    """When the shop had it back."""
    refund: Money | None
    """What is given back to the customer; None if nothing is, or a person still decides it."""
    refunded_at: datetime | None
    """When the refund was sent; None while it is on its way."""
    customer_id: str | None = None
    """The shop's number of the customer; None for guests."""
    marketplace: str | None = None
    """The marketplace through which it was placed, e.g. `Shopee`; None: with the shop itself."""
    receiver: str | None = None
    """Who takes the parcel, if it is not the customer."""
    delivery_phone: E164 | None = None
    """Whom the carrier rings, if it is not `phone`; never a contact that proves anything."""
    delivery_window: DeliveryWindow | None = None
    """When the receiver is there, if they said so."""
    delivery_note: str | None = None
    """What the carrier was asked to mind."""
    payment_url: Url | None = None
    """A page on which `amount_due` can be paid."""

    @property
    def delivered_at(self) -> datetime | None:
        """When the last parcel was handed over; None before that."""
        moments = [parcel.delivered_at for parcel in self.shipments]
        known = [moment for moment in moments if moment]
        return max(known) if known and len(known) == len(moments) else None


@dataclass(frozen=True)
class OrderSummary:
    """An order in a list, with as much as it takes to recognise it."""

    number: str
    """In the shop's canonical form."""
    state: OrderState
    """As in `Order`."""
    placed_at: datetime
    """When the customer ordered."""
    items: tuple[str, ...]
    """Names of the first items, at most three."""
    item_count: Quantity
    """Lines of the order, so that one can say "and two more"."""
    total: Money
    """All items and the delivery."""


@dataclass(frozen=True)
class DeliveryChange:
    """What is to be different about a delivery; None leaves it as it is.

    Raises:
        ValueError: nothing is to change.
    """

    address: Address | None = None
    """Where it goes instead."""
    receiver: str | None = None
    """Who takes the parcel."""
    phone: E164 | None = None
    """Whom the carrier rings; the contact on record stays."""
    window: DeliveryWindow | None = None
    """When the receiver is there."""
    note: str | None = None
    """What the carrier is asked to mind."""

    def __post_init__(self) -> None:
        if not any((self.address, self.receiver, self.phone, self.window, self.note)):
            raise ValueError("a change of delivery changes something")


@dataclass(frozen=True)
class Invoice:
    """The invoice of an order."""

    order_number: str
    """Whose it is."""
    number: str | None
    """Its own number; None until it is issued."""
    issued_at: datetime | None
    """When it was issued; None: not yet."""
    url: Url | None
    """The PDF, at an address that nobody can guess; None until it is issued."""
    total: Money
    """What it is about."""
    e_invoice: EInvoiceState = "none"
    """Where it stands with the tax office."""
    e_invoice_code: str | None = None
    """The tax office's code of an accepted one."""
    buyer: str | None = None
    """To whom it is made out, if not to the customer: a company."""
    buyer_tax_id: str | None = None
    """That company's tax number."""


@dataclass(frozen=True)
class ItemCount:
    """Some pieces of one product."""

    sku: str
    """The shop's number of the product."""
    quantity: Quantity = 1
    """How many."""


@dataclass(frozen=True)
class ReturnRequest:
    """What a customer wants to send back, why, and what for.

    Raises:
        ValueError: no item, or an exchange without a product or the other way round.
    """

    items: tuple[ItemCount, ...]
    """At least one of the order's items."""
    reason: ReturnReason
    """Why."""
    kind: ReturnKind = "refund"
    """Money back, or another product."""
    exchange_sku: str | None = None
    """For what it is exchanged; the same SKU gives a new piece of the same."""
    hand_over: HandOver = "drop_off"
    """Whether a carrier comes."""
    note: MaybeEmpty = ""
    """What the customer says about it, at most 500 characters."""

    def __post_init__(self) -> None:
        if not self.items:
            raise ValueError("a return needs items")
        if (self.kind == "exchange") != (self.exchange_sku is not None):
            raise ValueError("an exchange, and nothing else, needs the product it is for")


@dataclass(frozen=True)
class Refund:
    """Money that goes back to a customer."""

    number: str
    """The shop's number of the refund."""
    order_number: str
    """For which order."""
    amount: Money
    """How much."""
    state: RefundState
    """How far it is."""
    requested_at: datetime
    """When it was asked for."""
    method: RefundMethod = "original_payment"
    """Which way it goes."""
    sent_at: datetime | None = None
    """When it left the shop."""
    expected_on: date | None = None
    """When it should have arrived at the latest."""
    return_number: str | None = None
    """Of the return for which it is; None after a cancellation."""


@dataclass(frozen=True)
class Return:
    """Items on their way back to the shop."""

    number: str
    """The shop's number of the return."""
    order_number: str
    """From which order they are."""
    state: ReturnState
    """How far it is."""
    items: tuple[ItemCount, ...]
    """What goes back."""
    reason: ReturnReason
    """Why."""
    kind: ReturnKind
    """What for."""
    opened_at: datetime
    """When it was asked for."""
    hand_over: HandOver = "drop_off"
    """Who brings it."""
    label_url: Url | None = None
    """A label to print and stick on the parcel."""
    drop_off: str | None = None
    """Where to hand it in, or when it is fetched, in words for the customer."""
    send_by: date | None = None
    """Until when the parcel has to be on its way."""
    exchange_sku: str | None = None
    """For what it is exchanged."""
    received_at: datetime | None = None
    """When the shop had it."""
    closed_at: datetime | None = None
    """When it was completed, rejected or cancelled."""
    refund: Refund | None = None
    """The money that goes back for it, once that is decided."""


@dataclass(frozen=True)
class Warranty:
    """The warranty of one piece that was bought. Whether it covers: `myna.shop.cover`."""

    sku: str
    """The shop's number of the product."""
    product: str
    """Its name, in whatever language."""
    bought_on: date
    """When the warranty begins."""
    until: date | None
    """Its last day; None if the shop only knows its usual term."""
    serial: str | None = None
    """The piece's serial number, if the shop keeps it."""
    order_number: str | None = None
    """With which order it was bought; None: in a store."""
    void: bool = False
    """It no longer counts, e.g. because the piece was opened."""


@dataclass(frozen=True)
class RepairRequest:
    """What is to be repaired, and what is wrong with it.

    Raises:
        ValueError: neither a serial number nor an order with the item.
    """

    symptom: str
    """What the customer says, at most 500 characters."""
    serial: str | None = None
    """The piece, by its serial number …"""
    order_number: str | None = None
    """… or by the order with which it was bought, and"""
    sku: str | None = None
    """the item of that order."""
    hand_over: HandOver = "drop_off"
    """Who brings it."""

    def __post_init__(self) -> None:
        if not self.serial and not (self.order_number and self.sku):
            raise ValueError("a repair needs a serial number, or an order and its item")


@dataclass(frozen=True)
class Repair:
    """A piece that is repaired."""

    number: str
    """The shop's number of the repair."""
    state: RepairState
    """How far it is."""
    sku: str
    """The shop's number of the product."""
    product: str
    """Its name, in whatever language."""
    symptom: str
    """What is wrong with it."""
    booked_at: datetime
    """When it was asked for."""
    in_warranty: bool
    """Whether it costs the customer nothing."""
    phone: E164 | None = None
    """Contact on record, which proves whose it is."""
    email: str | None = None
    """Contact on record."""
    serial: str | None = None
    """The piece's serial number."""
    order_number: str | None = None
    """With which order it was bought."""
    hand_over: HandOver = "drop_off"
    """Who brings it."""
    drop_off: str | None = None
    """Where to hand it in, or when it is fetched, in words for the customer."""
    expected_on: date | None = None
    """When it should be done."""
    cost: Money | None = None
    """What the customer pays; None: nothing, or not known yet."""
    completed_at: datetime | None = None
    """When the customer had it back."""


@dataclass(frozen=True)
class Product:
    """Something the shop sells."""

    sku: str
    """The shop's number of the product."""
    names: dict[str, str]
    """One name per language (`vi`, `ms`, `en`)."""
    category: str
    """The shop's category, in English, e.g. `kitchen`."""
    prices: dict[str, Money]
    """One price per currency."""
    stock: Count
    """Pieces that can be sold now."""
    picture: Url | None
    """Address of a picture."""
    descriptions: dict[str, str] = field(default_factory=dict)
    """One or two sentences per language."""
    facts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What customers compare, in a few words each, per language."""
    url: Url | None = None
    """Its page in the shop."""
    restock_on: date | None = None
    """When there will be more, if there is none and the shop knows."""
    warranty_months: Count | None = None
    """Its own warranty; None: the shop's usual term."""
    stock_counted: bool = True
    """False: the shop does not count; `stock` is 1 if there is any and 0 if not."""


@dataclass(frozen=True)
class CatalogueFile:
    """The shop's catalogue with prices, as a file to send on."""

    url: Url
    """The PDF; it is public."""
    language: str
    """In which language it is."""
    updated_on: date
    """How old its prices are."""


@dataclass(frozen=True)
class LoyaltyAccount:
    """A customer's points."""

    number: str
    """Of the membership."""
    points: Count
    """What can be spent now."""
    tier: str
    """The level of membership, as the shop calls it."""
    expiring_points: Count = 0
    """How many of them are lost next."""
    expires_on: date | None = None
    """When those are lost."""
    next_tier: str | None = None
    """The next level; None at the top."""
    points_to_next_tier: Count | None = None
    """What is missing for it."""


@dataclass(frozen=True)
class Subscription:
    """Something a customer gets or pays again and again."""

    number: str
    """The shop's number of the subscription."""
    names: dict[str, str]
    """What it is, per language."""
    state: SubscriptionState
    """Whether it goes on."""
    price: Money
    """For each renewal."""
    interval_months: Quantity
    """Months from one renewal to the next."""
    renews_on: date | None
    """When it is renewed, or when it ended if it is not `active`."""
    renews_itself: bool = True
    """Whether that happens without the customer doing anything."""
    payment_url: Url | None = None
    """Where a renewal is paid, if it has to be paid by hand."""


@dataclass(frozen=True)
class Customer:
    """A customer whom the shop knows."""

    id: str
    """The shop's number of the customer."""
    name: str
    """As on the account."""
    phone: E164 | None
    """Contact on record."""
    email: str | None
    """Contact on record."""
    language: str | None = None
    """The language in which they shop, e.g. `vi`."""


@dataclass(frozen=True)
class Who:
    """Whose records are asked for, in one of two ways. The caller has made sure that it is them.

    Raises:
        ValueError: none or both are given.
    """

    contact: str | None = None
    """An E.164 phone number or an e-mail address that was proved to be theirs: by a one-time code
    sent there. An order on which it stands is no proof: anybody can order for another's address."""
    customer_id: str | None = None
    """The shop's number of a customer who is logged in."""

    def __post_init__(self) -> None:
        if bool(self.contact) == bool(self.customer_id):
            raise ValueError("a contact or a customer's id is needed, and not both")


@dataclass(frozen=True)
class NotFound:
    """The shop has no such record, or the order has no such contact."""

    what: Missing
    """What is missing."""


@dataclass(frozen=True)
class Refused:
    """The shop does not do this with an order in that state; nothing was changed."""

    state: OrderState
    """The order's present state."""


@dataclass(frozen=True)
class Declined:
    """The shop's rules do not allow it, whatever state an order is in; nothing was changed."""

    reason: DeclineReason
    """Why."""


@dataclass(frozen=True)
class NotOffered:
    """The shop's system cannot do or tell such things: a person has to. Asking again is useless."""

    what: Capability
    """What it cannot."""


@dataclass(frozen=True)
class Unavailable:
    """The shop could not be asked or gave no usable answer; certainly nothing was done."""

    reason: str
    """For the log and for operators; not for customers."""


@dataclass(frozen=True)
class Uncertain:
    """The shop may have done it or not: repeat with the same key later, or let a person look."""

    reason: str
    """For the log and for operators; not for customers."""


@dataclass(frozen=True)
class Sent:
    """The shop took the message and sends it."""

    message_id: str
    """The shop's number of the message."""


Absent = NotFound | NotOffered | Unavailable
"""What a call that only asks can come to instead."""
NotDone = NotFound | Refused | Declined | NotOffered | Unavailable | Uncertain
"""What a call that does something can come to instead."""
