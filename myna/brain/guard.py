"""Faults that Rasa swallows, made loud.

Rasa 3.6 logs a failing action server, text or tracker store and goes on: HTTP 200, no message, the
turn stored as done. Here such a fault aborts the turn before anything is stored, so that the hub
can try again or call a person. So does a dialogue that runs in circles, which Rasa cuts short.
"""

from __future__ import annotations

import asyncio
from typing import Any

import jsonschema
from rasa.core.actions.action import RemoteAction
from rasa.core.agent import Agent
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.shared.core.events import deserialise_events
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from myna.brain.tracker_store import SqlTrackerStore

ACTION_SECONDS = 18.0
"""How long one custom action may take: two calls to a slow shop with one retry each."""

_REJECTED = 400  # rasa_sdk's status for ActionExecutionRejection, which is no fault


# made once: checking the schema itself takes fifty times as long as checking an answer
_SCHEMA = RemoteAction.action_response_format_spec()
_ANSWER = jsonschema.validators.validator_for(_SCHEMA)(_SCHEMA)


class TurnAborted(BaseException):
    """The turn cannot be finished. No `Exception`, for Rasa catches those and carries on."""


class LoudEndpoint(EndpointConfig):
    """The action server's address; any failure to get a valid answer aborts the turn."""

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the action server.

        Raises:
            TurnAborted: no answer in time, an error status, or an answer of another shape.
            ClientResponseError: the action rejected its execution (Rasa handles that).
        """
        try:
            answer = await asyncio.wait_for(super().request(*args, **kwargs), ACTION_SECONDS)
            _ANSWER.validate(answer)
            deserialise_events(answer.get("events", []))
        except ClientResponseError as error:
            if error.status == _REJECTED and b"action_name" in (error.text or b""):
                raise
            raise TurnAborted(f"the action server answered {error.status}") from error
        except Exception as error:
            raise TurnAborted(f"the action server failed: {type(error).__name__}") from error
        return answer


class LoudGenerator(NaturalLanguageGenerator):
    """The texts; with one that cannot be told Rasa would forget all that its action did."""

    def __init__(self, plain: NaturalLanguageGenerator) -> None:
        self._plain = plain

    async def generate(self, *args: Any, **kwargs: Any) -> Any:
        """The response as Rasa's output channels expect it.

        Raises:
            TurnAborted: there is no such text, or it cannot be filled.
        """
        try:
            return await self._plain.generate(*args, **kwargs)
        except Exception as error:
            raise TurnAborted(f"a text cannot be told: {error}") from error


def _was_checked_on_receipt(action: RemoteAction, result: dict[str, Any]) -> bool:
    return True


def make_loud(agent: Agent) -> None:
    """Installs the guards on a loaded agent; harmless if they are there already."""
    processor = agent.processor
    if processor is None or isinstance(processor.action_endpoint, LoudEndpoint):
        return
    plain = processor.action_endpoint or EndpointConfig()
    processor.action_endpoint = LoudEndpoint(
        plain.url, plain.params, plain.headers, plain.basic_auth, plain.token, plain.token_name
    )
    # Rasa would check once more what `LoudEndpoint` has checked, the schema itself included, which
    # takes 11 ms for each action
    RemoteAction._validate_action_result = _was_checked_on_receipt
    if not isinstance(processor.nlg, LoudGenerator):
        processor.nlg = LoudGenerator(processor.nlg)
    processor.on_circuit_break = _runs_away
    for store in (agent.tracker_store, processor.tracker_store):
        if isinstance(store, FailSafeTrackerStore):
            store._on_tracker_store_error = _abort


def memory(processor: MessageProcessor) -> SqlTrackerStore:
    """The tracker store itself, out of the wrapper that Rasa puts around every store.

    Raises:
        TurnAborted: `endpoints.yml` names another one.
    """
    store = processor.tracker_store
    if isinstance(store, FailSafeTrackerStore):
        store = store._tracker_store
    if not isinstance(store, SqlTrackerStore):
        raise TurnAborted(
            "endpoints.yml must name myna.brain.tracker_store.SqlTrackerStore as tracker_store"
        )
    return store


def _runs_away(*_: Any) -> None:
    raise TurnAborted("the dialogue does not come to an end")


def _abort(error: Exception) -> None:
    raise TurnAborted(f"the tracker store failed: {type(error).__name__}") from error
