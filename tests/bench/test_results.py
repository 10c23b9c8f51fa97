"""Where results go."""

from __future__ import annotations

import json
from pathlib import Path

from myna.bench.results import write_result

from .figures import complete


def test_results_are_written(results: Path) -> None:
    path = write_result("turn", complete())
    assert path == results / "turn.json"
    assert json.loads(path.read_text())["turns"] == 4
