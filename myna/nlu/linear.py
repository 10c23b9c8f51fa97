"""The linear text model that all trained components share.

A linear model over words and pieces of words trains in seconds, answers in about a millisecond and
needs no accelerator. What it cannot know by itself is taught to it by the forms of the texts it is
given (`myna.nlu.text`, `myna.nlu.normaliser`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from myna.nlu.text import clean, mask_numbers, strip_diacritics

Ranking = list[tuple[str, float]]
"""Labels with their probabilities, most probable first."""

Array = NDArray[Any]

_WORD = re.compile(r"\w+")


class Forms(NamedTuple):
    """A message as `clean` leaves it, and with shortforms replaced (`myna.nlu.normaliser`)."""

    written: str
    normal: str


def plain(text: str) -> Forms:
    """The forms of a text that no lexicon is applied to."""
    cleaned = clean(text)
    return Forms(cleaned, cleaned)


class TextFeatures:
    """TF-IDF of words (one and two) and of pieces of words (two to five characters).

    Diacritics are left out of all of it: Vietnamese is typed with and without them, and what they
    would tell is in the word beside. Words are looked at twice, as written and with shortforms
    replaced; pieces of words only in the latter form.
    """

    _WEIGHTS = (np.float32(0.6), np.float32(0.9), np.float32(1.4))
    _MAX_WORDS, _MAX_PIECES = 60_000, 120_000  # bounds size and time, far above what we have

    def __init__(self) -> None:
        self._vectorizers: list[TfidfVectorizer] = []

    def fit_transform(self, texts: Sequence[Forms]) -> csr_matrix:
        """Learns the vocabulary; one row of features for each text."""
        self._vectorizers = self._new_vectorizers()
        return self._join(
            vectorizer.fit_transform(view)
            for vectorizer, view in zip(self._vectorizers, _views(texts), strict=True)
        )

    def transform(self, texts: Sequence[Forms]) -> csr_matrix:
        """One row of features for each text; none where nothing in it was ever seen."""
        return self._join(
            vectorizer.transform(view)
            for vectorizer, view in zip(self._vectorizers, _views(texts), strict=True)
        )

    def unknown_share(self, text: Forms) -> float:
        """How many of a text's words were never seen in training, from 0 to 1."""
        found = _WORD.findall(_views([text])[1][0])
        vocabulary = self._vectorizers[1].vocabulary_
        return sum(word not in vocabulary for word in found) / len(found) if found else 1.0

    def is_gibberish(self, text: Forms) -> bool:
        """Whether a text is of several words and none of them was seen in training.

        Pieces of words alone then decide, which is right for one mistyped word and misleads in
        sentences of another language or of none.
        """
        return len(_WORD.findall(text.normal)) > 1 and self.unknown_share(text) == 1.0

    def save(self, directory: Path) -> None:
        """Writes the vocabularies into a folder, as JSON and a plain array."""
        vocabularies = [list(v.get_feature_names_out()) for v in self._vectorizers]
        (directory / "vocabularies.json").write_text(
            json.dumps(vocabularies, ensure_ascii=False), encoding="utf-8"
        )
        idf = np.concatenate([v.idf_ for v in self._vectorizers]).astype(np.float32)
        np.save(directory / "idf.npy", idf, allow_pickle=False)

    @classmethod
    def load(cls, directory: Path) -> TextFeatures:
        """Reads what `save` wrote."""
        text = (directory / "vocabularies.json").read_text(encoding="utf-8")
        idf = np.load(directory / "idf.npy", allow_pickle=False)
        features = cls()
        features._vectorizers = cls._new_vectorizers()
        start = 0
        for vectorizer, vocabulary in zip(features._vectorizers, json.loads(text), strict=True):
            vectorizer.set_params(vocabulary={term: i for i, term in enumerate(vocabulary)})
            vectorizer.idf_ = idf[start : start + len(vocabulary)]
            start += len(vocabulary)
        return features

    def _join(self, parts: Iterable[csr_matrix]) -> csr_matrix:
        weighted = [part * weight for part, weight in zip(parts, self._WEIGHTS, strict=True)]
        return hstack(weighted, format="csr", dtype=np.float32)

    @classmethod
    def _new_vectorizers(cls) -> list[TfidfVectorizer]:
        common: dict[str, Any] = {
            "lowercase": False,  # `clean` has done it
            "sublinear_tf": True,
            "dtype": np.float32,
            "token_pattern": None,
        }
        by_word = {"tokenizer": _WORD.findall, "ngram_range": (1, 2), "max_features": cls._MAX_WORDS}
        return [
            TfidfVectorizer(**by_word, **common),
            TfidfVectorizer(**by_word, **common),
            TfidfVectorizer(
                analyzer="char_wb", ngram_range=(2, 5), max_features=cls._MAX_PIECES, **common
            ),
        ]


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

    def save(self, directory: Path) -> None:
        """Writes plain arrays; half precision changes no answer and halves the model."""
        np.save(directory / "weights.npy", self.weights.astype(np.float16), allow_pickle=False)
        np.save(directory / "biases.npy", self.biases, allow_pickle=False)

    @classmethod
    def load(cls, directory: Path) -> Separators:
        """Reads what `save` wrote."""
        weights = np.load(directory / "weights.npy", allow_pickle=False).astype(np.float32)
        return cls(weights, np.load(directory / "biases.npy", allow_pickle=False))


_REGULARISATION = 1.0
"""Half or twice this value costs half a percent at most, on our examples and on public data."""


