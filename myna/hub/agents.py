"""Agents' accounts and their log-ins at the desk."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from datetime import timedelta

import sqlalchemy as sa

from myna.database import Database, carried_out
from myna.hub import schema
from myna.hub.model import Agent, now

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


@carried_out
class Agents:
    """Accounts and sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self, login: str, name: str, password: str) -> None:
        """Makes the account, or gives it this password if it has another."""
        async with self._database.write() as connection:
            row = (await connection.execute(sa.select(_A).where(_A.c.login == login))).first()
            if row is None:
                await connection.execute(
                    _A.insert().values(
                        login=login, name=name, password=hash_password(password), created_at=now()
                    )
                )
            elif not check_password(password, row.password):
                await connection.execute(
                    _A.update().where(_A.c.id == row.id).values(password=hash_password(password))
                )

    async def log_in(self, login: str, password: str) -> tuple[Agent, str] | None:
        """The agent and a new session's token; None if log-in or password is wrong."""
        async with self._database.read() as connection:
            row = (await connection.execute(sa.select(_A).where(_A.c.login == login))).first()
        # in a thread, for it takes its time on purpose
        right = await asyncio.to_thread(check_password, password, row.password if row else _NOBODY)
        if not right or row is None:
            return None
        token = secrets.token_urlsafe(32)
        async with self._database.write() as connection:
            await connection.execute(_S.delete().where(_S.c.expires_at < now()))
            await connection.execute(
                _S.insert().values(
                    token=_digest(token), agent_id=row.id, expires_at=now() + _SESSION
                )
            )
        return Agent(row.id, row.login, row.name), token

    async def of_session(self, token: str) -> Agent | None:
        """The agent whose session this is."""
        query = sa.select(_A).join(_S).where(_S.c.token == _digest(token), _S.c.expires_at > now())
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return Agent(row.id, row.login, row.name) if row else None

    async def log_out(self, token: str) -> None:
        """Ends a session."""
        async with self._database.write() as connection:
            await connection.execute(_S.delete().where(_S.c.token == _digest(token)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
