"""Two matters in one message: where it is cut, and what counts as two."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.core.events import ActiveLoop, BotUttered, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot, TextSlot
from rasa.shared.core.trackers import DialogueStateTracker

from myna.brain.burst import Parse
from myna.brain.matters import SLOT, divide, halves, keep, kept, may_follow, quoted

from .test_burst import ORDER, heard, parse

STATUS, HOURS, FEE = "ask_order_status", "ask_opening_hours", "faq/shipping_fee"


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        (
            "đơn DH-20413 tới đâu rồi, với lại shop mấy giờ đóng cửa",
            "đơn DH-20413 tới đâu rồi",
            "shop mấy giờ đóng cửa",
        ),
        (
            "don DH-20413 toi dau roi voi lai shop may gio dong cua",
            "don DH-20413 toi dau roi",
            "shop may gio dong cua",
        ),
        ("đơn tới đâu rồi còn ship bao nhiêu vậy", "đơn tới đâu rồi", "ship bao nhiêu vậy"),
        (
            "pesanan saya kat mana lagi satu kedai buka pukul berapa",
            "pesanan saya kat mana",
            "kedai buka pukul berapa",
        ),
        (
            "Where is my parcel? And by the way, when do you close?",
            "Where is my parcel?",
            "when do you close?",
        ),
    ],
)
def test_a_border(text: str, first: str, second: str) -> None:
    assert (first, second) in halves(text)


@pytest.mark.parametrize(
    "text",
    ["", "ok", "đơn của mình tới đâu rồi", "cancel it, please", "1.250.000 đồng, hả", ",,,", "\n"],
)
def test_no_border(text: str) -> None:
    assert halves(text) == []


def test_a_long_list_is_not_tried_at_every_comma() -> None:
    assert len(halves(", ".join(["one more small thing"] * 40))) <= 3
    assert len(halves(", ".join(f"number {n} of many things" for n in range(40)))) == 3


class Reader:
    """Understands what it was told to; counts what it reads."""

    def __init__(self, *intents: str, confidence: float = 0.9, detail: str = "") -> None:
        self.detail = detail
        self.intents = list(intents)
        self.confidence = confidence
        self.read: list[str] = []

    async def __call__(self, text: str) -> Parse:
        """What NLU says of a text."""
        self.read.append(text)
        intent = self.intents[(len(self.read) - 1) % len(self.intents)]
        told = [ORDER] if intent == self.detail else []
        understood: Parse = parse(intent, self.confidence, *told, text=text)
        return understood


def whole(text: str = "where is my big parcel, when do you close today?", **more: float) -> Any:
    """The message, in which all that the tests ask is heard."""
    every = dict.fromkeys(
        (STATUS, HOURS, "faq", "report_delivery_problem", "request_return", "make_complaint"), 0.3
    )
    return {**heard(**every, faq_shipping_fee=0.5, **more), "text": text, "language": "en"}


async def intents(reader: Reader, *, asked: bool = False) -> list[str] | None:
    """The intents of the two matters."""
    found = await divide(whole(), reader, asked=asked)
    return [each["intent"]["name"] for each in found] if found else None


async def test_two_requests_in_the_customers_order() -> None:
    assert await intents(Reader(STATUS, HOURS)) == [STATUS, HOURS]
    assert await intents(Reader(HOURS, STATUS)) == [HOURS, STATUS]
    assert await intents(Reader(FEE, STATUS)) == ["faq", STATUS]


@pytest.mark.parametrize(
    "pair",
    [
        (STATUS, STATUS),
        (STATUS, "report_delivery_problem"),
        ("request_return", "report_delivery_problem"),
        ("greet", STATUS),
        (STATUS, "thank"),
        (STATUS, "nlu_fallback"),
        ("make_complaint", HOURS),
        (HOURS, "make_complaint"),
        ("inform", HOURS),
    ],
)
async def test_one_matter(pair: tuple[str, str]) -> None:
    assert await intents(Reader(*pair)) is None


async def test_in_doubt_it_is_one() -> None:
    assert await intents(Reader(STATUS, HOURS, confidence=0.6)) is None


async def test_a_detail_for_a_form_and_a_question() -> None:
    assert await intents(Reader("inform", HOURS, detail="inform"), asked=True) == ["inform", HOURS]
    assert await intents(Reader(HOURS, "inform", detail="inform"), asked=True) == ["inform", HOURS]
    assert await intents(Reader("inform", HOURS, detail="inform")) is None, "nothing was asked"
    unhelpful = Reader("inform", "make_complaint", detail="inform")
    assert await intents(unhelpful, asked=True) is None


@pytest.mark.parametrize("reply", ["inform", "affirm", "deny"])
async def test_a_word_before_a_question_is_no_detail(reply: str) -> None:
    """ "Wait, how much is shipping?" must not end a form."""
    assert await intents(Reader(reply, HOURS), asked=True) is None


async def test_a_message_without_a_border_costs_nothing() -> None:
    reader = Reader(STATUS)
    assert await divide(whole("where is my order"), reader, asked=True) is None
    assert reader.read == []


def tracker() -> DialogueStateTracker:
    """A conversation in which the customer has just written."""
    slots = [AnySlot(SLOT, mappings=[{}]), TextSlot("open_question", mappings=[{}])]
    seen = DialogueStateTracker.from_events("c", [], slots)
    seen.update(UserUttered("…"))
    return seen


def test_a_second_matter_is_kept_until_it_is_asked_for() -> None:
    seen = tracker()
    keep(seen, parse(HOURS, text="when do you close"), "m1", since=STATUS)
    assert kept(seen) == {"text": "when do you close", "intent": HOURS, "message": "m1"}
    keep(seen, None, "m2", since="inform")
    assert kept(seen)
    keep(seen, None, "m3", since=HOURS)
    assert kept(seen) is None


@pytest.mark.parametrize(
    ("events", "follows"),
    [
        ([], True),
        ([SlotSet("open_question", "none")], True),
        ([SlotSet("open_question", "human")], False),
        ([ActiveLoop("order_status_form")], False),
        ([ActiveLoop("order_status_form"), ActiveLoop(None)], True),
        ([BotUttered(data={"custom": {"command": {"type": "hand_over"}}})], False),
        ([BotUttered(data={"custom": {"command": {"type": "proof_passed"}}})], True),
    ],
)
def test_when_the_first_matter_is_done(events: list[Any], follows: bool) -> None:
    seen = tracker()
    for event in events:
        seen.update(event)
    assert may_follow(seen) == follows


def test_a_matter_is_quoted_in_a_line() -> None:
    told = "when do you close on the Sunday before the long holiday, and is there parking nearby?"
    line = quoted({"text": told, "intent": HOURS, "message": "m1"})
    assert line == "when do you close on the Sunday before the long holiday,…"
    assert quoted({"text": "và\nsao", "intent": None, "message": "m1"}) == "và sao"


def test_a_person_who_was_called_earlier_does_not_count() -> None:
    seen = tracker()
    seen.update(BotUttered(data={"custom": {"command": {"type": "hand_over"}}}))
    seen.update(UserUttered("…"))
    assert may_follow(seen)
