"""Words, numbers and terms of a message, on a blank multilingual spaCy pipeline.

spaCy sees a message in the words of `data/patterns/` only; other words are all the same to it. So
its vocabulary never grows, whatever customers write in the years that a server runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

import spacy
from spacy.matcher import Matcher, PhraseMatcher
from spacy.tokens import Doc

from myna.entities.patterns import GAP, Pattern, Patterns, Term, plain_words
from myna.entities.text import TOKEN, Text, Token

_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_OTHER = "*"
_SENTENCE_ENDS = ["?", "!"]
_LONGEST_GAP = 6
_SHORT_DIGITS, _LONG_DIGITS = 2, 20
_SEVERAL = "|"
_MILLION = 1_000_000


class Lexicon:
    """Reads messages with the terms and patterns of `data/patterns/`."""

    def __init__(self, patterns: Patterns, more: Sequence[Term] = ()) -> None:
        self._nlp = spacy.blank("xx")
        terms = [*(term for terms in patterns.terms.values() for term in terms), *more]
        self._terms: dict[tuple[str, ...], list[Term]] = {}
        for term in terms:
            self._terms.setdefault(tuple(plain_words(term.phrase)), []).append(term)
        literals = {
            plain_words(piece)[0]
            for listed in patterns.patterns.values()
            for pattern in listed
            for piece in pattern.pieces
            if piece != GAP and piece[0] != "{"
        }
        self._known = literals.union(*self._terms)
        self._phrases = PhraseMatcher(self._nlp.vocab, attr="ORTH")
        for words in self._terms:
            self._phrases.add(" ".join(words), [self._doc(words)])

    def matcher(self, name: str, patterns: Sequence[Pattern], *, digits: int = 0) -> PatternMatcher:
        """Finds the patterns of a file; `{digits}` are so many."""
        tags = {self._tag({term.kind: "" for term in terms}) for terms in self._terms.values()}
        tags |= {"number", "amount", "typed", f"number{_SEVERAL}typed"}
        return PatternMatcher(self._nlp.vocab, name, patterns, tags, digits)

    def read(self, text: Text) -> tuple[Doc, list[Token]]:
        """The tokens of a message, and the same as spaCy sees them."""
        tokens = self._words(text)
        tokens = _with_numbers(self._with_terms(text, tokens))
        tags = [self._tag(token.kinds) for token in tokens]
        return self._doc([token.word for token in tokens], tags), tokens

    def _doc(self, words: Sequence[str], tags: Sequence[str] | None = None) -> Doc:
        return Doc(self._nlp.vocab, words=list(words), tags=tags and list(tags))

    def _words(self, text: Text) -> list[Token]:
        found = []
        for match in TOKEN.finditer(text.plain):
            word = match[0]
            if word[0].isdecimal():
                digits = word.replace(".", "").replace(",", "")
                number = _value(word)
                if len(word) > _SHORT_DIGITS:
                    word = "0" * min(len(digits), _LONG_DIGITS)
                found.append(Token(*match.span(), word, {"typed": ""}, digits, number))
            else:
                known = word if word in self._known or word in _SENTENCE_ENDS else _OTHER
                found.append(Token(*match.span(), known))
        return found

    def _with_terms(self, text: Text, tokens: list[Token]) -> list[Token]:
        """The longest terms at each place, each as one token."""
        doc = self._doc([token.word for token in tokens])
        found = sorted((start, -end) for _, start, end in self._phrases(doc))
        merged: list[Token] = []
        position = 0
        for start, end in found:
            if start < position:
                continue
            stretch = tokens[start:-end]
            words = tuple(token.word for token in stretch)
            kinds = {
                term.kind: term.value
                for term in self._terms[words]
                if _is_as_listed(text, stretch, term.phrase.split(), marked=term.marked)
            }
            if not kinds:
                continue
            merged += tokens[position:start]
            merged.append(Token(stretch[0].start, stretch[-1].end, " ".join(words), kinds))
            position = -end
        return merged + tokens[position:]

    @staticmethod
    def _tag(kinds: dict[str, str]) -> str:
        return _SEVERAL.join(sorted(kinds))


class PatternMatcher:
    """The patterns of one file, on spaCy's matcher."""

    def __init__(
        self,
        vocab: spacy.Vocab,
        name: str,
        patterns: Sequence[Pattern],
        tags: set[str],
        digits: int,
    ) -> None:
        self._patterns = {f"{name} {number}": each for number, each in enumerate(patterns)}
        self._strings = vocab.strings
        self._matcher = Matcher(vocab)
        other = {f"{name}/other_number", "typed"}
        not_between = [tag for tag in tags if other & set(tag.split(_SEVERAL))]

        def piece(text: str) -> dict[str, object]:
            if text == GAP:
                return {
                    "TAG": {"NOT_IN": not_between},
                    "ORTH": {"NOT_IN": _SENTENCE_ENDS},
                    "OP": f"{{0,{_LONGEST_GAP}}}",
                }
            if text == "{digits}":
                return {"ORTH": "0" * digits}
            if text[0] == "{":
                wanted = text[1:-1]
                return {"TAG": {"IN": [tag for tag in tags if wanted in tag.split(_SEVERAL)]}}
            return {"ORTH": plain_words(text)[0]}

        for key, pattern in self._patterns.items():
            self._matcher.add(key, [[piece(text) for text in pattern.pieces]])

    def find(self, text: Text, doc: Doc, tokens: list[Token]) -> Iterator[tuple[str, list[Token]]]:
        """What the patterns mean that a message holds, and the tokens that say so."""
        for key, start, end in self._matcher(doc):
            pattern = self._patterns[self._strings[key]]
            stretch = tokens[start:end]
            if _literals_as_listed(text, stretch, pattern.pieces):
                yield pattern.meaning, stretch


