"""Orders, their parcels and their invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from myna.shop.model.basics import E164, Address, MaybeEmpty, Money, Quantity, Url

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
ORDER_STATES: tuple[OrderState, ...] = get_args(OrderState)
SHIPMENT_STATES: tuple[ShipmentState, ...] = get_args(ShipmentState)
PAYMENT_METHODS: tuple[PaymentMethod, ...] = get_args(PaymentMethod)
CONTACTS: tuple[Contact, ...] = get_args(Contact)
DELIVERY_WINDOWS: tuple[DeliveryWindow, ...] = get_args(DeliveryWindow)


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
class Sent:
    """The shop took the message and sends it."""

    message_id: str
    """The shop's number of the message."""
