"""Learns the last layers of a sentence encoder further, together with the attention over them.

As it comes, the encoder knows what words mean to anybody. Learned further, its last layers know
what they mean to a shop's customers (fine-tuning: Howard and Ruder, "Universal Language Model
Fine-tuning for Text Classification", ACL 2018). That takes minutes of training; answering costs
the same as before, since they take the place of those that were there. TensorFlow, which Rasa
brings, computes the slopes; what is kept is plain arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from myna.nlu.attention import SMOOTHING, LabelAttention, first_weights, from_standardised
from myna.nlu.batches import batches, rounds, some_tokens
from myna.nlu.encoder import Layer, TunableEncoder
from myna.nlu.features import Array
from myna.nlu.states import TokenStates

_VISITS = 50_000
"""Examples that are looked at, each as often as this allows."""
_FEWEST_ROUNDS, _MOST_ROUNDS = 3, 20
_BATCH = 32
_LAYER_RATE, _ATTENTION_RATE = 1e-4, 3e-3
"""The layers know much already, the attention nothing."""
_SAMPLE = 1000
"""Examples that tell how large the numbers of a state are."""


class Tuned(NamedTuple):
    """What was learned."""

    layers: list[Layer]
    attention: LabelAttention


def tune(
    encoder: TunableEncoder,
    states: TokenStates,
    layers: int,
    part: tuple[Array, Array],
    count: int,
) -> Tuned:
    """Learns to tell `count` labels apart; the same every time on the same machine.

    Args:
        encoder: whose last layers are learned further.
        states: of all examples, below these layers.
        layers: how many they are, one at least.
        part: numbers of the examples to learn from, and the numbers of their labels.
        count: how many labels there are.
    """
    return _Tuning(encoder, layers, count).learn(states, *part)


def save_layers(layers: Sequence[Layer], path: Path) -> None:
    """Writes plain arrays: eight bits a weight, as they are computed with, and a scale a row."""
    arrays: dict[str, Array] = {}
    for number, layer in enumerate(layers):
        for name, values in layer.items():
            key = f"{number}.{name}"
            if values.ndim == 2:
                scales = np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-9) / 127
                arrays[f"{key}.scales"] = scales
                arrays[key] = np.rint(values / scales).astype(np.int8)
            else:
                arrays[key] = values
    np.savez_compressed(path, **arrays)


def load_layers(path: Path) -> list[Layer]:
    """Reads what `save_layers` wrote."""
    layers: dict[int, Layer] = {}
    with np.load(path, allow_pickle=False) as file:
        for key in file.files:
            number, name = key.split(".", 1)
            values = file[key]
            if values.dtype == np.int8:
                values = values * file[f"{key}.scales"]
            if not name.endswith(".scales"):
                layers.setdefault(int(number), {})[name] = values
    return [layers[number] for number in sorted(layers)]


class _Tuning:
    """The layers and the attention as TensorFlow's variables."""

    def __init__(self, encoder: TunableEncoder, layers: int, count: int) -> None:
        import tensorflow  # takes seconds to load, and is needed here alone

        self._tf: Any = tensorflow
        self._heads, self._epsilon, self._size = encoder.heads, encoder.epsilon, encoder.size
        self._count = count
        self._chance = np.random.default_rng(0)
        self._layers = [
            {name: self._tf.Variable(values) for name, values in layer.items()}
            for layer in encoder.last_layers(layers)
        ]
        self._weights = self._tf.Variable(first_weights(self._size, count, self._chance))
        self._biases = self._tf.Variable(np.zeros(count, dtype=np.float32))
        self._share = self._tf.Variable(np.float32(0))  # of the rates

    def learn(self, states: TokenStates, rows: Array, targets: Array) -> Tuned:
        starts = states.starts
        self._measure(states.only(self._chance.permutation(rows)[:_SAMPLE]))
        step = self._compiled()
        times = rounds(len(rows), _VISITS, _FEWEST_ROUNDS, _MOST_ROUNDS)
        for batch, share in batches(states.lengths[rows], times, _BATCH, self._chance):
            texts = rows[batch]
            length = int(states.lengths[texts[0]])
            self._share.assign(share)
            step(
                states.decoded(starts[texts][:, None] + np.arange(length)),
                some_tokens(len(texts), length, self._chance),
                targets[batch],
            )
        layers = [{name: kept.numpy() for name, kept in layer.items()} for layer in self._layers]
        weights, biases = self._weights.numpy(), self._biases.numpy()
        return Tuned(layers, from_standardised(weights, biases, self._mean, self._spread))

    def _measure(self, sample: TokenStates) -> None:
        """What the states are that the attention sees at first."""
        texts = sample.split()
        alike = [batch for batch, _ in batches(sample.lengths, 1, _BATCH, self._chance)]
        seen = [self._states(np.stack([texts[n] for n in batch]), None) for batch in alike]
        joined = np.concatenate([np.reshape(each, (-1, self._size)) for each in seen])
        self._mean, self._spread = joined.mean(axis=0), joined.std(axis=0) + 1e-3

    def _compiled(self) -> Any:
        """A step of learning, for batches of whatever shape."""
        tf = self._tf
        layers = [kept for layer in self._layers for kept in layer.values()]
        attention = [self._weights, self._biases]
        adam = tf.keras.optimizers.legacy.Adam  # reads the rate at each step
        moving = [
            (layers, adam(lambda: _LAYER_RATE * self._share, epsilon=1e-7)),
            (attention, adam(lambda: _ATTENTION_RATE * self._share, epsilon=1e-7)),
        ]

        def step(states: Any, places: Any, targets: Any) -> None:
            with tf.GradientTape() as tape:
                loss = self._loss(states, places, targets)
            slopes = iter(tape.gradient(loss, layers + attention))
            for variables, optimiser in moving:
                optimiser.apply_gradients([(next(slopes), kept) for kept in variables])

        return tf.function(
            step,
            input_signature=[
                tf.TensorSpec([None, None, self._size], tf.float32),
                tf.TensorSpec([None, None], tf.int64),
                tf.TensorSpec([None], tf.int64),
            ],
        )

    def _loss(self, states: Any, places: Any, targets: Any) -> Any:
        """Cross entropy with smoothed targets, over the tokens at `places` of each text."""
        tf = self._tf
        seen = (self._states(states, places) - self._mean) / self._spread
        both = self._flat_product(seen, self._weights)
        queries, values = both[..., : self._count], both[..., self._count :]
        scores = tf.reduce_sum(tf.nn.softmax(queries, axis=1) * values, axis=1) + self._biases
        wanted = tf.one_hot(targets, self._count) * (1 - SMOOTHING) + SMOOTHING / self._count
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(wanted, scores))

    def _states(self, states: Any, places: Any) -> Any:
        """BERT's last layers; of the last one only the tokens at `places`, or all for None."""
        tf = self._tf
        for layer in self._layers:
            only = states
            if layer is self._layers[-1] and places is not None:
                only = tf.gather(states, places, batch_dims=1)
            query = self._by_head(self._product(only, layer, "q"))
            key, value = (self._by_head(self._product(states, layer, part)) for part in "kv")
            # Dot products are as large as there are numbers in a head: Vaswani et al., 2017.
            likeness = tf.matmul(query, key, transpose_b=True) * (self._size / self._heads) ** -0.5
            heads = tf.transpose(tf.matmul(tf.nn.softmax(likeness), value), [0, 2, 1, 3])
            heads = tf.reshape(heads, tf.shape(only))
            states = self._normalised(self._product(heads, layer, "ao") + only, layer, "aln")
            inner = tf.nn.gelu(self._product(states, layer, "fi"))
            states = self._normalised(self._product(inner, layer, "fo") + states, layer, "oln")
        return states

    def _by_head(self, states: Any) -> Any:
        tf = self._tf
        shape = tf.shape(states)
        split = tf.reshape(states, [shape[0], shape[1], self._heads, self._size // self._heads])
        return tf.transpose(split, [0, 2, 1, 3])

    def _product(self, states: Any, layer: dict[str, Any], name: str) -> Any:
        return self._flat_product(states, layer[f"{name}.w"], True) + layer[f"{name}.b"]

    def _flat_product(self, states: Any, weights: Any, transposed: bool = False) -> Any:
        """One large product in place of one for each text."""
        tf = self._tf
        shape = tf.shape(states)
        flat = tf.reshape(states, [-1, states.shape[-1]])
        found = tf.matmul(flat, weights, transpose_b=transposed)
        outputs = weights.shape[0] if transposed else weights.shape[1]
        return tf.reshape(found, [shape[0], shape[1], outputs])

    def _normalised(self, states: Any, layer: dict[str, Any], name: str) -> Any:
        mean, variance = self._tf.nn.moments(states, [-1], keepdims=True)
        scaled = (states - mean) * self._tf.math.rsqrt(variance + self._epsilon)
        return scaled * layer[f"{name}.w"] + layer[f"{name}.b"]
