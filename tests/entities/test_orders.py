from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myna.entities.finder import EntityFinder
from myna.entities.patterns import read_patterns
from myna.facts import OrderNumberFormat, load_facts

FACTS = load_facts()
DEMO = EntityFinder(FACTS)
PATTERNS = read_patterns()

VIETNAMESE = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
MALAY = ["kosong", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "lapan", "sembilan"]
ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def order_numbers(text, finder=DEMO, language="vi"):
    found = finder.find(text, language)
    return [(f.value, text[f.start : f.end]) for f in found if f.entity == "order_number"]


def shop(prefixes, digits, separator="-"):
    number = OrderNumberFormat(prefixes=prefixes, digits=digits, separator=separator)
    return EntityFinder(FACTS.copy(update={"order_number": number}), patterns=PATTERNS)


digits = st.text("0123456789", min_size=5, max_size=5)


@settings(deadline=None)
@given(
    digits,
    st.sampled_from(["DH", "dh", "Dh", "MY", "my"]),
    st.sampled_from(["", "-", " ", "–", ".", "_", ": ", " - ", "#", "\u200b"]),
    st.sampled_from(["", "#"]),
    st.sampled_from(["", "đơn ", "😀 ", "Cho hỏi ", "e\u0302m ở ", "(", '"']),
    st.sampled_from(["", ".", " đâu rồi", "?", "ạ", " 😭", ")", "\n", "nhé"]),
)
def test_prefixed_numbers_in_all_ways(number, prefix, between, hash_, before, after):
    written = f"{hash_}{prefix}{between}{number}"
    assert order_numbers(before + written + after) == [(f"{prefix.upper()}-{number}", written)]


@settings(deadline=None)
@given(digits, st.sampled_from([VIETNAMESE, MALAY, ENGLISH]))
def test_said_digits_behind_a_word(number, words):
    said = " ".join(words[int(digit)] for digit in number)
    (found,) = order_numbers(f"order {said}")
    assert found == (f"DH-{number}", said)


@settings(deadline=None)
@given(digits, st.sampled_from([VIETNAMESE, MALAY, ENGLISH]))
def test_said_digits_behind_said_letters(number, words):
    said = " ".join(words[int(digit)] for digit in number)
    assert order_numbers(f"đê hát {said}") == [(f"DH-{number}", f"đê hát {said}")]
    assert order_numbers(f"m y {said}") == [(f"MY-{number}", f"m y {said}")]


@settings(deadline=None)
@given(digits)
def test_one_o_for_a_zero(number):
    number = number[:2] + "0" + number[3:]
    typed = "DH-" + number[:2] + "O" + number[3:]
    if sum(digit == "0" for digit in number) < 5:
        assert order_numbers(f"đơn {typed} nha") == [(f"DH-{number}", typed)]


@settings(max_examples=10, deadline=None)
@given(
    st.text("ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=2, max_size=4),
    st.integers(4, 10),
    st.sampled_from(["-", "", "/", "."]),
    st.data(),
)
def test_formats_of_other_shops(prefix, length, separator, data):
    number = data.draw(st.text("0123456789", min_size=length, max_size=length))
    finder = shop([prefix], length, separator)
    for written in (
        f"{prefix}{separator}{number}",
        f"{prefix.lower()}{number}",
        f"{prefix} {number}",
    ):
        found = order_numbers(f"where is {written} please", finder)
        assert found == [(f"{prefix}{separator}{number}", written)]


def test_a_shop_whose_numbers_have_no_letters():
    finder = shop([""], 8, "")
    assert order_numbers("đơn 20413877 đâu rồi", finder) == [("20413877", "20413877")]


def test_a_prefix_with_zero_read_as_o():
    assert order_numbers("SO1-12345", shop(["S01"], 5)) == [("S01-12345", "SO1-12345")]


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("đơn 20413 đâu rồi", "vi", "DH-20413"),
        ("order 10482 mana", "ms", "MY-10482"),
        ("where is order 10482", "en", "MY-10482"),
        ("order 20413", None, "DH-20413"),
    ],
)
def test_bare_digits_belong_to_the_languages_market(text, language, value):
    assert [found for found, _ in order_numbers(text, language=language)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "DH-204137",  # too long
        "DH-2041",
        "xdh20413x",
        "giá đơn 20413đ",
        "đơn 2 cái 500 nghìn",
        "my 12.500đ",
        "my oil pot",
        "dh 012-345 6789",
        "20413-55 là mã gì",
        "phòng 30413m2",
        "50000 được không",
        "hai ba người hỏi bốn năm lần",
    ],
)
def test_no_order_numbers(text):
    assert order_numbers(text) == []


def test_said_one_time_codes_and_several_numbers(found):
    assert found("mã là bốn tám hai chín một ba") == [("code", "482913", "bốn tám hai chín một ba")]
    assert [value for _, value, _ in found("DH-20413, MY-10482, 482913 và mã 482914")] == [
        "DH-20413",
        "MY-10482",
        "482914",
    ]


def test_marketplace_number_carries_its_marketplace(finder):
    (item,) = finder.find("đơn 240918ABCD1234 bên shopee")
    assert (item.entity, item.value) == ("marketplace_order", "240918ABCD1234")
    assert item.more == {"marketplace": "Shopee"}
