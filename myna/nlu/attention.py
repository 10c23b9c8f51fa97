"""`LabelAttention`: scores of labels for a text, from what an encoder knows of its tokens.

The mean of a text's tokens blurs the two words that say what is wanted among the eleven that do
not. Here each label looks for its own: with one vector it chooses among the tokens, with another it
judges what it chose (label-wise attention: Mullenbach et al., "Explainable Prediction of Medical
Codes from Clinical Text", NAACL 2018). Several such networks, which differ by chance alone, are
averaged: together they are right more often than any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import cpu_count
from threadpoolctl import threadpool_limits

from myna.nlu.batches import batches, rounds, some_tokens
from myna.nlu.features import Array
from myna.nlu.linear import softmax
from myna.nlu.states import TokenStates

_FEWEST_NETWORKS, _MOST_NETWORKS = 2, 8
_ENOUGH = 80_000
"""Examples that all networks see together: those learned from few differ more by chance."""
_VISITS = 130_000
"""Examples that a network looks at, each as often as this allows."""
_FEWEST_ROUNDS, _MOST_ROUNDS = 4, 40
_BATCH = 64
_RATE = 0.003
_SAMPLE = 2000
"""Examples that tell how large the numbers of a state are."""
SMOOTHING = 0.1
"""Share of the target's probability that is spread over all labels."""


class LabelAttention(NamedTuple):
    """What was learned."""

    weights: Array
    """Queries, then values: 2 x networks x size of a state x labels."""
    biases: Array
    """One for each label."""

    def scores(self, states: Sequence[Array]) -> Array:
        """Logarithms of the labels' probabilities, up to a constant of the text; a row for each.

        Args:
            states: of each text, a row for each token.
        """
        found = np.zeros((len(states), len(self.biases)), dtype=np.float32)
        for row, tokens in enumerate(states):
            # Small products one after the other: for a large one OpenBLAS would wake its threads.
            queries, values = np.matmul(tokens, self.weights)
            _, chosen = _attend(queries, values)
            found[row] = chosen.mean(axis=0)
        return found + self.biases

    def scaled(self, factor: float) -> LabelAttention:
        """The same, with scores multiplied by a number."""
        queries, values = self.weights
        return LabelAttention(np.stack([queries, values * factor]), self.biases * factor)

    def save(self, path: Path) -> None:
        """Writes plain arrays in half precision."""
        halves = {name: part.astype(np.float16) for name, part in self._asdict().items()}
        np.savez_compressed(path, **halves)

    @classmethod
    def load(cls, path: Path) -> LabelAttention:
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            return cls(file["weights"].astype(np.float32), file["biases"].astype(np.float32))


def learn(
    states: TokenStates, parts: Sequence[tuple[Array, Array]], count: int
) -> list[LabelAttention]:
    """Learns to tell `count` labels apart, once from each part; the same every time.

    Args:
        states: of all examples.
        parts: numbers of the examples to learn from, and the numbers of their labels.
        count: how many labels there are.
    """
    most = max(len(rows) for rows, _ in parts)
    networks = round(_ENOUGH / max(most, 1))
    networks = min(max(networks, _FEWEST_NETWORKS), _MOST_NETWORKS)
    jobs = [(part, number) for part in parts for number in range(networks)]

    def network(job: tuple[tuple[Array, Array], int]) -> LabelAttention:
        part, number = job
        return _Network(states, count, number).learn(*part)

    # One thread each within BLAS: sums depend on how many share them.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(cpu_count()) as pool:
        found = list(pool.map(network, jobs))
    return [_together(found[n : n + networks]) for n in range(0, len(found), networks)]


def _together(networks: Sequence[LabelAttention]) -> LabelAttention:
    weights, biases = zip(*networks, strict=True)
    return LabelAttention(np.concatenate(weights, axis=1), np.mean(biases, axis=0))


def first_weights(size: int, count: int, chance: np.random.Generator) -> Array:
    """What learning begins with: queries, then values, beside each other.

    Args:
        size: of a state.
        count: of labels.
        chance: where they come from.
    """
    widest = np.sqrt(6 / (size + count))  # Glorot and Bengio, 2010
    queries = chance.normal(0, 0.02, (size, count))
    values = chance.uniform(-widest, widest, (size, count))
    return np.hstack([queries, values]).astype(np.float32)


