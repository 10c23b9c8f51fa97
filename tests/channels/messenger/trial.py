"""A whole installation with Messenger, before it a fake Graph API: for the stack's tests, for the
conversations, and for the sandbox."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import requests

from myna.channels.messenger.webhook import PATH
from myna.front import FIRST_AGENT
from myna.settings import PROJECT
from myna.stack import Stack, running, sent_code

from .fake import APP_ID, APP_SECRET, VERIFY_TOKEN, FakeGraph
from .fake.world import Page, Sent

PAGES = {
    "vi": ("100200300400500", "EAAGpageVI", "Lentera Home Việt Nam"),
    "ms": ("100200300400501", "EAAGpageMS", "Lentera Home Malaysia"),
    "en": ("100200300400502", "EAAGpageEN", "Lentera Home"),
}
"""By language: id, token, name."""
_ANSWER_SECONDS = 30.0
_QUIET_SECONDS = 0.6
_numbers = itertools.count(1)
T = TypeVar("T")


def new_graph(seed: int = 1) -> FakeGraph:
    """A Graph API with a page for each language."""
    graph = FakeGraph(seed)
    graph.world.pages = {
        page_id: Page(page_id, token, name) for page_id, token, name in PAGES.values()
    }
    return graph


def environment(home: Path, graph_url: str) -> dict[str, str]:
    """The settings of an installation that serves these pages; writes its shop file."""
    home.mkdir(parents=True, exist_ok=True)
    pages = [
        {"id": page_id, "name": name, "language": language}
        for language, (page_id, _, name) in PAGES.items()
    ]
    block = json.dumps({"app_id": APP_ID, "pages": pages}, ensure_ascii=False)
    shop = home / "shop.yml"
    shop.write_text(f"{(PROJECT / 'shop.yml').read_text()}\nmessenger: {block}\n")
    return {
        "MYNA_SHOP": str(shop),
        "MYNA_GRAPH_URL": graph_url,
        "MYNA_MESSENGER_APP_SECRET": APP_SECRET,
        "MYNA_MESSENGER_VERIFY_TOKEN": VERIFY_TOKEN,
        **{f"MYNA_MESSENGER_TOKEN_{page_id}": token for page_id, token, _ in PAGES.values()},
    }


class Remote:
    """A fake Graph API that runs in a thread of its own."""

    def __init__(self, graph: FakeGraph, port: int = 0) -> None:
        self.graph = graph
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        async def serve() -> None:
            async with self.graph.serving(self._port):
                self._ready.set()
                await self._over.wait()

        self._loop.run_until_complete(serve())

    def __enter__(self) -> Remote:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    def do(self, work: Callable[[], T]) -> T:
        """Runs something in the graph's own thread."""

        async def run() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)


@contextmanager
def running_with_messenger(home: Path) -> Iterator[tuple[Stack, Remote]]:
    """The whole of Myna, and the Graph API that it speaks to."""
    with (
        Remote(new_graph()) as remote,
        running(home, more=environment(home, remote.graph.url)) as stack,
    ):
        remote.graph.webhook.url = stack.url + PATH
        yield stack, remote


class MessengerCustomer:
    """Somebody who writes to a page; has the methods of `myna.stack.Customer`."""

    def __init__(self, stack: Stack, remote: Remote, language: str) -> None:
        self._stack, self._remote = stack, remote
        self.page = PAGES[language][0]
        self.psid = str(24_000_000_000_000_000 + next(_numbers))
        with _one_at_a_time:
            self._desk = _desk(stack)
        self._said = ""
        self._seen = 0
        self.last: list[dict[str, Any]] = []

    @property
    def conversation(self) -> str:
        """The id of the conversation."""
        return f"fb.{self.page}.{self.psid}"

    def says(self, text: str) -> list[dict[str, Any]]:
        """Writes; the messages that answer it, as Messenger got them."""
        self._said += f"{text}\n"
        self._remote.do(lambda: self._remote.graph.says(self.psid, text, self.page))
        return self._answer()

    def code(self) -> str | None:
        """The one-time code that was sent to them last."""
        return sent_code(self._said, self._stack.outbox())

    def chooses(self, number: int) -> list[dict[str, Any]]:
        """Presses a button of the last message that has any."""
        buttons = next(m["buttons"] for m in reversed(self.last) if m["buttons"])
        title = buttons[number - 1]["title"]
        self._remote.do(lambda: self._remote.graph.presses(self.psid, title, self.page))
        return self._answer()

    def _answer(self) -> list[dict[str, Any]]:
        began = last = time.monotonic()
        count = self._seen
        while time.monotonic() - began < _ANSWER_SECONDS:
            sent = self._sent()
            if len(sent) > count:
                count, last = len(sent), time.monotonic()
            elif self._answered(sent) and time.monotonic() - last > _QUIET_SECONDS:
                break
            time.sleep(0.05)
        found, self._seen = self._sent()[self._seen :], count
        names = self._desk.messages(self.conversation)
        answer: dict[int, dict[str, Any]] = {}
        for one in found:
            seq = int(one.message["metadata"].split(":")[1])
            message = answer.setdefault(
                seq, {"response": names[seq]["response"], "text": "", "buttons": []}
            )
            message["text"] = "\n".join(filter(None, (message["text"], one.text)))
            message["buttons"] = [{"title": title} for title, _ in one.buttons]
        told = [m for _, m in sorted(answer.items()) if m["response"] != "utter_disclosure"]
        self.last = told or self.last
        return told

    def _answered(self, sent: list[Sent]) -> bool:
        """Whether more than the disclosure has come."""
        return any("trợ lý tự động" not in s.text or s.buttons for s in sent[self._seen :])

    def _sent(self) -> list[Sent]:
        world = self._remote.graph.world
        return self._remote.do(
            lambda: [s for s in world.sent if (s.user, s.page) == (self.psid, self.page)]
        )


_one_at_a_time = threading.Lock()


@lru_cache(maxsize=1)
def _desk(stack: Stack) -> Desk:
    """One for all customers: who logs in too often is turned away."""
    return Desk(stack)


class Desk:
    """The desk's API."""

    def __init__(self, stack: Stack) -> None:
        self._http = requests.Session()
        self._http.headers["X-Myna"] = "desk"
        self._url = f"{stack.url}/api/v1/desk"
        login = {"login": FIRST_AGENT[0], "password": stack.secret("desk_password")}
        self._http.post(f"{self._url}/login", json=login, timeout=10).raise_for_status()

    def messages(self, conversation: str) -> dict[int, dict[str, Any]]:
        """What is in the log, by seq."""
        answer = self._http.get(f"{self._url}/conversations/{conversation}/messages", timeout=10)
        answer.raise_for_status()
        return {message["seq"]: message for message in answer.json()["messages"]}
