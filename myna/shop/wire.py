"""A shop's records as JSON, in one place for both ends of the line and for their description.

What travels follows from the dataclasses of `myna.shop.model`: field for field, with the names
they have there. Reading is strict about what Myna relies on (types, choices, aware moments, one
currency in an order, no control characters, http links) and indifferent to fields that it does
not know, so that a shop can add some. A field that has a default in the model may be missing.
Amounts travel as strings: JSON numbers would lose digits.
"""

from __future__ import annotations

import dataclasses
import json
import re
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from myna.shop.limits import MAX_MESSAGE, check_text
from myna.shop.model import Order

MAX_TEXT = 500
"""Characters in any text."""
MAX_LINES = 500
"""Entries of any list."""
MAX_NUMBER = 10**9
"""No count is higher."""

MIN_YEAR, MAX_YEAR = 1990, 2200

PATTERNS = {
    "amount": r"[0-9]{1,15}(\.[0-9]{1,4})?",
    "country": r"[A-Z]{2}",
    "currency": r"[A-Z]{3}",
    "e164": r"\+[1-9][0-9]{6,14}",
    "url": r"https?://[^\s/\"'<>]+[^\s\"'<>]*",
}
"""Forms of texts, by their marks in the model."""
LEAST = {"count": 0, "positive": 1}
"""Lowest values of whole numbers, by their marks in the model."""

_T = TypeVar("_T")
_BREAKS = re.compile(r"[\t\r\n]+")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class WireError(ValueError):
    """An answer that is not what was agreed; the message names the field, never its content."""


def loads(body: bytes) -> dict[str, Any]:
    """A JSON object from a body; anything else raises WireError."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError(f"no JSON ({type(error).__name__})") from None
    if not isinstance(value, dict):
        raise WireError("the answer is no object")
    return value


def to_json(value: object) -> Any:
    """A record of the model as JSON values."""
    if dataclasses.is_dataclass(value):
        cls: Any = type(value)
        return {name: to_json(getattr(value, name)) for name in fields_of(cls)}
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [to_json(part) for part in value]
    if isinstance(value, dict):
        return {key: to_json(part) for key, part in value.items()}
    return value


def from_json(cls: type[_T], value: object) -> _T:
    """A record of the model from JSON values; raises WireError with the field at fault."""
    record: _T = _read(cls, value, "")
    if isinstance(record, Order):
        _check_order(record)
    return record


def list_to_json(records: tuple[Any, ...]) -> dict[str, Any]:
    """Several records; an object, so that something can be added beside them."""
    return {"list": [to_json(record) for record in records]}


def list_from_json(cls: type[_T], value: Mapping[str, Any]) -> tuple[_T, ...]:
    """Several records; raises WireError."""
    lines = value.get("list")
    if not isinstance(lines, list) or len(lines) > MAX_LINES:
        raise WireError(f"list: no list of at most {MAX_LINES}")
    return tuple(_read(cls, line, f"list.{index}") for index, line in enumerate(lines))


def error_to_json(code: str, message: str, **more: str) -> dict[str, Any]:
    """The body of an answer that is an error."""
    return {"error": {"code": code, "message": message, **more}}


def error_from_json(value: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Code of an error and what stands beside it; raises WireError."""
    error = _read(dict[str, Any], value.get("error"), "error")
    code = _read(str, error.get("code"), "error.code")
    return code, {name: more for name, more in error.items() if isinstance(more, str)}


@cache
def fields_of(cls: type) -> dict[str, tuple[Any, bool]]:
    """Fields of a record of the model: their types, and whether they may be missing."""
    hints = typing.get_type_hints(cls, include_extras=True)
    missing = dataclasses.MISSING
    return {
        field.name: (
            hints[field.name],
            field.default is not missing or field.default_factory is not missing,
        )
        for field in dataclasses.fields(cls)
    }


def _check_order(order: Order) -> None:
    if not order.items:
        raise WireError("items: empty")
    amounts = [order.shipping_fee, order.total, order.amount_due]
    amounts += [item.unit_price for item in order.items]
    amounts += [order.refund] if order.refund else []
    if len({money.currency for money in amounts}) > 1:
        raise WireError("several currencies in one order")