def from_standardised(weights: Array, biases: Array, mean: Array, spread: Array) -> LabelAttention:
    """One network, learned from states less their mean and divided by their spread, for states as
    they are: their mean moves all tokens alike, which changes nothing in what is chosen and is a
    constant in what is judged.

    Args:
        weights: queries, then values, beside each other.
        biases: one for each label.
        mean: of the states.
        spread: theirs.
    """
    count = len(biases)
    weights = weights / spread[:, None]
    biases = biases - mean @ weights[:, count:]
    shaped = weights.reshape(-1, 2, 1, count).transpose(1, 2, 0, 3)
    return LabelAttention(np.ascontiguousarray(shaped), biases)


class _Network:
    def __init__(self, states: TokenStates, count: int, number: int) -> None:
        self._states, self._starts, self._count = states, states.starts, count
        self._chance = np.random.default_rng(number)
        self._weights = _Adam(first_weights(states.values.shape[1], count, self._chance))
        self._biases = _Adam(np.zeros(count, dtype=np.float32))

    def learn(self, rows: Array, targets: Array) -> LabelAttention:
        sample = self._states.only(self._chance.permutation(rows)[:_SAMPLE]).decoded()
        self._mean, self._spread = sample.mean(axis=0), sample.std(axis=0) + 1e-3
        lengths = self._states.lengths[rows]
        times = rounds(len(rows), _VISITS, _FEWEST_ROUNDS, _MOST_ROUNDS)
        for batch, share in batches(lengths, times, _BATCH, self._chance):
            self._learn_batch(rows[batch], targets[batch], _RATE * share)
        weights, biases = self._weights.values, self._biases.values
        return from_standardised(weights, biases, self._mean, self._spread)

    def _learn_batch(self, rows: Array, targets: Array, rate: float) -> None:
        places = some_tokens(len(rows), int(self._states.lengths[rows[0]]), self._chance)
        states = self._states.decoded(self._starts[rows][:, None] + places)
        states -= self._mean
        states /= self._spread
        texts, tokens, size = states.shape
        flat = states.reshape(-1, size)
        both = (flat @ self._weights.values).reshape(texts, tokens, 2, self._count)
        queries, values = both[:, :, 0], both[:, :, 1]
        attention, chosen = _attend(queries, values)

        # How the loss grows with each score, for softmax and cross entropy.
        slope = softmax(chosen + self._biases.values)
        slope -= np.float32(SMOOTHING / self._count)
        slope[np.arange(texts), targets] -= np.float32(1 - SMOOTHING)
        slope /= texts

        slopes = np.empty_like(both)
        np.multiply(attention * (values - chosen[:, None]), slope[:, None], out=slopes[:, :, 0])
        np.multiply(attention, slope[:, None], out=slopes[:, :, 1])
        self._weights.move(flat.T @ slopes.reshape(-1, 2 * self._count), rate)
        self._biases.move(slope.sum(axis=0), rate)


class _Adam:
    """Weights, and how they move (Kingma and Ba, 2015); in place, most of its time is memory."""

    _MEMORY, _SQUARE_MEMORY = 0.9, 0.999

    def __init__(self, values: Array) -> None:
        self.values = values
        self._mean, self._square, self._work = (np.zeros_like(values) for _ in range(3))
        self._step = 0

    def move(self, slopes: Array, rate: float) -> None:
        """One step down the slopes of the loss."""
        self._step += 1
        work = self._work
        self._mean *= np.float32(self._MEMORY)
        self._mean += np.multiply(slopes, np.float32(1 - self._MEMORY), out=work)
        self._square *= np.float32(self._SQUARE_MEMORY)
        np.multiply(slopes, slopes, out=work)
        work *= np.float32(1 - self._SQUARE_MEMORY)
        self._square += work
        np.multiply(self._square, np.float32(1 / (1 - self._SQUARE_MEMORY**self._step)), out=work)
        np.sqrt(work, out=work)
        work += np.float32(1e-7)
        np.divide(self._mean, work, out=work)
        work *= np.float32(rate / (1 - self._MEMORY**self._step))
        self.values -= work


def _attend(queries: Array, values: Array) -> tuple[Array, Array]:
    """How much each token counts, and the values' sum by that; tokens are along the second axis."""
    attention = softmax(queries, axis=1)
    return attention, (attention * values).sum(axis=1)
