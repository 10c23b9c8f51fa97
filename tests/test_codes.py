"""One-time codes."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from myna.codes import DIGITS, one_time_code, same_code

TEXT = st.text(max_size=30)


@given(TEXT, TEXT, TEXT, TEXT)
def test_a_code_is_six_digits_and_always_the_same(
    key: str, conversation: str, order: str, message: str
) -> None:
    code = one_time_code(key, conversation, order, message)
    assert len(code) == DIGITS
    assert code.isascii()
    assert code.isdigit()
    assert one_time_code(key, conversation, order, message) == code


def test_it_depends_on_everything() -> None:
    given_ = ("key", "conversation", "DH-20413", "c:7")
    codes = {one_time_code(*given_)}
    for place in range(4):
        changed = list(given_)
        changed[place] += "x"
        codes.add(one_time_code(*changed))
    assert len(codes) == 5
    assert one_time_code("k", "a", "bc", "d") != one_time_code("k", "ab", "c", "d")


def test_all_digits_occur_in_all_places() -> None:
    codes = [one_time_code("key", "c", "DH-20413", f"c:{n}") for n in range(3000)]
    for place in range(DIGITS):
        counts = Counter(code[place] for code in codes)
        assert len(counts) == 10
        assert max(counts.values()) < 400, "about 300 each"


def test_same_code() -> None:
    assert same_code("042424", "042424")
    for other in ("042425", "42424", "", "042424 ", "०४२४२४", "０４２４２４"):
        assert not same_code("042424", other)
