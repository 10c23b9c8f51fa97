"""Agents and programs' tokens, as the command line makes them; the front server may be running."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from myna import settings
from myna.database import Database
from myna.hub.agents import Agents

_LONGEST = 100  # characters of a log-in or a name: a column's
_SHORTEST_PASSWORD, _LONGEST_PASSWORD = 8, 200

T = TypeVar("T")


class AccountError(ValueError):
    """An account or token cannot be made; the message says why and what to do."""


def check_free(login: str, name: str) -> None:
    """Checks log-in and name of a new agent.

    Raises:
        AccountError: one cannot be used, or the log-in is taken.
    """
    _check("log-in", login)
    _check("name", name)
    if login in _logins():
        raise AccountError(f"There is an agent '{login}' already; choose another log-in.")


def check_password(password: str) -> None:
    """Checks a password that was chosen.

    Raises:
        AccountError: it is too short, or too long.
    """
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise AccountError(
            f"The password has {len(password)} characters; choose one of"
            f" {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD}."
        )


def add_agent(login: str, name: str, password: str | None) -> str:
    """Makes an account.

    Args:
        login: for the log-in at the desk.
        name: what customers and other agents see.
        password: None: one is made up.

    Returns:
        The password.

    Raises:
        AccountError: something cannot be used.
    """
    check_free(login, name)
    password = password or secrets.token_urlsafe(12)
    check_password(password)
    _run(lambda agents: agents.ensure(login, name, password))
    return password


def make_token(login: str, name: str) -> str:
    """Makes a token by which a program works in an agent's name; it is stored as a digest only.

    Args:
        login: the agent's.
        name: what the program is, for people who look into the database.

    Raises:
        AccountError: there is no such agent, or the name cannot be used.
    """
    _check("name", name)
    token = _run(lambda agents: agents.make_token(login, name))
    if token is None:
        known = ", ".join(_logins()) or "none yet"
        raise AccountError(f"There is no agent '{login}'. Those there are: {known}.")
    return token


def _check(what: str, text: str) -> None:
    if not text.strip() or len(text) > _LONGEST or not text.isprintable():
        raise AccountError(
            f"The {what} '{text[:_LONGEST]}' cannot be used: write 1 to {_LONGEST} characters, on"
            " one line."
        )


def _logins() -> list[str]:
    return [agent["login"] for agent in _run(lambda agents: agents.everyone(timedelta()))]


def _run(work: Callable[[Agents], Awaitable[T]]) -> T:
    database = Database(settings.hub_database())

    async def run() -> T:
        try:
            return await work(Agents(database))
        finally:
            await database.close()

    database.migrate("hub")
    return asyncio.run(run())
