"""Makes the hub's tables, witnesses in them, and the agents' accounts: `... prepare ADDRESS`.

A process of its own, so that the tables are those of the product's copy that is looked at.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from myna.child import finish
from myna.database import Database
from myna.hub.agents import Agents
from tests.faults import witness

ACCOUNTS = {"linh": "Linh's password", "aisyah": "Aisyah's password"}


def prepared(url: str, environment: Mapping[str, str], folder: Path) -> None:
    """Prepares an empty database.

    Args:
        url: SQLAlchemy's address of it.
        environment: names the product's copy.
        folder: for the log.
    """
    command = [sys.executable, "-P", "-m", "tests.faults.prepare", url]
    finish(command, environment, folder, folder / "prepare.log")


async def _prepare(url: str) -> None:
    database = Database(url)
    database.migrate("hub")
    agents = Agents(database)
    for login, password in ACCOUNTS.items():
        await agents.ensure(login, login.title(), password)
    await database.write(witness.install)
    await database.close()


if __name__ == "__main__":
    asyncio.run(_prepare(sys.argv[1]))
