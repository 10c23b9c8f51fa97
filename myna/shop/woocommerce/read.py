"""What WooCommerce's JSON means in Myna's terms.

All is put into the form in which records travel and read by `myna.shop.wire`, which is strict.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import phonenumbers

from myna.shop import wire
from myna.shop.model import (
    Customer,
    Order,
    OrderState,
    OrderSummary,
    PaymentMethod,
    Product,
    Refund,
)

LANGUAGES = ("vi", "ms", "en")
STATES: dict[str, OrderState] = {
    "pending": "pending",
    "on-hold": "pending",
    "failed": "pending",
    "processing": "paid",
    "completed": "delivered",
    "cancelled": "cancelled",
    "refunded": "returned",
    # of the well-known shipping plugins
    "packed": "packed",
    "shipped": "shipped",
    "partial-shipped": "shipped",
    "out-for-delivery": "out_for_delivery",
    "delivered": "delivered",
}
"""Statuses of WooCommerce and what they are here; a shop may say otherwise, and add its own."""
GONE = ("trash", "checkout-draft", "auto-draft")
"""Statuses of what is no order, or none any more."""
TRACKING = "_wc_shipment_tracking_items"
"""Where Shipment Tracking and Advanced Shipment Tracking keep parcels."""
WINDOW, NOTE = "_myna_delivery_window", "_myna_delivery_note"
"""Where we keep what WooCommerce has no field for."""

_PAYMENTS: dict[str, PaymentMethod] = {
    "cod": "cod",
    "bacs": "bank_transfer",
    "cheque": "other",
    "stripe": "card",
    "woocommerce_payments": "card",
}
_TAGS = re.compile(r"<[^>]*>")


def order(raw: Mapping[str, Any], number: str, states: Mapping[str, OrderState]) -> Order:
    """An order.

    Args:
        raw: as WooCommerce gave it.
        number: in the shop's canonical form.
        states: status of WooCommerce → state.

    Raises:
        WireError: it is not what WooCommerce should give.
    """
    state = _state(raw, states)
    billing, shipping = _object(raw, "billing"), _object(raw, "shipping")
    if not shipping.get("address_1"):
        shipping = {**billing, **{name: value for name, value in shipping.items() if value}}
    currency, country = raw.get("currency"), _text(shipping.get("country"))
    buyer, receiver = _name(billing), _name(shipping)
    phone = _phone(billing.get("phone"), _text(billing.get("country")))
    delivery_phone = _phone(shipping.get("phone"), country)
    paid = bool(raw.get("date_paid_gmt"))
    settled = paid or state in ("cancelled", "returned")
    total = _amount(raw.get("total"), "total")
    refunds = [abs(_amount(one.get("total"), "refunds.total")) for one in _objects(raw, "refunds")]
    meta = {str(one.get("key")): one.get("value") for one in _objects(raw, "meta_data")}
    value = {
        "number": number,
        "state": state,
        "placed_at": _moment(raw.get("date_created_gmt")),
        "customer": buyer or _text(billing.get("email")) or "-",
        "phone": phone,
        "email": _text(billing.get("email")) or None,
        "address": {
            "street": _text(shipping.get("address_1")) or "-",
            "district": _text(shipping.get("address_2")),
            "city": _text(shipping.get("city")) or _text(shipping.get("state")) or "-",
            "postcode": _text(shipping.get("postcode")),
            "country": country,
        },
        "items": [_item(line, currency) for line in _objects(raw, "line_items")],
        "shipments": _parcels(raw, meta, state),
        "shipping_fee": _money(
            _amount(raw.get("shipping_total"), "shipping_total")
            + _amount(raw.get("shipping_tax") or "0", "shipping_tax"),
            currency,
        ),
        "total": _money(total, currency),
        "amount_due": _money(Decimal(0) if settled else total, currency),
        "payment_method": _PAYMENTS.get(_text(raw.get("payment_method")), "other"),
        "paid": paid,
        "cancelled_at": _moment(raw.get("date_modified_gmt")) if state == "cancelled" else None,
        "returned_at": _moment(raw.get("date_modified_gmt")) if state == "returned" else None,
        "refund": _money(sum(refunds, Decimal(0)), currency) if refunds else None,
        "refunded_at": None,
        "customer_id": str(raw["customer_id"]) if raw.get("customer_id") else None,
        "receiver": receiver if receiver and receiver != buyer else None,
        "delivery_phone": delivery_phone if delivery_phone != phone else None,
        "delivery_window": meta.get(WINDOW) or None,
        "delivery_note": meta.get(NOTE) or _text(raw.get("customer_note")) or None,
        "payment_url": raw.get("payment_url") or None if raw.get("needs_payment") else None,
    }
    return wire.from_json(Order, value)


def summary(raw: Mapping[str, Any], number: str, states: Mapping[str, OrderState]) -> OrderSummary:
    """An order in a list; raises WireError."""
    whole = order(raw, number, states)
    names = tuple(item.name for item in whole.items)
    return OrderSummary(number, whole.state, whole.placed_at, names[:3], len(names), whole.total)


def refund(raw: Mapping[str, Any], order_number: str, currency: str) -> Refund:
    """A refund; raises WireError."""
    sent = raw.get("refunded_payment") is True
    at = _moment(raw.get("date_created_gmt"))
    value = {
        "number": str(raw.get("id")),
        "order_number": order_number,
        "amount": _money(abs(_amount(raw.get("amount"), "amount")), currency),
        # without the payment gateway somebody has to send the money by hand
        "state": "sent" if sent else "approved",
        "requested_at": at,
        "method": "original_payment" if sent else "bank_transfer",
        "sent_at": at if sent else None,
    }
    return wire.from_json(Refund, value)


def product(raw: Mapping[str, Any], currency: str) -> Product:
    """A product; raises WireError."""
    name = _text(raw.get("name"))
    about = _plain(raw.get("short_description")) or _plain(raw.get("description"))
    counted = raw.get("manage_stock") is True and isinstance(raw.get("stock_quantity"), int)
    in_stock = raw.get("stock_status") in ("instock", "onbackorder")
    facts = [
        f"{_text(one.get('name'))}: {', '.join(map(_text, one.get('options') or []))}"
        for one in _objects(raw, "attributes")
        if one.get("visible")
    ]
    categories = _objects(raw, "categories")
    pictures = _objects(raw, "images")
    price = raw.get("price")
    value = {
        "sku": sku(raw),
        "names": dict.fromkeys(LANGUAGES, name),
        "category": _text(categories[0].get("name")) if categories else "other",
        "prices": {currency: _money(_amount(price, "price"), currency)} if price else {},
        "stock": max(0, raw["stock_quantity"]) if counted else int(in_stock),
        "picture": pictures[0].get("src") or None if pictures else None,
        "descriptions": dict.fromkeys(LANGUAGES, about) if about else {},
        "facts": dict.fromkeys(LANGUAGES, facts) if facts else {},
        "url": raw.get("permalink") or None,
        "stock_counted": counted,
    }
    return wire.from_json(Product, value)


def customer(raw: Mapping[str, Any]) -> Customer:
    """A customer; raises WireError."""
    billing = _object(raw, "billing")
    value = {
        "id": str(raw.get("id")),
        "name": _name(raw) or _name(billing) or _text(raw.get("username")),
        "phone": _phone(billing.get("phone"), _text(billing.get("country"))),
        "email": _text(raw.get("email")) or None,
    }
    return wire.from_json(Customer, value)


def sku(raw: Mapping[str, Any]) -> str:
    """The SKU of a product or a line, or its number where the shop gave none."""
    own = raw.get("product_id") if "product_id" in raw else raw.get("id")
    return _text(raw.get("sku")) or str(raw.get("variation_id") or own)


def contacts(raw: Mapping[str, Any]) -> tuple[str | None, str]:
    """Phone (E.164) and e-mail address (in small letters) of an order's buyer."""
    billing = _object(raw, "billing")
    phone = _phone(billing.get("phone"), _text(billing.get("country")))
    return phone, _text(billing.get("email")).casefold()


