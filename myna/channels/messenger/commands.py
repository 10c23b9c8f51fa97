"""`myna messenger …`: for those who connect a Page and see to it."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from typing import NoReturn

import click

from myna import settings
from myna.channels.messenger import CHANNEL, INBOUND, config
from myna.channels.messenger.admin import Admin, Finding
from myna.channels.messenger.graph import Graph
from myna.database import Database
from myna.facts import Facts, FactsError, load_facts
from myna.hub.model import stamp
from myna.hub.receipts import Receipts
from myna.settings import SettingError
from myna.texts import Catalogue, TextError

_MARKS = {"good": ("ok  ", "green"), "done": ("done", "cyan"), "bad": ("!!  ", "red")}
_SANDBOX = "tests.channels.messenger.sandbox"


def setup(*, renew: bool) -> bool:
    """Asks for the secrets that are missing, then puts everything right; whether all is.

    Args:
        renew: asks for the pages' tokens also if there are some.

    Raises:
        SettingError: there is no page, or a setting cannot be used.
    """
    facts = _facts()
    if not facts.messenger.pages:
        raise SettingError(
            "shop.yml names no Page. Write app_id and pages under messenger: (docs/messenger.md,"
            " step 3)."
        )
    _ask(config.APP_SECRET, "App secret (App settings > Basic at developers.facebook.com)")
    if not settings.given_secret(config.VERIFY_TOKEN):
        settings.keep_secret(config.VERIFY_TOKEN, secrets.token_urlsafe(24))
    for page in facts.messenger.pages:
        _ask(config.page_token_name(page.id), f"Token of the Page {page.name}", renew=renew)
    return _run(facts, repair=True)


def check() -> bool:
    """Looks at everything and changes nothing; whether all is as it should be.

    Raises:
        SettingError: the channel is off, or a setting cannot be used.
    """
    return _run(_facts(), repair=False)


def status() -> None:
    """Says how much has gone in and out for each page, in the last days.

    Raises:
        SettingError: the channel is off.
    """
    facts = _facts()
    if not facts.messenger.pages:
        raise SettingError(_OFF)
    asyncio.run(_tell_status(facts))


def sandbox(port: int) -> NoReturn:
    """Serves a page that looks like a Messenger thread, with a Myna of its own behind it.

    This process becomes the sandbox, so that whoever stops it stops that.

    Raises:
        SettingError: this is no copy of the whole project.
    """
    if not (settings.PROJECT / _SANDBOX.replace(".", "/")).exists():
        raise SettingError("The sandbox is part of the project's own folder; run it from there.")
    become(_SANDBOX, "--port", str(port))


def become(module: str, *arguments: str) -> NoReturn:
    """Goes on as a module of the project's own folder, which is no part of the package."""
    os.chdir(settings.PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606


_OFF = "shop.yml names no Page, so Messenger is off (docs/messenger.md)."


def _facts() -> Facts:
    try:
        return load_facts()
    except FactsError as error:
        raise SettingError(str(error)) from None


def _ask(name: str, question: str, *, renew: bool = False) -> None:
    if settings.given_secret(name) and not renew:
        return
    given = click.prompt(question, hide_input=True, err=True).strip()
    settings.keep_secret(name, given)


def _run(facts: Facts, *, repair: bool) -> bool:
    known = config.load(facts)
    if known is None:
        raise SettingError(_OFF)
    try:
        catalogue = Catalogue()
    except (TextError, FactsError) as error:
        raise SettingError(str(error)) from None
    return asyncio.run(_look(known, catalogue, repair))


async def _look(known: config.Config, catalogue: Catalogue, repair: bool) -> bool:
    graph = Graph(known.graph_url, known.version, known.app_secret)
    good = True
    try:
        async for finding in Admin(known, catalogue, graph).check(repair=repair):
            _show(finding)
            good = good and finding.state != "bad"
    finally:
        await graph.close()
    return good


def _show(finding: Finding) -> None:
    mark, colour = _MARKS[finding.state]
    click.secho(f"{mark}  {finding.text}", fg=colour)
    if finding.todo:
        click.echo(f"      {finding.todo}")


async def _tell_status(facts: Facts) -> None:
    database = Database(settings.hub_database())
    receipts = Receipts(database)
    try:
        await asyncio.to_thread(database.migrate, "hub")
        for page in facts.messenger.pages:
            click.secho(f"{page.name} ({page.id})", bold=True)
            for title, carrier in (("came in", INBOUND), ("went out", CHANNEL)):
                states = await receipts.tally(carrier, f"fb.{page.id}.")
                told = ", ".join(f"{count} {state}" for state, (count, _) in states.items())
                last = max((at for _, at in states.values()), default=None)
                since = f"; last {stamp(last)}" if last else ""
                click.echo(f"  {title}: {told or 'nothing in the last 30 days'}{since}")
    finally:
        await database.close()
