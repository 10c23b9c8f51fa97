"""What `myna messenger` does: sets pages up, checks them, tells how they are.

Every step may be repeated: what is as it should be is left alone.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import aiohttp

from myna import settings
from myna.channels.messenger import profile
from myna.channels.messenger.config import Config
from myna.channels.messenger.graph import Graph, GraphError
from myna.channels.messenger.webhook import PATH
from myna.texts import Catalogue

FIELDS = (
    "messages",
    "message_echoes",
    "message_edits",
    "message_deliveries",
    "message_reads",
    "message_reactions",
    "messaging_postbacks",
    "messaging_referrals",
    "messaging_handovers",
    "standby",
)
"""What Meta has to tell us of a page."""
SCOPES = ("pages_messaging", "pages_manage_metadata")
_SOON_DAYS = 14
_SECONDS = 10.0

State = Literal["good", "done", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at or done."""

    state: State
    """`done`: it was put right just now."""
    text: str
    todo: str = ""


class Admin:
    """Looks after the pages of an installation.

    Args:
        config: the channel's.
        catalogue: what the pages say.
        graph: the Graph API.
    """

    def __init__(self, config: Config, catalogue: Catalogue, graph: Graph) -> None:
        self._config = config
        self._catalogue = catalogue
        self._graph = graph

    async def check(self, *, repair: bool) -> AsyncIterator[Finding]:
        """Looks at everything, and with `repair` puts right what can be put right from here."""
        yield await self._address()
        yield await self._carefully(self._webhook(repair))
        for page_id, page in self._config.pages.items():
            token = self._config.token(page_id) or ""
            found = await self._carefully(self._token(page_id, page.name, token))
            yield found
            if found.state == "bad":
                continue
            yield await self._carefully(self._subscription(page_id, page.name, token, repair))
            yield await self._carefully(self._profile(page_id, page.name, token, repair))
            yield await self._carefully(self._human_agent(page_id, page.name, token))

    async def _carefully(self, step: Any) -> Finding:
        try:
            found: Finding = await step
        except GraphError as error:
            return Finding("bad", f"Meta refuses: {error}", "See docs/messenger.md, Troubles.")
        return found

    async def _address(self) -> Finding:
        """Whether Meta could reach us, as far as that can be seen from here."""
        url = settings.public_url() + PATH
        if not url.startswith("https://") and self._config.graph_url.startswith("https://"):
            return Finding(
                "bad",
                f"{url} is not https.",
                "Meta calls https addresses only: set MYNA_PUBLIC_URL to the address of your"
                " reverse proxy.",
            )
        challenge = secrets.token_hex(8)
        query = {
            "hub.mode": "subscribe",
            "hub.verify_token": self._config.verify_token,
            "hub.challenge": challenge,
        }
        try:
            timeout = aiohttp.ClientTimeout(total=_SECONDS)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(url, params=query) as answer,
            ):
                if answer.status == 200 and await answer.text() == challenge:
                    return Finding("good", f"{url} answers.")
                told = f"HTTP {answer.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            told = type(error).__name__
        return Finding(
            "bad",
            f"{url} does not answer as the webhook ({told}).",
            "Start Myna with its secrets, and let your reverse proxy pass this path on.",
        )

    async def _webhook(self, repair: bool) -> Finding:
        """Whether the app tells us what happens on its pages."""
        app = self._config.app_id
        token = f"{app}|{self._config.app_secret}"
        url = settings.public_url() + PATH
        answer = await self._graph.get(f"{app}/subscriptions", token)
        known = [one for one in answer.get("data", []) if one.get("object") == "page"]
        if known and known[0].get("callback_url") == url and known[0].get("active"):
            there = {field.get("name") for field in known[0].get("fields", [])}
            if set(FIELDS) <= there:
                return Finding("good", f"The app tells {url} what happens.")
        if not repair:
            return Finding("bad", f"The app does not tell {url} everything.", _SET_UP)
        body = {
            "object": "page",
            "callback_url": url,
            "fields": ",".join(FIELDS),
            "verify_token": self._config.verify_token,
        }
        await self._graph.post(f"{app}/subscriptions", token, body)
        return Finding("done", f"The app now tells {url} what happens.")

    async def _token(self, page_id: str, name: str, token: str) -> Finding:
        """Whether a page's token is good, for how long, and for what."""
        told = (await self._graph.get("debug_token", token, input_token=token)).get("data", {})
        if not told.get("is_valid"):
            return Finding("bad", f"{name}: the token is not valid.", _NEW_TOKEN)
        if str(told.get("app_id")) != self._config.app_id:
            return Finding("bad", f"{name}: the token is another app's.", _NEW_TOKEN)
        if told.get("profile_id") not in (None, page_id):
            return Finding("bad", f"{name}: the token is another Page's.", _NEW_TOKEN)
        if missing := [scope for scope in SCOPES if scope not in told.get("scopes", [])]:
            return Finding("bad", f"{name}: the token lacks {', '.join(missing)}.", _NEW_TOKEN)
        ends = told.get("expires_at") or 0
        if not ends:
            return Finding("good", f"{name}: the token is valid and does not end.")
        end = datetime.fromtimestamp(ends, UTC)
        days = (end - datetime.now(UTC)).days
        text = f"{name}: the token is valid until {end:%Y-%m-%d} ({days} days)."
        return Finding("good", text) if days > _SOON_DAYS else Finding("bad", text, _NEW_TOKEN)

    async def _subscription(self, page_id: str, name: str, token: str, repair: bool) -> Finding:
        """Whether the page is connected with the app; Meta undoes it after long failures."""
        answer = await self._graph.get(f"{page_id}/subscribed_apps", token)
        ours = [one for one in answer.get("data", []) if str(one.get("id")) == self._config.app_id]
        if ours and set(FIELDS) <= set(ours[0].get("subscribed_fields", [])):
            return Finding("good", f"{name}: connected with the app.")
        if not repair:
            return Finding("bad", f"{name}: not wholly connected with the app.", _SET_UP)
        body = {"subscribed_fields": list(FIELDS)}
        await self._graph.post(f"{page_id}/subscribed_apps", token, body)
        return Finding("done", f"{name}: connected with the app.")

    async def _profile(self, page_id: str, name: str, token: str, repair: bool) -> Finding:
        """Greeting, first questions and menu."""
        path = f"{page_id}/messenger_profile"
        answer = await self._graph.get(path, token, fields=",".join(profile.FIELDS))
        found = (answer.get("data") or [{}])[0]
        missing = profile.different(found, profile.desired(self._config, self._catalogue, page_id))
        if not missing:
            return Finding("good", f"{name}: greeting, first questions and menu are there.")
        if not repair:
            what = ", ".join(missing)
            return Finding("bad", f"{name}: not as in responses/: {what}.", _SET_UP)
        await self._graph.post(path, token, missing)
        return Finding("done", f"{name}: {', '.join(missing)} set.")

    async def _human_agent(self, page_id: str, name: str, token: str) -> Finding:
        """Whether `human_agent` in shop.yml is true."""
        answer = await self._graph.get(page_id, token, fields="messaging_feature_status")
        status = answer.get("messaging_feature_status") or {}
        told = status.get("HUMAN_AGENT") or status.get("human_agent")
        granted, wanted = told == "approved", self._config.pages[page_id].human_agent
        if told is None or granted == wanted:
            days = "seven days" if wanted else "24 hours"
            return Finding("good", f"{name}: your people may answer for {days}.")
        todo = f"Write human_agent: {str(granted).lower()} in shop.yml."
        return Finding("bad", f"{name}: Meta says of the feature Human Agent: {told}.", todo)


_SET_UP = "Run `myna messenger setup`."
_NEW_TOKEN = "Make a new Page token (docs/messenger.md, step 4) and run `myna messenger setup`."  # noqa: S105
