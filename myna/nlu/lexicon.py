"""Shortforms and what they stand for: `data/lexicons/<language>.yml`, which trainers edit."""

from __future__ import annotations

import re
from pathlib import Path

from myna.nlu.datafile import DataFileError, read_lists
from myna.settings import PROJECT

FOLDER = PROJECT / "data" / "lexicons"

_WORD = re.compile(r"\w+(?:['’/&]\w+)*")


class Lexicon:
    """Replaces shortforms, chat spellings and regional words by the words they stand for."""

    def __init__(self, forms: dict[str, str]) -> None:
        """Takes forms (lower case, words separated by one space) with their words."""
        self.forms = forms
        self._longest: dict[str, int] = {}  # first word → words of the longest form
        for form in forms:
            first, *others = form.split(" ")
            self._longest[first] = max(self._longest.get(first, 0), 1 + len(others))

    def apply(self, text: str) -> str:
        """A text (in lower case) with each form replaced; of two, the one of more words wins."""
        found = list(_WORD.finditer(text))
        kept: list[str] = []
        end = position = 0
        while position < len(found):
            longest = self._longest.get(found[position][0], 0)
            for count in range(min(longest, len(found) - position), 0, -1):
                run = found[position : position + count]
                word = self.forms.get(" ".join(match[0] for match in run))
                if word is not None:
                    kept += [text[end : run[0].start()], word]
                    end = run[-1].end()
                    position += count
                    break
            else:
                position += 1
        return "".join(kept) + text[end:]


def read_lexicon(path: Path) -> Lexicon:
    """Reads one language's lexicon: below `words:` each word with the list of its forms.

    An underscore in a form stands for a space.

    Raises:
        DataFileError: the file cannot be read, or a form stands for two words.
    """
    forms: dict[str, str] = {}
    for word, _, listed in read_lists(path, "words"):
        for written, line in listed:
            form = written.replace("_", " ").lower()
            if forms.setdefault(form, word) != word:
                what = f'"{written}" already stands for "{forms[form]}"; keep one of the two.'
                raise DataFileError(path, line, what)
    return Lexicon(forms)


def read_lexicons(folder: Path | None = None) -> dict[str, Lexicon]:
    """All lexicons of a folder (`data/lexicons/`) by language; none if there is no folder.

    Raises:
        DataFileError: see `read_lexicon`.
    """
    paths = sorted((folder or FOLDER).glob("*.yml"))
    return {path.stem: read_lexicon(path) for path in paths}
