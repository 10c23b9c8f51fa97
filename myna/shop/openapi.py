"""The OpenAPI 3.1 description of the interface that a shop offers to Myna: `docs/shop-api.yaml`.

All of it follows from `myna.shop.operations` and `myna.shop.model`, descriptions included.
`python -m myna.shop.openapi` writes the file. Specification: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
import types
import typing
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal

import yaml

from myna.settings import PROJECT
from myna.shop import wire
from myna.shop.limits import MAX_MESSAGE
from myna.shop.model import ORDER_STATES
from myna.shop.operations import OPERATIONS, Operation

FILE = PROJECT / "docs" / "shop-api.yaml"

_REFERENCE = "#/components/schemas/"
_HEAD = "# Made by `python -m myna.shop.openapi` from myna/shop; a test keeps it in step.\n"
_ABOUT = """
What a shop's own system offers so that Myna can ask it. docs/connect-your-shop.md says how to
begin, and what to mind.

- Every request carries `Authorization: Bearer <token>`, but for addresses of files and pictures.
- A request that changes something carries an `Idempotency-Key`. The same key with the same request
  gives the first outcome again, and nothing is done twice.
- What your system does not have is answered with 501 `not_offered`; customers are then led to a
  person.
- Unknown fields are let pass, so you may add some. Line breaks within a text become spaces.
""".strip()
_Schema = dict[str, Any]


def document() -> _Schema:
    """The whole description."""
    records = sorted(_records(), key=lambda cls: cls.__name__)
    paths: dict[str, _Schema] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    paths["/health"] = {"get": _health()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "A shop, as Myna asks it", "version": "1", "description": _ABOUT},
        "servers": [{"url": "https://shop.example/myna"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {cls.__name__: _record(cls) for cls in records} | {"Error": _error()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def render() -> str:
    """The file's text."""
    text: str = yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=100)
    return f"{_HEAD}---\n{text}"


def _records() -> set[Any]:
    """Every record that travels."""
    found: set[Any] = set()
    waiting: list[Any] = [operation.result for operation in OPERATIONS]
    waiting += [operation.body for operation in OPERATIONS if operation.body]
    while waiting:
        kind = waiting.pop()
        waiting += typing.get_args(kind) if typing.get_origin(kind) is not Literal else ()
        if dataclasses.is_dataclass(kind) and kind not in found:
            found.add(kind)
            waiting += [
                field_kind for field_kind, _ in wire.fields_of(typing.cast(type, kind)).values()
            ]
    return found


def _record(cls: type) -> _Schema:
    about = _docs(cls)
    fields = wire.fields_of(cls)
    required = [
        name
        for name, (kind, may_be_missing) in fields.items()
        if not may_be_missing and type(None) not in typing.get_args(kind)
    ]
    properties = {
        name: _described(_schema(kind), about.get(name, "")) for name, (kind, _) in fields.items()
    }
    schema: _Schema = {"type": "object", "description": _about(cls), "properties": properties}
    return schema | ({"required": required} if required else {})


def _schema(kind: Any) -> _Schema:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [_schema(arguments[0]), {"type": "null"}]}
    if origin is Annotated:
        return _marked(arguments[0], arguments[1])
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0]), "maxItems": wire.MAX_LINES}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    if dataclasses.is_dataclass(kind):
        return {"$ref": f"{_REFERENCE}{kind.__name__}"}  # type: ignore[union-attr]
    return {
        Decimal: _marked(str, "amount"),
        bool: {"type": "boolean"},
        datetime: {"type": "string", "format": "date-time"},
        date: {"type": "string", "format": "date"},
        str: {"type": "string", "minLength": 1, "maxLength": wire.MAX_TEXT},
    }[kind]


