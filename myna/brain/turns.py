"""One message in, one answer out: what happens to a turn between the channel and Rasa."""

from __future__ import annotations

import json
import re
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    FollowupAction,
    SessionStarted,
    SlotSet,
)
from rasa.shared.core.trackers import DialogueStateTracker

from myna.bootstrap import catalogue
from myna.brain import burst, closing, matters, triggers
from myna.brain.burst import Parse
from myna.brain.guard import TurnAborted, memory
from myna.brain.outcome import id_of_second, intent_of, recorded_answer
from myna.brain.protocol import Answer, Choice, Command, Separate, TurnRequest

CHANNEL = "brain"

_PAYLOAD = re.compile(r"^/(?P<intent>\w+)(?P<entry>/\w+)?(?P<entities>\{.*\})?$", re.DOTALL)
_WORD_JOINER = "\u2060"
"""Put before a typed `/`, which Rasa would obey as an intent, also behind spaces."""


async def run_turn(agent: Agent, turn: TurnRequest) -> Answer | Separate:
    """Handles one message of a customer, once.

    Two turns of one conversation at once are nobody's plan: the hub asks one after the other. If it
    happens, what is stored first wins, and the other is aborted by the memory's version.

    Raises:
        TurnAborted: nothing was stored.
    """
    processor = agent.processor
    conversation, message_id = turn["conversation"], turn["message"]
    tracker = await processor.fetch_tracker_and_update_session(
        conversation, CollectingOutputChannel()
    )
    if answer := recorded_answer(tracker, message_id):
        return answer
    if answer := await earlier_answer(processor, conversation, message_id):
        return answer
    _note_what_is_known(tracker, turn)
    dialogue = _Dialogue(processor, tracker, turn)
    understood = await _understand(dialogue, turn)
    if understood is None:
        return {"status": "separate"}
    texts = catalogue()
    texts.refresh()
    reason = triggers.hand_over_reason(understood, list(tracker.events), texts.facts.service)
    divided = None
    single = turn["choice"] is None and len(turn["parts"]) < 2
    if reason is None and single and matters.may_divide(tracker):
        divided = await matters.divide(
            understood, dialogue.parse, asked=tracker.active_loop_name is not None
        )
    first, second = divided or (understood, None)
    await dialogue.take(first, message_id, called=reason)
    matters.keep(tracker, second, message_id, since=intent_of(first))
    if (matter := matters.kept(tracker)) and matters.may_follow(tracker):
        matters.forget(tracker)
        lead = None if matter["message"] == message_id else "utter_second_matter"
        parsed = second or await dialogue.parse(matter["text"])
        await dialogue.take(
            parsed, id_of_second(message_id), lead=lead, matter=matters.quoted(matter)
        )
    await _close(dialogue)
    answer = recorded_answer(tracker, message_id)
    if not answer or not (answer["messages"] or answer["commands"]):
        raise TurnAborted("the turn ended in silence")
    await processor.save_tracker(tracker)
    return answer


class _Dialogue:
    """Rasa's part of a turn."""

    def __init__(
        self, processor: MessageProcessor, tracker: DialogueStateTracker, turn: TurnRequest
    ) -> None:
        self.tracker = tracker
        self._processor = processor
        self._turn = turn
        self._output = CollectingOutputChannel()

    async def parse(self, text: str) -> Parse:
        """What NLU makes of a text."""
        message = UserMessage(text, metadata=_known(self._turn))
        parsed: Parse = await self._processor.parse_message(message, self.tracker)
        return parsed

    async def take(
        self,
        parsed: Parse,
        message_id: str,
        *,
        called: triggers.Reason | None = None,
        lead: str | None = None,
        **values: str,
    ) -> None:
        """Has the policies answer a message.

        Args:
            parsed: what it was understood as.
            message_id: its id.
            called: why a person is called without asking the policies.
            lead: a response to begin with, filled with `values`.
        """
        message = UserMessage(
            text=parsed["text"],
            output_channel=self._output,
            sender_id=self.tracker.sender_id,
            input_channel=CHANNEL,
            message_id=message_id,
            metadata={**_known(self._turn), "hand_over": called},
            parse_data=parsed,
        )
        await self._processor._handle_message_with_tracker(message, self.tracker)
        await self._processor.run_action_extract_slots(self._output, self.tracker)
        if lead:
            await self.say(lead, **values)
        if called:
            # the policies, which are not asked, would note that they go by the intent
            self.tracker.update(DefinePrevUserUtteredFeaturization(False))
            self.tracker.update(FollowupAction(triggers.ANSWER))
        await self._processor._run_prediction_loop(self._output, self.tracker)

    def knows(self, response: str) -> bool:
        """Whether the shop has this text; without it, it is not said."""
        return response in self._processor.domain.responses

    async def say(self, response: str, **values: str) -> None:
        """A response that no policy chooses."""
        said = await self._processor.nlg.generate(response, self.tracker, CHANNEL, **values)
        data = {"buttons": said["buttons"] or None}
        self.tracker.update(BotUttered(said["text"], data, {"utter_action": response}))


