"""Text preparation and the linear text model that all trained components share.

A linear model over words and pieces of words trains in seconds, answers in about a millisecond and
needs no accelerator. On shop and bank questions it equals fine-tuned networks (see `myna bench
nlu`). What it cannot know by itself is taught to it here: that Vietnamese is typed with and without
diacritics, that numbers are interchangeable, and that "đẹppppp" is "đẹp".
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

Ranking = list[tuple[str, float]]
"""Labels with their probabilities, most probable first; the probabilities sum up to 1."""

MAX_CHARACTERS = 2000
"""What is read of a message; the rest of a longer one is neither needed nor worth the time."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# The lengths are those that the standard allows; without them a long text of one word is slow.
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}\.[^\s@.]{2,63}")
_LENGTHENED = re.compile(r"([^\W\d_])\1{2,}")
_DIGIT = re.compile(r"\d")
# Four digits or more, however they are grouped, and what is joined to them: "dh-00000", "000.000".
_LONG_NUMBER = re.compile(r"(?<!\w)(?:[^\W\d_]{1,3}[.#-]?)?0(?:[ .-]?0){3,}\w*")
_WORD = re.compile(r"\w+")


def replace_surrogates(text: str) -> str:
    """Replaces lone surrogates, which no encoder accepts, one by one: positions stay the same."""
    return _SURROGATES.sub("\ufffd", text)


def prepare(text: str) -> str:
    """The form of a message that the models see; the same for training and for answering.

    Composed Unicode, lower case, at most `MAX_CHARACTERS`; without control and zero-width
    characters; letters repeated for emphasis once; every digit `0`; long numbers, e-mail addresses
    and links replaced by a word, so that the models learn sentences and not numbers.
    """
    text = unicodedata.normalize("NFC", replace_surrogates(text[:MAX_CHARACTERS]))
    text = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in ("Cc", "Cf")
    )
    text = _EMAIL.sub(" _email_ ", _URL.sub(" _url_ ", text)).lower()
    text = _DIGIT.sub("0", _LENGTHENED.sub(r"\1", text))
    text = _LONG_NUMBER.sub(" _number_ ", text)
    return " ".join(text.split())


