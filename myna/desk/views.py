"""What the desk shows: conversations, counts and agents, as plain data for JSON."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from myna.desk.models import View
from myna.hub.agents import Agents
from myna.hub.hub import Hub
from myna.hub.model import Agent, Conversation, Message, stamp
from myna.hub.ownership import Owner

_OWNERS: dict[View, tuple[Owner, ...] | None] = {
    "queue": ("queue",),
    "mine": ("human",),
    "open": ("queue", "human"),
    "all": None,
}
_SNIPPET = 160  # characters of the last message in a list


class Views:
    """Reads what the desk shows."""

    def __init__(self, hub: Hub, agents: Agents) -> None:
        self._hub = hub
        self._agents = agents

    @staticmethod
    def agent(agent: Agent) -> dict[str, Any]:
        """An agent."""
        return {"id": agent.id, "name": agent.name, "login": agent.login, "away": agent.away}

    async def team(self) -> dict[str, Any]:
        """All agents, and who is there."""
        presence = timedelta(seconds=self._hub.house.facts.service.presence_seconds)
        return {"agents": await self._agents.everyone(presence)}

    async def summary(self, conversation_id: str) -> dict[str, Any]:
        """One conversation.

        Raises:
            HubError: there is none with this id (404).
        """
        conversation, last, cases = await asyncio.gather(
            self._hub.log.conversation(conversation_id),
            self._hub.log.last_message(conversation_id),
            self._hub.cases.first_of([conversation_id]),
        )
        return self._summary(conversation, last, cases.get(conversation_id))

    async def listing(self, view: View, agent: Agent) -> dict[str, Any]:
        """The conversations of a view, and the counts of all views."""
        overview, counts = await asyncio.gather(
            self._hub.log.overview(_OWNERS[view], agent.id if view == "mine" else None),
            self.counts(agent),
        )
        cases = await self._hub.cases.first_of([conversation.id for conversation, _ in overview])
        return {
            "conversations": [
                self._summary(conversation, last, cases.get(conversation.id))
                for conversation, last in overview
            ],
            "counts": counts,
        }

    async def counts(self, agent: Agent) -> dict[str, int]:
        """How much there is to do."""
        counts, cases = await asyncio.gather(
            self._hub.log.counts(agent.id), self._hub.cases.counts()
        )
        return counts | cases

    def _summary(
        self, conversation: Conversation, last: Message | None, case: str | None
    ) -> dict[str, Any]:
        return {
            "id": conversation.id,
            "channel": conversation.channel,
            "account": self._hub.house.account(conversation),
            "language": conversation.language,
            "owner": conversation.owner,
            "version": conversation.version,
            "agent": conversation.agent,
            "reason": conversation.reason,
            "queued_at": stamp(conversation.queued_at),
            "unanswered_since": stamp(conversation.unanswered_at),
            "seen_seq": conversation.seen_seq,
            "write_until": stamp(self._hub.house.write_until(conversation)),
            "case": case,
            "last_message": last
            and {"author": last.author, "text": last.text[:_SNIPPET], "at": stamp(last.created_at)},
            "last_seq": conversation.last_seq,
            "created_at": stamp(conversation.created_at),
        }
