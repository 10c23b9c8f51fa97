from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from myna.nlu.attention import LabelAttention, learn
from myna.nlu.features import Array
from myna.nlu.states import TokenStates

SIZE = 12
chance = np.random.default_rng(7)
WORDS = chance.normal(size=(40, SIZE)).astype(np.float32) + 2


def sentence(label: int) -> Array:
    """Ten words that say nothing, and one that belongs to the label, somewhere among them."""
    words = chance.integers(4, 40, size=chance.integers(9, 12))
    words[chance.integers(len(words))] = label
    return WORDS[words]


LABELS = np.array([number % 4 for number in range(1200)])
STATES = TokenStates.of([sentence(label) for label in LABELS], SIZE)
ROWS = np.arange(1000)
NEW = [sentence(label) for label in LABELS]


@pytest.fixture(scope="module")
def learned() -> LabelAttention:
    (found,) = learn(STATES, [(ROWS, LABELS[ROWS])], 4)
    return found


def test_the_word_that_counts_is_found_among_others(learned: LabelAttention) -> None:
    mean = np.stack([words.mean(axis=0) for words in NEW])
    centres = np.stack([mean[label == LABELS].mean(axis=0) for label in range(4)])
    by_mean = np.linalg.norm(mean[:, None] - centres, axis=2).argmin(axis=1)
    found = learned.scores(NEW).argmax(axis=1)
    assert (found == LABELS).mean() > 0.97
    assert (by_mean == LABELS).mean() < 0.9  # so it is not too easy


def test_learning_twice_gives_the_same_alone_or_beside_another(learned: LabelAttention) -> None:
    fewer = ROWS[:500]
    again, other = learn(STATES, [(ROWS, LABELS[ROWS]), (fewer, LABELS[fewer])], 4)
    assert np.array_equal(learned.scores(NEW), again.scores(NEW))
    assert not np.array_equal(learned.scores(NEW), other.scores(NEW))


def test_a_label_without_examples_is_not_chosen() -> None:
    rows = ROWS[LABELS[ROWS] != 2]
    (found,) = learn(STATES, [(rows, LABELS[rows])], 4)
    assert not (found.scores(NEW).argmax(axis=1) == 2).any()


def test_what_is_saved_answers_the_same(tmp_path: Path, learned: LabelAttention) -> None:
    learned.save(tmp_path / "attention.npz")
    loaded = LabelAttention.load(tmp_path / "attention.npz")
    assert loaded.scores(NEW) == pytest.approx(learned.scores(NEW), abs=0.05)
    assert loaded.scores([]).shape == (0, 4)


def test_scaled_scores(learned: LabelAttention) -> None:
    assert learned.scaled(0.5).scores(NEW) == pytest.approx(learned.scores(NEW) / 2, abs=1e-4)
