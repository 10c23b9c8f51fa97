"""Servers that stand for an SMS gateway and a mail server, and take no more than those would."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import parse_qs

import pytest


class Gateway:
    """What it was asked, and what it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.status, self.body = 200, b'{"status": "0"}'
        self.location: str | None = None
        self.hangs_up = False
        self.taken: list[dict[str, Any]] = []
        """`fields` and `headers` of every request."""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers["content-type"] == "application/json":
                fields = json.loads(body)
            else:
                assert self.headers["content-type"] == "application/x-www-form-urlencoded"
                fields = {name: value for name, [value] in parse_qs(body.decode()).items()}
            gateway.taken.append({"fields": fields, "headers": dict(self.headers)})
            if gateway.hangs_up:
                return
            self.send_response(gateway.status)
            if gateway.location:
                self.send_header("location", gateway.location)
            self.send_header("content-length", str(len(gateway.body)))
            self.end_headers()
            self.wfile.write(gateway.body)

        def log_message(self, format: str, *values: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gateway.url = f"http://127.0.0.1:{server.server_port}/send"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield gateway
        server.shutdown()


class MailServer:
    """An SMTP server (RFC 5321) that knows one user and keeps to the order of commands."""

    def __init__(self) -> None:
        self.port = 0
        self.refuses: dict[str, str] = {}
        """Command → the line with which it is refused."""
        self.hangs_up_at: str | None = None
        self.messages: list[tuple[str, str, str]] = []
        """(from, to, message)."""
        self.commands: list[str] = []


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    mail = MailServer()

    class Handler(StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 mail.shop.example")
            sender = recipient = ""
            while line := self.rfile.readline().decode(errors="replace").rstrip("\r\n"):
                command = line.partition(" ")[0].upper()
                mail.commands.append(command)
                if mail.hangs_up_at == command:
                    return
                if command in mail.refuses:
                    self.say(mail.refuses[command])
                elif command == "EHLO":
                    self.say("250-mail.shop.example")
                    self.say("250 AUTH PLAIN")
                elif command == "AUTH":
                    self.say("235 welcome")
                elif command == "MAIL":
                    sender = line.partition("<")[2].partition(">")[0]
                    self.say("250 ok")
                elif command == "RCPT":
                    assert sender
                    recipient = line.partition("<")[2].partition(">")[0]
                    self.say("250 ok")
                elif command == "DATA":
                    assert recipient
                    self.say("354 go on")
                    text = ""
                    while (part := self.rfile.readline().decode()) != ".\r\n":
                        text += part
                    if mail.hangs_up_at == ".":
                        return
                    mail.messages.append((sender, recipient, text))
                    self.say("250 taken")
                else:
                    self.say("221 bye" if command == "QUIT" else "250 ok")
                    if command == "QUIT":
                        return

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        mail.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield mail
        server.shutdown()
