"""Checks of the tests that trainers write: held-out sentences and conversations."""

from __future__ import annotations

from collections.abc import Iterator

from myna.facts import LANGUAGES
from myna.trainer.check_examples import NOT_LEARNED, plain, retrieval_intents
from myna.trainer.contents import by_intent
from myna.trainer.conversations import FOLDER, read_conversations
from myna.trainer.findings import Finding, alike, error, in_words, warning
from myna.trainer.project import Project


def check_tests(project: Project) -> Iterator[Finding]:
    """Everything about `tests/nlu/` and `tests/conversations/`."""
    yield from _sentences(project)
    yield from _untested(project)
    conversations, findings = read_conversations(project.root)
    yield from findings
    names = {*project.responses}
    for conversation in conversations:
        for step in conversation.steps:
            for name in [name for expected in step.bot or () for name in expected.responses]:
                if name not in names:
                    what = f"There is no response {name} in responses/."
                    yield error("L504", step.place, what + alike(name, names))


def _sentences(project: Project) -> Iterator[Finding]:
    known = set(project.domain.intents) - retrieval_intents(project) | set(project.entries)
    learned = {plain(example.text): example for example in project.examples}
    for sentence in project.sentences:
        if sentence.intent not in known | {"nlu_fallback"}:
            what = f'There is no intent "{sentence.intent}".{alike(sentence.intent, known)}'
            yield error("L502", sentence.place, what)
        if example := learned.get(plain(sentence.text)):
            what = (
                f'"{sentence.text}" is learned from in {example.place.path}:{example.place.line},'
                " so it tests nothing. Write another sentence here."
            )
            yield error("L501", sentence.place, what)


def _untested(project: Project) -> Iterator[Finding]:
    tested = by_intent(project.sentences)
    names = {**project.domain.intents, **project.entries}
    for name, place in names.items():
        if name in retrieval_intents(project) or name in NOT_LEARNED:
            continue
        missing = [language for language in LANGUAGES if language not in tested.get(name, {})]
        if missing:
            what = (
                f'"{name}" has no test sentences in {in_words(missing)}.'
                f" Write some in {FOLDER.parent}/nlu/."
            )
            yield warning("L505", place, what)
