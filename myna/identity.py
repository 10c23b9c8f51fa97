"""Customers who are logged in on the shop's website, as the website's server tells us.

It signs a short-lived token (JWT, RFC 7519, HMAC-SHA-256) with a key that it shares with us; see
docs/identity.md. Nothing that a browser says by itself is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

AUDIENCE = "myna"
"""The `aud` of tokens that are meant for us."""
LONGEST = timedelta(hours=1)
"""A token that lives longer is refused: a lost one would let a stranger in for too long."""

_LEEWAY = timedelta(seconds=30)  # between the website's clock and ours
_CHARACTERS = 100


class IdentityError(ValueError):
    """A token is not believed; the message says why, for those who build the website."""


@dataclass(frozen=True)
class Identity:
    """Who is logged in."""

    customer_id: str
    """The shop's number of the customer."""
    name: str | None
    """For the people at the desk."""
    until: datetime
    """Until when the token says so."""


def verified(token: str, signed_with: str) -> Identity:
    """The identity that a token tells of.

    Args:
        token: HS256, with `aud` (`myna`), `sub` (the customer's number), `exp`, and perhaps
            `name`.
        signed_with: the shared key.

    Raises:
        IdentityError: it is forged, over, for somebody else, lives too long or tells nobody.
    """
    try:
        claims = jwt.decode(
            token,
            signed_with,
            algorithms=["HS256"],
            audience=AUDIENCE,
            leeway=_LEEWAY,
            options={"require": ["exp", "aud", "sub"]},
        )
        until = datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (jwt.PyJWTError, ValueError, OverflowError, OSError) as fault:
        raise IdentityError(f"The identity token is not accepted: {fault}.") from None
    if until > datetime.now(UTC) + LONGEST + _LEEWAY:
        raise IdentityError("The identity token lives too long: an hour is the most.")
    customer_id, name = claims["sub"], claims.get("name")
    if not isinstance(customer_id, str) or not _is_plain(customer_id):
        raise IdentityError(f"`sub` has to be a text of 1-{_CHARACTERS} characters.")
    if name is not None and not (isinstance(name, str) and _is_plain(name)):
        raise IdentityError(f"`name` has to be a text of 1-{_CHARACTERS} characters, or left out.")
    return Identity(customer_id, name, until)


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= _CHARACTERS and text.isprintable() and bool(text.strip())