def _marked(kind: Any, mark: str) -> _Schema:
    if kind is int:
        return {"type": "integer", "minimum": wire.LEAST[mark], "maximum": wire.MAX_NUMBER}
    if mark in wire.PATTERNS:
        return {"type": "string", "pattern": f"^{wire.PATTERNS[mark]}$"}
    least, most = {"maybe_empty": (0, wire.MAX_TEXT), "long": (1, MAX_MESSAGE)}[mark]
    return {"type": "string", "minLength": least, "maxLength": most}


def _described(schema: _Schema, about: str) -> _Schema:
    return schema | ({"description": about} if about else {})


def _operation(operation: Operation[Any]) -> _Schema:
    result = _schema(operation.result)
    if operation.many:
        items = {"type": "array", "items": result, "maxItems": wire.MAX_LINES}
        result = {"type": "object", "properties": {"list": items}, "required": ["list"]}
    answers = {
        str(operation.status): _answer("It is done." if not operation.safe else "Here.", result)
    }
    answers |= {status: _answer(text, _schema_of_error()) for status, text in _errors(operation)}
    found: _Schema = {
        "operationId": operation.name,
        "tags": [operation.capability],
        "summary": operation.summary,
        "parameters": list(_parameters(operation)),
        "responses": answers,
    }
    if operation.body:
        content = {"application/json": {"schema": _schema(operation.body)}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _parameters(operation: Operation[Any]) -> Iterator[_Schema]:
    for name in re.findall(r"\{(\w+)\}", operation.path):
        schema = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name in operation.query:
        kind = "integer" if name in ("page", "limit") else "string"
        yield {"name": name, "in": "query", "required": False, "schema": {"type": kind}}
    if not operation.safe:
        schema = {"type": "string", "pattern": "^[!-~]{1,200}$"}
        yield {"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema}


def _errors(operation: Operation[Any]) -> Iterator[tuple[str, str]]:
    yield "401", "The token is missing or wrong."
    if operation.missing:
        codes = ", ".join(f"`{what}_not_found`" for what in operation.missing)
        yield "404", f"There is no such thing; code {codes}."
    conflicts = []
    if operation.refused:
        conflicts.append("the order's state does not allow it: code `refused`, with its `state`")
    if operation.declines:
        reasons = ", ".join(f"`{reason}`" for reason in operation.declines)
        conflicts.append(f"a rule does not: code `declined`, with a `reason`: {reasons}")
    if conflicts:
        yield "409", f"Nothing was done: {'; or '.join(conflicts)}."
    if not operation.safe:
        yield "422", "The key came before with another request; code `idempotency_key_reused`."
    yield "501", "Your system has no such thing; code `not_offered`."
    yield "503", "Not now, and certainly nothing was done; code `unavailable`."


def _answer(text: str, schema: _Schema) -> _Schema:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _schema_of_error() -> _Schema:
    return {"$ref": f"{_REFERENCE}Error"}


def _error() -> _Schema:
    fields: _Schema = {
        "code": {"type": "string", "description": "Stays the same; Myna goes by it."},
        "message": {"type": "string", "description": "For people who look for a mistake."},
        "state": {"type": "string", "enum": list(ORDER_STATES)},
        "reason": {"type": "string"},
    }
    error = {"type": "object", "properties": fields, "required": ["code", "message"]}
    return {"type": "object", "properties": {"error": error}, "required": ["error"]}


def _health() -> _Schema:
    return {
        "operationId": "health",
        "tags": ["orders"],
        "summary": "Whether the shop answers at present",
        "responses": {"200": {"description": "It does."}, "503": {"description": "It does not."}},
    }


def _about(cls: type) -> str:
    """The docstring without what it raises, which is for Python only."""
    return inspect.cleandoc(cls.__doc__ or "").partition("\n\nRaises:")[0].replace("\n", " ")


@cache
def _docs(cls: type) -> dict[str, str]:
    """The texts below the fields of a record."""
    (definition,) = ast.parse(inspect.cleandoc(inspect.getsource(cls))).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - it is the source of a class
    found: dict[str, str] = {}
    name = ""
    for node in definition.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[name] = " ".join(str(node.value.value).split())
            name = ""
    return found


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
