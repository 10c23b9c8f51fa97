"""A disk that can be filled: a small one, or, where none can be mounted, limits on files."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_BYTES = 48_000_000
_CHUNK = 100_000
_TINY = 4096  # bytes that a file may have while the disk counts as full


class SmallDisk:
    """A file system of its own."""

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self, pids: list[int]) -> None:
        """Not a byte more can be written."""
        with self._ballast.open("wb", buffering=0) as file:
            for chunk in (b"\0" * _CHUNK, b"\0"):
                with suppress(OSError):
                    while file.write(chunk):
                        pass

    def free(self, pids: list[int]) -> None:
        """There is room again."""
        self._ballast.unlink()


class Limits:
    """Limits on the size of files, put on processes while they run."""

    def fill(self, pids: list[int]) -> None:
        """The processes can write to no file of any size."""
        self._limit(pids, _TINY)

    def free(self, pids: list[int]) -> None:
        """They can again."""
        self._limit(pids, resource.RLIM_INFINITY)

    def _limit(self, pids: list[int], most: int) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


Disk = SmallDisk | Limits


@contextmanager
def disk_at(folder: Path) -> Iterator[Disk]:
    """A disk that can be filled, for the files in a folder that is still empty."""
    if not _mounted(folder):
        yield Limits()
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mounted(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={_BYTES}", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
