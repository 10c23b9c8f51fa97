"""Rasa's file importer, knowing besides where Myna keeps its texts and languages.

It tells Rasa the names of the responses in `responses/` (their texts are looked up at run time, so
that a changed text needs no training) and tells the pipeline which language an example is in.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import METADATA
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import get_text_hash

from myna.facts import LANGUAGES
from myna.settings import PROJECT
from myna.texts import read_texts


def language_of(path: str | Path) -> str | None:
    """The language of a training file: the folder it stands in, e.g. `data/nlu/vi/`."""
    folder = Path(path).parent.name
    return folder if folder in LANGUAGES else None


class CatalogueImporter(RasaFileImporter):
    """Reads `domain.yml` and `data/` as Rasa does, and adds response names and languages."""

    def _top(self) -> Path:
        return Path(self.config_file).resolve().parent if self.config_file else PROJECT

    def get_domain(self) -> Domain:
        """The domain with the name of every response as its own text.

        Raises:
            InvalidDomain: Rasa's own importer would train on with an empty domain.
        """
        domain = Domain.load(self._domain_path) if self._domain_path else Domain.empty()
        names = {
            name
            for language in LANGUAGES
            for name in read_texts(self._top() / "responses" / language).responses
        }
        return domain.merge(
            Domain.from_dict({"responses": {name: [{"text": name}] for name in sorted(names)}})
        )

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The examples; each carries `metadata: {language: …}` if its folder tells one."""
        parts = [
            _read(path, language_of(path), Path(path).stat().st_mtime_ns)
            for path in sorted(self._nlu_files)
        ]
        return TrainingData(
            [example for part in parts for example in part.training_examples],
            {text: meant for part in parts for text, meant in part.entity_synonyms.items()},
            [feature for part in parts for feature in part.regex_features],
            [table for part in parts for table in part.lookup_tables],
            {name: texts for part in parts for name, texts in part.responses.items()},
        )


class Example(Message):
    """An example sentence that is copied and compared in a fraction of Rasa's time.

    While it reads the training data, Rasa copies every example a dozen times and compares it thirty
    times, by general ways through all that is in it; that took as long as learning from them.
    """

    _cached_fingerprint: str | None  # emptied by `Message` with every change

    def fingerprint(self) -> str:
        """Changes with whatever the example says; the same in every process."""
        if self.features:
            return str(super().fingerprint())
        if self._cached_fingerprint is None:
            self._cached_fingerprint = get_text_hash(repr(sorted(self.data.items())))
        return self._cached_fingerprint

    def __deepcopy__(self, memo: dict[int, Any]) -> Example:
        """A copy that shares only what cannot be changed."""
        shared = str, int, float, bool, type(None)
        data = {
            name: value if isinstance(value, shared) else copy.deepcopy(value, memo)
            for name, value in self.data.items()
        }
        features = copy.deepcopy(self.features, memo) if self.features else None
        copied = Example(data, set(self.output_properties), self.time, features)
        copied._cached_fingerprint = self._cached_fingerprint
        return copied


@lru_cache(maxsize=1024)
def _read(path: str, language: str | None, changed: int) -> TrainingData:
    """A training file, read once however many importers Rasa makes in one training.

    Merging file by file, as Rasa does, copies and hashes every example five times over: that took
    longer than learning from them. Rasa's own importer around this one copies what it gets.
    """
    data = load_data(path)
    examples = [Example(found.data, found.output_properties) for found in data.training_examples]
    if language:
        for example in examples:
            known: dict[str, Any] = example.get(METADATA) or {}
            example.set(METADATA, {**known, "language": language})
    data.training_examples = examples
    return data
