"""The demo shop's orders: seventeen known ones for documentation and tests, and fifty around them.

The same `now` gives the same orders. Dates are relative to it, so that a fresh demo always has
a parcel that comes today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any, cast

import sqlalchemy as sa

from myna.shop import wire
from myna.shop.demo import people, schema
from myna.shop.demo.catalogue import CATALOGUE, catalogue
from myna.shop.demo.seed_records import seed_records
from myna.shop.model import (
    Address,
    Item,
    Money,
    Order,
    OrderState,
    PaymentMethod,
    Shipment,
    ShipmentState,
)


@dataclass(frozen=True)
class _Plan:
    """What is decided about an order; the rest follows."""

    number: str
    state: OrderState
    days_ago: float
    customer: str
    phone: str
    email: str
    language: str
    address: int
    payment: PaymentMethod
    lines: tuple[tuple[str, int], ...]
    parcels: tuple[tuple[str, ShipmentState], ...] = ()
    marketplace: str | None = None

    @property
    def country(self) -> str:
        return "VN" if self.number.startswith("DH") else "MY"


# fmt: off
KNOWN = (
    _Plan("DH-20413", "shipped", 2.2, "Nguyễn Ngọc Lan", "+84903123456", "lan.nguyen@example.com",
          "vi", 1, "bank_transfer", (("AF-400", 1), ("KT-17", 1)), (("GHN", "shipped"),)),
    _Plan("DH-20427", "paid", 0.6, "Trần Nhật Minh", "+84912345678", "minh.tran@example.com",
          "vi", 3, "e_wallet", (("EP-BT5", 1),)),
    _Plan("DH-20431", "out_for_delivery", 3.1, "Phạm Thị Thanh Hương", "+84987654321",
          "huong.pham@example.com", "vi", 5, "card", (("RV-300", 1), ("VF-RV3", 2), ("KT-17", 1)),
          (("Viettel Post", "delivered"), ("GHTK", "out_for_delivery"))),
    _Plan("DH-20440", "out_for_delivery", 1.9, "Lê Quốc Bảo", "+84938765432",
          "bao.le@example.com", "vi", 2, "cod", (("FN-16R", 1),), (("GHN", "out_for_delivery"),)),
    _Plan("DH-20450", "returned", 19.0, "Vũ Thị Mai Phương", "+84976543210",
          "phuong.vu@example.com", "vi", 4, "bank_transfer", (("JE-150", 1),),
          (("GHTK", "delivered"),)),
    _Plan("MY-10482", "shipped", 2.4, "Nur Aisyah binti Ismail", "+60123456789",
          "aisyah@example.com", "ms", 0, "online_banking", (("RC-180", 1), ("BL-600", 1)),
          (("J&T Express", "shipped"),)),
    _Plan("MY-10495", "paid", 0.5, "Tan Wei Ming", "+60198765432", "weiming.tan@example.com",
          "en", 2, "card", (("SP-20", 1), ("CB-C2", 2))),
    _Plan("MY-10501", "delivered", 9.0, "Deepa a/p Nair", "+60167654321",
          "deepa.nair@example.com", "en", 1, "e_wallet", (("AP-30", 1),),
          (("Pos Laju", "delivered"),)),
    _Plan("MY-10507", "cancelled", 6.0, "Mohd Hafiz bin Abdullah", "+60137654321",
          "hafiz@example.com", "ms", 3, "online_banking", (("IR-ST", 1),)),
    _Plan("MY-10510", "pending", 0.2, "Chan Xin Yi", "+60177654321", "xinyi.chan@example.com",
          "en", 6, "bank_transfer", (("SW-FIT", 1),)),
    # further orders of Lan's and of Aisyah's, and what there was not yet
    _Plan("DH-20402", "delivered", 44.0, "Nguyễn Ngọc Lan", "+84903123456",
          "lan.nguyen@example.com", "vi", 1, "bank_transfer", (("AP-30", 1),),
          (("GHN", "delivered"),)),
    _Plan("DH-20408", "delivered", 8.0, "Nguyễn Ngọc Lan", "+84903123456",
          "lan.nguyen@example.com", "vi", 1, "card", (("RC-180", 1), ("HD-18", 1)),
          (("GHTK", "delivered"),)),
    _Plan("DH-20445", "packed", 1.1, "Trần Nhật Minh", "+84912345678", "minh.tran@example.com",
          "vi", 3, "e_wallet", (("BL-600", 1),), (("GHN", "packed"),), "Shopee"),
    _Plan("DH-20455", "pending", 0.4, "Lê Quốc Bảo", "+84938765432", "bao.le@example.com",
          "vi", 2, "bank_transfer", (("IC-2000", 1),)),
    _Plan("MY-10474", "delivered", 7.0, "Nur Aisyah binti Ismail", "+60123456789",
          "aisyah@example.com", "ms", 0, "cod", (("VC-CL22", 1),), (("Pos Laju", "delivered"),)),
    _Plan("MY-10488", "shipped", 2.0, "Tan Wei Ming", "+60198765432", "weiming.tan@example.com",
          "en", 2, "e_wallet", (("KT-17", 1),), (("J&T Express", "shipped"),), "TikTok Shop"),
    _Plan("MY-10515", "packed", 1.0, "Nur Aisyah binti Ismail", "+60123456789",
          "aisyah@example.com", "ms", 0, "cod", (("TS-2", 1), ("KT-17", 1)),
          (("DHL eCommerce", "packed"),)),
)
# fmt: on
"""Orders on which documentation and tests rely."""

_ZONES = {"VN": timezone(timedelta(hours=7)), "MY": timezone(timedelta(hours=8))}
_CURRENCIES = {"VN": "VND", "MY": "MYR"}
_FEES = {"VND": (Decimal(30_000), Decimal(500_000)), "MYR": (Decimal(8), Decimal(120))}
"""Currency → fee for delivery, and the amount from which it is free; as in `shop.yml`."""
_CASH_LIMITS = {"VND": Decimal(5_000_000), "MYR": Decimal(800)}
"""Currency → most that is paid at the door; as in `shop.yml`."""
_PAYMENTS: dict[str, tuple[PaymentMethod, ...]] = {
    "VN": ("bank_transfer", "e_wallet", "card", "cod"),
    "MY": ("online_banking", "card", "e_wallet", "cod"),
}
"""Ways to pay, cash on delivery last."""
# state → how many in each country, between how many days ago
_SPREAD: dict[OrderState, tuple[int, float, float]] = {
    "returned": (2, 18, 60),
    "delivered": (8, 5, 55),
    "cancelled": (2, 3, 40),
    "out_for_delivery": (3, 2.5, 4),
    "shipped": (4, 1.8, 3),
    "packed": (2, 0.8, 1.6),
    "paid": (2, 0.3, 1.2),
    "pending": (2, 0.1, 0.7),
}
_BOUGHT = sorted(list(CATALOGUE)[:32])
"""What the orders around the known ones hold: a product that is added to the catalogue's end
leaves them as they are."""
_FIRST_NUMBER = {"VN": ("DH", 20_318), "MY": ("MY", 10_391)}
_EMAIL_DOMAINS = ("example.com", "example.org", "example.net")


def demo_orders(now: datetime) -> list[Order]:
    """All orders as they stand at `now` (aware), sorted by number."""
    plans = [*KNOWN, *_plans("VN"), *_plans("MY")]
    return sorted((_order(plan, now) for plan in plans), key=lambda order: order.number)


def seed(engine: sa.engine.Engine, now: datetime) -> bool:
    """Fills an empty database; one with orders in it is left alone. Whether it was filled."""
    with schema.writing(engine) as connection:
        if connection.execute(sa.select(schema.orders.c.number).limit(1)).first():
            return False
        products = [
            {"sku": product.sku, "body": wire.to_json(product)}
            for product in catalogue(now).values()
        ]
        connection.execute(sa.insert(schema.products), products)
        orders = demo_orders(now)
        for order in orders:
            _insert(connection, order)
        seed_records(connection, orders, now)
    return True


def _plans(country: str) -> list[_Plan]:
    random = Random(f"myna demo {country}")  # noqa: S311 - repeatable, not secret
    states = [state for state, (count, _, _) in _SPREAD.items() for _ in range(count)]
    ages = sorted((random.uniform(*_SPREAD[state][1:]), state) for state in states)
    prefix, number = _FIRST_NUMBER[country]
    plans = []
    for age, state in reversed(ages):
        number += random.randint(1, 3)
        who = random.randrange(len(people.CUSTOMERS[country]))
        customer, local_part, language = people.CUSTOMERS[country][who]
        lines = tuple(
            (sku, random.choice((1, 1, 1, 2)))
            for sku in random.sample(_BOUGHT, random.choice((1, 1, 2, 3)))
        )
        currency = _CURRENCIES[country]
        goods = sum(CATALOGUE[sku].prices[currency].amount * quantity for sku, quantity in lines)
        payments = ("bank_transfer", "cod") if state == "pending" else _PAYMENTS[country]
        if state == "paid" or goods > _CASH_LIMITS[currency]:
            payments = payments[:-1]
        plans.append(
            _Plan(
                number=f"{prefix}-{number}",
                state=state,
                days_ago=age,
                customer=customer,
                phone=people.phone(country, who),
                email=f"{local_part}@{_EMAIL_DOMAINS[who % 3]}",
                language=language,
                address=who % len(people.ADDRESSES[country]),
                payment=random.choice(payments),
                lines=lines,
                parcels=_parcels(state, people.CARRIERS[country], len(lines), random),
            )
        )
    return plans


def _parcels(
    state: OrderState, carriers: tuple[str, ...], lines: int, random: Random
) -> tuple[tuple[str, ShipmentState], ...]:
    if state in ("pending", "paid", "cancelled"):
        return ()
    last = cast(ShipmentState, "delivered" if state == "returned" else state)
    if lines < 3:
        return ((random.choice(carriers), last),)
    first: ShipmentState = "packed" if last == "packed" else "delivered"
    one, other = random.sample(carriers, 2)
    return ((one, first), (other, last))


def _order(plan: _Plan, now: datetime) -> Order:
    # an order of its own random numbers: a change to one order leaves the others as they are
    random = Random(plan.number)  # noqa: S311 - repeatable, not secret
    now = now.astimezone(UTC).replace(second=0, microsecond=0)
    currency = _CURRENCIES[plan.country]
    items = tuple(_item(sku, quantity, plan.language, currency) for sku, quantity in plan.lines)
    goods = sum((item.unit_price.amount * item.quantity for item in items), Decimal(0))
    fee, free_from = _FEES[currency]
    fee = Decimal(0) if goods >= free_from else fee
    total = goods + fee

    placed = now - timedelta(minutes=round(plan.days_ago * 24 * 60))
    placed += timedelta(seconds=random.randrange(60))
    delivered = placed + min((now - placed) * 0.8, timedelta(days=3.2))
    delivered = _by_day(delivered, _ZONES[plan.country], random, now)
    returned = delivered + timedelta(days=8) if plan.state == "returned" else None
    cancelled = placed + timedelta(hours=5) if plan.state == "cancelled" else None
    cash = plan.payment == "cod"
    at_the_end = plan.state in ("delivered", "returned")
    paid = plan.state != "pending" and (not cash or at_the_end)
    settled = paid or plan.state == "cancelled"
    gives_back = paid and plan.state in ("cancelled", "returned")
    refunded = (returned or cancelled or now) + timedelta(days=4)
    return Order(
        number=plan.number,
        state=plan.state,
        placed_at=placed,
        customer=plan.customer,
        phone=plan.phone,
        email=plan.email,
        address=_address(plan),
        items=items,
        shipments=tuple(
            _shipment(plan, index, random, placed, delivered, now)
            for index in range(len(plan.parcels))
        ),
        shipping_fee=Money(fee, currency),
        total=Money(total, currency),
        amount_due=Money(Decimal(0) if settled else total, currency),
        payment_method=plan.payment,
        paid=paid,
        cancelled_at=cancelled,
        returned_at=returned,
        refund=Money(total, currency) if gives_back else None,
        refunded_at=_to_minute(refunded) if gives_back and refunded < now else None,
        customer_id=people.customer_id(plan.phone),
        marketplace=plan.marketplace,
        payment_url=f"https://lentera.example.com/pay/{plan.number}"
        if plan.state == "pending" and not cash
        else None,
    )


def _item(sku: str, quantity: int, language: str, currency: str) -> Item:
    product = CATALOGUE[sku]
    return Item(sku, product.names[language], quantity, product.prices[currency])


def _address(plan: _Plan) -> Address:
    return people.ADDRESSES[plan.country][plan.address]


def _shipment(
    plan: _Plan, index: int, random: Random, placed: datetime, delivered: datetime, now: datetime
) -> Shipment:
    carrier, state = plan.parcels[index]
    number, page = people.tracking(carrier, random)
    today = now.astimezone(_ZONES[plan.country]).date()
    days_ahead = {"packed": 3, "shipped": 1, "out_for_delivery": 0}
    if state == "delivered":
        expected = delivered.astimezone(_ZONES[plan.country]).date()
    else:
        expected = today + timedelta(days=days_ahead[state])
    # the first parcel takes the first line only, as large things travel alone
    skus = tuple(sku for sku, _ in plan.lines)
    if len(plan.parcels) > 1:
        skus = skus[:1] if index == 0 else skus[1:]
    shipped = _to_minute(placed + (delivered - placed) * 0.4)
    return Shipment(
        carrier=carrier,
        tracking_number=number,
        tracking_url=page,
        state=state,
        expected_on=expected,
        shipped_at=None if state == "packed" else shipped,
        delivered_at=delivered if state == "delivered" else None,
        skus=skus,
    )


def _by_day(moment: datetime, zone: timezone, random: Random, now: datetime) -> datetime:
    """A moment of about that day at which carriers ring, and which is past."""
    hour, minute = random.randint(9, 18), random.randrange(60)
    local = moment.astimezone(zone).replace(hour=hour, minute=minute, second=0, microsecond=0)
    if local > now - timedelta(hours=1):
        local -= timedelta(days=1)
    return local.astimezone(UTC)


def _to_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _insert(connection: Any, order: Order) -> None:
    row = {column.name: getattr(order, column.name, None) for column in schema.orders.columns}
    row |= vars(order.address)
    row |= {
        "currency": order.total.currency,
        "shipping_fee": order.shipping_fee.amount,
        "total": order.total.amount,
        "amount_due": order.amount_due.amount,
        "refund": order.refund.amount if order.refund else None,
        "cancel_reason": "demo" if order.state == "cancelled" else None,
    }
    connection.execute(sa.insert(schema.orders).values(row))
    for item in order.items:
        line = {"order_number": order.number, **vars(item), "unit_price": item.unit_price.amount}
        connection.execute(sa.insert(schema.items).values(line))
    for parcel in order.shipments:
        line = {"order_number": order.number, **vars(parcel), "skus": list(parcel.skus)}
        connection.execute(sa.insert(schema.shipments).values(line))
