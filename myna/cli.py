"""The `myna` command. Each command imports what it needs when it is called: help stays instant."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from myna import settings
from myna.facts import LANGUAGES


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Myna, the customer-care assistant for online shops."""
    # The libraries below Rasa warn of their own ages at each start; nobody here can act on it.
    os.environ.update(settings.QUIET)
    # Rasa resets the filters; a logger's level holds.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)


def _fail(message: object) -> NoReturn:
    click.echo(f"myna: {message}", err=True)
    sys.exit(2)


@main.command()
def up() -> None:
    """Start everything: chat, desk, brain, actions, demo shop."""
    from myna.training import TrainingError
    from myna.up import StartError
    from myna.up import up as start

    try:
        start()
    except (StartError, TrainingError) as error:
        _fail(error)


@main.command()
@click.option("--language", type=click.Choice(LANGUAGES), help="Begin in this language.")
@click.option("--url", help="Address of a running Myna; by default the one on this machine.")
def chat(language: str | None, url: str | None) -> None:
    """Talk to a running Myna in the terminal."""
    from myna.terminal import NotRunning, talk

    try:
        talk(url, language)
    except NotRunning as error:
        _fail(error)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line (for programs).")
@click.option("--model", type=click.Path(path_type=Path, exists=True), help="Another model file.")
def parse(as_json: bool, model: Path | None) -> None:
    """Say how messages on standard input are understood, one a line."""
    from myna.nlu.parse import NoModelError, parse_lines

    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    try:
        for result in parse_lines(model, sys.stdin):
            if as_json:
                click.echo(json.dumps(result, ensure_ascii=True))
            else:
                click.echo(
                    f"{result['language'] or '--'}  {result['confidence']:.2f}"
                    f"  {result['intent']:<28} {result['text']}"
                )
    except NoModelError as error:
        _fail(error)


@main.command()
@click.option("--force", is_flag=True, help="Train although nothing has changed.")
def train(force: bool) -> None:
    """Train a model of the present files; nothing happens if there is one."""
    from myna import training

    path = training.model_path()
    if path.exists() and not force:
        click.echo(f"Nothing has changed since {path.name} was trained.")
        return
    try:
        click.echo(f"Trained {training.train(force=force).name}.")
    except training.TrainingError as error:
        _fail(error)


@main.command()
def lint() -> None:
    """Check data, texts and shop.yml; says file, line and what to do."""
    from myna.trainer.lint import lint_project

    findings = lint_project(settings.PROJECT)
    for finding in findings:
        click.echo(finding)
    errors = sum(finding.severity == "error" for finding in findings)
    click.echo(f"{errors} errors, {len(findings) - errors} warnings.")
    sys.exit(1 if errors else 0)


@main.command("test")
@click.option("--language", type=click.Choice(LANGUAGES), help="Only this language.")
@click.option("-k", "name", default="", help="Only conversations with this in their name.")
@click.option(
    "--channel",
    type=click.Choice(["web", "messenger"]),
    default="web",
    show_default=True,
    help="Play the conversations over this one; messenger leaves the sentences out.",
)
def test_(language: str | None, name: str, channel: str) -> None:
    """Try the held-out sentences and the conversations in tests/."""
    if channel == "messenger":
        from myna.channels.messenger.commands import become

        only = ["--language", language] if language else []
        become("tests.channels.messenger.play", *only, "-k", name)
    from myna.trainer.trial import try_all
    from myna.training import TrainingError

    try:
        sys.exit(0 if try_all(language, name) else 1)
    except TrainingError as error:
        _fail(error)


@main.group()
def agent() -> None:
    """The people at the desk, and programs that work in their name."""


@agent.command("add")
@click.argument("login")
@click.argument("name")
@click.option("--generate", is_flag=True, help="Make up the password instead of asking for one.")
def agent_add(login: str, name: str, generate: bool) -> None:
    """Add a person who answers customers; NAME is what customers see."""
    from myna import accounts

    try:
        accounts.check_free(login, name)
        asked = None if generate else _ask_password()
        password = accounts.add_agent(login, name, asked)
    except accounts.AccountError as error:
        _fail(error)
    click.echo(f"{name} can log in as '{login}'.", err=True)
    if asked is None:
        click.echo("The password is shown this once:", err=True)
        click.echo(password)


def _ask_password() -> str | None:
    question = "Password (empty: one is made up)"
    given: str = click.prompt(question, "", hide_input=True, show_default=False, err=True)
    if given and click.prompt("Once more", hide_input=True, err=True) != given:
        _fail("The two passwords differ; nothing was changed.")
    return given or None


@agent.command("token")
@click.argument("login")
@click.argument("name")
def agent_token(login: str, name: str) -> None:
    """Make a token for the program NAME, which works in the agent's name by it."""
    from myna import accounts

    try:
        token = accounts.make_token(login, name)
    except accounts.AccountError as error:
        _fail(error)
    click.echo("The token is shown this once; the API is described at /api/docs:", err=True)
    click.echo(token)


@main.group()
def messenger() -> None:
    """Facebook Messenger: connect a Page, and see that it works (docs/messenger.md)."""


@messenger.command("setup")
@click.option("--renew", is_flag=True, help="Ask for the Pages' tokens although there are some.")
def messenger_setup(renew: bool) -> None:
    """Ask for secrets that are missing, then connect the Pages of shop.yml; may be repeated."""
    from myna.channels.messenger import commands

    try:
        sys.exit(0 if commands.setup(renew=renew) else 1)
    except settings.SettingError as error:
        _fail(error)


