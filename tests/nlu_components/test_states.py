from __future__ import annotations

import numpy as np
import pytest

from myna.nlu.states import TokenStates

TEXTS = [
    np.array([[100.0, -50.0], [0.5, 0.25]]),
    np.array([[0.0, 0.0]]),
    np.array([[3.0, 4.0], [5.0, -6.0]]),
]


def test_states_are_kept_within_a_hundredth_of_a_tokens_largest() -> None:
    states = TokenStates.of(TEXTS, 2)
    for found, given in zip(states.split(), TEXTS, strict=True):
        room = np.abs(given).max(axis=1, keepdims=True) / 100
        assert (np.abs(found - given) <= room + 1e-6).all()
    assert states.values.nbytes == 10


def test_some_of_the_texts_in_another_order() -> None:
    states = TokenStates.of(TEXTS, 2)
    rows = np.array([2, 0, 2])
    found = states.only(rows)
    assert found.lengths.tolist() == [2, 2, 2]
    assert found.decoded() == pytest.approx(
        np.vstack([states.split()[row] for row in rows]), abs=1e-6
    )
    tokens = np.array([[3, 0], [1, 3]])
    assert states.decoded(tokens) == pytest.approx(states.decoded()[tokens])


def test_no_texts() -> None:
    states = TokenStates.of([], 2)
    assert states.decoded().shape == (0, 2)
    assert states.only(np.zeros(0, dtype=int)).lengths.tolist() == []
    both = TokenStates.joined([states, TokenStates.of(TEXTS, 2)])
    assert both.lengths.tolist() == [2, 1, 2]
