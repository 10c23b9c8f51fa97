"""Checks inside an answer: placeholders and buttons."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Collection, Iterator

from myna.trainer.check_examples import retrieval_intents
from myna.trainer.contents import Answer, Button
from myna.trainer.findings import Finding, alike, error, warning
from myna.trainer.project import Project

LONGEST_BUTTON = 20
"""Characters of a button's title; Messenger cuts longer ones off."""

_PAYLOAD = re.compile(r"/(?P<name>\w+(?:/\w+)?)(?P<values>\{.*\})?", re.DOTALL)

_LONGEST = {"utter_messenger_questions": 80, "utter_messenger_menu": 30}
"""What Messenger shows outside of the conversation has room of its own."""


def check_answer(
    project: Project, name: str, answer: Answer, facts: set[str] | None
) -> Iterator[Finding]:
    """Everything about one variation of a response.

    Args:
        project: where it stands.
        name: of the response.
        answer: the variation.
        facts: names of the shop's facts; None while they are not known.
    """
    if facts is not None:
        yield from _placeholders(project, name, answer, facts)
    for button in answer.buttons:
        yield from _button(project, button, _LONGEST.get(name, LONGEST_BUTTON))


def _placeholders(
    project: Project, name: str, answer: Answer, facts: set[str]
) -> Iterator[Finding]:
    known = facts | set(project.domain.slots)
    if project.code.says(name):
        known |= project.code.values
    for text in (answer.text, *(button.title for button in answer.buttons)):
        try:
            used = [found for _, found, _, _ in string.Formatter().parse(text) if found is not None]
        except ValueError:
            what = f"A curly bracket is not closed, or closed twice, in {name}."
            yield error("L211", answer.place, what)
            continue
        for placeholder in used:
            if placeholder not in known:
                what = (
                    f"{name} uses {{{placeholder}}}, for which there is no value: the customer"
                    " would get no answer."
                )
                suggestion = alike(placeholder, facts | set(project.domain.slots))
                yield error("L203", answer.place, what + suggestion)


def _button(project: Project, button: Button, longest: int) -> Iterator[Finding]:
    if len(button.title) > longest and "{" not in button.title:
        what = (
            f'"{button.title}" has {len(button.title)} characters; Messenger shows'
            f" {longest} of a button. Shorten it."
        )
        yield warning("L205", button.place, what)
    match = _PAYLOAD.fullmatch(button.payload)
    if not match:
        what = f'The payload "{button.payload}" has to be "/" and the name of an intent.'
        yield error("L204", button.place, what)
        return
    known = set(project.domain.intents) - retrieval_intents(project) | set(project.entries)
    if match["name"] not in known:
        what = f'The button "{button.title}" stands for "{match["name"]}", which is no intent.'
        yield error("L204", button.place, what + alike(match["name"], known))
    if match["values"]:
        yield from _values(button, match["values"], project.domain.entities)


def _values(button: Button, values: str, entities: Collection[str]) -> Iterator[Finding]:
    try:
        names = set(json.loads(values))
    except ValueError:
        what = f'What stands behind the intent in "{button.payload}" has to be JSON.'
        yield error("L204", button.place, what)
        return
    for name in sorted(names - set(entities)):
        what = f'The payload "{button.payload}" sets "{name}", which is no entity.'
        yield error("L204", button.place, what + alike(name, entities))
