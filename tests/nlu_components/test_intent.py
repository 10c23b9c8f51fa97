from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.training_data.message import Message

from myna.nlu.intent import IntentClassifier, merge_retrieval_intents

from .conftest import Build


def test_merged_entries_are_summed_and_ranked_anew() -> None:
    ranking = [("greet", 0.4), ("faq/a", 0.35), ("faq/b", 0.25)]
    assert merge_retrieval_intents(ranking) == [("faq", pytest.approx(0.6)), ("greet", 0.4)]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("don hang cua toi dau", "ask_order_status"),
        ("tolong batalkan pesanan saya", "cancel_order"),
        ("how much does shipping cost", "faq"),
    ],
)
def test_intent(train: Build, messages: list[Message], text: str, intent: str) -> None:
    (result,) = train(IntentClassifier, messages, ranking_length=3).process(
        [Message({"text": text})]
    )
    ranking = result.get("intent_ranking")
    assert result.get("intent") == ranking[0]
    assert ranking[0]["name"] == intent
    assert len(ranking) == 3
    assert "intent" in result.output_properties
    assert "intent_ranking" in result.output_properties


@pytest.mark.parametrize("text", ["", "?!", "👍👍", "..."])
def test_no_letters_mean_fallback(train: Build, messages: list[Message], text: str) -> None:
    (result,) = train(IntentClassifier, messages).process([Message({"text": text})])
    assert result.get("intent") == {"name": "nlu_fallback", "confidence": 1.0}
    assert result.get("intent_ranking") == [{"name": "nlu_fallback", "confidence": 1.0}]


def test_without_examples_there_is_no_intent(train: Build) -> None:
    (result,) = train(IntentClassifier, []).process([Message({"text": "hello"})])
    assert result.get("intent") == {"name": None, "confidence": 0.0}


def test_a_change_of_the_package_is_a_reason_to_train() -> None:
    assert IntentClassifier.fingerprint_addon({})


@pytest.mark.parametrize("text", ["/restart", ' /inform{"x":1}', "\u2060/greet"])
def test_a_typed_command_is_no_sentence(train: Build, messages: list[Message], text: str) -> None:
    (result,) = train(IntentClassifier, messages).process([Message({"text": text})])
    assert result.get("intent") == {"name": "nlu_fallback", "confidence": 1.0}


def test_several_unknown_words_are_guessed_at_but_not_believed(
    train: Build, messages: list[Message]
) -> None:
    (result,) = train(IntentClassifier, messages).process([Message({"text": "blorf zint quax"})])
    assert result.get("intent")["name"] == "nlu_fallback"
    assert len(result.get("intent_ranking")) > 1


def test_one_mistyped_word_is_believed(train: Build, messages: list[Message]) -> None:
    (result,) = train(IntentClassifier, messages).process([Message({"text": "batalkannn"})])
    assert result.get("intent")["name"] == "cancel_order"


@pytest.mark.parametrize("layers", [-1, "two", None])
def test_a_number_of_layers_that_is_none_is_named(
    train: Build, messages: list[Message], layers: Any
) -> None:
    with pytest.raises(InvalidConfigException, match=r"config\.yml: tuned_layers"):
        train(IntentClassifier, messages, tuned_layers=layers)
