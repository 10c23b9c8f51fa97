"""Deaths at chosen steps: a process that is told to kills itself when it gets there."""

from __future__ import annotations

import os
import signal
from pathlib import Path


class Steps:
    """One step, named in a file; whoever reaches it dies as by `kill -9`.

    The file is taken away before the death, so that the process that is started next lives on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def arm(self, step: str) -> None:
        """Names the step at which to die."""
        draft = self._path.with_suffix(".draft")
        draft.write_text(step)
        draft.replace(self._path)

    @property
    def armed(self) -> bool:
        """Whether nobody has reached the step yet."""
        return self._path.exists()

    def disarm(self) -> bool:
        """Takes the name back; whether nobody had reached the step."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True

    def reach(self, step: str) -> None:
        """Dies here, if this is the step."""
        try:
            armed = self._path.read_text()
        except FileNotFoundError:
            return
        if armed == step and self.disarm():
            os.kill(os.getpid(), signal.SIGKILL)
