"""Agents' accounts."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from myna.database import Database
from myna.hub import agents as module
from myna.hub import schema
from myna.hub.agents import Agents, check_password, hash_password
from myna.hub.model import Agent, now
from tests.conftest import PASSWORD


def test_passwords_are_salted() -> None:
    one, other = hash_password("mật khẩu"), hash_password("mật khẩu")
    assert one != other
    assert "mật" not in one
    assert check_password("mật khẩu", one)
    assert not check_password("mat khau", one)


async def test_log_in_and_out(agents: Agents, linh: Agent) -> None:
    session = await agents.log_in("linh", PASSWORD)
    assert session
    agent, token = session
    assert agent == linh
    assert await agents.of_session(token) == linh
    await agents.log_out(token)
    assert await agents.of_session(token) is None


@pytest.mark.parametrize(
    ("login", "password"), [("linh", "x"), ("linh", ""), ("nobody", PASSWORD), ("LINH", PASSWORD)]
)
async def test_wrong_log_ins(agents: Agents, linh: Agent, login: str, password: str) -> None:
    assert await agents.log_in(login, password) is None


async def test_a_token_is_not_stored_as_it_is(
    agents: Agents, linh: Agent, database: Database
) -> None:
    session = await agents.log_in("linh", PASSWORD)
    assert session
    async with database.read() as connection:
        stored = (await connection.execute(sa.select(schema.desk_sessions.c.token))).scalars().all()
    assert session[1] not in stored
    for token in stored:
        assert await agents.of_session(token) is None


async def test_a_session_ends(agents: Agents, linh: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await agents.log_in("linh", PASSWORD)
    assert session
    monkeypatch.setattr(module, "now", lambda: now() + timedelta(hours=12, seconds=1))
    assert await agents.of_session(session[1]) is None


async def test_the_configured_password_replaces_an_older_one(agents: Agents, linh: Agent) -> None:
    await agents.ensure("linh", "Linh", "another one")
    assert await agents.log_in("linh", PASSWORD) is None
    session = await agents.log_in("linh", "another one")
    assert session
    assert session[0] == linh
