from __future__ import annotations

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myna.entities.finder import EntityFinder
from myna.facts import load_facts

FINDER = EntityFinder(load_facts())
PIECES = [
    "DH-20413", "my 10482", "0903 123 456", "lan@shop.vn", "250k", "hôm qua", "Hà Nội", "23/11",
    "mã 482913", "đơn", "không hai", "\u200b", "😀", ",", "\n", "+84", "RM", "at", "dot com",
    "240918ABCD1234",
]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=12))
def test_nothing_overlaps_and_all_lies_within(pieces):
    message = " ".join(pieces)
    found = FINDER.find(message, "vi")
    assert all(0 <= item.start < item.end <= len(message) for item in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@settings(deadline=None)
@given(st.sampled_from(["NFC", "NFD"]), st.sampled_from(["", "\u200b", "😀 ", "ở Đắk Lắk, "]))
def test_positions_are_those_of_what_was_typed(form, before):
    message = unicodedata.normalize(form, f"{before}đơn DH-20413 hôm qua ở Hà Nội")
    words = [unicodedata.normalize("NFC", message[f.start : f.end]) for f in FINDER.find(message)]
    assert words == ["DH-20413", "hôm qua", "Hà Nội"]


def test_the_most_specific_wins(found):
    assert [kind for kind, _, _ in found("DH-20413@mail.example.com 0912345678")] == [
        "email",
        "phone",
    ]
    assert found("đơn 20.413đ") == [("money", "20413 VND", "20.413đ")]
    assert found("https://a.example/dh-20413?t=0903123456") == []


LONG = {
    "digits": "1 " * 1000,
    "phones": "0903 " * 400,
    "addresses": "a@" * 1000,
    "dots": "a.a." * 500,
    "said addresses": "ab at cd dot " * 150,
    "prefixes": "dh " * 666,
    "announced": "đơn x x x x x " * 140,
    "weekdays": "thứ hai tuần " * 153,
    "numbers": "hai nghìn " * 200,
    "products": "nồi chiên không dầu " * 100,
    "marks": "-" * 2000,
    "decimals": "1." * 1000,
    "one character for eighteen": "\ufdfa" * 2000,
    "unknown words": " ".join(f"zxqw{number}kj" for number in range(200)),
    "everything": "đơn DH-20413 sđt 0903 123 456 giá 250k hôm qua ở Hà Nội a@b.vn " * 30,
}


@pytest.mark.parametrize("name", LONG)
def test_a_message_takes_time_in_proportion_to_its_length(finder, name):
    message = LONG[name][:2000]
    short, long = _seconds(finder, message[:500]), _seconds(finder, message)
    # In proportion to the length it is four times as much; where each place looks at all others
    # it would be sixteen times.
    assert long < 8 * max(short, 0.002)


def _seconds(finder, message):
    finder.find(message, "vi")
    taken = []
    for _ in range(5):
        start = time.process_time()
        finder.find(message, "vi")
        taken.append(time.process_time() - start)
    return min(taken)


def test_the_vocabulary_does_not_grow(finder):
    finder.find("khởi động")
    before = len(finder._lexicon._nlp.vocab)
    for number in range(200):
        finder.find(f"chưatừngcó{number}abc {number * 7919} xyz{number}")
    assert len(finder._lexicon._nlp.vocab) <= before + 20  # lengths of numbers
