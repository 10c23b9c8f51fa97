"""Reads the YAML files of a project leniently: what cannot be used becomes a finding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from myna.trainer import files
from myna.trainer.files import Entries, Items, Text
from myna.trainer.findings import Finding, Place, alike, error

TOP_KEYS = {
    "data/nlu": {"version", "nlu"},
    "data/rules": {"version", "rules"},
    "data/stories": {"version", "stories"},
    "tests/nlu": {"version", "nlu"},
    "responses": {"responses", "titles", "words"},
}
"""Kind of file → what it may begin with."""


class Reader:
    """Reads files below a folder and collects what is wrong with their form."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.findings: list[Finding] = []

    def wrong(self, path: str, line: int, what: str) -> None:
        """Notes that something has not the form it needs."""
        self.findings.append(error("L003", Place(path, line), what))

    def read(self, path: Path) -> tuple[str, Entries]:
        """A file's name and entries; what is no list of entries is reported and left out."""
        name = path.relative_to(self.root).as_posix()
        content, findings = files.read(path, self.root)
        self.findings += findings
        if content is None or isinstance(content, Entries):
            return name, content if content is not None else Entries()
        self.wrong(name, 1, 'The file has to begin with a key, such as "nlu:" or "responses:".')
        return name, Entries()

    def folder(self, folder: str, kind: str) -> Iterator[tuple[str, Entries]]:
        """All files of a folder, each with its name."""
        for path in sorted((self.root / folder).rglob("*.y*ml")):
            name, content = self.read(path)
            if path.suffix == ".yaml":
                self.wrong(name, 1, "The file is not read. Rename it so that it ends in .yml.")
            known = TOP_KEYS[kind]
            for key in content:
                if key not in known:
                    what = f'"{key}:" does not belong into a file of {kind}/.{alike(key, known)}'
                    self.wrong(name, content.line_of(key), what)
            yield name, content

    def listed(self, name: str, content: Entries, key: str) -> Iterator[Entries]:
        """The entries of the list below `key`; anything else is reported."""
        listed = content.get(key)
        if listed is None:
            return
        if not isinstance(listed, Items):
            self.wrong(name, content.line_of(key), f'Below "{key}:" each entry begins with "- ".')
            return
        for item in listed:
            if isinstance(item, Entries):
                yield item
            else:
                line = getattr(item, "line", listed.line)
                self.wrong(name, line, f'This is no entry of "{key}:"; see data/README.md.')

    def mapped(self, name: str, content: Entries, key: str) -> Iterator[tuple[Text, Any]]:
        """The entries of the mapping below `key`; anything else is reported."""
        found = content.get(key)
        if isinstance(found, Entries):
            yield from found.items()  # type: ignore[misc]
        elif found is not None:
            what = f'Below "{key}:" each line is a name, a colon and what belongs to it.'
            self.wrong(name, content.line_of(key), what)
