"""Looks after conversations while nobody does anything: runs the watch, and what a crash left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from myna.database import Database
from myna.hub.brain import Brain, BrainUnavailable
from myna.hub.bus import News
from myna.hub.hub import Hub
from myna.hub.model import now
from myna.hub.watch import Due, Watch

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 2.0
_SETTLED = timedelta(seconds=60)
"""After so long no try of an abandoned turn can still be running in the brain."""


class Caretaker:
    """Takes the steps that are due, again and again; several processes may do so side by side."""

    def __init__(self, database: Database, hub: Hub, brain: Brain) -> None:
        self.watch = Watch(database, hub.house)
        self._hub = hub
        self._brain = brain
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look after things."""
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """Stops; what is due stays due."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Takes every step that is due at this moment."""
        for step in (self._steps, self._cases, self._forsaken, self._outcomes):
            await self._carefully(step)

    async def _go_on(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _carefully(self, step: Callable[[], Awaitable[None]]) -> None:
        """A step that fails must not keep the others from being taken."""
        try:
            await step()
        except Exception:
            logger.exception("Looking after conversations failed; it is tried again.")

    async def _steps(self) -> None:
        for due in await self.watch.due(now()):
            await self._carefully(partial(self._step, due))

    async def _step(self, due: Due) -> None:
        written = await self.watch.take(due, now())
        if written:
            self._hub.tell(written)
            if due.step == "nudge":
                about = {"agent_id": written.conversation.agent_id}
                self._hub.bus.publish(News("nudge", due.conversation_id, about))

    async def _cases(self) -> None:
        for case in await self.watch.overdue_cases(now()):
            self._hub.tell_case(case)

    async def _forsaken(self) -> None:
        for conversation_id in await self.watch.forsaken(now()):
            await self._hub.take_up(conversation_id)

    async def _outcomes(self) -> None:
        """Learns what became of turns that were given up, once the brain is back."""
        for turn in await self._hub.log.abandoned(_SETTLED):
            try:
                answer = await self._brain.outcome(turn.conversation_id, turn.id)
            except BrainUnavailable:
                return
            self._hub.tell(await self._hub.log.late_outcome(turn, answer))
