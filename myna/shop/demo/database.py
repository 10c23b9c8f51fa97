"""How the demo shop reads and writes: in transactions, and what changes something once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from myna.shop import model, wire
from myna.shop.demo import schema
from myna.shop.limits import check_key
from myna.shop.model import Unavailable
from myna.shop.protocol import IdempotencyKeyReused

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Database:
    """Transactions on the demo shop's tables.

    Args:
        engine: from `schema.open_database`.
        clock: gives the present moment, aware.
    """

    def __init__(
        self, engine: sa.engine.Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = engine
        self.now = clock

    def read(self, read: Callable[[Any], _T]) -> _T | Unavailable:
        """What `read` finds in one transaction."""
        try:
            with self._engine.begin() as connection:
                return read(connection)
        except SQLAlchemyError as error:
            return _unavailable(error)

    def once(self, key: str, request: list[Any], act: Callable[[Any], _T]) -> _T | Unavailable:
        """Acts and keeps the outcome in one transaction, or gives the outcome of the first time."""
        check_key(key)
        kept = sa.select(schema.outcomes).where(schema.outcomes.c.key == key)
        try:
            with schema.writing(self._engine) as connection:
                if (row := connection.execute(kept).mappings().first()) is not None:
                    if row["request"] != request:
                        raise IdempotencyKeyReused("the key belongs to another request")
                    outcome: _T = _thaw(row["outcome"])
                    return outcome
                outcome = act(connection)
                values = {"key": key, "request": request, "outcome": _freeze(outcome)}
                connection.execute(
                    sa.insert(schema.outcomes).values(**values, at=self.now()),
                )
                return outcome
        except SQLAlchemyError as error:
            return _unavailable(error)


def _unavailable(error: SQLAlchemyError) -> Unavailable:
    # the text of the error holds parameters: contacts and one-time codes
    reason = f"database: {type(error).__name__}"
    _log.error("demo shop: %s", reason)
    return Unavailable(reason)


def _freeze(outcome: object) -> dict[str, Any]:
    return {type(outcome).__name__: wire.to_json(outcome)}


def _thaw(value: dict[str, Any]) -> Any:
    ((kind, body),) = value.items()
    return wire.from_json(getattr(model, kind), body)
