"""The brain as the hub sees it: a private HTTP service that may be slow, swapped or dead."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from itertools import chain, repeat
from typing import Any, Protocol

import aiohttp

from myna.brain.protocol import (
    HEALTH_PATH,
    OUTCOME_PATH,
    RESET_PATH,
    TURN_PATH,
    Answer,
    TurnRequest,
    is_answer,
    is_separate,
)

logger = logging.getLogger(__name__)

TURN_SECONDS = 25.0
"""Within this time, retries included, a customer has an answer or is told that a person comes."""
_PAUSES = (0.3, 1.0)  # seconds before the next tries; then the last one again and again
_OUTCOME_SECONDS = 5.0
_FAULTS = (aiohttp.ClientError, TimeoutError, ValueError, AttributeError)


class BrainUnavailable(Exception):
    """The brain gave no answer within its time, whatever was tried."""


class Separate(Exception):
    """The messages of a burst are different matters, to be asked one by one."""


class Brain(Protocol):
    """What the hub asks of a brain."""

    async def turn(self, request: TurnRequest) -> Answer:
        """Handles one message or burst; the same message id gives the same answer.

        Raises:
            BrainUnavailable: no answer in time.
            Separate: nothing was done, for the parts are different matters.
        """

    async def outcome(self, conversation: str, message: str) -> Answer | None:
        """What was answered to a message earlier; None if it was never handled.

        Raises:
            BrainUnavailable: no answer in time.
        """

    async def reset(self, conversation: str) -> None:
        """Ends forms and begins a new session.

        Raises:
            BrainUnavailable: the brain did not confirm it.
        """

    async def ready(self) -> bool:
        """Whether it answers and has a model."""


class HttpBrain:
    """`rasa run` with the private channel of `myna.brain.channel`."""

    def __init__(self, url: str, token: str, seconds: float = TURN_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None
        self._lost_at: float | None = None
        """Since when nobody is there to connect to, by the monotonic clock."""

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(headers=self._headers)
        return self._session

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def turn(self, request: TurnRequest) -> Answer:
        """Handles one message, trying again while there is time: a brain restarts in seconds."""
        answer = await self._insist(
            TURN_PATH, request, lambda found: is_answer(found) or is_separate(found)
        )
        if is_separate(answer):
            raise Separate
        found: Answer = answer
        return found

    async def outcome(self, conversation: str, message: str) -> Answer | None:
        """What was answered to a message earlier."""
        about = {"conversation": conversation, "message": message}
        try:
            answer = await self._post(OUTCOME_PATH, about, _OUTCOME_SECONDS)
        except _FAULTS as error:
            raise BrainUnavailable(type(error).__name__) from error
        if is_answer(answer):
            return answer
        if isinstance(answer, dict) and answer.get("status") == "unknown":
            return None
        raise BrainUnavailable(f"no outcome: {answer}")

    async def reset(self, conversation: str) -> None:
        """Ends forms and begins a new session, trying again while there is time."""
        await self._insist(RESET_PATH, {"conversation": conversation}, _is_reset)

    async def ready(self) -> bool:
        """Whether it answers and has a model."""
        try:
            timeout = aiohttp.ClientTimeout(total=2)
            async with self._client().get(self._url + HEALTH_PATH, timeout=timeout) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _insist(self, path: str, body: Any, good: Callable[[Any], bool]) -> Any:
        """The first good answer.

        A brain that has been away for longer than a restart takes is asked once only, so that
        nobody waits for what has kept others waiting in vain.

        Raises:
            BrainUnavailable: none in time.
        """
        deadline = time.monotonic() + self._seconds
        for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
            try:
                answer = await self._post(path, body, deadline - time.monotonic())
                if good(answer):
                    return answer
                fault = str(answer.get("reason", "an answer of another shape"))
            except _FAULTS as error:
                fault = type(error).__name__
            if time.monotonic() + pause >= deadline or self._is_away():
                break
            logger.warning("The brain: %s; trying again.", fault)
            await asyncio.sleep(pause)
        raise BrainUnavailable(fault)

    async def _post(self, path: str, body: Any, seconds: float) -> Any:
        timeout = aiohttp.ClientTimeout(total=seconds, connect=2)
        try:
            async with self._client().post(self._url + path, json=body, timeout=timeout) as answer:
                self._lost_at = None
                return await answer.json()
        except aiohttp.ClientConnectorError:
            self._lost_at = self._lost_at or time.monotonic()
            raise

    def _is_away(self) -> bool:
        return self._lost_at is not None and time.monotonic() - self._lost_at > self._seconds


def _is_reset(answer: Any) -> bool:
    return isinstance(answer, dict) and answer.get("status") == "reset"