def strip_diacritics(text: str) -> str:
    """Latin letters without their marks, as Vietnamese is often typed (đ becomes d)."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    kept: list[str] = []
    base = ""
    for character in decomposed:
        if not unicodedata.combining(character):
            base = character
        elif base.isascii():  # a mark on a Latin letter; those of other scripts are letters there
            continue
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


class LinearTextModel:
    """Says how probable each label is for a text.

    TF-IDF of words (one and two) and of pieces of words (two to five characters), one linear
    separator per label, and a temperature that turns their distances into probabilities. The
    temperature is learned from predictions on examples held out in turn, so that of the messages
    given 0.8, about four in five are right, as long as they resemble the examples.

    Texts with diacritics are learned a second time without them. Training is deterministic and
    does not depend on the order of the examples. A model of no label, or of one, is allowed.
    """

    # In cross-validation on our examples half or twice these values cost half a percent at most.
    _REGULARISATION = 0.5
    _PIECES_WEIGHT = np.float32(1.4)  # of the pieces of words, relative to the words
    _FOLDS = 3
    _DEFAULT_TEMPERATURE = 4.0  # when there are too few examples to learn it
    _MAX_WORDS, _MAX_PIECES = 60_000, 120_000  # bounds size and time, far above what we have
    _VERSION = 1

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._temperature = self._DEFAULT_TEMPERATURE
        self._weights = np.zeros((0, 0), dtype=np.float32)
        self._biases = np.zeros(0, dtype=np.float32)
        self._vectorizers: list[TfidfVectorizer] = []

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> LinearTextModel:
        """Learns from texts and their labels (equally many); returns itself."""
        examples = sorted(
            {(prepare(text), label) for text, label in zip(texts, labels, strict=True)}
        )
        self.labels = sorted({label for _, label in examples})
        if len(self.labels) < 2:
            return self
        rows, sources = _with_stripped_copies(examples)
        targets = np.searchsorted(self.labels, [label for _, label in rows])
        self._vectorizers = self._new_vectorizers()
        for vectorizer in self._vectorizers:
            vectorizer.fit([text for text, _ in rows])
        features = self._features([text for text, _ in rows])
        self._temperature = self._learn_temperature(features, targets, sources)
        self._weights, self._biases = self._separate(features, targets, len(self.labels))
        return self

    def predict_proba(self, text: str) -> Ranking:
        """Every label with its probability for one text; empty when nothing was learned."""
        return self.predict_many([text])[0]

    def predict_many(self, texts: Sequence[str]) -> list[Ranking]:
        """As `predict_proba`, for many texts at once."""
        if len(self.labels) < 2:
            return [[(label, 1.0) for label in self.labels] for _ in texts]
        features = self._features([prepare(text) for text in texts])
        scores = features @ self._weights + self._biases
        # A text of which no piece was ever seen says nothing; the biases alone would only tell
        # which label has the most examples.
        scores[np.diff(features.indptr) == 0] = 0.0
        probabilities = _softmax(scores * np.float32(self._temperature))
        rankings = []
        for row in probabilities:
            order = np.argsort(-row, kind="stable")
            rankings.append([(self.labels[i], float(row[i])) for i in order])
        return rankings

    def is_gibberish(self, text: str) -> bool:
        """Whether a text is of several words and none of them was seen in training.

        Pieces of words alone then decide, which is right for one mistyped word and misleads in
        sentences of another language or of none.
        """
        vocabulary = self._vectorizers[0].vocabulary_ if self._vectorizers else {}
        found = _WORD.findall(prepare(text))
        return len(found) > 1 and not any(word in vocabulary for word in found)

    def save(self, directory: Path) -> None:
        """Writes the model into a folder, as JSON and plain arrays: loading it runs no code."""
        directory.mkdir(parents=True, exist_ok=True)
        description = {
            "version": self._VERSION,
            "labels": self.labels,
            "temperature": self._temperature,
            "vocabularies": [list(v.get_feature_names_out()) for v in self._vectorizers],
        }
        (directory / "model.json").write_text(
            json.dumps(description, ensure_ascii=False), encoding="utf-8"
        )
        frequencies = [v.idf_ for v in self._vectorizers] or [np.zeros(0)]
        arrays = {
            "weights": self._weights,
            "biases": self._biases,
            "idf": np.concatenate(frequencies).astype(np.float32),
        }
        for name, array in arrays.items():
            np.save(directory / f"{name}.npy", array, allow_pickle=False)

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
        arrays = {
            name: np.load(directory / f"{name}.npy", allow_pickle=False)
            for name in ("weights", "biases", "idf")
        }
        model = cls()
        model.labels = description["labels"]
        model._temperature = description["temperature"]
        model._weights, model._biases = arrays["weights"], arrays["biases"]
        start = 0
        if description["vocabularies"]:
            model._vectorizers = model._new_vectorizers()
        for vectorizer, vocabulary in zip(
            model._vectorizers, description["vocabularies"], strict=True
        ):
            vectorizer.set_params(vocabulary={term: i for i, term in enumerate(vocabulary)})
            vectorizer.idf_ = arrays["idf"][start : start + len(vocabulary)]
            start += len(vocabulary)
        return model

    def _features(self, prepared: Sequence[str]) -> csr_matrix:
        by_word, by_piece = (vectorizer.transform(prepared) for vectorizer in self._vectorizers)
        return hstack([by_word, by_piece * self._PIECES_WEIGHT], format="csr")

    @classmethod
    def _new_vectorizers(cls) -> list[TfidfVectorizer]:
        common: dict[str, Any] = {
            "lowercase": False,  # `prepare` has done it
            "sublinear_tf": True,
            "dtype": np.float32,
            "token_pattern": None,
        }
        by_word = TfidfVectorizer(
            tokenizer=_WORD.findall, ngram_range=(1, 2), max_features=cls._MAX_WORDS, **common
        )
        by_piece = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), max_features=cls._MAX_PIECES, **common
        )
        return [by_word, by_piece]

    @classmethod
    def _separate(
        cls, features: csr_matrix, targets: np.ndarray[Any, Any], count: int
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Weights (one column per label) and biases; a label without examples is never chosen."""
        separator = LinearSVC(C=cls._REGULARISATION, random_state=0).fit(features, targets)
        columns, intercepts = separator.coef_.T, separator.intercept_
        if len(separator.classes_) == 2:  # scikit-learn then keeps one separator for both
            columns, intercepts = (
                np.hstack([-columns, columns]),
                np.hstack([-intercepts, intercepts]),
            )
        weights = np.zeros((features.shape[1], count), dtype=np.float32)
        biases = np.full(count, -3.0, dtype=np.float32)
        weights[:, separator.classes_] = columns
        biases[separator.classes_] = intercepts
        return weights, biases

    @classmethod
    def _learn_temperature(
        cls, features: csr_matrix, targets: np.ndarray[Any, Any], sources: np.ndarray[Any, Any]
    ) -> float:
        """The temperature under which the held-out examples are most probable.

        An example and its copy without diacritics (same number in `sources`) are held out together.
        """
        fold_of_source = np.random.default_rng(0).permutation(int(sources.max()) + 1) % cls._FOLDS
        folds = fold_of_source[sources]
        count = int(targets.max()) + 1
        scores, truths = [], []
        for fold in range(cls._FOLDS):
            train = folds != fold
            known = np.unique(targets[train])
            test = ~train & np.isin(targets, known)
            if len(known) < 2 or not test.any():
                continue
            weights, biases = cls._separate(features[train], targets[train], count)
            scores.append(features[test] @ weights + biases)
            truths.append(targets[test])
        if not scores:
            return cls._DEFAULT_TEMPERATURE
        distances, truth = np.vstack(scores), np.concatenate(truths)

        def surprise(log_temperature: float) -> float:
            probabilities = _softmax(distances * np.exp(log_temperature))
            return float(-np.log(probabilities[np.arange(len(truth)), truth] + 1e-9).mean())

        best = minimize_scalar(surprise, bounds=(np.log(1.0), np.log(12.0)), method="bounded")
        return round(float(np.exp(best.x)), 3)


def words(listed: str) -> list[str]:
    """The words of a list that is written as one text."""
    return listed.split()


def _with_stripped_copies(
    examples: Iterable[tuple[str, str]],
) -> tuple[list[tuple[str, str]], np.ndarray[Any, Any]]:
    """The examples and their copies without diacritics, and for each the example it stems from."""
    rows: dict[tuple[str, str], int] = {}
    for number, (text, label) in enumerate(examples):
        rows.setdefault((text, label), number)
        rows.setdefault((strip_diacritics(text), label), number)
    return list(rows), np.array(list(rows.values()))


def _softmax(scores: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    exponentials: np.ndarray[Any, Any] = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
