"""The web channel: the chat page's API.

A visitor's conversation is named by a signed cookie that scripts cannot read; its id is minted by
the hub and never taken from a client.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from myna import web
from myna.facts import LANGUAGES
from myna.hub.bus import News
from myna.hub.hub import MAX_CHARACTERS, Hub
from myna.hub.model import Conversation, HubError
from myna.texts import Catalogue

COOKIE = "myna_chat"
_COOKIE_SECONDS = 90 * 24 * 3600


def sign(conversation_id: str, key: str) -> str:
    """The cookie's value for a conversation."""
    mark = hmac.new(key.encode(), _bytes(conversation_id), hashlib.sha256).hexdigest()
    return f"{conversation_id}.{mark}"


def signed_conversation(cookie: str | None, key: str) -> str | None:
    """The conversation that a cookie names; None if the cookie is not ours."""
    if not cookie:
        return None
    conversation_id = cookie.partition(".")[0]
    genuine = hmac.compare_digest(_bytes(cookie), _bytes(sign(conversation_id, key)))
    return conversation_id if genuine else None


def _bytes(header: str) -> bytes:
    """What was sent; Sanic keeps bytes that are no UTF-8 as surrogates."""
    return header.encode(errors="surrogateescape")


def blueprint(hub: Hub, catalogue: Catalogue, key: str) -> Blueprint:
    """The chat's routes.

    Args:
        hub: where messages go.
        catalogue: for the shop's name and colour.
        key: signs the cookie.
    """
    chat = Blueprint("chat", url_prefix="/api/v1/chat")

    async def present(request: Request) -> Conversation:
        conversation_id = signed_conversation(request.cookies.get(COOKIE), key)
        if conversation_id is None:
            raise HubError(401, "no_session", "Open a session first.")
        return await hub.log.conversation(conversation_id)

    @chat.post("/session")
    async def session(request: Request) -> HTTPResponse:
        web.same_site(request)
        language = web.body(request).get("language")
        if language is not None and language not in LANGUAGES:
            raise HubError(422, "bad_field", f"'language' is one of {', '.join(LANGUAGES)}.")
        try:
            conversation = await present(request)
            if language and language != conversation.language:
                conversation = await hub.set_language(conversation.id, language)
        except HubError:
            conversation = await hub.open("web", language)
        facts = catalogue.facts
        answer = json(
            {
                "conversation": conversation.public(),
                "shop": {
                    "name": facts.name,
                    "assistant_name": facts.assistant_name,
                    "accent": facts.accent,
                },
            }
        )
        answer.cookies[COOKIE] = sign(conversation.id, key)
        answer.cookies[COOKIE]["httponly"] = True
        answer.cookies[COOKIE]["samesite"] = "Lax"
        answer.cookies[COOKIE]["secure"] = request.scheme == "https"
        answer.cookies[COOKIE]["max-age"] = _COOKIE_SECONDS
        answer.cookies[COOKIE]["path"] = "/"
        return answer

    @chat.get("/messages")
    async def history(request: Request) -> HTTPResponse:
        conversation = await present(request)
        messages = await hub.log.messages(conversation.id, _after(request))
        return json(
            {
                "messages": [message.public() for message in messages],
                "conversation": conversation.public(),
            }
        )

    @chat.post("/messages")
    async def send(request: Request) -> HTTPResponse:
        web.same_site(request)
        conversation = await present(request)
        data = web.body(request)
        echo_id = web.text_field(data, "echo_id", 80)
        choice = web.text_field(data, "choice", 100, required=False) or None
        text = web.text_field(data, "text", MAX_CHARACTERS, required=False)
        message, new = await hub.receive(conversation.id, f"web:{echo_id}", text, choice)
        return json({"message": message.public()}, 201 if new else 200)

    @chat.get("/events")
    async def events(request: Request) -> None:
        conversation = await present(request)
        with hub.bus.listen(conversation.id) as queue:
            await web.stream(request, _live(hub, queue, conversation.id, _after(request)))

    return chat


def _after(request: Request) -> int:
    given = request.headers.get("last-event-id") or request.args.get("after") or "0"
    return int(given) if re.fullmatch("[0-9]{1,9}", given) else 0


async def _live(
    hub: Hub, queue: asyncio.Queue[News], conversation_id: str, seq: int
) -> AsyncIterator[str | None]:
    """What is in the log after `seq`, then what comes: gapless, for the log is read each time."""
    conversation = await hub.log.conversation(conversation_id)
    yield web.event("conversation", conversation.public())
    news: News | None = None
    while True:
        if news is None or (news.kind == "message" and news.data.seq > seq):
            while messages := await hub.log.messages(conversation_id, seq):
                for message in messages:
                    seq = message.seq
                    yield web.event("message", message.public(), seq)
        elif news.kind == "typing":
            yield web.event("typing", news.data)
        elif news.kind == "conversation":
            yield web.event("conversation", news.data.public())
        news = await web.next_or_none(queue)
        if news is None:
            yield None
