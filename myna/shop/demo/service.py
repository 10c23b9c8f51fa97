"""The demo shop over HTTP: the interface that `myna.shop.http` describes, and a page to look at.

It stands for a merchant's own system, on the loopback interface only. Orders need the token; the
outbox page needs none, as people who try the demo read their one-time codes there.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, html, raw
from sanic.response import json as json_answer
from sanic.response import text as text_answer

from myna.shop import wire
from myna.shop.demo import page, papers, pictures, schema
from myna.shop.demo.faults import Fault, Faults
from myna.shop.demo.seed import seed
from myna.shop.demo.store import LANGUAGES, DemoShop
from myna.shop.model import Declined, NotFound, NotOffered, Product, Refused, Unavailable
from myna.shop.operations import (
    GET_PRODUCT,
    OPERATIONS,
    Cancellation,
    Message,
    Operation,
    Recipient,
    WarrantySearch,
)
from myna.shop.protocol import IdempotencyKeyReused

MAX_REQUEST = 64 * 1024
"""Bytes of a request."""

PAGE = 100
"""Products on one page."""

_PUBLIC = ("/pictures/", "/files/", "/labels/", "/catalogue-")
"""What browsers fetch, without a token."""
_SPREAD = (Cancellation, Message, Recipient, WarrantySearch)
"""Bodies whose fields are parameters of their own in `Shop`."""
_log = logging.getLogger(__name__)
_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


def create_app(
    database_url: str,
    token: str,
    faults: Faults | None = None,
    public_url: str = "http://127.0.0.1:8090",
) -> Sanic:
    """The service as an application; fills the database if there is no order in it.

    Args:
        database_url: `sqlite:///path`.
        token: what callers must present.
        faults: with one, `POST /__faults` makes trouble on order (see `Faults.set`).
        public_url: where browsers find the service.

    Raises:
        ValueError: no token, or no SQLite file.
    """
    if not token:
        raise ValueError("the demo shop needs a token")
    engine = schema.open_database(database_url)
    seed(engine, datetime.now(UTC))
    shop = DemoShop(engine, public_url=public_url)
    # names of applications are unique in a process; tests run several
    app = Sanic(f"demo_shop_{uuid.uuid4().hex}", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = MAX_REQUEST
    app.config.ACCESS_LOG = False
    app.ctx.faults = faults
    _guard(app, token)
    _add_operations(app, shop)
    _add_files(app, shop)
    _add_outbox(app, shop)
    if faults is not None:
        _add_faults(app, faults)
    return app


def _guard(app: Sanic, token: str) -> None:
    expected = f"Bearer {token}".encode()

    async def check_token(request: Request) -> HTTPResponse | None:
        given = request.headers.get("authorization")
        # who presents a token to /health wants to know whether it is good
        if request.path == "/" or request.path.startswith(_PUBLIC):
            return None
        if request.path == "/health" and given is None:
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


def _add_operations(app: Sanic, shop: DemoShop) -> None:
    for operation in OPERATIONS:
        path = re.sub(r"\{(\w+)\}", r"<\1:str>", operation.path)
        app.add_route(_handler(operation, shop), path, methods=[operation.method])

    async def health(request: Request) -> HTTPResponse:
        if await asyncio.to_thread(shop.health):
            return json_answer({"ok": True})
        return _error(503, "unavailable", "no database")

    app.add_route(health, "/health", methods=["GET"])


def _handler(operation: Operation[Any], shop: DemoShop) -> Any:
    """What answers one call: it takes the parameters apart and asks the shop."""
    call: Callable[..., Any] = getattr(shop, operation.name)

    async def handle(request: Request, **path: str) -> HTTPResponse:
        arguments: list[Any] = list(path.values())
        named: dict[str, Any] = {name: request.args.get(name, "") for name in operation.query}
        page = _whole(named.pop("page", "") or "1")
        if "limit" in named:
            named["limit"] = _whole(named["limit"] or "5")
        if operation.body is not None:
            body: Any = wire.from_json(operation.body, wire.loads(request.body))
            if operation.body in _SPREAD:
                named |= vars(body)
            else:
                arguments.append(body)
        if not operation.safe:
            named["idempotency_key"] = _key(request)
        result = await asyncio.to_thread(call, *arguments, **named)
        if "page" in operation.query and isinstance(result, tuple):
            result = result[(page - 1) * PAGE : page * PAGE]
        return _answer(result, operation)

    handle.__name__ = operation.name
    return handle


def _add_files(app: Sanic, shop: DemoShop) -> None:
    """Pictures and papers; browsers fetch them without a token."""

    async def picture(request: Request, sku: str) -> HTTPResponse:
        product = await asyncio.to_thread(shop.get_product, sku)
        if not isinstance(product, Product):
            return _answer(product, GET_PRODUCT)
        headers = {"Cache-Control": "max-age=3600", "Content-Security-Policy": "default-src 'none'"}
        return raw(
            pictures.picture(product).encode(), content_type="image/svg+xml", headers=headers
        )

    async def catalogue(request: Request, language: str) -> HTTPResponse:
        products = await asyncio.to_thread(shop.list_products)
        if not isinstance(products, tuple) or language not in LANGUAGES:
            return _error(404, "error", "no such file")
        return _pdf(await asyncio.to_thread(papers.catalogue_pdf, products, language))

    async def file(request: Request, secret: str, number: str) -> HTTPResponse:
        found = await asyncio.to_thread(shop.file, f"/files/{secret}/{number}.pdf")
        if found is None:
            return _error(404, "error", "no such file")
        return _pdf(await asyncio.to_thread(papers.invoice_pdf, *found))

    async def label(request: Request, number: str) -> HTTPResponse:
        found = await asyncio.to_thread(shop.find_return, number)
        if found is None:
            return _error(404, "error", "no such file")
        return _pdf(await asyncio.to_thread(papers.label_pdf, number, found[1].address.country))

    app.add_route(picture, r"/pictures/<sku:([\w.-]+)\.svg>", methods=["GET"])
    app.add_route(catalogue, r"/<language:catalogue-(vi|ms|en)\.pdf>", methods=["GET"])
    app.add_route(file, r"/files/<secret:str>/<number:([\w-]+)\.pdf>", methods=["GET"])
    app.add_route(label, r"/labels/<number:(RT-[0-9]+)\.pdf>", methods=["GET"])


def _pdf(body: bytes) -> HTTPResponse:
    return raw(body, content_type="application/pdf", headers={"Cache-Control": "no-store"})


def _add_outbox(app: Sanic, shop: DemoShop) -> None:
    async def list_outbox(request: Request) -> HTTPResponse:
        messages = await asyncio.to_thread(shop.sent_messages)
        if isinstance(messages, Unavailable):
            return _error(503, "unavailable", messages.reason)
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
        if not _is_call(request):
            return None
        return await _strike(request, faults.take(after=False))

    async def after(request: Request, response: HTTPResponse) -> HTTPResponse | None:
        if not _is_call(request):
            return None
        return await _strike(request, faults.take(after=True))

    app.add_route(set_faults, "/__faults", methods=["POST"])
    app.register_middleware(before, "request")
    app.register_middleware(after, "response")


def _is_call(request: Request) -> bool:
    return request.path not in ("/", "/outbox", "/__faults") and not request.path.startswith(
        _PUBLIC
    )


async def _strike(request: Request, fault: Fault) -> HTTPResponse | None:
    await asyncio.sleep(fault.delay_s)
    if fault.drop:
        request.transport.abort()
        await asyncio.sleep(60)  # the lost connection ends this task at once
    if fault.status is not None:
        return text_answer("trouble on order", status=fault.status)
    return None


def _answer(result: Any, operation: Operation[Any]) -> HTTPResponse:
    match result:
        case NotFound():
            return _error(404, f"{result.what}_not_found", f"there is no such {result.what}")
        case Refused():
            message = f"not possible in state {result.state}"
            return _error(409, "refused", message, state=result.state)
        case Declined():
            return _error(409, "declined", "the shop's rules forbid it", reason=result.reason)
        case NotOffered():
            return _error(501, "not_offered", f"no {result.what} here")
        case Unavailable():
            return _error(503, "unavailable", result.reason)
    body = wire.list_to_json(result) if operation.many else wire.to_json(result)
    return json_answer(body, status=operation.status)


def _error(status: int, code: str, message: str, **more: str) -> HTTPResponse:
    return json_answer(wire.error_to_json(code, message, **more), status=status)


def _object(request: Request) -> dict[str, Any]:
    return wire.loads(request.body)


def _whole(text: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", text):
        raise ValueError("limit and page are whole numbers")
    return int(text)


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key")
    if key is None:
        raise ValueError("the header Idempotency-Key is needed")
    return str(key)
