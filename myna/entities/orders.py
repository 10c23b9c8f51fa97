"""Order numbers and one-time codes, typed in any way or said digit by digit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spacy.tokens import Doc

from myna.entities.patterns import Patterns, plain_words
from myna.entities.text import Found, Text, Token, announces
from myna.entities.tokens import Lexicon
from myna.facts import Facts

CODE_DIGITS = 6
_DIGIT = "[0-9oil|]"
_SLIPS = str.maketrans("oil|", "0111")
"""Letters that are typed, or read by a scanner, for digits."""
_WORD_BETWEEN = r"(?:(?:so|no|num|number|nombor|ma)\b[\s.:#]{0,3})?"
_PRICE = re.compile(r"\d{1,3}(?:\.\d{3})+\s?(?:d|dong|vnd|rm|k|ringgit|₫)(?![a-z])")
_LONE_CODE = re.compile(
    r"[\s#]*([0-9]{3}[ .-]?[0-9]{3})"
    r"(?:\s(?:nhe|ne|nha|a|day|ya|ye|ni)(?:\s\w{1,4})?)?[\s.!]*"
)
_DIGITS = "{digits}"
_SEPARATORS = frozenset("-.,#:/_")
_LEAST_ALONE = 4  # digits of an order number that needs no word beside it
_LOOK_BACK, _LOOK_AHEAD, _LONGEST_RUN = 8, 5, 24


@dataclass(frozen=True)
class Run:
    """Digits in a row, each typed or said: `20 413`, `hai không bốn một ba`."""

    first: int
    """Of its tokens."""
    last: int
    digits: str


class OrderNumbers:
    """Finds a shop's order numbers, in the format that `shop.yml` gives."""

    def __init__(self, facts: Facts, lexicon: Lexicon, patterns: Patterns) -> None:
        self._facts = facts
        self._format = facts.order_number
        self._prefixes = {"".join(plain_words(each)): each for each in self._format.prefixes}
        prefixes = "|".join(_with_slips(prefix) for prefix in self._prefixes if prefix)
        more = self._format.digits - 1
        self._prefixed = prefixes and re.compile(
            rf"(?<![a-z0-9])(?:#\s?)?(?P<prefix>{prefixes})(?P<between>[\s.\-_#:/]{{0,3}}{_WORD_BETWEEN})"
            rf"(?P<digits>{_DIGIT}(?:[ .\-]?{_DIGIT}){{{more}}})(?![0-9])(?![.\-][0-9])"
        )
        self._announced = _Announced(lexicon, patterns, "order_number", self._format.digits)

    def written(self, text: Text) -> Iterator[Found]:
        """Numbers with their letters in front: `DH-20413`, `dh 2o413`, `#my10482`."""
        if not self._prefixed:
            return
        for match in self._prefixed.finditer(text.plain):
            typed = match["digits"]
            digits = re.sub(r"[ .\-]", "", typed)
            typed_digits = sum(character.isdecimal() for character in digits)
            if 2 * typed_digits < len(digits):
                continue
            after = text.plain[match.end() : match.end() + 1]
            if after.isalpha() and not typed[-1].isdecimal():
                continue
            if _PRICE.match(text.plain, match.start("digits")):
                continue
            yield self._found(match.start(), match.end(), match["prefix"], digits)

    def said(self, text: Text, tokens: list[Token], runs: list[Run]) -> Iterator[Found]:
        """Numbers whose letters, too, stand or are said one by one: `đê hát hai không bốn …`."""
        for run in runs:
            if len(run.digits) != self._format.digits:
                continue
            letters, position = "", run.first
            while position and len(letters) < max(map(len, self._prefixes)):
                token = tokens[position - 1]
                word = text.plain[token.start : token.end]
                if not letters and word in _SEPARATORS:
                    position -= 1
                    continue
                spelled = token.kinds.get("letter") or (word if word.isalpha() else "")
                if not spelled or (len(spelled) > 1 and spelled not in self._prefixes):
                    break
                letters, position = spelled + letters, position - 1
                if letters in self._prefixes:
                    start, end = tokens[position].start, tokens[run.last].end
                    yield self._found(start, end, letters, run.digits)
                    break

    def announced(
        self, text: Text, doc: Doc, tokens: list[Token], runs: list[Run], language: str | None
    ) -> Iterator[Found]:
        """Bare digits of which a word says what they are: `đơn 20413`."""
        found = [*self._announced.find(text, doc, tokens, runs), *self._first_word(text, tokens)]
        for start, end, digits in found:
            candidates = self._format.candidates(digits)
            own = language in (None, self._facts.default_language)
            yield Found(start, end, "order_number", candidates[0 if own else -1])

    def _first_word(self, text: Text, tokens: list[Token]) -> Iterator[tuple[int, int, str]]:
        """Bare digits with which a message begins: `20413 em ơi`. Round ones are prices."""
        first = tokens[0] if tokens else None
        if first is None or len(first.digits) != self._format.digits or len(tokens) == 1:
            return
        unit = bool({"currency", "times", "unit"} & tokens[1].kinds.keys())
        grouped = first.end - first.start > len(first.digits) or _goes_on(text, first.end)
        if len(first.digits) >= _LEAST_ALONE and not (
            unit or grouped or first.digits.endswith("000")
        ):
            yield first.start, first.end, first.digits

    def marketplaces(self, text: Text, tokens: list[Token]) -> Iterator[Found]:
        """Order numbers of marketplaces; `more` names the marketplace."""
        for marketplace in self._facts.marketplaces:
            for pattern in marketplace.patterns:
                for match in re.finditer(pattern, text.shown, re.IGNORECASE):
                    more = {"marketplace": marketplace.name}
                    if not announces(tokens, match.start(), "phone/other_number"):
                        yield Found(*match.span(), "marketplace_order", match[0], more)

    def _found(self, start: int, end: int, typed_prefix: str, digits: str) -> Found:
        slipped = typed_prefix.translate(_SLIPS)
        prefix = next(p for key, p in self._prefixes.items() if key.translate(_SLIPS) == slipped)
        number = f"{prefix}{self._format.separator}{digits.translate(_SLIPS)}"
        return Found(start, end, "order_number", number)


