"""What happens, told to open desks as it happens.

What news do not carry is read from the database, once for all the desks that this process serves.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from sanic.request import Request

from myna import web
from myna.api import Api
from myna.desk import models
from myna.desk.access import Access
from myna.desk.views import Views
from myna.hub.agents import Agents
from myna.hub.bus import EVERYTHING, News
from myna.hub.hub import Hub
from myna.hub.model import Agent

_KEPT = 500  # more news than any listener has waiting

Event = tuple[str, dict[str, Any]]


class Reader:
    """Reads what news are about; the same news only once, however many desks ask."""

    def __init__(self, hub: Hub, views: Views) -> None:
        self._hub = hub
        self._views = views
        self._read: OrderedDict[int, tuple[News, asyncio.Task[Event | None]]] = OrderedDict()

    async def event(self, news: News) -> Event | None:
        """What desks are told; None: nothing."""
        # by identity, and kept with the news itself, so that no other can take its place
        known = self._read.get(id(news))
        if known is None:
            while len(self._read) >= _KEPT:
                self._read.popitem(last=False)
            known = self._read[id(news)] = news, asyncio.create_task(self._made(news))
        # a desk that is closed meanwhile must not cut off the others
        return await asyncio.shield(known[1])

    async def _made(self, news: News) -> Event | None:
        data, conversation_id = news.data or {}, news.conversation_id
        if news.kind == "message":
            return "message", {"conversation_id": conversation_id, "message": data}
        if news.kind == "conversation":
            return "conversation", await self._views.summary(conversation_id)
        if news.kind == "case":
            return "case", {"case": (await self._hub.cases.get(data["reference"])).public()}
        if news.kind in ("typing", "delivery"):
            return news.kind, {"conversation_id": conversation_id, **data}
        return None


class Stream:
    """The live events of one open desk.

    Args:
        reader: reads what news are about.
        hub: where the log is.
        agents: where signs of life go.
        views: what the desk shows.
        agent: whose desk it is.
        still_known: whether the agent is logged in still.
        followed: a conversation whose messages are sent without gaps, or None.
        seq: after which message of it.
    """

    def __init__(
        self,
        reader: Reader,
        hub: Hub,
        agents: Agents,
        views: Views,
        agent: Agent,
        still_known: Callable[[], Awaitable[object]],
        followed: str | None,
        seq: int,
    ) -> None:
        self._reader = reader
        self._hub = hub
        self._agents = agents
        self._views = views
        self._agent = agent
        self._still_known = still_known
        self._followed = followed
        self._seq = seq
        self._team: Any = None
        self._alive_until = time.monotonic() + web.HEARTBEAT_SECONDS

    async def events(self, queue: asyncio.Queue[News]) -> AsyncIterator[str | None]:
        """What there is, then what happens, until the agent's session is over.

        Args:
            queue: of all news, listened to from before this is called.
        """
        yield web.event("counts", await self._views.counts(self._agent))
        async for missed in self._missed():
            yield missed
        if changed := await self._team_changed():
            yield changed
        while True:
            news = await web.next_or_none(queue)
            about_me = news and news.kind == "agents" and _agent_of(news) == self._agent.id
            if news is None or about_me or time.monotonic() >= self._alive_until:
                if not await self._still_known():
                    return
                await self._agents.alive(self._agent.id)
                self._alive_until = time.monotonic() + web.HEARTBEAT_SECONDS
                yield await self._team_changed()
            if news is None:
                continue
            if news.kind == "agents":
                if changed := await self._team_changed():
                    yield changed
            elif news.kind == "nudge":
                if _agent_of(news) == self._agent.id:
                    yield web.event("nudge", {"conversation_id": news.conversation_id})
            elif news.kind == "resync":
                yield web.event("resync", {})
                async for missed in self._missed():
                    yield missed
            elif news.kind == "message" and news.conversation_id == self._followed:
                async for missed in self._missed():
                    yield missed
            elif event := await self._reader.event(news):
                yield web.event(*event)

    async def _missed(self) -> AsyncIterator[str]:
        """The followed conversation's messages that were not sent yet."""
        while self._followed:
            found = await self._hub.log.messages(self._followed, self._seq, notes=True)
            if not found:
                return
            for message in found:
                self._seq = message.seq
                about = {"conversation_id": self._followed, "message": message.public()}
                yield web.event("message", about, message.seq)

    async def _team_changed(self) -> str | None:
        """Who is there, if that is not as it was told last."""
        team = await self._views.team()
        told = [{**one, "seen_at": None} for one in team["agents"]]
        if told == self._team:
            return None
        self._team = told
        return web.event("agents", team)


def _agent_of(news: News) -> Any:
    return (news.data or {}).get("agent_id")


def add_routes(desk: Api, hub: Hub, agents: Agents, views: Views, access: Access) -> None:
    """The stream of live events."""
    reader = Reader(hub, views)

    @desk.get("/events", events=models.EVENTS)
    async def events(request: Request, agent: Agent, query: models.Followed) -> None:
        """Follow what happens.

        While the stream is open the agent counts as there. First comes `counts`, then the messages
        of `conversation` after `after`, then who is there (`agents`), then what happens; `nudge`
        only for the agent's own conversations. After `resync` something may have been missed: read
        the lists again. The messages of `conversation` have their `seq` as id, so a browser that
        connects again misses none.
        """
        seq = web.last_event(request) or query.after
        stream = Stream(
            reader,
            hub,
            agents,
            views,
            agent,
            lambda: access.known(request),
            query.conversation,
            seq,
        )
        await agents.alive(agent.id)
        hub.bus.publish(News("agents", "", {"agent_id": agent.id}))
        with hub.bus.listen(EVERYTHING) as queue:
            await web.stream(request, stream.events(queue))
