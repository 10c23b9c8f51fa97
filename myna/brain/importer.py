"""Rasa's file importer, knowing besides where Myna keeps its texts and languages.

It tells Rasa the names of the responses in `responses/` (their texts are looked up at run time, so
that a changed text needs no training) and tells the pipeline which language an example is in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.importers import utils
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import METADATA
from rasa.shared.nlu.training_data.training_data import TrainingData

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
        data = TrainingData()
        files: dict[str | None, list[str]] = {}
        for path in self._nlu_files:
            files.setdefault(language_of(path), []).append(path)
        for of_language, paths in sorted(files.items(), key=lambda item: item[0] or ""):
            part = utils.training_data_from_paths(paths, of_language or language or "en")
            for message in part.training_examples:
                if of_language:
                    known: dict[str, Any] = message.get(METADATA) or {}
                    message.set(METADATA, {**known, "language": of_language})
            data = data.merge(part)
        return data
