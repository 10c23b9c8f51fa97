"""A stand-in for the front server, for tests of the pages only: the web API in memory, with faults.

``python -m tests.browser.fake_api --port 8099 --rows 500`` serves it to look at the pages by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
from base64 import b64decode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from aiohttp import web

from myna.clients import Gate, Refusal

from .fake_cases import AGENT_IDS, Case, Json
from .fake_store import Conversation, Event, Store, seed

ROOT = Path(__file__).resolve().parents[2] / "myna"
CHAT_FILES = ROOT / "channels" / "static" / "chat"
DESK_FILES = ROOT / "desk" / "static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: https: http://127.0.0.1:*; "
    "connect-src 'self'; worker-src 'self'"
)
AGENTS = {"linh": "Linh", "aisyah": "Nurul Aisyah"}
PASSWORD = "mat-khau-thu"
PICTURE = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""The smallest PNG."""
PING_SECONDS = 15
PING: Event = ("ping", {})

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
        """How many of the next customer messages or new cases are kept, but answered with 503."""
        self.busy_posts = 0
        """How many of the next customer messages are refused with 429 because others wait."""
        self.gate: Gate | None = None
        """Lets customer messages in; none: all of them."""
        self.established = True
        """Whether all conversations count as having had an answer."""
        self.streams_work = True
        """Else they are refused with 503."""
        self.events_pass = -1
        """How many events each stream brings until a proxy holds them back; negative: all."""
        self.csp = CSP
        self.polls = 0
        """How often messages have been asked for."""
        self.polls_take = 0.0
        """Seconds from looking for messages until the answer sets out."""
        self.posts: list[Json] = []
        """Every body of a customer's message that arrived, refused or not."""
        self.seen: list[int] = []
        """Every seq that a customer's page has told to be shown."""
        self.typed = 0
        """How often a customer's page has told that it is being written in."""
        self.identities: list[str] = []
        """Every token with which a customer's page has opened a session."""
        self.ratings: list[Json] = []
        """Every rating that arrived, refused or not."""
        self.fail_ratings = 0
        """How many of the next ratings are refused with 503."""
        self.chats: dict[str, str] = {}
        self.desks: dict[str, str] = {}
        self.opened: list[Json] = []
        """Every case that was asked to be opened."""
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
        app = self._application()
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
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
        app = web.Application(middlewares=[self._secure])
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
                web.post(f"{chat}/seen", self._seen),
                web.post(f"{chat}/typing", self._typing),
                web.post(f"{chat}/rating", self._rating),
                web.get(f"{chat}/events", self._chat_events),
                web.post(f"{desk}/login", self._login),
                web.post(f"{desk}/logout", self._logout),
                web.get(f"{desk}/me", self._me),
                web.post(f"{desk}/me/presence", self._presence),
                web.get(f"{desk}/agents", self._agents),
                web.get(f"{desk}/conversations", self._list),
                web.get(one, self._detail),
                web.get(f"{one}/attachments/{{name}}", self._attachment),
                web.post(f"{one}/{{act}}", self._act),
                web.get(f"{desk}/cases", self._cases),
                web.post(f"{desk}/cases", self._open_case),
                web.get(f"{desk}/cases/{{reference}}", self._case),
                web.patch(f"{desk}/cases/{{reference}}", self._change_case),
                web.post(f"{desk}/cases/{{reference}}/comments", self._comment),
                web.get(f"{desk}/events", self._desk_events),
            ]
        )
        return app

    @web.middleware
    async def _secure(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The security headers of the real server."""
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = self.csp
            response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    # The customers' side

    def _chat(self, request: web.Request) -> Conversation:
        known = self.chats.get(request.cookies.get("myna_chat", ""))
        if known is None:
            raise problem(401, "no_session")
        return self.store.conversations[known]

    async def _session(self, request: web.Request) -> web.Response:
        body = await request.json()
        language, identity = body["language"], body.get("identity")
        if identity is not None:
            self.identities.append(identity)
            if identity == "forged":
                raise problem(422, "identity_refused")
        cookie = request.cookies.get("myna_chat", "")
        if cookie not in self.chats:
            cookie = uuid4().hex
            self.chats[cookie] = self.store.begin().id
        conversation = self.store.conversations[self.chats[cookie]]
        if language is not None and language != conversation.language:
            conversation.language = language
            self.store.tell(conversation, "conversation", conversation.for_customer())
        customer = {"name": None, "until": "2099-01-01T00:00:00.000Z"} if identity else None
        answer = answer_json(
            {
                "conversation": conversation.for_customer(),
                "shop": self.shop,
                "customer": customer,
            }
        )
        answer.set_cookie("myna_chat", cookie, httponly=True, samesite="Lax")
        return answer

    async def _messages(self, request: web.Request) -> web.Response:
        conversation = self._chat(request)
        self.polls += 1
        messages = conversation.visible(int(request.query.get("after", 0)))
        await asyncio.sleep(self.polls_take)
        return answer_json({"messages": messages, "conversation": conversation.for_customer()})

    async def _say(self, request: web.Request) -> web.Response:
        conversation = self._chat(request)
        body = await request.json()
        self.posts.append(body)
        if self.fail_posts:
            self.fail_posts -= 1
            raise problem(503, "unavailable")
        try:
            self._let_in(conversation, body)
        except Refusal as refusal:
            wait = {"Retry-After": str(refusal.retry_after)}
            return web.json_response({"error": refusal.public()}, status=429, headers=wait)
        for message in conversation.messages:
            if message["echo_id"] == body["echo_id"]:
                return answer_json({"message": message})
        text = body.get("text")
        if text is None:
            places = [p for m in conversation.messages for p in (m, *m["cards"])]
            shown = {b["id"]: b["title"] for place in places for b in place["buttons"]}
            text = shown[body["choice"]]
        message = self.store.customer_says(conversation, text, body["echo_id"])
        if self.lose_answers:
            self.lose_answers -= 1
            raise problem(503, "unavailable")
        return answer_json({"message": message}, status=201)

    def _let_in(self, conversation: Conversation, body: Json) -> None:
        if self.busy_posts:
            self.busy_posts -= 1
            raise Refusal("busy", 1)
        if self.gate:
            self.gate.admit(conversation.id, "shared", self.established, body.get("solution"))

    async def _seen(self, request: web.Request) -> web.Response:
        seq = (await request.json())["seq"]
        self.seen.append(seq)
        self.store.saw(self._chat(request), seq)
        return answer_json({})

    async def _typing(self, request: web.Request) -> web.Response:
        self.typed += 1
        self.store.types(self._chat(request), "customer")
        return answer_json({})

    async def _rating(self, request: web.Request) -> web.Response:
        conversation = self._chat(request)
        body = await request.json()
        self.ratings.append(body)
        if self.fail_ratings:
            self.fail_ratings -= 1
            raise problem(503, "unavailable")
        if not any(m["response"] == "utter_ask_rating" for m in conversation.messages):
            raise problem(409, "nothing_to_rate")
        return answer_json({})

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
        response.headers["Content-Security-Policy"] = self.csp
        # Listening before the page hears that the stream is open: it fetches what it missed then.
        listeners.add(waiting)
        try:
            await response.prepare(request)
            await response.write(b": hello\n\n")
            event: Event | None = PING
            brought = 0
            while event is not None:
                name, data = event
                number = f"id: {data['seq']}\n" if "seq" in data else ""
                text = f"event: {name}\n{number}data: {json.dumps(data)}\n\n"
                if brought != self.events_pass:
                    await response.write(text.encode())
                    brought += 1
                event = await next_or_ping(waiting)
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
        if request.method != "GET" and request.headers.get("X-Myna") != "desk":
            raise problem(403, "no_header")
        return login

    async def _login(self, request: web.Request) -> web.Response:
        body = await request.json()
        login = body["login"]
        if login not in AGENTS or body["password"] != PASSWORD:
            raise problem(401, "wrong_login")
        cookie = uuid4().hex
        self.desks[cookie] = login
        answer = answer_json({"agent": self._agent_json(login)})
        answer.set_cookie("myna_desk", cookie, httponly=True, samesite="Strict")
        return answer

    async def _logout(self, request: web.Request) -> web.Response:
        self._agent(request)
        del self.desks[request.cookies["myna_desk"]]
        return answer_json({})

    async def _me(self, request: web.Request) -> web.Response:
        return answer_json(self._agent_json(self._agent(request)))

    def _agent_json(self, login: str) -> Json:
        name = AGENTS[login]
        away = name in self.store.away
        return {"id": AGENT_IDS[name], "login": login, "name": name, "away": away}

    async def _presence(self, request: web.Request) -> web.Response:
        login = self._agent(request)
        if (await request.json())["away"]:
            self.store.away.add(AGENTS[login])
        else:
            self.store.away.discard(AGENTS[login])
        self._tell_agents()
        return answer_json({"agent": self._agent_json(login)})

    async def _agents(self, request: web.Request) -> web.Response:
        self._agent(request)
        return answer_json({"agents": self.store.agents(AGENTS)})

    def _tell_agents(self) -> None:
        self.store.tell_desks("agents", {"agents": self.store.agents(AGENTS)})

    async def _list(self, request: web.Request) -> web.Response:
        name = AGENTS[self._agent(request)]
        found = self.store.view(request.query["view"], name)
        summaries = [self.store.summary(conversation) for conversation in found]
        return answer_json({"conversations": summaries, "counts": self.store.counts(name)})

    async def _detail(self, request: web.Request) -> web.Response:
        self._agent(request)
        conversation = self._one(request)
        return answer_json(
            {
                "conversation": self.store.summary(conversation),
                "messages": conversation.messages,
                "troubles": conversation.troubles,
                "context": self.store.context(conversation),
            }
        )

    async def _attachment(self, request: web.Request) -> web.Response:
        self._agent(request)
        if request.match_info["name"] == "gone":
            raise problem(502, "gone")
        return web.Response(body=PICTURE, content_type="image/png")

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
            self.store.types(conversation, "agent")
            return answer_json({})
        if act == "notes":
            note = self.store.log(conversation, "note", body["text"], agent=name)
            return answer_json({"message": note}, status=201)
        if act == "messages":
            return self._reply(conversation, body, name)
        if body["version"] != conversation.version:
            return self._conflict(conversation)
        if act == "resolve":
            self.store.resolve(conversation, name)
        else:
            owner = {"claim": "human", "release": "queue"}[act]
            agent = name if owner == "human" else None
            self.store.own(conversation, owner, name, agent, act)
        return answer_json({"conversation": self.store.summary(conversation)})

    def _conflict(self, conversation: Conversation) -> web.Response:
        error = {"code": "conflict", "message": "changed"}
        now = self.store.summary(conversation)
        return answer_json({"error": error, "conversation": now}, status=409)

    def _reply(self, conversation: Conversation, body: Json, name: str) -> web.Response:
        for message in conversation.messages:
            if message["echo_id"] == body["echo_id"]:
                return answer_json({"message": message})
        if conversation.owner == "human" and conversation.agent != name:
            return self._conflict(conversation)
        if conversation.owner != "human":
            self.store.own(conversation, "human", name, name, "agent_wrote")
        echo_id, text = body["echo_id"], body["text"]
        message = self.store.log(conversation, "agent", text, echo_id=echo_id, agent=name)
        return answer_json({"message": message}, status=201)

    async def _cases(self, request: web.Request) -> web.Response:
        name = AGENTS[self._agent(request)]
        query = request.query
        mine = name if query.get("mine") == "1" else None
        found = self.store.cases.find(query.get("state", "undone"), query.get("kind"), mine)
        return answer_json({"cases": [case.public() for case in found]})

    async def _open_case(self, request: web.Request) -> web.Response:
        name = AGENTS[self._agent(request)]
        body = await request.json()
        self.opened.append(body)
        if self.lose_answers:
            self.lose_answers -= 1
            self.store.cases.open(name, **body)
            raise problem(503, "unavailable")
        case = self.store.cases.open(name, **body)
        self.store.tell_case(case)
        return answer_json({"case": case.public()}, status=201)

    def _one_case(self, request: web.Request) -> Case:
        self._agent(request)
        try:
            return self.store.cases.by_reference[request.match_info["reference"]]
        except KeyError:
            raise problem(404, "not_found") from None

    async def _case(self, request: web.Request) -> web.Response:
        case = self._one_case(request)
        return answer_json({"case": case.public(), "history": case.history})

    async def _change_case(self, request: web.Request) -> web.Response:
        case = self._one_case(request)
        name = AGENTS[self._agent(request)]
        changes = await request.json()
        if changes.pop("version") != case.version:
            error = {"code": "conflict", "message": "changed"}
            return answer_json({"error": error, "case": case.public()}, status=409)
        if "mine" in changes:
            changes["agent"] = name if changes.pop("mine") else None
        case.change(name, **changes)
        self.store.tell_case(case)
        return answer_json({"case": case.public()})

    async def _comment(self, request: web.Request) -> web.Response:
        case = self._one_case(request)
        text = (await request.json())["text"]
        case.note(AGENTS[self._agent(request)], "comment", text=text)
        self.store.tell_case(case)
        return answer_json({"case": case.public()}, status=201)

    async def _desk_events(self, request: web.Request) -> web.StreamResponse:
        name = AGENTS[self._agent(request)]
        waiting: asyncio.Queue[Event | None] = asyncio.Queue()
        waiting.put_nowait(("counts", self.store.counts(name)))
        self._arrives(name, 1)
        try:
            return await self._stream(request, self.store.desks, waiting)
        finally:
            self._arrives(name, -1)

    def _arrives(self, name: str, desks: int) -> None:
        self.store.present[name] += desks
        self._tell_agents()


async def next_or_ping(waiting: asyncio.Queue[Event | None]) -> Event | None:
    """What happens next, or that nothing has happened for a while."""
    try:
        return await asyncio.wait_for(waiting.get(), PING_SECONDS)
    except TimeoutError:
        return PING


def page(folder: Path) -> Handler:
    """A handler that serves a folder's start page."""

    async def serve(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(folder / "index.html")

    return serve


def answer_json(data: Json, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.json_response(data, status=status)


def problem(status: int, code: str) -> web.HTTPException:
    """An error answer of the API."""
    kinds: dict[int, type[web.HTTPException]] = {
        401: web.HTTPUnauthorized,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
        409: web.HTTPConflict,
        502: web.HTTPBadGateway,
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
