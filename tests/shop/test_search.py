from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.shop.demo.catalogue import CATALOGUE
from myna.shop.search import fold, search

PRODUCTS = tuple(CATALOGUE.values())


def skus(text: str, language: str = "vi", limit: int = 5) -> list[str]:
    return [product.sku for product in search(PRODUCTS, text, language, limit)]


@pytest.mark.parametrize(
    ("language", "text", "first"),
    [
        ("vi", "nồi cơm điện", "RC-180"),
        ("vi", "noi com dien mini", "RC-100M"),
        ("vi", "noi chien ko dau 4l", "AF-400"),
        ("vi", "nồi chiên 7 lít", "AF-700D"),
        ("vi", "giá nồi chiên không dầu bao nhiêu vậy shop", "AF-400"),
        ("vi", "mình muốn hỏi robot hút bụi", "RV-300"),
        ("vi", "bo loc robot", "VF-RV3"),
        ("vi", "tai nghe", "EP-BT5"),
        ("vi", "loa bluetooth", "SP-20"),
        ("vi", "sac du phong", "PB-20K"),
        ("vi", "ấm siêu tốc", "KT-17"),
        ("vi", "am sieu tocc", "KT-17"),
        ("vi", "máy sấy tóc", "HD-18"),
        ("vi", "may loc khong khi", "AP-30"),
        ("vi", "máy lọc nước", "WP-RO"),
        ("vi", "quạt đứng", "FN-16R"),
        ("vi", "air fryer 4l", "AF-400"),
        ("vi", "rv300", "RV-300"),
        ("ms", "periuk nasi 1.8 liter", "RC-180"),
        ("ms", "priuk nasi elektrik", "RC-180"),
        ("ms", "penggoreng udara digital", "AF-700D"),
        ("ms", "ada lagi tak penggoreng udra 4L", "AF-400"),
        ("ms", "kipas tangan", "FN-MINI"),
        ("ms", "berapa harga seterika wap", "IR-ST"),
        ("ms", "mesin kopi", "CM-15"),
        ("ms", "kuali", "PN-28"),
        ("en", "rice coker", "RC-180"),
        ("en", "how much is the robot vaccum and mop", "RV-300"),
        ("en", "espreso machine", "CM-15"),
        ("en", "hand fan", "FN-MINI"),
        ("en", "smart lock", "DL-PRO"),
        ("en", "usb c cable", "CB-C2"),
        ("en", "do you have washer dryers", "WD-8"),
    ],
)
def test_what_is_found_first(language: str, text: str, first: str) -> None:
    assert skus(text, language)[:1] == [first]


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "???", "xyzzy", "tủ lạnh", "laptop gaming", "sofa", "4", "2", "máy", "máy bay"),
        *("khi nào giao", "terima kasih", "I want to cancel", "ok shop"),
    ],
)
def test_what_is_not_sold_is_not_found(text: str) -> None:
    assert skus(text) == []


def test_all_of_a_kind_are_found_those_in_stock_first() -> None:
    assert skus("noi chien khong dau") == ["AF-400", "AF-700D"]
    assert set(skus("nồi", limit=10)) >= {"RC-180", "RC-100M", "AF-400", "PC-600", "ME-5L"}
    assert set(skus("kitchen", "en", limit=20)) >= {"RC-180", "KT-17"}


def test_words_and_numbers_come_apart() -> None:
    assert fold("Nồi Cơm-Điện 1,8L (đỏ)") == "noi com dien 1.8 l do"


@given(st.text(max_size=200), st.integers(1, 20))
def test_any_text_finds_at_most_so_many(text: str, limit: int) -> None:
    found = skus(text, limit=limit)
    assert len(found) == len(set(found)) <= limit


def test_a_search_in_three_thousand_products_is_quick() -> None:
    many = PRODUCTS * 72
    start = time.perf_counter()
    search(many, "gia noi chien khong dau 4l bao nhieu vay shop oi " * 4, "vi", 5)
    assert time.perf_counter() - start < 5
