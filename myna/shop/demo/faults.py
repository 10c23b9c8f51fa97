"""Trouble on order, so that tests and demonstrations can see what Myna makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One kind of trouble; the default is none."""

    delay_s: float = 0
    """Seconds to wait before anything else."""
    status: int | None = None
    """Answer with this status and no agreed body."""
    drop: bool = False
    """Close the connection without an answer."""
    after: bool = False
    """Strike when the work is done, so that the answer is what gets lost; else nothing is done."""
    times: int | None = None
    """Strike this often only; None for until further notice."""


class Faults:
    """The trouble that a service is in at present."""

    def __init__(self) -> None:
        self._fault = Fault()
        self._left: int | None = None

    def set(self, values: dict[str, Any]) -> None:
        """Takes what `POST /__faults` was given; raises ValueError if it makes no sense."""
        try:
            fault = Fault(**values)
        except TypeError:
            raise ValueError("known are delay_s, status, drop, after and times") from None
        if not isinstance(fault.delay_s, int | float) or not 0 <= fault.delay_s <= 60:
            raise ValueError("delay_s is 0-60")
        if fault.status is not None and fault.status not in range(200, 600):
            raise ValueError("status is 200-599")
        self._fault, self._left = fault, fault.times

    def take(self, *, after: bool) -> Fault:
        """The fault that strikes now, at the beginning or after the work is done."""
        if self._fault.after is not after or self._left == 0:
            return Fault()
        if self._left is not None:
            self._left -= 1
        return self._fault
