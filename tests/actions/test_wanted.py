"""Which products a message is about; entities are found as in production."""

from __future__ import annotations

import pytest

from actions.wanted import ShopSilent, wanted
from myna.shop.demo.catalogue import CATALOGUE
from myna.shop.model import NotOffered, Unavailable

from .chat import heard, tracker


@pytest.fixture(autouse=True)
def sold(shop):
    shop.products = dict(CATALOGUE)
    return shop


def found(text, **slots):
    asked = wanted(tracker(heard(text), **slots))
    return [([p.sku for p in line.products], line.quantity) for line in asked.lines]


@pytest.mark.parametrize(
    ("text", "sku"),
    [
        ("máy pha cà phê giá sao em", "CM-15"),
        ("may say toc con hang ko", "HD-18"),
        ("how much is the dehumidifier", "DH-12"),
        ("AF-400 bao nhiêu", "AF-400"),
        ("berapa harga pengering rambut", "HD-18"),
        ("ketuhar gelombang mikro ada stok tak", "MW-20"),
    ],
)
def test_one_product(text, sku):
    assert found(text) == [([sku], None)]


def test_a_name_of_several_products():
    [(skus, quantity)] = found("quạt bên mình giá bao nhiêu vậy")
    assert {"FN-16R", "FN-MINI"} <= set(skus)
    assert quantity is None


@pytest.mark.parametrize(
    ("text", "quantities"),
    [
        ("2 quạt với 1 nồi chiên bao nhiêu", [2, 1]),
        ("lấy hai cái máy xay sinh tố và một ấm siêu tốc", [2, 1]),
        ("3 unit cerek elektrik dengan 2 pembakar roti berapa", [3, 2]),
        ("how much for 2 toasters and a kettle x3", [2, 3]),
        ("nồi cơm điện 1,8 L giá bao nhiêu", [None]),
    ],
)
def test_how_many(text, quantities):
    assert [quantity for _, quantity in found(text)] == quantities


def test_a_number_of_something_unnamed_goes_with_what_was_talked_about():
    assert found("lấy 2 cái bao nhiêu", product="KT-17") == [(["KT-17"], 2)]


@pytest.mark.parametrize(
    "text",
    ["giá nó bao nhiêu", "còn màu khác không em", "is it in stock?", "yang ini ada lagi tak"],
)
def test_follow_up_questions_are_about_the_last_product(text):
    assert found(text, product="AF-400") == [(["AF-400"], None)]
    assert found(text) == []


def test_a_new_name_is_not_a_follow_up():
    assert found("còn máy hút ẩm thì sao", product="AF-400") == [(["DH-12"], None)]
    assert found("có bán bàn phím không", product="AF-400") == [([], None)]


def test_this_one_of_a_kind_is_the_last_product_of_the_kind():
    assert found("cái nồi này mấy lít vậy", product="AF-400") == [(["AF-400"], None)]
    [(skus, _)] = found("cái quạt này có điều khiển không", product="AF-400")
    assert "AF-400" not in skus


def test_a_product_that_is_no_longer_sold(sold):
    del sold.products["AF-400"]
    assert found("AF-400 còn không") == [([], None)]


def test_what_is_asked_is_kept_apart_from_the_name():
    asked = wanted(tracker(heard("máy lọc không khí có ồn không em")))
    assert asked.lines[0].products[0].sku == "AP-30"
    assert "ồn" in asked.question.split()


@pytest.mark.parametrize("outcome", [Unavailable("down"), NotOffered("products")])
@pytest.mark.parametrize(
    ("operation", "text"), [("get_product", "AF-400 giá"), ("search_products", "bán bàn phím ko")]
)
def test_a_shop_that_does_not_tell(sold, operation, text, outcome):
    sold.next[operation] = [outcome]
    with pytest.raises(ShopSilent) as silent:
        found(text)
    assert silent.value.outcome == outcome