async def _close(dialogue: _Dialogue) -> None:
    """What is due at the end of a matter."""
    events = list(dialogue.tracker.events)
    course = closing.follow(dialogue.tracker.get_slot(closing.SLOT), events)
    more = closing.asks_for_more(course, events) and dialogue.knows(closing.ASKS_MORE)
    course["asked"] = course["asked"] or more
    if dialogue.tracker.get_slot(closing.SLOT) != course:
        dialogue.tracker.update(SlotSet(closing.SLOT, course))
    if more:
        await dialogue.say(closing.ASKS_MORE)
    elif closing.asks_to_rate(course, events):
        command: Command = {"type": "ask_rating"}
        dialogue.tracker.update(BotUttered(data={"custom": {"command": command}}))


async def earlier_answer(
    processor: MessageProcessor, conversation: str, message_id: str
) -> Answer | None:
    """The stored answer to a message, however long ago it was; None if it was never handled."""
    store = memory(processor)
    if not await store.has_seen(conversation, message_id):
        return None
    full = await store.retrieve_full_tracker(conversation)
    return recorded_answer(full, message_id) if full else None


async def reset_conversation(agent: Agent, conversation: str) -> None:
    """Ends forms and loops and begins a new session; a human stretch lies behind."""
    tracker = await agent.processor.get_tracker(conversation)
    tracker.update_with_events(
        [
            ActionExecuted(ACTION_SESSION_START_NAME),
            SessionStarted(),
            ActionExecuted(ACTION_LISTEN_NAME),
        ],
        agent.processor.domain,
    )
    await agent.processor.save_tracker(tracker)


def _note_what_is_known(tracker: DialogueStateTracker, turn: TurnRequest) -> None:
    """The hub's record of language and proof is the truth; the tracker follows it."""
    for slot, value in (("language", turn["language"]), ("proof", turn["customer"]["proof"])):
        if tracker.get_slot(slot) != value:
            tracker.update(SlotSet(slot, value))


def _known(turn: TurnRequest) -> dict[str, Any]:
    return {"language": turn["language"], "customer": turn["customer"]}


async def _understand(dialogue: _Dialogue, turn: TurnRequest) -> Parse | None:
    """What the turn was understood as; None if it holds several matters."""
    if choice := turn["choice"]:
        return parse_choice(choice, turn["language"])
    parse = dialogue.parse
    # without the spaces around them, which Rasa takes off a message
    parts = [_as_text(part.strip()) for part in turn["parts"] if part.strip()]
    if len(parts) < 2:
        return await parse(_as_text(turn["text"] or ""))
    parses = [await parse(part) for part in parts]
    whole = await parse(burst.SEPARATOR.join(parts))
    return None if burst.are_separate(parses, whole) else burst.merged(parts, parses, whole)


def _as_text(typed: str) -> str:
    return _WORD_JOINER + typed if typed.lstrip().startswith("/") else typed


def parse_choice(choice: Choice, language: str | None) -> Parse:
    """What NLU would say of a chosen button: its payload, with certainty.

    Raises:
        TurnAborted: the payload is none of `/intent`, `/faq/entry`, `/intent{"entity": "value"}`.
    """
    match = _PAYLOAD.match(choice["payload"])
    if not match:
        raise TurnAborted(f"no button of ours has the payload {choice['payload']!r}")
    intent = {"name": match["intent"], "confidence": 1.0}
    values: dict[str, Any] = json.loads(match["entities"] or "{}")
    if language:
        values["language"] = language
    data: dict[str, Any] = {
        "text": choice["title"],
        "intent": intent,
        "intent_ranking": [intent],
        "entities": [{"entity": name, "value": value} for name, value in values.items()],
    }
    if match["entry"]:
        key = match["intent"] + match["entry"]
        answer: dict[str, Any] = {
            "intent_response_key": key,
            "utter_action": f"utter_{key}",
            "responses": [],
            "confidence": 1.0,
        }
        data["response_selector"] = {
            "all_retrieval_intents": [match["intent"]],
            "default": {"response": answer, "ranking": []},
        }
    return data
