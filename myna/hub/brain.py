"""The brain as the hub sees it: a private HTTP service that may be slow, swapped or dead."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Protocol

import aiohttp

from myna.brain.protocol import (
    HEALTH_PATH,
    RESET_PATH,
    TURN_PATH,
    Answer,
    TurnRequest,
    is_answer,
)

logger = logging.getLogger(__name__)

TURN_SECONDS = 25.0
"""Within this time, retries included, a customer has an answer or is told that a person comes."""
_PAUSES = (0.3, 1.0, 2.0)  # seconds before each further try
_RESET_SECONDS = 5.0


class BrainUnavailable(Exception):
    """The brain gave no answer within its time, whatever was tried."""


class Brain(Protocol):
    """What the hub asks of a brain."""

    async def turn(self, request: TurnRequest) -> Answer:
        """Handles one message; the same message id gives the same answer.

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

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(headers=self._headers)
        return self._session

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def turn(self, request: TurnRequest) -> Answer:
        """Handles one message, trying again while there is time."""
        deadline = time.monotonic() + self._seconds
        fault = ""
        for pause in (*_PAUSES, None):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                answer = await self._post(TURN_PATH, request, left)
                if is_answer(answer):
                    return answer
                fault = str(answer.get("reason", "an answer of another shape"))
            except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError) as error:
                fault = type(error).__name__
            if pause is not None:
                logger.warning("Turn %s: %s; trying again.", request["message"], fault)
                await asyncio.sleep(pause)
        raise BrainUnavailable(fault)

    async def reset(self, conversation: str) -> None:
        """Ends forms and begins a new session."""
        try:
            answer = await self._post(RESET_PATH, {"conversation": conversation}, _RESET_SECONDS)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise BrainUnavailable(type(error).__name__) from error
        if not isinstance(answer, dict) or answer.get("status") != "reset":
            raise BrainUnavailable(f"no confirmation of a reset: {answer}")

    async def ready(self) -> bool:
        """Whether it answers and has a model."""
        try:
            timeout = aiohttp.ClientTimeout(total=2)
            async with self._client().get(self._url + HEALTH_PATH, timeout=timeout) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _post(self, path: str, body: Any, seconds: float) -> Any:
        timeout = aiohttp.ClientTimeout(total=seconds, connect=2)
        async with self._client().post(self._url + path, json=body, timeout=timeout) as response:
            return await response.json()
