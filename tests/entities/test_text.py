from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myna.entities.text import MAX_CHARACTERS, read_text


@settings(deadline=None)
@given(st.text())
def test_the_forms_fit_letter_for_letter(message):
    text = read_text(message)
    assert len(text.shown) == len(text.plain)
    spans = [text.span(place, place + 1) for place in range(len(text.plain))]
    assert all(0 <= start < end <= len(message) for start, end in spans)
    assert spans == sorted(spans)


@settings(deadline=None)
@given(st.text(alphabet="đơn hàng DH-20413 ạêộ😀", min_size=1))
def test_decomposed_letters_read_as_composed_ones(message):
    composed = unicodedata.normalize("NFC", message)
    decomposed = unicodedata.normalize("NFD", message)
    assert read_text(decomposed).shown == read_text(composed).shown


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("Đơn HÀNG", "don hang"),
        ("ＤＨ２０", "dh20"),
        ("D\u200bH", "dh"),
        ("ДН", "дh"),
        ("МУ", "my"),
        ("٢٠", "20"),
        ("𝐃𝐇", "dh"),
        ("a–b", "a-b"),
        ("\ud800x", "\ufffdx"),
    ],
)
def test_plain_form(typed, plain):
    assert read_text(typed).plain == plain


def test_what_is_too_long_is_not_read():
    assert len(read_text("a" * 10_000).plain) == MAX_CHARACTERS
