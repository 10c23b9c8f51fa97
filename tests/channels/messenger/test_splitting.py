"""Cutting long texts: nothing lost, nothing too long, no character cut."""

from __future__ import annotations

import regex
from hypothesis import given
from hypothesis import strategies as st

from myna.channels.messenger.splitting import shorten, split, units

LETTERS = st.characters(exclude_categories=["Cs"])
CLUSTERS = st.sampled_from(
    [
        *("👩\u200d👩\u200d👧\u200d👦", "🇻🇳", "👍🏽", "e\u0323\u0302", "ệ", "đ", "한", "กำ", "a"),
        *(" ", "\n", "\n\n", ". ", "!"),
    ]
)
TEXTS = st.one_of(st.text(LETTERS, max_size=300), st.lists(CLUSTERS, max_size=200).map("".join))


def graphemes(text: str) -> list[str]:
    return regex.findall(r"\X", text)


@given(TEXTS, st.integers(2, 60))
def test_no_part_is_too_long_or_empty(text: str, limit: int) -> None:
    for part in split(text, limit):
        assert part.strip() == part != ""
        assert units(part) == len(part.encode("utf-16-le")) // 2 <= limit
        assert len(part) <= limit


@given(TEXTS, st.integers(2, 60))
def test_nothing_but_blanks_is_lost(text: str, limit: int) -> None:
    def bare(text: str) -> str:
        return "".join(text.split())

    assert bare("".join(split(text, limit))) == bare(text)


@given(st.lists(CLUSTERS, max_size=200).map("".join), st.integers(11, 60))
def test_no_character_is_cut(text: str, limit: int) -> None:
    whole = {g for g in graphemes(text) if not g.isspace()}
    for part in split(text, limit):
        assert {g for g in graphemes(part) if not g.isspace()} <= whole


@given(TEXTS)
def test_what_fits_stays_whole(text: str) -> None:
    assert split(text, 2000) == ([text.strip()] if text.strip() else [])


@given(TEXTS, st.integers(3, 60))
def test_shortened_texts_fit_too(text: str, limit: int) -> None:
    found = shorten(text, limit)
    assert units(found) <= limit
    assert found == text.strip() or found.endswith("…")


def test_a_text_is_cut_where_a_reader_would() -> None:
    assert split("One two three. Four five six. Seven", 32) == [
        "One two three. Four five six.",
        "Seven",
    ]
    assert split("A heading\n\nThen a text", 16) == ["A heading", "Then a text"]
    assert split("một hai ba bốn năm", 8) == ["một hai", "ba bốn", "năm"]


def test_a_character_that_is_longer_than_the_room_is_cut_all_the_same() -> None:
    zalgo = "a" + "\u0301" * 50
    parts = split(zalgo, 20)
    assert "".join(parts) == zalgo
    assert max(map(len, parts)) <= 20


def test_vietnamese_that_is_typed_in_pieces_stays_together() -> None:
    text = "e\u0323\u0302" * 30
    assert all(len(part) % 3 == 0 for part in split(text, 20))
