"""Checks of what Myna says: `responses/`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from myna.facts import LANGUAGES, FactsError, load_facts
from myna.texts import fact_values
from myna.trainer.check_examples import retrieval_intents
from myna.trainer.check_wording import check_answer
from myna.trainer.findings import LANGUAGE_NAMES, Finding, Place, alike, error, in_words, warning
from myna.trainer.project import Project

NOT_OFFERED = frozenset(
    ("greet", "goodbye", "thank", "affirm", "deny", "inform", "out_of_scope", "nlu_fallback")
)
"""Intents that are never proposed as "did you mean …?"; the others that begin a rule are."""


def check_texts(project: Project) -> Iterator[Finding]:
    """Everything about responses, their buttons, titles and words."""
    yield from _in_every_language(project)
    yield from _faq(project)
    yield from _unused(project)
    yield from _titles(project)
    facts = _facts(project)
    yield from _words(project, facts)
    for texts in project.texts.values():
        for name, response in texts.responses.items():
            for answer in response.answers:
                yield from check_answer(project, name, answer, facts)


def _in_every_language(project: Project) -> Iterator[Finding]:
    for name, place in project.responses.items():
        having = [lang for lang, texts in project.texts.items() if name in texts.responses]
        for language in (lang for lang in LANGUAGES if lang not in having):
            others = set(project.texts[language].responses) - set(
                project.texts[having[0]].responses
            )
            what = (
                f"{name} exists in {in_words(having)}, but not in {LANGUAGE_NAMES[language]}:"
                f" those customers would be answered in another language. Write it here."
            )
            path = re.sub(r"responses/\w+/", f"responses/{language}/", place.path)
            yield error("L201", Place(path, 1), what + alike(name, others))


def _faq(project: Project) -> Iterator[Finding]:
    for entry, place in project.entries.items():
        if f"utter_{entry}" not in project.responses:
            what = f'"{entry}" has questions, but no answer: write utter_{entry} in responses/.'
            yield error("L207", place, what)
    prefixes = tuple(f"utter_{intent}/" for intent in retrieval_intents(project) | {"faq"})
    for name, place in project.responses.items():
        entry = name.removeprefix("utter_")
        if name.startswith(prefixes) and entry not in project.entries:
            what = f'{name} answers no question: there are no examples for "{entry}" in data/nlu/.'
            yield error("L208", place, what + alike(entry, project.entries))


def _unused(project: Project) -> Iterator[Finding]:
    slots = project.domain.slots
    asked = {f"utter_ask_{slot}" for slot in slots}
    asked |= {f"utter_ask_{form}_{slot}" for form in project.domain.forms for slot in slots}
    used = {
        step["action"]
        for flow in project.flows
        for step in flow.steps
        if isinstance(step, dict) and isinstance(step.get("action"), str)
    }
    for name, place in project.responses.items():
        if "/" not in name and name not in used | asked and not project.code.says(name):
            what = f"Nothing says {name}: no rule, no story, no action. Use it or delete it."
            yield warning("L210", place, what)


def _titles(project: Project) -> Iterator[Finding]:
    begins = {
        str(flow.steps[0].get("intent"))
        for flow in project.flows
        if flow.kind == "rule" and isinstance(flow.steps[0], dict)
    }
    offered = {
        name: place
        for name, place in project.domain.intents.items()
        if name in begins and name not in NOT_OFFERED | retrieval_intents(project)
    } | project.entries
    for name, place in offered.items():
        missing = [lang for lang, texts in project.texts.items() if name not in texts.titles]
        if missing and len(missing) < len(LANGUAGES):
            what = f'The title of "{name}" is missing in {in_words(missing)}. Write it there too.'
            yield error("L206", place, what)
        elif missing:
            what = (
                f'"{name}" has no title, so it is never proposed where a message was not'
                ' understood. Write one below "titles:" in responses/, in each language.'
            )
            yield warning("L206", place, what)
    for texts in project.texts.values():
        for name, (title, place) in texts.titles.items():
            if name not in project.domain.intents and name not in project.entries:
                what = f'This title is for "{name}", which is no intent.{alike(name, offered)}'
                yield error("L213", place, what)
            elif not title or "{" in title:
                what = f'The title of "{name}" has to be plain words, without {{…}}.'
                yield error("L213", place, what)


class _Asked(dict[str, str]):
    """Words that are never missing; remembers for which it was asked."""

    def __missing__(self, key: str) -> str:
        self[key] = key
        return key


def _facts(project: Project) -> set[str] | None:
    """The names of the facts; None while `shop.yml` cannot be used."""
    try:
        facts = load_facts(project.root / "shop.yml")
    except FactsError:
        return None
    return set(fact_values(facts, facts.default_language, _Asked()))


def _words(project: Project, facts: set[str] | None) -> Iterator[Finding]:
    if facts is None:
        return
    asked = _Asked()
    shop = load_facts(project.root / "shop.yml")
    for language, texts in project.texts.items():
        fact_values(shop, language, asked)
        for word in sorted(set(asked) - set(texts.words)):
            what = f'The word "{word}:" is missing below "words:" in {LANGUAGE_NAMES[language]}.'
            place = Place(f"responses/{language}/words.yml", 1)
            yield error("L214", place, what + alike(word, set(texts.words) - set(asked)))
