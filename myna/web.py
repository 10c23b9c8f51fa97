"""What all web pages and APIs of the front server share: errors, live events, static files."""

from __future__ import annotations

import asyncio
import json as jsonlib
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sanic import Sanic
from sanic.exceptions import SanicException, ServiceUnavailable
from sanic.request import Request
from sanic.response import HTTPResponse, file, json

from myna import settings
from myna.hub.model import HubError

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        # pictures of products come from the shop's website; the demo shop's from this machine
        "default-src 'none'; script-src 'self'; style-src 'self';"
        " img-src 'self' data: https: http://127.0.0.1:* http://localhost:*;"
        " connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Conflict(HubError):
    """A refusal (409) that tells what is there now."""

    def __init__(self, fault: HubError, **present: Any) -> None:
        super().__init__(fault.status, fault.code, str(fault), **fault.more)
        self.present = present


def error(status: int, code: str, text: str, **more: Any) -> HTTPResponse:
    """An error as every API of ours gives it."""
    return json({"error": {"code": code, "message": text, **more}}, status)


def install(app: Sanic) -> None:
    """Error answers without stack traces, and the headers of every response."""

    @app.exception(HubError)
    async def hub_error(request: Request, fault: HubError) -> HTTPResponse:
        told = {"code": fault.code, "message": str(fault), **fault.more}
        present = fault.present if isinstance(fault, Conflict) else {}
        answer = json({"error": told, **present}, fault.status)
        if "retry_after" in fault.more:
            answer.headers["Retry-After"] = str(fault.more["retry_after"])
        return answer

    @app.exception(Exception)
    async def fault(request: Request, exception: Exception) -> HTTPResponse:
        if isinstance(exception, SanicException) and exception.status_code < 500:
            refused = error(exception.status_code, "refused", str(exception))
            refused.headers.update(getattr(exception, "headers", {}))
            return refused
        if request.path.startswith("/static/") and isinstance(exception, OSError | ValueError):
            return error(404, "refused", "File not found")  # a folder, or a name that no file has
        if isinstance(exception, ServiceUnavailable) and str(exception) == "Cancelled":
            # Sanic's own: who asked has hung up, which is no fault of ours and reaches nobody
            logger.info("%s %s: nobody waits for it any more", request.method, request.path)
            return error(503, "cancelled", "The connection was closed.")
        logger.error("%s %s failed", request.method, request.path, exc_info=exception)
        return error(500, "fault", "Something went wrong on our side; please try again.")

    @app.middleware("response")
    async def headers(request: Request, response: HTTPResponse) -> None:
        response.headers.update(SECURITY_HEADERS)
        # asked for again each time, which costs a 304: no page runs with another version's parts
        if request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-cache"


def body(request: Request) -> dict[str, Any]:
    """The request's JSON object.

    Raises:
        HubError: it is none (400), or not declared as JSON (415), which also keeps foreign pages'
            forms out.
    """
    if not request.content_type.startswith("application/json"):
        raise HubError(415, "json_needed", "Send JSON, with Content-Type: application/json.")
    try:
        value = jsonlib.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise HubError(400, "bad_json", "The request's body is no JSON.") from None
    if not isinstance(value, dict):
        raise HubError(400, "bad_json", "The request's body must be a JSON object.")
    return value


def same_site(request: Request) -> None:
    """Refuses writes that another site's page sends with our visitor's cookie.

    Raises:
        HubError: the browser names another origin (403).
    """
    origin = request.headers.get("origin")
    own = (request.headers.get("host"), settings.public_url().split("://", 1)[-1])
    if origin and origin.split("://", 1)[-1].lower() not in own:
        raise HubError(403, "foreign_origin", "This page may not write here.")


async def stream(request: Request, events: AsyncIterator[str | None]) -> None:
    """Server-sent events; None from `events` means that nothing happened for a while."""
    response = await request.respond(
        content_type="text/event-stream; charset=utf-8",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **SECURITY_HEADERS},
    )
    # a real event, for pages cannot see comments: it tells them that the stream gets through
    ping = event("ping", {})
    await response.send(f"retry: 2000\n{ping}")
    async for item in events:
        await response.send(item if item is not None else ping)


def event(kind: str, data: Any, seq: int | None = None) -> str:
    """One server-sent event."""
    head = f"id: {seq}\n" if seq is not None else ""
    return f"{head}event: {kind}\ndata: {jsonlib.dumps(data, ensure_ascii=False)}\n\n"


def last_event(request: Request) -> int:
    """The id of the last event that a stream has brought before it broke off; 0: none."""
    given = request.headers.get("last-event-id") or ""
    return int(given) if re.fullmatch("[0-9]{1,9}", given) else 0


async def next_or_none(queue: asyncio.Queue[Any]) -> Any:
    """The next piece of news; None after a heartbeat's time without any."""
    if not queue.empty():  # no timer for what is there already
        return queue.get_nowait()
    try:
        return await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
    except TimeoutError:
        return None


def static_page(app: Sanic, uri: str, assets: str, folder: Path, name: str) -> None:
    """Serves `folder/index.html` at `uri` and the folder's files below `assets`."""

    async def page(request: Request) -> HTTPResponse:
        return await file(folder / "index.html", headers={"Cache-Control": "no-cache"})

    app.add_route(page, uri, name=f"{name}_page")
    app.static(assets, str(folder), name=f"{name}_assets")
