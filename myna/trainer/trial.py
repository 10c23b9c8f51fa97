"""`myna test`: tries the held-out sentences, then the conversations against a running whole."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from myna import training
from myna.child import ChildError
from myna.settings import PROJECT
from myna.stack import Customer, running
from myna.trainer.conversations import Conversation, read_conversations
from myna.trainer.findings import LANGUAGE_NAMES
from myna.trainer.play import Outcome, play_all
from myna.trainer.project import Project
from myna.trainer.sentences import LEAST, Result, read_sentences

_CONFUSIONS_SHOWN = 5
_SENTENCES_SHOWN = 2


def try_all(language: str | None, name: str) -> bool:
    """Trains if need be, tries everything and prints how it went.

    Args:
        language: only this one.
        name: only conversations with this in their name, and no sentences.

    Returns:
        Whether all is as it should be.

    Raises:
        TrainingError: the training data were refused.
    """
    model = training.train()
    good = name != "" or _try_sentences(model, language)
    conversations, findings = read_conversations(PROJECT)
    for finding in findings:
        click.secho(str(finding), fg="red")
    chosen = [
        conversation
        for conversation in conversations
        if language in (None, conversation.language) and name.lower() in conversation.name.lower()
    ]
    if not chosen:
        click.echo("No conversation was chosen.")
        return good and not findings
    return _try_conversations(chosen) and good and not findings


def _try_sentences(model: Path, language: str | None) -> bool:
    sentences = [s for s in Project(PROJECT).sentences if language in (None, s.language)]
    if not sentences:
        click.echo("There are no sentences in tests/nlu/.")
        return True
    results = read_sentences(model, sentences)
    click.echo("Held-out sentences        sentences   right   rejected   macro-F1")
    for result in results:
        row = (
            f"  {LANGUAGE_NAMES[result.language]:<22}  {len(result.read):>9}"
            f"  {result.right:>5.1f}%  {result.rejected:>8.1f}%  {result.macro_f1:>8.1f}%"
        )
        click.secho(row, fg="green" if result.good_enough else "red")
        if not result.good_enough:
            least = LEAST[result.language]
            click.echo(
                f"    at least {least.right:.0f} % right and"
                f" {least.macro_f1:.0f} % macro-F1 are wanted"
            )
    for result in results:
        _show_confusions(result)
    return all(result.good_enough for result in results)


def _show_confusions(result: Result) -> None:
    click.echo(f"\nMost often mistaken in {LANGUAGE_NAMES[result.language]}")
    for (meant, taken_for), read in result.confusions()[:_CONFUSIONS_SHOWN]:
        click.echo(f"  {len(read)} x {meant} taken for {taken_for}")
        for item in read[:_SENTENCES_SHOWN]:
            click.echo(f"      {item.sentence.text}")


def _try_conversations(conversations: list[Conversation]) -> bool:
    click.echo(f"\nStarting Myna to play {len(conversations)} conversations …")
    good = 0
    with tempfile.TemporaryDirectory(prefix="myna-test-") as folder:
        try:
            with running(Path(folder)) as stack:
                for outcome in play_all(conversations, lambda lang: Customer(stack.url, lang)):
                    show(outcome)
                    good += outcome.difference is None
        except ChildError as fault:
            click.secho(f"Myna did not start: {fault}", fg="red")
            return False
    bad = len(conversations) - good
    click.secho(f"{good} conversations passed, {bad} failed.", fg="red" if bad else "green")
    return not bad


def show(outcome: Outcome) -> None:
    """Prints how a conversation went."""
    conversation = outcome.conversation
    if outcome.difference is None:
        click.secho(f"  ok      {conversation.language}  {conversation.name}", fg="green")
    else:
        place = f"{outcome.place.path}:{outcome.place.line}"
        click.secho(f"  failed  {conversation.language}  {conversation.name}", fg="red")
        click.echo(f"          {place}: {outcome.difference}")
