"""Warranties and repairs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from myna.shop.model.basics import E164, HandOver, Money

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
REPAIR_STATES: tuple[RepairState, ...] = get_args(RepairState)


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