def _state(raw: Mapping[str, Any], states: Mapping[str, OrderState]) -> OrderState:
    status = raw.get("status")
    state = states.get(str(status))
    if state is None:
        raise wire.WireError("status: unknown; name it in shop.yml under statuses")
    # goods that are paid for at the door are under way in the shop before they are paid
    return "pending" if state == "paid" and not raw.get("date_paid_gmt") else state


def _parcels(
    raw: Mapping[str, Any], meta: Mapping[str, Any], state: OrderState
) -> list[dict[str, Any]]:
    arrived = state in ("delivered", "returned")
    delivered_at = _moment(raw.get("date_completed_gmt")) if arrived else None
    how_far = {"packed": "packed", "out_for_delivery": "out_for_delivery"}
    parcel_state = "delivered" if delivered_at else how_far.get(state, "shipped")
    tracked = meta.get(TRACKING)
    lines = tracked if isinstance(tracked, list) else []
    parcels: list[dict[str, Any]] = [
        {
            "carrier": _carrier(line),
            "tracking_number": _text(line.get("tracking_number")),
            "tracking_url": _link(line),
            "state": parcel_state,
            "expected_on": None,
            "shipped_at": _stamp(line.get("date_shipped")),
            "delivered_at": delivered_at,
            "skus": [],
        }
        for line in lines
        if isinstance(line, Mapping)
    ]
    if not parcels and delivered_at:
        methods = _objects(raw, "shipping_lines")
        carrier = _text(methods[0].get("method_title")) if methods else ""
        nothing = dict.fromkeys(("tracking_url", "expected_on", "shipped_at"))
        parcels = [
            {
                **nothing,
                "carrier": carrier or "-",
                "tracking_number": "",
                "state": "delivered",
                "delivered_at": delivered_at,
                "skus": [],
            }
        ]
    return parcels


