"""All that trainers write, as the checks see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from myna.facts import LANGUAGES
from myna.trainer.code import Code, read_code
from myna.trainer.contents import Answer, Button, Domain, Example, Flow, Response, Texts
from myna.trainer.files import Entries, Items, Text
from myna.trainer.findings import Finding, Place, alike, error
from myna.trainer.reader import Reader

_FOLDERS = ("rules", "stories", "moods", "lexicons", "patterns", "troubleshooting")
"""Of `data/`, besides `nlu/`."""
_NLU_KEYS = {"intent", "examples", "synonym", "lookup", "regex"}


class Project:
    """The files of a project, as `myna lint` sees them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._reader = Reader(root)
        self.intents_in_data: dict[str, Place] = {}
        """Every intent that a training file names, with or without examples."""
        self.domain = self._domain()
        self.examples = list(self._examples("data/nlu"))
        self.sentences = list(self._examples("tests/nlu"))
        self.texts = {language: self._texts(language) for language in LANGUAGES}
        self.flows = [*self._flows("data/rules", "rule"), *self._flows("data/stories", "story")]
        self.code: Code = read_code(root)
        self._misplaced()

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

    @property
    def findings(self) -> list[Finding]:
        """What cannot be used of the files."""
        return [*self._reader.findings, *self.code.findings]

    def settings(self, name: str) -> Entries:
        """The content of a file in the top folder; empty if it cannot be read."""
        return self._reader.read(self.root / name)[1]

    # --- reading

    def _misplaced(self) -> None:
        """Files of `data/` in no folder of ours, and those that Rasa alone reads."""
        data = self.root / "data"
        places = [data / "nlu" / folder for folder in (*LANGUAGES, "shared")]
        places += [data / folder for folder in _FOLDERS]
        for path in sorted(data.rglob("*.y*ml")):
            if not any(place in path.parents for place in places):
                name = path.relative_to(self.root).as_posix()
                what = (
                    "Move the file into data/nlu/<language>/ or one of "
                    f"{', '.join(f'data/{folder}/' for folder in _FOLDERS)}."
                )
                self._reader.wrong(name, 1, what)
        for path in sorted(data.glob("nlu/shared/*.yml")):
            self._reader.read(path)

    def _domain(self) -> Domain:
        path = self.root / "domain.yml"
        if not path.exists():
            self._reader.wrong("domain.yml", 1, "The file is missing.")
            return Domain()
        name, content = self._reader.read(path)
        parts: dict[str, dict[str, Place]] = {}
        for key in ("intents", "entities", "slots", "forms", "actions"):
            places = parts.setdefault(key, {})
            for item in _names(content.get(key)):
                if item in places:
                    what = f'"{item}" stands here a second time. Delete one of the two lines.'
                    self._reader.findings.append(error("L002", Place(name, item.line), what))
                places[item] = Place(name, item.line)
        return Domain(**parts, content=content)

    def _examples(self, top: str) -> Iterator[Example]:
        for language in LANGUAGES:
            for name, content in self._reader.folder(f"{top}/{language}", top):
                for item in self._reader.listed(name, content, "nlu"):
                    yield from self._block(name, item, language, top)

    def _block(self, name: str, item: Entries, language: str, top: str) -> Iterator[Example]:
        for key in item:
            if key not in _NLU_KEYS:
                what = f'"{key}:" is not known here.{alike(key, _NLU_KEYS)}'
                self._reader.wrong(name, item.line_of(key), what)
        if not _NLU_KEYS & set(item) - {"examples"}:
            self._reader.wrong(
                name, item.line, 'There is no "intent:", so nothing is learned from this.'
            )
        intent, examples = item.get("intent"), item.get("examples")
        if not isinstance(intent, Text):
            return
        if top == "data/nlu":
            self.intents_in_data.setdefault(intent, Place(name, intent.line))
        if isinstance(examples, Text):
            yield from self._lines(name, examples, language, intent)
        elif examples is not None:
            what = 'Write a "|" behind "examples:", and below it one sentence a line.'
            self._reader.wrong(name, item.line_of("examples"), what)

    def _lines(self, name: str, examples: Text, language: str, intent: str) -> Iterator[Example]:
        for line, text in enumerate(examples.split("\n"), start=examples.line):
            if not text.strip():
                continue
            if not re.match(r"\s*-\s+\S", text):
                what = f'This line is not learned from: begin it with "- ". It says: {text.strip()}'
                self._reader.findings.append(error("L104", Place(name, line), what))
                continue
            sentence = text.strip()[1:].strip()
            yield Example(Place(name, line), language, intent, sentence)

    def _texts(self, language: str) -> Texts:
        texts = Texts()
        for name, content in self._reader.folder(f"responses/{language}", "responses"):
            for key, item in self._reader.mapped(name, content, "responses"):
                place = Place(name, key.line)
                if key in texts.responses:
                    first = texts.responses[key].place.path
                    what = f"{key} stands in {first} as well. Keep one of the two."
                    self._reader.findings.append(error("L209", place, what))
                texts.responses[key] = Response(place, list(self._answers(place, key, item)))
            for key, title in self._reader.mapped(name, content, "titles"):
                texts.titles[key] = (str(title or ""), Place(name, key.line))
            for key, word in self._reader.mapped(name, content, "words"):
                texts.words[key] = str(word or "")
        return texts

    def _answers(self, place: Place, name: str, item: Any) -> Iterator[Answer]:
        usable = isinstance(item, Items) and len(item) > 0
        for answer in item if usable else [None]:
            text = answer.get("text") if isinstance(answer, Entries) else None
            if not isinstance(answer, Entries) or not isinstance(text, Text) or not text.strip():
                line = getattr(answer, "line", place.line)
                self._reader.wrong(
                    place.path, line, f'{name} needs lines that begin with "- text: …".'
                )
                continue
            if not text.is_text:
                what = f'Put the text in quotes: "{text}". Without them it is no text.'
                self._reader.wrong(place.path, text.line, what)
            buttons = tuple(self._buttons(place.path, answer))
            yield Answer(Place(place.path, text.line), text, buttons)

    def _buttons(self, name: str, answer: Entries) -> Iterator[Button]:
        for button in self._reader.listed(name, answer, "buttons"):
            title, payload = button.get("title"), button.get("payload")
            if isinstance(title, Text) and isinstance(payload, Text):
                yield Button(Place(name, title.line), title, payload)
            else:
                self._reader.wrong(
                    name, button.line, 'A button needs both "title:" and "payload:".'
                )

    def _flows(self, folder: str, kind: str) -> Iterator[Flow]:
        key = folder.removeprefix("data/")
        for name, content in self._reader.folder(folder, folder):
            for item in self._reader.listed(name, content, key):
                title, steps = item.get(kind), item.get("steps")
                if not isinstance(title, Text) or not isinstance(steps, Items) or not steps:
                    what = f'This needs a name ("{kind}: …") and, below "steps:", a list.'
                    self._reader.wrong(name, item.line, what)
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
