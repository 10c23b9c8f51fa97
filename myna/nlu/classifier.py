"""`CascadeClassifier`: the label of a short text, its probability, and whether it has none.

Two models look at a text. The quick one knows its words and pieces of words and takes half a
millisecond. Where it is not sure, the thorough one adds what an encoder knows of each word, and
the two decide together. What they say becomes probabilities by what they said of examples that
they had not seen.

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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from myna.nlu.encoder import SentenceEncoder, TunableEncoder, encode_examples, load_encoder
from myna.nlu.features import Array, Forms, TextFeatures
from myna.nlu.folds import Folds
from myna.nlu.linear import (
    Ranking,
    Separators,
    fit_mixture,
    fit_temperature,
    rank,
    separate,
    softmax,
)
from myna.nlu.thorough import Encoded, Thorough

logger = logging.getLogger(__name__)

OUT_OF_SCOPE = "out_of_scope"
"""The label of examples that belong to no other."""

_MISSED_COSTS = 1.5
"""So much worse is an answer to what is not ours than a needless question what was meant."""


@dataclass(frozen=True)
class _Meaning:
    """What the distances of a model mean."""

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


class _Quick(NamedTuple):
    """Knows words and pieces of words."""

    separators: Separators
    meaning: _Meaning


class _Careful(NamedTuple):
    """Knows what the words mean as well."""

    model: Thorough
    meaning: _Meaning


class CascadeClassifier:
    """See the module. Training is deterministic, whatever the order of the examples.

    A classifier of no label, or of one, is allowed. Without an encoder, in training or later, the
    quick model decides alone.
    """

    _VERSION = 10
    _STRENGTH = 0.5
    _FOLDS = 3
    _ENOUGH, _ENOUGH_UNSURE = 4000, 1500
    """Unseen examples from which the meaning of the two models' distances is learned: more cost
    time and tell no more."""
    _FEWEST_REJECTED = 20
    """Examples of either kind without which rejection is not learned."""
    _CAUTION = 0.75
    """See `_learn_thorough`."""
    _UNSURE_SHARE = 0.6
    """Of unseen examples, so many are given to the thorough model. Customers' messages are easier
    than the examples: of them it is less."""

    def __init__(self, encoder: str | None = None, tuned_layers: int = 0) -> None:
        """See the class.

        Args:
            encoder: its module, see `load_encoder`.
            tuned_layers: how many of its last layers are learned further.
        """
        self.labels: list[str] = []
        self._encoder_module = encoder
        self._tuned_layers = tuned_layers
        self._encoder_name: str | None = None
        self._features = TextFeatures()
        self._quick: _Quick | None = None
        self._thorough: _Careful | None = None
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
        encoder = load_encoder(self._encoder_module)
        layers = self._layers_to_tune(encoder)
        with ThreadPoolExecutor(1) as pool:  # encodes beside what keeps only one core busy
            normal = [text.normal for text, _, _ in examples]
            lower = cast(TunableEncoder, encoder).below(layers) if layers else encoder
            states = pool.submit(encode_examples, lower, normal) if lower else None
            features = self._features.fit_transform(forms)
            folds = Folds(targets, sources, self._FOLDS, self._outside)
            unknown = folds.unknown(features[:, self._features.word_columns()])
            folds = folds.only(folds.evaluated, self._ENOUGH)
            self._quick, unseen = self._learn_quick(features, targets, unknown, folds)
            if encoder is not None and states is not None:
                meaning = self._quick.meaning
                believed = meaning.probabilities(unseen, unknown, self._outside).max(axis=1)
                known = folds.evaluated & ~folds.hidden
                self._sure = round(float(np.quantile(believed[known], self._UNSURE_SHARE)), 4)
                folds = folds.only(believed < self._sure, self._ENOUGH_UNSURE)
                self._encoder_name = encoder.name
                encoded = Encoded(encoder, normal, states.result())
                self._thorough = self._learn_thorough(
                    encoded, layers, targets, unseen, meaning.temperature, unknown, folds
                )
        return self

    def predict_many(self, texts: Sequence[Forms]) -> list[Ranking]:
        """Every label with its probability for each text; empty when nothing was learned."""
        if self._quick is None:
            return [[(label, 1.0) for label in self.labels] for _ in texts]
        features = self._features.transform(texts)
        unknown = self._unknown(texts)
        separators, meaning = self._quick
        distances = separators.distances(features)
        probabilities = meaning.probabilities(distances, unknown, self._outside)
        thorough = self._thorough
        if thorough is not None:
            unsure = np.flatnonzero(probabilities.max(axis=1) < self._sure)
            scores = self._scores(thorough.model, [texts[i].normal for i in unsure])
            if scores is not None:
                probabilities[unsure] = thorough.meaning.probabilities(
                    distances[unsure] + scores, unknown[unsure], self._outside
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
        models = {"quick": self._quick, "thorough": self._thorough}
        description: dict[str, Any] = {
            "version": self._VERSION,
            "labels": self.labels,
            "encoder": self._encoder_name,
            "sure": self._sure,
            "meanings": {name: asdict(model.meaning) for name, model in models.items() if model},
        }
        (directory / "model.json").write_text(
            json.dumps(description, ensure_ascii=False), encoding="utf-8"
        )
        if self._quick is not None:
            self._features.save(directory)
            self._quick.separators.save(directory / "separators.npz")
        if self._thorough is not None:
            self._thorough.model.save(directory)

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
        meanings = {n: _Meaning(**meaning) for n, meaning in description["meanings"].items()}
        if "quick" in meanings:
            model._features = TextFeatures.load(directory)
            separators = Separators.load(directory / "separators.npz")
            model._quick = _Quick(separators, meanings["quick"])
        usable = model._usable_encoder() if "thorough" in meanings else None
        if usable is not None:
            model._thorough = _Careful(Thorough.load(directory, usable), meanings["thorough"])
        return model

    @property
    def _outside(self) -> int | None:
        return self.labels.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in self.labels else None

    def _learn_quick(
        self, features: csr_matrix, targets: Array, unknown: Array, folds: Folds
    ) -> tuple[_Quick, Array]:
        """Learns from all examples; also the distances of those that a model had not seen."""
        parts = folds.parts()
        count = len(self.labels)
        separators = separate(features, targets, count, self._STRENGTH)
        unseen = np.zeros((len(targets), count), dtype=np.float32)
        for train, test in parts:
            model = separate(features[train], targets[train], count, self._STRENGTH)
            unseen[test] = model.distances(features[test])
        return _Quick(separators, self._meaning(unseen, targets, unknown, folds)), unseen

    def _learn_thorough(
        self,
        encoded: Encoded,
        layers: int,
        targets: Array,
        unseen: Array,
        temperature: float,
        unknown: Array,
        folds: Folds,
    ) -> _Careful:
        """Learns from the first examples, those that are no copies.

        How much the model's scores count beside the quick model's distances is learned from
        unseen examples. Their writers have also written what was learned, of which this model
        remembers more; so for customers it counts a little less.

        Args:
            encoded: these examples.
            layers: how many of the encoder's are learned further.
            targets: of all examples.
            unseen: distances of the quick model for examples that it had not seen.
            temperature: the quick model's.
            unknown: share of unknown words, of all examples.
            folds: which examples are to be looked at unseen.
        """
        originals = np.arange(len(encoded.texts))
        parts = folds.parts()
        learned = [*(originals[train[originals]] for train, _ in parts), originals]
        *held_out, final = encoded.learn(
            layers, [(rows, targets[rows]) for rows in learned], len(self.labels)
        )
        scores = np.zeros_like(unseen)
        for model, (_, test) in zip(held_out, parts, strict=True):
            rows = np.flatnonzero(test)
            scores[rows] = encoded.scores(model, rows)
        # Logarithms of probabilities; distances are when multiplied by their temperature.
        factor = 1 / temperature
        known = folds.evaluated & ~folds.hidden
        if known.sum() >= 2 * len(self.labels):
            factor = self._CAUTION * fit_mixture(unseen[known], scores[known], targets[known])
        return _Careful(
            final.scaled(factor), self._meaning(unseen + factor * scores, targets, unknown, folds)
        )

    def _meaning(self, unseen: Array, targets: Array, unknown: Array, folds: Folds) -> _Meaning:
        """Learned from the distances of examples that the model had not seen."""
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
        return _Meaning(temperature, rejection)

    def _unknown(self, texts: Sequence[Forms]) -> Array:
        return np.array([self._features.unknown_share(text) for text in texts], dtype=np.float32)

    def _layers_to_tune(self, encoder: SentenceEncoder | None) -> int:
        if self._tuned_layers and encoder is not None and not hasattr(encoder, "with_layers"):
            logger.warning(
                "The layers of the embeddings %s cannot be learned further.", encoder.name
            )
            return 0
        return self._tuned_layers if encoder is not None else 0

    def _usable_encoder(self) -> SentenceEncoder | None:
        encoder = load_encoder(self._encoder_module)
        if encoder is not None and encoder.name != self._encoder_name:
            logger.warning(
                "The model was trained with the embeddings %s, but these are %s: understanding "
                "goes on without them, some percent less well. Train again.",
                self._encoder_name,
                encoder.name,
            )
            return None
        return encoder

    def _scores(self, model: Thorough, texts: Sequence[str]) -> Array | None:
        """None where there is nothing to score, or the encoder fails; it is not asked again."""
        if not texts:
            return None
        try:
            return model.scores(texts)
        except Exception:  # whatever a backend does, a customer gets an answer
            logger.exception("Sentence embeddings are off from here on: the encoder has failed.")
            self._thorough = None
            return None


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
