"""`myna bench nlu` without a file: the project's own model on its own held-out sentences."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rasa.model_training
import yaml
from sklearn.metrics import f1_score

from myna.bench.nlu import our_pipeline, quiet_rasa
from myna.bench.stock import stock_config
from myna.nlu.language import LANGUAGE
from myna.nlu.parse import Reader, resolved_ranking
from myna.nlu.text import strip_diacritics
from myna.settings import PROJECT
from myna.trainer.contents import Example
from myna.trainer.project import Project

_REJECTED = ("nlu_fallback", "out_of_scope")
_OUT_OF_SCOPE = "out_of_scope"

Row = dict[str, float | None]


def bench_sentences(
    against: str | None = None, epochs: int | None = None, tuned_layers: int = 0
) -> dict[str, Any]:
    """Trains on `data/nlu/` and measures on `tests/nlu/`, one message at a time.

    Args:
        against: `diet` measures stock Rasa's default pipeline as well.
        epochs: of that pipeline's components; without it, Rasa's own number (100).
        tuned_layers: of our encoder's, learned further (see `IntentClassifier`).

    Returns:
        `train_seconds` with nothing computed before, `model_megabytes`,
        `ms_per_message_median`, `ms_per_message_p95` (of the sentences as they stand), and
        `languages`: for each, and for `vi, no diacritics` (the same sentences without them),
        `sentences`, `macro_f1` and `accuracy` of what the dialogue acts on, `oos_recall` (rejected
        share of what is out of scope, `nlu_fallback` included), `rejected_in_scope`,
        `language_right` (of the messages for which a language was found, without those of which a
        person could not tell it: `tests/language/unclear.yml`), `language_undecided`. With
        `against`, the same keys once more under its name, those about languages empty.
    """
    result = _measure(our_pipeline(tuned_layers))
    if against == "diet":
        result["diet"] = _measure(stock_config(epochs)["pipeline"])
    return result


def format_sentences(result: dict[str, Any]) -> str:
    """The result of `bench_sentences` as tables."""
    lines: list[str] = []
    for name, side in {"myna": result, "diet": result.get("diet")}.items():
        if side is None:
            continue
        lines += [
            f"{name}: {side['train_seconds']:.0f} s of training, model "
            f"{side['model_megabytes']:.1f} MB, {side['ms_per_message_median']:.1f} ms a message "
            f"(95 %: {side['ms_per_message_p95']:.1f} ms)",
            f"{'':22}" + "".join(f"{title:>12}" for title in _TITLES.values()),
        ]
        for language, row in side["languages"].items():
            shown = ["–" if row[key] is None else f"{row[key]:.3f}" for key in _TITLES]
            lines.append(f"{language:22}" + "".join(f"{value:>12}" for value in shown))
    return "\n".join(lines)


_TITLES = {
    "macro_f1": "macro-F1",
    "accuracy": "accuracy",
    "oos_recall": "OOS recall",
    "rejected_in_scope": "rejected",
    "language_right": "language",
    "language_undecided": "undecided",
}


def _measure(pipeline: list[dict[str, Any]]) -> dict[str, Any]:
    sentences = Project(PROJECT).sentences
    groups = {
        language: [s for s in sentences if s.language == language]
        for language in dict.fromkeys(s.language for s in sentences)
    }
    unclear = _unclear()
    bare = [
        Example(s.place, s.language, s.intent, strip_diacritics(s.text))
        for s in groups.get("vi", [])
    ]
    with tempfile.TemporaryDirectory(prefix="myna-bench-") as name, quiet_rasa():
        model, seconds = _train(pipeline, Path(name))
        reader = Reader(model)
        megabytes = model.stat().st_size / 1e6
        times: list[float] = []
        rows = {language: _row(reader, group, unclear, times) for language, group in groups.items()}
        if bare:
            rows["vi, no diacritics"] = _row(reader, bare, unclear, [])
    return {
        "train_seconds": round(seconds, 1),
        "model_megabytes": round(megabytes, 1),
        "ms_per_message_median": round(statistics.median(times), 2),
        "ms_per_message_p95": round(statistics.quantiles(times, n=20)[-1], 2),
        "languages": rows,
    }


def _train(pipeline: list[dict[str, Any]], folder: Path) -> tuple[Path, float]:
    config = {
        "recipe": "default.v1",
        "assistant_id": "bench",
        "language": "xx",
        "importers": [{"name": "myna.brain.importer.CatalogueImporter"}],
        "pipeline": pipeline,
    }
    (folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    home = os.environ.get("MYNA_HOME")
    os.environ["MYNA_HOME"] = str(folder / "home")  # with no embeddings from before
    try:
        start = time.perf_counter()
        model = rasa.model_training.train_nlu(
            str(folder / "config.yml"), str(PROJECT / "data" / "nlu"), str(folder / "models")
        )
        return Path(model), time.perf_counter() - start
    finally:
        if home is None:
            del os.environ["MYNA_HOME"]
        else:
            os.environ["MYNA_HOME"] = home


def _unclear() -> set[str]:
    """Messages of which a person could not tell the language, without diacritics."""
    listed = yaml.safe_load((PROJECT / "tests/language/unclear.yml").read_text(encoding="utf-8"))
    return {strip_diacritics(text) for texts in listed.values() for text in texts}


def _row(
    reader: Reader, sentences: Sequence[Example], unclear: set[str], times: list[float]
) -> Row:
    """What is found in sentences of one language; adds to the times in milliseconds."""
    found, languages, clear = [], [], []
    for sentence in sentences:
        start = time.perf_counter()
        (message,) = reader.read([sentence.text])
        times.append((time.perf_counter() - start) * 1000)
        ranking = resolved_ranking(message)
        found.append(ranking[0][0] if ranking else _REJECTED[0])
        language = message.get(LANGUAGE)
        languages.append(language)
        if language is not None and strip_diacritics(sentence.text) not in unclear:
            clear.append(language)
    meant = [sentence.intent for sentence in sentences]
    pairs = list(zip(meant, found, strict=True))
    return {
        "sentences": len(sentences),
        "macro_f1": _rounded(f1_score(meant, found, labels=sorted(set(meant)), average="macro")),
        "accuracy": _share([m == f for m, f in pairs]),
        "oos_recall": _share([f in _REJECTED for m, f in pairs if m == _OUT_OF_SCOPE]),
        "rejected_in_scope": _share([f in _REJECTED for m, f in pairs if m != _OUT_OF_SCOPE]),
        "language_right": _share([each == sentences[0].language for each in clear]),
        "language_undecided": _share([each is None for each in languages]) if clear else None,
    }


def _share(hits: Sequence[bool]) -> float | None:
    return _rounded(sum(hits) / len(hits)) if hits else None


def _rounded(value: float) -> float:
    return round(float(value), 4)