class Codes:
    """Finds the one-time codes that Myna has sent."""

    def __init__(self, lexicon: Lexicon, patterns: Patterns) -> None:
        self._announced = _Announced(lexicon, patterns, "code", CODE_DIGITS)

    def find(self, text: Text, doc: Doc, tokens: list[Token], runs: list[Run]) -> Iterator[Found]:
        """Six digits alone, or with a word that says so."""
        if match := _LONE_CODE.fullmatch(text.plain):
            yield Found(match.start(1), match.end(1), "code", re.sub(r"\D", "", match[1]))
        for start, end, digits in self._announced.find(text, doc, tokens, runs):
            yield Found(start, end, "code", digits)


class _Announced:
    """Digits of a certain number with a word in front that says what they are."""

    def __init__(self, lexicon: Lexicon, patterns: Patterns, name: str, digits: int) -> None:
        listed = patterns.patterns.get(name, [])
        self._digits = digits
        self._matcher = lexicon.matcher(name, listed, digits=digits)
        self._words = {
            plain_words(pattern.pieces[0])[0] for pattern in listed if pattern.pieces[-1] == _DIGITS
        }
        self._other = f"{name}/other_number"

    def find(
        self, text: Text, doc: Doc, tokens: list[Token], runs: list[Run]
    ) -> Iterator[tuple[int, int, str]]:
        """Their spans and digits."""
        places = {token.start: place for place, token in enumerate(tokens)}
        for _, stretch in self._matcher.find(text, doc, tokens):
            last = next(t for t in reversed(stretch) if len(t.digits) == self._digits)
            before = tokens[max(0, places[stretch[0].start] - 1) : places[stretch[0].start]]
            if any(self._other in token.kinds for token in before):
                continue  # "promo code 150000"
            if not _goes_on(text, last.end):
                yield last.start, last.end, last.digits
        for run in runs:
            first, digits = run.first, run.digits
            if len(digits) == self._digits + 1 and digits[0] == "0" and not tokens[first].digits:
                # "không" in front, which also is how a question begins
                first, digits = first + 1, digits[1:]
            if len(digits) != self._digits or run.last == first:
                continue
            said = not any(token.digits for token in tokens[first : run.last + 1])
            ahead = tokens[run.last + 1 : run.last + 1 + _LOOK_AHEAD] if said else []
            if self._says_so(tokens, first) or any(token.word in self._words for token in ahead):
                yield tokens[first].start, tokens[run.last].end, digits

    def _says_so(self, tokens: list[Token], position: int) -> bool:
        for token in reversed(tokens[max(0, position - _LOOK_BACK) : position]):
            if token.word.split(" ")[0] in self._words:
                return True
            if self._other in token.kinds or token.digits or token.word in (".", "?", "!"):
                return False
        return False


def find_runs(text: Text, tokens: list[Token]) -> list[Run]:
    """The digits in rows, each row as long as it goes."""
    runs: list[Run] = []
    position = 0
    while position < len(tokens):
        digits, end = "", position
        last = position
        while end < len(tokens) and len(digits) <= _LONGEST_RUN:
            token = tokens[end]
            if end > position and text.plain[tokens[end - 1].end : token.start].strip(" "):
                break  # a line ends
            said = token.number is not None and 0 <= token.number <= 9
            if token.digits or (said and "number" in token.kinds):
                digits += token.digits or str(token.number)
                last = end
            elif not digits or token.word not in (",", "-", ".") or last != end - 1:
                break
            end += 1
        if digits and last > position:
            runs.append(Run(position, last, digits))
        position = max(last, position) + 1
    return runs


def _goes_on(text: Text, end: int) -> bool:
    """Whether digits are the beginning of something longer, such as `20413-55`."""
    return bool(re.match(r"[.\-/]?\d|[a-z%]", text.plain[end : end + 2]))


def _with_slips(prefix: str) -> str:
    slips = {"o": "[o0]", "0": "[o0]", "i": "[il1]", "l": "[il1]", "1": "[il1]"}
    return "".join(slips.get(character, re.escape(character)) for character in prefix)
