"""The private channel on which the hub asks the brain: one turn in, messages and commands out.

A message id that was seen before gives the answer that it gave then; a turn that cannot be finished
stores nothing.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from myna import settings
from myna.brain.guard import TurnAborted, make_loud
from myna.brain.protocol import (
    HEALTH_PATH,
    OUTCOME_PATH,
    RESET_PATH,
    TURN_PATH,
    Answer,
    Separate,
    TurnRequest,
    Unknown,
)
from myna.brain.turns import CHANNEL, earlier_answer, reset_conversation, run_turn

logger = logging.getLogger(__name__)

_Key = tuple[str, str]
"""A conversation and a message in it."""


class BrainChannel(InputChannel):
    """Named in `credentials.yml`; `token` there wins over the installation's own."""

    @classmethod
    def name(cls) -> str:
        """The part of the path after `/webhooks/`."""
        return CHANNEL

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> BrainChannel:
        """Built by Rasa from the entry in `credentials.yml`."""
        return cls((credentials or {}).get("token") or settings.secret("brain"))

    def __init__(self, token: str) -> None:
        self._token = token
        self._running: dict[_Key, asyncio.Task[Answer | Separate]] = {}

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
            return await _answered(request, self._turn)

        @blueprint.post(local(OUTCOME_PATH))
        async def outcome(request: Request) -> HTTPResponse:
            return await _answered(request, self._outcome)

        @blueprint.post(local(RESET_PATH))
        async def reset(request: Request) -> HTTPResponse:
            return await _answered(request, self._reset)

        return blueprint

    async def _turn(self, agent: Agent, turn: TurnRequest) -> Answer | Separate:
        """Runs a turn, or joins the one that is running for the same message."""
        key = (turn["conversation"], turn["message"])
        running = self._running.get(key)
        if running is None:
            running = asyncio.create_task(run_turn(agent, turn))
            self._running[key] = running
            running.add_done_callback(lambda _: self._running.pop(key))
        # a client that hangs up must not cancel a turn whose actions have begun
        return await asyncio.shield(running)

    async def _outcome(self, agent: Agent, asked: dict[str, str]) -> Answer | Unknown:
        """What became of a message; of one that is being handled, what becomes of it."""
        key = (asked["conversation"], asked["message"])
        if running := self._running.get(key):
            await asyncio.wait([running])
        return await earlier_answer(agent.processor, *key) or Unknown(status="unknown")

    async def _reset(self, agent: Agent, asked: dict[str, str]) -> dict[str, str]:
        await reset_conversation(agent, asked["conversation"])
        return {"status": "reset"}


async def _answered(
    request: Request, handle: Callable[[Agent, Any], Awaitable[Any]]
) -> HTTPResponse:
    """The answer, or 503 with the reason why there is none."""
    agent: Agent = request.app.ctx.agent
    if agent is None or not agent.is_ready():
        return _aborted("no model is loaded")
    make_loud(agent)
    try:
        return response.json(await handle(agent, request.json))
    except TurnAborted as fault:
        return _aborted(str(fault))
    except Exception as error:
        logger.exception("%s failed.", request.path)
        return _aborted(f"the brain failed: {type(error).__name__}")


def _aborted(reason: str) -> HTTPResponse:
    logger.warning("Turn aborted: %s", reason)
    return response.json({"status": "aborted", "reason": reason}, 503)
