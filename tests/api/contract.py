"""Holds what the server answers against what it says of itself."""

from __future__ import annotations

import copy
import re
from typing import Any

import aiohttp
from jsonschema import Draft4Validator

from myna.openapi import PATH

Schema = dict[str, Any]

BEFORE_ANY_ROUTE = {404, 405}
"""Codes of requests that no operation is meant by."""


class Contract:
    """An OpenAPI document, taken at its word and more: what it does not name must not be there."""

    def __init__(self, document: Schema) -> None:
        self.document = document
        self._schemas = _closed(copy.deepcopy(document["components"]))["schemas"]
        self._paths = [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path)
            for path in document["paths"]
        ]

    def operation(self, method: str, path: str) -> Schema | None:
        """The operation that a request means."""
        for pattern, name in self._paths:
            if pattern.fullmatch(path):
                found: Schema | None = self.document["paths"][name].get(method.lower())
                return found
        return None

    def check_answer(self, method: str, path: str, status: int, body: Any) -> None:
        """Fails unless this answer is described."""
        operation = self.operation(method, path.partition("?")[0])
        if operation is None:
            assert status in BEFORE_ANY_ROUTE, f"{method} {path} is not described"
            return
        responses = operation["responses"]
        assert str(status) in responses, f"{method} {path} gave {status}: {body}"
        self._check(responses[str(status)]["content"]["application/json"]["schema"], body)

    def check_event(self, path: str, kind: str, data: Any) -> None:
        """Fails unless a stream may bring this event."""
        operation = self.operation("GET", path)
        assert operation
        content = operation["responses"]["200"]["content"]["text/event-stream"]
        self._check(content["x-events"][kind], data)

    def _check(self, schema: Schema, value: Any) -> None:
        whole = {**schema, "components": {"schemas": self._schemas}}
        errors = [f"{list(e.path)}: {e.message}" for e in Draft4Validator(whole).iter_errors(value)]
        assert not errors, errors


def _closed(node: Any) -> Any:
    """As JSON Schema has it, where null is a type, and without room for what is not named."""
    if isinstance(node, list):
        return [_closed(part) for part in node]
    if not isinstance(node, dict):
        return node
    found = {name: _closed(part) for name, part in node.items()}
    if found.get("properties") and found.get("type") == "object":
        found["additionalProperties"] = False
    return {"anyOf": [found, {"type": "null"}]} if found.pop("nullable", False) else found


_known: dict[str, Contract] = {}


async def contract_of(address: str, http: aiohttp.ClientSession) -> Contract:
    """What the server at this address says of itself."""
    if address not in _known:
        async with http.get(address + PATH) as response:
            _known[address] = Contract(await response.json())
    return _known[address]
