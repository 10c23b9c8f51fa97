"""What the demo shop has beside orders: customers, invoices, warranties, returns and the like.

All follows from the orders, but for what is listed here by hand for documentation and tests.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from myna.shop.cover import add_months
from myna.shop.demo import people, records, schema
from myna.shop.demo.catalogue import CATALOGUE
from myna.shop.model import (
    Customer,
    Invoice,
    ItemCount,
    LoyaltyAccount,
    Money,
    Order,
    Refund,
    Repair,
    RepairState,
    Return,
    ReturnReason,
    ReturnState,
    Subscription,
    SubscriptionState,
    Warranty,
)

WARRANTY_MONTHS = 12
"""Where a product has no term of its own; as in `shop.yml`."""

_LAN, _MINH, _HUONG = "+84903123456", "+84912345678", "+84987654321"
_AISYAH, _TAN, _DEEPA = "+60123456789", "+60198765432", "+60167654321"


@dataclass(frozen=True)
class _Piece:
    """Something bought in a store, without an order."""

    serial: str
    sku: str
    phone: str
    months_ago: int
    void: bool = False


# fmt: off
PIECES = (
    _Piece("LHRV300-2404-00117", "RV-300", _LAN, 31),
    _Piece("LHCM15-2605-00842", "CM-15", _LAN, 6),
    _Piece("LHMW20-2601-00310", "MW-20", _MINH, 10, void=True),
    _Piece("LHFN16R-2508-01924", "FN-16R", _HUONG, 15),
    _Piece("LHAF400-2603-00655", "AF-400", _AISYAH, 8),
    _Piece("LHRC180-2310-00077", "RC-180", _AISYAH, 37),
    _Piece("LHDH12-2609-00201", "DH-12", _DEEPA, 2),
    _Piece("LHSP20-2511-00488", "SP-20", _TAN, 12),
)
"""Pieces that customers know by their serial number."""

# number, state, serial, days ago, symptom, what it costs in the customer's currency
REPAIRS: tuple[tuple[str, RepairState, str, int, str, int | None], ...] = (
    ("RP-4901", "repairing", "LHCM15-2605-00842", 6, "Máy không lên áp, nước chảy rất yếu", None),
    ("RP-4902", "waiting_for_approval", "LHRV300-2404-00117", 4,
     "Pin chỉ chạy được mười phút", 890_000),
    ("RP-4903", "completed", "LHFN16R-2508-01924", 40, "Quạt kêu to khi quay", 150_000),
    ("RP-4904", "waiting_for_parts", "LHAF400-2603-00655", 9, "Skrin tidak menyala", None),
    ("RP-4905", "ready", "LHDH12-2609-00201", 8, "Water tank leaks", None),
    ("RP-4906", "sent_back", "LHSP20-2511-00488", 12, "No sound from the left side", 45),
    ("RP-4907", "booked", "LHRC180-2310-00077", 1, "Nasi tidak masak", None),
)

# number, order, state, reason, days ago
RETURNS: tuple[tuple[str, str, ReturnState, ReturnReason, float], ...] = (
    ("RT-2901", "DH-20450", "completed", "faulty", 10),
    ("RT-2902", "MY-10501", "in_transit", "not_as_described", 2),
    ("RT-2903", "DH-20402", "rejected", "changed_mind", 15),
)

# phone, number, points, tier, expiring, days, next tier, missing
_LOYALTY = (
    (_LAN, "LH-880413", 2_450, "Bạc", 300, 35, "Vàng", 550),
    (_MINH, "LH-880427", 120, "Thành viên", 0, 0, "Bạc", 880),
    (_AISYAH, "LH-770482", 1_890, "Perak", 250, 35, "Emas", 1_110),
    (_DEEPA, "LH-770501", 5_320, "Gold", 0, 0, None, None),
)

_FILTERS = {"vi": "Gói bộ lọc robot hút bụi", "ms": "Pelan penapis robot vakum",
            "en": "Robot vacuum filter plan"}
_CARE = {"vi": "Gói bảo hành mở rộng", "ms": "Pelan jaminan lanjutan",
         "en": "Extended care plan"}
# phone, number, names, state, months, VND, MYR, days until it is renewed, by itself
_SUBSCRIPTIONS: tuple[
    tuple[str, str, dict[str, str], SubscriptionState, int, int, int, int, bool], ...
] = (
    (_LAN, "SB-1101", _FILTERS, "active", 3, 320_000, 59, 12, True),
    (_LAN, "SB-1102", _CARE, "expired", 12, 490_000, 89, -20, False),
    (_HUONG, "SB-1103", _FILTERS, "paused", 3, 320_000, 59, 40, True),
    (_AISYAH, "SB-1104", _CARE, "active", 12, 490_000, 89, 9, False),
    (_TAN, "SB-1105", _FILTERS, "payment_failed", 3, 320_000, 59, -2, True),
    (_DEEPA, "SB-1106", _CARE, "cancelled", 12, 490_000, 89, -60, False),
)
# fmt: on


def seed_records(connection: Any, orders: Sequence[Order], now: datetime) -> None:
    """Fills the table of records.

    Args:
        connection: of a transaction that writes.
        orders: all of the shop.
        now: the present moment, aware.
    """
    _add_customers(connection, orders)
    for order in orders:
        _add_invoice(connection, order)
        _add_warranties(connection, order)
    for piece in PIECES:
        _add_piece(connection, piece, now.date())
    by_number = {order.number: order for order in orders}
    _add_returns(connection, by_number, now)
    _add_refunds(connection, orders)
    _add_repairs(connection, now)
    _add_accounts(connection, now.date())


def _add_customers(connection: Any, orders: Sequence[Order]) -> None:
    for order in {order.customer_id: order for order in orders}.values():
        language = "vi" if order.address.country == "VN" else "ms"
        customer = Customer(
            order.customer_id or "", order.customer, order.phone, order.email, language
        )
        records.add(connection, customer.id, customer, customer_id=customer.id)


def _add_invoice(connection: Any, order: Order) -> None:
    if order.state == "cancelled":
        return
    issued_at = order.shipments[0].shipped_at if order.shipments else None
    digits = order.number.rpartition("-")[2]
    country = order.address.country
    invoice = Invoice(
        order_number=order.number,
        number=None,
        issued_at=None,
        url=None,
        total=order.total,
        e_invoice="none",
    )
    if issued_at:
        own = f"1C26TLH-{digits:0>8}" if country == "VN" else f"INV-{digits}"
        # nobody guesses the file's address
        url = f"{schema.HERE}/files/{secrets.token_urlsafe(16)}/{order.number}.pdf"
        invoice = Invoice(
            order_number=order.number,
            number=own,
            issued_at=issued_at,
            url=url,
            total=order.total,
            e_invoice="accepted" if country == "VN" else "submitted",
            e_invoice_code=f"M1-26-{digits}" if country == "VN" else None,
        )
    records.add(
        connection,
        order.number,
        invoice,
        order_number=order.number,
        customer_id=order.customer_id,
    )


def _add_warranties(connection: Any, order: Order) -> None:
    for parcel in order.shipments:
        if parcel.delivered_at is None or order.state == "returned":
            continue
        day = parcel.delivered_at.date()
        for item in order.items:
            if item.sku not in parcel.skus or _months(item.sku) == 0:
                continue
            for piece in range(item.quantity):
                digits = order.number.rpartition("-")[2]
                serial = f"LH{item.sku.replace('-', '')}-{digits}-{piece + 1}"
                warranty = Warranty(
                    sku=item.sku,
                    product=item.name,
                    bought_on=day,
                    until=add_months(day, _months(item.sku)),
                    serial=serial,
                    order_number=order.number,
                )
                records.add(
                    connection,
                    serial,
                    warranty,
                    order_number=order.number,
                    customer_id=order.customer_id,
                )


def _add_piece(connection: Any, piece: _Piece, today: date) -> None:
    bought_on = add_months(today, -piece.months_ago) - timedelta(days=3)
    language = "vi" if piece.phone.startswith("+84") else "ms"
    warranty = Warranty(
        sku=piece.sku,
        product=CATALOGUE[piece.sku].names[language],
        bought_on=bought_on,
        until=add_months(bought_on, _months(piece.sku)),
        serial=piece.serial,
        void=piece.void,
    )
    customer_id = people.customer_id(piece.phone)
    records.add(connection, piece.serial, warranty, customer_id=customer_id)


def _months(sku: str) -> int:
    months = CATALOGUE[sku].warranty_months
    return WARRANTY_MONTHS if months is None else months


def _add_returns(connection: Any, orders: dict[str, Order], now: datetime) -> None:
    for number, order_number, state, reason, days_ago in RETURNS:
        order = orders[order_number]
        opened_at = now - timedelta(days=days_ago)
        over = state in ("completed", "rejected")
        opened = Return(
            number=number,
            order_number=order_number,
            state=state,
            items=tuple(ItemCount(item.sku, item.quantity) for item in order.items),
            reason=reason,
            kind="refund",
            opened_at=opened_at,
            label_url=None if over else f"{schema.HERE}/labels/{number}.pdf",
            send_by=(opened_at + timedelta(days=7)).date(),
            received_at=opened_at + timedelta(days=3) if over else None,
            closed_at=opened_at + timedelta(days=5) if over else None,
        )
        ids = {"order_number": order_number, "customer_id": order.customer_id}
        if state != "rejected":
            refund = Refund(
                number=f"RF-{number[3:]}",
                order_number=order_number,
                amount=order.total,
                state="sent" if state == "completed" else "requested",
                requested_at=opened_at,
                method="original_payment",
                sent_at=order.refunded_at if state == "completed" else None,
                return_number=number,
            )
            records.add(connection, refund.number, refund, **ids)
            opened = Return(**{**vars(opened), "refund": refund})
        records.add(connection, number, opened, **ids)


def _add_refunds(connection: Any, orders: Sequence[Order]) -> None:
    known = {order_number for _, order_number, *_ in RETURNS}
    for order in orders:
        begun = order.cancelled_at or order.returned_at
        if order.refund is None or begun is None or order.number in known:
            continue
        refund = Refund(
            number=f"RF-{order.number.replace('-', '')}",
            order_number=order.number,
            amount=order.refund,
            state="sent" if order.refunded_at else "approved",
            requested_at=begun,
            sent_at=order.refunded_at,
            expected_on=(begun + timedelta(days=9)).date(),
        )
        records.add(
            connection,
            refund.number,
            refund,
            order_number=order.number,
            customer_id=order.customer_id,
        )


def _add_repairs(connection: Any, now: datetime) -> None:
    pieces = {piece.serial: piece for piece in PIECES}
    for number, state, serial, days_ago, symptom, cost in REPAIRS:
        warranty = records.one(connection, Warranty, serial)
        customer_id = people.customer_id(pieces[serial].phone)
        customer = records.one(connection, Customer, customer_id)
        if warranty is None or customer is None:
            raise ValueError(f"{number}: no such piece or customer")
        booked_at = now - timedelta(days=days_ago)
        currency = "VND" if pieces[serial].phone.startswith("+84") else "MYR"
        done = state in ("sent_back", "completed")
        repair = Repair(
            number=number,
            state=state,
            sku=warranty.sku,
            product=warranty.product,
            symptom=symptom,
            booked_at=booked_at,
            in_warranty=(warranty.until or date.max) >= booked_at.date(),
            phone=customer.phone,
            email=customer.email,
            serial=serial,
            expected_on=(booked_at + timedelta(days=10)).date(),
            cost=Money(Decimal(cost), currency) if cost else None,
            completed_at=booked_at + timedelta(days=8) if done else None,
        )
        records.add(connection, number, repair, customer_id=customer_id)


def _add_accounts(connection: Any, today: date) -> None:
    for phone, number, points, tier, expiring, days, next_tier, missing in _LOYALTY:
        account = LoyaltyAccount(
            number=number,
            points=points,
            tier=tier,
            expiring_points=expiring,
            expires_on=today + timedelta(days=days) if expiring else None,
            next_tier=next_tier,
            points_to_next_tier=missing,
        )
        records.add(connection, number, account, customer_id=people.customer_id(phone))
    for phone, number, names, state, months, vnd, myr, days, itself in _SUBSCRIPTIONS:
        currency, amount = ("VND", vnd) if phone.startswith("+84") else ("MYR", myr)
        subscription = Subscription(
            number=number,
            names=names,
            state=state,
            price=Money(Decimal(amount), currency),
            interval_months=months,
            renews_on=today + timedelta(days=days),
            renews_itself=itself,
            payment_url=None if itself else f"https://lentera.example.com/pay/{number}",
        )
        records.add(connection, number, subscription, customer_id=people.customer_id(phone))
