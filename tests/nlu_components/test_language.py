from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.nlu.training_data.message import Message

from myna.nlu.language import LanguageDetector, LanguageModel

from .conftest import Build, flat


@pytest.fixture(scope="module")
def languages() -> LanguageModel:
    return LanguageModel().fit([t for t, _, _ in flat()], [language for _, _, language in flat()])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("đơn hàng của em đến đâu rồi ạ", "vi"),
        ("don hang cua minh dau roi", "vi"),
        ("được", "vi"),
        ("bila pesanan saya sampai ya", "ms"),
        ("when will my order arrive", "en"),
    ],
)
def test_language_of_a_message(languages: LanguageModel, text: str, language: str | None) -> None:
    assert languages.predict(text) == language


@pytest.mark.parametrize(
    "text", ["ok", "OK!!!", "hi", "Hello", "👍", "", "?", "DH-20413", "0912345678", "dh 20413 ok"]
)
def test_undecidable(languages: LanguageModel, text: str) -> None:
    assert languages.predict(text) is None
    assert languages.predict(text, "ms") is None


@pytest.mark.parametrize("text", ["สวัสดีครับ", "你好，我的订单在哪里", "Где мой заказ?"])
def test_other_scripts(languages: LanguageModel, text: str) -> None:
    assert languages.predict(text) == "other"
    assert languages.predict(text, "vi") == "other"


def test_hint_holds_against_unclear_messages(languages: LanguageModel) -> None:
    assert languages.predict("thank you", "vi") in (None, "vi")
    assert languages.predict("cancel", "vi") is None
    assert languages.predict("shipping", "ms") is None


def test_clear_message_beats_the_hint(languages: LanguageModel) -> None:
    assert languages.predict("where is my order", "vi") == "en"
    assert languages.predict("đơn của mình đâu rồi", "en") == "vi"
    assert languages.predict("được", "en") == "vi"


def test_foreign_hint_is_no_hint(languages: LanguageModel) -> None:
    assert languages.predict("where is my order", "xx") == "en"


def test_one_language_only_tells_nothing() -> None:
    model = LanguageModel().fit(["my card is lost", "where is it"], ["en", "en"])
    assert model.predict("my card") is None
    assert LanguageModel().fit([], []).predict("my card") is None


def message(text: str, metadata: Any = None) -> Message:
    return Message({"text": text, "metadata": metadata})


@pytest.mark.parametrize(
    ("text", "metadata", "own", "spoken"),
    [
        ("where is my order", None, "en", "en"),
        ("where is my order", {"language": "vi"}, "en", "en"),
        ("ok", {"language": "vi"}, None, "vi"),
        ("ok", {"language": 7}, None, None),
        ("ok", None, None, None),
        ("你好", {"language": "ms"}, "other", "ms"),
        ("你好", None, "other", None),
    ],
)
def test_component_sets_property_and_entity(
    train: Build,
    messages: list[Message],
    text: str,
    metadata: Any,
    own: str | None,
    spoken: str | None,
) -> None:
    (found,) = train(LanguageDetector, messages).process([message(text, metadata)])
    assert found.get("language") == own
    expected = [{"entity": "language", "start": 0, "end": 0, "value": spoken}] if spoken else []
    assert found.get("entities", []) == [{**e, "extractor": "LanguageDetector"} for e in expected]


def test_examples_of_unknown_language_are_left_out(train: Build) -> None:
    component = train(LanguageDetector, [Message.build("where is it", "ask")])
    (found,) = component.process([message("where is it")])
    assert found.get("language") is None
