from __future__ import annotations

import time

import pytest

from myna.nlu.text import MAX_CHARACTERS, clean, prepare, strip_diacritics

from .conftest import flat

TEXTS = [text for text, _, _ in flat()]


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("  Xin   CHÀO\n\nshop ", "xin chào shop"),
        ("đe\u0323p", "đẹp"),  # composed
        ("tr\u200bả\u2060 h\u0007àng", "trả hàng"),
        ("đẹppppp quááá", "đẹp quá"),
        ("ok 25 cái", "ok 00 cái"),
        ("đơn DH-20413 nhé", "đơn _number_ nhé"),
        ("gọi 0912.345.678", "gọi _number_"),
        ("viết cho lan.ng+1@mail.example.com", "viết cho _email_"),
        ("xem https://a.example/x?y=1 và www.b.example", "xem _url_ và _url_"),
        ("a\ud800b", "a\ufffdb"),
        ("👍🏽", "👍"),
        ("❤️", "❤"),
        ("", ""),
        ("𝐫𝐞𝐟𝐮𝐧𝐝 ｐｌｓ", "refund pls"),  # letters of mathematics, and full-width ones
        ("оrdеr", "order"),  # with Cyrillic о and е
        ("заказ", "заказ"),  # Russian is not made Latin
    ],
)
def test_prepare(text: str, prepared: str) -> None:
    assert prepare(text) == prepared


def test_prepare_is_idempotent_on_all_examples() -> None:
    assert [prepare(prepare(text)) for text in TEXTS] == [prepare(text) for text in TEXTS]


@pytest.mark.parametrize("piece", ["a", "a@", "0 ", "@.", "\u0301", "www.", "1-", "aа", "ﷺ"])
def test_prepare_is_quick_on_long_text(piece: str) -> None:
    start = time.perf_counter()
    assert len(prepare(piece * 100_000)) <= MAX_CHARACTERS + 500
    assert time.perf_counter() - start < 0.5


def test_clean_leaves_numbers() -> None:
    assert clean("Đơn DH-20413") == "đơn dh-20413"


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Đường đẹp ở Huế", "Duong dep o Hue"), ("đơn", "don"), ("สวัสดี", "สวัสดี"), ("café", "cafe")],
)
def test_strip_diacritics(text: str, plain: str) -> None:
    assert strip_diacritics(text) == plain
