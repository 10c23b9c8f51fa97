"""The lines of an order in a conversation: choosing, naming and repeating them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from myna.bootstrap import catalogue
from myna.keywords import sort_words, without_marks, words_of
from myna.shop.model import ItemCount, Order

LONGEST_TITLE = 20
"""Characters of a button; Messenger cuts longer ones off."""

_GENERIC = frozenset({"máy", "bộ", "set", "the", "mini", "bàn"})
"""First words of names that many things share."""

Lines = list[list[Any]]
"""Of each line of an order: SKU, name, how many; plain, so that a slot can hold them."""


def lines_of(order: Order) -> Lines:
    """What a form keeps of an order's lines."""
    return [[item.sku, item.name, item.quantity] for item in order.items]


def join_skus(skus: Iterable[str]) -> str:
    """Several SKUs as the one value of the slot `item`."""
    return ",".join(skus)


def split_skus(item: str | None) -> list[str]:
    """The SKUs that the slot `item` stands for."""
    return item.split(",") if item else []


def named_lines(text: str, lines: Lines, products: Iterable[str] = ()) -> list[str]:
    """The SKUs of the lines that a text names.

    A name counts by two neighbouring words of it ("rice cooker"), or by its first word where no
    other line begins with it. Words are compared with their marks if the text has any.

    Args:
        text: as typed.
        lines: of the order.
        products: SKUs that were found in the text by other means.
    """
    known = [sku for sku, _, _ in lines]
    if len(lines) > 1 and sort_words("answer", text) == "everything":
        return known
    found = set(products) & set(known)
    typed = words_of(text)
    marked = without_marks(typed) != typed
    firsts = [_words(name)[:1] for _, name, _ in lines]
    for sku, name, _ in lines:
        words = _words(name)
        pairs = [" ".join(pair) for pair in pairwise(words)]
        first = words[:1] if firsts.count(words[:1]) == 1 and _tells(words, marked) else []
        for part in (*pairs, *first, words_of(sku)):
            if f" {part if marked else without_marks(part)} " in f" {typed} ":
                found.add(sku)
    return [sku for sku in known if sku in found]


def _words(name: str) -> list[str]:
    return words_of(name).split()


def _tells(words: Sequence[str], marked: bool) -> bool:
    """Whether the first word tells by itself what it is; "bếp" without marks may be another."""
    first = words[0] if words else ""
    return len(first) > 2 and first not in _GENERIC and (marked or first.isascii())


def item_buttons(lines: Lines, everything: str | None = None) -> list[dict[str, str]]:
    """A button for each line, at most nine, and one for all of them."""
    buttons = [choice(shorten(name), item=sku) for sku, name, _ in lines[:9]]
    if everything and len(lines) > 1:
        buttons.append(choice(everything, item=join_skus(sku for sku, _, _ in lines)))
    return buttons


def choice(title: str, **entities: str) -> dict[str, str]:
    """A button that answers a form's question."""
    return {"title": title, "payload": f"/inform{json.dumps(entities)}"}


def shorten(name: str) -> str:
    """A name that fits on a button, cut between words."""
    if len(name) <= LONGEST_TITLE:
        return name
    cut = name[: LONGEST_TITLE - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"


def counts(item: str | None, lines: Lines, pieces: int | None = None) -> tuple[ItemCount, ...]:
    """What is chosen: `pieces` of a single line, else all pieces of each."""
    chosen = split_skus(item)
    return tuple(
        ItemCount(sku, min(pieces, quantity) if pieces and len(chosen) == 1 else quantity)
        for sku, _, quantity in lines
        if sku in chosen
    )


def told(items: Iterable[ItemCount], lines: Lines) -> str:
    """Items as they are repeated to the customer: `2 × Kettle, 1 × Fan`."""
    names = {sku: name for sku, name, _ in lines}
    return ", ".join(f"{item.quantity} × {names.get(item.sku, item.sku)}" for item in items)


def word(name: str, language: str) -> str:
    """A word or two from `words:` in the responses, such as a button's title."""
    return catalogue().language(language).words[name]


def in_sentence(name: str, language: str) -> str:
    """The same within a sentence."""
    title = word(name, language)
    return title[:1].lower() + title[1:]
