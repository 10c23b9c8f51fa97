"""`NearestEntries`: which of very many entries has the examples most like a text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, load_npz, save_npz
from sklearn.preprocessing import normalize

from myna.nlu.features import Array, Forms, TextFeatures
from myna.nlu.linear import Ranking, fit_temperature, rank, softmax


class NearestEntries:
    """Compares a text with every example by its words and pieces of words.

    Learns as fast as it reads, however many entries there are, where a `CascadeClassifier` needs a
    separator for each. An entry counts by the mean likeness of its three nearest examples. With
    few entries and many examples for each it is less often right: of 16 entries 89 % against 96 %.
    """

    _NEAREST = 3

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._features = TextFeatures()
        self._examples = csr_matrix((0, 0), dtype=np.float32)  # a column each, of length 1
        self._targets = np.zeros(0, dtype=np.int32)
        self._temperature = 20.0

    def fit(self, texts: Sequence[Forms], labels: Sequence[str]) -> NearestEntries:
        """Learns from texts and their labels (equally many, two different ones or more)."""
        examples = sorted(set(zip(texts, labels, strict=True)), key=lambda item: item[1])
        self.labels = sorted({label for _, label in examples})
        self._targets = np.searchsorted(self.labels, [label for _, label in examples])
        features = self._features.fit_transform([text for text, _ in examples])
        self._examples = normalize(features).T.tocsr()
        self._temperature = self._learn_temperature()
        return self

    def predict_many(self, texts: Sequence[Forms]) -> list[Ranking]:
        """Every label with its probability for each text."""
        likeness = (normalize(self._features.transform(texts)) @ self._examples).toarray()
        scores = self._scores(likeness) * self._temperature
        return [rank(self.labels, row) for row in softmax(scores)]

    def save(self, directory: Path) -> None:
        """Writes JSON and plain arrays."""
        description = {"labels": self.labels, "temperature": self._temperature}
        (directory / "nearest.json").write_text(json.dumps(description), encoding="utf-8")
        np.save(directory / "targets.npy", self._targets, allow_pickle=False)
        save_npz(directory / "examples.npz", self._examples)
        self._features.save(directory)

    @classmethod
    def load(cls, directory: Path) -> NearestEntries:
        """Reads what `save` wrote."""
        description = json.loads((directory / "nearest.json").read_text(encoding="utf-8"))
        model = cls()
        model.labels, model._temperature = description["labels"], description["temperature"]
        model._targets = np.load(directory / "targets.npy", allow_pickle=False)
        model._examples = load_npz(directory / "examples.npz")
        model._features = TextFeatures.load(directory)
        return model

    def _scores(self, likeness: Array) -> Array:
        """Of each label: the mean of its nearest examples, which stand beside each other."""
        starts = np.searchsorted(self._targets, np.arange(len(self.labels)))
        rest = likeness.copy()
        total = np.zeros((len(likeness), len(self.labels)), dtype=np.float32)
        for _ in range(self._NEAREST):
            best = np.maximum.reduceat(rest, starts, axis=1)
            total += np.maximum(best, 0.0)
            rest[rest == best[:, self._targets]] = 0.0
        return total / self._NEAREST

    def _learn_temperature(self) -> float:
        """From a sample of the examples, each compared with all others."""
        sample = np.random.default_rng(0).permutation(len(self._targets))[:500]
        likeness = (self._examples[:, sample].T @ self._examples).toarray()
        likeness[np.arange(len(sample)), sample] = 0.0
        return fit_temperature(self._scores(likeness) * 5, self._targets[sample]) * 5
