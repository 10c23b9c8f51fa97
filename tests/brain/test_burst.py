"""One matter in pieces, or several: on what NLU says of each message."""

from __future__ import annotations

from typing import Any

import pytest

from myna.brain.burst import SEPARATOR, are_separate, merged

ORDER = {"entity": "order_number", "start": 4, "end": 12, "value": "DH-20413"}


def parse(intent: str | None, confidence: float = 0.9, *entities: Any, **more: Any) -> Any:
    """What NLU says of a message; `faq/<entry>` stands for the selector's choice too."""
    name, _, entry = (intent or "").partition("/")
    found: Any = {
        "text": "one two three four",
        "intent": {"name": name or None, "confidence": confidence},
        "intent_ranking": [{"name": name, "confidence": confidence}],
        "entities": list(entities),
        "response_selector": {"all_retrieval_intents": ["faq"]},
        **more,
    }
    if entry:
        found["response_selector"]["default"] = {"response": {"intent_response_key": intent}}
    return found


def heard(**probabilities: float) -> Any:
    """All messages together, in which these requests are heard so clearly; `faq_x` is an entry."""
    intents = {name: p for name, p in probabilities.items() if not name.startswith("faq_")}
    entries = {f"faq/{n[4:]}": p for n, p in probabilities.items() if n.startswith("faq_")}
    return {
        **parse("greet"),
        "intent_ranking": [{"name": name, "confidence": p} for name, p in intents.items()],
        "response_selector": {
            "default": {
                "ranking": [
                    {"intent_response_key": key, "confidence": p} for key, p in entries.items()
                ]
            }
        },
    }


def apart(parses: list[Any]) -> bool:
    """Whether they are separate where all of them are heard in the whole."""
    named = [parse["intent"]["name"] for parse in parses]
    entries = {f"faq_{name}": 0.5 for name in ("shipping_fee", "return_policy", "delivery_time")}
    return are_separate(parses, heard(**dict.fromkeys(filter(None, named), 0.5), **entries))


@pytest.mark.parametrize(
    "intents",
    [
        ["greet", "nlu_fallback", "ask_order_status"],
        ["greet", "thank", "goodbye", "affirm", "deny", "inform", "out_of_scope"],
        ["ask_order_status", "inform"],
        ["ask_order_status", "ask_order_status"],
        ["faq/shipping_fee", "faq/shipping_fee", "thank"],
        ["faq/shipping_fee", "nlu_fallback", None],
        ["request_human", "make_complaint"],
        ["ask_capabilities", "cancel_order"],
        [None, None],
    ],
)
def test_one_matter(intents: list[str | None]) -> None:
    assert not apart([parse(intent) for intent in intents])


@pytest.mark.parametrize(
    "intents",
    [
        ["faq/shipping_fee", "ask_opening_hours"],
        ["greet", "ask_order_status", "affirm", "cancel_order"],
        ["faq/shipping_fee", "faq/return_policy"],
        ["request_human", "faq/return_policy"],
    ],
)
def test_several_matters(intents: list[str]) -> None:
    assert apart([parse(intent) for intent in intents])


def test_a_guess_from_a_piece_tears_nothing_apart() -> None:
    sure, guess = parse("ask_order_status"), parse("faq/delivery_time", 0.7)
    assert not apart([sure, guess])


@pytest.mark.parametrize(
    ("text", "language", "separate"),
    [
        ("my order", "en", False),
        ("my order?", "en", True),
        ("where's my order", "en", True),
        ("berapa kos penghantaran", "ms", True),
        ("đơn hôm qua", "vi", False),
        ("ship bao nhiêu?", "vi", True),
        ("phí ship bao nhiêu", "vi", True),
        ("don hom qua", None, False),
    ],
)
def test_a_few_words_are_a_piece_unless_they_ask(
    text: str, language: str | None, separate: bool
) -> None:
    pieces = [parse("cancel_order"), parse("ask_order_status", text=text, language=language)]
    assert apart(pieces) == separate


@pytest.mark.parametrize(
    ("probabilities", "separate"),
    [
        ({"ask_order_status": 0.7, "faq": 0.3, "faq_shipping_fee": 0.9}, True),
        ({"ask_order_status": 0.01, "faq": 0.98, "faq_shipping_fee": 0.9}, True),
        ({"ask_order_status": 0.0002, "faq": 0.98, "faq_shipping_fee": 0.9}, False),
        ({"ask_order_status": 0.98, "faq": 0.0005, "faq_shipping_fee": 0.1}, False),
        ({"ask_order_status": 0.7, "faq": 0.3, "faq_delivery_time": 0.9}, False),
        ({"ask_order_status": 0.7, "faq": 0.3}, False),
        ({"faq": 0.3, "faq_shipping_fee": 0.9}, False),
        ({}, False),
    ],
)
def test_both_have_to_be_heard_in_the_whole(
    probabilities: dict[str, float], separate: bool
) -> None:
    pieces = [parse("ask_order_status"), parse("faq/shipping_fee")]
    assert are_separate(pieces, heard(**probabilities)) == separate
    assert not are_separate(pieces, parse("greet"))


