import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.codes import DIGITS, one_time_code, same_code

WORDS = st.text(max_size=30)


@given(key=WORDS, conversation=WORDS, order=WORDS, message=WORDS)
def test_six_digits_and_the_same_again(key, conversation, order, message):
    code = one_time_code(key, conversation, order, message)
    assert len(code) == DIGITS
    assert code.isascii()
    assert code.isdigit()
    assert code == one_time_code(key, conversation, order, message)


@pytest.mark.parametrize("changed", range(4))
def test_everything_counts(changed):
    parts = ["key", "conversation", "DH-20413", "message"]
    other = [part + "x" if index == changed else part for index, part in enumerate(parts)]
    assert one_time_code(*parts) != one_time_code(*other)


def test_parts_do_not_run_into_each_other():
    assert one_time_code("k", "a", "bc", "d") != one_time_code("k", "ab", "c", "d")


def test_same_code():
    assert same_code("123456", "123456")
    assert not same_code("123456", "123457")
    assert not same_code("123456", "１２３４５６")
