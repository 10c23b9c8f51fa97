"""A folder of its own for the JSON."""

from pathlib import Path

import pytest

from myna.bench import results as module


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where results go in this test."""
    folder = tmp_path / "bench" / "results"
    monkeypatch.setattr(module, "RESULTS", folder)
    return folder
