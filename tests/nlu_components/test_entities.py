from __future__ import annotations

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.training_data.message import Message

from myna.entities import patterns
from myna.entities.finder import EntityFinder
from myna.facts import load_facts
from myna.nlu.entities import PatternEntityExtractor


def test_component_adds_to_what_is_there_and_sets_tokens() -> None:
    language = {"entity": "language", "start": 0, "end": 0, "value": "ms"}
    message = Message({"text": "telefon 😀 0377841234", "entities": [language]})
    (result,) = PatternEntityExtractor(EntityFinder(load_facts())).process([message])
    assert result.get("entities") == [
        language,
        {
            "entity": "phone",
            "start": 10,
            "end": 20,
            "value": "+60377841234",
            "extractor": "PatternEntityExtractor",
        },
    ]
    assert [(t.text, t.start, t.end) for t in result.get("text_tokens")] == [
        ("telefon", 0, 7),
        ("😀", 8, 9),
        ("0377841234", 10, 20),
    ]


def test_more_is_said_beside_the_value() -> None:
    message = Message({"text": "đơn 240918ABCD1234"})
    (result,) = PatternEntityExtractor(EntityFinder(load_facts())).process([message])
    (entity,) = result.get("entities")
    assert (entity["entity"], entity["marketplace"]) == ("marketplace_order", "Shopee")


@pytest.mark.parametrize("text", ["", " ", "\ud800", "\u200b"])
def test_nothing_to_find(text: str) -> None:
    (result,) = PatternEntityExtractor(EntityFinder(load_facts())).process(
        [Message({"text": text})]
    )
    assert result.get("entities") == []


def test_a_broken_pattern_file_ends_the_start_with_its_line(tmp_path, monkeypatch) -> None:
    (tmp_path / "city.yml").write_text("terms:\n  town: {}\n")
    monkeypatch.setattr(patterns, "FOLDER", tmp_path)
    context = ExecutionContext(GraphSchema({}))
    storage = LocalModelStorage(tmp_path)
    with pytest.raises(InvalidConfigException, match=r"city\.yml:2: 'town' is no kind"):
        PatternEntityExtractor.create({}, storage, Resource("entities"), context)
