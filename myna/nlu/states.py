"""`TokenStates`: what an encoder knows of each token of many texts, small enough to keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from myna.nlu.features import Array


class TokenStates(NamedTuple):
    """Eight bits a number, with one scale for each token: a quarter of the memory, and what is
    learned from it is right as often."""

    values: Array
    """All texts' tokens one after the other, times size; int8."""
    scales: Array
    """One for each token; a state is its values times it."""
    lengths: Array
    """Tokens of each text."""

    @classmethod
    def of(cls, states: Sequence[Array], size: int) -> TokenStates:
        """From one array for each text, tokens times `size`."""
        joined = np.vstack([np.zeros((0, size), dtype=np.float32), *states])
        scales = np.maximum(joined.max(axis=1, initial=1e-9), -joined.min(axis=1, initial=0)) / 127
        joined /= scales[:, None]
        values = np.rint(joined, out=joined).astype(np.int8)
        return cls(values, scales.astype(np.float32), np.array([*map(len, states)], dtype=int))

    @classmethod
    def joined(cls, parts: Sequence[TokenStates]) -> TokenStates:
        """The texts of all parts, of which there is at least one."""
        values, scales, lengths = (np.concatenate(column) for column in zip(*parts, strict=True))
        return cls(values, scales, lengths)

    @property
    def starts(self) -> Array:
        """The number of each text's first token."""
        starts: Array = np.cumsum(self.lengths) - self.lengths
        return starts

    def only(self, rows: Array) -> TokenStates:
        """Some of the texts, in this order; a text may be there several times."""
        lengths = self.lengths[rows]
        first = np.repeat(self.starts[rows] - (np.cumsum(lengths) - lengths), lengths)
        tokens = first + np.arange(len(first))
        return TokenStates(self.values[tokens], self.scales[tokens], lengths)

    def decoded(self, tokens: Array | slice = slice(None)) -> Array:
        """The states of all tokens, a row each; or of some, in the shape of their numbers."""
        states: Array = self.values[tokens] * self.scales[tokens][..., None]
        return states

    def split(self) -> list[Array]:
        """The states of each text."""
        states = self.decoded()
        ends = self.starts + self.lengths
        return [states[start:end] for start, end in zip(self.starts, ends, strict=True)]
