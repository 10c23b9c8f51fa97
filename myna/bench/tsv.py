"""Benchmark data: tab-separated examples, and how Rasa reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import rasa.shared.utils.io
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.constants import INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

OUT_OF_SCOPE = "oos"
"""How the files mark a message that belongs to no intent."""

TRAINED_OUT_OF_SCOPE = "out_of_scope"
"""The intent as which such a message is learned."""

_HEADER = "split\tlang\tintent\ttext"


@dataclass(frozen=True)
class Row:
    """One message: `split` is `train` or `test`, `intent` may be `oos`."""

    split: str
    lang: str
    intent: str
    text: str


def read_rows(path: Path) -> list[Row]:
    """The rows of a file with the header `split lang intent text`, tab-separated, no quoting.

    Raises:
        ValueError: the file looks different; the message names the line.
        OSError: the file cannot be read.
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    if lines[0].rstrip("\r") != _HEADER:
        raise ValueError(f"{path.name}, line 1: the header has to be 'split lang intent text'")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        fields = line.rstrip("\r").split("\t")
        if len(fields) != 4 or fields[0] not in ("train", "test"):
            raise ValueError(
                f"{path.name}, line {number}: four fields are expected, the first train or test"
            )
        rows.append(Row(*fields))
    return rows


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Writes rows as `read_rows` reads them."""
    lines = [_HEADER, *("\t".join(astuple(row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


class TsvImporter(TrainingDataImporter):
    """Gives Rasa the train rows of a file; every label is an intent of its own, whatever it is."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        **kwargs: Any,
    ) -> None:
        self._config_file = config_file
        given = training_data_paths or []
        self._paths = [given] if isinstance(given, str) else given

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The train rows."""
        return TrainingData(
            [
                Message(
                    {
                        TEXT: row.text,
                        INTENT: label(row),
                        METADATA: {"language": row.lang},
                    }
                )
                for path in self._paths
                for row in read_rows(Path(path))
                if row.split == "train"
            ]
        )

    def get_domain(self) -> Domain:
        """None is needed."""
        return Domain.empty()

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """None are needed."""
        return StoryGraph([])

    def get_config(self) -> dict[str, Any]:
        """The configuration that is measured."""
        config: dict[str, Any] = rasa.shared.utils.io.read_model_configuration(self._config_file)
        return config

    def get_config_file_for_auto_config(self) -> str | None:
        """The file of `get_config`."""
        return self._config_file


def label(row: Row) -> str:
    """The intent as which a row is learned and recognised.

    A slash would make it an entry of a retrieval intent, which labels of others do not mean.
    """
    if row.intent == OUT_OF_SCOPE:
        return TRAINED_OUT_OF_SCOPE
    return row.intent.replace("/", "|")
