"""The fake's HTTP server: the endpoints that we use, and `/__fake/*` to control it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from aiohttp import web

from . import checks
from .checks import Refusal
from .delivery import Webhook
from .faults import Delivery, Rule
from .world import APP_ID, APP_SECRET, INBOX_APP, PAGE, Page, Sent, World

VERSION = "v26.0"
_OLDEST = 22
_TEXTS_PER_SECOND, _MEDIA_PER_SECOND = 300, 10

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeGraph:
    """One Graph API with its webhook.

    Args:
        seed: of everything that is random.
    """

    def __init__(self, seed: int = 1) -> None:
        self.world = World(seed)
        self.webhook = Webhook(self.world)
        self.rules: list[Rule] = []
        self.url = ""
        self.echoes = True
        self.on_sent: list[Callable[[Sent], None]] = []

    # --- what users and people at the page do

    def says(self, psid: str, text: str, page: str = PAGE, **more: Any) -> str:
        """A user writes; the message's mid."""
        message: dict[str, Any] = {"mid": self.world.mid(), "text": text, **more}
        self._acts(psid, {"message": message}, page)
        return str(message["mid"])

    def sends(self, psid: str, *attachments: dict[str, Any], page: str = PAGE) -> str:
        """A user sends pictures and the like; the message's mid."""
        mid = self.world.mid()
        self._acts(psid, {"message": {"mid": mid, "attachments": list(attachments)}}, page)
        return mid

    def presses(self, psid: str, title: str, page: str = PAGE) -> str:
        """A user presses the newest button of this title."""
        sent = [s for s in self.world.sent if s.user == psid and s.page == page]
        found = [(s, p) for s in sent for t, p in s.buttons if t == title]
        assert found, f"{psid} was never offered '{title}'"
        message, payload = found[-1]
        mid = self.world.mid()
        if "quick_replies" in message.message:
            reply = {"mid": mid, "text": title, "quick_reply": {"payload": payload}}
            self._acts(psid, {"message": reply}, page)
        else:
            self.posts_back(psid, title, payload, page=page, mid=mid)
        return mid

    def posts_back(
        self, psid: str, title: str, payload: str | None, page: str = PAGE, **more: Any
    ) -> None:
        """A user presses a template's button or one of the page's own."""
        postback = {"title": title, "mid": self.world.mid(), **more}
        if payload is not None:
            postback["payload"] = payload
        self._acts(psid, {"postback": postback}, page)

    def person_writes(
        self, psid: str, text: str, page: str = PAGE, app_id: str = INBOX_APP
    ) -> None:
        """Somebody answers in the Page's inbox."""
        sent = Sent(self.world.mid(), page, psid, {"text": text}, self.world.now(), None, app_id)
        self.world.sent.append(sent)
        self.world.user(psid, page)
        self._echo(sent)

    def event(self, psid: str, field: str = "messaging", page: str = PAGE, **content: Any) -> None:
        """Any event of a user."""
        stamp = round(self.world.now() * 1000)
        parties = {"sender": {"id": psid}, "recipient": {"id": page}}
        self.webhook.tell({**parties, "timestamp": stamp, **content}, psid, page, field)

    def reads_all(self, psid: str, page: str = PAGE) -> None:
        """A user looks at the thread."""
        self.event(psid, page=page, read={"watermark": round(self.world.now() * 1000)})

    def sent_to(self, psid: str, page: str = PAGE) -> list[str]:
        """The texts that this app has sent to a user."""
        found = [s for s in self.world.sent if (s.user, s.page, s.app_id) == (psid, page, APP_ID)]
        return [s.text for s in found]

    def _acts(self, psid: str, content: dict[str, Any], page: str) -> None:
        user = self.world.user(psid, page)
        user.acted_at = self.world.now()
        field = "messaging" if user.owner == APP_ID else "standby"
        self.event(psid, field, page, **content)

    # --- the server

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[FakeGraph]:
        """The server on a port of loopback; `url` is its address."""
        app = self.application()
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await self.webhook.close()
            await runner.cleanup()

    def application(self) -> web.Application:
        """The application, to which more routes may be added."""
        app = web.Application(client_max_size=30_000_000)
        graph = r"/v{version:\d+}.0"
        routes: list[tuple[str, str, Handler]] = [
            ("POST", "/{page}/messages", self._messages),
            ("*", "/{page}/messenger_profile", self._profile),
            ("POST", "/{page}/message_attachments", self._upload),
            ("POST", "/{page}/{verb}_thread_control", self._thread_control),
            ("GET", "/{page}/thread_owner", self._thread_owner),
            ("*", "/{page}/subscribed_apps", self._subscribed_apps),
            ("*", "/{page}/subscriptions", self._subscriptions),
            ("GET", "/debug_token", self._debug_token),
            ("GET", "/{node}", self._node),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, graph + path, self._guarded(handler))
        app.router.add_route("*", "/__fake/{what}", self._control)
        return app

    def _guarded(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            body: dict[str, Any] = {}
            if request.can_read_body:
                try:
                    body = await request.json()
                except ValueError:
                    return _refused(Refusal(100, "(#100) the body is no JSON"))
            request["body"] = body
            self.world.log.append((request.method, request.path, body or dict(request.query)))
            rule = next(
                (r for r in self.rules if r.applies(request.path, body, self.world.random)), None
            )
            try:
                if rule is None:
                    return await self._allowed(request, handler)
                return await self._faulty(request, handler, rule)
            except Refusal as refusal:
                return _refused(refusal)

        return handle

    async def _allowed(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if int(request.match_info["version"]) < _OLDEST:
            raise Refusal(2635, "(#2635) You are calling a deprecated version of the API")
        if any("token" in name for name in request.query if name != "input_token"):
            self.world.violations.append(f"a token stands in the address of {request.path}")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        given = {**request.query, **request["body"]}
        request["token"] = token
        if token == f"{APP_ID}|{APP_SECRET}":
            request["page"] = None
        else:
            page = self.world.page_of(token)
            if scheme != "Bearer" or page is None or not page.token_valid:
                raise Refusal(190, "Invalid OAuth access token.", 460, 401)
            request["page"] = page
        if given.get("appsecret_proof") != self.world.proof(token):
            raise Refusal(100, "(#100) Invalid appsecret_proof provided in the API argument")
        usage = self.world.usage()
        if usage > 100:
            raise Refusal(4, "(#4) Application request limit reached", None, 403)
        answer = await handler(request)
        if not answer.prepared:
            answer.headers["X-App-Usage"] = json.dumps({"call_count": usage, "total_time": 1})
        return answer

    async def _faulty(
        self, request: web.Request, handler: Handler, rule: Rule
    ) -> web.StreamResponse:
        answer: web.StreamResponse | None = None
        if rule.fault in ("lost_echo", "echo_first"):
            request[rule.fault] = True
            answer = await self._allowed(request, handler)
            if rule.fault == "lost_echo" and not rule.accepted:
                return answer
        elif rule.accepted or rule.fault == "delay":
            if rule.fault == "delay":
                await asyncio.sleep(rule.more.get("seconds", 1.5))
            request["lost_echo"] = rule.more.get("lost_echo", False)
            answer = await self._allowed(request, handler)
        if rule.fault == "delay" and answer:
            return answer
        return await self._broken(request, rule, answer)

    async def _broken(
        self, request: web.Request, rule: Rule, answer: web.StreamResponse | None
    ) -> web.StreamResponse:
        if rule.fault == "hang":
            await asyncio.sleep(3600)
        if rule.fault in ("reset", "lost_echo"):
            if request.transport:
                request.transport.abort()
            return web.Response()
        if rule.fault == "html":
            status = rule.more.get("status", 502)
            return web.Response(
                text="<html>Bad Gateway</html>", status=status, content_type="text/html"
            )
        if rule.fault == "error":
            more = {"code": 2, "text": "Service temporarily unavailable", "status": 500} | rule.more
            raise Refusal(more["code"], more["text"], more.get("subcode"), more["status"])
        if rule.fault == "throttle":
            raise Refusal(613, "(#613) Calls to this api have exceeded the rate limit.", None, 429)
        if rule.fault == "revoke":
            page = self.world.page_of(request.headers["Authorization"].removeprefix("Bearer "))
            if page:
                page.token_valid = False
            raise Refusal(190, "Error validating access token: the session is invalid.", 460, 401)
        if rule.fault == "drip":
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.2)
        if rule.fault == "echo_first" and answer:
            await asyncio.sleep(rule.more.get("seconds", 0.3))
            return answer
        return web.Response(
            text="" if rule.fault == "empty" else "{not json", content_type="application/json"
        )

    # --- endpoints

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        page, body = _page(request), dict(request["body"])
        body.pop("appsecret_proof", None)
        recipient = body.get("recipient")
        checks.check(isinstance(recipient, dict), "recipient is required")
        checks.check(("message" in body) != ("sender_action" in body), "message or sender_action")
        heavy = body.get("message", {}).get("attachment", {}).get("type") in ("audio", "video")
        per_second = _MEDIA_PER_SECOND if heavy else _TEXTS_PER_SECOND
        if not self.world.take(page.id, "media" if heavy else "text", per_second):
            raise Refusal(613, "(#613) Calls to this api have exceeded the rate limit.", None, 429)
        psid = str(recipient["id"])
        user = checks.may_send(self.world, page, self.world.users.get((page.id, psid)), body)
        if "sender_action" in body:
            self.world.actions.append((psid, body["sender_action"]))
            if body["sender_action"] == "mark_seen":
                self.world.seen_at[page.id, psid] = self.world.now()
            else:
                self.world.acted[page.id, psid] = body["sender_action"], self.world.now()
            return web.json_response({"recipient_id": psid})
        checks.message(body["message"])
        self.world.check_rules_of_ours(user, body["message"], body.get("tag"))
        now = self.world.now()
        sent = Sent(self.world.mid(), page.id, psid, body["message"], now, body.get("tag"))
        self.world.sent.append(sent)
        for listener in self.on_sent:
            listener(sent)
        if not request.get("lost_echo") and self.echoes:
            self._echo(sent)
        return web.json_response({"recipient_id": psid, "message_id": sent.mid})

    def _echo(self, sent: Sent) -> None:
        stamp = round(sent.at * 1000)
        message = {
            "mid": sent.mid,
            "is_echo": True,
            "app_id": int(sent.app_id),
            **{name: sent.message[name] for name in ("text", "metadata") if name in sent.message},
        }
        if "attachment" in sent.message:
            message["attachments"] = [sent.message["attachment"]]
        parties = {"sender": {"id": sent.page}, "recipient": {"id": sent.user}}
        self.webhook.tell({**parties, "timestamp": stamp, "message": message}, sent.user, sent.page)
        self.event(sent.user, page=sent.page, delivery={"mids": [sent.mid], "watermark": stamp})

    async def _profile(self, request: web.Request) -> web.StreamResponse:
        page = _page(request)
        body = {k: v for k, v in request["body"].items() if k != "appsecret_proof"}
        if request.method == "GET":
            fields = request.query.get("fields", "").split(",")
            found = {name: page.profile[name] for name in fields if name in page.profile}
            return web.json_response({"data": [found] if found else []})
        if request.method == "DELETE":
            for name in body.get("fields", []):
                page.profile.pop(name, None)
            return web.json_response({"result": "success"})
        checks.profile(body)
        if "persistent_menu" in body and not ({"get_started"} & {*page.profile, *body}):
            raise Refusal(100, "(#100) You must set a Get Started button first", 2018145)
        page.profile.update(body)
        return web.json_response({"result": "success"})

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        checks.attachment(request["body"].get("message", {}).get("attachment", {}))
        return web.json_response({"attachment_id": str(secrets.randbits(50))})

    async def _thread_control(self, request: web.Request) -> web.StreamResponse:
        page, body, verb = _page(request), request["body"], request.match_info["verb"]
        user = self.world.users.get((page.id, str(body.get("recipient", {}).get("id"))))
        if user is None:
            raise Refusal(100, "(#100) No matching user found", 2018001)
        if verb == "take":
            user.owner = APP_ID
        elif verb == "pass":
            user.owner = str(body["target_app_id"])
        elif verb == "release":
            user.owner = INBOX_APP
        else:
            checks.check(verb in ("request", "extend"), "unknown kind of control")
        return web.json_response({"success": True})

    async def _thread_owner(self, request: web.Request) -> web.StreamResponse:
        user = self.world.users.get((_page(request).id, request.query.get("recipient", "")))
        owner = user.owner if user else APP_ID
        return web.json_response({"data": [{"thread_owner": {"app_id": owner}}]})

    async def _subscribed_apps(self, request: web.Request) -> web.StreamResponse:
        page = _page(request)
        if request.method == "POST":
            fields = request["body"].get("subscribed_fields")
            checks.check(fields, "subscribed_fields is required")
            page.subscribed = fields if isinstance(fields, list) else fields.split(",")
            return web.json_response({"success": True})
        if request.method == "DELETE":
            page.subscribed = []
            return web.json_response({"success": True})
        found = [{"id": APP_ID, "subscribed_fields": page.subscribed}] if page.subscribed else []
        return web.json_response({"data": found})

    async def _subscriptions(self, request: web.Request) -> web.StreamResponse:
        """The app's webhook: Meta asks the address before it is taken."""
        checks.check(request["page"] is None, "an app access token is required")
        body, callback = request["body"], self.world.callback
        if request.method == "GET":
            return web.json_response({"data": [callback] if callback else []})
        checks.check(body.get("object") == "page", "object has to be page")
        query = {
            "hub.mode": "subscribe",
            "hub.verify_token": body["verify_token"],
            "hub.challenge": str(secrets.randbits(30)),
        }
        import aiohttp

        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.get(body["callback_url"], params=query) as answer,
            ):
                echoed = answer.status == 200 and await answer.text() == query["hub.challenge"]
        except (aiohttp.ClientError, TimeoutError):
            echoed = False
        if not echoed:
            raise Refusal(2200, "(#2200) Callback verification failed", None, 400)
        fields = [{"name": name} for name in body["fields"].split(",")]
        callback.update(
            object="page", callback_url=body["callback_url"], fields=fields, active=True
        )
        self.webhook.url = body["callback_url"]
        return web.json_response({"success": True})

    async def _debug_token(self, request: web.Request) -> web.StreamResponse:
        page = self.world.page_of(request.query.get("input_token", ""))
        if page is None:
            return web.json_response({"data": {"is_valid": False, "error": {"code": 190}}})
        told = {
            "app_id": APP_ID,
            "type": "PAGE",
            "is_valid": page.token_valid,
            "expires_at": page.token_expires_at,
            "scopes": page.scopes,
            "profile_id": page.id,
        }
        return web.json_response({"data": told})

    async def _node(self, request: web.Request) -> web.StreamResponse:
        node = request.match_info["node"]
        page = _page(request)
        if node in ("me", page.id):
            told: dict[str, Any] = {"id": page.id, "name": page.name}
            if "messaging_feature_status" in request.query.get("fields", ""):
                status = "approved" if page.human_agent else "not_requested"
                told["messaging_feature_status"] = {"HUMAN_AGENT": status}
            return web.json_response(told)
        user = self.world.users.get((page.id, node))
        if user is None:
            raise Refusal(100, "(#100) Unsupported get request.", 33)
        first, _, last = user.name.partition(" ")
        return web.json_response({"id": node, "first_name": first, "last_name": last})

    # --- control

    async def _control(self, request: web.Request) -> web.StreamResponse:
        what = request.match_info["what"]
        body = await request.json() if request.can_read_body else {}
        if what == "reset":
            url = self.webhook.url
            await self.webhook.close()
            self.world, self.rules = World(body.get("seed", 1)), []
            self.webhook = Webhook(self.world)
            self.webhook.url = url
        elif what == "clock":
            self.world.offset += float(body.get("forward", 0))
            return web.json_response({"now": self.world.now()})
        elif what == "users":
            user = self.world.user(body.pop("id"), body.pop("page", PAGE), **body)
            return web.json_response(asdict(user))
        elif what == "rules":
            self.rules = [Rule(**rule) for rule in body["rules"]]
            self.webhook.faults = Delivery(**body.get("delivery", {}))
        elif what == "deliver":
            getattr(self, body.pop("do"))(**body)
        elif what == "log":
            return web.json_response(self.world.log)
        elif what == "violations":
            return web.json_response(self.world.violations)
        elif what == "sent":
            return web.json_response([asdict(sent) for sent in self.world.sent])
        else:
            raise web.HTTPNotFound
        return web.json_response({})


def _page(request: web.Request) -> Page:
    page = request["page"]
    named = request.match_info.get("page", "me")
    checks.check(page is not None, "a page access token is required")
    if named not in ("me", page.id):
        raise Refusal(200, "(#200) The token is not this Page's", None, 403)
    found: Page = page
    return found


def _refused(refusal: Refusal) -> web.Response:
    error: dict[str, Any] = {
        "message": str(refusal),
        "type": "OAuthException",
        "code": refusal.code,
        "fbtrace_id": secrets.token_hex(6),
    }
    if refusal.subcode:
        error["error_subcode"] = refusal.subcode
    if refusal.code == 2:
        error["is_transient"] = True
    return web.json_response({"error": error}, status=refusal.status)


def user_ids(count: int) -> list[str]:
    """Ids as Meta gives them."""
    return [str(24_000_000_000_000_000 + 7919 * number) for number in range(count)]
