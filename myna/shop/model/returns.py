"""What goes back, and the money for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from myna.shop.model.basics import HandOver, MaybeEmpty, Money, Quantity, Url

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
RETURN_REASONS: tuple[ReturnReason, ...] = get_args(ReturnReason)
RETURN_STATES: tuple[ReturnState, ...] = get_args(ReturnState)
REFUND_STATES: tuple[RefundState, ...] = get_args(RefundState)


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
