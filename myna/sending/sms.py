"""An SMS gateway over HTTP. Gateways differ in names and in how they say yes: both are told."""

from __future__ import annotations

import hashlib
from typing import Any

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from myna.facts import SmsGatewayFacts
from myna.sending.protocol import Outcome
from myna.shop.model import Contact, NotFound, NotOffered, Order, Sent, Unavailable, Uncertain

SECONDS = (3.0, 8.0)
"""Time to connect, and to answer."""


class SmsGateway:
    """Posts each text to the gateway once.

    Args:
        gateway: `sending.sms` of `shop.yml`.
        secret: `MYNA_SMS_SECRET`: a bearer token, or `user:password` with `auth: basic`; also put
            for `{secret}` in the fields.
    """

    def __init__(self, gateway: SmsGatewayFacts, secret: str) -> None:
        self._gateway = gateway
        self._secret = secret

    def reaches(self, order: Order, contact: Contact) -> bool:
        """See `Sender`; SMS go to phones only."""
        return contact == "phone" and bool(order.phone)

    def send(self, order: Order, contact: Contact, text: str, *, idempotency_key: str) -> Outcome:
        """See `Sender`."""
        if contact != "phone":
            return NotOffered("messages")
        if not order.phone:
            return NotFound("contact")
        values = {
            "phone": order.phone,
            "digits": order.phone.lstrip("+"),
            "text": text,
            "key": _short(idempotency_key),
            "secret": self._secret,
        }
        # replaced once: what stands in a text is never looked through for placeholders again
        fields = {name: _fill(given, values) for name, given in self._gateway.fields.items()}
        given = {"json": fields} if self._gateway.format == "json" else {"data": fields}
        headers, basic = {"Idempotency-Key": idempotency_key}, None
        if self._gateway.auth == "basic":
            user, _, password = self._secret.partition(":")
            basic = (user, password)
        elif self._gateway.auth == "bearer":
            headers["Authorization"] = f"Bearer {self._secret}"
        try:
            answer = requests.post(
                self._gateway.url,
                data=given.get("data"),
                json=given.get("json"),
                headers=headers,
                auth=basic,
                timeout=SECONDS,
                allow_redirects=False,  # a code goes nowhere else
            )
        except requests.RequestException as fault:
            # a connection that breaks after the request was sent may have done it
            outcome = Unavailable if _never_connected(fault) else Uncertain
            return outcome(f"SMS gateway: {type(fault).__name__}")
        return self._outcome(answer)

    def _outcome(self, answer: requests.Response) -> Outcome:
        if answer.status_code >= 500 and answer.status_code != 503:
            return Uncertain(f"SMS gateway: HTTP {answer.status_code}")
        if not 200 <= answer.status_code < 300:
            return Unavailable(f"SMS gateway: HTTP {answer.status_code}")
        success = self._gateway.success
        if not success:
            return Sent(f"HTTP {answer.status_code}")
        try:
            body = answer.json()
        except ValueError:
            return Uncertain("SMS gateway: the answer is no JSON")
        if not isinstance(body, dict):
            return Uncertain("SMS gateway: the answer is no object")
        for name, wanted in success.items():
            if str(body.get(name)) != wanted:
                return Unavailable(f"SMS gateway: {name} is {str(body.get(name))[:40]!r}")
        return Sent("accepted")


def _never_connected(fault: requests.RequestException) -> bool:
    if isinstance(fault, requests.ConnectTimeout):
        return True
    cause: Any = fault.args[0] if fault.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _fill(field: str, values: dict[str, str]) -> str:
    parts = field.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        filled.append(values[name] + rest if closed and name in values else "{" + part)
    return "".join(filled)


def _short(key: str) -> str:
    """The key in a form that every gateway takes as an id of ours."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]
