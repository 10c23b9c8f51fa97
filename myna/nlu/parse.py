"""Reads messages with a trained model, without a server: `myna parse` and the benchmarks."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.engine.constants import PLACEHOLDER_MESSAGE
from rasa.engine.graph import ExecutionContext
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.nlu.training_data.message import Message
from threadpoolctl import ThreadpoolController

from myna.nlu.language import LANGUAGE
from myna.settings import models

_BATCH = 64


class NoModelError(FileNotFoundError):
    """There is no trained model; the message says where it was looked for and what to do."""


class Reader:
    """The language understanding of a trained model, and nothing else of it.

    Stops before Rasa's own handler of messages that begin with `/`: here they are text.
    """

    def __init__(self, model: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="myna-model-")
        storage, metadata = LocalModelStorage.from_model_archive(Path(self._folder.name), model)
        schema = metadata.predict_schema
        self._target = schema.nodes[metadata.nlu_target].needs["messages"]
        schema = schema.minimal_graph_schema([self._target])
        self._runner = DaskGraphRunner.create(
            schema, storage, ExecutionContext(graph_schema=schema, model_id=metadata.model_id)
        )
        self._threads = ThreadpoolController()

    def read(self, texts: Sequence[str], languages: Sequence[str | None] = ()) -> list[Message]:
        """What the pipeline makes of the messages.

        Args:
            texts: The messages.
            languages: Of the conversations they stand in, if known; as many as texts, or none.
        """
        hints = languages or [None] * len(texts)
        messages = [
            UserMessage(text, metadata={LANGUAGE: hint} if hint else None)
            for text, hint in zip(texts, hints, strict=True)
        ]
        with self._threads.limit(limits=1, user_api="blas"):  # as in the brain
            result = self._runner.run({PLACEHOLDER_MESSAGE: messages}, [self._target])
        return list(result[self._target])


def newest_model(folder: Path | None = None) -> Path:
    """The newest model archive in a folder (`models/`).

    Raises:
        NoModelError: there is none.
    """
    folder = folder or models()
    archives = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not archives:
        raise NoModelError(f"There is no model in {folder}; train one with `myna train`.")
    return archives[-1]


def parse_lines(model_path: Path | None, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Reads one message a line; yields one description a message, in the same order.

    A line is a message, or JSON `{"text": …, "language": …}` where `language` is that of the
    conversation; whatever is not exactly this is a message as it stands.

    Yields:
        `text`; `language` (of the message, else that given, else None); `intent`, the name that
        the dialogue acts on (`faq/<name>`, `out_of_scope`, `nlu_fallback` included), and its
        `confidence`; `ranking` of such names, that one first; `entities`.

    Raises:
        NoModelError: no `model_path` is given and nothing was trained yet.
    """
    reader = Reader(model_path or newest_model())
    rest = iter(lines)
    while batch := [_line(line) for line in islice(rest, _BATCH)]:
        messages = reader.read([text for text, _ in batch], [language for _, language in batch])
        for (text, language), message in zip(batch, messages, strict=True):
            yield describe(message, text, language)


def describe(message: Message, text: str, hint: str | None = None) -> dict[str, Any]:
    """A processed message as `parse_lines` yields it."""
    ranking = resolved_ranking(message)
    intent, confidence = ranking[0] if ranking else (None, 0.0)
    return {
        "text": text,
        "language": message.get(LANGUAGE) or hint,
        "intent": intent,
        "confidence": round(confidence, 4),
        "ranking": [{"name": n, "confidence": round(c, 4)} for n, c in ranking],
        "entities": [e for e in message.get("entities", []) if e["entity"] != LANGUAGE],
    }


def resolved_ranking(message: Message) -> list[tuple[str, float]]:
    """The intents of a processed message, with `faq` replaced by the entries it stands for.

    The first is the one that the dialogue acts on, and the others follow by confidence. `faq` is as
    probable as its likeliest entry (`FaqSelector`); the selector tells how the others compare.
    """
    selected = message.get("response_selector", {}).get("default", {}).get("ranking", [])
    resolved: list[tuple[str, float]] = []
    for position, intent in enumerate(message.get("intent_ranking", [])):
        name, confidence = intent["name"], float(intent["confidence"])
        own = [e for e in selected if e["intent_response_key"].split("/")[0] == name]
        entries = [
            (entry["intent_response_key"], confidence * entry["confidence"] / own[0]["confidence"])
            for entry in own
        ]
        if position == 0:
            resolved += entries[:1] or [(name, confidence)]
            entries = entries[1:]
            rest = entries
        else:
            rest += entries or [(name, confidence)]
    return resolved + sorted(rest, key=lambda item: -item[1]) if resolved else []


def _line(line: str) -> tuple[str, str | None]:
    line = line.rstrip("\r\n")
    if line.lstrip().startswith("{"):
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            return line, None
        if isinstance(data, dict) and isinstance(data.get("text"), str):
            language = data.get("language")
            return data["text"], language if isinstance(language, str) else None
    return line, None
