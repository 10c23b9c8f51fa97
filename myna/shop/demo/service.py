"""The demo shop over HTTP: the interface that `myna.shop.http` describes, and a page to look at.

It stands for a merchant's own system, on the loopback interface only. Orders need the token; the
outbox page needs none, as people who try the demo read their one-time codes there.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import uuid
from datetime import UTC, datetime
from typing import Any, cast

from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, html
from sanic.response import json as json_answer
from sanic.response import text as text_answer

from myna.shop import wire
from myna.shop.demo import page, schema
from myna.shop.demo.faults import Fault, Faults
from myna.shop.demo.seed import seed
from myna.shop.demo.store import DemoShop
from myna.shop.model import Contact, NotFound, Order, Refused, Sent, Unavailable
from myna.shop.protocol import IdempotencyKeyReused

MAX_REQUEST = 64 * 1024
"""Bytes of a request."""

_log = logging.getLogger(__name__)
_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


def create_app(database_url: str, token: str, faults: Faults | None = None) -> Sanic:
    """The service as an application; fills the database if there is no order in it.

    Args:
        database_url: `sqlite:///path`.
        token: what callers must present.
        faults: with one, `POST /__faults` makes trouble on order (see `Faults.set`).

    Raises:
        ValueError: no token, or no SQLite file.
    """
    if not token:
        raise ValueError("the demo shop needs a token")
    engine = schema.open_database(database_url)
    seed(engine, datetime.now(UTC))
    shop = DemoShop(engine)
    # names of applications are unique in a process; tests run several
    app = Sanic(f"demo_shop_{uuid.uuid4().hex}", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = MAX_REQUEST
    app.config.ACCESS_LOG = False
    app.ctx.faults = faults
    _guard(app, token)
    _add_orders(app, shop)
    _add_outbox(app, shop)
    if faults is not None:
        _add_faults(app, faults)
    return app


def _guard(app: Sanic, token: str) -> None:
    expected = f"Bearer {token}".encode()

    async def check_token(request: Request) -> HTTPResponse | None:
        given = request.headers.get("authorization")
        # who presents a token to /health wants to know whether it is good
        if request.path == "/" or (request.path == "/health" and given is None):
            return None
        if hmac.compare_digest((given or "").encode(errors="replace"), expected):
            return None
        return _error(401, "unauthorized", "a valid bearer token is needed")

    async def say_error(request: Request, error: Exception) -> HTTPResponse:
        if isinstance(error, IdempotencyKeyReused):
            return _error(422, "idempotency_key_reused", str(error))
        if isinstance(error, ValueError):
            return _error(400, "bad_request", str(error))
        if isinstance(error, SanicException):
            return _error(error.status_code, "error", type(error).__name__)
        _log.error("demo shop: %s %s", request.method, request.path, exc_info=error)
        return _error(500, "error", type(error).__name__)

    app.register_middleware(check_token, "request")
    app.error_handler.add(Exception, say_error)


def _add_orders(app: Sanic, shop: DemoShop) -> None:
    async def get_order(request: Request, number: str) -> HTTPResponse:
        return _answer(await asyncio.to_thread(shop.get_order, number))

    async def cancel_order(request: Request, number: str) -> HTTPResponse:
        reason, key = _fields(request, "reason")[0], _key(request)
        return _answer(
            await asyncio.to_thread(shop.cancel_order, number, reason=reason, idempotency_key=key)
        )

    async def send_message(request: Request, number: str) -> HTTPResponse:
        contact, text = _fields(request, "contact", "text")
        return _answer(
            await asyncio.to_thread(
                shop.send_message,
                number,
                cast(Contact, contact),
                text,
                idempotency_key=_key(request),
            )
        )

    async def health(request: Request) -> HTTPResponse:
        if await asyncio.to_thread(shop.health):
            return json_answer({"ok": True})
        return _error(503, "unavailable", "no database")

    app.add_route(get_order, "/orders/<number:str>", methods=["GET"])
    app.add_route(cancel_order, "/orders/<number:str>/cancel", methods=["POST"])
    app.add_route(send_message, "/orders/<number:str>/messages", methods=["POST"])
    app.add_route(health, "/health", methods=["GET"])


def _add_outbox(app: Sanic, shop: DemoShop) -> None:
    async def list_outbox(request: Request) -> HTTPResponse:
        messages = await asyncio.to_thread(shop.sent_messages)
        if isinstance(messages, Unavailable):
            return _answer(messages)
        return json_answer({"messages": messages})

    async def show_outbox(request: Request) -> HTTPResponse:
        # a page of the internet whose name was turned to this machine must not read the codes
        if request.host.rsplit(":", 1)[0] not in _LOCAL_NAMES:
            return _error(421, "wrong_host", "this page is for this machine only")
        messages = await asyncio.to_thread(shop.sent_messages)
        return html(
            page.outbox(None if isinstance(messages, Unavailable) else messages),
            headers=page.HEADERS,
        )

    app.add_route(list_outbox, "/outbox", methods=["GET"])
    app.add_route(show_outbox, "/", methods=["GET"])


def _add_faults(app: Sanic, faults: Faults) -> None:
    async def set_faults(request: Request) -> HTTPResponse:
        faults.set(_object(request))
        return json_answer({"ok": True})

    async def before(request: Request) -> HTTPResponse | None:
        if not request.path.startswith(("/orders/", "/health")):
            return None
        return await _strike(request, faults.take(after=False))

    async def after(request: Request, response: HTTPResponse) -> HTTPResponse | None:
        if not request.path.startswith(("/orders/", "/health")):
            return None
        return await _strike(request, faults.take(after=True))

    app.add_route(set_faults, "/__faults", methods=["POST"])
    app.register_middleware(before, "request")
    app.register_middleware(after, "response")


async def _strike(request: Request, fault: Fault) -> HTTPResponse | None:
    await asyncio.sleep(fault.delay_s)
    if fault.drop:
        request.transport.abort()
        await asyncio.sleep(60)  # the lost connection ends this task at once
    if fault.status is not None:
        return text_answer("trouble on order", status=fault.status)
    return None


def _answer(result: Order | Sent | NotFound | Refused | Unavailable) -> HTTPResponse:
    match result:
        case Order():
            return json_answer(wire.order_to_json(result))
        case Sent():
            return json_answer({"message_id": result.message_id}, status=201)
        case NotFound():
            return _error(404, f"{result.what}_not_found", f"there is no such {result.what}")
        case Refused():
            message = f"not possible in state {result.state}"
            return _error(409, "refused", message, state=result.state)
        case Unavailable():
            return _error(503, "unavailable", result.reason)


def _error(status: int, code: str, message: str, **more: str) -> HTTPResponse:
    return json_answer(wire.error_to_json(code, message, **more), status=status)


def _object(request: Request) -> dict[str, Any]:
    return wire.loads(request.body)


def _fields(request: Request, *names: str) -> list[str]:
    values = _object(request)
    texts = [values.get(name) for name in names]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"needed as texts: {', '.join(names)}")
    return [str(text) for text in texts]


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key")
    if key is None:
        raise ValueError("the header Idempotency-Key is needed")
    return str(key)
