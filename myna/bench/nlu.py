"""`myna bench nlu`: the pipeline of `config.yml` on anybody's intent data, beside stock Rasa's."""

from __future__ import annotations

import contextlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rasa.model_training
import yaml
from sklearn.metrics import matthews_corrcoef

from myna.bench.stock import stock_config
from myna.bench.tsv import OUT_OF_SCOPE, TRAINED_OUT_OF_SCOPE, Row, label, read_rows, write_rows
from myna.nlu.parse import Reader, resolved_ranking
from myna.settings import PROJECT

_FALLBACK = "nlu_fallback"
_REJECTED = "(rejected)"
_THRESHOLDS = [step / 100 for step in range(100)]
_FOLDS = 3

Metrics = dict[str, float | None]


@dataclass(frozen=True)
class Prediction:
    """What a pipeline made of a message, before any threshold."""

    truth: str
    """The label, or `_REJECTED` for a message out of scope."""
    intent: str
    """The most probable intent, or `_REJECTED` where that is out of scope or nothing at all."""
    confidence: float
    milliseconds: float


def bench_nlu(
    path: Path, against: str | None = None, epochs: int | None = None, tuned_layers: int = 0
) -> dict[str, Any]:
    """Trains on the train rows of a file and measures on its test rows.

    Args:
        path: Tab-separated, header `split lang intent text`, intent `oos` for out of scope.
        against: `diet` measures stock Rasa's default pipeline in the same run as well.
        epochs: Of that pipeline's components; without it, Rasa's own number (100).
        tuned_layers: Of our encoder's, learned further (see `IntentClassifier`).

    Returns:
        `in_scope_accuracy`: of the most probable intent, before anything is rejected.
        `oos_recall`: rejected share of the messages out of scope, at `threshold`; None without any.
        `mcc`, `mcc_best`: multi-class Matthews correlation over the intents and one class for
        rejection, at `threshold` and at the best one (as in the HINT3 paper).
        `threshold`: chosen without the test rows, see `choose_threshold`.
        `ms_per_message_median`: one message at a time. `train_seconds`: Rasa's whole training.
        With `against`, the same keys once more under its name.

    Raises:
        ValueError: the file is no such file, or lacks train or test rows.
    """
    rows = read_rows(path)
    train = [row for row in rows if row.split == "train"]
    test = [row for row in rows if row.split == "test"]
    if not train or not test:
        raise ValueError(f"{path.name}: there have to be train and test rows")
    if against not in (None, "diet"):
        raise ValueError(f"'{against}' is not known; compare with 'diet'")
    result: dict[str, Any] = {"data": path.name, "train_rows": len(train), "test_rows": len(test)}
    result |= _measure(our_pipeline(tuned_layers), train, test, _FOLDS)
    if against:
        # One fold, because each costs as much as the whole training of this pipeline.
        result[against] = _measure(stock_config(epochs)["pipeline"], train, test, 1)
    return result


def format_nlu(result: dict[str, Any]) -> str:
    """The result of `bench_nlu` as a table."""
    columns = {"myna": result} | {k: v for k, v in result.items() if isinstance(v, dict)}
    names = {
        "in_scope_accuracy": ("accuracy in scope", 3),
        "oos_recall": ("recall out of scope", 3),
        "mcc": ("MCC at the chosen threshold", 3),
        "mcc_best": ("MCC at the best threshold", 3),
        "threshold": ("chosen threshold", 2),
        "ms_per_message_median": ("ms a message (median)", 1),
        "train_seconds": ("seconds of training", 1),
    }
    head = f"{result['data']}: {result['train_rows']} train, {result['test_rows']} test"
    lines = [head, f"{'':30}" + "".join(f"{name:>10}" for name in columns)]
    for key, (name, digits) in names.items():
        values = [column[key] for column in columns.values()]
        shown = ["–" if value is None else f"{value:.{digits}f}" for value in values]
        lines.append(f"{name:30}" + "".join(f"{value:>10}" for value in shown))
    return "\n".join(lines)


def choose_threshold(
    pipeline: list[dict[str, Any]], train: Sequence[Row], folds: int = _FOLDS
) -> float:
    """The confidence below which a message is best rejected, from the train rows alone.

    Cross-validated: the threshold is the one with the best MCC over all folds. Where no train row
    is out of scope there is nothing to learn rejection from; then in each fold a third of the
    intents is kept out of training and plays the unknown, against about as many held-out messages
    of the other intents.
    """
    intents = sorted({row.intent for row in train})
    shuffled = random.Random(0)  # noqa: S311 - a split, not a secret
    group: dict[str, int] = {}
    if OUT_OF_SCOPE not in intents and len(intents) >= _FOLDS:
        shuffled.shuffle(intents)
        group = {intent: number % _FOLDS for number, intent in enumerate(intents)}
    rows = shuffled.sample(list(train), len(train))
    predictions: list[Prediction] = []
    for fold in range(folds):
        known: list[Row] = []
        unseen: list[tuple[Row, str]] = []
        for number, row in enumerate(rows):
            part = number % _FOLDS
            if group.get(row.intent) == fold:
                if part != fold:
                    unseen.append((row, _REJECTED))
            elif part == fold:
                unseen.append((row, _truth(row)))
            else:
                known.append(row)
        if len({row.intent for row in known}) > 1:
            reader, _ = _train(pipeline, known)
            predictions += _predict(reader, unseen)
    return max(_THRESHOLDS, key=lambda threshold: _mcc(predictions, threshold))


