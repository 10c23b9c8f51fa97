"""A whole installation as a child process, with a home of its own: for trials and tests."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from myna import settings
from myna.child import child, wait_for
from myna.terminal import Client

_READY_SECONDS = 240.0
_ANSWER_SECONDS = 30.0
_QUIET_SECONDS = 0.4
"""An answer of several messages is written at once; after this time nothing more belongs to it."""
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


@dataclass(frozen=True)
class Stack:
    """A running installation."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]

    def processes(self) -> dict[str, Any]:
        """Name → `pid` and `url` of each process at this moment."""
        found: dict[str, Any] = json.loads((self.home / "processes.json").read_text())
        return found

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends a signal to one of the processes."""
        os.kill(self.processes()[name]["pid"], number)

    def secret(self, name: str) -> str:
        """A secret of this installation."""
        return (self.home / "secrets" / name).read_text()

    def shop(self, method: str, path: str, body: Any = None) -> Any:
        """Asks the demo shop's own API, as its owner could."""
        url = self.processes()["shop"]["url"].removesuffix("/health")
        token = {"Authorization": f"Bearer {self.secret('shop_token')}"}
        response = requests.request(method, url + path, json=body, headers=token, timeout=10)
        response.raise_for_status()
        return response.json()

    def outbox(self) -> list[dict[str, Any]]:
        """What the demo shop has sent to its customers, newest first."""
        found: list[dict[str, Any]] = self.shop("GET", "/outbox")["messages"]
        return found

    def wait_ready(self, seconds: float = _READY_SECONDS) -> None:
        """Waits until all parts answer.

        Raises:
            ChildError: they do not, in time.
        """
        wait_for(f"{self.url}/healthz", self.process, self.home / "up.log", seconds)


class Customer:
    """Somebody who writes on the web channel and waits for answers.

    Args:
        url: of the front server.
        language: of the conversation.
        outbox: what the shop has sent, newest first; for one-time codes.
    """

    def __init__(
        self,
        url: str,
        language: str | None = None,
        outbox: Callable[[], list[dict[str, Any]]] = list,
    ) -> None:
        self.client = Client(url, language)
        self._outbox = outbox
        self._said = ""
        self.seen = 0
        self.last: list[dict[str, Any]] = []

    def says(self, text: str, at_least: int = 1) -> list[dict[str, Any]]:
        """Sends a message; returns the messages that answer it."""
        self._said += f"{text}\n"
        return self._wait(self.client.send(text), at_least)

    def chooses(self, number: int, at_least: int = 1) -> list[dict[str, Any]]:
        """Presses a button of the last message that has any (1 = the first)."""
        buttons = next(m["buttons"] for m in reversed(self.last) if m["buttons"])
        return self._wait(self.client.send("", buttons[number - 1]["id"]), at_least)

    def code(self) -> str | None:
        """The newest one-time code for what this customer has written about."""
        return sent_code(self._said, self._outbox())

    def reads(self, at_least: int = 1) -> list[dict[str, Any]]:
        """Waits for messages that come unasked, such as an agent's."""
        return self._collect(at_least)

    def _wait(self, sent: dict[str, Any], at_least: int) -> list[dict[str, Any]]:
        self.seen = sent["seq"]
        return self._collect(at_least)

    def _collect(self, at_least: int) -> list[dict[str, Any]]:
        got: list[dict[str, Any]] = []
        began = last = time.monotonic()
        while time.monotonic() - began < _ANSWER_SECONDS:
            new = [m for m in self.client.messages(self.seen) if m["author"] != "customer"]
            if new:
                got += new
                self.seen, last = new[-1]["seq"], time.monotonic()
            elif len(got) >= at_least and time.monotonic() - last > _QUIET_SECONDS:
                break
            time.sleep(0.05)
        self.last = got or self.last
        return got


def sent_code(said: str, outbox: list[dict[str, Any]]) -> str | None:
    """The newest one-time code for what a customer has written about; None if there is none.

    Args:
        said: all that the customer has written.
        outbox: what the shop has sent, newest first.
    """
    digits = re.sub(r"[^\d\n]", "", said)
    for sent in outbox:
        recipient, order = sent["recipient"], sent["order_number"].partition("-")[2]
        mine = recipient in said or recipient[-9:] in digits or order in said
        if mine and (code := _CODE.search(sent["text"])):
            return code[0]
    return None


def free_port() -> int:
    """A port of this machine that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(home: Path, project: Path = settings.PROJECT) -> dict[str, str]:
    """The environment in which a command works on an installation of its own.

    Whatever this shell is set up for, `MYNA_…` or `RASA_…`, does not count.

    Args:
        home: where its state goes.
        project: the top folder it serves; one that is not ours has its models in itself.
    """
    models = settings.models() if project == settings.PROJECT else project / "models"
    rest = {n: v for n, v in os.environ.items() if not n.startswith(("MYNA_", "RASA_"))}
    return rest | {
        "MYNA_HOME": str(home),
        "MYNA_MODELS": str(models.resolve()),
        "MYNA_PROJECT": str(project),
        "PYTHONPATH": str(project),
    }


@contextmanager
def running(
    home: Path,
    *,
    project: Path = settings.PROJECT,
    shop_faults: bool = False,
    more: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """Starts `myna up` with a home and a free port of its own; ends it afterwards.

    Args:
        home: where its state and logs go.
        project: the top folder whose data and texts it serves.
        shop_faults: whether the demo shop can be told to fail (`POST /__faults`).
        more: further settings, as in the environment.

    Raises:
        ChildError: it does not come up.
    """
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    own = environment(home, project) | {"MYNA_PORT": str(port)} | dict(more or {})
    if shop_faults:
        own["MYNA_SHOP_FAULTS"] = "1"
    command = [sys.executable, "-m", "myna.cli", "up"]
    with child(command, own, project, home / "up.log") as process:
        stack = Stack(f"http://127.0.0.1:{port}", home, process)
        stack.wait_ready()
        yield stack
