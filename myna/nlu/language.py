"""`LanguageDetector`: the language of each message, learned from the examples themselves."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from myna.nlu.classifier import CascadeClassifier
from myna.nlu.component import TrainedComponent
from myna.nlu.features import Forms
from myna.nlu.text import prepare, words

LANGUAGE = "language"
"""Name of the entity, of the property of a message, and of the key in its metadata."""

_ENOUGH = 6000
"""Examples of a language; more take seconds to learn from, and leave a mistake less in a thousand
messages."""

OTHER = "other"
"""The message is written in a script that none of our languages uses."""

# Words that customers of every language write; a message of these alone tells nothing.
NEUTRAL_WORDS = frozenset(
    words(
        """
    a ah aha alo app cod code email facebook ha haha hehe hello hey hi hihi huhu inbox
    like link momo no ok oke okay okey okie oki okela okla order otp shop size sos web wifi zalo
    """
    )
)
# Politeness is borrowed: "thank you" closes many a Vietnamese conversation. Such words tell the
# language of a first message, but do not change that of a conversation.
BORROWED_WORDS = frozenset(
    words(
        """
    admin afternoon bro bye evening good morning night pls please sale sis size sorry sr stop
    thank thanks thankyou thx tks tq ty voucher yes you
    """
    )
)
_VIETNAMESE_LETTER = re.compile(r"[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹĩũ]")
_WORD = re.compile(r"[^\W\d]+")
# Words that contain a digit, what `prepare` puts for numbers, addresses and links, and the letters
# before an order number ("dh 20413") belong to no language.
_NO_LANGUAGE = re.compile(r"\S*0\S*|(?:\b[^\W\d_]{1,2} )?_number_|_(?:email|url)_")


@dataclass
class LanguageModel:
    """Tells languages apart; usable without Rasa.

    `margin` is how much more probable the best language has to be than the second to be believed;
    `margin_against_hint` the same where that would change the language of the conversation: a
    switch by mistake annoys more than one that comes a message late.
    """

    margin: float = 0.3
    margin_against_hint: float = 0.6
    _model: CascadeClassifier = field(default_factory=CascadeClassifier, repr=False)

    def fit(self, texts: Sequence[str], languages: Sequence[str]) -> LanguageModel:
        """Learns from texts and their languages (equally many); returns itself."""
        forms, labels = [], []
        for name in sorted(set(languages)):
            own = [
                text for text, language in zip(texts, languages, strict=True) if language == name
            ]
            chance = random.Random(0)  # noqa: S311 - a choice of examples, not a secret
            chosen = chance.sample(own, min(len(own), _ENOUGH))
            forms += [_forms(_words_only(text)) for text in chosen]
            labels += [name] * len(chosen)
        self._model.fit(forms, labels)
        return self

    def predict(self, text: str, hint: str | None = None) -> str | None:
        """The language that a message is written in, `other`, or None where it tells nothing.

        Args:
            text: The message.
            hint: The language of the conversation so far. A message in another language has to be
                clear about it: two words or more that are not borrowed everywhere, or letters that
                only Vietnamese has.
        """
        return self.predict_many([(text, hint)])[0]

    def predict_many(self, messages: Sequence[tuple[str, str | None]]) -> list[str | None]:
        """As `predict`, for many pairs of message and hint."""
        texts = [_words_only(text) for text, _ in messages]
        rankings = self._model.predict_many([_forms(text) for text in texts])
        return [
            self._decide(text, dict(ranking), hint)
            for text, ranking, (_, hint) in zip(texts, rankings, messages, strict=True)
        ]

    def save(self, directory: Path) -> None:
        """Writes what was learned into a folder."""
        self._model.save(directory)

    def load(self, directory: Path) -> None:
        """Reads what `save` wrote."""
        self._model = CascadeClassifier.load(directory)

    def _decide(self, text: str, probabilities: dict[str, float], hint: str | None) -> str | None:
        if _is_other_script(text):
            return OTHER
        telling = [word for word in _WORD.findall(text) if word not in NEUTRAL_WORDS]
        if not telling or len(probabilities) < 2:
            return None
        vietnamese = sum(bool(_VIETNAMESE_LETTER.search(word)) for word in telling)
        if "vi" in probabilities and 2 * vietnamese >= len(telling):
            return "vi"
        (best, first), (_, second) = sorted(probabilities.items(), key=lambda item: -item[1])[:2]
        if best == hint or hint not in probabilities:
            return best if first - second >= self.margin else None
        own_words = [word for word in telling if word not in BORROWED_WORDS]
        if len(own_words) >= 2 and first - second >= self.margin_against_hint:
            return best
        return None


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class LanguageDetector(TrainedComponent, EntityExtractorMixin):
    """Sets the property `language` of a message, and an entity of that name for the slot.

    Learns from examples whose metadata name a language (the importer adds the folder in
    `data/nlu/`). The property is what the message itself says: a language, `other`, or None. The
    entity, which has no span, is the language to answer in: that of the message, or the
    conversation's (`{"language": …}` in the message's metadata, set by the hub) where the message
    does not tell. Without either there is no entity, and the slot stays as it is.

    Config: `margin`, `margin_against_hint`, see `LanguageModel`.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._model = LanguageModel(**self._config)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See the class."""
        return {
            "margin": LanguageModel.margin,
            "margin_against_hint": LanguageModel.margin_against_hint,
        }

    def learn(self, examples: list[Message]) -> None:
        """Learns from the examples whose language is known."""
        known = [(e.get(TEXT), language) for e in examples if (language := language_of(e))]
        self._model.fit([text for text, _ in known], [language for _, language in known])

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the property and the entity."""
        hints = [language_of(message) for message in messages]
        texts = [message.get(TEXT) or "" for message in messages]
        found = self._model.predict_many(list(zip(texts, hints, strict=True)))
        for message, own, hint in zip(messages, found, hints, strict=True):
            message.set(LANGUAGE, own, add_to_output=True)
            spoken = hint if own in (None, OTHER) else own
            if spoken:
                entity = {"entity": LANGUAGE, "start": 0, "end": 0, "value": spoken}
                entities = self.add_extractor_name([entity])
                message.set(ENTITIES, [*message.get(ENTITIES, []), *entities], add_to_output=True)
        return messages

    def write(self, directory: Path) -> None:
        """See the base class."""
        self._model.save(directory)

    def read(self, directory: Path) -> None:
        """See the base class."""
        self._model.load(directory)


def language_of(message: Message) -> str | None:
    """The language in a message's metadata: of the example, or of the conversation."""
    metadata = message.get(METADATA)
    language = metadata.get(LANGUAGE) if isinstance(metadata, dict) else None
    return language if isinstance(language, str) and language else None


def _words_only(text: str) -> str:
    return " ".join(_NO_LANGUAGE.sub(" ", prepare(text)).split())


def _forms(cleaned: str) -> Forms:
    return Forms(cleaned, cleaned)


def _is_other_script(text: str) -> bool:
    """Whether most letters are of a script other than Latin."""
    letters = [character for character in text if character.isalpha()]
    foreign = sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return 2 * foreign > len(letters)
