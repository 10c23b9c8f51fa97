"""Agents' accounts and their log-ins at the desk."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from myna.database import Database, reads, writes
from myna.hub import schema
from myna.hub.model import Agent, now, stamp

_A, _S = schema.agents, schema.desk_sessions
_SESSION = timedelta(hours=12)
# scrypt's interactive parameters (RFC 7914, section 2), 16 MiB and some 50 ms a try
_COST = {"n": 2**14, "r": 8, "p": 1}


def hash_password(password: str) -> str:
    """A salted hash to store."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${hashlib.scrypt(password.encode(), salt=salt, **_COST).hex()}"


def check_password(password: str, stored: str) -> bool:
    """Whether the password belongs to the stored hash; in constant time."""
    salt, _, digest = stored.partition("$")
    given = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **_COST).hex()
    return hmac.compare_digest(given, digest)


_NOBODY = hash_password(secrets.token_hex())
"""Checked for unknown log-ins, so that the time does not tell which names exist."""


class Agents:
    """Accounts, sessions, tokens of integrations, and who is there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @writes
    def ensure(self, connection: Connection, login: str, name: str, password: str) -> None:
        """Makes the account, or gives it this password if it has another."""
        row = connection.execute(sa.select(_A).where(_A.c.login == login)).first()
        if row is None:
            connection.execute(
                _A.insert().values(
                    login=login,
                    name=name,
                    password=hash_password(password),
                    away=False,
                    created_at=now(),
                )
            )
        elif not check_password(password, row.password):
            connection.execute(
                _A.update().where(_A.c.id == row.id).values(password=hash_password(password))
            )

    async def log_in(self, login: str, password: str) -> tuple[Agent, str] | None:
        """The agent and a new session's token; None if log-in or password is wrong."""
        row = await self._account(login)
        # in a thread, for it takes its time on purpose
        right = await asyncio.to_thread(check_password, password, row.password if row else _NOBODY)
        if not right or row is None:
            return None
        token = secrets.token_urlsafe(32)
        await self._begin_session(row.id, token)
        return _agent(row), token

    @reads
    def _account(self, connection: Connection, login: str) -> Any:
        return connection.execute(sa.select(_A).where(_A.c.login == login)).first()

    @writes
    def _begin_session(self, connection: Connection, agent_id: int, token: str) -> None:
        connection.execute(_S.delete().where(_S.c.expires_at < now()))
        connection.execute(
            _S.insert().values(token=_digest(token), agent_id=agent_id, expires_at=now() + _SESSION)
        )

    @reads
    def of_session(self, connection: Connection, token: str) -> Agent | None:
        """The agent whose session this is."""
        query = sa.select(_A).join(_S).where(_S.c.token == _digest(token), _S.c.expires_at > now())
        row = connection.execute(query).first()
        return _agent(row) if row else None

    @writes
    def log_out(self, connection: Connection, token: str) -> None:
        """Ends a session; its agent is gone at once, unless another desk of theirs is open."""
        connection.execute(_S.delete().where(_S.c.token == _digest(token)))

    # --- presence

    @writes
    def alive(self, connection: Connection, agent_id: int) -> None:
        """A sign of life from an agent's open desk."""
        connection.execute(_A.update().where(_A.c.id == agent_id).values(seen_at=now()))

    @writes
    def left(self, connection: Connection, agent_id: int) -> None:
        """The agent has closed the desk for good; they are gone at once."""
        connection.execute(_A.update().where(_A.c.id == agent_id).values(seen_at=None))

    @writes
    def set_away(self, connection: Connection, agent_id: int, away: bool) -> None:
        """Whether the agent gets new conversations."""
        connection.execute(_A.update().where(_A.c.id == agent_id).values(away=away))

    @reads
    def everyone(self, connection: Connection, presence: timedelta) -> list[dict[str, Any]]:
        """All agents: `id`, `login`, `name`, `state` (there, away, gone), `seen_at`, `open`.

        Args:
            connection: a look at the data.
            presence: without a sign of life for so long, an agent counts as gone.
        """
        conversations = schema.conversations
        held = (
            sa.select(sa.func.count())
            .select_from(conversations)
            .where(conversations.c.agent_id == _A.c.id, conversations.c.owner == "human")
            .scalar_subquery()
        )
        rows = connection.execute(sa.select(_A, held.label("open")).order_by(_A.c.name))
        since = now() - presence
        return [
            {
                "id": row.id,
                "login": row.login,
                "name": row.name,
                "state": "gone"
                if row.seen_at is None or row.seen_at <= since
                else "away"
                if row.away
                else "there",
                "seen_at": stamp(row.seen_at),
                "open": row.open,
            }
            for row in rows
        ]

    # --- integrations

    @writes
    def make_token(self, connection: Connection, login: str, name: str) -> str | None:
        """A new token by which a program works in an agent's name; None: no such agent."""
        row = connection.execute(sa.select(_A).where(_A.c.login == login)).first()
        if row is None:
            return None
        token = "myna_" + secrets.token_urlsafe(32)
        connection.execute(
            schema.tokens.insert().values(
                digest=_digest(token), name=name, agent_id=row.id, created_at=now()
            )
        )
        return token

    @reads
    def of_token(self, connection: Connection, token: str) -> Agent | None:
        """The agent in whose name a program works."""
        tokens = schema.tokens
        query = sa.select(_A).join(tokens).where(tokens.c.digest == _digest(token))
        row = connection.execute(query).first()
        return _agent(row) if row else None


def _agent(row: Any) -> Agent:
    return Agent(row.id, row.login, row.name, row.away)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
