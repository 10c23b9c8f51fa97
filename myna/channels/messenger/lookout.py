"""Looks after the pages while nobody does: Meta disconnects a page whose webhook failed for long,
and tokens end. A page is connected again; what needs a person raises an alarm."""

from __future__ import annotations

import asyncio
import logging

from myna.channels.messenger.admin import Admin
from myna.channels.messenger.sender import Alarm

logger = logging.getLogger(__name__)

_FIRST_SECONDS, _EACH_SECONDS = 60.0, 6 * 3600.0


class Lookout:
    """Looks at the pages of an installation, again and again.

    Args:
        admin: looks and repairs.
        alarm: told what needs a person, once for each reason.
    """

    def __init__(self, admin: Admin, alarm: Alarm) -> None:
        self._admin = admin
        self._alarm = alarm
        self._told: set[tuple[str, str]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look."""
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """Stops looking."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Looks once."""
        async for page_id, finding in self._admin.look_after():
            if finding.state == "done":
                logger.warning("Messenger had disconnected a Page. %s", finding.text)
            elif finding.state == "bad" and (page_id, finding.text) not in self._told:
                self._told.add((page_id, finding.text))
                await self._alarm(page_id, f"{finding.text} {finding.todo}")

    async def _go_on(self) -> None:
        await asyncio.sleep(_FIRST_SECONDS)
        while True:
            try:
                await self.look()
            except Exception:
                logger.exception("Looking after the Pages failed; it is tried again.")
            await asyncio.sleep(_EACH_SECONDS)
