"""An SMS gateway, and what can come of asking it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from myna.facts import SmsGatewayFacts
from myna.sending import sms
from myna.sending.sms import SmsGateway
from myna.shop.model import NotFound, NotOffered, Sent, Unavailable, Uncertain
from tests.actions.fake_shop import an_order

from .conftest import Gateway

FIELDS = {"to": "{phone}", "message": "{text}", "ref": "{key}"}
TEXT = "Mã của anh/chị là 482913 {secret}"


def send(gateway: Gateway, **more: Any) -> Any:
    facts = SmsGatewayFacts.parse_obj({"url": gateway.url, "fields": FIELDS, **more})
    return SmsGateway(facts, "user:s3cret").send(an_order(), "phone", TEXT, idempotency_key="k")


def test_json_with_a_bearer_token(gateway: Gateway) -> None:
    assert send(gateway) == Sent("HTTP 200")
    [taken] = gateway.taken
    fields = taken["fields"]
    assert (fields["to"], fields["message"]) == ("+84903123456", TEXT)
    assert len(fields["ref"]) == 32
    assert taken["headers"]["Authorization"] == "Bearer user:s3cret"
    assert taken["headers"]["Idempotency-Key"] == "k"


def test_a_form_with_a_password(gateway: Gateway) -> None:
    fields = {"To": "{digits}", "Body": "{text}", "Brand": "LENTERA {x}"}
    assert send(gateway, format="form", auth="basic", fields=fields) == Sent("HTTP 200")
    [taken] = gateway.taken
    assert taken["fields"] == {"To": "84903123456", "Body": TEXT, "Brand": "LENTERA {x}"}
    given = taken["headers"]["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(given) == b"user:s3cret"


def test_a_secret_among_the_fields(gateway: Gateway) -> None:
    send(gateway, auth="none", fields={**FIELDS, "ApiKey": "{secret}"})
    [taken] = gateway.taken
    assert taken["fields"]["ApiKey"] == "user:s3cret"
    assert "Authorization" not in taken["headers"]
    assert taken["fields"]["message"] == TEXT, "what stands in a text is no placeholder"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (201, b"", Sent),
        (302, b"", Unavailable),
        (400, b"", Unavailable),
        (401, b"", Unavailable),
        (429, b"", Unavailable),
        (500, b"", Uncertain),
        (503, b"", Unavailable),
        (504, b"", Uncertain),
    ],
)
def test_what_the_gateway_answers(
    gateway: Gateway, status: int, body: bytes, outcome: type
) -> None:
    gateway.status, gateway.body = status, body
    assert isinstance(send(gateway), outcome)
    assert len(gateway.taken) == 1


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b'{"status": "0"}', Sent),
        (b'{"status": 0}', Sent),
        (b'{"status": 7}', Unavailable),
        (b"{}", Unavailable),
        (b"[]", Uncertain),
        (b"ok", Uncertain),
    ],
)
def test_a_gateway_that_says_no_with_200(gateway: Gateway, body: bytes, outcome: type) -> None:
    gateway.body = body
    assert isinstance(send(gateway, success={"status": "0"}), outcome)


def test_a_redirection_is_not_followed(gateway: Gateway) -> None:
    gateway.status, gateway.location = 307, gateway.url
    assert isinstance(send(gateway), Unavailable)
    assert len(gateway.taken) == 1


def test_a_gateway_that_hangs_up_may_have_sent_it(gateway: Gateway) -> None:
    gateway.hangs_up = True
    assert isinstance(send(gateway), Uncertain)


def test_a_gateway_that_is_not_there(gateway: Gateway, unused_port: int) -> None:
    gateway.url = f"http://127.0.0.1:{unused_port}/"
    assert isinstance(send(gateway), Unavailable)


def test_a_gateway_that_does_not_answer(
    unused_port: int, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr(sms, "SECONDS", (1.0, 0.2))
    with socket.create_server(("127.0.0.1", unused_port)):
        gateway.url = f"http://127.0.0.1:{unused_port}/"
        assert isinstance(send(gateway), Uncertain)


def test_sms_go_to_phones(gateway: Gateway) -> None:
    facts = SmsGatewayFacts.parse_obj({"url": gateway.url, "fields": FIELDS})
    sender = SmsGateway(facts, "")
    assert not sender.reaches(an_order(), "email")
    assert sender.send(an_order(), "email", "x", idempotency_key="k") == NotOffered("messages")
    order = an_order(phone=None)
    assert sender.send(order, "phone", "x", idempotency_key="k") == NotFound("contact")
    assert gateway.taken == []
