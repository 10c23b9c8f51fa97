"""What the benchmark of a turn makes of its times."""

from __future__ import annotations

import json

import pytest

from myna.bench.lanes import Sample
from myna.bench.summary import cost_ratios, format_turn, percentile, summary

from .figures import complete, held


def test_windows_and_ratios() -> None:
    result = summary([held(4), held(10, stock=40.0)], 4, [6])
    windows = result["sides"]["stock"]["windows"]
    assert windows["new"] == {"turns": 8, "median_ms": 33.0, "p95_ms": 46.0}
    assert windows["after_6"] == {"turns": 4, "median_ms": 55.0, "p95_ms": 58.0}
    ratio = result["ratios"]["windows"]["new"]["myna"]
    assert ratio == {"median": 0.5, "quartile_1": 0.5, "quartile_3": 0.5}
    assert "stock" not in result["ratios"]["windows"]["new"]


def test_a_ratio_is_of_pairs_not_of_medians() -> None:
    pairs = [(10.0, 100.0), (20.0, 20.0), (30.0, 10.0)]
    turns = [
        {"myna": Sample(ours, True), "brain": Sample(5.0, True), "stock": Sample(stock, True)}
        for ours, stock in pairs
    ]
    ratio = summary([turns], 3, [])["ratios"]["windows"]["new"]["myna"]
    assert ratio == {"median": 1.0, "quartile_1": 0.1, "quartile_3": 3.0}


def test_what_the_hub_adds_is_a_median_of_differences() -> None:
    lanes = [(10.0, 9.0), (30.0, 10.0), (12.0, 8.0)]
    turns = [
        {"myna": Sample(ours, True), "brain": Sample(brain, True), "stock": Sample(9.0, True)}
        for ours, brain in lanes
    ]
    assert summary([turns], 3, [])["hub_ms"] == {"new": 4.0}


def test_wrong_answers_are_counted() -> None:
    sides = summary([held(3), held(1, right=False)], 4, [])["sides"]
    assert sides["myna"]["right"] == 0.75
    assert sides["stock"]["right"] == 1.0


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([3.0, 1.0, 2.0], 95, 3.0), (range(1, 101), 95, 95), ([7.0], 5, 7.0), ([1, 2, 3, 4], 25, 1)],
)
def test_percentile(values: list[float], percent: int, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_a_cost_that_could_not_be_measured_has_no_ratio() -> None:
    costs = {"train_seconds": 1.0, "start_seconds": 2.0, "model_mb": 3.0, "memory_mb": None}
    ratios = cost_ratios(costs, costs)
    assert ratios == {
        "train_seconds": 1.0,
        "start_seconds": 1.0,
        "model_mb": 1.0,
        "memory_mb": None,
    }


def test_the_result_is_json_and_a_table() -> None:
    result = complete((6, 12))
    assert json.loads(json.dumps(result)) == result
    assert set(result["sides"]) == {"myna", "brain", "stock"}
    assert set(result["sides"]["stock"]["windows"]) == {"new", "after_6", "after_12"}
    lines = format_turn(result).splitlines()
    (training,) = [line for line in lines if line.startswith("training")]
    assert training.split() == ["training,", "s", "10.0", "–", "20.0", "0.50"]
    (after,) = [line for line in lines if "after 12 turns" in line]
    assert after.split()[-2:] == ["0.50", "0.11"]
    assert max(map(len, lines)) <= 100
