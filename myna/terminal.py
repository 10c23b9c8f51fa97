"""`myna chat`: a conversation in the terminal, over the same API as the chat page."""

from __future__ import annotations

import json
import sys
import threading
import uuid
from typing import Any

import requests

from myna import settings

_SECONDS = (3, 30)


class NotRunning(RuntimeError):
    """No Myna answers there; the message says how to start one."""


class Client:
    """A customer on the web channel."""

    def __init__(self, url: str, language: str | None = None) -> None:
        self._url = f"{url.rstrip('/')}/api/v1/chat"
        self._http = requests.Session()
        try:
            self.session = self._post("/session", {"language": language})
        except requests.ConnectionError:
            raise NotRunning(f"No Myna answers at {url}. Start one first: make run") from None

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        response = self._http.post(self._url + path, json=body, timeout=_SECONDS)
        response.raise_for_status()
        return response.json()

    def send(self, text: str, choice: str | None = None) -> dict[str, Any]:
        """Sends a message, or chooses a button by its id."""
        body = {"echo_id": str(uuid.uuid4())}
        body.update({"choice": choice} if choice else {"text": text})
        message: dict[str, Any] = self._post("/messages", body)["message"]
        return message

    def messages(self, after: int = 0) -> list[dict[str, Any]]:
        """What is in the log after a seq."""
        response = self._http.get(
            f"{self._url}/messages", params={"after": after}, timeout=_SECONDS
        )
        response.raise_for_status()
        found: list[dict[str, Any]] = response.json()["messages"]
        return found

    def events(self, after: int = 0) -> Any:
        """Live events as (kind, data), without end."""
        response = self._http.get(
            f"{self._url}/events", params={"after": after}, stream=True, timeout=(3, 60)
        )
        response.encoding = "utf-8"
        kind = ""
        for line in response.iter_lines(chunk_size=1, decode_unicode=True):
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield kind, json.loads(line.removeprefix("data: "))


def talk(url: str | None, language: str | None) -> None:
    """Reads lines from standard input and shows what is answered, until the input ends.

    Raises:
        NotRunning: nothing answers at `url`.
    """
    client = Client(url or f"http://127.0.0.1:{settings.port()}", language)
    name = client.session["shop"]["assistant_name"]
    buttons: dict[str, dict[str, str]] = {}

    def listen() -> None:
        for kind, message in client.events():
            if kind != "message" or message["author"] == "customer":
                continue
            who = message["agent"] or name
            print(f"\n{who}: {message['text']}")
            buttons.clear()
            for number, button in enumerate(message["buttons"], start=1):
                buttons[str(number)] = button
                print(f"   [{number}] {button['title']}")
            print("> ", end="", flush=True)

    print(f"{client.session['shop']['name']}. A number chooses a button; Ctrl+D ends.")
    print("> ", end="", flush=True)
    threading.Thread(target=listen, daemon=True).start()
    for line in sys.stdin:
        typed = line.rstrip("\n")
        button = buttons.get(typed.strip())
        client.send(typed, button["id"] if button else None)
