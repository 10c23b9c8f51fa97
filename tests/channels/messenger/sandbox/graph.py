"""The fake Graph API with a page on which one can be a customer, and a little of Meta itself."""

from __future__ import annotations

import secrets
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from aiohttp import web

from ..fake import APP_ID, FakeGraph, Rule
from ..fake.world import Sent
from ..trial import PAGES

PAGE_FILES = Path(__file__).parent / "page"
_TYPING_SECONDS = 20.0
_PHOTO_BYTES = 8_000_000
TROUBLES = {
    "slow": Rule("delay", more={"seconds": 4.0, "actions": True}),
    "down": Rule("error", more={"status": 500}),
    "silent": Rule("reset", accepted=True, more={"lost_echo": True}),
}
"""What Meta can be made to do, by the page's names for it."""


class SandboxGraph(FakeGraph):
    """Remembers threads as the page shows them."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = ""
        self.login = ""
        self.threads: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self.photos: dict[str, tuple[bytes, str]] = {}
        self.on_sent.append(self._show)

    def application(self) -> web.Application:
        """The Graph API and the page."""
        app = super().application()
        app.router.add_get("/", self._index)
        app.router.add_static("/page", PAGE_FILES)
        app.router.add_get("/sandbox/thread", self._thread)
        app.router.add_post("/sandbox/act", self._act)
        app.router.add_post("/sandbox/photos", self._take_photo)
        app.router.add_get("/sandbox/photos/{name}", self._photo)
        return app

    def person_writes(self, psid: str, text: str, page: str = "", **more: Any) -> None:
        """Somebody answers in the Page's inbox."""
        super().person_writes(psid, text, page, **more)
        self._show(self.world.sent[-1])

    def _show(self, sent: Sent) -> None:
        payload = sent.message.get("attachment", {}).get("payload", {})
        kind = sent.message.get("attachment", {}).get("type")
        self.threads[sent.page, sent.user].append(
            {
                "from": "bot" if sent.app_id == APP_ID else "inbox",
                "text": sent.text,
                "quick_replies": sent.message.get("quick_replies", []),
                "buttons": payload.get("buttons", []),
                "elements": payload.get("elements", []),
                "image": payload.get("url") if kind == "image" else None,
                "at": sent.at,
            }
        )

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE_FILES / "index.html")

    async def _thread(self, request: web.Request) -> web.StreamResponse:
        page, psid = request.query["page"], request.query["user"]
        items = self.threads[page, psid]
        action, at = self.world.acted.get((page, psid), ("", 0.0))
        last = items[-1]["at"] if items else 0.0
        fresh = at > last and self.world.now() - at < _TYPING_SECONDS
        seen = self.world.seen_at.get((page, psid), 0.0)
        return web.json_response(
            {
                "items": items,
                "typing": action == "typing_on" and fresh,
                "seen": bool(items) and items[-1]["from"] == "user" and seen >= last,
                "profile": self.world.pages[page].profile,
                "pages": [{"id": i, "language": n, "name": w} for n, (i, _, w) in PAGES.items()],
                "desk": self.desk,
                "login": self.login,
                "troubles": sorted(name for name, rule in TROUBLES.items() if rule in self.rules),
            }
        )

    async def _act(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        page, psid, does = body["page"], body["user"], body["does"]
        shown: dict[str, Any] = {"from": "user", "text": body.get("text", "")}
        if does == "says":
            self.says(psid, body["text"], page)
        elif does == "presses":
            reply = {"quick_reply": {"payload": body["payload"]}}
            self.says(psid, body["text"], page, **reply)
        elif does == "posts_back":
            self.posts_back(psid, body["text"], body["payload"], page)
        elif does == "sends":
            # what a browser calls localhost, the rest of us call by its number
            payload: dict[str, Any] = {"url": urljoin(self.url, urlsplit(body["url"]).path)}
            kind = body.get("kind", "image")
            self.sends(psid, {"type": kind, "payload": payload}, page=page)
            shown["image"] = body["url"]
        elif does == "reads":
            self.reads_all(psid, page)
            return web.json_response({})
        elif does == "inbox":
            self.person_writes(psid, body["text"], page)
            return web.json_response({})
        elif does == "trouble":
            on = set(body["names"])
            self.rules = [rule for name, rule in TROUBLES.items() if name in on]
            return web.json_response({})
        else:
            raise web.HTTPBadRequest(text="what?")
        self.threads[page, psid].append({**shown, "at": self.world.now()})
        return web.json_response({})

    async def _take_photo(self, request: web.Request) -> web.StreamResponse:
        body = await request.content.read(_PHOTO_BYTES)
        while more := await request.content.read(_PHOTO_BYTES):
            body += more
            if len(body) > _PHOTO_BYTES:
                raise web.HTTPRequestEntityTooLarge(_PHOTO_BYTES, len(body))
        name = secrets.token_hex(8)
        self.photos[name] = body, request.content_type
        return web.json_response({"url": f"{self.url}/sandbox/photos/{name}"})

    async def _photo(self, request: web.Request) -> web.StreamResponse:
        found = self.photos.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        return web.Response(body=found[0], content_type=found[1])
