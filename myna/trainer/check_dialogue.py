"""Checks of rules and stories: `data/rules/`, `data/stories/`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from rasa.shared.core.constants import DEFAULT_ACTION_NAMES

from myna.trainer.check_examples import retrieval_intents
from myna.trainer.contents import Flow
from myna.trainer.files import Entries, Items, Text
from myna.trainer.findings import Finding, Place, alike, error, warning
from myna.trainer.project import Project

_STEPS = {"intent", "action", "active_loop", "slot_was_set", "entities", "user", "or", "bot"}
_STEPS |= {"checkpoint"}


def check_dialogue(project: Project) -> Iterator[Finding]:
    """Everything about rules and stories."""
    yield from _names_once(project)
    yield from _contradictions(project)
    yield from _against_rules(project)
    handled = set()
    for flow in project.flows:
        for step in [*flow.condition, *flow.steps]:
            yield from _step(project, flow, step)
        handled |= {intent.split("/")[0] for intent in _intents(flow.steps)}
    for intent, place in project.domain.intents.items():
        if intent not in handled:
            what = f'No rule or story says what happens after "{intent}". Write a rule.'
            yield warning("L308", place, what)


def _names_once(project: Project) -> Iterator[Finding]:
    first: dict[tuple[str, str], Flow] = {}
    for flow in project.flows:
        known = first.setdefault((flow.kind, flow.name), flow)
        if known is not flow:
            where = f"{known.place.path}:{known.place.line}"
            what = f'The {flow.kind} "{flow.name}" stands in {where} as well. Rename one of them.'
            yield error("L306", flow.place, what)


def _contradictions(project: Project) -> Iterator[Finding]:
    """Rules that begin alike; Rasa finds them out only at the end of training."""
    first: dict[str, Flow] = {}
    for flow in project.flows:
        if flow.kind == "rule":
            known = first.setdefault(repr((flow.condition, flow.steps[0])), flow)
            if known is not flow and known.steps[1:] != flow.steps[1:]:
                what = (
                    f'This rule begins like "{known.name}" ({known.place.path}:{known.place.line})'
                    " and goes on in another way. Keep one of them, or give one a condition."
                )
                yield error("L307", flow.place, what)


def _against_rules(project: Project) -> Iterator[Finding]:
    """Stories that answer an intent in another way than the rule that holds everywhere."""
    rules = {
        repr(flow.steps[0]): flow
        for flow in project.flows
        if flow.kind == "rule" and not flow.condition and "intent" in (flow.steps[0] or ())
    }
    for flow in project.flows:
        if flow.kind != "story":
            continue
        for number, step in enumerate(flow.steps):
            rule = rules.get(repr(step))
            following = flow.steps[number + 1 : number + 2]
            if rule and following and following != rule.steps[1:2]:
                what = (
                    f'After this the rule "{rule.name}" ({rule.place.path}:{rule.place.line}) does'
                    " something else, everywhere. Change the story, or give the rule a condition."
                )
                yield error("L314", Place(flow.place.path, step.line), what)


def _intents(steps: list[Any]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, Entries):
            if isinstance(step.get("intent"), Text):
                yield step["intent"]
            if isinstance(step.get("or"), Items):
                yield from _intents(step["or"])


def _step(project: Project, flow: Flow, step: Any) -> Iterator[Finding]:
    if not isinstance(step, Entries):
        what = f'Each step of "{flow.name}" is "- ", a kind such as "intent:", and a name.'
        yield error("L003", Place(flow.place.path, getattr(step, "line", flow.place.line)), what)
        return
    if not step.keys() & _STEPS:
        place = Place(flow.place.path, step.line)
        known = ", ".join(sorted(_STEPS))
        what = f'"{next(iter(step), "")}:" is no kind of step; there are {known}.'
        yield error("L310", place, what + alike(next(iter(step), ""), _STEPS))
    for key, value in step.items():
        place = Place(flow.place.path, getattr(value, "line", step.line))
        if key == "or" and isinstance(value, Items):
            for choice in value:
                yield from _step(project, flow, choice)
        elif key == "intent":
            yield from _intent(project, place, str(value or ""))
        elif key == "action":
            yield from _action(project, place, str(value or ""))
        elif key == "active_loop" and value is not None:
            if str(value) not in project.domain.forms:
                yield _unknown("L304", place, "form", str(value), project.domain.forms)
        elif key == "slot_was_set":
            yield from _slots(project, place, value)


def _intent(project: Project, place: Place, name: str) -> Iterator[Finding]:
    if name not in project.domain.intents and name not in project.entries:
        known = {*project.domain.intents, *project.entries}
        yield _unknown("L301", place, "intent", name, known)


def _action(project: Project, place: Place, name: str) -> Iterator[Finding]:
    domain = project.domain
    retrieval = {f"utter_{intent}" for intent in retrieval_intents(project)}
    if name.startswith("utter_"):
        plain = {response for response in project.responses if "/" not in response}
        if name not in plain | retrieval:
            yield _unknown("L303", place, "response", name, plain | retrieval)
    elif (
        name not in DEFAULT_ACTION_NAMES and name not in domain.actions and name not in domain.forms
    ):
        known = {*domain.actions, *domain.forms, *project.responses}
        yield _unknown("L302", place, "action", name, known)


def _slots(project: Project, place: Place, value: Any) -> Iterator[Finding]:
    known = {*project.domain.slots, "requested_slot"}
    for item in value if isinstance(value, Items) else [value]:
        for name in item if isinstance(item, Entries) else [item]:
            if str(name) not in known:
                where = Place(place.path, getattr(name, "line", place.line))
                yield _unknown("L305", where, "slot", str(name), known)


def _unknown(code: str, place: Place, kind: str, name: str, known: Collection[str]) -> Finding:
    where = "responses/" if kind == "response" else "domain.yml"
    return error(code, place, f'There is no {kind} "{name}" in {where}.{alike(name, known)}')
