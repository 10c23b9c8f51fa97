"""What a customer's own words sort under: the lists in `data/keywords/`, which trainers own.

They decide what a form need not ask any more, never what a message is about: that is the intent.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from myna.facts import LANGUAGES
from myna.settings import PROJECT
from myna.shop.model import RETURN_REASONS

logger = logging.getLogger(__name__)

FOLDER = PROJECT / "data" / "keywords"

SUBJECTS: dict[str, tuple[str, ...]] = {
    "reason": RETURN_REASONS,
    "remedy": ("refund", "exchange", "other_product", "missing_part"),
    "delivery": (
        *("late", "not_received", "courier", "extra_money", "failed_attempt", "wrong_address"),
    ),
    "hand_over": ("pick_up", "drop_off"),
    "answer": ("correction", "everything"),
}
"""Subject, which is the file's name → what can be said of it."""

_MARKED_ONLY = "!"
_WORD = re.compile(r"\w+")

Phrases = dict[str, tuple[str, ...]]
"""Value → the words and phrases that mean it, as they are listed."""


class KeywordError(ValueError):
    """A list cannot be used; the message names the file and what to do."""


def sort_words(subject: str, text: str) -> str | None:
    """What a text says of a subject; None if it has no word of the subject's list.

    The longest phrase counts: "not working" says more than "working".

    Args:
        subject: one of `SUBJECTS`.
        text: as typed; Vietnamese with or without its marks.

    Raises:
        KeywordError: the list cannot be used, and could not at any time before.
    """
    exact = f" {words_of(text)} "
    plain = f" {without_marks(exact)} "
    marked = plain.strip() != exact.strip()
    best, length = None, 0
    for value, phrases in _last_good(subject).items():
        for phrase in phrases:
            if len(phrase) > length and _is_in(phrase, exact, plain, marked):
                best, length = value, len(phrase)
    return best


_good: dict[str, Phrases] = {}
"""What was read last: an edited list that cannot be used does not replace it."""


def _last_good(subject: str) -> Phrases:
    try:
        _good[subject] = read_keywords(subject)
    except KeywordError as error:
        if subject not in _good:
            raise
        logger.error("Keeping the last good list: %s", error)
    return _good[subject]


def _is_in(phrase: str, exact: str, plain: str, marked: bool) -> bool:
    wanted = words_of(phrase)
    if f" {wanted} " in exact:
        return True
    if marked or phrase.endswith(_MARKED_ONLY):
        return False
    return f" {without_marks(wanted)} " in plain


def words_of(text: str) -> str:
    """The words of a text in lower case and composed Unicode, with one space between."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", text.lower())))


def without_marks(text: str) -> str:
    """A text as it is typed without diacritics."""
    apart = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).strip()


def read_keywords(subject: str, folder: Path = FOLDER) -> Phrases:
    """The list of a subject; read again when the file has changed.

    Raises:
        KeywordError: the file is missing or not of the form that `data/README.md` describes.
    """
    path = folder / f"{subject}.yml"
    try:
        return _read(path, subject, path.stat().st_mtime_ns)
    except OSError as error:
        raise KeywordError(f"data/keywords/{path.name} cannot be read: {error}") from error


@lru_cache(maxsize=32)
def _read(path: Path, subject: str, changed: int) -> Phrases:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise KeywordError(f"data/keywords/{path.name} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise KeywordError(f"data/keywords/{path.name}: it begins with one of {SUBJECTS[subject]}.")
    return {value: _phrases(path, value, listed) for value, listed in content.items()}


def _phrases(path: Path, value: Any, listed: Any) -> tuple[str, ...]:
    if not isinstance(listed, dict) or not set(listed) <= set(LANGUAGES):
        raise KeywordError(
            f"data/keywords/{path.name}: below '{value}:' stands a line for each of"
            f" {', '.join(LANGUAGES)}, such as 'en: [broken, cracked]'."
        )
    return tuple(str(phrase) for phrases in listed.values() for phrase in phrases or ())
