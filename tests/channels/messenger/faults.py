"""`python -m tests.channels.messenger.faults --messages 5000`: everything goes wrong at once.

A process with the channel is killed again and again; Meta is slow, silent, contradictory, and
repeats, mixes up and mangles its calls. Afterwards every message that came in is in exactly one
turn, and every item that went out was delivered once, or is called unknown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from myna.channels.messenger.webhook import PATH
from myna.database import Database
from myna.settings import PROJECT
from myna.stack import free_port

from .fake import FakeGraph, Rule
from .fake.faults import Delivery
from .fake.server import user_ids
from .trial import PAGES, environment, new_graph

PAGE = PAGES["en"][0]
_START_SECONDS, _TROUBLED_SECONDS, _END_SECONDS = 60.0, 10.0, 180.0


def rules() -> list[Rule]:
    """Faults of Graph: about a seventh of all requests."""
    lost = {"lost_echo": True}
    return [
        Rule("delay", probability=0.03, more={"seconds": 0.4}),
        Rule("reset", probability=0.015),
        Rule("reset", probability=0.015, accepted=True),
        Rule("reset", probability=0.01, accepted=True, more=lost),
        Rule("html", probability=0.01),
        Rule("html", probability=0.01, accepted=True, more={"status": 500}),
        Rule("error", probability=0.02),
        Rule("empty", probability=0.01, accepted=True),
        Rule("garbage", probability=0.01, accepted=True, more=lost),
        Rule("throttle", probability=0.005),
        Rule("echo_first", probability=0.02),
        Rule("lost_echo", probability=0.01),
        Rule("hang", probability=0.005),
        Rule("hang", probability=0.005, accepted=True),
        Rule("drip", probability=0.003, accepted=True),
        Rule("delay", probability=0.05, more={"seconds": 2.0, "actions": True}),
    ]


CALLS = Delivery(duplicated=0.05, reordered=0.3, wrongly_signed=0.02, truncated=0.02)


@dataclass
class Report:
    """How it went."""

    messages: int
    inbound: int
    turns: int
    outbound: int
    states: dict[str, int]
    accepted: int
    kills: int
    calls: int
    p99: float
    seconds: float
    faults: dict[str, int]
    wrong: list[str] = field(default_factory=list)


class Channel:
    """The process under test."""

    def __init__(self, home: Path, graph: FakeGraph) -> None:
        self.port = free_port()
        self.database = home / "hub.db"
        self.kills = 0
        self._log = (home / "channel.log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None
        clean = {n: v for n, v in os.environ.items() if not n.startswith("MYNA_")}
        self._environment = {**clean, **environment(home, graph.url), "MYNA_HOME": str(home)}

    async def start(self) -> None:
        """Starts it and waits until it listens."""
        command = [sys.executable, "-m", "tests.channels.messenger.process"]
        where = ["--port", str(self.port), "--database", f"sqlite:///{self.database}"]
        self._process = subprocess.Popen(  # noqa: ASYNC220 (which takes a moment)
            [*command, *where],
            cwd=PROJECT,
            env=self._environment,
            stdout=self._log,
            stderr=self._log,
        )
        deadline = time.monotonic() + _START_SECONDS
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < deadline:
                try:
                    async with session.get(f"http://127.0.0.1:{self.port}{PATH}"):
                        return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
        raise TimeoutError("the channel does not come up")

    async def kill(self) -> None:
        """Ends it wherever it is (SIGKILL)."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(self._process.wait)
            self.kills += 1

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What is in its database."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def column(self, query: str) -> list[Any]:
        """The first column of it."""
        return [row[0] for row in self.rows(query)]


