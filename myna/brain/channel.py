"""The private channel on which the hub asks the brain: one turn in, messages and commands out.

A turn's answer is read back from the events that Rasa stores, so a message id that was seen before
gives the answer that it gave then. A turn that cannot be finished stores nothing.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from myna import settings
from myna.brain.guard import TurnAborted, make_loud, memory
from myna.brain.protocol import (
    HEALTH_PATH,
    RESET_PATH,
    TURN_PATH,
    Answer,
    AnswerMessage,
    Choice,
    Command,
    TurnRequest,
)

logger = logging.getLogger(__name__)

_PAYLOAD = re.compile(r"^/(?P<intent>\w+)(?P<entry>/\w+)?(?P<entities>\{.*\})?$", re.DOTALL)
_WORD_JOINER = "\u2060"
"""Put before a typed `/`, which Rasa would obey as an intent, also behind spaces."""


class BrainChannel(InputChannel):
    """Named in `credentials.yml`; `token` there wins over the installation's own."""

    @classmethod
    def name(cls) -> str:
        """The part of the path after `/webhooks/`."""
        return "brain"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> BrainChannel:
        """Built by Rasa from the entry in `credentials.yml`."""
        return cls((credentials or {}).get("token") or settings.secret("brain"))

    def __init__(self, token: str) -> None:
        self._token = token

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes; `on_new_message` is not used, for it hides the tracker."""
        blueprint = Blueprint("myna_brain")

        def local(path: str) -> str:
            return path.removeprefix(f"/webhooks/{self.name()}")

        @blueprint.middleware("request")
        async def authenticate(request: Request) -> HTTPResponse | None:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            # Sanic keeps bytes that are no UTF-8 as surrogates
            sent = given.encode(errors="surrogateescape")
            if not hmac.compare_digest(sent, self._token.encode()):
                return response.json({"error": "the brain's token is missing or wrong"}, 401)
            return None

        @blueprint.get(local(HEALTH_PATH))
        async def health(request: Request) -> HTTPResponse:
            ready = request.app.ctx.agent is not None and request.app.ctx.agent.is_ready()
            return response.json({"ready": ready}, 200 if ready else 503)

        @blueprint.post(local(TURN_PATH))
        async def turn(request: Request) -> HTTPResponse:
            agent: Agent = request.app.ctx.agent
            if agent is None or not agent.is_ready():
                return _aborted("no model is loaded")
            make_loud(agent)
            try:
                # a client that hangs up must not cancel a turn whose actions have begun
                return response.json(await asyncio.shield(run_turn(agent, request.json)))
            except TurnAborted as fault:
                return _aborted(str(fault))
            except Exception as error:
                logger.exception("A turn failed.")
                return _aborted(f"the brain failed: {type(error).__name__}")

        @blueprint.post(local(RESET_PATH))
        async def reset(request: Request) -> HTTPResponse:
            agent: Agent = request.app.ctx.agent
            if agent is None or not agent.is_ready():
                return _aborted("no model is loaded")
            make_loud(agent)
            try:
                await reset_conversation(agent, request.json["conversation"])
            except TurnAborted as fault:
                return _aborted(str(fault))
            except Exception as error:
                logger.exception("A reset failed.")
                return _aborted(f"the brain failed: {type(error).__name__}")
            return response.json({"status": "reset"})

        return blueprint


def _aborted(reason: str) -> HTTPResponse:
    logger.warning("Turn aborted: %s", reason)
    return response.json({"status": "aborted", "reason": reason}, 503)


async def run_turn(agent: Agent, turn: TurnRequest) -> Answer:
    """Handles one message of a customer, once.

    Raises:
        TurnAborted: nothing was stored.
    """
    processor = agent.processor
    conversation, message_id = turn["conversation"], turn["message"]
    async with agent.lock_store.lock(conversation):
        output = CollectingOutputChannel()
        tracker = await processor.fetch_tracker_and_update_session(conversation, output)
        if answer := recorded_answer(tracker, message_id):
            return answer
        if answer := await _earlier_answer(processor, tracker, message_id):
            return answer
        _note_what_is_known(tracker, turn)
        message = _user_message(turn, output)
        await processor._handle_message_with_tracker(message, tracker)
        await processor.run_action_extract_slots(output, tracker)
        await processor._run_prediction_loop(output, tracker)
        answer = recorded_answer(tracker, message_id)
        if not answer or not (answer["messages"] or answer["commands"]):
            raise TurnAborted("the turn ended in silence")
        await processor.save_tracker(tracker)
        return answer


async def _earlier_answer(
    processor: MessageProcessor, tracker: DialogueStateTracker, message_id: str
) -> Answer | None:
    """The answer to a message that lies before what the tracker store reads back."""
    store = memory(processor)
    if not await store.has_seen(tracker.sender_id, message_id):
        return None
    full = await store.retrieve_full_tracker(tracker.sender_id)
    return recorded_answer(full, message_id) if full else None


async def reset_conversation(agent: Agent, conversation: str) -> None:
    """Ends forms and loops and begins a new session; a human stretch lies behind."""
    async with agent.lock_store.lock(conversation):
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


def _user_message(turn: TurnRequest, output: CollectingOutputChannel) -> UserMessage:
    metadata = {"language": turn["language"], "customer": turn["customer"]}
    choice = turn["choice"]
    text = choice["title"] if choice else turn["text"] or ""
    if not choice and text.lstrip().startswith("/"):
        text = _WORD_JOINER + text
    return UserMessage(
        text=text,
        output_channel=output,
        sender_id=turn["conversation"],
        input_channel=BrainChannel.name(),
        message_id=turn["message"],
        metadata=metadata,
        parse_data=parse_choice(choice, turn["language"]) if choice else None,
    )


def parse_choice(choice: Choice, language: str | None) -> dict[str, Any]:
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


def recorded_answer(tracker: DialogueStateTracker, message_id: str) -> Answer | None:
    """The answer that the tracker's events hold for a message; None if it was never handled."""
    events = list(tracker.events)
    start = next(
        (
            index
            for index, event in enumerate(events)
            if isinstance(event, UserUttered) and event.message_id == message_id
        ),
        None,
    )
    if start is None:
        return None
    messages: list[AnswerMessage] = []
    commands: list[Command] = []
    slots: dict[str, Any] = {}
    for event in events[:start]:
        if isinstance(event, SessionStarted):
            slots = {}
        elif isinstance(event, SlotSet):
            slots[event.key] = event.value
    for event in events[start + 1 :]:
        if isinstance(event, UserUttered | SessionStarted) or _ends_turn(event):
            break  # what follows is the next turn's
        if isinstance(event, SlotSet):
            slots[event.key] = event.value
        elif isinstance(event, BotUttered):
            custom = event.data.get("custom") or {}
            if "command" in custom:
                commands.append(custom["command"])
            elif event.text:
                messages.append(
                    {
                        "text": event.text,
                        "buttons": event.data.get("buttons") or [],
                        "response": event.metadata.get("utter_action"),
                    }
                )
    return {
        "status": "answered",
        "messages": messages,
        "commands": commands,
        "language": slots.get("language"),
        "intent": intent_of(events[start].parse_data),
        "proof": slots.get("proof"),
    }


def _ends_turn(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME


def intent_of(parse_data: dict[str, Any]) -> str | None:
    """The intent that the dialogue acted on, with the entry of a frequent question."""
    name: str | None = (parse_data.get("intent") or {}).get("name")
    selector = parse_data.get("response_selector") or {}
    if name in (selector.get("all_retrieval_intents") or []):
        key: str | None = selector["default"]["response"].get("intent_response_key")
        return key or name
    return name
