"""The web channel: the chat page's API.

A visitor's conversation is named by a signed cookie that scripts cannot read; its id is minted
here and never taken from a client. Nothing is stored before the first message.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from myna import identity, settings, web
from myna.api import Api, Error, Guard, Nothing, Sent
from myna.channels import models
from myna.clients import Gate, Refusal, client_address
from myna.hub.bus import RESYNC, News
from myna.hub.hub import Hub
from myna.hub.model import Arrival, Conversation, HubError, now, stamp
from myna.identity import Identity
from myna.texts import Catalogue

CHANNEL = "web"
COOKIE = "myna_chat"
_COOKIE_SECONDS = 90 * 24 * 3600
_COOKIE_TEXT = "Set by `POST /api/v1/chat/session`; names the visitor's conversation."
_REMEMBERED = 100_000  # conversations


class Visitor(NamedTuple):
    """Who a cookie names."""

    conversation_id: str
    language: str | None
    """Chosen before anything was written."""
    until: int | None = None
    """Of a customer who is logged in at the shop: when that is over, in seconds since 1970. The
    cookie then names nobody any more."""


def sign(visitor: Visitor, key: str) -> str:
    """The cookie's value for a visitor."""
    name = f"{visitor.conversation_id}.{visitor.language or ''}"
    if visitor.until is not None:
        name += f".{visitor.until}"
    return f"{name}.{_mark(name, key)}"


def signed_visitor(cookie: str | None, key: str) -> Visitor | None:
    """The visitor that a cookie names; None if the cookie is not ours, or over."""
    name, _, mark = (cookie or "").rpartition(".")
    if not hmac.compare_digest(_bytes(mark), _bytes(_mark(name, key))):
        return None
    conversation_id, _, rest = name.partition(".")
    language, _, until = rest.partition(".")
    if until and int(until) <= now().timestamp():
        return None
    return Visitor(conversation_id, language or None, int(until) if until else None)


