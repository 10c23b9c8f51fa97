"""The description of the interface: in step with the types, and true of the demo shop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import requests
import yaml

from myna.shop import openapi
from myna.shop.demo.faults import Faults
from myna.shop.operations import OPERATIONS
from myna.shop.protocol import Shop

from .conftest import TOKEN

WHO = {"contact": "lan.nguyen@example.com"}
ADDRESS = {
    "street": "1 Lê Lợi",
    "district": "",
    "city": "Huế",
    "postcode": "",
    "country": "VN",
}
# operation → (parameter of the path, query, body) of a call that succeeds
CALLS: dict[str, tuple[str, dict[str, Any], dict[str, Any] | None]] = {
    "get_order": ("DH-20431", {}, None),
    "cancel_order": ("DH-20427", {}, {"reason": "changed my mind"}),
    "send_message": ("DH-20413", {}, {"contact": "email", "text": "Mã:\n123456"}),
    "list_orders": ("", {}, WHO),
    "change_delivery": ("DH-20427", {}, {"address": ADDRESS, "window": "evening"}),
    "get_invoice": ("DH-20413", {}, None),
    "send_invoice": ("DH-20413", {}, {"contact": "email"}),
    "open_return": ("DH-20408", {}, {"items": [{"sku": "RC-180"}], "reason": "faulty"}),
    "list_returns": ("MY-10501", {}, None),
    "list_refunds": ("DH-20450", {}, None),
    "list_warranties": ("DH-20408", {}, None),
    "get_warranty": ("LHMW20-2601-00310", {}, None),
    "find_warranties": ("", {}, {"who": WHO, "product": "noi com"}),
    "book_repair": ("", {}, {"symptom": "broken", "serial": "LHMW20-2601-00310"}),
    "get_repair": ("RP-4902", {}, None),
    "list_repairs": ("", {}, WHO),
    "search_products": ("", {"text": "noi com", "language": "vi", "limit": 3}, None),
    "get_product": ("AF-700D", {}, None),
    "list_products": ("", {"page": 1}, None),
    "get_catalogue": ("", {"language": "ms"}, None),
    "get_loyalty": ("", {}, WHO),
    "list_subscriptions": ("", {}, WHO),
    "renew_subscription": ("SB-1101", {}, None),
    "get_customer": ("C-V03123456", {}, None),
}


@pytest.fixture(scope="module")
def document() -> Any:
    return yaml.safe_load(openapi.FILE.read_text(encoding="utf-8"))


def test_the_file_is_in_step_with_the_types() -> None:
    text = openapi.FILE.read_text(encoding="utf-8")
    assert text == openapi.render(), "run: python -m myna.shop.openapi"


def test_every_call_of_the_shop_is_described_and_nothing_else(document: Any) -> None:
    described = {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    }
    own = {name for name in vars(Shop) if not name.startswith("_")}
    assert described == own == {operation.name for operation in OPERATIONS} | {"health"}
    assert set(CALLS) == own - {"health"}


def test_everything_has_a_description(document: Any) -> None:
    for name, schema in document["components"]["schemas"].items():
        if name == "Error":
            continue
        assert schema["description"], name
        for field, its in schema["properties"].items():
            assert its.get("description"), f"{name}.{field}"


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (its for key, its in value.items() if key == "$ref")
        for its in value.values():
            yield from references(its)
    elif isinstance(value, list):
        for its in value:
            yield from references(its)


def test_references_lead_somewhere_and_schemas_are_ones(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for reference in references(document):
        assert reference.rpartition("/")[2] in schemas
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def check(document: Any, schema: dict[str, Any], value: Any) -> None:
    """Raises unless the value is as the schema says."""
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(
        value
    )


def call(service: str, name: str, token: str = TOKEN, **headers: str) -> requests.Response:
    operation = next(operation for operation in OPERATIONS if operation.name == name)
    parameter, query, body = CALLS[name]
    before, brace, rest = operation.path.partition("{")
    path = before + parameter + rest.partition("}")[2] if brace else operation.path
    usual = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key-{name}"}
    return requests.request(
        operation.method,
        service + path,
        params=query,
        json=body,
        headers=usual | headers,
        timeout=10,
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_demo_answers_as_described(document: Any, service: str, operation: Any) -> None:
    described = document["paths"][operation.path][operation.method.lower()]
    _, _, body = CALLS[operation.name]
    if body is not None:
        check(document, described["requestBody"]["content"]["application/json"]["schema"], body)
    answer = call(service, operation.name)
    assert answer.status_code == operation.status, answer.text
    responses = described["responses"]
    content = responses[str(operation.status)]["content"]["application/json"]
    check(document, content["schema"], answer.json())
    assert not operation.many or answer.json()["list"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_errors_are_as_described(
    document: Any, service: str, faults: Faults, operation: Any
) -> None:
    answer = call(service, operation.name, token="wrong")
    assert answer.status_code == 401
    error = {"$ref": "#/components/schemas/Error"}
    check(document, error, answer.json())
    described = document["paths"][operation.path][operation.method.lower()]["responses"]
    assert ("404" in described) == bool(operation.missing)
    assert ("409" in described) == bool(operation.refused or operation.declines)
    assert ("422" in described) == (not operation.safe)
