"""The guides, kept fresh: what a trainer saves shows with the next answer, without training."""

from __future__ import annotations

import logging
import time
from functools import cache
from pathlib import Path

from myna.settings import PROJECT
from myna.troubleshooting.model import Guides
from myna.troubleshooting.reader import FOLDER, read_guides

logger = logging.getLogger(__name__)

_LOOK_AGAIN_AFTER = 1.0  # seconds between two looks at the files' times


class Library:
    """Reads the files again when one has changed; a mistake keeps the last good guides."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stamp = self._times()
        self._looked = time.monotonic()
        self._guides, findings = read_guides(root)
        for finding in findings:
            logger.error("%s", finding)

    def guides(self) -> Guides:
        """The guides as the files have them now."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_AGAIN_AFTER:
            self._looked = now
            self._refresh()
        return self._guides

    def _refresh(self) -> None:
        stamp = self._times()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        guides, findings = read_guides(self._root)
        for finding in findings:
            logger.error("Keeping the last good guides: %s", finding)
        if not findings:
            self._guides = guides

    def _times(self) -> tuple[tuple[str, int], ...]:
        found = []
        for path in sorted((self._root / FOLDER).rglob("*.y*ml")):
            try:
                found.append((str(path), path.stat().st_mtime_ns))
            except OSError:  # a file is just being replaced: looked at again
                found.append((str(path), 0))
        return tuple(found)


@cache
def library() -> Library:
    """The guides of this installation."""
    return Library(PROJECT)