async def run(messages: int, kills: int, seed: int = 1, users: int = 0) -> Report:
    """Sends so many messages through all faults."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="myna-faults-")))
        graph = await stack.enter_async_context(new_graph(seed).serving())
        channel = Channel(home, graph)
        database = Database(f"sqlite:///{channel.database}")
        database.migrate("hub")
        await database.close()
        graph.webhook.url = f"http://127.0.0.1:{channel.port}{PATH}"
        await channel.start()
        stack.push_async_callback(channel.kill)
        graph.rules, graph.webhook.faults = rules(), CALLS
        people = user_ids(users or max(10, messages // 25))
        await _everything_goes_wrong(graph, channel, people, messages, kills)
        await _until_quiet(graph, channel, _TROUBLED_SECONDS)
        used = Counter({r.fault: 0 for r in graph.rules})
        for rule in graph.rules:
            used[rule.fault] += rule.used
        graph.rules, graph.webhook.faults = [], Delivery()
        await _until_quiet(graph, channel, _END_SECONDS + messages / 5)
        return _report(graph, channel, messages, time.monotonic() - began, dict(used))


async def _everything_goes_wrong(
    graph: FakeGraph, channel: Channel, people: list[str], messages: int, kills: int
) -> None:
    random, page = graph.world.random, graph.world.pages[PAGE]
    deaths = {messages * (n + 1) // (kills + 1) for n in range(kills)}
    for number in range(messages):
        graph.says(random.choice(people), f"m{number:05d};", PAGE)
        if number in deaths:
            await asyncio.sleep(random.uniform(0, 0.3))
            await channel.kill()
            await channel.start()
        if number == messages // 3:
            page.token_valid = False  # somebody changes a password …
        if number == messages // 3 + max(5, messages // 50):
            page.token_valid = True  # … and puts it right
        if number == messages // 2:
            graph.world.offset += 600
        graph.webhook.faults.batch = random.choice([1, 1, 1, 3, 10])
        if len(graph.webhook._tasks) > 200:
            await asyncio.sleep(0.2)
        await asyncio.sleep(random.uniform(0, 0.02))


async def _until_quiet(graph: FakeGraph, channel: Channel, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    open_ones = "SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending')"
    pending = "SELECT count(*) FROM messages WHERE state = 'pending'"
    quiet = 0
    while quiet < 3:
        graph.webhook.flush()
        busy = graph.webhook._tasks or channel.rows(open_ones)[0][0] or channel.rows(pending)[0][0]
        quiet = 0 if busy else quiet + 1
        if time.monotonic() > deadline:
            return  # the report says what is missing
        await asyncio.sleep(0.3)


def _report(
    graph: FakeGraph, channel: Channel, messages: int, seconds: float, used: dict[str, int]
) -> Report:
    wanted = {f"m{number:05d};" for number in range(messages)}
    said = Counter(
        text for (text,) in channel.rows("SELECT text FROM messages WHERE author='customer'")
    )
    answers = [text for (text,) in channel.rows("SELECT text FROM messages WHERE author='bot'")]
    turns = Counter(
        part for text in answers for part in text.removeprefix("you said: ").split("\n")
    )
    accepted = Counter(sent.message["metadata"] for sent in graph.world.sent)
    items = channel.rows("SELECT key, state, error FROM outbox WHERE carrier = 'messenger'")
    inbound = Counter(
        state
        for (state,) in channel.rows("SELECT state FROM outbox WHERE carrier = 'messenger.in'")
    )
    wrong = list(graph.world.violations)
    wrong += [f"{text} came in {said[text]} times" for text in wanted if said[text] != 1]
    wrong += [f"{text} is in {turns[text]} turns" for text in wanted if turns[text] != 1]
    wrong += [f"{n} events are {state}" for state, n in inbound.items() if state != "sent"]
    for key, state, error in items:
        times = accepted[key]
        right = (
            times == 1
            if state in ("sent", "delivered", "read")
            else state == "unknown" and times < 2
        )
        if not right:
            wrong.append(f"{key} is {state} and was accepted {times} times: {error}")
    if strangers := set(accepted) - {key for key, _, _ in items}:
        wrong.append(f"{len(strangers)} messages were accepted that nobody wrote")
    p99 = statistics.quantiles(graph.webhook.seconds, n=100)[98]
    if p99 >= 1:
        wrong.append(f"p99 of the webhook's answers is {p99:.2f} s")
    states = Counter(state for _, state, _ in items)
    return Report(
        messages=messages,
        inbound=sum(inbound.values()),
        turns=len(answers),
        outbound=len(items),
        states=dict(states),
        accepted=sum(accepted.values()),
        kills=channel.kills,
        calls=len(graph.webhook.statuses),
        p99=round(p99, 3),
        seconds=round(seconds, 1),
        faults=used,
        wrong=wrong[:50],
    )


def main() -> int:
    """0 if nothing is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    report = asyncio.run(run(asked.messages, asked.kills, asked.seed))
    print(json.dumps(report.__dict__, indent=2))
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
