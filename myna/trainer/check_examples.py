"""Checks of the example sentences in `data/nlu/`."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from myna.facts import LANGUAGES
from myna.nlu.text import strip_diacritics
from myna.trainer.contents import Example, by_intent
from myna.trainer.findings import LANGUAGE_NAMES, Finding, Place, alike, error, in_words, warning
from myna.trainer.project import Project

FEWEST_EXAMPLES = 8
"""Of one intent in one language; below it the sentences are rather remembered than understood."""

NOT_LEARNED = ("nlu_fallback",)
"""Intents without examples: given to what was not understood."""

_MARKUP = re.compile(r"\[(?P<words>[^\]]*)\](?:\((?P<name>[^)]*)\)|\{(?P<details>[^}]*)\})")
# "[Hanoi] (city)", "[Hanoi](city", "[Hanoi(city)"; "name[at]example.com" is none
_HALF_A_MARK = re.compile(r"\]\s*[({]|\[[^\]]*$|^[^\[]*\]")
_NOT_A_WORD = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """A sentence without what customers vary: case, accents, punctuation, entity markup."""
    text = unicodedata.normalize("NFC", _MARKUP.sub(r"\g<words>", text)).casefold()
    return _NOT_A_WORD.sub(" ", strip_diacritics(text)).strip() or text.strip()


def check_examples(project: Project) -> Iterator[Finding]:
    """Everything about examples."""
    yield from _intents(project)
    for example in [*project.examples, *project.sentences]:
        yield from _sentence(example, project.domain.entities)
    yield from _twice(project.examples)


def retrieval_intents(project: Project) -> set[str]:
    """Intents whose examples are spread over entries: `faq`."""
    return {name.split("/")[0] for name in project.entries}


def _intents(project: Project) -> Iterator[Finding]:
    known = project.domain.intents
    for name, place in project.intents_in_data.items():
        base = name.split("/")[0]
        if base not in known:
            what = f'The intent "{base}" is not in the list "intents:" of domain.yml.'
            yield error("L109", place, what + (alike(base, known) or " Add it there."))
        elif "/" not in name and name in retrieval_intents(project):
            what = f'"{name}" needs the name of an entry: {name}/what_is_asked.'
            yield error("L109", place, what)
    examples = by_intent(project.examples)
    expected = {name: place for name, place in known.items() if name not in NOT_LEARNED}
    for name in retrieval_intents(project):
        expected.pop(name, None)
    for name, place in {**expected, **project.entries}.items():
        yield from _enough(name, examples.get(name, {}), place)


def _enough(name: str, examples: dict[str, list[Example]], place: Place) -> Iterator[Finding]:
    if not examples:
        what = f'"{name}" has no example sentences. Write some for each language in data/nlu/.'
        yield error("L101", place, what)
        return
    if missing := [language for language in LANGUAGES if language not in examples]:
        what = f'"{name}" has no example sentences in {in_words(missing)}. Write some.'
        first = next(iter(examples.values()))[0].place.path
        for language in missing:
            path = re.sub(r"data/nlu/\w+/", f"data/nlu/{language}/", first)
            yield error("L102", Place(path, 1), what)
    for language, found in examples.items():
        if len(found) < FEWEST_EXAMPLES:
            what = (
                f'"{name}" has only {len(found)} example sentences in {LANGUAGE_NAMES[language]}.'
                f" Write at least {FEWEST_EXAMPLES}, each in other words."
            )
            yield warning("L103", found[0].place, what)


def _sentence(example: Example, entities: Collection[str]) -> Iterator[Finding]:
    place, text = example.place, example.text
    if text.startswith("/"):
        what = f'"{text}" begins with "/", which is a command and no sentence of a customer.'
        yield error("L106", place, what)
    for match in _MARKUP.finditer(text):
        yield from _entity(match, place, entities)
    rest = _MARKUP.sub("", text)
    if _HALF_A_MARK.search(rest):
        what = (
            f'The mark for an entity is not complete in "{text}". Write [words](name), without a'
            " space between the brackets, or use no square brackets."
        )
        yield error("L105", place, what)


def _entity(match: re.Match[str], place: Place, entities: Collection[str]) -> Iterator[Finding]:
    words, name = match["words"], (match["name"] or "").split(":")[0]
    if match["details"] is not None:
        details = _json(f"{{{match['details']}}}")
        if not isinstance(details, dict) or "entity" not in details:
            what = f'The curly brackets in "{match[0]}" need the form {{"entity": "name"}}.'
            yield error("L105", place, what)
            return
        name = str(details["entity"])
    if not words.strip() or words != words.strip():
        what = f'In "{match[0]}" take the space out of the square brackets.'
        yield error("L105", place, what)
    if name not in entities:
        what = f'The entity "{name}" is not in the list "entities:" of domain.yml.'
        yield error("L110", place, what + alike(name, entities))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _twice(examples: list[Example]) -> Iterator[Finding]:
    same: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        same[plain(example.text)].append(example)
    for found in same.values():
        first, *others = found
        for other in others:
            where = f"{first.place.path}:{first.place.line}"
            if other.intent != first.intent:
                what = (
                    f'"{other.text}" is an example of "{other.intent}" here and of'
                    f' "{first.intent}" in {where}. A sentence can mean one thing: delete one.'
                )
                yield error("L108", other.place, what)
                continue
            twin = next(example for example in found if example.language == other.language)
            if twin is not other:
                where = f"{twin.place.path}:{twin.place.line}"
                what = f'"{other.text}" stands in {where} already ("{twin.text}"). Delete one.'
                yield warning("L107", other.place, what)
