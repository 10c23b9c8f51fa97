from __future__ import annotations

import numpy as np

from myna.nlu.batches import batches, rounds, some_tokens

LENGTHS = np.array([3, 5, 3, 3, 5, 9] * 10)


def test_each_round_has_every_example_once_beside_its_equals() -> None:
    found = list(batches(LENGTHS, 4, 8, np.random.default_rng(0)))
    assert sorted(np.concatenate([batch for batch, _ in found])) == sorted([*range(60)] * 4)
    assert all(len(batch) <= 8 and len(set(LENGTHS[batch])) == 1 for batch, _ in found)


def test_the_rate_rises_then_falls() -> None:
    shares = [share for _, share in batches(np.ones(600), 1, 10, np.random.default_rng(0))]
    assert shares == sorted(shares[:7]) + sorted(shares[7:], reverse=True)
    assert shares[0] == 0
    assert 0.9 < max(shares) <= 1


def test_a_batch_that_is_not_full_counts_less() -> None:
    some = [*batches(np.ones(45), 1, 20, np.random.default_rng(0))]
    full = [*batches(np.ones(60), 1, 20, np.random.default_rng(0))]
    assert sorted(len(batch) for batch, _ in some) == [5, 20, 20]
    for (batch, share), (_, whole) in zip(some, full, strict=True):
        assert share == whole * np.sqrt(len(batch) / 20)


def test_rounds_are_as_many_as_the_visits_allow() -> None:
    assert rounds(1000, 10_000, 2, 40) == 10
    assert (rounds(0, 10_000, 2, 40), rounds(100_000, 10_000, 2, 40)) == (40, 2)


def test_tokens_are_some_and_none_twice() -> None:
    places = some_tokens(50, 10, np.random.default_rng(0))
    assert places.shape == (50, 7)
    assert all(len(set(row)) == 7 and set(row) <= set(range(10)) for row in places.tolist())
    assert len({tuple(sorted(row)) for row in places.tolist()}) > 10
    assert some_tokens(2, 1, np.random.default_rng(0)).tolist() == [[0], [0]]
