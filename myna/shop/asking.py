"""One call of the HTTP interface: how it is asked, and what an answer means.

See `myna.shop.http` for the interface.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from myna.shop import wire
from myna.shop.limits import check_key, possible_number
from myna.shop.model import (
    ORDER_STATES,
    Absent,
    Declined,
    NotDone,
    NotFound,
    NotOffered,
    Refused,
    Unavailable,
    Uncertain,
)
from myna.shop.operations import Operation
from myna.shop.protocol import IdempotencyKeyReused
from myna.shop.transport import Answer, Transport, trouble_of

_R = TypeVar("_R")
_S = TypeVar("_S")
_Failure = NotFound | Refused | Declined | NotOffered


class Asker:
    """Makes requests of operations, and results of answers.

    Each call may be given a `check` of its result, which raises `wire.WireError`.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def ask(
        self,
        operation: Operation[_R],
        parameter: str | None = None,
        body: object = None,
        query: dict[str, str] | None = None,
        check: Callable[[_R], None] = lambda result: None,
    ) -> _R | Absent:
        """One record."""

        def read(answer: Answer) -> _R | _Failure:
            if answer.status != operation.status:
                return _failure(answer, operation)
            result = wire.from_json(operation.result, wire.loads(answer.body))
            check(result)
            return result

        return self._safe(operation, parameter, read, body, query)

    def ask_many(
        self,
        operation: Operation[_R],
        parameter: str | None = None,
        body: object = None,
        query: dict[str, str] | None = None,
    ) -> tuple[_R, ...] | Absent:
        """Several records."""

        def read(answer: Answer) -> tuple[_R, ...] | _Failure:
            if answer.status != operation.status:
                return _failure(answer, operation)
            return wire.list_from_json(operation.result, wire.loads(answer.body))

        return self._safe(operation, parameter, read, body, query)

    def _safe(
        self,
        operation: Operation[Any],
        parameter: str | None,
        read: Callable[[Answer], _S | _Failure],
        body: object,
        query: dict[str, str] | None,
    ) -> _S | Absent:
        if parameter is not None and not possible_number(parameter):
            return NotFound(operation.missing[0])
        path = _path(operation, parameter, query)
        result = self._transport.call(operation.method, path, read, body=wire.to_json(body))
        if isinstance(result, Refused | Declined | Uncertain):
            return Unavailable(getattr(result, "reason", "refused what cannot be refused"))
        return result

    def do(
        self,
        operation: Operation[_R],
        parameter: str | None,
        key: str,
        body: object = None,
        check: Callable[[_R], None] = lambda result: None,
    ) -> _R | NotDone:
        """Something that is to happen once."""
        check_key(key)
        if parameter is not None and not possible_number(parameter):
            return NotFound(operation.missing[0])

        def read(answer: Answer) -> _R | _Failure:
            if answer.status != operation.status:
                return _failure(answer, operation)
            result = wire.from_json(operation.result, wire.loads(answer.body))
            check(result)
            return result

        path = _path(operation, parameter, None)
        return self._transport.call(
            operation.method,
            path,
            read,
            body=wire.to_json(body),
            headers={"Idempotency-Key": key},
            changes=True,
        )


def _path(operation: Operation[Any], parameter: str | None, query: dict[str, str] | None) -> str:
    path = re.sub(r"\{\w+\}", parameter or "", operation.path)
    return f"{path}?{urlencode(query)}" if query else path


def _failure(answer: Answer, operation: Operation[Any]) -> _Failure:
    """What an answer that is an error means; raises Trouble if it is none of those agreed on."""
    status = answer.status
    try:
        code, more = wire.error_from_json(wire.loads(answer.body))
    except wire.WireError:
        code, more = "", {}
    for what in operation.missing:
        if (status, code) == (404, f"{what}_not_found"):
            return NotFound(what)
    if (status, code) == (409, "refused") and operation.refused:
        for state in ORDER_STATES:
            if more.get("state") == state:
                return Refused(state)
    if (status, code) == (409, "declined"):
        for reason in operation.declines:
            if more.get("reason") == reason:
                return Declined(reason)
    if (status, code) == (501, "not_offered"):
        return NotOffered(operation.capability)
    if (status, code) == (422, "idempotency_key_reused"):
        raise IdempotencyKeyReused("the key belongs to another request")
    raise trouble_of(answer, nothing_done=(status, code) == (503, "unavailable"))