@messenger.command("check")
def messenger_check() -> None:
    """Look at address, webhook, tokens, connection and profile; change nothing."""
    from myna.channels.messenger import commands

    try:
        sys.exit(0 if commands.check() else 1)
    except settings.SettingError as error:
        _fail(error)


@messenger.command("status")
def messenger_status() -> None:
    """Say how much came in and went out for each Page, and how far it came."""
    from myna.channels.messenger import commands

    try:
        commands.status()
    except settings.SettingError as error:
        _fail(error)


@messenger.command("sandbox")
@click.option("--port", default=8070, show_default=True, help="Of the page.")
def messenger_sandbox(port: int) -> None:
    """Try Messenger without Meta, on a page that looks like a thread."""
    from myna.channels.messenger import commands

    try:
        commands.sandbox(port)
    except settings.SettingError as error:
        _fail(error)


@main.group()
def shop() -> None:
    """The shop's own system."""


@shop.command("check")
def shop_check() -> None:
    """Try the shop's system by reading only; says what is wrong and what to do.

    Ends with 0 if all is well, 1 if a part is in trouble, 2 if the shop cannot be asked at all.
    """
    from myna.bootstrap import connect
    from myna.facts import FactsError, load_facts
    from myna.shop.check import check_shop

    try:
        facts = load_facts()
        demo_url = _running_demo() or settings.shop_url()
        system = connect(facts, demo_url)
    except (FactsError, settings.SettingError) as error:
        _fail(error)
    click.echo(f"Asking {facts.shop.url or demo_url} ({facts.shop.adapter}) …")
    findings = []
    logging.disable(logging.WARNING)  # the findings say it better
    try:
        for finding in check_shop(system, facts):
            click.echo(f"  {finding}")
            findings.append(finding)
    finally:
        logging.disable(logging.NOTSET)
    trouble = [finding for finding in findings if finding.verdict == "trouble"]
    click.echo("Something is wrong." if trouble else "All is well.")
    sys.exit((2 if len(findings) == 1 else 1) if trouble else 0)


def _running_demo() -> str | None:
    """Where the demo shop of a running `myna up` is, which gives it a free port."""
    running = settings.home() / "processes.json"
    if "MYNA_SHOP_URL" in os.environ or not running.exists():
        return None
    url: str = json.loads(running.read_text()).get("shop", {}).get("url", "")
    return url.removesuffix("/health") or None


@shop.command("demo")
@click.option("--port", default=8090, show_default=True)
def shop_demo(port: int) -> None:
    """Serve the demo shop alone, for `rasa shell` with `rasa run actions`."""
    from myna.shop.demo.__main__ import main as serve

    os.environ["MYNA_SHOP_TOKEN"] = settings.secret("shop_token")
    serve(["--port", str(port), "--database", f"sqlite:///{settings.home() / 'shop.db'}"])


@main.group()
def bench() -> None:
    """Benchmarks; each prints a table or JSON."""


@bench.command("nlu")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Without it: this project's examples and held-out sentences.",
)
@click.option("--against", type=click.Choice(["diet"]), help="Train a stock pipeline beside ours.")
@click.option("--epochs", type=click.IntRange(min=1), help="Limit the stock pipeline's epochs.")
@click.option(
    "--tuned-layers",
    type=click.IntRange(min=0),
    default=0,
    help="Learn so many layers of our encoder further, as `tuned_layers` in config.yml does.",
)
@click.option("--json", "as_json", is_flag=True)
def bench_nlu_(
    data: Path | None, against: str | None, epochs: int | None, tuned_layers: int, as_json: bool
) -> None:
    """Understanding, on a file of messages (split, lang, intent, text) or on our own."""
    from myna.bench.nlu import bench_nlu, format_nlu
    from myna.bench.sentences import bench_sentences, format_sentences

    if data is None:
        result = bench_sentences(against, epochs, tuned_layers)
        click.echo(json.dumps(result, indent=2) if as_json else format_sentences(result))
        return
    try:
        result = bench_nlu(data, against, epochs, tuned_layers)
    except ValueError as error:
        _fail(error)
    click.echo(json.dumps(result, indent=2) if as_json else format_nlu(result))


@bench.command("entities")
@click.option("--json", "as_json", is_flag=True)
def bench_entities_(as_json: bool) -> None:
    """Entities, on the annotated messages in tests/entities/."""
    from myna.bench.entities import bench_entities, format_entities

    try:
        report = bench_entities()
    except ValueError as error:
        _fail(error)
    click.echo(json.dumps(report.as_json(), indent=2) if as_json else format_entities(report))


@bench.command("turn")
@click.option("--turns", type=click.IntRange(1), default=20, show_default=True, help="In a window.")
@click.option("--epochs", type=click.IntRange(min=1), help="Of stock Rasa's components.")
@click.option("--json", "as_json", is_flag=True)
def bench_turn_(turns: int, epochs: int | None, as_json: bool) -> None:
    """One turn through the real stack beside stock Rasa on the same data."""
    from myna.bench import BenchError
    from myna.bench.stock import EPOCHS
    from myna.bench.summary import format_turn
    from myna.bench.turn import bench_turn

    try:
        result = bench_turn(turns, epochs=epochs or EPOCHS)
    except BenchError as error:
        _fail(error)
    click.echo(json.dumps(result, indent=2) if as_json else format_turn(result))


if __name__ == "__main__":
    main()
