"""A circuit breaker: a shop that is down is left alone for a while, and nobody waits for it.

Closed, calls go through. After `failures` in a row it opens: calls come back at once. `seconds`
later it is half open: one call goes through to see, the others still come back; how that one ends
closes it or opens it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """One for each shop; threads share it.

    Args:
        failures: in a row, after which it opens.
        seconds: for which it stays open.
        clock: seconds that only ever grow.
    """

    def __init__(
        self, failures: int = 5, seconds: float = 15, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = failures
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at: float | None = None
        self._trying = False

    def allows(self) -> bool:
        """Whether a call may go through; who was allowed reports how it ended."""
        with self._lock:
            if self._opened_at is None:
                return True
            if self._trying or self._clock() - self._opened_at < self._seconds:
                return False
            self._trying = True
            return True

    def report(self, *, worked: bool) -> None:
        """How a call ended: whether the shop gave an answer, whatever it said."""
        with self._lock:
            self._trying = False
            if worked:
                self._failures, self._opened_at = 0, None
                return
            self._failures += 1
            if self._failures >= self._most:
                self._opened_at = self._clock()
