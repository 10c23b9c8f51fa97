"""What was measured of a turn, as numbers and as a table."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from myna.bench.lanes import Turns


def summary(conversations: Sequence[Turns], turns: int, depths: Sequence[int]) -> dict[str, Any]:
    """The windows of each lane and their ratios, as `bench_turn` returns them.

    Args:
        conversations: the first turns of each are the window `new`; the last reaches as far as
            the greatest depth and `turns` more.
        turns: turns in a window.
        depths: where the further windows begin.
    """
    windows: dict[str, Turns] = {"new": [turn for each in conversations for turn in each[:turns]]}
    for depth in sorted(depths):
        windows[f"after_{depth}"] = list(conversations[-1][depth : depth + turns])
    everything = [turn for each in conversations for turn in each]
    sides: dict[str, Any] = {}
    for lane in everything[0]:
        sides[lane] = {
            "windows": {
                name: {
                    "turns": len(window),
                    "median_ms": round(statistics.median(t[lane].milliseconds for t in window), 1),
                    "p95_ms": round(percentile([t[lane].milliseconds for t in window], 95), 1),
                }
                for name, window in windows.items()
            },
            "right": round(sum(t[lane].right for t in everything) / len(everything), 4),
        }
    ratios = {
        name: {lane: _paired(window, lane) for lane in sides if lane != "stock"}
        for name, window in windows.items()
    }
    hub = {name: round(_added(window), 1) for name, window in windows.items()}
    return {"sides": sides, "ratios": {"windows": ratios}, "hub_ms": hub}


def percentile(values: Iterable[float], percent: int) -> float:
    """The smallest value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def _added(window: Turns) -> float:
    """Median milliseconds that a turn takes beyond what the brain alone takes for it."""
    return statistics.median(t["myna"].milliseconds - t["brain"].milliseconds for t in window)


def _paired(window: Turns, lane: str) -> dict[str, float]:
    ratios = [turn[lane].milliseconds / turn["stock"].milliseconds for turn in window]
    return {
        "median": round(statistics.median(ratios), 3),
        "quartile_1": round(percentile(ratios, 25), 3),
        "quartile_3": round(percentile(ratios, 75), 3),
    }


def cost_ratios(ours: Mapping[str, Any], stock: Mapping[str, Any]) -> dict[str, float | None]:
    """Ours divided by stock Rasa's; None where one could not be measured."""
    names = ("train_seconds", "start_seconds", "model_mb", "memory_mb")
    return {
        name: round(ours[name] / stock[name], 3) if ours[name] and stock[name] else None
        for name in names
    }


def format_turn(result: dict[str, Any]) -> str:
    """The result of `bench_turn` as a table."""
    sides, ratios = result["sides"], result["ratios"]
    lines = [
        f"One message, Myna beside stock Rasa {result['rasa']} ({result['epochs']} epochs);"
        f" {result['cores']} cores, load {result['load_before']:.1f} before the run",
        _line("", "myna", "brain", "stock", "myna/stock", "brain/stock"),
    ]
    for name in sides["myna"]["windows"]:
        of = {lane: side["windows"][name] for lane, side in sides.items()}
        where = name.replace("_", " ") + (" turns" if "_" in name else " conversation")
        ratio = {lane: each["median"] for lane, each in ratios["windows"][name].items()}
        medians = [_number(of[lane]["median_ms"], 1) for lane in sides]
        shares = [_number(ratio[lane], 2) for lane in ("myna", "brain")]
        lines.append(_line(f"ms, {where}: median", *medians, *shares))
        lines.append(_line("   95th percentile", *[_number(o["p95_ms"], 1) for o in of.values()]))
    added = ", ".join(f"{ms:.1f}" for ms in result["hub_ms"].values())
    lines.append(f"ms, added by the hub to the brain's share (medians of the windows): {added}")
    for key, (label, digits) in {
        "first_ms": ("ms, first message after start", 0),
        "memory_mb": ("memory, MB", 0),
        "start_seconds": ("start, s", 1),
        "train_seconds": ("training, s", 1),
        "model_mb": ("model, MB", 1),
    }.items():
        values = [_number(side.get(key), digits) for side in sides.values()]
        lines.append(_line(label, *values, _number(ratios.get(key), 2)))
    lines.append(
        _line("answered as expected", *[f"{side['right']:.0%}" for side in sides.values()])
    )
    counts = ", ".join(str(window["turns"]) for window in sides["myna"]["windows"].values())
    lines.append(f"messages a window: {counts}; ratios: medians over messages sent side by side")
    lines.append("brain: Myna's rasa run alone; memory: without the demo shop")
    return "\n".join(lines)


def _line(label: str, *cells: str) -> str:
    widths = (9, 9, 9, 12, 13)
    return f"{label:37}" + "".join(
        f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=False)
    )


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
