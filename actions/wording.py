"""Words by which customers choose among few things; the words are in `responses/`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from myna.bootstrap import catalogue


def chosen(text: str, language: str, prefix: str, options: Iterable[str]) -> str | None:
    """The one option that a text names; None if it names none, or several.

    Args:
        text: what was typed, with or without diacritics.
        language: whose words count.
        prefix: with the option behind it, the name of its words (`delivery_part_address`): one or
            several expressions with commas between them.
        options: what there is to choose from.
    """
    typed = f" {_plain(text)} "
    words = catalogue().language(language).words
    named = [
        option
        for option in options
        if any(f" {_plain(word)} " in typed for word in words[f"{prefix}_{option}"].split(","))
    ]
    return named[0] if len(named) == 1 else None


def _plain(text: str) -> str:
    """Small letters and digits with single spaces between them, without diacritics."""
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    bare = "".join(char for char in letters if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", " ", bare).strip()
