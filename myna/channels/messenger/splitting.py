"""Cutting texts where a reader would: after a paragraph, a sentence, a word; never in a character.

Messenger takes 2,000 characters. Whether Meta counts code points or UTF-16 units is not documented,
so the larger measure counts: UTF-16 units.
"""

from __future__ import annotations

import regex

_GRAPHEME = regex.compile(r"\X")
_ENDS = (
    regex.compile(r"\n\s*\n"),
    regex.compile(r"\n"),
    regex.compile(r"(?<=[.!?…。！？][\"'”’)]?)\s+"),
    regex.compile(r"\s+"),
)
"""From where it is best to cut to where it is only tolerable."""
_LEAST = 0.5
"""A part is filled at least so far before a better place to cut counts."""


def units(text: str) -> int:
    """The length in UTF-16 units."""
    return len(text) + sum(ch > "\uffff" for ch in text)


def split(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` UTF-16 units; blanks at their edges are dropped, and empty parts.

    Args:
        text: to be cut.
        limit: at least 2, so that any character finds room.
    """
    parts = []
    rest = text.strip()
    while units(rest) > limit:
        room = _fitting(rest, limit)
        part = rest[: _best_cut(rest, room)].rstrip()
        # a cut in front of blanks only may leave nothing
        part = part or rest[:room]
        parts.append(part)
        rest = rest[len(part) :].lstrip()
    if rest:
        parts.append(rest)
    return parts


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning with an ellipsis, in at most `limit` UTF-16 units (at least 3)."""
    text = text.strip()
    if units(text) <= limit:
        return text
    return text[: _fitting(text, limit - 1)].rstrip() + "…"


def _fitting(text: str, limit: int) -> int:
    """How many code points fit, without cutting a character as readers see it."""
    end = used = 0
    for match in _GRAPHEME.finditer(text):
        used += units(match[0])
        if used > limit:
            break
        end = match.end()
    if end:
        return end
    # one "character" that is longer than all the room: letters with hundreds of marks
    used = 0
    for end, character in enumerate(text):
        used += units(character)
        if used > limit:
            return max(end, 1)
    return len(text)


def _best_cut(text: str, room: int) -> int:
    least = int(room * _LEAST)
    for pattern in _ENDS:
        # one more, for the blank itself need not fit
        cuts = [match.start() for match in pattern.finditer(text, 0, room + 1)]
        if cuts and cuts[-1] > least:
            return int(cuts[-1])
    return room
