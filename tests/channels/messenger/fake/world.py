"""What Meta knows: pages, users, threads, and the time, which can be set forward."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

APP_ID, APP_SECRET, VERIFY_TOKEN = "700000000000001", "app secret of tests", "verify me"
PAGE, TOKEN = "100200300400500", "EAAGtestTOKENofPAGE"
INBOX_APP = "263902037430900"
DAY = 24 * 3600.0

SCOPES = ["pages_messaging", "pages_manage_metadata", "pages_show_list"]


@dataclass
class Page:
    """A page and what its app may do."""

    id: str
    token: str
    name: str = "Lentera Home"
    human_agent: bool = False
    token_valid: bool = True
    token_expires_at: int = 0
    restricted: bool = False
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    subscribed: list[str] = field(default_factory=list)
    profile: dict[str, Any] = field(default_factory=dict)


@dataclass
class User:
    """Somebody with a thread with a page."""

    id: str
    page: str
    name: str = "Nguyễn An"
    acted_at: float = 0.0
    """When they last wrote, pressed or reacted; 0: never."""
    blocked: bool = False
    owner: str = APP_ID
    """The app that has the thread."""
    silenced: bool = False
    """A person answers them: nothing of the bot may come any more."""


@dataclass
class Sent:
    """A message of the page that was accepted."""

    mid: str
    page: str
    user: str
    message: dict[str, Any]
    at: float
    tag: str | None = None
    app_id: str = APP_ID

    @property
    def text(self) -> str:
        """Its words."""
        if "text" in self.message:
            return str(self.message["text"])
        payload = self.message.get("attachment", {}).get("payload", {})
        return str(payload.get("text", ""))

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """(title, payload) of everything that can be pressed."""
        replies = self.message.get("quick_replies") or []
        payload = self.message.get("attachment", {}).get("payload", {})
        return [(b["title"], b["payload"]) for b in [*replies, *payload.get("buttons", [])]]


class World:
    """All that Meta keeps.

    Args:
        seed: of everything that is random.
    """

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.offset = 0.0
        self.pages = {PAGE: Page(PAGE, TOKEN)}
        self.users: dict[tuple[str, str], User] = {}
        self.sent: list[Sent] = []
        self.actions: list[tuple[str, str]] = []
        """(user, sender action)."""
        self.acted: dict[tuple[str, str], tuple[str, float]] = {}
        """The last sender action in each thread, (page, user), and when."""
        self.seen_at: dict[tuple[str, str], float] = {}
        self.log: list[tuple[str, str, Any]] = []
        """(method, path, body or query) of every request."""
        self.violations: list[str] = []
        self.callback: dict[str, Any] = {}
        self.is_human: Callable[[str], bool] = lambda text: False
        """Which texts a person has written."""
        self._buckets: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._calls: deque[float] = deque()
        self._keys: set[str] = set()
        self._last: dict[tuple[str, str], tuple[int, int]] = {}

    def now(self) -> float:
        """Seconds since 1970, as Meta's clocks show them."""
        return time.time() + self.offset

    def mid(self) -> str:
        """A new message id, as long as Meta's."""
        return "m_" + base64.urlsafe_b64encode(self.random.randbytes(63)).decode()

    def user(self, psid: str, page: str = PAGE, **more: Any) -> User:
        """A user, made if there is none."""
        user = self.users.setdefault((page, psid), User(psid, page))
        for name, value in more.items():
            setattr(user, name, value)
        return user

    def page_of(self, token: str) -> Page | None:
        """Whose token it is."""
        return next((page for page in self.pages.values() if page.token == token), None)

    def proof(self, token: str) -> str:
        """What `appsecret_proof` has to be."""
        return hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()

    def take(self, page: str, kind: str, per_second: int) -> bool:
        """Whether a request is within the page's rate (real time, for it is about our pace)."""
        moments, now = self._buckets[page, kind], time.monotonic()
        while moments and moments[0] < now - 1:
            moments.popleft()
        if len(moments) >= per_second:
            return False
        moments.append(now)
        return True

    def usage(self) -> int:
        """How much of the day's calls is used up, in percent: 200 for each engaged user."""
        now = self.now()
        while self._calls and self._calls[0] < now - DAY:
            self._calls.popleft()
        self._calls.append(now)
        engaged = sum(user.acted_at > now - DAY for user in self.users.values())
        return round(100 * len(self._calls) / (200 * max(1, engaged) + 10_000))

    def check_rules_of_ours(self, user: User, message: dict[str, Any], tag: str | None) -> None:
        """What Meta would not mind, and we do."""
        key = message.get("metadata")
        text = Sent("", "", "", message, 0).text
        if not key:
            self.violations.append(f"a message to {user.id} has no metadata")
            return
        if key in self._keys:
            self.violations.append(f"{key} was sent twice")
        self._keys.add(key)
        _, _, place = key.partition(":")
        seq, _, part = place.partition(":")
        order, thread = (int(seq), int(part or 0)), (user.page, user.id)
        last = self._last.get(thread, (0, 0))
        if order < last:
            self.violations.append(f"{key} came after a later one")
        self._last[thread] = max(order, last)
        if tag == "HUMAN_AGENT" and not self.is_human(text):
            self.violations.append(f"the bot used HUMAN_AGENT: {text[:40]}")
        if user.silenced and not self.is_human(text):
            self.violations.append(f"the bot spoke into a person's conversation: {text[:40]}")
