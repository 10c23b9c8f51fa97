from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.shop import wire
from myna.shop.demo.seed import demo_orders
from myna.shop.model import Order

ORDERS = demo_orders(datetime(2026, 11, 23, tzinfo=UTC))
TWO_PARCELS = next(order for order in ORDERS if order.number == "DH-20431")
REFUNDED = next(order for order in ORDERS if order.number == "DH-20450")


def body(order: Order = TWO_PARCELS) -> dict[str, Any]:
    return copy.deepcopy(wire.to_json(order))


def changed(path: str, value: Any) -> Any:
    """The JSON of an order with one value replaced."""
    result: Any = body()
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    target = result
    for step in way:
        target = target[step]
    target[last] = value
    return result


def test_orders_survive_the_way_there_and_back() -> None:
    for order in ORDERS:
        text = json.dumps(wire.to_json(order)).encode()
        assert wire.from_json(Order, wire.loads(text)) == order


def test_unknown_fields_are_let_pass() -> None:
    assert wire.from_json(Order, body() | {"gift_wrap": True}) == TWO_PARCELS


def test_line_breaks_within_a_text_become_spaces() -> None:
    order = wire.from_json(Order, changed("address.street", " 12 Nguyễn Trãi\r\n\tTầng 3 "))
    assert order.address.street == "12 Nguyễn Trãi Tầng 3"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("number", None),
        ("number", 20431),
        ("number", ""),
        ("state", "lost"),
        ("state", ["paid"]),
        ("placed_at", None),
        ("placed_at", "yesterday"),
        ("placed_at", "2026-11-23T10:00:00"),
        ("placed_at", "0001-01-01T00:00:00+14:00"),
        ("placed_at", 1764000000),
        ("customer", "x" * 501),
        ("customer", "Lan\x00"),
        ("customer", "Lan \ud83d"),
        ("phone", "0903 123 456"),
        ("phone", "+84٩٠٣١٢٣٤٥٦"),
        ("email", 5),
        ("address", None),
        ("address", "Hà Nội"),
        ("address.country", "Vietnam"),
        ("items", []),
        ("items", None),
        ("items", {}),
        ("items", [None]),
        ("items.0.quantity", 0),
        ("items.0.quantity", True),
        ("items.0.quantity", 1.5),
        ("items.0.unit_price", "5990000"),
        ("items.0.unit_price.currency", "MYR"),
        ("shipments", None),
        ("shipments.0.state", "pending"),
        ("shipments.0.tracking_url", "javascript:alert(1)"),
        ("shipments.0.tracking_url", 'https://x.example/"onclick='),
        ("shipments.0.expected_on", "23/11/2026"),
        ("shipments.0.skus", "RV-300"),
        ("shipments.0.skus", [1]),
        ("total", None),
        ("total.amount", 7020000),
        ("total.amount", "NaN"),
        ("total.amount", "-1"),
        ("total.amount", "1e400"),
        ("total.currency", "vnd"),
        ("payment_method", "barter"),
        ("paid", "true"),
        ("paid", 1),
        ("refund", []),
    ],
)
def test_a_malformed_field_is_named_and_its_content_is_not(path: str, value: Any) -> None:
    with pytest.raises(wire.WireError) as caught:
        wire.from_json(Order, changed(path, value))
    message = str(caught.value)
    assert path.split(".")[-1] in message or "currencies" in message
    if isinstance(value, str) and len(value) > 3:
        assert value not in message


@pytest.mark.parametrize(
    "text",
    [b"", b"<html>", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 200_000, b'{"a":' + b"9" * 9999],
    ids=["empty", "html", "list", "null", "text", "no utf-8", "deep", "long number"],
)
def test_a_body_that_is_no_object(text: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.loads(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = [*body(), "address.city", "items.0.sku", "items.0.quantity", "shipments.1.skus"]
FIELDS += ["shipments.1.delivered_at", "shipments.1.expected_on", "total.amount", "total.currency"]


@given(st.sampled_from(FIELDS), JSON)
def test_any_value_anywhere_gives_an_order_or_a_wire_error(path: str, value: Any) -> None:
    try:
        order = wire.from_json(Order, changed(path, value))
    except wire.WireError:
        return
    json.dumps(wire.to_json(order)).encode()
    order.placed_at.astimezone(UTC)


@pytest.mark.parametrize(
    "read", [wire.error_from_json, lambda value: wire.list_from_json(Order, value)]
)
@given(value=st.dictionaries(st.sampled_from(["error", "list", "x"]), JSON))
def test_other_answers_are_read_as_strictly(
    read: Callable[[dict[str, Any]], Any], value: dict[str, Any]
) -> None:
    with contextlib.suppress(wire.WireError):
        read(value)


def test_errors_survive_too() -> None:
    code, more = wire.error_from_json(wire.error_to_json("refused", "no", state="shipped"))
    assert (code, more["state"]) == ("refused", "shipped")
    assert wire.error_from_json(wire.error_to_json("order_not_found", "no"))[0] == (
        "order_not_found"
    )
