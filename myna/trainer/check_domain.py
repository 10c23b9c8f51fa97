"""Checks of `domain.yml` and of the actions that it names."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from myna.trainer.files import Entries, Items, Text
from myna.trainer.findings import Finding, Place, alike, error
from myna.trainer.project import Project

_DOMAIN = "domain.yml"


def check_domain(project: Project) -> Iterator[Finding]:
    """Everything about the domain."""
    content, domain, code = project.domain.content, project.domain, project.code
    if "responses" in content:
        what = 'Answers belong into responses/<language>/. Move what stands below "responses:".'
        yield error("L311", Place(_DOMAIN, content.line_of("responses")), what)
    for name, place in domain.actions.items():
        if name not in code.actions:
            what = f'No program part in actions/ is called "{name}".'
            yield error("L402", place, what + alike(name, code.actions))
    for name, place in code.actions.items():
        if name not in domain.actions:
            what = f'"{name}" is not in the list "actions:" of domain.yml, so it is never used.'
            yield error("L403", place, what + alike(name, domain.actions))
    yield from _slots(project)
    yield from _forms(project)
    yield from _language(content)


def _slots(project: Project) -> Iterator[Finding]:
    domain = project.domain
    known: dict[str, Collection[str]] = {
        "entity": domain.entities,
        "intent": domain.intents,
        "not_intent": domain.intents,
        "active_loop": domain.forms,
        "requested_slot": domain.slots,
    }
    slots = domain.content.get("slots")
    for slot in slots.values() if isinstance(slots, Entries) else []:
        mappings = slot.get("mappings") if isinstance(slot, Entries) else None
        for entries in _within(mappings):
            for key, names in known.items():
                for name in _listed(entries.get(key)):
                    if name not in names:
                        kind = key.removeprefix("not_").replace("active_loop", "form")
                        kind = kind.replace("requested_slot", "slot")
                        what = f'There is no {kind} "{name}" in domain.yml.{alike(name, names)}'
                        yield error("L309", Place(_DOMAIN, name.line), what)


def _within(value: Any) -> Iterator[Entries]:
    """All entries below a value, at any depth."""
    if isinstance(value, Entries):
        yield value
        for item in value.values():
            yield from _within(item)
    elif isinstance(value, Items):
        for item in value:
            yield from _within(item)


def _listed(value: Any) -> list[Text]:
    items = value if isinstance(value, Items) else [value]
    return [item for item in items if isinstance(item, Text)]


def _forms(project: Project) -> Iterator[Finding]:
    forms = project.domain.content.get("forms")
    for form, settings in forms.items() if isinstance(forms, Entries) else []:
        required = settings.get("required_slots") if isinstance(settings, Entries) else None
        for slot in _listed(required):
            place = Place(_DOMAIN, slot.line)
            if slot not in project.domain.slots:
                what = f'The form asks for "{slot}", which is no slot.'
                yield error("L309", place, what + alike(slot, project.domain.slots))
                continue
            questions = [f"ask_{slot}", f"ask_{form}_{slot}"]
            if not any(
                f"utter_{question}" in project.responses
                or f"action_{question}" in project.domain.actions
                for question in questions
            ):
                what = f'The form asks for "{slot}", but no response utter_ask_{slot} says how.'
                yield error("L312", place, what)


def _language(content: Entries) -> Iterator[Finding]:
    """Reproduced: a language that counts for the dialogue lets no rule or story match."""
    for section in ("slots", "entities"):
        for entries in _within(content.get(section)):
            if "language" in entries:
                settings = entries["language"]
                kept_out = isinstance(settings, Entries) and (
                    settings.get("influence_conversation") == "false"
                )
                if not kept_out:
                    what = (
                        '"language" needs the line "influence_conversation: false";'
                        " without it rules and stories stop matching."
                    )
                    yield error("L313", Place(_DOMAIN, entries.line_of("language")), what)
