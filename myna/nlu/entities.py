"""`PatternEntityExtractor`: order numbers, phone numbers, e-mail addresses, one-time codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import phonenumbers
import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import ENTITIES, TEXT, TEXT_TOKENS
from rasa.shared.nlu.training_data.message import Message
from spacy.matcher import Matcher
from spacy.tokens import Doc
from spacy.util import compile_infix_regex

from myna.facts import Facts, load_facts
from myna.nlu.language import LANGUAGE
from myna.nlu.text import MAX_CHARACTERS, replace_surrogates, words

# A number without a country code is read as the first country's in which it is valid.
_REGIONS = {"ms": ("MY", "VN")}
_DEFAULT_REGIONS = ("VN", "MY")

_CODE_WORDS = ["mã", "ma", "code", "kod", "otp", "tac", "pin"]
# "mã đơn 482913", "mã giảm giá 100000", "kod pesanan …": numbers, but not the one-time code.
_OTHER_NUMBERS = words("""
đơn don hàng hang giảm giam giá gia vận van sản san sp order tracking voucher discount promo
product zip pesanan barang produk baucar diskaun promosi pos poskod postcode
""")
_EMAIL = re.compile(r"[a-zA-Z0-9._%+-]{1,64}@[a-zA-Z0-9-]{1,63}(?:\.[a-zA-Z0-9-]{1,63})+")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_LONE_CODE = re.compile(r"[\s#]*([0-9]{3}[ .-]?[0-9]{3})[\s.!]*")


@dataclass(frozen=True)
class Found:
    """Something found in a text: its span, kind, normal form, and what else is known of it."""

    start: int
    end: int
    entity: str
    value: str
    more: dict[str, str] = field(default_factory=dict)


class Patterns:
    """Finds what has a fixed form, on a blank multilingual spaCy pipeline; usable without Rasa."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._nlp = spacy.blank("xx")
        # "mã:482913" is two words.
        infixes = [*self._nlp.Defaults.infixes, r"(?<=\w)[:=](?=\w)"]
        self._nlp.tokenizer.infix_finditer = compile_infix_regex(infixes).finditer
        self._matcher = Matcher(self._nlp.vocab)
        between = {"LOWER": {"NOT_IN": _OTHER_NUMBERS}, "IS_DIGIT": False, "OP": "{0,6}"}
        six_digits = {"TEXT": {"REGEX": "^[0-9]{6}$"}}
        self._matcher.add("code", [[{"LOWER": {"IN": _CODE_WORDS}}, between, six_digits]])

    def read(self, text: str) -> Doc:
        """The text as spaCy sees it: positions are those of `text`, the end may be cut off."""
        return self._nlp(replace_surrogates(text[:MAX_CHARACTERS]))

    def find(self, doc: Doc, language: str | None = None) -> list[Found]:
        """What stands in a text, in order and without overlaps.

        Where two overlap, the more specific wins: e-mail address, order number, marketplace
        number, phone number, code. `language` decides to which country a phone number belongs.
        """
        text = doc.text
        taken: list[tuple[int, int]] = []
        found: list[Found] = []

        def keep(candidates: Iterator[Found]) -> None:
            for item in candidates:
                if all(item.end <= start or item.start >= end for start, end in taken):
                    taken.append((item.start, item.end))
                    found.append(item)

        keep(Found(m.start(), m.end(), "email", m[0].lower()) for m in _EMAIL.finditer(text))
        keep(self._order_numbers(text))
        keep(self._marketplace_orders(text))
        # Digits in a link are neither a phone number nor a code.
        taken += [match.span() for match in _URL.finditer(text)]
        keep(_phones(text, language))
        keep(self._codes(doc))
        return sorted(found, key=lambda item: item.start)

    def _order_numbers(self, text: str) -> Iterator[Found]:
        for start, end, number in self._facts.order_number.find(text):
            start = end - len(text[start:end].lstrip())
            yield Found(start, end, "order_number", number)

    def _marketplace_orders(self, text: str) -> Iterator[Found]:
        for marketplace in self._facts.marketplaces:
            if match := marketplace.find(text):
                more = {"marketplace": marketplace.name}
                yield Found(match.start(), match.end(), "marketplace_order", match[0], more)

    def _codes(self, doc: Doc) -> Iterator[Found]:
        if match := _LONE_CODE.fullmatch(doc.text):
            yield Found(match.start(1), match.end(1), "code", re.sub(r"\D", "", match[1]))
        for _, _, end in self._matcher(doc):
            code = doc[end - 1]
            yield Found(code.idx, code.idx + len(code), "code", code.text)


def _phones(text: str, language: str | None) -> Iterator[Found]:
    for region in _REGIONS.get(language or "", _DEFAULT_REGIONS):
        for match in phonenumbers.PhoneNumberMatcher(text, region):
            number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
            yield Found(match.start, match.end, "phone", number)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PatternEntityExtractor(GraphComponent, EntityExtractorMixin):
    """Adds the entities `email order_number marketplace_order phone code` to messages.

    Values are normal forms (`DH-20413`, `+84912345678`); a `marketplace_order` names its
    `marketplace` besides. Nothing is trained: `shop.yml` is read when the model is loaded, so a
    changed order number format holds from the next start on. Also sets `text_tokens`, which
    Rasa's evaluation of entities needs.
    """

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PatternEntityExtractor:
        """The extractor for the shop that `shop.yml` describes."""
        return cls(Patterns(load_facts()))

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities and tokens."""
        for message in messages:
            doc = self._patterns.read(message.get(TEXT) or "")
            tokens = [Token(t.text, t.idx) for t in doc if not t.is_space]
            message.set(TEXT_TOKENS, tokens)
            entities = [
                {"entity": f.entity, "start": f.start, "end": f.end, "value": f.value, **f.more}
                for f in self._patterns.find(doc, _language(message))
            ]
            entities = self.add_extractor_name(entities)
            message.set(ENTITIES, [*message.get(ENTITIES, []), *entities], add_to_output=True)
        return messages


def _language(message: Message) -> str | None:
    """The language to answer in, as `LanguageDetector` found it."""
    for entity in message.get(ENTITIES, []):
        if entity["entity"] == LANGUAGE:
            return str(entity["value"])
    return None