def test_the_same_request_for_two_orders_is_two() -> None:
    other = {**ORDER, "value": "DH-20588"}
    one, two = parse("ask_order_status", 0.9, ORDER), parse("ask_order_status", 0.9, other)
    assert apart([one, two])
    assert not apart([one, one])
    assert not apart([one, parse("ask_order_status")])


def test_the_whole_is_understood() -> None:
    parts = ["chào shop", "cho mình hỏi", "đơn DH-20413 tới đâu rồi"]
    parses = [parse("greet"), parse("nlu_fallback", 0.3), parse("ask_order_status", 0.8, ORDER)]
    whole = parse("ask_order_status", 0.7, text=SEPARATOR.join(parts), language="vi")
    found = merged(parts, parses, whole)
    assert found["intent"] == {"name": "ask_order_status", "confidence": 0.7}
    [entity] = found["entities"]
    assert found["text"][entity["start"] : entity["end"]] == "DH-20413"
    assert found["language"] == "vi"


@pytest.mark.parametrize(
    ("pieces", "whole", "expected"),
    [
        (["greet", "ask_order_status"], "nlu_fallback", "ask_order_status"),
        (["greet", "ask_order_status"], "greet", "ask_order_status"),
        (["nlu_fallback", "inform"], "out_of_scope", "inform"),
        (["greet", "inform"], "nlu_fallback", "inform"),
        (["greet", "nlu_fallback"], "nlu_fallback", "greet"),
        (["nlu_fallback", "nlu_fallback"], "report_order_problem", "report_order_problem"),
        (["ask_order_status", "inform"], "cancel_order", "cancel_order"),
        (["nlu_fallback", None], "nlu_fallback", "nlu_fallback"),
    ],
)
def test_whoever_tells_more_is_believed(
    pieces: list[str | None], whole: str, expected: str
) -> None:
    found = merged(["a"] * len(pieces), [parse(each) for each in pieces], parse(whole))
    assert found["intent"]["name"] == expected


def test_the_selectors_choice_comes_with_the_intent() -> None:
    fee = parse("faq/shipping_fee")
    found = merged(["a", "b"], [parse("greet"), fee], parse("nlu_fallback"))
    assert found["response_selector"] == fee["response_selector"]


def test_entities_of_all_messages_at_their_places() -> None:
    parts = ["đơn DH-20413", "", "mã", "482913"]
    code = {"entity": "code", "start": 0, "end": 6, "value": "482913"}
    language = {"entity": "language", "start": 0, "end": 0, "value": "vi"}
    across = {"entity": "phone", "start": 14, "end": 16, "value": "+84"}
    wrong = {"entity": "phone", "start": 10, "end": 18, "value": "+8413"}
    parses = [
        parse("inform", 0.9, language, ORDER),
        parse(None),
        parse(None),
        parse(None, 0.9, code),
    ]
    found = merged(parts, parses, parse("inform", 0.9, language, across, wrong, ORDER))
    text = SEPARATOR.join(parts)
    assert [(e["entity"], e["value"]) for e in found["entities"]] == [
        ("language", "vi"),
        ("order_number", "DH-20413"),
        ("phone", "+84"),
        ("code", "482913"),
    ]
    assert text[found["entities"][1]["start"] : found["entities"][1]["end"]] == "DH-20413"
    assert text[found["entities"][3]["start"] : found["entities"][3]["end"]] == "482913"


def test_one_angry_message_makes_the_burst_angry() -> None:
    calm, angry = parse("greet", anger=0.1), parse("inform", anger=0.8)
    assert merged(["a", "b"], [calm, angry], parse("inform", anger=0.5))["anger"] == 0.8
    assert merged(["a", "b"], [calm, calm], parse("inform", anger=0.7))["anger"] == 0.7


def test_what_was_understood_is_left_as_it_is() -> None:
    first = parse("inform", 0.9, dict(ORDER))
    second = parse("inform", 0.9, dict(ORDER))
    merged(["đơn DH-20413", "đơn DH-20413"], [first, second], parse("inform"))
    assert first == second == parse("inform", 0.9, ORDER)
