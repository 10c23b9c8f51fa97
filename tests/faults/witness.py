"""Triggers in the hub's database that note in which order things were really committed.

Clocks jump in these tests, so no timestamp tells whether a message was written before or after a
change of ownership. Beside each message the version is noted that the conversation had reached, and
beside both the last `seq` that it had before: an equal `base` means the same transaction.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_metadata = sa.MetaData()


def _table(name: str, *numbers: str) -> sa.Table:
    columns = (sa.Column(number, sa.Integer) for number in numbers)
    return sa.Table(name, _metadata, sa.Column("conversation_id", sa.String(40)), *columns)


witness_messages = _table("witness_messages", "seq", "version", "base")
witness_moves = _table("witness_moves", "version", "base")

_BASE = "(SELECT last_seq FROM conversations WHERE id = NEW.conversation_id)"
_VERSION = "(SELECT max(version) FROM ownership WHERE conversation_id = NEW.conversation_id)"
_NOTES = {
    "messages": f"INSERT INTO witness_messages VALUES"
    f" (NEW.conversation_id, NEW.seq, coalesce({_VERSION}, 1), {_BASE})",
    "ownership": f"INSERT INTO witness_moves VALUES (NEW.conversation_id, NEW.version, {_BASE})",
}


def install(connection: Connection) -> None:
    """Puts the triggers into a hub's database."""
    _metadata.create_all(connection)
    for table, note in _NOTES.items():
        when = f"CREATE TRIGGER witness_{table} AFTER INSERT ON {table}"
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"{when} BEGIN {note}; END")
            continue
        connection.exec_driver_sql(
            f"CREATE FUNCTION witness_{table}() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN {note}; RETURN NEW; END $$"
        )
        connection.exec_driver_sql(f"{when} FOR EACH ROW EXECUTE FUNCTION witness_{table}()")
