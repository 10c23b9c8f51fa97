"""What records of all kinds are made of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

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
HandOver = Literal["pick_up", "drop_off"]
"""Who brings the item: the carrier fetches it, or the customer hands it in."""


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
