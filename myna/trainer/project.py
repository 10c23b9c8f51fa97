"""All that trainers write, read leniently: what cannot be used becomes a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from myna.facts import LANGUAGES
from myna.trainer import files
from myna.trainer.code import Code, read_code
from myna.trainer.contents import Answer, Button, Domain, Example, Flow, Response, Texts
from myna.trainer.files import Entries, Items, Text
from myna.trainer.findings import Finding, Place, alike, error

_TOP_KEYS = {
    "data/nlu": {"version", "nlu"},
    "data/rules": {"version", "rules"},
    "data/stories": {"version", "stories"},
    "tests/nlu": {"version", "nlu"},
    "responses": {"responses", "titles", "words"},
}
_NLU_KEYS = {"intent", "examples", "synonym", "lookup", "regex"}


class Project:
    """The files of a project, as `myna lint` sees them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.findings: list[Finding] = []
        self.intents_in_data: dict[str, Place] = {}
        """Every intent that a training file names, with or without examples."""
        self.domain = self._domain()
        self.examples = list(self._examples("data/nlu"))
        self.sentences = list(self._examples("tests/nlu"))
        self.texts = {language: self._texts(language) for language in LANGUAGES}
        self.flows = [*self._flows("data/rules", "rule"), *self._flows("data/stories", "story")]
        self.code: Code = read_code(root)
        self.findings += self.code.findings

    @property
    def entries(self) -> dict[str, Place]:
        """The frequent questions: `faq/<name>` → where it is first named."""
        return {name: place for name, place in self.intents_in_data.items() if "/" in name}

    @property
    def responses(self) -> dict[str, Place]:
        """Every response that any language has."""
        found: dict[str, Place] = {}
        for texts in self.texts.values():
            for name, response in texts.responses.items():
                found.setdefault(name, response.place)
        return found

    # --- reading

    def _wrong(self, path: str, line: int, what: str) -> None:
        self.findings.append(error("L003", Place(path, line), what))

    def read(self, path: Path) -> tuple[str, Entries]:
        """A file's name and entries; what is no list of entries is reported and left out."""
        name = path.relative_to(self.root).as_posix()
        content, findings = files.read(path, self.root)
        self.findings += findings
        if content is None or isinstance(content, Entries):
            return name, content if content is not None else Entries()
        self._wrong(name, 1, 'The file has to begin with a key, such as "nlu:" or "responses:".')
        return name, Entries()

    def _folder(self, folder: str, kind: str) -> Iterator[tuple[str, Entries]]:
        for path in sorted((self.root / folder).rglob("*.y*ml")):
            name, content = self.read(path)
            if path.suffix == ".yaml":
                self._wrong(name, 1, "The file is not read. Rename it so that it ends in .yml.")
            known = _TOP_KEYS[kind]
            for key in content:
                if key not in known:
                    what = f'"{key}:" does not belong into a file of {kind}/.{alike(key, known)}'
                    self._wrong(name, content.line_of(key), what)
            yield name, content

    def _list(self, name: str, content: Entries, key: str) -> Iterator[Entries]:
        """The entries of the list below `key`; anything else is reported."""
        listed = content.get(key)
        if listed is None:
            return
        if not isinstance(listed, Items):
            self._wrong(name, content.line_of(key), f'Below "{key}:" each entry begins with "- ".')
            return
        for item in listed:
            if isinstance(item, Entries):
                yield item
            else:
                line = getattr(item, "line", listed.line)
                self._wrong(name, line, f'This is no entry of "{key}:"; see data/README.md.')

    def _domain(self) -> Domain:
        path = self.root / "domain.yml"
        if not path.exists():
            self._wrong("domain.yml", 1, "The file is missing.")
            return Domain()
        name, content = self.read(path)
        parts: dict[str, dict[str, Place]] = {}
        for key in ("intents", "entities", "slots", "forms", "actions"):
            places = parts.setdefault(key, {})
            for item in _names(content.get(key)):
                if item in places:
                    what = f'"{item}" stands here a second time. Delete one of the two lines.'
                    self.findings.append(error("L002", Place(name, item.line), what))
                places[item] = Place(name, item.line)
        return Domain(**parts, content=content)

    def _examples(self, top: str) -> Iterator[Example]:
        known = {path.name for path in (self.root / top).glob("*") if path.is_dir()}
        for folder in sorted(known - {*LANGUAGES, "shared"}):
            languages = ", ".join(LANGUAGES)
            self._wrong(f"{top}/{folder}", 1, f"This is no language; there are {languages}.")
        for language in LANGUAGES:
            for name, content in self._folder(f"{top}/{language}", top):
                for item in self._list(name, content, "nlu"):
                    yield from self._block(name, item, language, top)

    def _block(self, name: str, item: Entries, language: str, top: str) -> Iterator[Example]:
        for key in item:
            if key not in _NLU_KEYS:
                what = f'"{key}:" is not known here.{alike(key, _NLU_KEYS)}'
                self._wrong(name, item.line_of(key), what)
        if not _NLU_KEYS & set(item) - {"examples"}:
            self._wrong(name, item.line, 'There is no "intent:", so nothing is learned from this.')
        intent, examples = item.get("intent"), item.get("examples")
        if not isinstance(intent, Text):
            return
        if top == "data/nlu":
            self.intents_in_data.setdefault(intent, Place(name, intent.line))
        if isinstance(examples, Text):
            yield from self._lines(name, examples, language, intent)
        elif examples is not None:
            what = 'Write a "|" behind "examples:", and below it one sentence a line.'
            self._wrong(name, item.line_of("examples"), what)

    def _lines(self, name: str, examples: Text, language: str, intent: str) -> Iterator[Example]:
        for line, text in enumerate(examples.split("\n"), start=examples.line):
            if not text.strip():
                continue
            if not re.match(r"\s*-\s+\S", text):
                what = f'This line is not learned from: begin it with "- ". It says: {text.strip()}'
                self.findings.append(error("L104", Place(name, line), what))
                continue
            sentence = text.strip()[1:].strip()
            yield Example(Place(name, line), language, intent, sentence)

    def _texts(self, language: str) -> Texts:
        texts = Texts()
        for name, content in self._folder(f"responses/{language}", "responses"):
            for key, item in self._map(name, content, "responses"):
                place = Place(name, key.line)
                if key in texts.responses:
                    first = texts.responses[key].place.path
                    what = f"{key} stands in {first} as well. Keep one of the two."
                    self.findings.append(error("L209", place, what))
                texts.responses[key] = Response(place, list(self._answers(place, key, item)))
            for key, title in self._map(name, content, "titles"):
                texts.titles[key] = (str(title or ""), Place(name, key.line))
            for key, word in self._map(name, content, "words"):
                texts.words[key] = str(word or "")
        return texts

    def _map(self, name: str, content: Entries, key: str) -> Iterator[tuple[Text, Any]]:
        found = content.get(key)
        if isinstance(found, Entries):
            yield from found.items()  # type: ignore[misc]
        elif found is not None:
            what = f'Below "{key}:" each line is a name, a colon and what belongs to it.'
            self._wrong(name, content.line_of(key), what)

    def _answers(self, place: Place, name: str, item: Any) -> Iterator[Answer]:
        usable = isinstance(item, Items) and len(item) > 0
        for answer in item if usable else [None]:
            text = answer.get("text") if isinstance(answer, Entries) else None
            if not isinstance(answer, Entries) or not isinstance(text, Text) or not text.strip():
                line = getattr(answer, "line", place.line)
                self._wrong(place.path, line, f'{name} needs lines that begin with "- text: …".')
                continue
            if not text.is_text:
                what = f'Put the text in quotes: "{text}". Without them it is no text.'
                self._wrong(place.path, text.line, what)
            buttons = tuple(self._buttons(place.path, answer))
            yield Answer(Place(place.path, text.line), text, buttons)

    def _buttons(self, name: str, answer: Entries) -> Iterator[Button]:
        for button in self._list(name, answer, "buttons"):
            title, payload = button.get("title"), button.get("payload")
            if isinstance(title, Text) and isinstance(payload, Text):
                yield Button(Place(name, title.line), title, payload)
            else:
                self._wrong(name, button.line, 'A button needs both "title:" and "payload:".')

    def _flows(self, folder: str, kind: str) -> Iterator[Flow]:
        key = folder.removeprefix("data/")
        for name, content in self._folder(folder, folder):
            for item in self._list(name, content, key):
                title, steps = item.get(kind), item.get("steps")
                if not isinstance(title, Text) or not isinstance(steps, Items) or not steps:
                    what = f'This needs a name ("{kind}: …") and, below "steps:", a list.'
                    self._wrong(name, item.line, what)
                    continue
                condition = item.get("condition")
                condition = condition if isinstance(condition, Items) else []
                yield Flow(kind, title, Place(name, title.line), condition, steps)


def _names(section: Any) -> Iterator[Text]:
    """The names in a section of the domain: list items, with or without settings, or keys."""
    if isinstance(section, Entries):
        yield from section  # type: ignore[misc]
    elif isinstance(section, Items):
        for item in section:
            if isinstance(item, Text):
                yield item
            elif isinstance(item, Entries):
                yield from item  # type: ignore[misc]
