"""The desk's API: log-in, the queue, claiming, answering, resolving, live."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from myna import web
from myna.hub.agents import Agents
from myna.hub.bus import EVERYTHING, News
from myna.hub.hub import MAX_CHARACTERS, Hub
from myna.hub.log import Written
from myna.hub.model import Agent, Conversation, HubError, Message, stamp
from myna.hub.ownership import Owner

COOKIE = "myna_desk"
_TRIES, _PAUSE_SECONDS = 5, 60.0
_VIEWS: dict[str, tuple[Owner, ...] | None] = {
    "queue": ("queue",),
    "mine": ("human",),
    "open": ("queue", "human"),
    "all": None,
}
_SNIPPET = 160  # characters of the last message in a list


def summary(conversation: Conversation, last: Message | None) -> dict[str, Any]:
    """A conversation as the desk's lists show it."""
    return {
        "id": conversation.id,
        "channel": conversation.channel,
        "language": conversation.language,
        "owner": conversation.owner,
        "version": conversation.version,
        "agent": conversation.agent,
        "reason": conversation.reason,
        "queued_at": stamp(conversation.queued_at),
        "last_message": last
        and {
            "author": last.author,
            "text": last.text[:_SNIPPET],
            "at": stamp(last.created_at),
        },
        "last_seq": conversation.last_seq,
        "created_at": stamp(conversation.created_at),
    }


def _agent(agent: Agent) -> dict[str, Any]:
    return {"id": agent.id, "name": agent.name, "login": agent.login}


class _Tries:
    """Slows down guessing: after some wrong passwords for a log-in, a pause.

    A try counts as wrong until it has proved right, or many at once would all be let through.
    """

    def __init__(self) -> None:
        self._wrong: dict[str, list[float]] = {}

    def begin(self, login: str) -> None:
        now = time.monotonic()
        for name, moments in list(self._wrong.items()):
            self._wrong[name] = [at for at in moments if now - at < _PAUSE_SECONDS]
            if not self._wrong[name]:
                del self._wrong[name]
        recent = self._wrong.setdefault(login, [])
        if len(recent) >= _TRIES:
            raise HubError(429, "too_many_tries", "Too many wrong tries; wait a minute.")
        recent.append(now)

    def right(self, login: str) -> None:
        self._wrong.pop(login, None)


