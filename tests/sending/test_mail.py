"""A mail server, and what can come of asking it."""

from __future__ import annotations

from email import message_from_string, policy
from typing import Any

import pytest

from myna.facts import SmtpFacts
from myna.sending.mail import SmtpMail
from myna.shop.model import NotFound, NotOffered, Sent, Unavailable, Uncertain
from tests.actions.fake_shop import an_order

from .conftest import MailServer

TEXT = "Mã của anh/chị là 482913."


def sender(server: MailServer, **more: Any) -> SmtpMail:
    given = {"host": "127.0.0.1", "port": server.port, "security": "none", "user": "care"}
    given |= {"sender": "Lentera Home <care@shop.example>", **more}
    return SmtpMail(SmtpFacts.parse_obj(given), "s3cret", "Lentera Home")


def send(server: MailServer, **more: Any) -> Any:
    return sender(server, **more).send(an_order(), "email", TEXT, idempotency_key="k")


def test_a_message(mail_server: MailServer) -> None:
    sent = send(mail_server)
    assert isinstance(sent, Sent)
    [(from_, to, text)] = mail_server.messages
    assert (from_, to) == ("care@shop.example", "lan.nguyen@example.com")
    message: Any = message_from_string(text, policy=policy.default)
    assert message["From"] == "Lentera Home <care@shop.example>"
    assert message["Subject"] == "Lentera Home"
    assert message["Message-ID"] == sent.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().strip() == TEXT
    assert "AUTH" in mail_server.commands


def test_the_same_key_has_the_same_id(mail_server: MailServer) -> None:
    assert send(mail_server) == send(mail_server)


def test_without_a_user_nobody_logs_in(mail_server: MailServer) -> None:
    assert isinstance(send(mail_server, user=None), Sent)
    assert "AUTH" not in mail_server.commands


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("AUTH", "535 who are you"),
        ("MAIL", "550 not you"),
        ("RCPT", "550 no such mailbox"),
        ("DATA", "451 later"),
        ("EHLO", "421 closed"),
    ],
)
def test_a_server_that_refuses(mail_server: MailServer, command: str, line: str) -> None:
    mail_server.refuses[command] = line
    if command == "EHLO":
        mail_server.refuses["HELO"] = line
    assert isinstance(send(mail_server), Unavailable)
    assert mail_server.messages == []


@pytest.mark.parametrize(("command", "outcome"), [("EHLO", Unavailable), (".", Uncertain)])
def test_a_server_that_hangs_up(mail_server: MailServer, command: str, outcome: type) -> None:
    mail_server.hangs_up_at = command
    assert isinstance(send(mail_server), outcome)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_nothing_is_sent_unencrypted_where_it_must_not(
    mail_server: MailServer, security: str
) -> None:
    assert isinstance(send(mail_server, security=security), Unavailable)
    assert mail_server.messages == []
    assert "AUTH" not in mail_server.commands


def test_a_server_that_is_not_there(mail_server: MailServer, unused_port: int) -> None:
    assert isinstance(send(mail_server, port=unused_port), Unavailable)


def test_mail_goes_to_addresses(mail_server: MailServer) -> None:
    mail = sender(mail_server)
    assert not mail.reaches(an_order(), "phone")
    assert mail.send(an_order(), "phone", "x", idempotency_key="k") == NotOffered("messages")
    order = an_order(email=None)
    assert mail.send(order, "email", "x", idempotency_key="k") == NotFound("contact")
    assert mail_server.commands == []
