"""A stand-in for the front server, for tests of the pages only: the web API in memory, with faults.

``python -m tests.browser.fake_api --port 8099 --rows 500`` serves it to look at the pages by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from aiohttp import web

from .fake_store import Conversation, Event, Json, Store, seed

ROOT = Path(__file__).resolve().parents[2] / "myna"
CHAT_FILES = ROOT / "channels" / "static" / "chat"
DESK_FILES = ROOT / "desk" / "static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'"
)
AGENTS = {"linh": "Linh", "aisyah": "Nurul Aisyah"}
PASSWORD = "mat-khau-thu"

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeServer:
    """Runs in a thread of its own; its attributes make it misbehave."""

    def __init__(self, port: int = 0) -> None:
        self.store = Store()
        self.shop = {"name": "Điện máy Sông Xanh", "assistant_name": "Myna", "accent": "#0b6e5f"}
        self.fail_posts = 0
        """How many of the next customer messages are refused with 503; negative: all."""
        self.lose_answers = 0
        """How many of the next customer messages are logged, but answered with 503."""
        self.streams_work = True
        self.posts: list[Json] = []
        """Every body of a customer's message that arrived, refused or not."""
        self.chats: dict[str, str] = {}
        self.desks: dict[str, str] = {}
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> FakeServer:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the stand-in server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def do(self, work: Callable[[], T]) -> T:
        """Run ``work`` where the conversations live, and wait for its result."""

        async def run() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def the_chat(self) -> Conversation:
        """The one conversation that a customer's page has opened."""
        return self.store.conversations[next(iter(self.chats.values()))]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        runner = web.AppRunner(self._application(), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._port)
        await site.start()
        assert site._server is not None
        self._port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        self._ready.set()
        await self._stopping.wait()
        self.store.drop_streams()
        await runner.cleanup()

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[secure])
        chat, desk = "/api/v1/chat", "/api/v1/desk"
        one = f"{desk}/conversations/{{id}}"
        app.add_routes(
            [
                web.get("/", page(CHAT_FILES)),
                web.get("/desk", page(DESK_FILES)),
                web.static("/static/chat", CHAT_FILES),
                web.static("/static/desk", DESK_FILES),
                web.post(f"{chat}/session", self._session),
                web.get(f"{chat}/messages", self._messages),
                web.post(f"{chat}/messages", self._say),
                web.get(f"{chat}/events", self._chat_events),
                web.post(f"{desk}/login", self._login),
                web.post(f"{desk}/logout", self._logout),
                web.get(f"{desk}/me", self._me),
                web.get(f"{desk}/conversations", self._list),
                web.get(one, self._detail),
                web.post(f"{one}/{{act}}", self._act),
                web.get(f"{desk}/events", self._desk_events),
            ]
        )
        return app

    # The customers' side

    def _chat(self, request: web.Request) -> Conversation:
        known = self.chats.get(request.cookies.get("myna_chat", ""))
        if known is None:
            raise problem(401, "no_session")
        return self.store.conversations[known]

    async def _session(self, request: web.Request) -> web.Response:
        language = (await request.json())["language"]
        cookie = request.cookies.get("myna_chat", "")
        if cookie not in self.chats:
            cookie = uuid4().hex
            self.chats[cookie] = self.store.begin().id
        conversation = self.store.conversations[self.chats[cookie]]
        if language is not None and language != conversation.language:
            conversation.language = language
            self.store.tell(conversation, "conversation", conversation.for_customer())
        answer = answer_json({"conversation": conversation.for_customer(), "shop": self.shop})
        answer.set_cookie("myna_chat", cookie, httponly=True, samesite="Lax")
        return answer

    async def _messages(self, request: web.Request) -> web.Response:
        conversation = self._chat(request)
        messages = conversation.visible(int(request.query.get("after", 0)))
        return answer_json({"messages": messages, "conversation": conversation.for_customer()})

    async def _say(self, request: web.Request) -> web.Response:
        conversation = self._chat(request)
        body = await request.json()
        self.posts.append(body)
        if self.fail_posts:
            self.fail_posts -= 1
            raise problem(503, "unavailable")
        for message in conversation.messages:
            if message["echo_id"] == body["echo_id"]:
                return answer_json({"message": message})
        text = body.get("text")
        if text is None:
            shown = {b["id"]: b["title"] for m in conversation.messages for b in m["buttons"]}
            text = shown[body["choice"]]
        message = self.store.customer_says(conversation, text, body["echo_id"])
        if self.lose_answers:
            self.lose_answers -= 1
            raise problem(503, "unavailable")
        return answer_json({"message": message}, status=201)

    async def _chat_events(self, request: web.Request) -> web.StreamResponse:
        conversation = self._chat(request)
        after = int(request.headers.get("Last-Event-ID") or request.query.get("after") or 0)
        waiting: asyncio.Queue[Event | None] = asyncio.Queue()
        for message in conversation.visible(after):
            waiting.put_nowait(("message", message))
        return await self._stream(request, conversation.listeners, waiting)

    async def _stream(
        self,
        request: web.Request,
        listeners: set[asyncio.Queue[Event | None]],
        waiting: asyncio.Queue[Event | None],
    ) -> web.StreamResponse:
        if not self.streams_work:
            raise problem(503, "unavailable")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.headers["Content-Security-Policy"] = CSP
        # Listening before the page hears that the stream is open: it fetches what it missed then.
        listeners.add(waiting)
        try:
            await response.prepare(request)
            await response.write(b": hello\n\n")
            while (event := await waiting.get()) is not None:
                name, data = event
                number = f"id: {data['seq']}\n" if "seq" in data else ""
                text = f"event: {name}\n{number}data: {json.dumps(data)}\n\n"
                await response.write(text.encode())
        except ConnectionError:
            pass
        finally:
            listeners.discard(waiting)
        return response

    # The desk

    def _agent(self, request: web.Request) -> str:
        login = self.desks.get(request.cookies.get("myna_desk", ""))
        if login is None:
            raise problem(401, "no_session")
        if request.method == "POST" and request.headers.get("X-Myna") != "desk":
            raise problem(403, "no_header")
        return login

    async def _login(self, request: web.Request) -> web.Response:
        body = await request.json()
        login = body["login"]
        if login not in AGENTS or body["password"] != PASSWORD:
            raise problem(401, "wrong_login")
        cookie = uuid4().hex
        self.desks[cookie] = login
        answer = answer_json({"agent": agent_json(login)})
        answer.set_cookie("myna_desk", cookie, httponly=True, samesite="Strict")
        return answer

    async def _logout(self, request: web.Request) -> web.Response:
        self._agent(request)
        del self.desks[request.cookies["myna_desk"]]
        return answer_json({})

    async def _me(self, request: web.Request) -> web.Response:
        return answer_json({"agent": agent_json(self._agent(request))})

    async def _list(self, request: web.Request) -> web.Response:
        name = AGENTS[self._agent(request)]
        found = self.store.view(request.query["view"], name)
        counts = {view: len(self.store.view(view, name)) for view in ("queue", "mine", "open")}
        return answer_json({"conversations": [c.summary() for c in found], "counts": counts})

    async def _detail(self, request: web.Request) -> web.Response:
        self._agent(request)
        conversation = self._one(request)
        context = {**conversation.context, "history": conversation.history}
        messages = conversation.messages
        summary = conversation.summary()
        return answer_json({"conversation": summary, "messages": messages, "context": context})

    def _one(self, request: web.Request) -> Conversation:
        try:
            return self.store.conversations[request.match_info["id"]]
        except KeyError:
            raise problem(404, "not_found") from None

    async def _act(self, request: web.Request) -> web.Response:
        name = AGENTS[self._agent(request)]
        conversation = self._one(request)
        act = request.match_info["act"]
        body = await request.json() if request.can_read_body else {}
        if act == "typing":
            self.store.tell(conversation, "typing", {"on": True, "author": "agent"})
            return answer_json({})
        if act == "notes":
            note = self.store.log(conversation, "note", body["text"], agent=name)
            return answer_json({"message": note}, status=201)
        if act == "messages":
            return self._reply(conversation, body, name)
        if body["version"] != conversation.version:
            error = {"code": "changed", "message": "changed"}
            return answer_json({"error": error, "conversation": conversation.summary()}, status=409)
        owner = {"claim": "human", "release": "queue", "resolve": "nobody"}[act]
        self.store.own(conversation, owner, name, name if owner == "human" else None)
        return answer_json({"conversation": conversation.summary()})

    def _reply(self, conversation: Conversation, body: Json, name: str) -> web.Response:
        for message in conversation.messages:
            if message["echo_id"] == body["echo_id"]:
                return answer_json({"message": message})
        if conversation.owner != "human":
            self.store.own(conversation, "human", name, name)
        echo_id, text = body["echo_id"], body["text"]
        message = self.store.log(conversation, "agent", text, echo_id=echo_id, agent=name)
        return answer_json({"message": message}, status=201)

    async def _desk_events(self, request: web.Request) -> web.StreamResponse:
        self._agent(request)
        return await self._stream(request, self.store.desks, asyncio.Queue())


@web.middleware
async def secure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The security headers of the real server."""
    response = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = CSP
        response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def page(folder: Path) -> Handler:
    """A handler that serves a folder's start page."""

    async def serve(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(folder / "index.html")

    return serve


def answer_json(data: Json, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.json_response(data, status=status)


def agent_json(login: str) -> Json:
    """An agent as the API shows it."""
    return {"id": f"a-{login}", "login": login, "name": AGENTS[login]}


def problem(status: int, code: str) -> web.HTTPException:
    """An error answer of the API."""
    kinds: dict[int, type[web.HTTPException]] = {
        401: web.HTTPUnauthorized,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
        503: web.HTTPServiceUnavailable,
    }
    text = json.dumps({"error": {"code": code, "message": code}})
    return kinds[status](text=text, content_type="application/json")


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--rows", type=int, default=12)
    options = parser.parse_args()
    with FakeServer(options.port) as server:
        server.do(lambda: seed(server.store, options.rows, AGENTS["linh"]))
        print(f"{server.url}/ and {server.url}/desk (linh / {PASSWORD})")
        threading.Event().wait()


if __name__ == "__main__":
    main()
