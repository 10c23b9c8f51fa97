"""What WooCommerce's JSON means in Myna's terms.

All is put into the form in which records travel and read by `myna.shop.wire`, which is strict.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

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
from myna.shop.woocommerce import fields

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
    billing, shipping = fields.part(raw, "billing"), fields.part(raw, "shipping")
    if not shipping.get("address_1"):
        shipping = {**billing, **{name: value for name, value in shipping.items() if value}}
    currency, country = raw.get("currency"), fields.text(shipping.get("country"))
    buyer, receiver = fields.name(billing), fields.name(shipping)
    phone = fields.phone(billing.get("phone"), fields.text(billing.get("country")))
    delivery_phone = fields.phone(shipping.get("phone"), country)
    paid = bool(raw.get("date_paid_gmt"))
    settled = paid or state in ("cancelled", "returned")
    total = fields.amount(raw.get("total"), "total")
    refunds = [
        abs(fields.amount(one.get("total"), "refunds.total"))
        for one in fields.parts(raw, "refunds")
    ]
    modified = fields.moment(raw.get("date_modified_gmt"))
    meta = {str(one.get("key")): one.get("value") for one in fields.parts(raw, "meta_data")}
    value = {
        "number": number,
        "state": state,
        "placed_at": fields.moment(raw.get("date_created_gmt")),
        "customer": buyer or fields.text(billing.get("email")) or "-",
        "phone": phone,
        "email": fields.text(billing.get("email")) or None,
        "address": {
            "street": fields.text(shipping.get("address_1")) or "-",
            "district": fields.text(shipping.get("address_2")),
            "city": fields.text(shipping.get("city")) or fields.text(shipping.get("state")) or "-",
            "postcode": fields.text(shipping.get("postcode")),
            "country": country,
        },
        "items": [_item(line, currency) for line in fields.parts(raw, "line_items")],
        "shipments": _parcels(raw, meta, state),
        "shipping_fee": fields.money(
            fields.amount(raw.get("shipping_total"), "shipping_total")
            + fields.amount(raw.get("shipping_tax") or "0", "shipping_tax"),
            currency,
        ),
        "total": fields.money(total, currency),
        "amount_due": fields.money(Decimal(0) if settled else total, currency),
        "payment_method": _PAYMENTS.get(fields.text(raw.get("payment_method")), "other"),
        "paid": paid,
        "cancelled_at": modified if state == "cancelled" else None,
        "returned_at": modified if state == "returned" else None,
        "refund": fields.money(sum(refunds, Decimal(0)), currency) if refunds else None,
        "refunded_at": None,
        "customer_id": str(raw["customer_id"]) if raw.get("customer_id") else None,
        "receiver": receiver if receiver and receiver != buyer else None,
        "delivery_phone": delivery_phone if delivery_phone != phone else None,
        "delivery_window": meta.get(WINDOW) or None,
        "delivery_note": meta.get(NOTE) or fields.text(raw.get("customer_note")) or None,
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
    at = fields.moment(raw.get("date_created_gmt"))
    value = {
        "number": str(raw.get("id")),
        "order_number": order_number,
        "amount": fields.money(abs(fields.amount(raw.get("amount"), "amount")), currency),
        # without the payment gateway somebody has to send the money by hand
        "state": "sent" if sent else "approved",
        "requested_at": at,
        "method": "original_payment" if sent else "bank_transfer",
        "sent_at": at if sent else None,
    }
    return wire.from_json(Refund, value)


def product(raw: Mapping[str, Any], currency: str) -> Product:
    """A product; raises WireError."""
    name = fields.text(raw.get("name"))
    about = fields.plain(raw.get("short_description")) or fields.plain(raw.get("description"))
    counted = raw.get("manage_stock") is True and isinstance(raw.get("stock_quantity"), int)
    in_stock = raw.get("stock_status") in ("instock", "onbackorder")
    facts = [_fact(one) for one in fields.parts(raw, "attributes") if one.get("visible")]
    categories = fields.parts(raw, "categories")
    pictures = fields.parts(raw, "images")
    price = raw.get("price")
    prices = {currency: fields.money(fields.amount(price, "price"), currency)} if price else {}
    value = {
        "sku": fields.sku(raw),
        "names": dict.fromkeys(LANGUAGES, name),
        "category": fields.text(categories[0].get("name")) if categories else "other",
        "prices": prices,
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
    billing = fields.part(raw, "billing")
    value = {
        "id": str(raw.get("id")),
        "name": fields.name(raw) or fields.name(billing) or fields.text(raw.get("username")),
        "phone": fields.phone(billing.get("phone"), fields.text(billing.get("country"))),
        "email": fields.text(raw.get("email")) or None,
    }
    return wire.from_json(Customer, value)


def contacts(raw: Mapping[str, Any]) -> tuple[str | None, str]:
    """Phone (E.164) and e-mail address (in small letters) of an order's buyer."""
    billing = fields.part(raw, "billing")
    phone = fields.phone(billing.get("phone"), fields.text(billing.get("country")))
    return phone, fields.text(billing.get("email")).casefold()


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
    delivered_at = fields.moment(raw.get("date_completed_gmt")) if arrived else None
    how_far = {"packed": "packed", "out_for_delivery": "out_for_delivery"}
    parcel_state = "delivered" if delivered_at else how_far.get(state, "shipped")
    tracked = meta.get(TRACKING)
    lines = tracked if isinstance(tracked, list) else []
    parcels: list[dict[str, Any]] = [
        {
            "carrier": _carrier(line),
            "tracking_number": fields.text(line.get("tracking_number")),
            "tracking_url": _link(line),
            "state": parcel_state,
            "expected_on": None,
            "shipped_at": fields.stamp(line.get("date_shipped")),
            "delivered_at": delivered_at,
            "skus": [],
        }
        for line in lines
        if isinstance(line, Mapping)
    ]
    if not parcels and delivered_at:
        methods = fields.parts(raw, "shipping_lines")
        carrier = fields.text(methods[0].get("method_title")) if methods else ""
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


def _fact(attribute: Mapping[str, Any]) -> str:
    options = attribute.get("options")
    values = map(fields.text, options if isinstance(options, list) else [])
    return f"{fields.text(attribute.get('name'))}: {', '.join(filter(None, values))}"


def _carrier(line: Mapping[str, Any]) -> str:
    for name in ("formatted_tracking_provider", "custom_tracking_provider", "tracking_provider"):
        if text := fields.text(line.get(name)):
            return text
    return "-"


def _link(line: Mapping[str, Any]) -> str | None:
    for name in ("formatted_tracking_link", "ast_tracking_link", "custom_tracking_link"):
        text = fields.text(line.get(name))
        if re.fullmatch(wire.PATTERNS["url"], text):
            return text
    return None


def _item(line: Mapping[str, Any], currency: Any) -> dict[str, Any]:
    quantity = line.get("quantity")
    paid = fields.amount(line.get("total"), "line_items.total")
    paid += fields.amount(line.get("total_tax") or "0", "line_items.total_tax")
    each = paid / quantity if isinstance(quantity, int) and quantity > 0 else paid
    return {
        "sku": fields.sku(line),
        "name": fields.text(line.get("name")),
        "quantity": quantity,
        "unit_price": fields.money(each.quantize(Decimal("0.01")), currency),
    }
