from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from myna.nlu.features import MAX_CHARACTERS, LinearTextModel, prepare, strip_diacritics

from .conftest import flat

TEXTS = [text for text, _, _ in flat()]
LABELS = [label for _, label, _ in flat()]


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("  Xin   CHÀO\n\nshop ", "xin chào shop"),
        ("đe\u0323p", "đẹp"),  # composed
        ("tr\u200bả\u2060 h\u0007àng", "trả hàng"),
        ("đẹppppp quááá", "đẹp quá"),
        ("ok 25 cái", "ok 00 cái"),
        ("đơn DH-20413 nhé", "đơn _number_ nhé"),
        ("gọi 0912.345.678", "gọi _number_"),
        ("viết cho lan.ng+1@mail.example.com", "viết cho _email_"),
        ("xem https://a.example/x?y=1 và www.b.example", "xem _url_ và _url_"),
        ("a\ud800b", "a\ufffdb"),
        ("👍", "👍"),
        ("", ""),
    ],
)
def test_prepare(text: str, prepared: str) -> None:
    assert prepare(text) == prepared


def test_prepare_is_idempotent_on_all_examples() -> None:
    assert [prepare(prepare(text)) for text in TEXTS] == [prepare(text) for text in TEXTS]


@pytest.mark.parametrize("piece", ["a", "a@", "0 ", "@.", "\u0301", "www.", "1-"])
def test_prepare_is_quick_on_long_text(piece: str) -> None:
    start = time.perf_counter()
    assert len(prepare(piece * 100_000)) <= MAX_CHARACTERS + 500
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Đường đẹp ở Huế", "Duong dep o Hue"), ("đơn", "don"), ("สวัสดี", "สวัสดี"), ("café", "cafe")],
)
def test_strip_diacritics(text: str, plain: str) -> None:
    assert strip_diacritics(text) == plain


def test_probabilities_are_sorted_and_sum_up_to_one() -> None:
    ranking = LinearTextModel().fit(TEXTS, LABELS).predict_proba("bao giờ giao đơn của mình")
    values = [value for _, value in ranking]
    assert ranking[0][0] == "ask_order_status"
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1.0, abs=1e-5)
    assert {label for label, _ in ranking} == set(LABELS)


def test_text_without_diacritics_is_understood_as_with_them() -> None:
    vietnamese = [(t, label) for t, label, language in flat() if language == "vi"]
    model = LinearTextModel().fit(*zip(*vietnamese, strict=True))
    for text, label in vietnamese:
        assert model.predict_proba(strip_diacritics(text))[0][0] == label


def test_order_of_examples_does_not_matter() -> None:
    examples = list(zip(TEXTS, LABELS, strict=True))
    random.Random(1).shuffle(examples)
    shuffled = LinearTextModel().fit(*zip(*examples, strict=True))
    model = LinearTextModel().fit(TEXTS, LABELS)
    assert model.predict_proba("phi ship") == shuffled.predict_proba("phi ship")


def test_nothing_known_means_no_preference() -> None:
    values = {value for _, value in LinearTextModel().fit(TEXTS, LABELS).predict_proba("漢字")}
    assert len(values) == 1


def test_few_labels() -> None:
    assert LinearTextModel().fit([], []).predict_proba("x") == []
    assert LinearTextModel().fit(["a", "b"], ["one", "one"]).predict_proba("x") == [("one", 1.0)]
    two = LinearTextModel().fit(["yes", "no"], ["affirm", "deny"])
    assert two.predict_proba("yes")[0][0] == "affirm"
    assert two.predict_proba("no")[0][0] == "deny"


@pytest.mark.parametrize("count", [0, 1, 2, len(TEXTS)])
def test_saved_model_answers_the_same(tmp_path: Path, count: int) -> None:
    model = LinearTextModel().fit(TEXTS[:count], LABELS[:count])
    model.save(tmp_path / "model")
    loaded = LinearTextModel.load(tmp_path / "model")
    for text in ("đơn của mình đâu", "berapa kos pos", "?", ""):
        assert [label for label, _ in loaded.predict_proba(text)] == [
            label for label, _ in model.predict_proba(text)
        ]
        assert [value for _, value in loaded.predict_proba(text)] == pytest.approx(
            [value for _, value in model.predict_proba(text)], abs=1e-6
        )


def test_saved_model_holds_no_code(tmp_path: Path) -> None:
    LinearTextModel().fit(TEXTS, LABELS).save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".npy"}


def test_model_of_another_version_is_refused(tmp_path: Path) -> None:
    LinearTextModel().fit(TEXTS, LABELS).save(tmp_path)
    path = tmp_path / "model.json"
    path.write_text(path.read_text().replace('"version": ', '"version": 9', 1))
    with pytest.raises(ValueError, match="train it again"):
        LinearTextModel.load(tmp_path)
