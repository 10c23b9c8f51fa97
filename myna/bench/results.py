"""Where the benchmarks' results are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from myna.settings import PROJECT

RESULTS = PROJECT / "bench" / "results"
"""The folder of the JSON files; not committed."""


def write_result(name: str, result: dict[str, Any]) -> Path:
    """Writes a benchmark's result to `bench/results/<name>.json`."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
