from __future__ import annotations

import numpy as np

from myna.nlu.linear import fit_mixture

chance = np.random.default_rng(3)
TARGETS = chance.integers(0, 4, 400)
TRUTH = np.eye(4, dtype=np.float32)[TARGETS]


def seen_through(noise: float) -> np.ndarray:
    """What tells the target, with noise."""
    return (TRUTH + chance.normal(0, noise, TRUTH.shape)).astype(np.float32)


def test_scores_count_by_what_they_tell() -> None:
    distances = seen_through(0.7)
    good, poor = (fit_mixture(distances, seen_through(noise), TARGETS) for noise in (0.7, 2.0))
    assert good > 2 * poor
    scaled = fit_mixture(distances, 5 * seen_through(0.7), TARGETS)
    assert 0.1 < scaled < 0.3  # as much as `good`, which is about 1
