from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from myna.nlu.folds import Folds

COUNT = 3
TARGETS = np.repeat(np.arange(10), 30)
SOURCES = np.arange(len(TARGETS))


def test_every_example_is_looked_at_once_by_a_model_that_did_not_learn_it() -> None:
    parts = Folds(TARGETS, SOURCES, COUNT, outside=9).parts()
    assert len(parts) == COUNT
    assert np.sum([test for _, test in parts], axis=0).tolist() == [1] * len(TARGETS)
    assert all((train != test).all() for train, test in parts)


def test_a_copy_is_held_out_with_what_it_is_a_copy_of() -> None:
    sources = np.array([*SOURCES, *SOURCES[:50]])
    folds = Folds(TARGETS[sources], sources, COUNT, outside=9)
    for train, test in folds.parts():
        assert not set(sources[train]) & set(sources[test])
        assert not test[len(SOURCES) :].any()  # a copy is not asked about


def test_without_examples_of_what_is_outside_some_labels_are_hidden_in_turn() -> None:
    folds = Folds(TARGETS, SOURCES, COUNT, outside=None)
    for train, test in folds.parts():
        unknown = set(TARGETS[test & folds.hidden])
        assert len(unknown) == 2
        assert not unknown & set(TARGETS[train])
        assert set(TARGETS[test & ~folds.hidden]) <= set(TARGETS[train])
    assert not Folds(TARGETS, SOURCES, COUNT, outside=9).hidden.any()


def test_as_few_folds_as_are_enough() -> None:
    folds = Folds(TARGETS, SOURCES, COUNT, outside=9)
    odd = SOURCES % 2 == 1
    few = folds.only(odd, 40)
    assert len(few.parts()) == 1
    assert not few.evaluated[~odd].any()
    assert 40 <= few.evaluated.sum() < odd.sum()
    assert len(folds.only(odd, 1000).parts()) == COUNT


def test_a_word_is_unknown_where_only_the_held_out_examples_have_it() -> None:
    targets, sources = np.array([0, 1] * 6), np.arange(12)
    own = np.eye(12, dtype=np.float32)  # a word of its own, and one that all have
    words = csr_matrix(np.hstack([own, np.ones((12, 1), dtype=np.float32)]))
    folds = Folds(targets, sources, COUNT, outside=None)
    assert folds.unknown(words).tolist() == [0.5] * 12
    assert folds.unknown(csr_matrix((12, 3), dtype=np.float32)).tolist() == [1.0] * 12
