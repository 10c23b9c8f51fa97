"""Processes that tests and benchmarks start: none stays behind, and one that fails says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from myna.child import ChildError, child, finish, wait_for

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def written(path: Path) -> int:
    """The process id that is or will be in a file."""
    while not (path.exists() and (text := path.read_text().strip())):
        time.sleep(0.01)
    return int(text)


def ended(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not alive(pid)


@LINUX
def test_processes_and_their_children_end_on_errors(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = ["sh", "-c", "sleep 60 & echo $!; wait"]

    def fail() -> None:
        assert alive(written(log))
        raise RuntimeError("in the middle")

    with (
        pytest.raises(RuntimeError, match="in the middle"),
        child(command, dict(os.environ), tmp_path, log) as process,
    ):
        fail()
    assert process.returncode is not None
    assert ended(written(log))


@LINUX
def test_a_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = f"""
import os, pathlib, time
from myna.child import child
here = pathlib.Path({str(tmp_path)!r})
with child(["sleep", "60"], dict(os.environ), here, here / "log") as process:
    (here / "pid").write_text(str(process.pid))
    time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program])
    pid = written(tmp_path / "pid")
    assert alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert ended(pid)


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo the reason; exit 3"]
    with pytest.raises(ChildError, match="the reason"):
        finish(command, dict(os.environ), tmp_path, tmp_path / "log")


def test_waiting_ends_when_the_address_answers(tmp_path: Path, unused_port: int) -> None:
    (tmp_path / "index.html").touch()
    server = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(unused_port)]
    log = tmp_path / "log"
    with child(server, dict(os.environ), tmp_path, log) as process:
        wait_for(f"http://127.0.0.1:{unused_port}/", process, log, 30)
        with pytest.raises(ChildError, match="did not answer in time"):
            wait_for(f"http://127.0.0.1:{unused_port}/missing", process, log, 0.2)


def test_waiting_ends_with_the_process(tmp_path: Path, unused_port: int) -> None:
    log = tmp_path / "log"
    with (
        pytest.raises(ChildError, match="no port for me"),
        child(["sh", "-c", "echo no port for me"], dict(os.environ), tmp_path, log) as process,
    ):
        wait_for(f"http://127.0.0.1:{unused_port}/", process, log, 30)
