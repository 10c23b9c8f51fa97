"""The server's own description is whole, well-formed, and what the server really does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from myna.openapi import PATH
from tests.api.contract import Contract
from tests.api.described import APP, DOCUMENT
from tests.clients import Browsers, raw

SCHEMAS = DOCUMENT["components"]["schemas"]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def parts(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in it."""
    if isinstance(node, dict):
        yield node
        for part in node.values():
            yield from parts(part)
    elif isinstance(node, list):
        for part in node:
            yield from parts(part)


async def test_it_is_served(front: str, browser_of: Browsers) -> None:
    async with browser_of().get(front + PATH) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "application/json"
        assert await response.json() == json.loads(json.dumps(DOCUMENT))


def test_it_is_openapi() -> None:
    schemathesis.openapi.from_dict(json.loads(json.dumps(DOCUMENT))).validate()
    assert DOCUMENT["openapi"].startswith("3.0.")


def test_no_part_of_the_api_is_left_out() -> None:
    served = {
        (method, "/" + route.path)
        for route in APP.router.routes
        for method in route.methods
        if route.path.startswith("api/v1/")
    } - {("GET", PATH)}
    named = {
        (method, path.replace("{", "<").replace("}", ":str>")) for method, path, _ in operations()
    }
    assert served == named
    assert len(named) > 25


def test_everything_has_its_words() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    for method, path, operation in operations():
        assert operation["summary"], (method, path)
        for parameter in operation["parameters"]:
            assert parameter["in"] == "path" or parameter["description"], (path, parameter)
        body = operation.get("requestBody")
        if body:
            name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            for field, schema in SCHEMAS[name]["properties"].items():
                assert schema["description"], (name, field)
    for name, schema in SCHEMAS.items():
        assert schema["description"], name


def test_references_lead_somewhere() -> None:
    used = {part["$ref"].rpartition("/")[2] for part in parts(DOCUMENT) if "$ref" in part}
    assert used == set(SCHEMAS)
    schemes = set(DOCUMENT["components"]["securitySchemes"])
    needed = {name for _, _, one in operations() for by in one["security"] for name in by}
    assert needed == schemes


def test_what_may_be_null_says_so() -> None:
    summary = SCHEMAS["Summary"]
    assert set(summary["required"]) == set(summary["properties"])
    assert summary["properties"]["agent"]["nullable"] is True
    assert summary["properties"]["last_message"]["nullable"] is True
    assert "nullable" not in summary["properties"]["owner"]
    change = SCHEMAS["CaseChange"]
    assert change["required"] == ["version"]
    assert change["properties"]["phone"]["nullable"] is True
    assert "nullable" not in change["properties"]["state"]
    assert None in SCHEMAS["NewCase"]["properties"]["priority"]["enum"]


def test_programs_must_bear_with_more_but_we_do_not() -> None:
    for method, path, operation in operations():
        if body := operation.get("requestBody"):
            name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert SCHEMAS[name]["additionalProperties"] is False, (method, path)
    assert "additionalProperties" not in SCHEMAS["Summary"]


def test_nothing_that_must_not_leave_is_named() -> None:
    answers = {
        part["$ref"].rpartition("/")[2]
        for _, path, operation in operations()
        if path.startswith("/api/v1/chat")
        for part in parts(operation["responses"])
        if "$ref" in part
    }
    seen: set[str] = set()
    while answers - seen:
        name = (answers - seen).pop()
        seen.add(name)
        answers |= {
            part["$ref"].rpartition("/")[2] for part in parts(SCHEMAS[name]) if "$ref" in part
        }
    fields = {field for name in seen for field in SCHEMAS[name].get("properties", {})}
    assert not fields & {"phone", "email", "payload", "slots", "case", "password", "proof"}
    everywhere = [
        (field, name) for name in SCHEMAS for field in SCHEMAS[name].get("properties", {})
    ]
    assert [name for field, name in everywhere if field in ("password", "payload")] == ["Login"]


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [(m, p, o["security"]) for m, p, o in operations()],
    ids=[f"{m} {p}" for m, p, _ in operations()],
)
async def test_nobody_gets_in_otherwise(
    front: str, method: str, path: str, needed: list[dict[str, Any]]
) -> None:
    url = path.replace("{", "").replace("}", "")
    status, body = await raw(front, f"{method} {url}", {}, b"{}")
    expected = {0: (200, 422), 1: (401, 403)}[bool(needed)]
    assert status in expected
    if status != 200:
        Contract(DOCUMENT).check_answer(method, url, status, body)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "x", "message": "y"}, "more": 1},
        {"error": {"code": "x", "message": "y", "password": "z"}},
        {"error": {"code": "x"}},
        {"error": None},
        {},
        [],
    ],
)
def test_the_tests_own_check_finds_what_is_wrong(body: Any) -> None:
    contract = Contract(DOCUMENT)
    contract.check_answer("GET", "/api/v1/desk/me", 401, {"error": {"code": "x", "message": "y"}})
    with pytest.raises(AssertionError):
        contract.check_answer("GET", "/api/v1/desk/me", 401, body)
    with pytest.raises(AssertionError):
        contract.check_answer("GET", "/api/v1/desk/me", 418, {})
    with pytest.raises(AssertionError):
        contract.check_event("/api/v1/desk/events", "typing", {"on": "yes"})
