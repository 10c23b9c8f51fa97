"""`TextNormaliser`: what stands for what, so that the models see the same word for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from myna.nlu.component import TrainedComponent
from myna.nlu.diacritics import DiacriticRestorer
from myna.nlu.features import Forms, plain
from myna.nlu.language import LANGUAGE, OTHER, language_of
from myna.nlu.lexicon import FOLDER, Lexicon, read_lexicons
from myna.nlu.text import clean, strip_diacritics

NORMAL = "normal_text"
"""Property of a message: its text with shortforms replaced and diacritics restored."""

WRITTEN = "clean_text"
"""Property of a message: its text as `clean` leaves it."""

_BARE, _BARE_NORMAL = "bare_text", "bare_normal_text"
"""The same of an example as it would be without its diacritics; not set where it has none."""


class Normaliser:
    """Replaces shortforms by the lexicon of the message's language; usable without Rasa.

    Vietnamese that was typed without diacritics gets them back as the examples have them.
    """

    def __init__(self, lexicons: dict[str, Lexicon]) -> None:
        self._lexicons = lexicons
        self._restorers: dict[str, DiacriticRestorer] = {}
        self._only: str | None = None

    def fit(self, texts: Sequence[str], languages: Sequence[str]) -> Normaliser:
        """Learns how words are spelt from texts and their languages; returns itself."""
        known = sorted(set(languages))
        self._only = known[0] if len(known) == 1 else None
        for language in known:
            own = [t for t, of in zip(texts, languages, strict=True) if of == language]
            restorer = DiacriticRestorer().fit(self._replace(clean(t), language) for t in own)
            if restorer.knows_words:
                self._restorers[language] = restorer
        return self

    def normalise(self, cleaned: str, language: str | None) -> str:
        """The form of a cleaned text that the models see beside the one that was written."""
        language = language or self._only
        replaced = self._replace(cleaned, language)
        restorer = self._restorers.get(language or "")
        return restorer.restore(replaced) if restorer else replaced

    def save(self, directory: Path) -> None:
        """Writes lexicons and spellings as JSON."""
        description = {
            "only": self._only,
            "lexicons": {name: lexicon.forms for name, lexicon in self._lexicons.items()},
            "restorers": {name: found.to_json() for name, found in self._restorers.items()},
        }
        (directory / "normaliser.json").write_text(
            json.dumps(description, ensure_ascii=False), encoding="utf-8"
        )

    @classmethod
    def load(cls, directory: Path) -> Normaliser:
        """Reads what `save` wrote."""
        data = json.loads((directory / "normaliser.json").read_text(encoding="utf-8"))
        normaliser = cls({name: Lexicon(forms) for name, forms in data["lexicons"].items()})
        normaliser._only = data["only"]
        normaliser._restorers = {
            name: DiacriticRestorer.from_json(found) for name, found in data["restorers"].items()
        }
        return normaliser

    def _replace(self, cleaned: str, language: str | None) -> str:
        lexicon = self._lexicons.get(language or "")
        return lexicon.apply(cleaned) if lexicon else cleaned


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class TextNormaliser(TrainedComponent):
    """Sets `clean_text` and `normal_text` of messages, which intents and entries are learned from.

    The text itself, and so what is stored and shown, is never changed. The lexicons are those of
    `data/lexicons/` at the time of training; they are kept in the model, because what was learned
    belongs to them. Stands behind `LanguageDetector`, whose language decides on the lexicon.

    Raises:
        DataFileError: while training, if a lexicon cannot be used.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._normaliser = Normaliser({})

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing is to be set."""
        return {}

    def learn(self, examples: list[Message]) -> None:
        """Takes the lexicons and learns spellings from examples whose language is known."""
        known = [(e.get(TEXT), language) for e in examples if (language := language_of(e))]
        self._normaliser = Normaliser(read_lexicons())
        self._normaliser.fit([text for text, _ in known], [language for _, language in known])

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the property."""
        for message in messages:
            text = message.get(TEXT)
            if text is not None:
                found = message.get(LANGUAGE)
                language = language_of(message) if found in (None, OTHER) else found
                message.set(WRITTEN, clean(text))
                message.set(NORMAL, self._normaliser.normalise(message.get(WRITTEN), language))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Sets the property of the examples, for the components that learn after this one."""
        self.process(training_data.training_examples)
        for example in training_data.training_examples:
            cleaned = example.get(WRITTEN) or ""
            bare = strip_diacritics(cleaned)
            if bare != cleaned:
                example.set(_BARE, bare)
                example.set(_BARE_NORMAL, self._normaliser.normalise(bare, language_of(example)))
        return training_data

    def write(self, directory: Path) -> None:
        """See the base class."""
        self._normaliser.save(directory)

    def read(self, directory: Path) -> None:
        """See the base class."""
        self._normaliser = Normaliser.load(directory)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Makes a changed lexicon a reason to train again, as a changed package is."""
        digest = hashlib.sha256((super().fingerprint_addon(config) or "").encode())
        for path in sorted(FOLDER.glob("*.yml")):
            digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()


def bare_forms_of(example: Message) -> Forms | None:
    """A training example as the models would see it if its diacritics had been left out; None
    where it has none."""
    if example.get(NORMAL) is None:  # without `TextNormaliser`
        return plain(strip_diacritics(example.get(TEXT) or ""))
    bare = example.get(_BARE)
    return None if bare is None else Forms(bare, example.get(_BARE_NORMAL))


def forms_of(message: Message) -> Forms:
    """A message as the models see it; without `TextNormaliser`, just cleaned."""
    normal = message.get(NORMAL)
    if normal is None:
        return plain(message.get(TEXT) or "")
    return Forms(message.get(WRITTEN), normal)
