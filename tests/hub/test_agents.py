"""Agents' accounts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from myna.database import Database
from myna.hub import schema
from myna.hub.agents import Agents, check_password, hash_password
from myna.hub.care import Care
from myna.hub.log import Log
from myna.hub.model import Agent, stamp
from tests.conftest import PASSWORD
from tests.helpers import Clock, both_databases
from tests.hub.moves import rows, write

PRESENCE = timedelta(seconds=90)


def test_passwords_are_salted() -> None:
    one, other = hash_password("mật khẩu"), hash_password("mật khẩu")
    assert one != other
    assert "mật" not in one
    assert check_password("mật khẩu", one)
    assert not check_password("mat khau", one)


@both_databases
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
    await agents.make_token("linh", "our ERP")
    stored = [row.token for row in await rows(database, schema.desk_sessions)]
    stored += [row.digest for row in await rows(database, schema.tokens)]
    assert session[1] not in stored
    for each in stored:
        assert await agents.of_session(each) is None
        assert await agents.of_token(each) is None


@both_databases
async def test_a_session_ends(
    agents: Agents, linh: Agent, clock: Clock, database: Database
) -> None:
    session = await agents.log_in("linh", PASSWORD)
    assert session
    clock.go_on(hours=12, seconds=-1)
    assert await agents.of_session(session[1])
    clock.go_on(seconds=1)
    assert await agents.of_session(session[1]) is None
    clock.go_on(seconds=1)
    await agents.log_in("linh", PASSWORD)
    assert len(await rows(database, schema.desk_sessions)) == 1, "the old one is swept away"


async def test_the_configured_password_replaces_an_older_one(agents: Agents, linh: Agent) -> None:
    await agents.ensure("linh", "Linh", "another one")
    assert await agents.log_in("linh", PASSWORD) is None
    session = await agents.log_in("linh", "another one")
    assert session
    assert session[0] == linh


async def test_an_account_that_is_there_is_left_as_it_is(
    agents: Agents, linh: Agent, database: Database
) -> None:
    before = await rows(database, schema.agents)
    await agents.ensure("linh", "Linh", PASSWORD)
    assert await rows(database, schema.agents) == before


# --- presence


@both_databases
async def test_everyone(
    agents: Agents, linh: Agent, aisyah: Agent, log: Log, care: Care, clock: Clock
) -> None:
    async def states() -> dict[str, str]:
        return {each["login"]: each["state"] for each in await agents.everyone(PRESENCE)}

    assert await states() == {"aisyah": "gone", "linh": "gone"}
    await agents.alive(linh.id)
    await agents.alive(aisyah.id)
    await agents.set_away(aisyah.id, True)
    assert await states() == {"aisyah": "away", "linh": "there"}
    for number in (1, 2):
        await write(log, to=f"c{number}")
        await care.claim(f"c{number}", linh, 1)
    await care.resolve("c2", linh, 2)
    assert await agents.everyone(PRESENCE) == [
        {
            "id": agent.id,
            "login": agent.login,
            "name": agent.name,
            "state": state,
            "seen_at": stamp(clock.moment),
            "open": held,
        }
        for agent, state, held in ((aisyah, "away", 0), (linh, "there", 1))
    ]
    clock.go_on(seconds=89)
    assert (await states())["linh"] == "there"
    clock.go_on(seconds=1)
    assert await states() == {"aisyah": "gone", "linh": "gone"}
    await agents.alive(linh.id)
    await agents.left(linh.id)
    assert (await states())["linh"] == "gone"


async def test_who_is_away_is_away_after_logging_in(agents: Agents, linh: Agent) -> None:
    await agents.set_away(linh.id, True)
    session = await agents.log_in("linh", PASSWORD)
    assert session
    assert session[0].away


# --- integrations


@both_databases
async def test_a_token_works_in_an_agents_name(agents: Agents, linh: Agent) -> None:
    token = await agents.make_token("linh", "our ERP")
    assert token
    assert token.startswith("myna_")
    assert await agents.of_token(token) == linh
    assert await agents.of_token(token + "x") is None
    assert await agents.of_token("") is None
    assert await agents.make_token("linh", "our ERP") != token
    assert await agents.make_token("nobody", "x") is None


@pytest.mark.parametrize("given", ["\udce9", "\x00", "x" * 10_000])
async def test_no_token_at_all(agents: Agents, given: str) -> None:
    assert await agents.of_session(given) is None
    assert await agents.of_token(given) is None
