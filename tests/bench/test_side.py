"""What a running system costs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from myna.bench.side import Side, resident_megabytes

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def ended() -> int:
    """The id of a process that is no more."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def side(folder: Path, **processes: int) -> Side:
    (folder / "model").write_bytes(bytes(1_500_000))
    return Side(1.23, 4.56, folder / "model", processes)


@LINUX
def test_memory_of_this_process() -> None:
    assert 5 < (resident_megabytes(os.getpid()) or 0) < 100_000


def test_memory_of_none(ended: int) -> None:
    assert resident_megabytes(ended) is None


@LINUX
def test_costs_leave_out_the_demo_shop(tmp_path: Path) -> None:
    costs = side(tmp_path, brain=os.getpid(), shop=os.getppid()).costs()
    assert costs["memory_mb"] == pytest.approx(costs["memory_mb_of"]["brain"])
    assert set(costs["memory_mb_of"]) == {"brain", "shop"}
    assert (costs["train_seconds"], costs["start_seconds"]) == (1.2, 4.6)
    assert costs["model_mb"] == 1.5


def test_memory_is_unknown_where_one_process_is(tmp_path: Path, ended: int) -> None:
    assert side(tmp_path, brain=os.getpid(), actions=ended).costs()["memory_mb"] is None
