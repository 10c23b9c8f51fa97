"""The address that Meta calls: authenticated, stored, answered; everything else comes later."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, text

from myna.channels.messenger import signature
from myna.channels.messenger.config import Config
from myna.channels.messenger.events import Told, told
from myna.channels.messenger.receiver import as_event
from myna.hub.inbox import Event, Inbox

logger = logging.getLogger(__name__)

PATH = "/webhooks/messenger"


def blueprint(config: Config, inbox: Inbox, poke: Callable[[], None]) -> Blueprint:
    """The webhook.

    Args:
        config: the channel's.
        inbox: keeps the events.
        poke: called when there are new ones.
    """
    routes = Blueprint("messenger")

    @routes.get(PATH)
    async def verify(request: Request) -> HTTPResponse:
        """Meta asks whether the address is ours."""
        given = request.args.get("hub.verify_token", "").encode(errors="surrogateescape")
        known = hmac.compare_digest(given, config.verify_token.encode())
        if not known or request.args.get("hub.mode") != "subscribe":
            return text("The verify token is not this installation's.", 403)
        return text(request.args.get("hub.challenge", ""))

    @routes.post(PATH)
    async def take_in(request: Request) -> HTTPResponse:
        """Events. 200 once they are stored, and for what will never be of use."""
        body: bytes = request.body
        header = request.headers.get("x-hub-signature-256")
        if not signature.is_genuine(config.app_secret, header, body):
            return text("The signature is missing or wrong.", 403)
        events = _events(config, body)
        # if this fails the answer is 500, and Meta repeats the call
        await inbox.take_in(events)
        if events:
            poke()
        return text("EVENT_RECEIVED")

    return routes


def _events(config: Config, body: bytes) -> list[Event]:
    """What is to be stored, in the order in which it happened."""
    try:
        found = list(told(json.loads(body)))
    except (ValueError, RecursionError):
        logger.warning("Messenger: a signed call was no JSON, and was passed over.")
        return []
    events = [event for one in _in_order(found) if (event := as_event(config, one))]
    if len(events) < len(found):
        passed = len(found) - len(events)
        logger.warning("Messenger: %d events of Pages not in shop.yml were passed over.", passed)
    return events


def _in_order(found: list[Told]) -> list[Told]:
    """By time; one without a time stays behind the one that it came after."""
    latest = datetime.fromtimestamp(0, UTC)
    keyed: list[tuple[Any, Told]] = []
    for one in found:
        latest = one.at or latest
        keyed.append((latest, one))
    return [one for _, one in sorted(keyed, key=lambda pair: pair[0])]