def _measure(
    pipeline: list[dict[str, Any]], train: Sequence[Row], test: Sequence[Row], folds: int
) -> Metrics:
    with quiet_rasa():
        threshold = choose_threshold(pipeline, train, folds)
        reader, seconds = _train(pipeline, train)
        predictions = _predict(reader, [(row, _truth(row)) for row in test])
    in_scope = [p for p in predictions if p.truth != _REJECTED]
    outside = [p for p in predictions if p.truth == _REJECTED]
    return {
        "in_scope_accuracy": _share(p.intent == p.truth for p in in_scope),
        "oos_recall": _share(_answer(p, threshold) == _REJECTED for p in outside),
        "mcc": round(_mcc(predictions, threshold), 4),
        "mcc_best": round(max(_mcc(predictions, each) for each in _THRESHOLDS), 4),
        "threshold": threshold,
        "ms_per_message_median": round(statistics.median(p.milliseconds for p in predictions), 2),
        "train_seconds": round(seconds, 1),
    }


def _train(pipeline: list[dict[str, Any]], rows: Sequence[Row]) -> tuple[Reader, float]:
    """Trains a pipeline on rows, as `rasa train nlu` does; returns it and the seconds it took."""
    with tempfile.TemporaryDirectory(prefix="myna-bench-") as name:
        folder = Path(name)
        config = {
            "recipe": "default.v1",
            "assistant_id": "bench",
            "language": "xx",
            "importers": [{"name": "myna.bench.tsv.TsvImporter"}],
            "pipeline": pipeline,
        }
        (folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        write_rows(folder / "train.tsv", rows)
        start = time.perf_counter()
        model = rasa.model_training.train_nlu(
            str(folder / "config.yml"), str(folder / "train.tsv"), str(folder)
        )
        seconds = time.perf_counter() - start
        return Reader(Path(model)), seconds


def _predict(reader: Reader, rows: Sequence[tuple[Row, str]]) -> list[Prediction]:
    predictions = []
    for row, truth in rows:
        start = time.perf_counter()
        (message,) = reader.read([row.text])
        milliseconds = (time.perf_counter() - start) * 1000
        ranking = resolved_ranking(message)
        if len(ranking) > 1 and ranking[0][0] == _FALLBACK:
            del ranking[0]  # what the configured threshold put there; ours is chosen afterwards
        intent, confidence = ranking[0] if ranking else (_REJECTED, 1.0)
        if intent in (_FALLBACK, TRAINED_OUT_OF_SCOPE):
            intent = _REJECTED
        predictions.append(Prediction(truth, intent, confidence, milliseconds))
    return predictions


def _truth(row: Row) -> str:
    return _REJECTED if row.intent == OUT_OF_SCOPE else label(row)


def _answer(prediction: Prediction, threshold: float) -> str:
    return prediction.intent if prediction.confidence >= threshold else _REJECTED


def _mcc(predictions: Sequence[Prediction], threshold: float) -> float:
    truths = [p.truth for p in predictions]
    return float(matthews_corrcoef(truths, [_answer(p, threshold) for p in predictions]))


def _share(hits: Iterator[bool]) -> float | None:
    counted = list(hits)
    return round(sum(counted) / len(counted), 4) if counted else None


def our_pipeline(tuned_layers: int = 0) -> list[dict[str, Any]]:
    """That of `config.yml`, with so many layers of the encoder learned further if any are."""
    config = yaml.safe_load((PROJECT / "config.yml").read_text(encoding="utf-8"))
    pipeline: list[dict[str, Any]] = config["pipeline"]
    for component in pipeline:
        if tuned_layers and component["name"] == "myna.nlu.intent.IntentClassifier":
            component["tuned_layers"] = tuned_layers
    return pipeline


@contextlib.contextmanager
def quiet_rasa() -> Iterator[None]:
    """Standard output stays ours, every training is a real one, and nobody is told of it."""
    changed = {"RASA_MAX_CACHE_SIZE": "0", "RASA_TELEMETRY_ENABLED": "false"}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
