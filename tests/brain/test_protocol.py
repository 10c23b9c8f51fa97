"""What counts as an answer of the brain."""

from __future__ import annotations

from typing import Any

import pytest

from myna.brain.protocol import is_answer
from tests.helpers import answer

FULL = answer(
    "one",
    "two",
    commands=[
        {"type": "hand_over", "reason": "asked", "announced": True},
        {"type": "proof_failed", "order_number": "DH-20413"},
        {"type": "proof_passed", "order_number": "DH-20413", "level": "code"},
    ],
    proof={"order_number": "DH-20413", "level": "code"},
    buttons=[{"title": "Yes", "payload": "/affirm"}],
    response="utter_greet",
)


@pytest.mark.parametrize("value", [answer(), answer("x"), FULL, answer(language=None, intent=None)])
def test_answers(value: Any) -> None:
    assert is_answer(value)


@pytest.mark.parametrize("name", list(FULL))
def test_nothing_may_be_missing(name: str) -> None:
    assert not is_answer({key: value for key, value in FULL.items() if key != name})


@pytest.mark.parametrize("name", list(FULL))
@pytest.mark.parametrize("value", [7, ["x"], {"x": 1}, True, [None], [{}]])
def test_everything_has_its_shape(name: str, value: Any) -> None:
    assert not is_answer({**FULL, name: value})


@pytest.mark.parametrize("value", [None, [], "answered", 7, {}, {"status": "aborted"}])
def test_no_answers(value: Any) -> None:
    assert not is_answer(value)
