"""What came of the scenarios: a table to read, and a JSON file with what it was measured on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from tests.faults.runner import Result
from tests.faults.turns import Kind

RESULTS = Path(__file__).parent / "results" / "faults.json"

_KINDS: tuple[Kind, ...] = get_args(Kind)
_COLUMNS = ("scenario", "messages", "kills", *_KINDS, "calm s", "all s")


def table(results: Sequence[Result]) -> str:
    """The summary, as text; the last columns are `Result.slowest` and `Result.longest`."""
    lines = [list(_COLUMNS)]
    for result in results:
        counts = (result.messages, result.kills, *map(result.count, _KINDS))
        waits = (f"{result.slowest:.1f}", f"{result.longest:.1f}")
        lines.append([result.scenario, *map(str, counts), *waits])
    columns = list(zip(*lines[1:], strict=True))[1:]
    sums = (str(sum(map(int, column))) for column in columns[:-2])
    lines.append(["together", *sums, *(max(column, key=float) for column in columns[-2:])])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([name.ljust(widths[0]), *map(str.rjust, cells, widths[1:])])
        for name, *cells in lines
    )


def write(results: Sequence[Result], seed: int) -> Path:
    """Puts the results into the file, each in the place of the earlier one of its scenario."""
    kept: dict[str, Any] = {}
    if RESULTS.exists():
        kept = {one["scenario"]: one for one in json.loads(RESULTS.read_text())["scenarios"]}
    at = datetime.now(UTC).isoformat(timespec="seconds")
    kept |= {result.scenario: {"at": at, "seed": seed, **asdict(result)} for result in results}
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    machine = {
        "processors": os.cpu_count(),
        "memory_gb": round(pages * size / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    content = {"machine": machine, "scenarios": list(kept.values())}
    RESULTS.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return RESULTS
