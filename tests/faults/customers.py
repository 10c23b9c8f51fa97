"""Customers as they are: impatient, on bad lines, and sure of what they were told.

A customer knows which messages were acknowledged, and sends one again under the same `echo_id`
until it is. Two pages of the same customer read along: one by server-sent events with
`Last-Event-ID`, one by asking; both are cut off now and then.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp

from tests.faults.place import Place

Act = Callable[[], Awaitable[Any]]

TOKEN = re.compile(r"k[0-9a-f]{10}")
_PATIENCE = 6.0  # seconds for an answer over HTTP
_AGAIN_SECONDS = 0.3
_FAULTS = (aiohttp.ClientError, TimeoutError, ValueError, KeyError)


@dataclass
class Sent:
    """One message of a customer."""

    echo_id: str
    text: str
    choice: str | None = None
    seq: int | None = None
    """Under which it was acknowledged."""
    acknowledged_at: float = 0.0


@dataclass
class View:
    """What one page of a customer has been shown."""

    lines: list[list[int]] = field(default_factory=lambda: [[]])
    """The `seq` of what each connection brought, in order of arrival."""
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    at: dict[int, float] = field(default_factory=dict)
    """When each was seen first, by the monotonic clock."""
    changed: set[int] = field(default_factory=set)
    """Messages that came again, and were not the same."""

    @property
    def last(self) -> int:
        """The highest `seq`; what a page sends as `Last-Event-ID`."""
        return max(self.messages, default=0)

    def take(self, message: dict[str, Any]) -> None:
        """One message has arrived."""
        seq = message["seq"]
        self.lines[-1].append(seq)
        if self.messages.setdefault(seq, message) != message:
            self.changed.add(seq)
        self.at.setdefault(seq, time.monotonic())


class Customer:
    """One customer with one conversation."""

    def __init__(self, place: Place, number: int, rng: random.Random) -> None:
        self._place = place
        self.sent: list[Sent] = []
        self.live, self.asking = View(), View()
        self.refusals: list[str] = []
        """Answers that nobody should get."""
        self.conversation = ""
        self._rng = rng
        self._number = number
        self._language = rng.choice(("vi", "ms", "en"))
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # loopback has no name
            headers={"X-Forwarded-For": f"10.0.{number // 250}.{number % 250 + 1}"},
        )
        self._readers: list[asyncio.Task[None]] = []

    async def come(self) -> None:
        """Opens the page."""
        while not self._place.over:
            answer = await self._post("/session", {"language": self._language})
            if answer:
                self.conversation = answer[1]["conversation"]["id"]
                break
        self._readers = [asyncio.create_task(self._follow()), asyncio.create_task(self._ask())]

    async def go(self) -> None:
        """Closes the page."""
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        await self._http.close()

    @property
    def views(self) -> tuple[View, View]:
        """Of both pages."""
        return self.live, self.asking

    # --- writing

    async def act(self) -> None:
        """Does one thing that customers do."""
        (act,) = self._rng.choices(*zip(*self.acts(), strict=True))
        await act()

    def acts(self) -> list[tuple[Act, float]]:
        """What this customer does, and how often."""
        return [
            (self.say, 50),
            (partial(self.say, "offer"), 5),
            (partial(self.say, "person"), 5),
            (partial(self.say, "case"), 3),
            (partial(self.say, "contact"), 2),
            (partial(self.say, "wrong"), 2),
            (self.write_on, 6),
            (partial(self.write_at_once, "plain", "plain", "plain"), 4),
            (partial(self.write_at_once, "plain", "apart", "plain"), 2),
            (partial(self.say, copies=3), 5),
            (self.repeat, 3),
            (self.press, 8),
            (partial(self.write, ""), 1),
            (partial(self.write, "x" * 3000), 0.5),
            (self.look, 3),
            (self.rate, 1),
            (self.speak, 0.5),
        ]

    async def say(self, verb: str = "plain", copies: int = 1) -> Sent:
        """Writes a message; several copies are under way at once, as on a bad line."""
        return await self._send(
            Sent(self._echo(), f"{verb} k{self._rng.randbytes(5).hex()}"), copies
        )

    async def write(self, text: str) -> Sent:
        """Writes a text as it is."""
        return await self._send(Sent(self._echo(), text))

    async def write_at_once(self, *verbs: str) -> None:
        """Several messages that overtake each other."""
        await asyncio.gather(*(self.say(verb) for verb in verbs))

    async def write_on(self) -> None:
        """Several messages one after the other, before there is an answer."""
        for _ in range(self._rng.randint(2, 4)):
            await self.say()

    async def press(self) -> None:
        """Presses some button that was offered."""
        offered = [b for m in self.live.messages.values() for b in m["buttons"]]
        if offered:
            await self.choose(self._rng.choice(offered[-6:]))

    async def choose(self, button: dict[str, str]) -> None:
        """Presses this button."""
        await self._send(Sent(self._echo(), button["title"], button["id"]))

    async def repeat(self) -> None:
        """Sends an old message again, as a page does that has lost the answer."""
        if self.sent:
            await self._deliver(self._rng.choice(self.sent))

    async def look(self) -> None:
        """Tells that everything was shown."""
        await self._post("/seen", {"seq": self.live.last})

    async def rate(self) -> None:
        """Rates the person who has helped, if one has."""
        if any(m["response"] == "utter_ask_rating" for m in self.live.messages.values()):
            await self._post("/rating", {"stars": self._rng.randint(1, 5)})

    async def speak(self) -> None:
        """Chooses a language."""
        await self._post("/session", {"language": self._rng.choice(("vi", "ms", "en"))})

    def _echo(self) -> str:
        return f"{self._number}-{len(self.sent)}"

    async def _send(self, sent: Sent, copies: int = 1) -> Sent:
        self.sent.append(sent)
        await asyncio.gather(*(self._deliver(sent) for _ in range(copies)))
        return sent

    async def _deliver(self, sent: Sent) -> None:
        """Sends a message until it is acknowledged."""
        body = {"echo_id": sent.echo_id}
        body |= {"choice": sent.choice} if sent.choice else {"text": sent.text}
        while not self._place.over:
            # some hang up before they can have an answer, and try again
            patience = self._rng.uniform(0.002, 0.05) if self._rng.random() < 0.04 else _PATIENCE
            answer = await self._post("/messages", body, patience)
            if answer and answer[0] in (200, 201):
                self._acknowledged(sent, answer[1]["message"])
                return
            if answer and answer[0] != 429:
                self.refusals.append(f"{sent.text[:60]}: {answer}")
                return
            pause = answer[1]["error"]["retry_after"] if answer else _AGAIN_SECONDS
            await asyncio.sleep(pause)

    def _acknowledged(self, sent: Sent, message: dict[str, Any]) -> None:
        if message["echo_id"] != sent.echo_id or sent.seq not in (None, message["seq"]):
            self.refusals.append(f"{sent} was acknowledged as {message}")
        if sent.seq is None:
            sent.seq, sent.acknowledged_at = message["seq"], time.monotonic()

    async def _post(
        self, path: str, body: dict[str, Any], seconds: float = _PATIENCE
    ) -> tuple[int, Any] | None:
        """Status and answer; None if there is none worth the name."""
        url = f"{self._place.front(self._rng)}/api/v1/chat{path}"
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._http.post(url, json=body, timeout=timeout) as response:
                answer = await response.json()
                return (response.status, answer) if response.status < 500 else None
        except _FAULTS:
            return None

    # --- reading

    async def _follow(self) -> None:
        """By server-sent events."""
        while True:
            with suppress(*_FAULTS):
                # now and then the line is cut in the middle of something
                seconds = self._rng.uniform(0.5, 4) if self._rng.random() < 0.2 else None
                async with asyncio.timeout(seconds):
                    await self._listen()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _listen(self) -> None:
        self.live.lines.append([])
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=2, sock_read=20)
        url = f"{self._place.front(self._rng)}/api/v1/chat/events"
        last = {"Last-Event-ID": str(self.live.last)}
        async with self._http.get(url, headers=last, timeout=timeout) as response:
            kind = ""
            async for line in response.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                elif name == "data" and kind == "message":
                    self.live.take(json.loads(value))

    async def _ask(self) -> None:
        """By asking now and then."""
        while True:
            await asyncio.sleep(self._rng.uniform(0.5, 2))
            with suppress(*_FAULTS):
                await self._ask_once()

    async def _ask_once(self) -> None:
        self.asking.lines.append([])
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        url = f"{self._place.front(self._rng)}/api/v1/chat/messages?after={self.asking.last}"
        async with self._http.get(url, timeout=timeout) as response:
            for message in (await response.json())["messages"]:
                self.asking.take(message)
