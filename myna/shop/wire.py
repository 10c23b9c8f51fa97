"""Orders as JSON, in one place for both ends of the line.

Reading is strict about what Myna relies on (types, states, aware moments, one currency, no
control characters, http links) and indifferent to fields that it does not know, so that a shop
can add some. Amounts travel as strings: JSON numbers would lose digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

from myna.shop import model
from myna.shop.model import Address, Item, Money, Order, Shipment

MAX_TEXT = 500
"""Characters in any text of an order."""
MAX_LINES = 500
"""Items or parcels in one order."""

MIN_YEAR, MAX_YEAR = 1990, 2200

_T = TypeVar("_T", bound=str)
_D = TypeVar("_D", bound=date)
_BREAKS = re.compile(r"[\t\r\n]+")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_URL = re.compile(r"https?://[^\s/\"'<>]+[^\s\"'<>]*")


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


def order_to_json(order: Order) -> dict[str, Any]:
    """An order as JSON values."""
    return {
        "number": order.number,
        "state": order.state,
        "placed_at": order.placed_at.isoformat(),
        "customer": order.customer,
        "phone": order.phone,
        "email": order.email,
        "address": vars(order.address).copy(),
        "items": [
            {**vars(item), "unit_price": _money_to_json(item.unit_price)} for item in order.items
        ],
        "shipments": [
            {
                **vars(parcel),
                "expected_on": _iso(parcel.expected_on),
                "shipped_at": _iso(parcel.shipped_at),
                "delivered_at": _iso(parcel.delivered_at),
                "skus": list(parcel.skus),
            }
            for parcel in order.shipments
        ],
        "shipping_fee": _money_to_json(order.shipping_fee),
        "total": _money_to_json(order.total),
        "amount_due": _money_to_json(order.amount_due),
        "payment_method": order.payment_method,
        "paid": order.paid,
        "cancelled_at": _iso(order.cancelled_at),
        "returned_at": _iso(order.returned_at),
        "refund": _money_to_json(order.refund) if order.refund else None,
        "refunded_at": _iso(order.refunded_at),
    }


def order_from_json(value: Mapping[str, Any]) -> Order:
    """An order from JSON values; raises WireError with the field at fault."""
    o = _Reader(value, "")
    order = Order(
        number=o.text("number"),
        state=o.choice("state", model.ORDER_STATES),
        placed_at=o.required(o.moment("placed_at"), "placed_at"),
        customer=o.text("customer"),
        phone=o.pattern("phone", _E164),
        email=o.optional_text("email"),
        address=_address(o.object("address")),
        items=tuple(_item(line) for line in o.objects("items")),
        shipments=tuple(_shipment(line) for line in o.objects("shipments")),
        shipping_fee=_money(o.object("shipping_fee")),
        total=_money(o.object("total")),
        amount_due=_money(o.object("amount_due")),
        payment_method=o.choice("payment_method", model.PAYMENT_METHODS),
        paid=o.boolean("paid"),
        cancelled_at=o.moment("cancelled_at"),
        returned_at=o.moment("returned_at"),
        refund=_money(o.object("refund")) if o.value("refund") is not None else None,
        refunded_at=o.moment("refunded_at"),
    )
    if not order.items:
        raise WireError("items: empty")
    amounts = [order.shipping_fee, order.total, order.amount_due]
    amounts += [item.unit_price for item in order.items]
    amounts += [order.refund] if order.refund else []
    if len({money.currency for money in amounts}) > 1:
        raise WireError("several currencies in one order")
    return order


def message_id_from_json(value: Mapping[str, Any]) -> str:
    """The id in the answer to a message; raises WireError."""
    return _Reader(value, "").text("message_id")


def error_to_json(code: str, message: str, **more: str) -> dict[str, Any]:
    """The body of an answer that is an error."""
    return {"error": {"code": code, "message": message, **more}}


def error_from_json(value: Mapping[str, Any]) -> tuple[str, model.OrderState | None]:
    """Code of an error and, if it carries one, the order's state; raises WireError."""
    error = _Reader(value, "").object("error")
    has_state = error.value("state") is not None
    return error.text("code"), error.choice("state", model.ORDER_STATES) if has_state else None


def _iso(moment: date | None) -> str | None:
    return moment.isoformat() if moment else None


def _money_to_json(money: Money) -> dict[str, str]:
    return {"amount": format(money.amount, "f"), "currency": money.currency}


