"""Linear separators, and what turns their distances into probabilities."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from myna.nlu.features import Array

Ranking = list[tuple[str, float]]
"""Labels with their probabilities, most probable first."""

_UNSEEN_LABEL = -3.0
"""Distance to a label that has no examples: farther than that to any that has."""


class Separators(NamedTuple):
    """One linear separator per label: weights (a column each) and biases."""

    weights: Array
    biases: Array

    def distances(self, features: csr_matrix) -> Array:
        """How far on the label's side of its separator a text is; a row for each text.

        A text of which no piece was ever seen says nothing; the biases alone would only tell
        which label has the most examples.
        """
        distances: Array = features @ self.weights + self.biases
        distances[np.diff(features.indptr) == 0] = 0.0
        return distances

    def save(self, path: Path) -> None:
        """Writes plain arrays; half precision changes no answer and halves the model.

        Four in five weights are zero: written are the others, and where they are.
        """
        both = np.vstack([self.weights, self.biases]).astype(np.float16)
        some = both != 0
        np.savez_compressed(path, values=both[some], where=np.packbits(some), shape=both.shape)

    @classmethod
    def load(cls, path: Path) -> Separators:
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            both = np.zeros(file["shape"], dtype=np.float32)
            some = np.unpackbits(file["where"], count=both.size).astype(bool).reshape(both.shape)
            both[some] = file["values"]
        return cls(both[:-1], both[-1])


def separate(features: csr_matrix, targets: Array, count: int, strength: float) -> Separators:
    """Learns separators for `count` labels; one without examples is never chosen.

    Not to be called by several threads at once: liblinear has one source of random numbers for all
    of them, so what is learned would depend on chance.

    Args:
        features: a row for each example.
        targets: the numbers of their labels, two different ones at least.
        count: how many labels there are.
        strength: liblinear's `C`.
    """
    # All labels at once (Crammer and Singer, 2001) takes half the time of each against the rest,
    # and so does a looser tolerance than liblinear's own; both give answers as good.
    separator = LinearSVC(C=strength, random_state=0, tol=0.3, multi_class="crammer_singer")
    with warnings.catch_warnings():
        # scikit-learn 1.1 compares a number of steps that liblinear does not set for this method.
        warnings.simplefilter("ignore", ConvergenceWarning)
        separator.fit(features, targets)
    columns, intercepts = separator.coef_.T, separator.intercept_
    if len(separator.classes_) == 2:  # scikit-learn then keeps one separator for both
        columns, intercepts = np.hstack([-columns, columns]), np.hstack([-intercepts, intercepts])
    weights = np.zeros((features.shape[1], count), dtype=np.float32)
    biases = np.full(count, _UNSEEN_LABEL, dtype=np.float32)
    weights[:, separator.classes_] = columns
    biases[separator.classes_] = intercepts
    return Separators(weights, biases)


def fit_temperature(distances: Array, targets: Array) -> float:
    """The factor that makes the targets most probable when distances times it are soft-maxed."""
    rows = np.arange(len(targets))

    def surprise(log_temperature: float) -> float:
        probabilities = softmax(distances * np.exp(log_temperature))
        return float(-np.log(probabilities[rows, targets] + 1e-9).mean())

    best = minimize_scalar(surprise, bounds=(np.log(1.0), np.log(20.0)), method="bounded")
    return round(float(np.exp(best.x)), 3)


def fit_mixture(distances: Array, scores: Array, targets: Array) -> float:
    """The factor by which `scores` best help, from 0.01 to 1: that with which the targets are most
    probable when the distances and the scores times it are added and soft-maxed, at whatever
    temperature."""
    rows = np.arange(len(targets))

    def surprise(logarithms: Array) -> float:
        temperature, factor = np.exp(logarithms)
        probabilities = softmax((distances + scores * np.float32(factor)) * np.float32(temperature))
        return float(-np.log(probabilities[rows, targets] + 1e-9).mean())

    bounds = [(np.log(0.5), np.log(20.0)), (np.log(0.01), np.log(1.0))]
    best = minimize(surprise, [np.log(3.0), np.log(0.15)], method="Nelder-Mead", bounds=bounds)
    return round(float(np.exp(best.x[1])), 4)


def softmax(scores: Array, axis: int = 1) -> Array:
    """Probabilities of what stands along an axis, a row's entries unless told: their sum is 1."""
    exponentials: Array = np.exp(scores - scores.max(axis=axis, keepdims=True))
    exponentials /= exponentials.sum(axis=axis, keepdims=True)
    return exponentials


def rank(labels: Sequence[str], probabilities: Array) -> Ranking:
    """Labels with their probabilities, most probable first."""
    order = np.argsort(-probabilities, kind="stable")
    return [(labels[i], float(probabilities[i])) for i in order]
