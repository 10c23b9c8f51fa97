"""`FaqSelector`: which of the shop's general questions it is."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.constants import UTTER_PREFIX
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_RANKING_KEY,
    INTENT_RESPONSE_KEY,
    RESPONSE_SELECTOR,
)
from rasa.shared.nlu.training_data.message import Message

from myna.nlu.component import TrainedComponent
from myna.nlu.intent import ENTRY_RANKING, MOST_SEPARATE
from myna.nlu.linear import Ranking
from myna.nlu.nearest import NearestEntries
from myna.nlu.normaliser import forms_of

# Rasa knows its own selector only and would advise at every training to add it.
warnings.filterwarnings("ignore", message="You have defined training data with examples for train")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class FaqSelector(TrainedComponent):
    """Sets Rasa's `response_selector`, so that `utter_faq` sends `utter_faq/<name>`.

    Stands behind `IntentClassifier`. Up to `MOST_SEPARATE` entries of retrieval intents
    (`faq/<name>`) are labels of that model, which has said already which it would be
    (`ENTRY_RANKING`); of more it knows the retrieval intent only, and `NearestEntries` tells them
    apart here. The texts of the answers are not this component's business, they come at run time
    from the catalogue. Config: `ranking_length`, how many entries are reported.

    The choice stands under `default`, and under the retrieval intent's own name as well, because
    that is where Rasa looks for the full name (`faq/shipping_fee`) that test stories compare.

    A retrieval intent is then only as probable as its likeliest entry: many entries of which each
    is hardly likely are no sure question, and the fallback has to ask what was meant.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._nearest: NearestEntries | None = None
        self._intents: list[str] = []

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See the class."""
        return {"ranking_length": 5}

    def learn(self, examples: list[Message]) -> None:
        """Learns the entries of retrieval intents, if the intent model does not."""
        entries = [example for example in examples if example.get(INTENT_RESPONSE_KEY)]
        self._intents = sorted({example.get(INTENT) for example in entries})
        names = [example.get(INTENT_RESPONSE_KEY) for example in entries]
        if len(set(names)) > MOST_SEPARATE:
            self._nearest = NearestEntries().fit([forms_of(example) for example in entries], names)

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets `response_selector` where there is anything to select from."""
        for message, ranking in zip(messages, self._rankings(messages), strict=True):
            if not ranking:
                continue
            output: dict[str, Any] = {"all_retrieval_intents": self._intents}
            output["default"] = self._selection(ranking)
            for intent in self._intents:
                own = [item for item in ranking if item[0].startswith(f"{intent}/")]
                output[intent] = self._selection(own[:1])
            message.set(RESPONSE_SELECTOR, output, add_to_output=True)
            temper(message, ranking)
        return messages

    def _rankings(self, messages: list[Message]) -> list[Ranking]:
        if self._nearest is None:
            return [message.get(ENTRY_RANKING) or [] for message in messages]
        return self._nearest.predict_many([forms_of(message) for message in messages])

    def write(self, directory: Path) -> None:
        """See the base class."""
        if self._nearest is not None:
            self._nearest.save(directory)
        (directory / "intents.json").write_text(json.dumps(self._intents), encoding="utf-8")

    def read(self, directory: Path) -> None:
        """See the base class."""
        if (directory / "nearest.json").exists():
            self._nearest = NearestEntries.load(directory)
        self._intents = json.loads((directory / "intents.json").read_text(encoding="utf-8"))

    def _selection(self, ranking: Ranking) -> dict[str, Any]:
        name, confidence = ranking[0]
        return {
            "response": {
                "responses": [],
                "confidence": confidence,
                "intent_response_key": name,
                "utter_action": f"{UTTER_PREFIX}{name}",
            },
            "ranking": [
                {"intent_response_key": label, "confidence": probability}
                for label, probability in ranking[: self._config["ranking_length"]]
            ],
        }


def temper(message: Message, ranking: Ranking) -> None:
    """Lowers the confidence of retrieval intents to that of their likeliest entries."""
    shares: dict[str, float] = {}
    for name, share in ranking:
        shares.setdefault(name.split("/")[0], share)
    guesses = [
        {**guess, "confidence": guess["confidence"] * shares.get(guess["name"], 1.0)}
        for guess in message.get(INTENT_RANKING_KEY) or []
    ]
    guesses.sort(key=lambda guess: -guess["confidence"])
    if guesses:
        message.set(INTENT_RANKING_KEY, guesses, add_to_output=True)
        message.set(INTENT, dict(guesses[0]), add_to_output=True)
