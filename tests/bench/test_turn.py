"""How the conversations of the benchmark are held; nothing real is started, no times."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from myna.bench import BenchError, turn
from myna.bench.lanes import Lane, Sample, Talk
from myna.bench.script import SCRIPT
from myna.child import ChildError

NAMES = ("myna", "brain", "stock")


class FakeLane:
    """Answers each message with its number in the conversation."""

    def __init__(self, name: str, said: list[tuple[str, str]]) -> None:
        self.name = name
        self._said = said

    @contextlib.asynccontextmanager
    async def conversation(self) -> AsyncIterator[Talk]:
        self._taken = 0
        yield self

    async def say(self, text: str, response: str) -> Sample:
        self._said.append((self.name, text))
        self._taken += 1
        return Sample(self._taken, True)


def lanes(said: list[tuple[str, str]]) -> Sequence[Lane]:
    return [FakeLane(name, said) for name in NAMES]


@pytest.mark.parametrize("arguments", [{"turns": 0}, {"epochs": 0}, {"depths": [0]}])
def test_nothing_is_started_for_less_than_one(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        turn.bench_turn(**arguments)


def test_what_cannot_be_started_is_an_error_of_the_benchmark(
    monkeypatch: pytest.MonkeyPatch, results: Path
) -> None:
    def fail(*arguments: Any) -> None:
        raise ChildError("no data")

    monkeypatch.setattr(turn, "_measured", fail)
    with pytest.raises(BenchError, match="no data"):
        turn.bench_turn()
    assert not results.exists()


async def test_lanes_take_turns_at_being_first() -> None:
    said: list[tuple[str, str]] = []
    taken = await turn._conversation(lanes(said), len(SCRIPT) + 1)
    assert [text for _, text in said[::3]] == [*(text for text, _ in SCRIPT), SCRIPT[0][0]]
    assert [name for name, _ in said[:9]] == [
        *NAMES,
        *NAMES[1:],
        *NAMES[:1],
        *NAMES[2:],
        *NAMES[:2],
    ]
    assert all(tuple(samples) == NAMES for samples in taken)


@pytest.mark.parametrize(("depths", "longest"), [((), 4), ((6,), 10), ((6, 12), 16)])
async def test_lengths_of_conversations(depths: tuple[int, ...], longest: int) -> None:
    first, conversations = await turn._converse(lanes([]), 4, depths)
    assert [sample.milliseconds for sample in first.values()] == [1, 1, 1]
    assert [len(each) for each in conversations] == [4, 4, 4, longest]