def _mark(name: str, key: str) -> str:
    return hmac.new(key.encode(), _bytes(name), hashlib.sha256).hexdigest()


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
    gate = Gate(lambda: catalogue.facts.limits, key)
    proxies = settings.trusted_proxies()
    secure = settings.public_url().startswith("https:")

    async def visitor_of(request: Request) -> Visitor:
        if request.method != "GET":
            web.same_site(request)
        found = signed_visitor(request.cookies.get(COOKIE), key)
        if found is None:
            raise HubError(401, "no_session", "Open a session first.")
        return found

    cookie = {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": _COOKIE_TEXT}
    guard = Guard(visitor_of, web.same_site, {"chat": cookie}, [["chat"]], [["chat"]])
    chat = Api("chat", "/api/v1/chat", guard)

    established: OrderedDict[str, None] = OrderedDict()

    async def is_established(conversation_id: str) -> bool:
        """Whether a conversation has had an answer; once it had, nobody asks the log again."""
        if conversation_id in established:
            return True
        conversation = await hub.log.find(conversation_id)
        if conversation is None or conversation.last_seq < 2:
            return False
        if len(established) >= _REMEMBERED:
            established.popitem(last=False)
        established[conversation_id] = None
        return True

    async def let_in(request: Request, visitor: Visitor, solution: str | None) -> None:
        address = client_address(request.ip, request.headers.get("x-forwarded-for"), proxies)
        answered = await is_established(visitor.conversation_id)
        try:
            gate.admit(visitor.conversation_id, address, answered, solution)
        except Refusal as refusal:
            more = {k: v for k, v in refusal.public().items() if k not in ("code", "message")}
            raise HubError(429, refusal.code, str(refusal), **more) from None

    @chat.post("/session", models.Session, public=())
    async def session(request: Request, body: models.Begin) -> HTTPResponse:
        """Open a session, or go on with the browser's own.

        The answer sets the cookie that names the visitor's conversation. Nothing is stored before
        the first message, unless the customer is logged in at the shop: with `identity` the
        conversation is that customer's own, on whatever device, and never one that somebody else
        or nobody in particular has begun. 422 `identity_refused` if the token is not believed.
        """
        language = body.language
        known = signed_visitor(request.cookies.get(COOKIE), key)
        if body.identity is not None:
            known = await logged_in(known, _identity(body.identity), language)
        known = known or Visitor(secrets.token_hex(12), None)
        conversation = await hub.log.find(known.conversation_id)
        if language and conversation and language != conversation.language:
            conversation = await hub.set_language(conversation.id, language)
        known = known._replace(language=language or known.language)
        facts = catalogue.facts
        answer = json(
            {
                "conversation": _public(known, conversation),
                "shop": {
                    "name": facts.name,
                    "assistant_name": facts.assistant_name,
                    "accent": facts.accent,
                },
                "customer": {
                    "name": conversation.customer_name,
                    "until": stamp(conversation.identity_until),
                }
                if conversation and conversation.logged_in
                else None,
            }
        )
        answer.cookies[COOKIE] = sign(known, key)
        answer.cookies[COOKIE]["httponly"] = True
        answer.cookies[COOKIE]["samesite"] = "Lax"
        answer.cookies[COOKIE]["secure"] = secure
        answer.cookies[COOKIE]["max-age"] = _COOKIE_SECONDS
        answer.cookies[COOKIE]["path"] = "/"
        return answer

    async def logged_in(known: Visitor | None, who: Identity, language: str | None) -> Visitor:
        """Who has a customer's conversation, or begins one: with nothing in it that others said."""
        own = await hub.log.of_customer(CHANNEL, who.customer_id)
        if own is None and known and await hub.log.find(known.conversation_id) is None:
            conversation_id = known.conversation_id
        else:
            conversation_id = own.id if own else secrets.token_hex(12)
        language = language or (known.language if known else None)
        await hub.log_in(conversation_id, CHANNEL, language, who)
        return Visitor(conversation_id, language, int(who.until.timestamp()))

    @chat.post("/logout", Nothing)
    async def logout(request: Request, visitor: Visitor) -> HTTPResponse:
        """Leave the conversation, as when the customer logs out at the shop.

        What is proved is forgotten, and the cookie with it: the next session begins another
        conversation. One of a customer who was logged in is found again by the next log-in.
        """
        if await hub.log.find(visitor.conversation_id):
            await hub.log_out(visitor.conversation_id)
        answer = json({})
        del answer.cookies[COOKIE]
        answer.cookies[COOKIE]["path"] = "/"
        return answer

    @chat.get("/messages", models.History)
    async def messages(request: Request, visitor: Visitor, query: models.After) -> HTTPResponse:
        """Read what has been said.

        At most 500 messages; ask again after the last one's `seq` until there are none.
        """
        conversation = await hub.log.find(visitor.conversation_id)
        found = await hub.log.messages(visitor.conversation_id, query.after)
        return json(
            {
                "messages": [message.public() for message in found],
                "conversation": _public(visitor, conversation),
            }
        )

    @chat.post("/messages", Sent, status=(201, 200), errors={429: Error})
    async def send(request: Request, visitor: Visitor, body: models.Outgoing) -> HTTPResponse:
        """Write a message, or press a button.

        201 when it is stored; the answer to it comes as an event. 200 if the same `echo_id` was
        stored before. 422 `unknown_choice` if the button was not offered in this conversation. 429
        `busy` or `too_fast`: nothing was stored, send it again after `retry_after` seconds; 429
        `prove_work` may be answered by a proof of work: see `challenge` and `bits`.
        """
        await let_in(request, visitor, body.solution)
        await hub.let_in(visitor.conversation_id)
        message, new = await hub.receive(
            Arrival(
                visitor.conversation_id,
                CHANNEL,
                f"web:{body.echo_id}",
                body.text,
                body.choice,
                visitor.language,
            )
        )
        return json({"message": message.public()}, 201 if new else 200)

    @chat.post("/seen", Nothing)
    async def seen(request: Request, visitor: Visitor, body: models.Seen) -> HTTPResponse:
        """Tell what the page has shown."""
        if await hub.log.find(visitor.conversation_id):
            await hub.seen(visitor.conversation_id, body.seq)
        return json({})

    @chat.post("/typing", Nothing)
    async def typing(request: Request, visitor: Visitor) -> HTTPResponse:
        """Tell that the customer is writing."""
        hub.types(visitor.conversation_id, "customer")
        return json({})

    @chat.post("/rating", Nothing, errors={409: Error})
    async def rating(request: Request, visitor: Visitor, body: models.Rating) -> HTTPResponse:
        """Rate the person who has helped.

        Counts for the last time a person closed the matter; given again, it replaces the first.
        409 if there is nothing to rate.
        """
        if not await hub.log.find(visitor.conversation_id):
            raise HubError(409, "nothing_to_rate", "There is nothing to rate yet.")
        await hub.rate(visitor.conversation_id, body.stars, body.comment or None)
        return json({})

    @chat.get("/events", events=models.EVENTS)
    async def events(request: Request, visitor: Visitor, query: models.After) -> None:
        """Follow the conversation.

        First `conversation` and the messages after `after`, then what comes. A message's event has
        its `seq` as id, so a browser that connects again misses nothing.
        """
        seq = web.last_event(request) or query.after
        with hub.bus.listen(visitor.conversation_id) as queue:
            await web.stream(request, _live(hub, queue, visitor, seq))

    return chat.blueprint


def _identity(token: str) -> Identity:
    try:
        return identity.verified(token, settings.identity_key())
    except identity.IdentityError as fault:
        raise HubError(422, "identity_refused", str(fault)) from None


def _public(visitor: Visitor, conversation: Conversation | None) -> dict[str, Any]:
    if conversation:
        return conversation.public()
    return {
        "id": visitor.conversation_id,
        "language": visitor.language,
        "owner": "bot",
        "agent": None,
        "version": 1,
        "last_seq": 0,
    }


async def _live(
    hub: Hub, queue: asyncio.Queue[News], visitor: Visitor, seq: int
) -> AsyncIterator[str | None]:
    """What is in the log after `seq`, then what comes.

    Gapless: news of the very next message are passed on as they are, after any others the log is
    read. What has come together is sent together.
    """
    conversation_id = visitor.conversation_id
    news: News | None = RESYNC
    events: list[str] = []
    while True:
        data = (news and news.data) or {}
        if news is None:
            yield None
        elif news.kind == "typing":
            if data["author"] != "customer":
                events.append(web.event("typing", data))
        elif news.kind == "conversation":
            events.append(web.event("conversation", data))
        elif news.kind == "message" and data["seq"] == seq + 1:
            seq += 1
            if data["author"] != "note":
                events.append(web.event("message", data, seq))
        elif news.kind == "resync" or (news.kind == "message" and data["seq"] > seq):
            if news.kind == "resync":
                state = _public(visitor, await hub.log.find(conversation_id))
                events.append(web.event("conversation", state))
            while messages := await hub.log.messages(conversation_id, seq):
                for message in messages:
                    seq = message.seq
                    events.append(web.event("message", message.public(), seq))
        if events and queue.empty():
            yield "".join(events)
            events.clear()
        news = await web.next_or_none(queue)
