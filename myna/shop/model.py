"""What Myna knows of an order, and what a call to the shop can come to.

All moments are aware datetimes, all amounts are decimals with their currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, get_args

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

ORDER_STATES: tuple[OrderState, ...] = get_args(OrderState)
SHIPMENT_STATES: tuple[ShipmentState, ...] = get_args(ShipmentState)
PAYMENT_METHODS: tuple[PaymentMethod, ...] = get_args(PaymentMethod)
CONTACTS: tuple[Contact, ...] = get_args(Contact)


@dataclass(frozen=True)
class Money:
    """An amount in a currency."""

    amount: Decimal
    """In units of the currency (ringgit, not sen)."""
    currency: str
    """ISO 4217, e.g. `VND`."""


@dataclass(frozen=True)
class Address:
    """Where parcels of an order go."""

    street: str
    """House number and street; may hold several parts."""
    district: str
    """Ward and district, or the part of town; empty where there is none."""
    city: str
    """The only part that may be shown without proof of identity."""
    postcode: str
    """Empty where the country does without."""
    country: str
    """ISO 3166 alpha-2, e.g. `VN`."""


@dataclass(frozen=True)
class Item:
    """One line of an order."""

    sku: str
    """The shop's number of the product."""
    name: str
    """As on the customer's invoice, in whatever language that is."""
    quantity: int
    """At least 1."""
    unit_price: Money
    """What one piece cost in this order."""


@dataclass(frozen=True)
class Shipment:
    """One parcel of an order."""

    carrier: str
    """The carrier's name, as customers know it."""
    tracking_number: str
    """The carrier's number of the parcel; empty until there is one."""
    tracking_url: str | None
    """A page that shows where the parcel is (http or https)."""
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
    phone: str | None
    """Contact on record, E.164."""
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
    """What is given back to the customer; None if nothing is."""
    refunded_at: datetime | None
    """When the refund was sent; None while it is on its way."""


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
    stock: int
    """Pieces that can be sold now."""
    picture: str | None
    """Address of a picture."""


@dataclass(frozen=True)
class NotFound:
    """The shop has no such order, or the order has no such contact."""

    what: Literal["order", "contact"]
    """What is missing."""


@dataclass(frozen=True)
class Refused:
    """The shop does not do this with an order in that state; nothing was changed."""

    state: OrderState
    """The order's present state."""


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
