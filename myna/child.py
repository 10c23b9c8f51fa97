"""Child processes: started with their output in a file, waited for, ended with all they started."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import requests

_STOP_SECONDS = 20.0
_PR_SET_PDEATHSIG = 1


class ChildError(RuntimeError):
    """A process failed; the message says how and ends with the end of its output."""


def die_with_parent() -> None:
    """Lets the kernel end a child whose parent was killed, so that no port stays taken."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def child(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process with all that it starts, ended whatever happens.

    Args:
        command: the program and its arguments.
        environment: the whole of it.
        folder: where it runs.
        log: the file for its output, begun anew.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a group of its own, so that its children can be ended too
            preexec_fn=die_with_parent,
        )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def finish(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
) -> float:
    """Runs a command to its end, as `child` does; returns the seconds it took.

    Raises:
        ChildError: it did not end with 0.
    """
    begun = time.perf_counter()
    with child(command, environment, folder, log) as process:
        code = process.wait()
    if code:
        raise ChildError(f"'{' '.join(command[1:])}' failed:\n{_tail(log)}")
    return time.perf_counter() - begun


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    """Waits until an address of a process answers 200.

    Raises:
        ChildError: it does not, in time; or the process ends.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ChildError(f"A process ended while it was starting:\n{_tail(log)}")
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.05)
    raise ChildError(f"{url} did not answer in time:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-4000:]