def _carrier(line: Mapping[str, Any]) -> str:
    for name in ("formatted_tracking_provider", "custom_tracking_provider", "tracking_provider"):
        if text := _text(line.get(name)):
            return text
    return "-"


def _link(line: Mapping[str, Any]) -> str | None:
    for name in ("formatted_tracking_link", "ast_tracking_link", "custom_tracking_link"):
        text = _text(line.get(name))
        if re.fullmatch(wire.PATTERNS["url"], text):
            return text
    return None


def _item(line: Mapping[str, Any], currency: Any) -> dict[str, Any]:
    quantity = line.get("quantity")
    paid = _amount(line.get("total"), "line_items.total")
    paid += _amount(line.get("total_tax") or "0", "line_items.total_tax")
    each = paid / quantity if isinstance(quantity, int) and quantity > 0 else paid
    return {
        "sku": sku(line),
        "name": _text(line.get("name")),
        "quantity": quantity,
        "unit_price": _money(each.quantize(Decimal("0.01")), currency),
    }


def _amount(value: Any, field: str) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise wire.WireError(f"{field}: no amount") from None
    if not amount.is_finite():
        raise wire.WireError(f"{field}: no amount")
    return amount


def _money(amount: Decimal, currency: Any) -> dict[str, Any]:
    return {"amount": format(amount.normalize(), "f"), "currency": currency}


def _moment(value: Any) -> str | None:
    """A moment in UTC; WooCommerce writes it without a zone."""
    return f"{value}+00:00" if isinstance(value, str) and value else None


def _stamp(value: Any) -> str | None:
    """A moment from the seconds that tracking plugins keep."""
    text = str(value)
    if not re.fullmatch("[0-9]{9,10}", text):
        return None
    return datetime.fromtimestamp(int(text), UTC).isoformat()


def _phone(value: Any, country: str) -> str | None:
    try:
        number = phonenumbers.parse(_text(value), country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _name(value: Mapping[str, Any]) -> str:
    return f"{_text(value.get('first_name'))} {_text(value.get('last_name'))}".strip()


def _text(value: Any) -> str:
    """A text without the entities of HTML that WordPress leaves in names."""
    return html.unescape(value).strip() if isinstance(value, str) else ""


def _plain(value: Any) -> str:
    """A description without its tags, as much as a record has room for."""
    text = " ".join(html.unescape(_TAGS.sub(" ", value)).split()) if isinstance(value, str) else ""
    return text if len(text) <= wire.MAX_TEXT else f"{text[: wire.MAX_TEXT - 1].rstrip()}…"


def _object(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw.get(name)
    if not isinstance(value, Mapping):
        raise wire.WireError(f"{name}: no object")
    return value


def _objects(raw: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = raw.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise wire.WireError(f"{name}: no list of objects")
    return value
