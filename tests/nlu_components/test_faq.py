from __future__ import annotations

from rasa.core.actions.action import ActionRetrieveResponse
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

from myna.nlu.faq import FaqSelector

from .conftest import Build


def test_output_is_that_of_rasas_selector(train: Build, messages: list[Message]) -> None:
    (result,) = train(FaqSelector, messages, ranking_length=1).process(
        [Message({"text": "phí giao hàng bao nhiêu"})]
    )
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
    component = train(FaqSelector, [Message.build("hi", "greet"), Message.build("bye", "goodbye")])
    (result,) = component.process([Message({"text": "phí ship"})])
    assert result.get("response_selector") is None


async def test_rasa_sends_the_selected_answer(train: Build, messages: list[Message]) -> None:
    class Names(NaturalLanguageGenerator):
        async def generate(self, utter_action, tracker, output_channel, **kwargs):  # type: ignore[no-untyped-def]
            return {"text": utter_action}

    (result,) = train(FaqSelector, messages).process([Message({"text": "return policy?"})])
    parsed = {"response_selector": result.get("response_selector")}
    tracker = DialogueStateTracker.from_events(
        "x", [UserUttered("return policy?", {"name": "faq"}, parse_data=parsed)]
    )
    action = ActionRetrieveResponse("utter_faq")
    assert action.get_full_retrieval_name(tracker) == "utter_faq/return_policy"
    events = await action.run(CollectingOutputChannel(), Names(), tracker, Domain.empty())
    assert [event.text for event in events] == ["utter_faq/return_policy"]
