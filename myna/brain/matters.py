"""Two matters in one message: "where is my order, and when do you close on Sunday?"

Found where a message can be cut at a clause's border so that both halves are requests of their own,
by the same judgement that tells apart messages sent in quick succession (`burst`). The first is
answered; the second at once if nothing was asked back, else when the first is done. Until then it
is kept in the slot `second_matter`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Awaitable, Callable
from typing import Any, TypedDict

from rasa.shared.core.events import Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from myna.brain import burst
from myna.brain.burst import Parse
from myna.brain.outcome import command_in, intent_of

SLOT = "second_matter"


class Matter(TypedDict):
    """The second matter of a message."""

    text: str
    intent: str | None
    message: str
    """The id of the message that it is a part of."""


_QUOTED = 60  # characters
_CLAUSE = 3
"""Words that make a clause, at least."""
_CUTS = 3
"""At most so many places are tried; each costs two readings."""

_JOINING = {
    "vi": (
        "với lại|ngoài ra|tiện thể|nhân tiện|sẵn tiện|sẵn đây|à mà|ủa mà|mà này|thêm nữa|cho hỏi"
        "|cho mình hỏi|cho em hỏi|cho chị hỏi|cho anh hỏi|voi lai|ngoai ra|tien the|nhan tien"
        "|san tien|a ma|them nua|cho hoi|cho minh hoi|còn|và"
    ),
    "ms": (
        "dan juga|lagi satu|satu lagi|selain itu|sambil itu|sambil tu|lepas tu|pastu|dan|nak tanya"
    ),
    "en": "and also|by the way|btw|also|another thing|one more thing|and|plus",
}
"""Words before which a clause of its own may begin."""

_BORDER = re.compile(
    r"(?<=[.?!;\n])\s+|,\s+|\s+(?=(?:" + "|".join(_JOINING.values()) + r")\b)", re.IGNORECASE
)
_LEADING = re.compile(
    r"^(?:(?:" + "|".join(_JOINING.values()) + r"|va|mà)\b[\s,:]*)+", re.IGNORECASE
)
_EDGES = " \t\n,;:–-"

_ALONE = ("make_complaint", "request_human", "give_compliment", "give_feedback")
"""What goes to people goes there whole."""

_ONE_MATTER: tuple[frozenset[str], ...] = (
    frozenset(
        (
            *("ask_order_status", "report_delivery_problem", "change_delivery_details"),
            *("cancel_order", "ask_balance_due", "faq/delivery_time", "ask_refund_status"),
        )
    ),
    frozenset(
        (
            *("report_order_problem", "request_return", "ask_refund_status", "cancel_order"),
            *("faq/return_policy", "faq/refund_time", "report_delivery_problem"),
            *("report_technical_problem", "request_repair", "ask_warranty_status"),
            *("report_lost_warranty_card", "faq/warranty_terms"),
        )
    ),
    frozenset(
        (
            *("ask_product_info", "ask_price", "ask_stock", "place_order", "request_catalogue"),
            *("faq/how_to_order", "faq/bulk_order", "faq/voucher"),
        )
    ),
    frozenset(("ask_store_location", "faq/contact_channels")),
)
"""Of two of these in one sentence the one explains the other: "it came broken, please exchange
it"."""


_IN_OWN_WORDS = frozenset(
    (
        *("delivery_value", "company_details", "symptom", "complaint", "purchase"),
        *("product_words", "item", "reason", "remedy", "piece"),
    )
)
"""Slots whose answers are the customer's own words: an address has commas, and what is wrong with a
thing is often told in two sentences."""


def may_divide(tracker: DialogueStateTracker) -> bool:
    """Whether a message may hold two matters: not where it answers in the customer's own words."""
    return (
        tracker.active_loop_name is None or _value(tracker, "requested_slot") not in _IN_OWN_WORDS
    )


async def divide(
    whole: Parse, parse: Callable[[str], Awaitable[Parse]], *, asked: bool
) -> tuple[Parse, Parse] | None:
    """The two matters of a message, in the customer's order; None if it holds one.

    Args:
        whole: the message, as it was understood.
        parse: understands a text.
        asked: whether a form has asked something; then a detail that it may have asked for and a
            question are two matters too, the detail first.
    """
    for texts in halves(whole["text"]):
        one, other = [await parse(text) for text in texts]
        if burst.are_separate([one, other], whole):
            if not _belong_together(intent_of(one), intent_of(other)):
                return one, other
        elif asked:
            for detail, question in ((one, other), (other, one)):
                alone = intent_of(question) in _ALONE
                if burst.tells_detail(detail) and burst.is_request(question, whole) and not alone:
                    return detail, question
    return None


def halves(text: str) -> list[tuple[str, str]]:
    """The ways to cut a message in two at a border of clauses; without words that only join."""
    found: list[tuple[str, str]] = []
    for border in _BORDER.finditer(text):
        first = text[: border.start()].strip(_EDGES)
        second = _LEADING.sub("", text[border.end() :].strip(_EDGES)).strip(_EDGES)
        known = {pair[1] for pair in found}
        if first and _is_clause(second) and second not in known:
            found.append((first, second))
    return found[:_CUTS]


def _is_clause(text: str) -> bool:
    return len(text.split()) >= _CLAUSE or text.endswith("?")


def _belong_together(one: str | None, other: str | None) -> bool:
    if one in _ALONE or other in _ALONE or one == other:
        return True
    return any(group >= {one, other} for group in _ONE_MATTER)


def keep(
    tracker: DialogueStateTracker, second: Parse | None, message_id: str, *, since: str | None
) -> None:
    """Keeps the second matter of a message, if it has one.

    Args:
        tracker: of the conversation.
        second: what the matter was understood as.
        message_id: of the message.
        since: the intent that was just answered: who asks by themselves for what is kept has it.
    """
    if second:
        matter = Matter(text=second["text"], intent=intent_of(second), message=message_id)
        tracker.update(SlotSet(SLOT, matter))
    elif (matter_before := kept(tracker)) and matter_before["intent"] == since:
        forget(tracker)


def kept(tracker: DialogueStateTracker) -> Matter | None:
    """The second matter that waits for the first to be done."""
    matter: Matter | None = _value(tracker, SLOT)
    return matter


def quoted(matter: Matter) -> str:
    """The matter in the customer's words, as much as fits into a line."""
    return textwrap.shorten(matter["text"], _QUOTED, placeholder="…")


def forget(tracker: DialogueStateTracker) -> None:
    """The second matter is done, or needless."""
    tracker.update(SlotSet(SLOT, None))


def may_follow(tracker: DialogueStateTracker) -> bool:
    """Whether the first matter is done: nothing is asked back, and no person was called."""
    if tracker.active_loop_name or _value(tracker, "open_question") not in (None, "none"):
        return False
    return not any((command_in(e) or {}).get("type") == "hand_over" for e in _turn(tracker))


def _turn(tracker: DialogueStateTracker) -> list[Event]:
    """The events since the customer's last message."""
    events: list[Any] = list(tracker.events)
    start = max(i for i, event in enumerate(events) if isinstance(event, UserUttered))
    return events[start:]


def _value(tracker: DialogueStateTracker, slot: str) -> Any:
    return tracker.get_slot(slot) if slot in tracker.slots else None
