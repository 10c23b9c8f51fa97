"""One running installation for all tests of the whole."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from myna.stack import Customer, Stack, running


def said(messages: list[dict[str, Any]]) -> list[str | None]:
    """The names of the responses; None for what a person wrote."""
    return [message["response"] for message in messages]


ON_ITS_WAY = ["utter_order_shipped", "utter_anything_else"]
"""An order's status, and the question that closes a matter."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("home"), shop_faults=True) as installation:
        yield installation


@pytest.fixture
def customer(stack: Stack) -> Callable[..., Customer]:
    return lambda language=None: Customer(stack.url, language)


@pytest.fixture
def desk(stack: Stack) -> Iterator[Desk]:
    """An agent who is logged in, but does not count as there."""
    desk = Desk(stack)
    yield desk
    desk.leave()


@pytest.fixture
def open_desk(desk: Desk) -> Desk:
    """An agent who is there; nobody is left in the queue afterwards."""
    desk.open()
    return desk


class Desk:
    """An agent at the desk, through its API."""

    def __init__(self, stack: Stack) -> None:
        self.events: list[str] = []
        """The kinds of the live events."""
        self._http = requests.Session()
        self._http.headers["X-Myna"] = "desk"
        self._url = f"{stack.url}/api/v1/desk"
        self._live: threading.Thread | None = None
        self.post("/login", login="agent", password=stack.secret("desk_password"))

    def post(self, path: str, **body: Any) -> Any:
        return self._answer(self._http.post(self._url + path, json=body, timeout=10))

    def get(self, path: str) -> Any:
        return self._answer(self._http.get(self._url + path, timeout=10))

    def _answer(self, response: requests.Response) -> Any:
        assert response.ok, response.text
        return response.json()

    def open(self) -> None:
        """Follows the live events, by which the agent counts as there."""
        response = self._http.get(f"{self._url}/events", stream=True, timeout=(3, 60))
        lines = response.iter_lines(chunk_size=1, decode_unicode=True)
        assert "event: counts" in lines

        def follow() -> None:
            for line in lines:
                if line.startswith("event: "):
                    self.events.append(line.removeprefix("event: "))

        self._live = threading.Thread(target=follow, daemon=True)
        self._live.start()

    def leave(self) -> None:
        """Closes what waits in the queue, and logs out: the agent is gone at once."""
        for waiting in self.queue():
            if waiting["owner"] == "queue":
                self.resolve(waiting)
        self.post("/logout")
        if self._live:
            self._live.join(10)
            assert not self._live.is_alive(), "who has logged out still hears what happens"

    def queue(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/conversations?view=queue")["conversations"]
        return found

    def waiting(self, someone: Customer) -> dict[str, Any]:
        """The customer's conversation as it stands in the queue."""
        (found,) = (c for c in self.queue() if c["id"] == conversation_of(someone))
        return found

    def claim(self, conversation: dict[str, Any]) -> dict[str, Any]:
        return self._move("claim", conversation)

    def resolve(self, conversation: dict[str, Any]) -> dict[str, Any]:
        return self._move("resolve", conversation)

    def _move(self, what: str, conversation: dict[str, Any]) -> dict[str, Any]:
        path = f"/conversations/{conversation['id']}/{what}"
        moved: dict[str, Any] = self.post(path, version=conversation["version"])["conversation"]
        return moved

    def writes(self, someone: Customer, text: str) -> None:
        """Answers a customer, and so takes the conversation over."""
        path = f"/conversations/{conversation_of(someone)}/messages"
        self.post(path, echo_id=str(time.monotonic_ns()), text=text)

    def context(self, someone: Customer) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/conversations/{conversation_of(someone)}")
        return found


def conversation_of(someone: Customer) -> str:
    """The id of a customer's conversation."""
    name: str = someone.client.session["conversation"]["id"]
    return name


@contextmanager
def down(stack: Stack, name: str) -> Iterator[None]:
    """One process is dead, and its supervisor does not start it again meanwhile."""
    os.kill(stack.process.pid, signal.SIGSTOP)
    try:
        stack.kill(name)
        yield
    finally:
        os.kill(stack.process.pid, signal.SIGCONT)
        time.sleep(1)
        stack.wait_ready(90)


@contextmanager
def busy(stack: Stack, name: str) -> Iterator[None]:
    """One process stands still, as if it had very much to do."""
    stack.kill(name, signal.SIGSTOP)
    try:
        yield
    finally:
        stack.kill(name, signal.SIGCONT)
