from __future__ import annotations

from itertools import pairwise

import pytest
from rasa.shared.nlu.training_data.message import Message

from myna.facts import load_facts
from myna.nlu.entities import PatternEntityExtractor, Patterns

PATTERNS = Patterns(load_facts())


def found(text: str, language: str | None = None) -> list[tuple[str, str, str]]:
    """(entity, value, the words it stands for)."""
    entities = PATTERNS.find(PATTERNS.read(text), language)
    return [(item.entity, item.value, text[item.start : item.end]) for item in entities]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("đơn DH-20413 đâu rồi", [("order_number", "DH-20413", "DH-20413")]),
        ("my order is my10482.", [("order_number", "MY-10482", "my10482")]),
        (
            "DH-20413 và MY-10482",
            [("order_number", "DH-20413", "DH-20413"), ("order_number", "MY-10482", "MY-10482")],
        ),
        ("sđt em 0912 345 678 ạ", [("phone", "+84912345678", "0912 345 678")]),
        ("nombor saya 012-345 6789", [("phone", "+60123456789", "012-345 6789")]),
        ("+60 12-345 6789", [("phone", "+60123456789", "+60 12-345 6789")]),
        ("mail:Lan.N@a.example.", [("email", "lan.n@a.example", "Lan.N@a.example")]),
        ("482913", [("code", "482913", "482913")]),
        (" 482 913 ", [("code", "482913", "482 913")]),
        ("mã 482913", [("code", "482913", "482913")]),
        ("mã xác nhận của mình là 482913 nhé", [("code", "482913", "482913")]),
        ("kod saya:482913", [("code", "482913", "482913")]),
        ("the code is 482913.", [("code", "482913", "482913")]),
        (
            "DH-20413, 0912345678",
            [
                ("order_number", "DH-20413", "DH-20413"),
                ("phone", "+84912345678", "0912345678"),
            ],
        ),
    ],
)
def test_found(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "giá 482913 đồng",
        "mã giảm giá 100000",
        "kod pesanan 482913",
        "48291",
        "https://a.example/482913/0912345678",
        "mua 2 cái 3 tháng",
        "",
    ],
)
def test_not_found(text: str) -> None:
    assert found(text) == []


def test_marketplace_number_carries_its_marketplace() -> None:
    (item,) = PATTERNS.find(PATTERNS.read("đơn 240918ABCD1234 bên shopee"))
    assert (item.entity, item.value) == ("marketplace_order", "240918ABCD1234")
    assert item.more == {"marketplace": "Shopee"}


def test_number_without_country_belongs_to_the_language() -> None:
    # A landline in Kuala Lumpur, and a Vietnamese mobile number of old.
    assert found("0377841234", "ms") == [("phone", "+60377841234", "0377841234")]
    assert found("0377841234", "vi") == [("phone", "+84377841234", "0377841234")]
    assert found("0377841234") == [("phone", "+84377841234", "0377841234")]


def test_nothing_overlaps() -> None:
    text = "DH-20413@mail.example.com 0912345678 mã 0912345678 MY-10482"
    spans = [(item.start, item.end) for item in PATTERNS.find(PATTERNS.read(text))]
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert [kind for kind, _, _ in found(text)] == ["email", "phone", "phone", "order_number"]


def test_positions_hold_after_odd_characters() -> None:
    assert found("\ud800 😀  \n DH-20413")[0][2] == "DH-20413"


def test_component_adds_to_what_is_there_and_sets_tokens() -> None:
    language = {"entity": "language", "start": 0, "end": 0, "value": "ms"}
    message = Message({"text": "telefon 0377841234", "entities": [language]})
    (result,) = PatternEntityExtractor(PATTERNS).process([message])
    assert result.get("entities") == [
        language,
        {
            "entity": "phone",
            "start": 8,
            "end": 18,
            "value": "+60377841234",
            "extractor": "PatternEntityExtractor",
        },
    ]
    assert [(t.text, t.start, t.end) for t in result.get("text_tokens")] == [
        ("telefon", 0, 7),
        ("0377841234", 8, 18),
    ]