def _money(o: _Reader) -> Money:
    amount = o.required(o.pattern("amount", _AMOUNT), "amount")
    currency = o.required(o.pattern("currency", _CURRENCY), "currency")
    return Money(Decimal(amount), currency)


def _address(o: _Reader) -> Address:
    return Address(
        street=o.text("street"),
        district=o.text("district", least=0),
        city=o.text("city"),
        postcode=o.text("postcode", least=0),
        country=o.required(o.pattern("country", _COUNTRY), "country"),
    )


def _item(o: _Reader) -> Item:
    quantity = o.value("quantity")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= 10**6:
        raise WireError(f"{o.path}quantity: no positive whole number")
    return Item(o.text("sku"), o.text("name"), quantity, _money(o.object("unit_price")))


def _shipment(o: _Reader) -> Shipment:
    return Shipment(
        carrier=o.text("carrier"),
        tracking_number=o.text("tracking_number", least=0),
        tracking_url=o.pattern("tracking_url", _URL),
        state=o.choice("state", model.SHIPMENT_STATES),
        expected_on=o.day("expected_on"),
        shipped_at=o.moment("shipped_at"),
        delivered_at=o.moment("delivered_at"),
        skus=o.texts("skus"),
    )


class _Reader:
    """Takes typed values out of a JSON object, and says where it went wrong."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, Mapping):
            raise WireError(f"{path.rstrip('.')}: no object")
        self._object = value
        self.path = path

    def value(self, name: str) -> Any:
        return self._object.get(name)

    def required(self, value: Any, name: str) -> Any:
        if value is None:
            raise WireError(f"{self.path}{name}: missing")
        return value

    def object(self, name: str) -> _Reader:
        return _Reader(self.value(name), f"{self.path}{name}.")

    def objects(self, name: str) -> list[_Reader]:
        return [_Reader(line, f"{self.path}{name}.{i}.") for i, line in enumerate(self._list(name))]

    def texts(self, name: str) -> tuple[str, ...]:
        path = f"{self.path}{name}."
        return tuple(_Reader({"": text}, path).text("") for text in self._list(name))

    def _list(self, name: str) -> list[Any]:
        lines = self.value(name)
        if not isinstance(lines, list) or len(lines) > MAX_LINES:
            raise WireError(f"{self.path}{name}: no list of at most {MAX_LINES}")
        return lines

    def optional_text(self, name: str) -> str | None:
        return None if self.value(name) is None else self.text(name)

    def text(self, name: str, least: int = 1) -> str:
        value = self.value(name)
        if not isinstance(value, str):
            raise WireError(f"{self.path}{name}: no text")
        value = _BREAKS.sub(" ", value).strip()
        if not least <= len(value) <= MAX_TEXT:
            raise WireError(f"{self.path}{name}: not {least}-{MAX_TEXT} characters")
        if _FORBIDDEN.search(value):
            raise WireError(f"{self.path}{name}: control characters or half a character")
        return value

    def pattern(self, name: str, pattern: re.Pattern[str]) -> str | None:
        value = self.optional_text(name)
        if value is not None and not pattern.fullmatch(value):
            raise WireError(f"{self.path}{name}: not of the agreed form")
        return value

    def choice(self, name: str, choices: Sequence[_T]) -> _T:
        value = self.value(name)
        if value not in choices:
            raise WireError(f"{self.path}{name}: unknown")
        return cast(_T, value)

    def boolean(self, name: str) -> bool:
        value = self.value(name)
        if not isinstance(value, bool):
            raise WireError(f"{self.path}{name}: no truth value")
        return value

    def moment(self, name: str) -> datetime | None:
        moment = self._parsed(name, datetime.fromisoformat)
        if moment is not None and moment.tzinfo is None:
            raise WireError(f"{self.path}{name}: without time zone")
        return moment

    def day(self, name: str) -> date | None:
        return self._parsed(name, date.fromisoformat)

    def _parsed(self, name: str, parse: Callable[[str], _D]) -> _D | None:
        text = self.optional_text(name)
        if text is None:
            return None
        try:
            parsed = parse(text)
        except ValueError:
            raise WireError(f"{self.path}{name}: not ISO 8601") from None
        # at the ends of the calendar a change of time zone overflows
        if not MIN_YEAR <= parsed.year <= MAX_YEAR:
            raise WireError(f"{self.path}{name}: not of our time")
        return parsed
