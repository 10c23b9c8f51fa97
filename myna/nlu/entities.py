"""`PatternEntityExtractor`: what has a fixed form in a message, as entities of Rasa."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ENTITIES, TEXT, TEXT_TOKENS
from rasa.shared.nlu.training_data.message import Message

from myna.bootstrap import product_names
from myna.entities.finder import EntityFinder
from myna.entities.patterns import PatternError
from myna.facts import load_facts
from myna.masking import mask_logs
from myna.nlu.language import LANGUAGE


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PatternEntityExtractor(GraphComponent, EntityExtractorMixin):
    """Adds the entities that `EntityFinder` finds to messages; see docs/understanding.md.

    Values are normal forms (`DH-20413`, `+84912345678`, `2026-11-23`). Nothing is trained:
    `shop.yml` and `data/patterns/` are read when the model is loaded, so a change holds from the
    next start on. Also sets `text_tokens`, which Rasa's evaluation of entities needs.
    """

    def __init__(self, finder: EntityFinder) -> None:
        self._finder = finder

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PatternEntityExtractor:
        """The extractor for the shop that `shop.yml` describes.

        Raises:
            InvalidConfigException: a file of `data/patterns/` cannot be used. Rasa shows the
                message of this kind of exception; of others it shows where they were raised.
        """
        mask_logs()  # this process will see what customers write
        try:
            return cls(EntityFinder(load_facts(), product_names()))
        except PatternError as fault:
            raise InvalidConfigException(str(fault)) from fault

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities and tokens."""
        for message in messages:
            text = message.get(TEXT) or ""
            spans, found = self._finder.read(text, _language(message))
            message.set(TEXT_TOKENS, [Token(text[start:end], start) for start, end in spans])
            entities = [
                {"entity": f.entity, "start": f.start, "end": f.end, "value": f.value, **f.more}
                for f in found
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
