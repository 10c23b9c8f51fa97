"""A measured turn, without having measured one."""

from __future__ import annotations

from typing import Any

from myna.bench.lanes import Sample, Turns
from myna.bench.summary import cost_ratios, summary

MACHINE = {"rasa": "3.6.21", "cores": 2, "load_before": 0.5, "turns": 4, "epochs": 8}


def held(length: int, *, stock: float = 20.0, right: bool = True) -> Turns:
    """A conversation in which Myna takes half of stock Rasa's time, and its brain a quarter."""
    return [
        {
            "myna": Sample(stock / 2 + number, right),
            "brain": Sample(stock / 4, True),
            "stock": Sample(stock + 2 * number, True),
        }
        for number in range(length)
    ]


def complete(depths: tuple[int, ...] = (6,)) -> dict[str, Any]:
    """A result as `bench_turn` returns it."""
    conversations = [held(4), held(max(depths, default=0) + 4)]
    result: dict[str, Any] = MACHINE | summary(conversations, 4, depths)
    for name, side in result["sides"].items():
        side["first_ms"] = 100.0
        if name != "brain":
            big = 2 if name == "stock" else 1
            side |= {"train_seconds": 10.0 * big, "start_seconds": 5.0 * big}
            side |= {"model_mb": 3.0 * big, "memory_mb": 800.0 * big, "memory_mb_of": {}}
    result["ratios"] |= cost_ratios(result["sides"]["myna"], result["sides"]["stock"])
    return result
