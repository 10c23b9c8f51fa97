from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
import types
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from myna.shop import wire
from myna.shop.demo.seed import demo_orders
from myna.shop.model import ItemCount, Order, Who
from myna.shop.operations import OPERATIONS

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


WORDS = st.text(st.characters(whitelist_categories=("L", "N")), min_size=1, max_size=20)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type as it stands in the model."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return st.none() | values(arguments[0])
    if origin is typing.Annotated:
        mark = arguments[1]
        if mark in wire.LEAST:
            return st.integers(wire.LEAST[mark], wire.MAX_NUMBER)
        if mark in wire.PATTERNS:
            # ASCII: what `\\s` and letters mean beyond it is not the point here
            return st.from_regex(f"(?a:{wire.PATTERNS[mark]})", fullmatch=True).filter(
                lambda text: len(text) <= wire.MAX_TEXT and text.isascii() and text.isprintable()
            )
        return st.just("") | WORDS if mark == "maybe_empty" else WORDS
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(WORDS, values(arguments[1]), max_size=3)
    if dataclasses.is_dataclass(kind):
        return records(kind)
    moments = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
    return {
        str: WORDS,
        bool: st.booleans(),
        Decimal: st.decimals(0, 10**14, places=2),
        datetime: moments,
        date: st.dates(date(1990, 1, 1), date(2200, 1, 1)),
    }[kind]


@st.composite
def records(draw: st.DrawFn, cls: Any) -> Any:
    fields = {name: draw(values(kind)) for name, (kind, _) in wire.fields_of(cls).items()}
    try:
        return cls(**fields)
    except ValueError:  # fields that do not go together
        reject()


EVERY = [operation.result for operation in OPERATIONS]
EVERY += [operation.body for operation in OPERATIONS if operation.body]
EVERY = sorted({cls for cls in EVERY if cls is not Order}, key=lambda cls: cls.__name__)


@pytest.mark.parametrize("cls", EVERY, ids=lambda cls: cls.__name__)
def test_every_record_survives_the_way_there_and_back(cls: Any) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(records(cls))
    def check(record: Any) -> None:
        text = json.dumps({"list": [wire.to_json(record)]}).encode()
        assert wire.list_from_json(cls, wire.loads(text)) == (record,)

    check()


@pytest.mark.parametrize("cls", EVERY, ids=lambda cls: cls.__name__)
def test_any_object_is_a_record_or_a_wire_error(cls: Any) -> None:
    names = list(wire.fields_of(cls))

    @settings(max_examples=50, deadline=None)
    @given(st.dictionaries(st.sampled_from(names), JSON))
    def check(value: dict[str, Any]) -> None:
        with contextlib.suppress(wire.WireError):
            json.dumps(wire.to_json(wire.from_json(cls, value)))

    check()


def test_what_a_record_says_of_itself_is_a_wire_error() -> None:
    for value in ({}, {"contact": "a@b.c", "customer_id": "7"}):
        with pytest.raises(wire.WireError):
            wire.from_json(Who, value)


def test_a_field_with_a_default_may_be_missing_and_is_read_if_it_is_there() -> None:
    assert wire.from_json(ItemCount, {"sku": "A"}) == ItemCount("A", 1)
    with pytest.raises(wire.WireError, match="quantity"):
        wire.from_json(ItemCount, {"sku": "A", "quantity": 0})
