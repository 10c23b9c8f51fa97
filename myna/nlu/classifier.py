"""`CascadeClassifier`: the label of a short text, its probability, and whether it has none.

Two models look at a text. The quick one knows its words and pieces of words and takes half a
millisecond. Where it is not sure, the thorough one decides, which knows the sentence's embedding
as well. What they say becomes probabilities by what they said of examples that they had not seen.

Whether a text is out of scope is a decision of its own, learned in the same way by a logistic
regression over what distinguishes such texts: how far they are from every label and how much
farther from the second, how near to the examples of `out_of_scope`, and how many of their words
are new. Where there are no such examples, some labels are hidden in turn from the models that it
learns from, and theirs are out of scope then.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from myna.nlu.encoder import SentenceEncoder, encode_examples, load_encoder
from myna.nlu.features import Array, Forms, TextFeatures
from myna.nlu.linear import Ranking, Separators, fit_temperature, rank, separate_all, softmax

logger = logging.getLogger(__name__)

OUT_OF_SCOPE = "out_of_scope"
"""The label of examples that belong to no other."""

_MISSED_COSTS = 1.5
"""So much worse is an answer to what is not ours than a needless question what was meant."""


@dataclass(frozen=True)
class _Stage:
    """One of the two models, with what its distances mean."""

    separators: Separators
    temperature: float
    rejection: list[float]
    """Coefficients over `_signs`, the last one the constant; empty where nothing is rejected."""

    def probabilities(self, distances: Array, unknown: Array, outside: int | None) -> Array:
        """Of each label; for a label `outside` (its number), that of being out of scope.

        Without such a label a row sums up to less than 1: the rest is the probability that none
        of the labels is right.
        """
        if not self.rejection:
            return softmax(distances * self.temperature)
        coefficients = np.array(self.rejection, dtype=np.float32)
        signs = _signs(distances, self.temperature, unknown, outside)
        rejected = 1 / (1 + np.exp(-(signs @ coefficients[:-1] + coefficients[-1])))
        inside = distances * self.temperature
        if outside is not None:
            inside = inside.copy()
            inside[:, outside] = -np.inf
        probabilities = softmax(inside) * (1 - rejected)[:, None]
        if outside is not None:
            probabilities[:, outside] = rejected
        return probabilities


class CascadeClassifier:
    """See the module. Training is deterministic, whatever the order of the examples.

    A classifier of no label, or of one, is allowed. Without an encoder, in training or later, the
    quick model decides alone.
    """

    _VERSION = 5
    _STRENGTH, _THOROUGH_STRENGTH = 1.0, 0.35
    _FOLDS = 3
    _ENOUGH, _ENOUGH_UNSURE = 4000, 1500
    """Unseen examples from which the meaning of the two models' distances is learned: more cost
    time and tell no more."""
    _FEWEST_REJECTED = 20
    """Examples of either kind without which rejection is not learned."""
    _DIRECTIONS = 192
    """Of the embeddings, those in which examples differ most: half of the numbers say as much."""
    _UNSURE_SHARE = 0.6
    """Of unseen examples, so many are given to the thorough model. Customers' messages are easier
    than the examples: of them it is less."""

    def __init__(self, encoder: str | None = None) -> None:
        """Takes the name of an encoder's module, see `load_encoder`."""
        self.labels: list[str] = []
        self._encoder_module = encoder
        self._encoder_name: str | None = None
        self._features = TextFeatures()
        self._quick: _Stage | None = None
        self._thorough: _Stage | None = None
        self._centre = np.zeros(0, dtype=np.float32)
        self._sure = 0.0

    def fit(
        self, texts: Sequence[Forms], labels: Sequence[str], copies: Sequence[Forms] = ()
    ) -> CascadeClassifier:
        """Learns from texts and their labels; returns itself.

        Args:
            texts: the examples.
            labels: as many.
            copies: other ways to type the same texts, as many, or none. Those that differ are
                learned as well, by their words alone.
        """
        examples = sorted(set(zip(texts, labels, copies or texts, strict=True)))
        self.labels = sorted({label for _, label, _ in examples})
        self._quick = self._thorough = None
        if len(self.labels) < 2:
            return self
        copied = [n for n, (text, _, copy) in enumerate(examples) if copy != text]
        forms = [text for text, _, _ in examples] + [examples[n][2] for n in copied]
        sources = np.array([*range(len(examples)), *copied])
        targets = np.searchsorted(self.labels, [examples[n][1] for n in sources])
        features = self._features.fit_transform(forms)
        folds = _Folds(targets, sources, self._FOLDS, self._outside)
        unknown = folds.unknown(features[:, self._features.word_columns()])
        folds = folds.only(folds.evaluated, self._ENOUGH)
        self._quick, unseen = self._stage(features, targets, unknown, folds, self._STRENGTH)
        encoder = load_encoder(self._encoder_module)
        if encoder is not None:
            believed = self._quick.probabilities(unseen, unknown, self._outside).max(axis=1)
            known = folds.evaluated & ~folds.hidden
            self._sure = round(float(np.quantile(believed[known], self._UNSURE_SHARE)), 4)
            folds = folds.only(believed < self._sure, self._ENOUGH_UNSURE)
            normal = [text.normal for text, _, _ in examples]
            self._fit_thorough(encoder, normal, features, targets, unknown, folds)
        return self

    def predict_many(self, texts: Sequence[Forms]) -> list[Ranking]:
        """Every label with its probability for each text; empty when nothing was learned."""
        if self._quick is None:
            return [[(label, 1.0) for label in self.labels] for _ in texts]
        features = self._features.transform(texts)
        unknown = self._unknown(texts)
        distances = self._quick.separators.distances(features)
        probabilities = self._quick.probabilities(distances, unknown, self._outside)
        if self._thorough is not None:
            unsure = np.flatnonzero(probabilities.max(axis=1) < self._sure)
            vectors = self._embed([texts[i] for i in unsure]) if len(unsure) else None
            if vectors is not None:
                distances = self._thorough.separators.distances(features[unsure], vectors)
                probabilities[unsure] = self._thorough.probabilities(
                    distances, unknown[unsure], self._outside
                )
        return [rank(self.labels, row) for row in probabilities]

    def predict_proba(self, text: Forms) -> Ranking:
        """As `predict_many`, for one text."""
        return self.predict_many([text])[0]

    def is_gibberish(self, text: Forms) -> bool:
        """See `TextFeatures.is_gibberish`."""
        return self._quick is not None and self._features.is_gibberish(text)

    def save(self, directory: Path) -> None:
        """Writes the model into a folder, as JSON and plain arrays: loading it runs no code."""
        directory.mkdir(parents=True, exist_ok=True)
        stages = {"quick": self._quick, "thorough": self._thorough}
        description: dict[str, Any] = {
            "version": self._VERSION,
            "labels": self.labels,
            "encoder": self._encoder_name,
            "sure": self._sure,
            "stages": {
                name: {"temperature": stage.temperature, "rejection": stage.rejection}
                for name, stage in stages.items()
                if stage
            },
        }
        (directory / "model.json").write_text(
            json.dumps(description, ensure_ascii=False), encoding="utf-8"
        )
        if self._quick is not None:
            self._features.save(directory)
        for name, stage in stages.items():
            if stage:
                stage.separators.save(directory / f"{name}.npz")
        np.save(directory / "centre.npy", self._centre, allow_pickle=False)

    @classmethod
    def load(cls, directory: Path, encoder: str | None = None) -> CascadeClassifier:
        """Reads a model that `save` wrote.

        Raises:
            ValueError: it was written by a version with other features; train again.
            OSError: there is no model.
        """
        description = json.loads((directory / "model.json").read_text(encoding="utf-8"))
        if description["version"] != cls._VERSION:
            raise ValueError("the model was trained by another version of Myna; train it again")
        model = cls(encoder)
        model.labels = description["labels"]
        model._encoder_name = description["encoder"]
        model._sure = description["sure"]
        model._centre = np.load(directory / "centre.npy", allow_pickle=False)
        found = {
            name: _Stage(Separators.load(directory / f"{name}.npz"), **stage)
            for name, stage in description["stages"].items()
        }
        model._quick, model._thorough = found.get("quick"), found.get("thorough")
        if model._quick is not None:
            model._features = TextFeatures.load(directory)
        if model._thorough is not None:
            model._check_encoder()
        return model

    @property
    def _outside(self) -> int | None:
        return self.labels.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in self.labels else None

    def _fit_thorough(
        self,
        encoder: SentenceEncoder,
        texts: Sequence[str],
        features: csr_matrix,
        targets: Array,
        unknown: Array,
        folds: _Folds,
    ) -> None:
        """Learns from the words of all examples and the embeddings of the first, which are no
        copies."""
        found = encode_examples(encoder, texts)
        self._encoder_name = encoder.name
        self._centre = found.mean(axis=0)
        scaled = self._scaled(found)
        directions = _main_directions(scaled, self._DIRECTIONS)
        vectors = np.zeros((len(targets), directions.shape[1]), dtype=np.float32)
        vectors[: len(texts)] = scaled @ directions
        both = hstack([features, csr_matrix(vectors)], format="csr", dtype=np.float32)
        stage, _ = self._stage(both, targets, unknown, folds, self._THOROUGH_STRENGTH)
        separators = stage.separators.turned(features.shape[1], directions)
        self._thorough = replace(stage, separators=separators)

    def _stage(
        self,
        features: csr_matrix,
        targets: Array,
        unknown: Array,
        folds: _Folds,
        strength: float,
    ) -> tuple[_Stage, Array]:
        """A model of all examples, and the distances that models gave to those they had not seen.

        From these is learned what the model's own distances mean.
        """
        parts = folds.parts()
        examples = [(features[train], targets[train]) for train, _ in parts]
        *held_out, separators = separate_all(
            [*examples, (features, targets)], len(self.labels), strength
        )
        unseen = np.zeros((len(targets), len(self.labels)), dtype=np.float32)
        for model, (_, test) in zip(held_out, parts, strict=True):
            unseen[test] = model.distances(features[test])
        outside = self._outside
        inside = folds.evaluated & ~folds.hidden
        if outside is not None:
            inside &= targets != outside
        temperature = 4.0  # when there are too few examples to learn it
        if inside.sum() >= 2 * len(self.labels):
            known = unseen[inside].copy()
            if outside is not None:
                known[:, outside] = -np.inf
            temperature = fit_temperature(known, targets[inside])
        rows = folds.evaluated
        rejected = folds.hidden if outside is None else folds.hidden | (targets == outside)
        rejection: list[float] = []
        if min(rejected[rows].sum(), (~rejected[rows]).sum()) >= self._FEWEST_REJECTED:
            signs = _signs(unseen[rows], temperature, unknown[rows], outside)
            rejection = _learn_rejection(signs, rejected[rows])
        return _Stage(separators, temperature, rejection), unseen

    def _unknown(self, texts: Sequence[Forms]) -> Array:
        return np.array([self._features.unknown_share(text) for text in texts], dtype=np.float32)

    def _scaled(self, vectors: Array) -> Array:
        centred = vectors - self._centre
        lengths = np.linalg.norm(centred, axis=1, keepdims=True)
        scaled: Array = centred / np.maximum(lengths, 1e-6)
        return scaled.astype(np.float32)

    def _check_encoder(self) -> None:
        encoder = load_encoder(self._encoder_module)
        if encoder is None:
            self._thorough = None
        elif encoder.name != self._encoder_name:
            logger.warning(
                "The model was trained with the embeddings %s, but these are %s: understanding "
                "goes on without them, some percent less well. Train again.",
                self._encoder_name,
                encoder.name,
            )
            self._thorough = None

    def _embed(self, texts: Sequence[Forms]) -> Array | None:
        encoder = load_encoder(self._encoder_module)
        try:
            if encoder is None:
                raise ValueError("there is no encoder")
            return self._scaled(encoder.encode([text.normal for text in texts]))
        except Exception:  # whatever a backend does, a customer gets an answer
            logger.exception("Sentence embeddings are off from here on: the encoder has failed.")
            self._thorough = None
            return None


