"""Distances between cities, and the nearest store."""

from __future__ import annotations

import pytest

from myna.bootstrap import catalogue
from myna.entities.patterns import read_patterns
from myna.facts import Store
from myna.places import COORDINATES, distance, nearest


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        ("Hanoi", "Ho Chi Minh City", 1140),
        ("Kuala Lumpur", "Johor Bahru", 293),
        ("Hanoi", "Hanoi", 0),
    ],
)
def test_distances(one, other, kilometres):
    assert distance(one, other) == pytest.approx(kilometres, rel=0.02)
    assert distance(other, one) == pytest.approx(kilometres, rel=0.02)


def test_a_city_that_is_not_known():
    assert distance("Hanoi", "Atlantis") is None


def test_every_city_that_messages_are_searched_for_has_its_place():
    listed = {term.value for term in read_patterns().of_kind("city")}
    assert listed <= set(COORDINATES)


def store(city, market):
    return Store(
        city=dict.fromkeys(("vi", "ms", "en"), city), market=market, address="1", phone="2"
    )


def test_where_distances_are_not_known_the_own_market_comes_first():
    stores = [store("Nowhere", "VN"), store("Elsewhere", "MY")]
    assert nearest("Hanoi", stores, "MY").market == "MY"
    assert nearest("Hanoi", [*stores, store("Hai Phong", "VN")], "MY").city["en"] == "Hai Phong"


def test_without_stores_there_is_no_nearest():
    with pytest.raises(ValueError, match="empty"):
        nearest("Hanoi", [], "VN")


def test_the_shops_own_stores_are_where_they_are():
    facts = catalogue().facts
    assert nearest("Hai Phong", facts.stores, "MY").city["en"] == "Hanoi"
