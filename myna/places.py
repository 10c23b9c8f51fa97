"""How far it is from a city to the shop's stores, as the crow flies."""

from __future__ import annotations

from collections.abc import Iterable
from math import asin, cos, radians, sin, sqrt

from myna.facts import Store

_EARTH_KM = 6371.0

COORDINATES: dict[str, tuple[float, float]] = {
    "Ho Chi Minh City": (10.78, 106.70),
    "Hanoi": (21.03, 105.85),
    "Da Nang": (16.07, 108.22),
    "Can Tho": (10.03, 105.78),
    "Hai Phong": (20.86, 106.68),
    "Kuala Lumpur": (3.14, 101.69),
    "Johor Bahru": (1.49, 103.74),
    "Penang": (5.41, 100.33),
    "Ipoh": (4.60, 101.08),
    "Melaka": (2.20, 102.25),
    "Shah Alam": (3.08, 101.53),
    "Petaling Jaya": (3.11, 101.61),
    "Kuching": (1.55, 110.34),
    "Kota Kinabalu": (5.98, 116.07),
}
"""City, as `data/patterns/city.yml` and `shop.yml` name it in English → degrees north and east."""


def distance(one: str, other: str) -> float | None:
    """Kilometres between two cities on a great circle (haversine); None if one is not known."""
    ends = COORDINATES.get(one), COORDINATES.get(other)
    if ends[0] is None or ends[1] is None:
        return None
    (north, east), (north2, east2) = ((radians(n), radians(e)) for n, e in (ends[0], ends[1]))
    half = sin((north2 - north) / 2) ** 2
    half += cos(north) * cos(north2) * sin((east2 - east) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(half))


def nearest(city: str, stores: Iterable[Store], market: str) -> Store:
    """The store nearest to a city.

    Args:
        city: its English name.
        stores: to choose from; at least one.
        market: whose stores come first where distances are not known.

    Raises:
        ValueError: there are no stores.
    """

    def rank(store: Store) -> tuple[float, bool]:
        away = distance(city, store.city["en"])
        return (float("inf") if away is None else away, store.market != market)

    return min(stores, key=rank)
