"""What the trained components of the pipeline have in common: storing, loading, fingerprints."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


class TrainedComponent(GraphComponent):
    """A component that learns from the training data and is kept in the model archive.

    Subclasses say what they learn (`learn`), how it is written and read (`write`, `read`: JSON and
    plain arrays only) and what they do with messages (`process`).
    """

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource

    @abstractmethod
    def learn(self, examples: list[Message]) -> None:
        """Learns from the examples that have a text and an intent; there may be none."""

    @abstractmethod
    def write(self, directory: Path) -> None:
        """Writes what was learned into an existing folder."""

    @abstractmethod
    def read(self, directory: Path) -> None:
        """Reads what `write` wrote."""

    @abstractmethod
    def process(self, messages: list[Message]) -> list[Message]:
        """Adds this component's findings to the messages; returns the same messages."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TrainedComponent:
        """A component that has not learned anything yet."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TrainedComponent:
        """The component as it was trained."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            component.read(directory)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Learns and stores what was learned."""
        self.learn(training_data.intent_examples)
        with self._model_storage.write_to(self._resource) as directory:
            self.write(directory)
        return self._resource

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Makes a change of this package a reason to train again.

        Rasa compares the source of the component's class only, and would go on using what an older
        `features.py` produced.
        """
        digest = hashlib.sha256()
        for path in sorted(Path(__file__).parent.glob("*.py")):
            digest.update(path.read_bytes())
        return digest.hexdigest()
