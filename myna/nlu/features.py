"""What the models look at in a text: its words, and pieces of words, weighted by TF-IDF."""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from myna.nlu.text import clean, mask_numbers, strip_diacritics

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
    """TF-IDF of words (one and two) and of pieces of words (three to five characters).

    Words are looked at twice: as written, but without diacritics, as Vietnamese is often typed; and
    in the normal form, with diacritics and with shortforms replaced. Pieces of words are those of
    the normal form, without diacritics. Each of the three views is scaled to length 1 and weighted.

    The formula is that of scikit-learn's `TfidfVectorizer` with `sublinear_tf`; scikit-learn's own
    takes 2 ms for one message, whatever its length, and this one a tenth of it.
    """

    def __init__(self) -> None:
        self._views = [_View(_words, 0.6), _View(_words, 0.9), _View(_pieces, 1.4, least=2)]

    @property
    def size(self) -> int:
        """Number of features."""
        return sum(len(view.idf) for view in self._views)

    def fit_transform(self, texts: Sequence[Forms]) -> csr_matrix:
        """Learns the vocabulary; one row of features for each text."""
        seen = [_visible(text) for text in texts]
        found = [
            view.fit_transform([each[number] for each in seen])
            for number, view in enumerate(self._views)
        ]
        return hstack(found, format="csr")

    def transform(self, texts: Sequence[Forms]) -> csr_matrix:
        """One row of features for each text; none where nothing in it was ever seen."""
        indices: list[Array] = []
        values: list[Array] = []
        ends = [0]
        for text in texts:
            start = 0
            count = ends[-1]
            for view, seen in zip(self._views, _visible(text), strict=True):
                found, weights = view.features(seen)
                indices.append(found + start)
                values.append(weights)
                start += len(view.idf)
                count += len(found)
            ends.append(count)
        if not indices:
            return csr_matrix((0, self.size), dtype=np.float32)
        rows = np.concatenate(values), np.concatenate(indices), np.array(ends, dtype=np.int32)
        return csr_matrix(rows, shape=(len(texts), self.size))

    def unknown_share(self, text: Forms) -> float:
        """How many of a text's words were never seen in training, from 0 to 1."""
        found = set(_WORD.findall(_visible(text)[1]))
        vocabulary = self._views[1].vocabulary
        return sum(word not in vocabulary for word in found) / len(found) if found else 1.0

    def word_columns(self) -> Array:
        """The columns that stand for a single word each, as `unknown_share` counts them."""
        start = len(self._views[0].idf)
        terms = self._views[1].vocabulary.items()
        return np.array([start + number for term, number in terms if " " not in term], dtype=int)

    def is_gibberish(self, text: Forms) -> bool:
        """Whether none of a text's words was seen in training: only pieces of them decide."""
        return self.unknown_share(text) == 1.0

    def save(self, directory: Path) -> None:
        """Writes the vocabularies into a folder, as plain arrays.

        Compressed here, because Rasa's archive is packed at the highest level, which takes many
        times as long for a little less, and loses no time on what is packed already.
        """
        terms = "\n".join(term for view in self._views for term in view.vocabulary)
        np.savez_compressed(
            directory / "features.npz",
            terms=np.frombuffer(terms.encode(), dtype=np.uint8),
            sizes=[len(view.vocabulary) for view in self._views],
            idf=np.concatenate([view.idf for view in self._views]),
        )

    @classmethod
    def load(cls, directory: Path) -> TextFeatures:
        """Reads what `save` wrote."""
        with np.load(directory / "features.npz", allow_pickle=False) as file:
            terms = file["terms"].tobytes().decode().split("\n")
            sizes, idf = file["sizes"].tolist(), file["idf"]
        features = cls()
        start = 0
        for view, size in zip(features._views, sizes, strict=True):
            here = slice(start, start + size)
            view.vocabulary = {term: number for number, term in enumerate(terms[here])}
            view.idf = idf[here]
            start += size
        return features


class _View:
    """One way to take a text apart, and the weights of what is found."""

    _MOST = 120_000  # bounds size and time, far above what we have

    def __init__(
        self, split: Callable[[str], Iterator[str]], weight: float, least: int = 1
    ) -> None:
        self._split, self._weight, self._least = split, weight, least
        self.vocabulary: dict[str, int] = {}
        self.idf = np.zeros(0, dtype=np.float32)

    def fit_transform(self, texts: Sequence[str]) -> csr_matrix:
        """Learns the vocabulary; returns the rows that `features` would give."""
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__  # a new term gets the next number
        indices, ends = array("i"), [0]
        different = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        for text in different:
            indices.extend(map(numbers.__getitem__, self._split(text)))
            ends.append(len(indices))
        once = np.ones(len(indices), dtype=np.float32)
        rows = csr_matrix((once, np.array(indices), ends), shape=(len(different), len(numbers)))
        rows.sum_duplicates()
        rows = rows[[different[text] for text in texts]]
        frequency = np.bincount(rows.indices, minlength=len(numbers))
        kept = [term for term, number in numbers.items() if frequency[number] >= self._least]
        kept.sort(key=lambda term: (-frequency[numbers[term]], term))
        del kept[self._MOST :]
        self.vocabulary = {term: number for number, term in enumerate(kept)}
        columns = [numbers[term] for term in kept]
        self.idf = (np.log((1 + len(texts)) / (1 + frequency[columns])) + 1).astype(np.float32)
        rows = rows[:, columns]
        rows.data = (1 + np.log(rows.data)) * self.idf[rows.indices]
        squares = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
        factors = self._weight / np.sqrt(np.maximum(squares, 1e-12))
        rows.data *= np.repeat(factors, np.diff(rows.indptr)).astype(np.float32)
        return rows

    def features(self, text: str) -> tuple[Array, Array]:
        counts = Counter(
            number
            for term in self._split(text)
            if (number := self.vocabulary.get(term)) is not None
        )
        found = np.fromiter(counts, dtype=np.int32, count=len(counts))
        weights = np.array([1 + math.log(n) for n in counts.values()], dtype=np.float32)
        weights *= self.idf[found]
        length = math.sqrt(float(weights @ weights))
        return found, weights * np.float32(self._weight / length if length else 0.0)


def _words(text: str) -> Iterator[str]:
    before = ""
    for word in _WORD.findall(text):
        yield word
        if before:
            yield f"{before} {word}"
        before = word


def _pieces(text: str) -> Iterator[str]:
    return chain.from_iterable(map(_word_pieces, text.split()))


@lru_cache(maxsize=50_000)
def _word_pieces(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    return tuple(
        padded[start : start + size]
        for size in range(3, min(5, len(padded)) + 1)
        for start in range(len(padded) - size + 1)
    )


def _visible(text: Forms) -> tuple[str, str, str]:
    written, normal = mask_numbers(text.written), mask_numbers(text.normal)
    return strip_diacritics(written), normal, strip_diacritics(normal)
