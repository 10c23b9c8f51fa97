from __future__ import annotations

from typing import Any, cast

from rasa.core.actions.action import ActionRetrieveResponse
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message

from myna.nlu.faq import FaqSelector, temper
from myna.nlu.intent import IntentClassifier

from .conftest import Build


def selected(train: Build, messages: list[Message], text: str, **config: Any) -> Message:
    """A text as it comes out of the selector, behind the intent model."""
    read = train(IntentClassifier, messages, encoder=None).process([Message({"text": text})])
    (result,) = train(FaqSelector, messages, **config).process(read)
    return cast(Message, result)


def test_output_is_that_of_rasas_selector(train: Build, messages: list[Message]) -> None:
    result = selected(train, messages, "phí giao hàng bao nhiêu", ranking_length=1)
    output = result.get("response_selector")
    assert "response_selector" in result.output_properties
    assert output["all_retrieval_intents"] == ["faq"]
    response = output["default"]["response"]
    assert response["intent_response_key"] == "faq/shipping_fee"
    assert response["utter_action"] == "utter_faq/shipping_fee"
    assert 0.5 < response["confidence"] <= 1
    assert output["default"]["ranking"] == [
        {"intent_response_key": "faq/shipping_fee", "confidence": response["confidence"]}
    ]
    assert output["faq"]["response"] == response


def test_without_entries_it_keeps_silent(train: Build) -> None:
    no_entries = [Message.build("hi", "greet"), Message.build("bye", "goodbye")]
    result = selected(train, no_entries, "phí ship")
    assert result.get("response_selector") is None


async def test_rasa_sends_the_selected_answer(train: Build, messages: list[Message]) -> None:
    class Names(NaturalLanguageGenerator):
        async def generate(self, utter_action, tracker, output_channel, **kwargs):  # type: ignore[no-untyped-def]
            return {"text": utter_action}

    result = selected(train, messages, "return policy?")
    parsed = {"response_selector": result.get("response_selector")}
    tracker = DialogueStateTracker.from_events(
        "x", [UserUttered("return policy?", {"name": "faq"}, parse_data=parsed)]
    )
    action = ActionRetrieveResponse("utter_faq")
    assert action.get_full_retrieval_name(tracker) == "utter_faq/return_policy"
    events = await action.run(CollectingOutputChannel(), Names(), tracker, Domain.empty())
    assert [event.text for event in events] == ["utter_faq/return_policy"]


def test_a_question_is_as_sure_as_its_likeliest_entry() -> None:
    message = Message(
        data={
            INTENT_RANKING_KEY: [
                {"name": "faq", "confidence": 0.6},
                {"name": "greet", "confidence": 0.4},
            ]
        }
    )
    temper(message, [("faq/a", 0.5), ("faq/b", 0.3)])
    assert message.get(INTENT) == {"name": "greet", "confidence": 0.4}
    assert message.get(INTENT_RANKING_KEY)[1] == {"name": "faq", "confidence": 0.3}
