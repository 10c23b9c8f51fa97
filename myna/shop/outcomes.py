"""Idempotency keys for a shop that knows none, as long as this process lives."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from myna.shop.model import Unavailable, Uncertain
from myna.shop.protocol import IdempotencyKeyReused

MOST = 10_000
"""Keys that are kept."""
SECONDS = 24 * 3600
"""For which a key is kept."""

_T = TypeVar("_T")


@dataclass
class _Entry:
    request: object
    at: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    outcome: object = None
    tried: bool = False


class Outcomes:
    """What each key came to; threads share it.

    Args:
        clock: seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def once(self, key: str, request: object, act: Callable[[bool], _T]) -> _T:
        """Acts, or gives the outcome of the first time; who comes meanwhile waits for it.

        Args:
            key: the caller's.
            request: operation and parameters; compared.
            act: does it; is told whether an earlier try may have done it. `Unavailable` and
                `Uncertain` are no outcomes.

        Raises:
            IdempotencyKeyReused: the key belongs to another request.
        """
        entry = self._entry(key, request)
        with entry.lock:
            if entry.outcome is None:
                outcome = act(entry.tried)
                entry.tried |= isinstance(outcome, Uncertain)
                if isinstance(outcome, Unavailable | Uncertain):
                    return outcome
                entry.outcome = outcome
            return entry.outcome  # type: ignore[return-value]

    def _entry(self, key: str, request: object) -> _Entry:
        now = self._clock()
        with self._lock:
            while self._entries:
                oldest = next(iter(self._entries.values()))
                if len(self._entries) <= MOST and now - oldest.at <= SECONDS:
                    break
                self._entries.popitem(last=False)
            entry = self._entries.setdefault(key, _Entry(request, now))
        if entry.request != request:
            raise IdempotencyKeyReused("the key belongs to another request")
        return entry
