from __future__ import annotations

import logging
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from myna.nlu.classifier import CascadeClassifier
from myna.nlu.encoder import DEFAULT, EncoderError, load_encoder
from myna.nlu.features import plain
from myna.nlu.text import strip_diacritics

from .conftest import flat

TEXTS = [plain(text) for text, _, _ in flat()]
LABELS = [label for _, label, _ in flat()]


class LengthEncoder:
    """Knows how long a text is, and nothing else."""

    name = "length"
    size = 4

    def encode(self, texts: Sequence[str]) -> Any:
        return [np.array([[len(t), 1.0, len(t) % 3, 2.0]], dtype=np.float32) for t in texts]


class BrokenEncoder(LengthEncoder):
    def encode(self, texts: Sequence[str]) -> Any:
        raise RuntimeError("out of order")


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """A module that `encoder` can name; its `create` is to be set."""
    module = ModuleType("some_encoder")
    monkeypatch.setitem(sys.modules, "some_encoder", module)
    monkeypatch.setenv("MYNA_HOME", str(tmp_path / "home"))
    load_encoder.cache_clear()
    yield module
    load_encoder.cache_clear()


def fitted(encoder: str | None = None) -> CascadeClassifier:
    return CascadeClassifier(encoder).fit(TEXTS, LABELS)


def test_probabilities_are_sorted_and_sum_up_to_one() -> None:
    ranking = fitted().predict_proba(plain("bao giờ giao đơn của mình"))
    values = [value for _, value in ranking]
    assert ranking[0][0] == "ask_order_status"
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1.0, abs=1e-5)
    assert {label for label, _ in ranking} == set(LABELS)


def test_text_without_diacritics_is_understood_as_with_them() -> None:
    vietnamese = [(t, label) for t, label, language in flat() if language == "vi"]
    model = CascadeClassifier().fit([plain(t) for t, _ in vietnamese], [n for _, n in vietnamese])
    for text, label in vietnamese:
        assert model.predict_proba(plain(strip_diacritics(text)))[0][0] == label


def test_order_of_examples_does_not_matter() -> None:
    examples = list(zip(TEXTS, LABELS, strict=True))
    random.Random(1).shuffle(examples)
    texts, labels = zip(*examples, strict=True)
    shuffled = CascadeClassifier().fit(texts, labels)
    assert shuffled.predict_proba(plain("phi ship")) == fitted().predict_proba(plain("phi ship"))


def test_few_labels() -> None:
    assert CascadeClassifier().fit([], []).predict_proba(plain("x")) == []
    one = CascadeClassifier().fit([plain("a"), plain("b")], ["one", "one"])
    assert one.predict_proba(plain("x")) == [("one", 1.0)]
    two = CascadeClassifier().fit([plain("yes"), plain("no")], ["affirm", "deny"])
    assert two.predict_proba(plain("yes"))[0][0] == "affirm"
    assert two.predict_proba(plain("no"))[0][0] == "deny"


@pytest.mark.parametrize("encoder", [None, "some_encoder"])
@pytest.mark.parametrize("count", [0, 1, 2, len(TEXTS)])
def test_saved_model_answers_the_same(
    tmp_path: Path, backend: ModuleType, count: int, encoder: str | None
) -> None:
    backend.create = LengthEncoder  # type: ignore[attr-defined]
    model = CascadeClassifier(encoder).fit(TEXTS[:count], LABELS[:count])
    model.save(tmp_path / "model")
    assert {path.suffix for path in (tmp_path / "model").iterdir()} <= {".json", ".npy", ".npz"}
    loaded = CascadeClassifier.load(tmp_path / "model", encoder)
    texts = [plain(text) for text in ("đơn của mình đâu", "berapa kos pos", "?", "")]
    for found, expected in zip(loaded.predict_many(texts), model.predict_many(texts), strict=True):
        assert dict(found) == pytest.approx(dict(expected), abs=0.01)


