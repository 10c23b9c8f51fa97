"""Three ways in which a message is answered, each with its clock.

- `myna`: what `myna up` starts; from a customer's request to the live event that tells the
  customer's page that the answer stands in the log.
- `brain`: its `rasa run` alone, asked as the hub asks it; what is left of a turn is the hub's.
- `stock`: `rasa run` with Rasa's default pipeline and policies, its REST channel and its SQL
  tracker store; from the request to its answer, which Rasa gives after it has stored the turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import aiohttp

from myna.bench import BenchError
from myna.bench.script import LANGUAGE
from myna.brain.protocol import TurnRequest
from myna.hub.brain import BrainUnavailable, HttpBrain

_ANSWER_SECONDS = 60.0


class Sample(NamedTuple):
    """One message of one lane."""

    milliseconds: float
    right: bool
    """Whether it was answered with the response of `SCRIPT`."""


Turns = list[dict[str, Sample]]
"""One conversation: what each lane made of each message."""


class Lane(Protocol):
    """One way of having a message answered."""

    name: str

    def conversation(self) -> contextlib.AbstractAsyncContextManager[Talk]:
        """Begins a new conversation, and ends it."""


class Talk(Protocol):
    """One conversation of a lane."""

    async def say(self, text: str, response: str) -> Sample:
        """Sends a message, waits for the answer and compares it with the expected response.

        Raises:
            BenchError: no answer, or none in time.
        """


class WebLane:
    """A customer on the website."""

    name = "myna"

    def __init__(self, front: str) -> None:
        self._url = f"{front}/api/v1/chat"

    @contextlib.asynccontextmanager
    async def conversation(self) -> AsyncIterator[Talk]:
        """A visitor with live events open."""
        cookies = aiohttp.CookieJar(unsafe=True)  # the host is a number
        async with aiohttp.ClientSession(cookie_jar=cookies) as http:
            async with http.post(f"{self._url}/session", json={"language": LANGUAGE}) as answer:
                answer.raise_for_status()
            forever = aiohttp.ClientTimeout(total=None)
            async with http.get(f"{self._url}/events", timeout=forever) as events:
                talk = _WebTalk(http, f"{self._url}/messages")
                listener = asyncio.create_task(talk.listen(events))
                try:
                    yield talk
                finally:
                    listener.cancel()


class _WebTalk:
    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._answers: asyncio.Queue[tuple[float, dict[str, Any]]] = asyncio.Queue()

    async def listen(self, events: aiohttp.ClientResponse) -> None:
        """Notes when each message of the assistant arrived."""
        kind = ""
        while line := (await events.content.readline()).decode():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ").strip()
            elif line.startswith("data: ") and kind == "message":
                moment = time.perf_counter()
                message = json.loads(line.removeprefix("data: "))
                if message["author"] != "customer":
                    self._answers.put_nowait((moment, message))

    async def say(self, text: str, response: str) -> Sample:
        body = {"echo_id": str(uuid.uuid4()), "text": text}
        start = time.perf_counter()
        content, _ = await _post(self._http, self._url, body)
        if "message" not in content:
            raise BenchError(f"The front server refused a message: {content}")
        while True:
            try:
                moment, message = await asyncio.wait_for(self._answers.get(), _ANSWER_SECONDS)
            except TimeoutError:
                raise BenchError(f"Myna did not answer '{text}'.") from None
            if message["seq"] > content["message"]["seq"]:
                return Sample((moment - start) * 1000, message["response"] == response)


class BrainLane:
    """The hub's question to the brain, without the hub."""

    name = "brain"

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token

    @contextlib.asynccontextmanager
    async def conversation(self) -> AsyncIterator[Talk]:
        """A conversation that the hub does not know."""
        brain = HttpBrain(self._url, self._token, _ANSWER_SECONDS)
        try:
            yield _BrainTalk(brain)
        finally:
            await brain.close()


class _BrainTalk:
    def __init__(self, brain: HttpBrain) -> None:
        self._brain = brain
        self._conversation = f"bench-{uuid.uuid4().hex}"

    async def say(self, text: str, response: str) -> Sample:
        request: TurnRequest = {
            "conversation": self._conversation,
            "message": uuid.uuid4().hex,
            "text": text,
            "parts": [],
            "choice": None,
            "language": LANGUAGE,
            "customer": {
                "channel": "web",
                "proof": None,
                "failed_proofs": 0,
                "guarded_orders": [],
                "customer_id": None,
                "people_available": True,
            },
        }
        start = time.perf_counter()
        try:
            answer = await self._brain.turn(request)
        except BrainUnavailable as error:
            raise BenchError(f"The brain did not answer '{text}': {error}") from error
        milliseconds = (time.perf_counter() - start) * 1000
        return Sample(milliseconds, [m["response"] for m in answer["messages"]] == [response])


class StockLane:
    """Rasa's own REST channel."""

    name = "stock"

    def __init__(self, url: str, responses: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self._url = f"{url}/webhooks/rest/webhook"
        self._texts = {
            name: {variation["text"] for variation in variations}
            for name, variations in responses.items()
        }

    @contextlib.asynccontextmanager
    async def conversation(self) -> AsyncIterator[Talk]:
        """A new sender."""
        async with aiohttp.ClientSession() as http:
            yield _StockTalk(http, self._url, self._texts)


class _StockTalk:
    def __init__(
        self, http: aiohttp.ClientSession, url: str, texts: Mapping[str, set[str]]
    ) -> None:
        self._http, self._url, self._texts = http, url, texts
        self._sender = f"bench-{uuid.uuid4().hex}"

    async def say(self, text: str, response: str) -> Sample:
        body = {"sender": self._sender, "message": text}
        answer, milliseconds = await _post(self._http, self._url, body)
        right = len(answer) == 1 and answer[0].get("text") in self._texts[response]
        return Sample(milliseconds, right)


async def _post(http: aiohttp.ClientSession, url: str, body: object) -> tuple[Any, float]:
    """The decoded answer and the milliseconds it took."""
    timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
    start = time.perf_counter()
    try:
        async with http.post(url, json=body, timeout=timeout) as response:
            answer = await response.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise BenchError(f"{url} did not answer: {type(error).__name__}") from error
    return answer, (time.perf_counter() - start) * 1000