def separate(features: csr_matrix, targets: Array, count: int) -> Separators:
    """Learns separators for `count` labels; one without examples is never chosen."""
    separator = LinearSVC(C=_REGULARISATION, random_state=0).fit(features, targets)
    columns, intercepts = separator.coef_.T, separator.intercept_
    if len(separator.classes_) == 2:  # scikit-learn then keeps one separator for both
        columns, intercepts = np.hstack([-columns, columns]), np.hstack([-intercepts, intercepts])
    weights = np.zeros((features.shape[1], count), dtype=np.float32)
    biases = np.full(count, -3.0, dtype=np.float32)
    weights[:, separator.classes_] = columns
    biases[separator.classes_] = intercepts
    return Separators(weights, biases)


class LinearTextModel:
    """Says how probable each label is for a text.

    A linear separator per label over `TextFeatures`, and a temperature that turns the distances
    into probabilities. It is learned from predictions on examples held out, so that of the
    messages given 0.8, about four in five are right, as long as they resemble the examples.

    Training is deterministic and does not depend on the order of the examples. A model of no
    label, or of one, is allowed.
    """

    _FOLDS = 5
    _DEFAULT_TEMPERATURE = 4.0  # when there are too few examples to learn it
    _VERSION = 2

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._temperature = self._DEFAULT_TEMPERATURE
        self._features = TextFeatures()
        self._separators = Separators(np.zeros((0, 0), np.float32), np.zeros(0, np.float32))

    def fit(self, texts: Sequence[Forms], labels: Sequence[str]) -> LinearTextModel:
        """Learns from texts and their labels (equally many); returns itself."""
        examples = sorted(set(zip(texts, labels, strict=True)))
        self.labels = sorted({label for _, label in examples})
        if len(self.labels) < 2:
            return self
        targets = np.searchsorted(self.labels, [label for _, label in examples])
        features = self._features.fit_transform([text for text, _ in examples])
        self._temperature = self._learn_temperature(features, targets)
        self._separators = separate(features, targets, len(self.labels))
        return self

    def predict_proba(self, text: Forms) -> Ranking:
        """Every label with its probability for one text; empty when nothing was learned."""
        return self.predict_many([text])[0]

    def predict_many(self, texts: Sequence[Forms]) -> list[Ranking]:
        """As `predict_proba`, for many texts at once."""
        if len(self.labels) < 2:
            return [[(label, 1.0) for label in self.labels] for _ in texts]
        distances = self._separators.distances(self._features.transform(texts))
        return [rank(self.labels, row) for row in softmax(distances * self._temperature)]

    def save(self, directory: Path) -> None:
        """Writes the model into a folder, as JSON and plain arrays: loading it runs no code."""
        directory.mkdir(parents=True, exist_ok=True)
        description = {
            "version": self._VERSION,
            "labels": self.labels,
            "temperature": self._temperature,
        }
        (directory / "model.json").write_text(
            json.dumps(description, ensure_ascii=False), encoding="utf-8"
        )
        if len(self.labels) > 1:
            self._features.save(directory)
            self._separators.save(directory)

    @classmethod
    def load(cls, directory: Path) -> LinearTextModel:
        """Reads a model that `save` wrote.

        Raises:
            ValueError: it was written by a version with other features; train again.
            OSError: there is no model.
        """
        description = json.loads((directory / "model.json").read_text(encoding="utf-8"))
        if description["version"] != cls._VERSION:
            raise ValueError("the model was trained by another version of Myna; train it again")
        model = cls()
        model.labels = description["labels"]
        model._temperature = description["temperature"]
        if len(model.labels) > 1:
            model._features = TextFeatures.load(directory)
            model._separators = Separators.load(directory)
        return model

    @classmethod
    def _learn_temperature(cls, features: csr_matrix, targets: Array) -> float:
        """The temperature under which the examples of one fold, held out, are most probable."""
        count = int(targets.max()) + 1
        fold = np.random.default_rng(0).permutation(len(targets)) % cls._FOLDS
        train = fold > 0
        known = np.unique(targets[train])
        test = ~train & np.isin(targets, known)
        if len(known) < 2 or not test.any():
            return cls._DEFAULT_TEMPERATURE
        separators = separate(features[train], targets[train], count)
        return fit_temperature(separators.distances(features[test]), targets[test])


def fit_temperature(distances: Array, targets: Array) -> float:
    """The factor that makes the targets most probable when distances times it are soft-maxed."""
    rows = np.arange(len(targets))

    def surprise(log_temperature: float) -> float:
        probabilities = softmax(distances * np.exp(log_temperature))
        return float(-np.log(probabilities[rows, targets] + 1e-9).mean())

    best = minimize_scalar(surprise, bounds=(np.log(1.0), np.log(20.0)), method="bounded")
    return round(float(np.exp(best.x)), 3)


def softmax(scores: Array) -> Array:
    """Probabilities of a row's entries; each row sums up to 1."""
    exponentials: Array = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def rank(labels: Sequence[str], probabilities: Array) -> Ranking:
    """Labels with their probabilities, most probable first."""
    order = np.argsort(-probabilities, kind="stable")
    return [(labels[i], float(probabilities[i])) for i in order]


def _views(texts: Sequence[Forms]) -> tuple[list[str], list[str], list[str]]:
    written = [strip_diacritics(mask_numbers(text.written)) for text in texts]
    normal = [strip_diacritics(mask_numbers(text.normal)) for text in texts]
    return written, normal, normal
