"""The long form: every scenario, then a table and a JSON file.

`python -m tests.faults --only "disk full" "every step, two fronts" --messages 300` runs a part.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.faults import report, stack
from tests.faults.runner import Result, run
from tests.faults.scenarios import SCENARIOS
from tests.faults.world import Setup

_KNOWN = {scenario.name: scenario for scenario in SCENARIOS}
_NAMES = [*_KNOWN, stack.NAME]
_SHOWN = 20  # findings of a scenario
_LETTERS = 400  # of a finding


def main() -> int:
    """Runs what is asked for; 0 if nothing was found."""
    arguments = _arguments()
    results = []
    for name in arguments.only or _NAMES:
        print(f"{datetime.now(UTC):%H:%M:%S} {name} …", flush=True)
        folder = Path(tempfile.mkdtemp(prefix="myna-faults-"))
        result = _run(name, folder, arguments)
        results.append(result)
        for finding in result.findings[:_SHOWN]:
            print(f"  {finding.kind}: {finding.text[:_LETTERS]}", flush=True)
        if result.findings or arguments.keep:
            print(f"  Its databases and logs: {folder}", flush=True)
        else:
            shutil.rmtree(folder)
        report.write([result], arguments.seed)
    print(f"\n{report.table(results)}\n\n{report.RESULTS}")
    return any(result.findings for result in results)


def _run(name: str, folder: Path, arguments: argparse.Namespace) -> Result:
    if name == stack.NAME:
        messages = arguments.messages or stack.MESSAGES
        return asyncio.run(stack.run(folder, arguments.seed, messages))
    return asyncio.run(run(_KNOWN[name], Setup(folder, arguments.seed), arguments.messages))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="SCENARIO", choices=_NAMES, help=str(_NAMES))
    parser.add_argument("--messages", type=int, help="of each scenario, at least")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 10_000)
    parser.add_argument("--keep", action="store_true", help="databases and logs of all scenarios")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
