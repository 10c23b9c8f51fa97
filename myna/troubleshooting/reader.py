"""Reads `data/troubleshooting/`: one file for each device, and `common.yml` for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from myna.facts import LANGUAGES
from myna.trainer import files
from myna.trainer.files import Entries, Items, Text
from myna.trainer.findings import LANGUAGE_NAMES, Finding, Place, alike, error
from myna.troubleshooting.model import (
    ENDINGS,
    RESULTS,
    Choice,
    Danger,
    Device,
    Ending,
    Guides,
    Step,
    Symptom,
    Texts,
)

FOLDER = "data/troubleshooting"
COMMON = "common"
REPLIES = (*RESULTS, "pick_up", "drop_off")
"""What `common.yml` lists phrases for."""

_MOST_SYMPTOMS = 8  # as many as fit below a message as buttons
_MOST_LETTERS = 20  # of a button, where a channel allows no more


def read_guides(root: Path) -> tuple[Guides, list[Finding]]:
    """Reads a project's files.

    Args:
        root: the project's top folder.

    Returns:
        What could be used, and what is wrong with the rest. A device with a mistake is left out
        whole: half a guide is worse than a person.
    """
    findings: list[Finding] = []
    folder = root / FOLDER
    common_path = folder / f"{COMMON}.yml"
    common = _Reader(common_path, root)
    shared, dangers, replies = common.common() if common_path.exists() else ({}, {}, {})
    findings += common.findings
    devices: dict[str, Device] = {}
    for path in sorted(folder.rglob("*.y*ml")):
        if path == common_path:
            continue
        reader = _Reader(path, root)
        if path.suffix != ".yml" or path.parent != folder:
            reader.wrong(1, f"The file is not read. Put it into {FOLDER}/ with the ending .yml.")
        elif (device := reader.device(shared)) and not reader.findings:
            devices[path.stem] = device
        findings += reader.findings
    return Guides(devices, dangers, replies), findings


class _Reader:
    """One file."""

    def __init__(self, path: Path, root: Path) -> None:
        self.name = path.relative_to(root).as_posix()
        content: Any = None
        self.findings: list[Finding] = []
        if path.exists():
            content, self.findings = files.read(path, root)
        self._content = content if isinstance(content, Entries) else Entries()
        self._content.line = 1

    def wrong(self, line: int, what: str, code: str = "L801") -> None:
        self.findings.append(error(code, Place(self.name, line), what))

    # --- the two kinds of file

    def common(self) -> tuple[dict[str, Step], dict[str, Danger], dict[str, tuple[str, ...]]]:
        if self.findings:  # not readable: no need to say what is missing
            return {}, {}, {}
        self._keys(self._content, ("steps", "dangers", "replies"), ("dangers", "replies"))
        dangers = {}
        for key, entries in self._named(self._content, "dangers"):
            self._keys(entries, ("said", "unless", "advice"), ("said", "advice"))
            unless = self._phrases(entries, "unless") if "unless" in entries else ()
            advice = self._texts(entries, "advice")
            dangers[str(key)] = Danger(self._phrases(entries, "said"), unless, advice)
        replies = {}
        listed = self._entries(self._content, "replies")
        self._keys(listed, REPLIES, REPLIES)
        for reply in map(str, listed):
            replies[reply] = self._phrases(listed, reply)
        return self._steps(), dangers, replies

    def device(self, shared: dict[str, Step]) -> Device | None:
        content = self._content
        if self.findings:
            return None
        known = ("name", "called", "products", "symptoms", "steps")
        self._keys(content, known, ("name", "called", "symptoms"))
        steps = shared | self._steps()
        symptoms = {}
        for key, entries in self._named(content, "symptoms"):
            self._keys(entries, ("title", "said", "steps", "then"), ("title", "said", "steps"))
            symptoms[str(key)] = Symptom(
                self._title(entries, "title"),
                self._phrases(entries, "said"),
                self._names(entries, "steps"),
                self._ending(entries) or "repair",
            )
        if len(symptoms) > _MOST_SYMPTOMS:
            what = f"More than {_MOST_SYMPTOMS} symptoms do not fit below a message as buttons."
            self.wrong(content.line_of("symptoms"), what)
        self._check_steps(symptoms, steps)
        if self.findings:
            return None
        return Device(
            self._texts(content, "name"),
            self._phrases(content, "called"),
            self._names(content, "products") if "products" in content else (),
            symptoms,
            steps,
        )

    # --- steps

    def _steps(self) -> dict[str, Step]:
        found = {}
        for key, entries in self._named(self._content, "steps"):
            self._keys(entries, (*LANGUAGES, "choices"), LANGUAGES)
            choices = entries.get("choices")
            listed = choices if isinstance(choices, Items) else []
            if "choices" in entries and not listed:
                self.wrong(entries.line_of("choices"), 'Below "choices:" is a list of answers.')
            found[str(key)] = Step(self._texts_in(entries), tuple(map(self._choice, listed)))
        return found

    def _choice(self, entries: Any) -> Choice:
        if not isinstance(entries, Entries):
            what = "An answer is written like - {vi: …, ms: …, en: …, steps: [ … ]}."
            self.wrong(getattr(entries, "line", 1), what)
            return Choice({}, None, None)
        self._keys(entries, (*LANGUAGES, "steps", "then"), LANGUAGES)
        steps = self._names(entries, "steps", empty=True) if "steps" in entries else None
        texts = self._texts_in(entries)
        self._short(texts, entries.line)
        return Choice(texts, steps, self._ending(entries))

    def _check_steps(self, symptoms: dict[str, Symptom], steps: dict[str, Step]) -> None:
        """Names that do not exist, steps that nothing uses, and circles."""
        reached: set[str] = set()
        for name, symptom in symptoms.items():
            entries = self._entries(self._content, "symptoms").get(name)
            line = entries.line_of("steps") if isinstance(entries, Entries) else 1
            reached |= self._follow(symptom.steps, steps, line, ())
        for key, _ in self._named(self._content, "steps"):
            if str(key) not in reached:
                what = f'No symptom uses the step "{key}". Name it below "steps:" or delete it.'
                self.wrong(key.line, what, "L802")

    def _follow(
        self, names: tuple[str, ...], steps: dict[str, Step], line: int, way: tuple[str, ...]
    ) -> set[str]:
        reached: set[str] = set()
        for name in names:
            if name not in steps:
                what = f'There is no step "{name}".{alike(name, steps)}'
                self.wrong(line, what, "L802")
            elif name in way:
                what = f"The steps lead round in a circle: {' → '.join((*way, name))}."
                self.wrong(line, what, "L802")
            else:
                reached.add(name)
                for choice in steps[name].choices:
                    reached |= self._follow(choice.steps or (), steps, line, (*way, name))
        return reached

    # --- the parts

    def _keys(self, entries: Entries, known: tuple[str, ...], needed: tuple[str, ...] = ()) -> None:
        for key in entries:
            if key not in known:
                what = f'"{key}:" is not known here.{alike(key, known)}'
                self.wrong(entries.line_of(key), what)
        for key in needed:
            if key not in entries:
                what = f'"{key}:" is missing.'
                if key in LANGUAGE_NAMES:
                    what = f'The text in {LANGUAGE_NAMES[key]} ("{key}:") is missing.'
                self.wrong(entries.line, what)

    def _entries(self, entries: Entries, key: str) -> Entries:
        found = entries.get(key)
        if isinstance(found, Entries):
            return found
        if key in entries:
            what = f'Below "{key}:" each line is a name, a colon and what belongs to it.'
            self.wrong(entries.line_of(key), what)
        nothing = Entries()
        nothing.line = entries.line_of(key)
        return nothing

    def _named(self, entries: Entries, key: str) -> list[tuple[Text, Entries]]:
        found = self._entries(entries, key)
        return [(name, self._entries(found, name)) for name in found]  # type: ignore[misc]

    def _texts(self, entries: Entries, key: str) -> Texts:
        if key not in entries:
            return {}
        found = self._entries(entries, key)
        self._keys(found, LANGUAGES, LANGUAGES)
        return self._texts_in(found)

    def _texts_in(self, entries: Entries) -> Texts:
        texts = {}
        for language in LANGUAGES:
            text = entries.get(language)
            if isinstance(text, Text) and text.strip() and text.is_text:
                texts[language] = text.strip()
            elif language in entries:
                what = f'The text of "{language}:" has to be words; put it in quotes.'
                self.wrong(entries.line_of(language), what)
        return texts

    def _title(self, entries: Entries, key: str) -> Texts:
        texts = self._texts(entries, key)
        self._short(texts, entries.line_of(key))
        return texts

    def _short(self, texts: Texts, line: int) -> None:
        for text in texts.values():
            if len(text) > _MOST_LETTERS:
                what = f'"{text}" is too long for a button: at most {_MOST_LETTERS} letters.'
                self.wrong(line, what, "L803")

    def _phrases(self, entries: Entries, key: str) -> tuple[str, ...]:
        """Phrases of all languages; customers mix them."""
        if key not in entries:
            return ()
        found = self._entries(entries, key)
        self._keys(found, LANGUAGES, LANGUAGES)
        return tuple(
            phrase
            for language in LANGUAGES
            if language in found
            for phrase in self._names(found, language)
        )

    def _names(self, entries: Entries, key: str, *, empty: bool = False) -> tuple[str, ...]:
        found = entries.get(key)
        listed = found if isinstance(found, Items) else []
        if (listed or (empty and found == [])) and all(isinstance(one, Text) for one in listed):
            return tuple(map(str, listed))
        if key in entries:
            what = f'Below "{key}:" is a list: [ …, … ], or one line each that begins with "- ".'
            self.wrong(entries.line_of(key), what)
        return ()

    def _ending(self, entries: Entries) -> Ending | None:
        then = entries.get("then")
        for ending in ENDINGS:
            if then == ending:
                return ending
        if "then" in entries:
            what = f'"then:" is {" or ".join(ENDINGS)}.'
            self.wrong(entries.line_of("then"), what)
        return None
