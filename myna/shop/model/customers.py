"""Customers, their points and their subscriptions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from myna.shop.model.basics import E164, Count, Money, Quantity, Url

SubscriptionState = Literal["active", "paused", "payment_failed", "expired", "cancelled"]
SUBSCRIPTION_STATES: tuple[SubscriptionState, ...] = get_args(SubscriptionState)


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
