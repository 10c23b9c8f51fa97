"""Starts the real front server so that it can die at any step, and live by a clock that jumps.

Each transaction of the hub has three steps: before it, inside it when all is written and nothing
committed, and after it when the process has not gone on yet. Calls to the brain and to webhooks
have two: before and after.
"""

from __future__ import annotations

import datetime
import functools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from myna import front
from myna.database import writes
from myna.hub import hub, model
from myna.hub.brain import HttpBrain
from myna.hub.care import Care
from myna.hub.courier import Courier
from myna.hub.log import Log
from myna.hub.watch import Watch
from myna.hub.webhooks import WebhookCarrier
from tests.faults.steps import Steps

STEP_FILE, CLOCK_FILE, TURN_SECONDS = "FAULTS_STEP", "FAULTS_CLOCK", "FAULTS_TURN_SECONDS"
"""Environment: the file that names the step to die at; the file that has the seconds by which the
clock is wrong; the seconds that a turn may take, if not as many as usual."""

_CALLS = ((HttpBrain, ("turn", "outcome", "reset")), (WebhookCarrier, ("send",)))


def transactions() -> Iterator[tuple[type, str]]:
    """The writing transactions of the hub."""
    for holder in (Log, Care, Watch, Courier):
        for name, member in vars(holder).items():
            # what `writes` makes is a wrapper of this name
            if getattr(getattr(member, "__code__", None), "co_name", "") == "transaction":
                yield holder, name


def all_steps() -> list[str]:
    """Every step at which the front server can be told to die."""
    return [
        *(
            f"{moment} {holder.__name__}.{name}"
            for holder, name in transactions()
            for moment in ("before", "inside", "after")
        ),
        *(
            f"{moment} {holder.__name__}.{name}"
            for holder, names in _CALLS
            for name in names
            for moment in ("before", "after")
        ),
    ]


def install(steps: Steps) -> None:
    """Puts the steps around the product's methods."""
    for holder, name in list(transactions()):
        plain = vars(holder)[name]
        setattr(holder, name, _around(steps, holder, _ending(steps, holder, plain.__wrapped__)))
    for holder, names in _CALLS:
        for name in names:
            setattr(holder, name, _around(steps, holder, vars(holder)[name]))


def _ending(steps: Steps, holder: type, body: Callable[..., Any]) -> Callable[..., Any]:
    """The transaction again, with a step before it is committed."""

    @functools.wraps(body)
    def ending(*args: Any, **kwargs: Any) -> Any:
        found = body(*args, **kwargs)
        steps.reach(f"inside {holder.__name__}.{body.__name__}")
        return found

    return writes(ending)


def _around(steps: Steps, holder: type, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    async def around(*args: Any, **kwargs: Any) -> Any:
        steps.reach(f"before {holder.__name__}.{call.__name__}")
        found = await call(*args, **kwargs)
        steps.reach(f"after {holder.__name__}.{call.__name__}")
        return found

    return around


def set_clock_by(path: Path) -> None:
    """Makes the clock wrong by the seconds that stand in a file.

    The monotonic clock stays right, as when somebody sets a machine's clock. (libfaketime would do
    this from outside, but makes a front server some ten times slower, which hides what is looked
    for.)
    """
    right = time.time

    def wrong() -> float:
        return right() + float(path.read_text())

    class Wrong(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
            return datetime.datetime.fromtimestamp(wrong(), tz)  # as databases know it

    time.time = wrong
    vars(model)["datetime"] = Wrong


def main() -> None:
    """As `python -m myna.front`."""
    install(Steps(Path(os.environ[STEP_FILE])))
    set_clock_by(Path(os.environ[CLOCK_FILE]))
    if seconds := os.environ.get(TURN_SECONDS):
        HttpBrain.__init__.__defaults__ = (float(seconds),)
        vars(hub)["TURN_SECONDS"] = float(seconds)
    front.main()


if __name__ == "__main__":
    main()
