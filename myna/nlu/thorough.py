"""`Thorough`: scores of labels for a text, from what an encoder knows of its words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

from myna.nlu import attention
from myna.nlu.attention import LabelAttention
from myna.nlu.encoder import Layer, SentenceEncoder, TunableEncoder
from myna.nlu.features import Array
from myna.nlu.states import TokenStates
from myna.nlu.tuning import load_layers, save_layers, tune

Part = tuple[Array, Array]
"""Numbers of examples, and the numbers of their labels."""


class Thorough(NamedTuple):
    """What was learned."""

    encoder: SentenceEncoder
    """With the layers that were learned further."""
    layers: list[Layer]
    """These."""
    attention: LabelAttention

    def scores(self, texts: Sequence[str]) -> Array:
        """Logarithms of the labels' probabilities, up to a constant of the text; a row for each.

        Raises:
            Exception: whatever the encoder raises when it fails.
        """
        return self.attention.scores(self.encoder.encode(texts))

    def scaled(self, factor: float) -> Thorough:
        """The same, with scores multiplied by a number."""
        return self._replace(attention=self.attention.scaled(factor))

    def save(self, directory: Path) -> None:
        """Writes all but the encoder into a folder, as plain arrays."""
        self.attention.save(directory / "attention.npz")
        save_layers(self.layers, directory / "layers.npz")

    @classmethod
    def load(cls, directory: Path, encoder: SentenceEncoder) -> Thorough:
        """Reads what `save` wrote; the encoder is the one that it was learned with."""
        layers = load_layers(directory / "layers.npz")
        if layers:
            encoder = cast(TunableEncoder, encoder).with_layers(layers)
        return cls(encoder, layers, LabelAttention.load(directory / "attention.npz"))


class Encoded(NamedTuple):
    """Examples as an encoder knows them."""

    encoder: SentenceEncoder
    texts: Sequence[str]
    states: TokenStates
    """Below the layers that are learned further."""

    def learn(self, layers: int, parts: Sequence[Part], count: int) -> list[Thorough]:
        """Learns to tell `count` labels apart, once from each part.

        Args:
            layers: how many of the encoder's last ones are learned further.
            parts: see `Part`.
            count: how many labels there are.
        """
        if layers:
            encoder = cast(TunableEncoder, self.encoder)
            tuned = [tune(encoder, self.states, layers, part, count) for part in parts]
            return [Thorough(encoder.with_layers(new), new, over) for new, over in tuned]
        learned = attention.learn(self.states, parts, count)
        return [Thorough(self.encoder, [], over) for over in learned]

    def scores(self, model: Thorough, rows: Array) -> Array:
        """What a model says of some of the examples."""
        if not model.layers:
            return model.attention.scores(self.states.only(rows).split())
        return model.scores([self.texts[row] for row in rows])