def _is_as_listed(
    text: Text, tokens: Sequence[Token], listed: Sequence[str], *, marked: bool = False
) -> bool:
    """Whether words have the marks that they have in a list, or none at all.

    "mai" may be typed for "mãi", but "mãi" (for ever) is not "mai" (tomorrow).
    """
    for token, word in zip(tokens, listed, strict=True):
        typed = text.shown[token.start : token.end].lower()
        if typed != word and (marked or typed != text.plain[token.start : token.end]):
            return False
    return True


def _literals_as_listed(text: Text, tokens: Sequence[Token], pieces: tuple[str, ...]) -> bool:
    ends = [(pieces, tokens)]
    if GAP in pieces:
        gap = pieces.index(GAP)
        behind = len(pieces) - gap - 1
        ends = [(pieces[:gap], tokens[:gap]), (pieces[gap + 1 :], tokens[len(tokens) - behind :])]
    return all(
        _is_as_listed(text, [token], [piece])
        for some_pieces, some_tokens in ends
        for piece, token in zip(some_pieces, some_tokens, strict=True)
        if piece[0] != "{"
    )


def _value(typed: str) -> Decimal:
    whole = _THOUSANDS.match(typed)
    if whole:
        rest = typed[whole.end() :].replace(",", ".")
        return Decimal(whole[0].replace(".", "").replace(",", "") + rest)
    return Decimal(typed[:40].replace(",", "."))


def _with_numbers(tokens: list[Token]) -> list[Token]:
    """Numbers as one token each, whether typed, said, or both: `250k`, `hai trăm nghìn`."""
    merged: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        end, value, scaled = position, Decimal(0), False
        if token.digits or "number" in token.kinds:
            end, value, scaled = _number(tokens, position)
        if end - position > 1:
            kind = "amount" if scaled else "number"
            start, finish = token.start, tokens[end - 1].end
            merged.append(Token(start, finish, _OTHER, {kind: ""}, "", value))
            position = end
        else:
            if token.digits:
                token = Token(
                    token.start, token.end, token.word, {"number": "", "typed": ""}, token.digits,
                    token.number,
                )  # fmt: skip
            elif "number" in token.kinds:
                number = Decimal(token.kinds["number"])
                token = Token(token.start, token.end, token.word, token.kinds, "", number)
            merged.append(token)
            position += 1
    return merged


def _number(tokens: list[Token], position: int) -> tuple[int, Decimal, bool]:
    """Where the number ends that begins at a token, its value, and whether a thousand is in it."""
    first = tokens[position]
    typed = bool(first.digits)
    total = hundreds = Decimal(0)
    small = first.number if first.number is not None else Decimal(first.kinds["number"])
    if small >= 1000 and not typed:
        total, small = small, Decimal(0)
    elif small >= 100 and not typed:
        hundreds, small = small, Decimal(0)
    scale = Decimal(1000) if total else Decimal(0)
    end = position + 1
    while end < len(tokens):
        token = tokens[end]
        glued = token.start == tokens[end - 1].end
        if "times" in token.kinds:
            times = Decimal(token.kinds["times"])
            short = token.end - token.start <= 2
            if times == 10 and not typed and 1 < small < 10:
                small *= 10
            elif times == 100 and not typed and small:
                hundreds, small = hundreds + small * 100, Decimal(0)
            elif times >= 1000 and hundreds + small and (not short or glued or small >= 10):
                total += (hundreds + small) * times
                hundreds = small = Decimal(0)
                scale, typed = times, False
            else:
                break
        elif "plus" in token.kinds and not typed and 0 < small < 10:
            small += Decimal(token.kinds["plus"])
        elif "half" in token.kinds and scale and not hundreds + small:
            return end + 1, total + scale / 2, True
        elif _is_tenth(tokens, end) and scale == _MILLION and not hundreds + small and not typed:
            return end + 1, total + Decimal(token.kinds["number"]) * scale / 10, True
        elif token.digits and glued and scale and not hundreds + small and len(token.digits) <= 3:
            return end + 1, total + int(token.digits) * scale / 10 ** len(token.digits), True
        elif "number" in token.kinds and not typed and not token.digits:
            more = Decimal(token.kinds["number"])
            if small == 0 and (hundreds or (total and _goes_on(tokens, end))):
                small = more
            elif small >= 10 and small % 10 == 0 and more < 10:
                small += more
            else:
                break
        else:
            break
        end += 1
    return end, total + hundreds + small, bool(scale)


def _is_tenth(tokens: list[Token], position: int) -> bool:
    """Whether a digit ends a number: "một triệu tư" is 1.4 million, "một triệu tư trăm" is not."""
    digit = re.fullmatch("[1-9]", tokens[position].kinds.get("number", ""))
    after = tokens[position + 1].kinds if position + 1 < len(tokens) else {}
    return bool(digit) and not {"times", "number", "plus", "unit"} & after.keys()


def _goes_on(tokens: list[Token], position: int) -> bool:
    """Whether a number goes on behind a thousand: "một triệu hai trăm", not "một triệu không"."""
    after = tokens[position + 1].kinds if position + 1 < len(tokens) else {}
    return (
        bool({"times", "number", "plus"} & after.keys())
        and "0" not in tokens[position].kinds["number"][:1]
    )
