"""Anger in a message: by words that trainers list, and by how it is typed. Needs no Rasa."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml

from myna.nlu.text import MAX_CHARACTERS, replace_surrogates, strip_diacritics

Weights = dict[str, float]
"""Words and phrases in lower case → how angry each makes a message, 0 to 1."""


@dataclass(frozen=True)
class Lexicon:
    """What is angry in one language."""

    anger: Weights
    """Typed without diacritics it counts as well."""
    anger_with_diacritics: Weights = field(default_factory=dict)


_SHOUTED, _MASKED, _INSISTENT = 0.25, 0.6, 0.2
"""Anger of a message in capitals, of one with a masked word such as `c**`, and of one with `!!!`.
Capitals and marks alone, as some people always type, call nobody."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_SYMBOL = "So"  # Unicode's category of emoji
_LENGTHENED = re.compile(r"([^\W\d_])\1{2,}")
_MASKED_WORD = re.compile(r"(?<![\w*])[^\W\d_]{1,2}(?:\*{2,}|\*+[^\W\d_]+)(?!\w)")
_MARKS = re.compile(r"[!?]{2}")
_CAPITAL_WORDS, _CAPITAL_SHARE = 3, 0.7
_MARKED_SHARE = 0.34
"""In Vietnamese more words than that have diacritics. Who types them means "màu cam à" and not
"câm à"; who leaves them out may mean either."""


class LexiconError(ValueError):
    """A lexicon cannot be used; the message names file, line and what to do."""

    def __init__(self, path: Path, line: int, what: str) -> None:
        super().__init__(f"data/moods/{path.name}:{line}: {what}")
        self.line = line
        self.what = what


