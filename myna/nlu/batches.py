"""The order in which a network looks at its examples."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from myna.nlu.features import Array

_WARM_UP = 0.1
"""The learning rate rises for this share of the steps, then falls, both in a straight line."""
_SEEN = 0.7
"""Share of a text's tokens that are looked at in a step: no label may lean on a single word."""


def rounds(examples: int, visits: int, fewest: int, most: int) -> int:
    """How often each example is looked at, so that all together are about `visits` times."""
    return min(max(round(visits / max(examples, 1)), fewest), most)


def batches(
    lengths: Array, count: int, size: int, chance: np.random.Generator
) -> Iterator[tuple[Array, float]]:
    """All examples `count` times, in an order by chance, with the share of the rate for each batch.

    A batch is of examples that have equally many tokens: nothing has to be padded. One that is not
    full says less.

    Args:
        lengths: tokens of each example.
        count: how often.
        size: of a batch, in examples.
        chance: is used before the first batch, and no more.
    """
    found: list[Array] = []
    for _ in range(count):
        once: list[Array] = []
        for length in np.unique(lengths):
            places = chance.permutation(np.flatnonzero(lengths == length))
            once += [places[n : n + size] for n in range(0, len(places), size)]
        found += [once[number] for number in chance.permutation(len(once))]
    for number, batch in enumerate(found):
        done = number / len(found)
        rate = min(done / _WARM_UP, (1 - done) / (1 - _WARM_UP))
        yield batch, rate * math.sqrt(len(batch) / size)


def some_tokens(texts: int, length: int, chance: np.random.Generator) -> Array:
    """Places of the tokens that are looked at, of each text as many."""
    seen = math.ceil(_SEEN * length)
    chances = chance.random((texts, length), dtype=np.float32)
    places: Array = chances.argpartition(seen - 1)[:, :seen]
    return places
