"""`IntentClassifier`: what the customer wants."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier as RasaIntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from myna.nlu.classifier import OUT_OF_SCOPE, CascadeClassifier
from myna.nlu.component import TrainedComponent
from myna.nlu.encoder import DEFAULT
from myna.nlu.features import Forms
from myna.nlu.linear import Ranking
from myna.nlu.normaliser import bare_forms_of, forms_of

MOST_SEPARATE = 100
"""Entries of retrieval intents that have a separator each; the time of training grows with them."""

ENTRY_RANKING = "entry_ranking"
"""Property of a message: the entries of retrieval intents (`faq/<name>`) with their probabilities
if it is one of them; `FaqSelector` reads it. Not set where there are too many entries."""

_COMMAND = re.compile(r"[\s\u2060]*/\w")
"""The private channel puts a word joiner (U+2060) before a typed slash."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(TrainedComponent, RasaIntentClassifier):
    """Sets Rasa's `intent` and `intent_ranking`.

    One model over all labels, in which the questions `faq/<name>` stay apart: they have little in
    common, and one label for all of them would be a blur. To Rasa they are one intent, `faq`,
    whose confidence is the sum; which it is stands in `ENTRY_RANKING`, for `FaqSelector`.

    A message without any letter or digit, or one that is a typed command (`/restart`), has nothing
    to classify: it is `nlu_fallback`, with confidence 1. So are words of which none is known, but
    then the guesses from their pieces follow in the ranking; a single word whose pieces belong to
    an intent is taken for a mistyped one.

    Config: `ranking_length`, how many intents are reported; `encoder`, the module that makes
    sentence embeddings (`myna.nlu.encoder`), or null to do without; `tuned_layers`, how many of
    that encoder's last layers are learned further (`myna.nlu.tuning`): 2 makes fewer mistakes, for
    a training of minutes in place of one minute.

    Raises:
        InvalidConfigException: `tuned_layers` is no such number.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        layers = self._config["tuned_layers"]
        if not isinstance(layers, int) or layers < 0:
            raise InvalidConfigException(
                f"config.yml: tuned_layers of {type(self).__name__} is {layers!r}; "
                "it has to be a number of layers, 0 for none, 2 for the best understanding"
            )
        self._model = CascadeClassifier(self._config["encoder"], layers)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See the class."""
        return {"ranking_length": 10, "encoder": DEFAULT, "tuned_layers": 0}

    def learn(self, examples: list[Message]) -> None:
        """Learns every intent; `faq/<name>` apart, as long as there are not too many."""
        labels = [example.get_full_intent() for example in examples]
        if len({label for label in labels if "/" in label}) > MOST_SEPARATE:
            labels = [example.get(INTENT) for example in examples]
        forms = [forms_of(example) for example in examples]
        copies = [
            bare_forms_of(example) or form for example, form in zip(examples, forms, strict=True)
        ]
        self._model.fit(forms, labels, copies)

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets `intent` and `intent_ranking`."""
        forms = [forms_of(message) for message in messages]
        rankings = self._model.predict_many(forms)
        for message, form, full in zip(messages, forms, rankings, strict=True):
            ranking = [(DEFAULT_NLU_FALLBACK_INTENT_NAME, 1.0)]
            if is_sentence(message.get(TEXT) or ""):
                guesses = merge_retrieval_intents(full)[: self._config["ranking_length"]]
                unknown = self._model.is_gibberish(form) and not _is_mistyped(form, guesses)
                ranking = ranking + guesses if unknown else guesses
            reported = [{"name": name, "confidence": value} for name, value in ranking]
            best = dict(reported[0]) if reported else {"name": None, "confidence": 0.0}
            if entries := entries_of(full):
                message.set(ENTRY_RANKING, entries)
            message.set(INTENT, best, add_to_output=True)
            message.set(INTENT_RANKING_KEY, reported, add_to_output=True)
        return messages

    def write(self, directory: Path) -> None:
        """See the base class."""
        self._model.save(directory)

    def read(self, directory: Path) -> None:
        """See the base class."""
        self._model = CascadeClassifier.load(directory, self._config["encoder"])


def is_sentence(text: str) -> bool:
    """Whether there is something to classify."""
    return not _COMMAND.match(text) and any(character.isalnum() for character in text)


def _is_mistyped(form: Forms, guesses: Ranking) -> bool:
    """Whether pieces of an unknown word say what it was meant to be.

    They mislead in sentences of another language or of none. Other scripts have no such pieces,
    and often no spaces either.
    """
    latin = any("a" <= character <= "z" for character in form.normal)
    return latin and len(form.normal.split()) == 1 and guesses[0][0] != OUT_OF_SCOPE


def merge_retrieval_intents(ranking: Ranking) -> Ranking:
    """The ranking with `faq/<name>`, … summed up as `faq`, most probable first."""
    merged: dict[str, float] = {}
    for label, probability in ranking:
        name = label.split("/")[0]
        merged[name] = merged.get(name, 0.0) + probability
    return sorted(merged.items(), key=lambda item: -item[1])


def entries_of(ranking: Ranking) -> Ranking:
    """The labels `faq/<name>`, …, with probabilities that sum up to 1 as if no other could be."""
    entries = [(label, probability) for label, probability in ranking if "/" in label]
    total = sum(probability for _, probability in entries)
    return [(label, probability / max(total, 1e-9)) for label, probability in entries]
