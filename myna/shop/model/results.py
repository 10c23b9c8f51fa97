"""What a call to the shop can come to, beside what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from myna.shop.model.orders import OrderState

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


Absent = NotFound | NotOffered | Unavailable
"""What a call that only asks can come to instead."""
NotDone = NotFound | Refused | Declined | NotOffered | Unavailable | Uncertain
"""What a call that does something can come to instead."""