def blueprint(hub: Hub, agents: Agents) -> Blueprint:
    """The desk's routes."""
    desk = Blueprint("desk", url_prefix="/api/v1/desk")
    tries = _Tries()

    async def present(request: Request) -> Agent:
        token = request.cookies.get(COOKIE)
        agent = await agents.of_session(token) if token else None
        if agent is None:
            raise HubError(401, "no_session", "Log in first.")
        return agent

    async def summarised(conversation: Conversation) -> dict[str, Any]:
        return summary(conversation, await hub.log.last_message(conversation.id))

    async def done(written: Written) -> HTTPResponse:
        return json({"conversation": await summarised(written.conversation)})

    @desk.middleware("request")
    async def own_pages_only(request: Request) -> None:
        if request.method == "POST":
            web.same_site(request)
            if request.headers.get("x-myna") != "desk":
                raise HubError(403, "header_needed", "Send the header X-Myna: desk.")

    @desk.post("/login")
    async def login(request: Request) -> HTTPResponse:
        data = web.body(request)
        name = web.text_field(data, "login", 100)
        password = web.text_field(data, "password", 200)
        tries.begin(name)
        session = await agents.log_in(name, password)
        if session is None:
            raise HubError(401, "wrong_login", "Log-in or password is wrong.")
        tries.right(name)
        agent, token = session
        answer = json({"agent": _agent(agent)})
        answer.cookies[COOKIE] = token
        answer.cookies[COOKIE]["httponly"] = True
        answer.cookies[COOKIE]["samesite"] = "Strict"
        answer.cookies[COOKIE]["secure"] = request.scheme == "https"
        answer.cookies[COOKIE]["path"] = "/"
        return answer

    @desk.post("/logout")
    async def logout(request: Request) -> HTTPResponse:
        await agents.log_out(request.cookies.get(COOKIE) or "")
        answer = json({})
        del answer.cookies[COOKIE]
        return answer

    @desk.get("/me")
    async def me(request: Request) -> HTTPResponse:
        return json(_agent(await present(request)))

    @desk.get("/conversations")
    async def conversations(request: Request) -> HTTPResponse:
        agent = await present(request)
        view = request.args.get("view") or "queue"
        if view not in _VIEWS:
            raise HubError(422, "bad_field", f"'view' is one of {', '.join(_VIEWS)}.")
        found = await hub.log.overview(_VIEWS[view], agent.id if view == "mine" else None)
        return json(
            {
                "conversations": [summary(conversation, last) for conversation, last in found],
                "counts": await hub.log.counts(agent.id),
            }
        )

    @desk.get("/conversations/<conversation_id:str>")
    async def conversation(request: Request, conversation_id: str) -> HTTPResponse:
        await present(request)
        found = await hub.log.conversation(conversation_id)
        context = await hub.log.context(conversation_id)
        for change in context["history"]:
            change["at"] = stamp(change["at"])
        messages = await hub.log.messages(conversation_id, notes=True, limit=None)
        return json(
            {
                "conversation": await summarised(found),
                "messages": [message.public() for message in messages],
                "context": context,
            }
        )

    @desk.post("/conversations/<conversation_id:str>/claim")
    async def claim(request: Request, conversation_id: str) -> HTTPResponse:
        agent = await present(request)
        try:
            return await done(await hub.claim(conversation_id, agent, _version(request)))
        except HubError as fault:
            if fault.status != 409:
                raise
            now_of = await summarised(await hub.log.conversation(conversation_id))
            return json(
                {
                    "error": {"code": fault.code, "message": str(fault)},
                    "conversation": now_of,
                },
                409,
            )

    @desk.post("/conversations/<conversation_id:str>/messages")
    async def reply(request: Request, conversation_id: str) -> HTTPResponse:
        agent = await present(request)
        data = web.body(request)
        echo_id = f"desk-{agent.id}:{web.text_field(data, 'echo_id', 80)}"
        text = web.text_field(data, "text", MAX_CHARACTERS)
        written = await hub.reply(conversation_id, agent, echo_id, text)
        return json({"message": written.messages[-1].public()}, 201)

    @desk.post("/conversations/<conversation_id:str>/notes")
    async def note(request: Request, conversation_id: str) -> HTTPResponse:
        agent = await present(request)
        text = web.text_field(web.body(request), "text", MAX_CHARACTERS)
        written = await hub.note(conversation_id, agent, text)
        return json({"message": written.messages[-1].public()}, 201)

    @desk.post("/conversations/<conversation_id:str>/typing")
    async def typing(request: Request, conversation_id: str) -> HTTPResponse:
        await present(request)
        await hub.agent_types(conversation_id)
        return json({})

    @desk.post("/conversations/<conversation_id:str>/resolve")
    async def resolve(request: Request, conversation_id: str) -> HTTPResponse:
        agent = await present(request)
        return await done(await hub.resolve(conversation_id, agent, _version(request)))

    @desk.post("/conversations/<conversation_id:str>/release")
    async def release(request: Request, conversation_id: str) -> HTTPResponse:
        agent = await present(request)
        return await done(await hub.release(conversation_id, agent, _version(request)))

    @desk.get("/events")
    async def events(request: Request) -> None:
        await present(request)
        with hub.bus.listen(EVERYTHING) as queue:
            await web.stream(request, _live(queue, summarised, lambda: present(request)))

    return desk


def _version(request: Request) -> int:
    version = web.body(request).get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise HubError(422, "bad_field", "'version' must be a number.")
    return version


async def _live(
    queue: asyncio.Queue[News],
    summarised: Callable[[Conversation], Awaitable[dict[str, Any]]],
    still_present: Callable[[], Awaitable[Agent]],
) -> AsyncIterator[str | None]:
    """What happens, until the agent's session is over."""
    looked = time.monotonic()
    while True:
        news = await web.next_or_none(queue)
        if time.monotonic() - looked >= web.HEARTBEAT_SECONDS:
            looked = time.monotonic()
            try:
                await still_present()
            except HubError:
                return
        if news is None:
            yield None
        elif news.kind == "message":
            message = {"conversation_id": news.conversation_id, "message": news.data.public()}
            yield web.event("message", message)
        elif news.kind == "conversation":
            yield web.event("conversation", await summarised(news.data))