def _read(kind: Any, value: Any, path: str) -> Any:
    """What `value` is as a `kind`, which is a type as it stands in the model."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _read(arguments[0], value, path)
    if origin is Annotated:
        return _read_marked(arguments[0], arguments[1], value, path)
    if origin is Literal:
        return _read_choice(arguments, value, path)
    if origin is tuple:
        return _read_list(arguments[0], value, path)
    if origin is dict:
        return _read_dict(arguments[1], value, path)
    if dataclasses.is_dataclass(kind):
        return _read_record(kind, value, path)
    if kind is Decimal:
        return Decimal(_read_marked(str, "amount", value, path))
    if kind in (datetime, date):
        return _read_time(kind, value, path)
    if kind is bool:
        if not isinstance(value, bool):
            raise WireError(f"{path}: no truth value")
        return value
    return value if kind is Any else _read_text(value, path)


def _read_record(cls: Any, value: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise WireError(f"{path or 'the answer'}: no object")
    found = {}
    for name, (kind, may_be_missing) in fields_of(cls).items():
        if name in value or not may_be_missing:
            found[name] = _read(kind, value.get(name), f"{path}.{name}".lstrip("."))
    try:
        return cls(**found)
    except WireError:
        raise
    except ValueError as error:  # what the record itself says of its fields
        raise WireError(f"{path or cls.__name__}: {error}") from None


def _read_list(kind: Any, value: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) > MAX_LINES:
        raise WireError(f"{path}: no list of at most {MAX_LINES}")
    return tuple(_read(kind, part, f"{path}.{index}") for index, part in enumerate(value))


def _read_dict(kind: Any, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, Mapping) or len(value) > MAX_LINES:
        raise WireError(f"{path}: no object")
    return {
        _read_text(key, path): _read(kind, part, f"{path}.{key}") for key, part in value.items()
    }


def _read_choice(choices: tuple[Any, ...], value: Any, path: str) -> Any:
    if value not in choices:
        raise WireError(f"{path}: unknown")
    return value


def _read_marked(kind: Any, mark: str, value: Any, path: str) -> Any:
    if kind is int:
        least = LEAST[mark]
        if (
            not isinstance(value, int)
            or isinstance(value, bool)
            or not least <= value <= MAX_NUMBER
        ):
            raise WireError(f"{path}: no whole number from {least}")
        return value
    if mark == "long":
        return _read_long_text(value, path)
    text = _read_text(value, path, least=0 if mark == "maybe_empty" else 1)
    if mark in PATTERNS and not re.fullmatch(PATTERNS[mark], text):
        raise WireError(f"{path}: not of the agreed form")
    return text


def _read_text(value: Any, path: str, least: int = 1) -> str:
    if not isinstance(value, str):
        raise WireError(f"{path}: {'missing' if value is None else 'no text'}")
    value = _BREAKS.sub(" ", value).strip()
    if not least <= len(value) <= MAX_TEXT:
        raise WireError(f"{path}: not {least}-{MAX_TEXT} characters")
    if _FORBIDDEN.search(value):
        raise WireError(f"{path}: control characters or half a character")
    return value


def _read_long_text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise WireError(f"{path}: no text")
    try:
        check_text(value, MAX_MESSAGE)
    except ValueError as error:
        raise WireError(f"{path}: {error}") from None
    return value


def _read_time(kind: type[date], value: Any, path: str) -> date:
    text = _read_text(value, path)
    try:
        parsed = kind.fromisoformat(text)
    except ValueError:
        raise WireError(f"{path}: not ISO 8601") from None
    if isinstance(parsed, datetime) and parsed.tzinfo is None:
        raise WireError(f"{path}: without time zone")
    # at the ends of the calendar a change of time zone overflows
    if not MIN_YEAR <= parsed.year <= MAX_YEAR:
        raise WireError(f"{path}: not of our time")
    return parsed
