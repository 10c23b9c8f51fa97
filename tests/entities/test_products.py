from __future__ import annotations

import pytest

from myna.entities.patterns import Patterns
from myna.entities.products import Products
from myna.entities.text import read_text
from myna.shop.names import ProductName


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("quạt mini còn không", "FN-MINI", "quạt mini"),
        ("noi chien ko dau 4L", "AF-400", "noi chien ko dau 4L"),
        ("penggoreng udara digital", "AF-700D", "penggoreng udara digital"),
        ("air frier 7l please", "AF-700D", "air frier 7l"),
        ("máy hut bui cầm tay", "VC-CL22", "máy hut bui cầm tay"),
        ("dehumidifer", "DH-12", "dehumidifer"),
        ("cái rc180", "RC-180", "rc180"),
        ("Máy Lọc Không Khí", "AP-30", "Máy Lọc Không Khí"),
    ],
)
def test_products(found, text, value, words):
    assert found(text) == [("product", value, words)]


def test_what_many_are_called_is_a_category(finder, found):
    assert found("quạt nào êm") == [("category", "cooling", "quạt")]
    (item,) = finder.find("nồi chiên không dầu")
    assert (item.entity, item.value, item.more) == (
        "category",
        "kitchen",
        {"skus": "AF-400 AF-700D"},
    )


def test_cities(found):
    assert found("ship về Sài Gòn, HN") == [
        ("city", "Ho Chi Minh City", "Sài Gòn"),
        ("city", "Hanoi", "HN"),
    ]
    assert found("hn em bận") == []
    assert found("ở hn") == [("city", "Hanoi", "hn")]
    assert found("cawangan jb", "ms") == [("city", "Johor Bahru", "jb")]


@pytest.mark.parametrize("text", ["em noi roi ma", "bạn là ai", "lo quá", "máy này", "nồi, chiên"])
def test_no_products(found, text):
    assert [each for each in found(text) if each[0] == "product"] == []
    assert [each for each in found(text) if each == ("category", "kitchen", "noi")] == []


def names(*products):
    index = Products([ProductName(sku, c, {"en": name}) for sku, c, name in products], Patterns())

    def found(message):
        return [(f.entity, f.value) for f in index.named(read_text(message))]

    return found


def test_any_shops_catalogue():
    found = names(
        ("S1", "shirts", "Linen shirt blue"),
        ("S2", "shirts", "Linen shirt white"),
        ("B1", "bags", "Canvas tote bag"),
        ("B2", "shoes", "Canvas tote shoe"),
    )
    assert found("do you have the linen shirt in white") == [("product", "S2")]
    assert found("linen shirt?") == [("category", "shirts")]
    assert found("canvas tote?") == []  # a bag or a shoe
    assert found("the canvass tote bag") == [("product", "B1")]


def test_no_products_at_all():
    assert names()("blender") == []
