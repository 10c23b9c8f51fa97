"""The long form: every scenario, then a table and a JSON file.

`python -m tests.faults --only "disk full" "two fronts" --messages 300` runs a part of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.faults import stack
from tests.faults.runner import Result, run
from tests.faults.scenarios import SCENARIOS
from tests.faults.world import Setup

RESULTS = Path(__file__).parent / "results"
_SHOWN = 20  # findings of a scenario
_COLUMNS = ("scenario", "messages", "kills", "lost", "doubled", "over human", "disorder", "after s")


def main() -> int:
    """Runs what is asked for; 0 if nothing was found."""
    arguments = _arguments()
    known = {scenario.name: scenario for scenario in SCENARIOS}
    results = []
    for name in arguments.only or [*known, stack.NAME]:
        print(f"{datetime.now(UTC):%H:%M:%S} {name} …", flush=True)
        folder = Path(tempfile.mkdtemp(prefix="myna-faults-"))
        if name == stack.NAME:
            work = stack.run(folder, arguments.seed, arguments.messages or stack.MESSAGES)
        else:
            work = run(known[name], Setup(folder, arguments.seed), arguments.messages)
        result = asyncio.run(work)
        results.append(result)
        for finding in result.findings[:_SHOWN]:
            print(f"  {finding.kind}: {finding.text}", flush=True)
        if result.findings or arguments.keep:
            print(f"  Its databases and logs: {folder}", flush=True)
        else:
            shutil.rmtree(folder)
    print(f"\n{table(results)}\n\n{_write(results, arguments.seed)}")
    return any(result.findings for result in results)


def _arguments() -> argparse.Namespace:
    names = [*(scenario.name for scenario in SCENARIOS), stack.NAME]
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="SCENARIO", choices=names, help=str(names))
    parser.add_argument("--messages", type=int, help="of each scenario, at least")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 10_000)
    parser.add_argument("--keep", action="store_true", help="databases and logs of all scenarios")
    return parser.parse_args()


def table(results: Sequence[Result]) -> str:
    """The summary, as text."""
    rows = [
        [
            result.scenario,
            f"{result.messages}",
            f"{result.kills}",
            *(f"{result.count(kind)}" for kind in ("lost", "doubled", "over human", "disorder")),
            f"{result.slowest:.1f}",
        ]
        for result in results
    ]
    sums = [sum(int(row[column]) for row in rows) for column in range(1, 7)]
    slowest = max((result.slowest for result in results), default=0.0)
    rows.append(["together", *map(str, sums), f"{slowest:.1f}"])
    widths = [max(len(row[n]) for row in (_COLUMNS, *rows)) for n in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in (_COLUMNS, *rows)
    )


def _write(results: Sequence[Result], seed: int) -> Path:
    """Keeps the results, with what they were measured on."""
    RESULTS.mkdir(exist_ok=True)
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    kept = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "machine": {
            "processors": os.cpu_count(),
            "memory_gb": round(pages * size / 1e9, 1),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "scenarios": [asdict(result) for result in results],
    }
    path = RESULTS / "faults.json"
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