class _Folds:
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

    def only(self, rows: Array, enough: int) -> _Folds:
        """Some of the examples, and as few folds as are needed to look at `enough` of them."""
        folds = _Folds.__new__(_Folds)
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


def _main_directions(vectors: Array, most: int) -> Array:
    """The `most` directions in which vectors vary most, a column each."""
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    found: Array = directions[:, ::-1][:, :most]
    return found.astype(np.float32)


def _signs(distances: Array, temperature: float, unknown: Array, outside: int | None) -> Array:
    """What tells whether a text is out of scope, one row for each text."""
    inside = distances if outside is None else np.delete(distances, outside, axis=1)
    best = np.sort(inside, axis=1)
    first = best[:, -1]
    second = best[:, -2] if best.shape[1] > 1 else first
    energy = np.log(np.exp((inside - first[:, None]) * temperature).sum(axis=1)) / temperature
    signs = [first, first - second, energy, unknown]
    if outside is not None:
        signs += [distances[:, outside], distances[:, outside] - first]
    return np.stack(signs, axis=1).astype(np.float32)


def _learn_rejection(signs: Array, rejected: Array) -> list[float]:
    mean, spread = signs.mean(axis=0), signs.std(axis=0) + 1e-6
    weights = {True: _MISSED_COSTS, False: 1.0}
    model = LogisticRegression(class_weight=weights).fit((signs - mean) / spread, rejected)
    slopes = model.coef_[0] / spread
    constant = model.intercept_[0] - float(slopes @ mean)
    return [round(float(value), 5) for value in (*slopes, constant)]
