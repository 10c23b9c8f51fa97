"""One of the two systems that are compared, and what it costs to have it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MEGABYTE = 1_000_000
_NOT_COUNTED = "shop"
"""The demo shop's process: it stands for the merchant's own system."""


@dataclass(frozen=True)
class Side:
    """A system, trained and running."""

    train_seconds: float
    """Of the whole command, importing Rasa included."""
    start_seconds: float
    """From the command to the first moment at which a message would be answered."""
    model: Path
    processes: Mapping[str, int]
    """Name and id of each process."""

    def costs(self) -> dict[str, Any]:
        """Seconds, size of the model and memory at this moment, as `bench_turn` returns them."""
        memory = {name: resident_megabytes(pid) for name, pid in self.processes.items()}
        counted = [value for name, value in memory.items() if name != _NOT_COUNTED]
        known = [value for value in counted if value is not None]
        return {
            "train_seconds": round(self.train_seconds, 1),
            "start_seconds": round(self.start_seconds, 1),
            "model_mb": round(self.model.stat().st_size / _MEGABYTE, 2),
            "memory_mb": round(sum(known), 1) if len(known) == len(counted) else None,
            "memory_mb_of": memory,
        }


def resident_megabytes(pid: int) -> float | None:
    """Resident memory of a process in 10^6 bytes; None where there is no /proc."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / _MEGABYTE, 1)