def read_lexicon(path: Path) -> Lexicon:
    """Reads `data/moods/<language>.yml`: two lists, a word or phrase and its weight a line.

    Raises:
        LexiconError: the file is no YAML, or an entry has no weight from 0 to 1.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise LexiconError(path, line, f"the file cannot be read: {error.problem}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LexiconError(path, 1, f"the file cannot be read: {error}.") from error
    lists: dict[str, Weights] = {each.name: {} for each in fields(Lexicon)}
    known: set[str] = set()
    for key, entries in root.value if isinstance(root, yaml.MappingNode) else []:
        if not isinstance(key, yaml.ScalarNode) or key.value not in lists:
            name = yaml.serialize(key).split("\n")[0]
            name = key.value if isinstance(key, yaml.ScalarNode) else name
            what = f"'{name}' is no list; there are {' and '.join(lists)}."
            raise LexiconError(path, key.start_mark.line + 1, what)
        for entry, weight in _pairs(path, entries):
            phrase = _phrase(path, entry)
            if phrase in known:
                what = f"'{entry.value}' stands in the lists a second time."
                raise LexiconError(path, entry.start_mark.line + 1, what)
            known.add(phrase)
            lists[key.value][phrase] = _weight(path, entry, weight)
    if not known:
        raise LexiconError(path, 1, "the file must hold the list 'anger:'.")
    return Lexicon(**lists)


def _pairs(path: Path, entries: yaml.Node) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    pairs = entries.value if isinstance(entries, yaml.MappingNode) else [(entries, entries)]
    for entry, weight in pairs:
        if entry is weight or not isinstance(entry, yaml.ScalarNode):
            what = "each line of a list is 'word or phrase: weight'."
            raise LexiconError(path, entry.start_mark.line + 1, what)
        yield entry, weight


def _phrase(path: Path, entry: yaml.Node) -> str:
    phrase = " ".join(_words(entry.value))
    if not phrase:
        what = f"'{entry.value}' has no word in it."
    elif "*" in entry.value:
        what = "masked words are noticed without a list; remove this line."
    else:
        return phrase
    raise LexiconError(path, entry.start_mark.line + 1, what)


def _weight(path: Path, entry: yaml.Node, node: yaml.Node) -> float:
    try:
        weight = float(node.value)
    except (TypeError, ValueError):
        weight = -1.0
    if not 0 <= weight <= 1:
        what = f"'{entry.value}' needs a weight from 0 to 1, e.g. 0.6."
        raise LexiconError(path, entry.start_mark.line + 1, what)
    return weight


@dataclass
class AngerGauge:
    """Tells how angry a message is."""

    lexicons: dict[str, Lexicon]
    """By language."""
    _phrases: dict[str, _Phrases] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._phrases = {name: _Phrases(lexicon) for name, lexicon in self.lexicons.items()}

    def measure(self, text: str, language: str | None = None) -> float:
        """The anger of a message, from 0 to 1.

        Each sign takes its share of what the others have left: two of 0.5 make 0.75.

        Args:
            text: the message.
            language: of the message, if known. Customers mix languages, so all lists count; but
                only in its own may diacritics lack: English "cut" is not "cút".
        """
        text = unicodedata.normalize("NFC", replace_surrogates(text[:MAX_CHARACTERS]))
        words = _words(text)
        marked = sum(word != strip_diacritics(word) for word in words)
        signs: Weights = {}
        for name, phrases in self._phrases.items():
            own = name == language or language not in self._phrases
            marks_lack = own and marked <= _MARKED_SHARE * len(words)
            for phrase, weight in phrases.find(words, marks_lack=marks_lack):
                signs[phrase] = max(weight, signs.get(phrase, 0.0))
        if _MASKED_WORD.search(text):
            signs["*"] = _MASKED
        if _is_shouted(text):
            signs["A"] = _SHOUTED
        if _MARKS.search(text):
            signs["!"] = _INSISTENT
        return round(1 - math.prod(1 - weight for weight in signs.values()), 3)


class _Phrases:
    """A lexicon, looked up by words."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._known: dict[str, list[_Phrase]] = {}
        self._longest = 0
        for phrase, weight in {**lexicon.anger, **lexicon.anger_with_diacritics}.items():
            words = phrase.split()
            known = self._known.setdefault(strip_diacritics(phrase), [])
            known.append(_Phrase(words, weight, phrase in lexicon.anger_with_diacritics))
            self._longest = max(self._longest, len(words))

    def find(self, words: list[str], *, marks_lack: bool) -> Iterator[tuple[str, float]]:
        """The phrases in a text, without diacritics, with weights: the longest at each place."""
        plain = [strip_diacritics(word) for word in words]
        # "lua" may be "lừa", but "lụa" is not
        bare = [marks_lack and word == without for word, without in zip(words, plain, strict=True)]
        start = 0
        while start < len(words):
            for end in range(min(len(words), start + self._longest), start, -1):
                key = " ".join(plain[start:end])
                weight = self._weight(key, words[start:end], bare[start:end])
                if weight is not None:
                    yield key, weight
                    start = end
                    break
            else:
                start += 1

    def _weight(self, key: str, words: list[str], bare: list[bool]) -> float | None:
        for phrase in self._known.get(key, []):
            if all(
                word == listed or (without and not phrase.as_written)
                for word, listed, without in zip(words, phrase.words, bare, strict=True)
            ):
                return phrase.weight
        return None


@dataclass(frozen=True)
class _Phrase:
    words: list[str]
    weight: float
    as_written: bool


def _words(text: str) -> list[str]:
    """Words in lower case, lengthened letters once; marks such as emoji are words of their own."""
    text = unicodedata.normalize("NFC", text).lower()
    tokens: list[str] = _TOKEN.findall(_LENGTHENED.sub(r"\1", text))
    return [t for t in tokens if t[0].isalnum() or unicodedata.category(t) == _SYMBOL]


def _is_shouted(text: str) -> bool:
    """Whether the words are in capitals; order numbers and the like are none."""
    words = [word for word in _TOKEN.findall(text) if word.isalpha()]
    letters = "".join(words)
    capitals = sum(letter.isupper() for letter in letters)
    return len(words) >= _CAPITAL_WORDS and capitals >= _CAPITAL_SHARE * len(letters)
