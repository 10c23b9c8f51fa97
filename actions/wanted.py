"""Which products a message is about, and how many of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from rasa_sdk import Tracker

from actions import turn
from myna.bootstrap import shop
from myna.entities.patterns import read_patterns
from myna.entities.text import read_text
from myna.questions import questions
from myna.shop.model import NotFound, NotOffered, Product, Unavailable

MOST = 5
"""Products that are shown to choose from."""
_SEARCHED = 200  # characters, what a shop's search takes
_MOST_PIECES = 999
_MARK = re.compile(r"(?<!\d)[,;+&\n]|[,;+&\n](?!\d)")
_WORD = re.compile(r"\d+|[^\W\d_]+")
_UNIT = re.compile(r"l|lít|lit|liter|litres?|w|kg|inch|inci|m|cm", re.IGNORECASE)
_TIMES = re.compile(r"\s*\bx\s?\d+\s*$", re.IGNORECASE)


class ShopSilent(Exception):
    """The shop does not tell its products: not now (`Unavailable`), or never (`NotOffered`)."""

    def __init__(self, outcome: Unavailable | NotOffered) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(frozen=True)
class Line:
    """One thing that the message names."""

    products: tuple[Product, ...]
    """What it may be, likeliest first; empty if there is no such thing."""
    quantity: int | None = None
    """How many, if it was said."""
    words: str = ""
    """What it was called."""


@dataclass(frozen=True)
class Wanted:
    """What a message is about."""

    lines: tuple[Line, ...] = ()
    """In the order in which they were named; none if nothing was."""
    question: str = ""
    """Words that name no product and say more than that something is asked."""


def wanted(tracker: Tracker) -> Wanted:
    """The products of the message, or else those that it points at ("how much is it?").

    Blocks; the shop is asked.

    Raises:
        ShopSilent: the shop does not tell.
    """
    text = tracker.latest_message.get("text") or ""
    entities = _entities(tracker)
    rest = _rest(text, entities)
    said = questions("products")
    left = said["filler"].without(said["reference"].without(rest))
    left = _without_numbers(left)
    points = said["reference"].are_in(rest)
    spoken_of = last_spoken_of(tracker) if points or not (entities or left) else None
    if spoken_of and all(_may_be(spoken_of, entity) for entity in entities):
        number = next(iter(_loose_quantities(text)), None)
        return Wanted((Line((spoken_of,), number),), left)
    entities = [*entities, *_unrecognised(text, entities)]
    entities.sort(key=lambda entity: entity.get("start", 0))
    lines = [_line(text, entities, index, turn.language(tracker)) for index in range(len(entities))]
    if not entities and left:
        found = _ask(shop().search_products, left[:_SEARCHED], turn.language(tracker))
        lines = [Line(found, next(iter(_loose_quantities(text)), None), left)]
        left = ""
    return Wanted(tuple(lines), left)


def only_names(tracker: Tracker) -> bool:
    """Whether the message is a product's name and nothing else, whatever it is taken for."""
    entities = _entities(tracker)
    rest = _rest(tracker.latest_message.get("text") or "", entities)
    return bool(entities) and not questions("products")["filler"].without(rest)


def by_sku(sku: str) -> Product | None:
    """One product; None if there is no such.

    Raises:
        ShopSilent: the shop does not tell.
    """
    match shop().get_product(sku):
        case Product() as product:
            return product
        case NotFound():
            return None
        case silent:
            raise ShopSilent(silent)


def last_spoken_of(tracker: Tracker) -> Product | None:
    """The product that was last talked about; None if there was none.

    Raises:
        ShopSilent: the shop does not tell.
    """
    sku = tracker.get_slot("product")
    return by_sku(sku) if isinstance(sku, str) else None


def _may_be(product: Product, entity: dict[str, Any]) -> bool:
    """Whether a name fits a product: `this pot`."""
    skus = str(entity.get("skus") or "").split()
    return entity["entity"] == "category" and (
        product.sku in skus if skus else entity["value"] == product.category
    )


def _ask(search: Any, words: str, language: str) -> tuple[Product, ...]:
    found = search(words, language=language, limit=MOST + 1)
    if isinstance(found, Unavailable | NotOffered):
        raise ShopSilent(found)
    return tuple(found) if not isinstance(found, NotFound) else ()


def _entities(tracker: Tracker) -> list[dict[str, Any]]:
    named = [
        entity
        for entity in tracker.latest_message.get("entities") or []
        if entity["entity"] in ("product", "category")
    ]
    products = [entity for entity in named if entity["entity"] == "product"]
    # "the fan AF-400", "which fryer is better, AF-400 or AF-700D": the products say it all
    distinct = {entity["value"]: entity for entity in reversed(products)}
    first = [entity for entity in products if distinct[entity["value"]] is entity]
    known = [entity for entity in named if entity["entity"] == "category"]
    return sorted([*first, *known], key=lambda entity: entity.get("start", 0))


