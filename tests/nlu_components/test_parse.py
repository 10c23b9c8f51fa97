from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.nlu.test import run_evaluation
from rasa.shared.nlu.training_data.message import Message

from myna.nlu.parse import NoModelError, Reader, newest_model, parse_lines, resolved_ranking


def parsed(model: Path, *lines: str) -> list[dict[str, Any]]:
    return list(parse_lines(model, lines))


def test_every_line_is_answered_in_order(model: Path) -> None:
    lines = [f"where is my order {number}" for number in range(150)]
    assert [result["text"] for result in parse_lines(model, lines)] == lines


def test_result_has_the_promised_keys(model: Path) -> None:
    (result,) = parsed(model, "đơn DH-20413 của mình đâu rồi\n")
    assert list(result) == ["text", "language", "intent", "confidence", "ranking", "entities"]
    assert result["text"] == "đơn DH-20413 của mình đâu rồi"
    assert result["language"] == "vi"
    assert result["intent"] == "ask_order_status"
    assert result["ranking"][0] == {"name": result["intent"], "confidence": result["confidence"]}
    assert [(e["entity"], e["value"]) for e in result["entities"]] == [("order_number", "DH-20413")]
    json.dumps(result)


def test_faq_is_resolved(model: Path) -> None:
    (result,) = parsed(model, "phí ship bao nhiêu vậy")
    assert result["intent"] == "faq/shipping_fee"
    names = [entry["name"] for entry in result["ranking"]]
    assert "faq/return_policy" in names
    assert "faq" not in names


def test_language_of_the_conversation(model: Path) -> None:
    lines = [
        '{"text": "ok", "language": "vi"}',
        '{"text": "where is my order", "language": "vi"}',
        '{"text": "ok", "language": 5}',
        '{"text": "ok"}',
    ]
    results = parsed(model, *lines)
    assert [result["language"] for result in results] == ["vi", "en", None, None]
    assert {result["text"] for result in results} == {"ok", "where is my order"}


@pytest.mark.parametrize("line", ['{"text": ', '{"text": 5}', "{hello}", '["text"]', '"hello"'])
def test_what_only_resembles_json_is_text(model: Path, line: str) -> None:
    assert parsed(model, line)[0]["text"] == line


@pytest.mark.parametrize("line", ["", "   ", "???", "👍"])
def test_nothing_to_understand(model: Path, line: str) -> None:
    (result,) = parsed(model, line)
    assert (result["intent"], result["confidence"]) == ("nlu_fallback", 1.0)


def test_slash_is_text(model: Path) -> None:
    (result,) = parsed(model, '/greet{"order_number": "DH-99999"}')
    assert result["intent"] == "nlu_fallback"
    assert not [e for e in result["entities"] if e["value"] == "DH-99999" and "start" not in e]


def test_unknown_words_fall_back(model: Path) -> None:
    (result,) = parsed(model, "你好，我的订单在哪里")
    assert (result["language"], result["intent"]) == ("other", "nlu_fallback")


def test_one_message_at_a_time_gives_the_same(model: Path) -> None:
    lines = ["bila pesanan saya sampai", "hủy đơn giúp mình", "DH-20413"]
    assert parsed(model, *lines) == [parsed(model, line)[0] for line in lines]


def test_entries_of_a_question_are_told_apart() -> None:
    message = Message(
        {
            "intent_ranking": [
                {"name": "faq", "confidence": 0.6},
                {"name": "greet", "confidence": 0.4},
            ],
            "response_selector": {
                "default": {
                    "ranking": [
                        {"intent_response_key": "faq/a", "confidence": 0.5},
                        {"intent_response_key": "faq/b", "confidence": 0.25},
                    ]
                }
            },
        }
    )
    assert resolved_ranking(message) == [("faq/a", 0.6), ("greet", 0.4), ("faq/b", 0.3)]
    assert resolved_ranking(Message({})) == []


def test_newest_model(tmp_path: Path) -> None:
    with pytest.raises(NoModelError, match="myna train"):
        newest_model(tmp_path)
    for age, name in [(5, "b.tar.gz"), (9, "c.tar.gz")]:
        path = tmp_path / name
        path.touch()
        os.utime(path, (1000 - age, 1000 - age))
    assert newest_model(tmp_path).name == "b.tar.gz"


async def test_rasa_itself_understands_the_same(model: Path, reader: Reader) -> None:
    agent = Agent.load(str(model))
    assert agent.processor
    result = await agent.processor.parse_message(
        UserMessage("ok phí ship", metadata={"language": "vi"})
    )
    (message,) = reader.read(["ok phí ship"], ["vi"])
    assert result["intent"]["name"] == "faq" == message.get("intent")["name"]
    # What test stories with `intent: faq/shipping_fee` are compared with.
    assert result["intent"]["full_retrieval_intent_name"] == "faq/shipping_fee"
    assert result["language"] == "vi"
    json.dumps(result)


async def test_rasas_evaluation_copes_with_our_entities(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "test.yml"
    data.write_text(
        'version: "3.1"\nnlu:\n- intent: ask_order_status\n  examples: |\n'
        "    - where is my order [DH-20413](order_number)\n"
        "- intent: greet\n  examples: |\n    - hello there\n"
        "- intent: faq/shipping_fee\n  examples: |\n    - shipping fee\n"
        "- intent: faq/return_policy\n  examples: |\n    - your return policy\n"
    )
    processor = Agent.load(str(model)).processor
    result = await run_evaluation(str(data), processor, report_as_dict=True, disable_plotting=True)
    assert result["intent_evaluation"]["accuracy"] == 1
    assert result["response_selection_evaluation"]["accuracy"] == 1
    entities = result["entity_evaluation"]["PatternEntityExtractor"]["report"]
    assert entities["order_number"]["f1-score"] == 1
