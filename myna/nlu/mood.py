"""`MoodDetector`: how angry a message is.

Anger says nothing of what is wanted, so it is no intent: an order status asked angrily is an order
status, for a person to answer.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from myna.facts import LANGUAGES
from myna.nlu.anger import AngerGauge, Lexicon, LexiconError, Weights, read_lexicon
from myna.nlu.component import TrainedComponent
from myna.nlu.language import LANGUAGE
from myna.settings import PROJECT

ANGER = "anger"
"""Name of the property of a message."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class MoodDetector(TrainedComponent):
    """Sets the property `anger` of a message, see `AngerGauge`.

    Learns nothing from examples: at training it takes the lists in `data/moods/` into the model.
    Config: `folder`, where they are, seen from the project's top folder.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._gauge = AngerGauge({})

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See the class."""
        return {"folder": "data/moods"}

    def learn(self, examples: list[Message]) -> None:
        """Reads the lists of all languages; a language may have none.

        Raises:
            InvalidConfigException: a list cannot be used. Rasa shows the message of this kind of
                exception; of others it shows where they were raised.
        """
        files = _files(self._config["folder"])
        try:
            self._gauge = AngerGauge({path.stem: read_lexicon(path) for path in files})
        except LexiconError as fault:
            raise InvalidConfigException(str(fault)) from fault

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the property."""
        for message in messages:
            anger = self._gauge.measure(message.get(TEXT) or "", message.get(LANGUAGE))
            message.set(ANGER, anger, add_to_output=True)
        return messages

    def write(self, directory: Path) -> None:
        """See the base class."""
        lexicons = {name: asdict(each) for name, each in self._gauge.lexicons.items()}
        text = json.dumps(lexicons, ensure_ascii=False)
        (directory / "lexicons.json").write_text(text, encoding="utf-8")

    def read(self, directory: Path) -> None:
        """See the base class."""
        text = (directory / "lexicons.json").read_text(encoding="utf-8")
        lexicons: dict[str, dict[str, Weights]] = json.loads(text)
        self._gauge = AngerGauge({name: Lexicon(**each) for name, each in lexicons.items()})

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Makes a change of the lists a reason to train again, besides that of the code."""
        digest = hashlib.sha256((super().fingerprint_addon(config) or "").encode())
        folder = {**cls.get_default_config(), **config}["folder"]
        for path in _files(folder):
            digest.update(f"\0{path.name}\0".encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()


def _files(folder: str) -> list[Path]:
    paths = (PROJECT / folder / f"{language}.yml" for language in LANGUAGES)
    return [path for path in paths if path.exists()]