def _unrecognised(text: str, entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Counted things in a list that language understanding has not found: `... and 2 kettles`."""
    if any("start" not in entity for entity in entities):
        return []
    found = []
    for start, end in _parts(text):
        span = _counted(text, start, end)
        if span is None or any(start <= entity["start"] < end for entity in entities):
            continue
        if words := questions("products")["filler"].without(text[slice(*span)]):
            found.append({"entity": "words", "value": words, "start": span[0], "end": span[1]})
    return found if len(found) + len(entities) > 1 else []


def _parts(text: str) -> list[tuple[int, int]]:
    """The things of a list: what stands between `và`, `,` and the like."""
    read = read_text(text)
    cuts = [read.span(*span) for span in questions("products")["separator"].find(text)]
    cuts += [match.span() for match in _MARK.finditer(text)]
    bounds = [0, *(place for cut in sorted(cuts) for place in cut), len(text)]
    return list(zip(bounds[::2], bounds[1::2], strict=True))


def _counted(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where the name stands in `2 kettles` or `kettle x2`, without the number; None if neither."""
    if match := _TIMES.search(text, start, end):
        return start, match.start()
    for match in _WORD.finditer(text, start, end):
        following = _WORD.search(text, match.end(), end)
        if following and _as_number(match[0].lower()) and not _UNIT.fullmatch(following[0]):
            return following.start(), end
    return None


def _line(text: str, entities: list[dict[str, Any]], index: int, language: str) -> Line:
    entity = entities[index]
    begin = entities[index - 1].get("end", 0) if index else 0
    end = entities[index + 1].get("start") if index + 1 < len(entities) else len(text)
    start, stop = entity.get("start"), entity.get("end")
    words, quantity = str(entity["value"]), None
    if start is not None and stop is not None:
        words = text[start:stop]
        quantity = _quantity(text[begin:start], text[stop:end])
    if entity["entity"] == "product":
        product = by_sku(entity["value"])
        return Line((product,) if product else (), quantity, words)
    if skus := str(entity.get("skus") or "").split():
        found = [by_sku(sku) for sku in skus[: MOST + 1]]
        return Line(tuple(product for product in found if product), quantity, words)
    search = shop().search_products
    return Line(
        _ask(search, words[:_SEARCHED], language) or _ask(search, entity["value"], language),
        quantity,
        words,
    )


def _rest(text: str, entities: list[dict[str, Any]]) -> str:
    """The message without the names in it; nothing of a button's title."""
    for entity in entities:
        if (start := entity.get("start")) is None:
            return ""
        text = text[:start] + " " * (entity["end"] - start) + text[entity["end"] :]
    return text


@cache
def _numbers() -> dict[str, int]:
    """Words for 1 to 20, as `data/patterns/numbers.yml` lists them, with and without diacritics."""
    terms = read_patterns().terms.get("numbers", [])
    return {
        form: int(term.value)
        for term in terms
        if term.kind == "number" and 1 <= int(term.value) <= 20
        for form in (read_text(term.phrase).shown.lower(), read_text(term.phrase).plain)
    }


def _quantity(before: str, after: str) -> int | None:
    """How many: `2 cái` or `hai` right in front of a name, `x2` or `2 cái` right behind it."""
    counter = questions("products")["counter"]
    words = re.findall(r"\d+|[^\W\d_]+|[^\w\s]", read_text(before).shown.lower())
    while words and counter.is_all(words[-1]):
        words.pop()
    if words and (number := _as_number(words[-1])):
        return number
    match = re.match(r"\s*(?:x\s*(\d+)|(\d+)\s*([^\W\d_]+))(?!\w)", read_text(after).shown.lower())
    if match and (match[1] or counter.is_all(match[3])):
        return _as_number(match[1] or match[2])
    return None


def _loose_quantities(text: str) -> list[int]:
    """Numbers that count something unnamed: `lấy 2 cái`."""
    counter = questions("products")["counter"]
    words = re.findall(r"\d+|[^\W\d_]+", read_text(text).shown.lower())
    return [
        number
        for word, following in pairwise(words)
        if (number := _as_number(word)) and counter.is_all(following)
    ]


def _as_number(word: str) -> int | None:
    number = int(word) if word.isdecimal() and len(word) < 5 else _numbers().get(word)
    return number if number and number <= _MOST_PIECES else None


def _without_numbers(words: str) -> str:
    counter = questions("products")["counter"]
    kept = counter.without(words).split()
    return " ".join(word for word in kept if not word.isdecimal())
