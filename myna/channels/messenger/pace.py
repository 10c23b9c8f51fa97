"""How fast a page may send, and whether it may at all.

Meta allows a page 300 requests a second with text, 10 with audio or video; we stay below.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_TEXT_PER_SECOND, _MEDIA_PER_SECOND = 200.0, 8.0
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
_NEARLY_USED_UP = 90.0  # percent
_BREATH = 0.5  # seconds between requests then


@dataclass
class _Page:
    free_at: dict[str, float] = field(default_factory=dict)
    paused_until: float = 0.0
    throttled: int = 0
    halted: str = ""


class Pace:
    """Keeps the pace of each page.

    Args:
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pages: dict[str, _Page] = {}

    def pause(self, page_id: str) -> float:
        """Seconds until the page may send again; 0: now."""
        return max(0.0, self._page(page_id).paused_until - self._clock())

    async def wait(self, page_id: str, *, media: bool = False, usage: float = 0.0) -> None:
        """Waits for the next place in the page's row.

        Args:
            page_id: whose row.
            media: whether a recording is sent.
            usage: how much of what Meta allows is used up, in percent.
        """
        page, kind = self._page(page_id), "media" if media else "text"
        between = 1 / (_MEDIA_PER_SECOND if media else _TEXT_PER_SECOND)
        if usage >= _NEARLY_USED_UP:
            between = max(between, _BREATH)
        now = self._clock()
        mine = max(now, page.free_at.get(kind, now))
        page.free_at[kind] = mine + between
        if mine > now:
            await asyncio.sleep(mine - now)

    def throttle(self, page_id: str, after: float | None = None) -> float:
        """Meta asks us to slow down: a pause for the whole page, longer each time; how long."""
        page = self._page(page_id)
        pause = min(_FIRST_PAUSE * 2.0**page.throttled, _LONGEST_PAUSE)
        page.throttled = min(page.throttled + 1, 10)
        return self._pause(page, max(pause, after or 0.0))

    def halt(self, page_id: str, reason: str) -> bool:
        """Nothing can be sent until somebody has done something; whether that is new."""
        page = self._page(page_id)
        new, page.halted = page.halted != reason, reason
        self._pause(page, _LONGEST_PAUSE)
        return new

    def went_well(self, page_id: str) -> None:
        """A message was sent: pauses begin small again."""
        page = self._page(page_id)
        page.throttled, page.halted = 0, ""

    def halted(self) -> dict[str, str]:
        """Pages that cannot send, and why."""
        return {page_id: page.halted for page_id, page in self._pages.items() if page.halted}

    def _page(self, page_id: str) -> _Page:
        return self._pages.setdefault(page_id, _Page())

    def _pause(self, page: _Page, seconds: float) -> float:
        page.paused_until = max(page.paused_until, self._clock() + seconds)
        return seconds
