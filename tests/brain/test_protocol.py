"""What counts as an answer of the brain."""

from __future__ import annotations

from typing import Any

import pytest

from myna.brain.protocol import is_answer, is_separate
from tests.helpers import answer

FULL = answer(
    "one",
    "two",
    commands=[
        {"type": "hand_over", "reason": "asked", "announced": True, "after": 1},
        {"type": "proof_failed", "order_number": "DH-20413"},
        {"type": "proof_passed", "order_number": "DH-20413", "level": "code"},
        {
            "type": "open_case",
            "kind": "complaint",
            "summary": "the driver was rude",
            "priority": "high",
            "order_number": "DH-20413",
            "response": "utter_case_opened",
        },
        {"type": "case_contact", "phone": "+84903123456"},
        {"type": "case_contact", "email": "lan@example.com"},
    ],
    proof={"order_number": "DH-20413", "level": "code"},
    buttons=[{"title": "Yes", "payload": "/affirm"}],
    response="utter_greet",
    slots={"order_number": "DH-20413"},
)


@pytest.mark.parametrize("value", [answer(), answer("x"), FULL, answer(language=None, intent=None)])
def test_answers(value: Any) -> None:
    assert is_answer(value)


@pytest.mark.parametrize(
    ("proof", "good"),
    [
        ({"order_number": None, "level": "code", "contact": "+84903123456"}, True),
        ({"order_number": "DH-20413", "level": "identity"}, True),
        ({"order_number": 7, "level": "code"}, False),
        ({"order_number": None}, False),
        ({"level": "code"}, False),
        ({"order_number": None, "level": "code", "contact": None}, False),
    ],
)
def test_proofs(proof: Any, good: bool) -> None:
    assert is_answer({**FULL, "proof": proof}) == good


@pytest.mark.parametrize("name", list(FULL))
def test_nothing_may_be_missing(name: str) -> None:
    assert not is_answer({key: value for key, value in FULL.items() if key != name})


@pytest.mark.parametrize("name", list(FULL))
@pytest.mark.parametrize("value", [7, ["x"], True, [None], [{}]])
def test_everything_has_its_shape(name: str, value: Any) -> None:
    assert not is_answer({**FULL, name: value})


@pytest.mark.parametrize("name", [name for name in FULL if name != "slots"])
def test_only_slots_are_of_any_names(name: str) -> None:
    assert not is_answer({**FULL, name: {"x": 1}})
    assert is_answer({**FULL, "slots": {"x": 1}})


@pytest.mark.parametrize(
    "command",
    [
        {},
        {"type": "dance"},
        {"type": ["hand_over"]},
        {"type": "hand_over", "announced": "yes"},
        {"type": "hand_over", "reason": 7},
        {"type": "hand_over", "after": "1"},
        {"type": "hand_over", "after": True},
        {"type": "proof_failed"},
        {"type": "proof_failed", "order_number": None},
        {"type": "proof_passed", "order_number": "DH-20413", "level": "none"},
        {"type": "open_case"},
        {"type": "open_case", "kind": "complaint"},
        {"type": "open_case", "summary": "x"},
        {"type": "open_case", "kind": "party", "summary": "x"},
        {"type": "open_case", "kind": "repair", "summary": "x", "priority": "soon"},
        {"type": "open_case", "kind": "repair", "summary": "x", "response": None},
        {"type": "case_contact"},
        {"type": "case_contact", "phone": None},
        {"type": "case_contact", "email": 7},
    ],
)
def test_a_command_has_its_shape(command: Any) -> None:
    assert not is_answer({**FULL, "commands": [command]})


@pytest.mark.parametrize("value", [None, [], "answered", 7, {}, {"status": "aborted"}])
def test_no_answers(value: Any) -> None:
    assert not is_answer(value)
    assert not is_separate(value)


def test_several_matters() -> None:
    assert is_separate({"status": "separate"})
    assert not is_separate(FULL)
    assert not is_answer({"status": "separate"})
