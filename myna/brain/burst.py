"""Messages that a customer sends in quick succession: one matter in pieces, or several.

"Hello shop", "may I ask", "where is order DH-20413" is one question; "how much is shipping" and
"when do you open" are two. What is said here works on what NLU makes of each message and of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from myna.brain.outcome import intent_of

Parse = dict[str, Any]
"""What NLU says of a text, as Rasa's processor gives it."""

SEPARATOR = "\n"

_UNCLEAR, _POLITE, _REPLY, _REQUEST = range(4)
_KINDS: dict[str | None, int] = {
    None: _UNCLEAR,
    "nlu_fallback": _UNCLEAR,
    **dict.fromkeys(("greet", "thank", "goodbye", "ask_capabilities", "out_of_scope"), _POLITE),
    **dict.fromkeys(("affirm", "deny", "inform"), _REPLY),
}
"""How much an intent tells of what the customer wants; all others are requests. "Can you help me?"
mostly begins one."""

_FOR_PEOPLE = frozenset(("request_human", "make_complaint"))
"""Said in one breath, they are one matter."""

_SURE = 0.75
_SENTENCE = {"en": 3, "ms": 3}
_LONG_SENTENCE = 4
"""Words that make a sentence; Vietnamese ones are syllables. Of a piece such as "my order" the
model is as sure as of a question, and wrong."""
_HEARD = 0.001
"""How probable a request has to be for all messages together. Two questions are both heard in them,
be it faintly; "the shop in KL", "open on Sunday?" is heard as one."""


def are_separate(parses: Sequence[Parse], whole: Parse) -> bool:
    """Whether at least two of the messages are requests of their own, and different ones.

    In doubt they are not: to have one of two questions answered is better than to have one that
    came in pieces answered piece by piece.

    Args:
        parses: What each message alone was understood as.
        whole: What they were understood as when joined by `SEPARATOR`.
    """
    requests = [parse for parse in parses if is_request(parse, whole)]
    return any(_differ(one, other) for one, other in combinations(requests, 2))


def is_request(parse: Parse, whole: Parse) -> bool:
    """Whether a part of what was said is surely a request of its own, and heard in the whole."""
    return (
        _kind(parse) == _REQUEST
        and _sureness(parse) >= _SURE
        and _is_sentence(parse)
        and _probability(intent_of(parse), whole) >= _HEARD
    )


def tells_detail(parse: Parse) -> bool:
    """Whether a part of what was said surely tells a number, an address or the like."""
    details = any(_has_place(entity) for entity in parse["entities"])
    return details and _kind(parse) == _REPLY and _sureness(parse) >= _SURE


def merged(parts: Sequence[str], parses: Sequence[Parse], whole: Parse) -> Parse:
    """The understanding of all messages together.

    Args:
        parts: The messages, at least one.
        parses: What each of them alone was understood as.
        whole: What they were understood as when joined by `SEPARATOR`.

    Returns:
        The understanding of the whole, unless a message alone tells more of what is wanted; with
        the entities of all, at their places in the joined text.
    """
    best = max(parses, key=lambda parse: (_kind(parse), _sureness(parse)))
    if _kind(whole) >= _kind(best):
        best = whole
    own: Parse = {key: whole[key] for key in ("text", "language") if key in whole}
    anger = max(parse.get("anger", 0.0) for parse in (*parses, whole))
    return {**best, **own, "entities": _entities(parts, parses, whole), "anger": anger}


def _entities(parts: Sequence[str], parses: Sequence[Parse], whole: Parse) -> list[Parse]:
    """The entities of each message, and those that only the joined text has."""
    found: list[Parse] = []
    offset = 0
    for part, parse in zip(parts, parses, strict=True):
        found += [
            {**entity, "start": entity["start"] + offset, "end": entity["end"] + offset}
            for entity in parse["entities"]
            if _has_place(entity)
        ]
        offset += len(part) + len(SEPARATOR)
    others = [
        entity
        for entity in whole["entities"]
        if all(entity["end"] <= e["start"] or entity["start"] >= e["end"] for e in found)
    ]
    return sorted([*others, *found], key=lambda entity: int(entity["start"]))


def _has_place(entity: Parse) -> bool:
    """The language is an entity of the whole message and stands nowhere in it."""
    return bool(entity["start"] < entity["end"])


def _kind(parse: Parse) -> int:
    return _KINDS.get((parse.get("intent") or {}).get("name"), _REQUEST)


def _sureness(parse: Parse) -> float:
    return float((parse.get("intent") or {}).get("confidence") or 0.0)


def _probability(intent: str | None, whole: Parse) -> float:
    """That the joined text is this request; an entry of frequent questions shares its intent's."""
    name, _, entry = (intent or "").partition("/")
    ranking = whole.get("intent_ranking") or []
    probability = next((i["confidence"] for i in ranking if i["name"] == name), 0.0)
    if entry:
        chosen = ((whole.get("response_selector") or {}).get("default") or {}).get("ranking") or []
        known = {each["intent_response_key"]: each["confidence"] for each in chosen}
        probability *= known.get(intent, 0.0) / max(known.values(), default=1.0)
    return float(probability)


def _is_sentence(parse: Parse) -> bool:
    text: str = parse["text"]
    enough = _SENTENCE.get(parse.get("language") or "", _LONG_SENTENCE)
    return len(text.split()) >= enough or text.rstrip().endswith("?")


def _differ(one: Parse, other: Parse) -> bool:
    intents = {intent_of(one), intent_of(other)}
    if intents <= _FOR_PEOPLE:
        return False
    orders, others = _orders(one), _orders(other)
    return len(intents) > 1 or bool(orders and others and orders != others)


def _orders(parse: Parse) -> set[Any]:
    return {e["value"] for e in parse["entities"] if e["entity"] == "order_number"}
