"""Rasa's file importer, knowing besides where Myna keeps its texts and languages.

It tells Rasa the names of the responses in `responses/` (their texts are looked up at run time, so
that a changed text needs no training) and tells the pipeline which language an example is in.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.constants import LATEST_TRAINING_DATA_FORMAT_VERSION
from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import METADATA, TEXT
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
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

    def __hash__(self) -> int:
        """Cheap: examples are looked up by it several times."""
        return hash(self.data.get(TEXT))

    def __eq__(self, other: object) -> bool:
        """Whether both say the same."""
        if not isinstance(other, Example):
            return False
        if self.features or other.features:
            return self.fingerprint() == other.fingerprint()
        return self.data == other.data

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


class ExamplesReader(RasaYAMLReader):
    """Reads what Rasa's reader reads, and a file of nothing but intents and their examples in a
    fraction of its time: Rasa's parses every file twice, in Python."""

    def reads(self, string: str, **kwargs: Any) -> TrainingData:
        """The content of a file; what is wrong with it is found and told by Rasa's reader."""
        intents = _intents(string)
        if intents is None:
            return super().reads(string, **kwargs)
        self._parse_nlu(intents)
        return TrainingData(self.training_examples, self.entity_synonyms)


def _intents(content: str) -> list[dict[str, str]] | None:
    """The items below `nlu:` where each is an intent with examples and nothing else; otherwise, and
    where Rasa may take something for a variable of the environment, None."""
    try:
        file = _entries(yaml.compose(content, Loader=yaml.CSafeLoader))
        if "${" in content or file.keys() != {"version", "nlu"}:
            return None
        if _text(file["version"]) != LATEST_TRAINING_DATA_FORMAT_VERSION:
            return None
        items = [_entries(item) for item in file["nlu"].value]
        if not items or any(item.keys() != {"intent", "examples"} for item in items):
            return None
        return [{key: _text(node) for key, node in item.items()} for item in items]
    except (yaml.YAMLError, ValueError):
        return None


def _entries(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise ValueError("no mapping")
    entries = {_text(key): value for key, value in node.value}
    if len(entries) < len(node.value):
        raise ValueError("a key stands twice")
    return entries


def _text(node: yaml.Node) -> str:
    if node.tag != "tag:yaml.org,2002:str":
        raise ValueError("no text")
    return str(node.value)


@lru_cache(maxsize=1024)
def _read(path: str, language: str | None, changed: int) -> TrainingData:
    """A training file, read once however many importers Rasa makes in one training.

    Merging file by file, as Rasa does, copies and hashes every example five times over: that took
    longer than learning from them. Rasa's own importer around this one copies what it gets.
    """
    is_yaml = Path(path).suffix in {".yml", ".yaml"}
    data = ExamplesReader().read(path) if is_yaml else load_data(path)
    examples = [Example(found.data, found.output_properties) for found in data.training_examples]
    if language:
        own = {"language": language}  # one for all, so it is copied once
        for example in examples:
            known: dict[str, Any] = example.get(METADATA) or {}
            example.set(METADATA, {**known, **own} if known else own)
    data.training_examples = examples
    return data
