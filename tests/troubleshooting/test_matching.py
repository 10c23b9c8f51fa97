"""Finding phrases in what customers type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.troubleshooting.matching import Phrases, fold, says

SYMPTOMS = Phrases(
    {
        "cold": ["không nóng", "not hot"],
        "still": ["không quay", "does not spin"],
        "slow": ["quay chậm", "spins slowly"],
        "uneven": ["nóng không đều"],
    }
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("quạt nhà em không quay nữa", "still"),
        ("quat khong quay", "still"),
        ("máy bật mãi mà không thấy nóng", "cold"),
        ("nồi này nóng không đều em ơi", "uneven"),
        ("it doess not spinn", "still"),
        ("SPINS SLOWLY!!!", "slow"),
        ("không biết sao nữa", None),
        ("", None),
        ("nóng", None),
    ],
)
def test_the_best_phrase_wins(text, name):
    assert SYMPTOMS.best(text) == name


def test_words_far_apart_are_no_phrase():
    far = "không " + "và rồi thì là mà " * 3 + "quay"
    assert SYMPTOMS.best(far) is None


def test_of_equals_the_first_counts():
    both = Phrases({"first": ["same thing"], "second": ["same thing"]})
    assert both.ranked("the same thing") == ["first", "second"]


def test_short_words_have_to_be_typed_right():
    assert Phrases({"on": ["not on"], "x": ["y"]}).best("not of") is None


@given(st.text(max_size=2000))
def test_nothing_breaks_it(text):
    SYMPTOMS.ranked(text)
    says(text, ["cháy"])


@given(st.text(max_size=200))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dây bị cháy", True),
        ("day bi chay", True),
        ("máy bị chạy chậm", False),
        ("bị cháy hàng rồi", False),
        ("bi chay hang roi", False),
        ("Bị  CHÁY!", True),
        ("bị cháy hàng mà máy cũng bị cháy", True),
    ],
)
def test_diacritics_count_where_they_are_typed(text, found):
    assert says(text, ["bị cháy"], ["bị cháy hàng"]) == found
