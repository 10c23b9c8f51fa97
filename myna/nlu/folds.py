"""`Folds`: which examples a model learns from, and which it is asked about afterwards."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from myna.nlu.features import Array


class Folds:
    """Which examples are held out together, and which labels are hidden meanwhile."""

    def __init__(self, targets: Array, sources: Array, count: int, outside: int | None) -> None:
        """Takes the labels of examples, behind which copies may stand; `sources` are of what."""
        chance = np.random.default_rng(0)
        self._targets, self._count = targets, count
        originals = int(sources.max()) + 1
        self._fold = (chance.permutation(originals) % count)[sources]
        labels = np.array([each for each in np.unique(targets) if each != outside])
        # Examples of what is out of scope are the better teachers; with hidden labels beside them,
        # three times as many messages in scope were rejected.
        hidden = len(labels) // 4 if outside is None and len(labels) >= 8 else 0
        order = chance.permutation(labels)
        self._hidden_labels = [order[n * hidden : (n + 1) * hidden] for n in range(count)]
        self.hidden = np.zeros(len(targets), dtype=bool)
        """Examples whose label was hidden from the model that looked at them."""
        for number, these in enumerate(self._hidden_labels):
            self.hidden |= (self._fold == number) & np.isin(targets, these)
        self.evaluated = np.arange(len(targets)) < originals
        """Examples that were looked at unseen."""

    def only(self, rows: Array, enough: int) -> Folds:
        """Some of the examples, and as few folds as are needed to look at `enough` of them."""
        folds = Folds.__new__(Folds)
        folds.__dict__.update(self.__dict__)
        rows = self.evaluated & rows
        folds.evaluated = np.zeros_like(rows)
        for number in range(self._count):
            if folds.evaluated.sum() < enough:
                folds.evaluated |= rows & (self._fold == number)
        return folds

    def parts(self) -> list[tuple[Array, Array]]:
        """For each fold, the examples to learn from, and those to look at afterwards."""
        found = []
        for number in range(self._count):
            train, test = self._train(number), (self._fold == number) & self.evaluated
            if test.any() and len(np.unique(self._targets[train])) > 1:
                found.append((train, test))
        return found

    def unknown(self, words: csr_matrix) -> Array:
        """Share of an example's words that those it is held out from do not have, from 0 to 1."""
        shares = np.ones(len(self._targets), dtype=np.float32)
        present = words.astype(bool).astype(np.float32)
        counts = np.asarray(present.sum(axis=1)).ravel()
        for number in range(self._count):
            test = self._fold == number
            new = present[self._train(number)].getnnz(axis=0) == 0
            shares[test] = (present[test] @ new.astype(np.float32)) / np.maximum(counts[test], 1)
        shares[counts == 0] = 1.0
        return shares

    def _train(self, number: int) -> Array:
        train: Array = self._fold != number
        return train & ~np.isin(self._targets, self._hidden_labels[number])
