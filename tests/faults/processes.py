"""Child processes that are started again whenever they die, as a supervisor does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from myna.child import die_with_parent

_PAUSE_SECONDS = 0.1
_READY_SECONDS = 60.0
_CRASHES = 5  # in a row, after which there is no hope


class NotReady(RuntimeError):
    """A process does not answer; the message ends with the end of its log."""


class Kept:
    """One process.

    Args:
        name: what it is, for tables and messages.
        command: the program and its arguments.
        environment: the whole of it.
        log: where its output goes, all its lives one after the other.
        url: answers when the process is ready.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, url: str
    ) -> None:
        self.name = name
        self.url = url
        self.kills = 0
        """How often it has died by SIGKILL."""
        self._command = command
        self._environment = environment
        self._log = log
        self._crashes = 0
        self._process: asyncio.subprocess.Process | None = None
        self._may_run = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Of the life it leads now."""
        assert self._process
        return self._process.pid

    async def start(self) -> None:
        """Starts it, and waits until it answers."""
        self._may_run.set()
        self._keeper = asyncio.create_task(self._keep())
        await self.ready()

    async def stop(self) -> None:
        """Ends it for good."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process and self._process.returncode is None:
            self.signal(signal.SIGCONT)
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 10)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal; nothing if it is dead at this moment."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def kill(self) -> None:
        """`kill -9`."""
        self.signal(signal.SIGKILL)

    @asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        """It is dead, and stays so meanwhile."""
        self._may_run.clear()
        self.kill()
        try:
            yield
        finally:
            self._may_run.set()

    async def ready(self, seconds: float = _READY_SECONDS) -> None:
        """Waits until it answers.

        Raises:
            NotReady: it does not, in time, or ends by itself again and again.
        """
        deadline = time.monotonic() + seconds
        timeout = aiohttp.ClientTimeout(total=2)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while time.monotonic() < deadline and self._crashes < _CRASHES:
                # any answer will do: who answers "no" is there
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(self.url):
                        self._crashes = 0
                        return
                await asyncio.sleep(0.02)
        end = self._log.read_text(errors="replace")[-3000:]
        raise NotReady(f"{self.name} does not answer:\n{end}")

    async def _keep(self) -> None:
        while True:
            await self._may_run.wait()
            with self._log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    env=self._environment,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=die_with_parent,
                )
            code = await self._process.wait()
            self.kills += code == -signal.SIGKILL
            self._crashes += code != -signal.SIGKILL
            await asyncio.sleep(_PAUSE_SECONDS)
