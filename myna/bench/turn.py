"""`myna bench turn`: one turn through the real stack beside stock Rasa on the same data.

Three lanes (see `myna.bench.lanes`) take the same messages, one after the other, each in a
conversation of its own. They alternate with every message, so what else the machine does meets
all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import click

from myna.bench import BenchError
from myna.bench.lanes import BrainLane, Lane, Sample, StockLane, Turns, WebLane
from myna.bench.ours import ours, snapshot
from myna.bench.results import write_result
from myna.bench.script import SCRIPT
from myna.bench.stock import EPOCHS, stock, stock_responses
from myna.bench.summary import cost_ratios, summary
from myna.child import ChildError

DEPTHS = (50, 200)
"""After how many turns of one conversation the cost of a turn is looked at again."""

CONVERSATIONS = 3
"""How many short conversations are held besides the long one."""


def bench_turn(
    turns: int = 20, *, epochs: int = EPOCHS, depths: Sequence[int] = DEPTHS
) -> dict[str, Any]:
    """Trains and starts both systems in temporary folders, measures, ends them.

    What runs already on this machine is left alone. Progress goes to standard error, the result
    also to `bench/results/turn.json`.

    Args:
        turns: turns in each window that is measured, at least 1.
        epochs: of each of stock Rasa's trained components (see `EPOCHS`).
        depths: further windows, beginning after so many turns of one conversation; none keeps
            the run short.

    Returns:
        `sides`: for `myna`, `brain` and `stock` the `windows` (`new`, `after_50` …) with `turns`
        measured, `median_ms` and `p95_ms`; `first_ms`, the first message after the start;
        `right`, the share of messages with the expected answer; and for `myna` and `stock` also
        `train_seconds`, `start_seconds`, `model_mb`, `memory_mb` (resident at the end, 10^6
        bytes; Myna's without the demo shop, which stands for the merchant's system) and
        `memory_mb_of` (each process; None where there is no /proc).
        `hub_ms`: for each window the median of what Myna takes beyond `brain`, message by message.
        `ratios`: what it takes Myna, divided by what it takes stock Rasa; those of the windows
        are medians and quartiles of the ratios of the messages, each pair measured side by side.

    Raises:
        BenchError: something could not be trained, started or asked.
        ValueError: `turns`, `epochs` or a depth is below 1.
    """
    if min(turns, epochs, *depths) < 1:
        raise ValueError("turns, epochs and depths have to be 1 or more")
    result = {
        "what": "turn",
        "rasa": version("rasa"),
        "python": ".".join(map(str, sys.version_info[:3])),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "turns": turns,
        "epochs": epochs,
    }
    try:
        with _interruptible(), tempfile.TemporaryDirectory(prefix="myna-bench-") as name:
            result |= _measured(Path(name), turns, epochs, depths)
    except (ChildError, aiohttp.ClientError) as error:
        raise BenchError(str(error)) from error
    write_result("turn", result)
    return result


def _measured(folder: Path, turns: int, epochs: int, depths: Sequence[int]) -> dict[str, Any]:
    """`sides` and `ratios`, of two systems that run in this folder meanwhile."""
    project = snapshot(folder / "project")
    with (
        ours(folder / "myna", project) as (our_side, stack),
        stock(folder / "stock", project, epochs) as (stock_side, rest),
    ):
        click.echo("Measuring …", err=True)
        lanes: list[Lane] = [
            WebLane(stack.url),
            BrainLane(stack.processes()["brain"]["url"], stack.secret("brain")),
            StockLane(rest, stock_responses(project)),
        ]
        first, conversations = asyncio.run(_converse(lanes, turns, depths))
        found = summary(conversations, turns, depths)
        sides = found["sides"]
        for lane, sample in first.items():
            sides[lane]["first_ms"] = round(sample.milliseconds, 1)
        sides["myna"] |= our_side.costs()
        sides["stock"] |= stock_side.costs()
    found["ratios"] |= cost_ratios(sides["myna"], sides["stock"])
    return found


async def _converse(
    lanes: Sequence[Lane], turns: int, depths: Sequence[int]
) -> tuple[dict[str, Sample], list[Turns]]:
    """Holds all conversations; returns the very first messages and those that count."""
    warm_up = await _conversation(lanes, len(SCRIPT))
    lengths = [turns] * CONVERSATIONS + [max(depths, default=0) + turns]
    return warm_up[0], [await _conversation(lanes, length) for length in lengths]


async def _conversation(lanes: Sequence[Lane], turns: int) -> Turns:
    """One conversation on each lane at once; who is asked first changes with every message."""
    taken: Turns = []
    async with contextlib.AsyncExitStack() as stack:
        talks = [(lane, await stack.enter_async_context(lane.conversation())) for lane in lanes]
        for number in range(turns):
            text, response = SCRIPT[number % len(SCRIPT)]
            first = number % len(talks)
            samples = {
                lane.name: await talk.say(text, response)
                for lane, talk in talks[first:] + talks[:first]
            }
            taken.append({lane.name: samples[lane.name] for lane in lanes})
    return taken


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """A request to terminate ends this process as an exception, so that nothing stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