def test_model_of_another_version_is_refused(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    path = tmp_path / "model.json"
    path.write_text(path.read_text().replace('"version": ', '"version": 9', 1))
    with pytest.raises(ValueError, match="train it again"):
        CascadeClassifier.load(tmp_path)


def test_only_unsure_texts_are_embedded(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(LengthEncoder, "encode", _noting(asked, LengthEncoder.encode))
    backend.create = LengthEncoder  # type: ignore[attr-defined]
    model = fitted("some_encoder")
    asked.clear()
    model.predict_many([plain("what is your return policy"), plain("giao hang")])
    assert asked == ["giao hang"]


def _noting(asked: list[str], encode: Any) -> Any:
    def noted(self: Any, texts: Sequence[str]) -> Any:
        asked.extend(texts)
        return encode(self, texts)

    return noted


@pytest.mark.parametrize("module", ["no.such.module", "myna.nlu.text"])
def test_an_encoder_that_is_not_there_is_done_without_and_logged_once(
    backend: ModuleType, caplog: pytest.LogCaptureFixture, module: str
) -> None:
    models = [fitted(module), fitted(module)]
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 1
    assert module in caplog.text
    text = plain("where is my order")
    assert models[0].predict_proba(text) == fitted().predict_proba(text)


def test_an_encoder_that_vanished_after_training(
    tmp_path: Path, backend: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    backend.create = LengthEncoder  # type: ignore[attr-defined]
    fitted("some_encoder").save(tmp_path)

    def create() -> None:
        raise EncoderError("its file is broken")

    backend.create = create  # type: ignore[attr-defined]
    load_encoder.cache_clear()
    loaded = CascadeClassifier.load(tmp_path, "some_encoder")
    assert loaded.predict_proba(plain("giao hang"))
    assert "its file is broken" in caplog.text


def test_an_encoder_that_fails_while_answering_is_logged_once(
    backend: ModuleType, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    backend.create = LengthEncoder  # type: ignore[attr-defined]
    fitted("some_encoder").save(tmp_path)
    load_encoder.cache_clear()
    backend.create = BrokenEncoder  # type: ignore[attr-defined]
    loaded = CascadeClassifier.load(tmp_path, "some_encoder")
    answers = [loaded.predict_proba(plain("giao hang")) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1


def test_vectors_of_another_encoder_are_not_mixed_in(
    backend: ModuleType, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    backend.create = LengthEncoder  # type: ignore[attr-defined]
    fitted("some_encoder").save(tmp_path)
    load_encoder.cache_clear()

    class Other(LengthEncoder):
        name = "other"

    backend.create = Other  # type: ignore[attr-defined]
    loaded = CascadeClassifier.load(tmp_path, "some_encoder")
    assert "Train again" in caplog.text
    assert loaded.predict_proba(plain("where is my order"))[0][0] == "ask_order_status"


def test_layers_learned_further_are_saved_with_the_model(tmp_path: Path) -> None:
    model = CascadeClassifier(DEFAULT, 1).fit(TEXTS, LABELS)
    model.save(tmp_path)
    loaded = CascadeClassifier.load(tmp_path, DEFAULT)
    plainly = CascadeClassifier(DEFAULT).fit(TEXTS, LABELS)
    text = plain("cước gửi hàng hết mấy đồng")
    assert dict(loaded.predict_proba(text)) == pytest.approx(
        dict(model.predict_proba(text)), abs=0.02
    )
    assert dict(plainly.predict_proba(text)) != pytest.approx(
        dict(model.predict_proba(text)), abs=0.02
    )


def test_an_encoder_whose_layers_cannot_be_learned_is_used_as_it_is(
    backend: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    backend.create = LengthEncoder  # type: ignore[attr-defined]
    model = CascadeClassifier("some_encoder", 2).fit(TEXTS, LABELS)
    assert "length cannot be learned further" in caplog.text
    text = plain("giao hang")
    assert model.predict_proba(text) == fitted("some_encoder").predict_proba(text)
