from __future__ import annotations

import json
from typing import Any

from rasa.shared.nlu.training_data.message import Message

from myna.bench import sentences
from myna.nlu.text import strip_diacritics
from myna.settings import PROJECT
from myna.trainer.contents import Example
from myna.trainer.findings import Place
from myna.trainer.project import Project


class FixedReader:
    """Takes every message with "?" for a greeting in Malay, and rejects the others."""

    def read(self, texts: list[str]) -> list[Message]:
        return [
            Message(
                {
                    "language": "ms" if "?" in text else None,
                    "intent_ranking": [
                        {"name": "greet" if "?" in text else "nlu_fallback", "confidence": 1.0}
                    ],
                }
            )
            for text in texts
        ]


def example(intent: str, text: str, language: str = "ms") -> Example:
    return Example(Place("x", 1), language, intent, text)


def test_what_is_counted() -> None:
    given = [
        example("greet", "hai?"),
        example("greet", "hai"),
        example("goodbye", "bye?"),
        example("out_of_scope", "cuaca"),
    ]
    times: list[float] = []
    row = sentences._row(FixedReader(), given, set(), times)  # type: ignore[arg-type]
    assert len(times) == 4
    assert row == {
        "sentences": 4,
        "macro_f1": round((2 * 0.5 * 0.5 / (0.5 + 0.5) + 0 + 0) / 3, 4),
        "accuracy": 0.25,
        "oos_recall": 1.0,
        "rejected_in_scope": 0.3333,
        "language_right": 1.0,
        "language_undecided": 0.5,
    }


def test_a_language_that_nobody_could_tell_is_no_mistake() -> None:
    given = [example("greet", text, "vi") for text in ("đồng ý?", "chào?", "chào")]
    for unclear, right in ((set(), 0.0), ({"dong y?"}, 0.0), ({"dong y?", "chao?"}, None)):
        row = sentences._row(FixedReader(), given, unclear, [])  # type: ignore[arg-type]
        assert row["language_right"] == right


def test_every_unclear_message_is_a_held_out_sentence() -> None:
    held_out = {strip_diacritics(sentence.text) for sentence in Project(PROJECT).sentences}
    assert sentences._unclear() <= held_out


def test_table_and_json() -> None:
    row: dict[str, Any] = dict.fromkeys(sentences._TITLES, 0.5) | {"oos_recall": None}
    side = {
        "train_seconds": 30.0,
        "model_megabytes": 9.0,
        "ms_per_message_median": 1.0,
        "ms_per_message_p95": 9.0,
        "languages": {"vi": row},
    }
    result = side | {"diet": side}
    table = sentences.format_sentences(result)
    assert table.count("0.500") == 10
    assert "diet: 30 s of training" in table
    json.dumps(result)
