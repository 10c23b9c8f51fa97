"""Where an order is: the response of every state, parcels, what is owed, dates."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from actions import orders
from myna.bootstrap import catalogue
from myna.shop.model import ORDER_STATES, SHIPMENT_STATES, Money, NotFound, Unavailable

from .chat import run, tracker
from .fake_shop import a_parcel, an_order

NUMBER = "DH-20413"
OWED = {"payment_method": "cod", "paid": False, "amount_due": Money(Decimal(1000), "VND")}


async def look_up(number=NUMBER, language="en", level="contact"):
    shown = {"order_number": number, "level": level}
    seen = tracker(order_number=number, proof=shown, language=language)
    return await run(orders.ActionLookUpOrder, seen)


@pytest.mark.parametrize(
    ("state", "response"),
    [
        ("pending", "utter_order_pending"),
        ("paid", "utter_order_paid"),
        ("packed", "utter_order_packed"),
        ("shipped", "utter_order_shipped"),
        ("out_for_delivery", "utter_order_out_for_delivery"),
        ("delivered", "utter_order_delivered"),
        ("cancelled", "utter_order_cancelled_status"),
        ("returned", "utter_order_returned"),
    ],
)
@pytest.mark.parametrize("parcels", [0, 1])
async def test_every_state(shop, state, response, parcels):
    shop.add(an_order(state=state, shipments=(a_parcel(),) * parcels))
    outcome = await look_up()
    assert outcome.responses == [response]
    assert (outcome.events, outcome.commands) == ([], [])


def test_no_state_is_forgotten():
    for state in ORDER_STATES:
        for method in ("cod", "card"):
            name = orders.status_response(an_order(state=state, payment_method=method))
            assert name in catalogue().names()
    assert all(f"utter_parcel_{state}" in catalogue().names() for state in SHIPMENT_STATES)


async def test_cash_on_delivery_waits_for_no_payment(shop):
    shop.add(an_order(state="pending", **OWED))
    assert (await look_up()).responses == ["utter_order_confirmed", "utter_amount_due"]


@pytest.mark.parametrize("state", ORDER_STATES)
@pytest.mark.parametrize(
    ("payment", "owes"),
    [
        (OWED, True),
        ({**OWED, "amount_due": Money(Decimal(0), "VND")}, False),
        ({**OWED, "payment_method": "bank_transfer"}, False),
    ],
)
async def test_what_is_due_is_told_only_where_it_is_owed(shop, state, payment, owes):
    shop.add(an_order(state=state, **payment))
    outcome = await look_up()
    owing = owes and state in ("pending", "packed", "shipped", "out_for_delivery")
    assert ("utter_amount_due" in outcome.responses) == owing
    if owing:
        assert outcome.values("utter_amount_due")["amount_due"] == "1.000\u00a0₫"


async def test_parcels_are_told_one_by_one(shop):
    parcels = (
        a_parcel("delivered", delivered_at=datetime(2026, 11, 22, 18, 0, tzinfo=UTC)),
        a_parcel("out_for_delivery", carrier="GHTK", tracking_number=""),
        a_parcel("shipped", expected_on=date(2026, 11, 25)),
        a_parcel("packed"),
    )
    shop.add(an_order(state="packed", shipments=parcels, **OWED))
    outcome = await look_up()
    assert outcome.responses == [
        "utter_order_in_parcels",
        "utter_parcel_delivered",
        "utter_parcel_out_for_delivery",
        "utter_parcel_shipped",
        "utter_parcel_packed",
        "utter_amount_due",
    ]
    assert outcome.values("utter_order_in_parcels")["count"] == 4
    assert [m["index"] for m in outcome.messages if "index" in m] == [1, 2, 3, 4]
    assert outcome.values("utter_parcel_delivered")["delivered_on"] == "23 Nov 2026"
    second = outcome.values("utter_parcel_out_for_delivery")
    assert (second["carrier"], second["tracking_number"]) == ("GHTK", "–")
    assert outcome.values("utter_parcel_shipped")["expected_on"] == "25 Nov 2026"


@pytest.mark.parametrize("state", ["cancelled", "returned"])
async def test_parcels_of_a_finished_order_are_not_told(shop, state):
    shop.add(an_order(state=state, shipments=(a_parcel(), a_parcel())))
    assert len((await look_up()).responses) == 1


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
async def test_days_are_those_of_the_orders_market(shop, language):
    # half an hour before midnight in Vietnam, half an hour after it in Malaysia
    moment = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    delivered = (a_parcel("delivered", delivered_at=moment),)
    days = {}
    for number in ("DH-20413", "MY-10482"):
        order = an_order(number, "delivered", placed_at=moment, shipments=delivered)
        shop.add(replace(order, cancelled_at=moment, returned_at=moment))
        values = (await look_up(number, language)).values("utter_order_delivered")
        days[number[:2]] = {values[f"{what}_on"] for what in ("placed", "delivered", "cancelled")}
        assert values["returned_on"] in days[number[:2]]
    assert [len(each) for each in days.values()] == [1, 1]
    (vietnam,), (malaysia,) = days["DH"], days["MY"]
    assert (vietnam[:2], malaysia[:2]) == ("22", "23")


async def test_the_day_of_delivery_is_not_shifted(shop):
    parcel = a_parcel(expected_on=date(2026, 11, 25), tracking_url="https://ghn.example/1")
    shop.add(an_order(state="shipped", shipments=(parcel,)))
    values = (await look_up(language="vi")).values("utter_order_shipped")
    assert values["expected_on"] == "25/11/2026"
    assert values["tracking_url"] == "https://ghn.example/1"


async def test_what_is_not_known_is_a_dash(shop):
    shop.add(an_order(state="shipped", shipments=(a_parcel(tracking_number=""),)))
    values = (await look_up()).values("utter_order_shipped")
    assert (values["tracking_number"], values["expected_on"]) == ("–", "–")
    assert values["tracking_url"] == catalogue().facts.website


async def test_a_currency_of_no_market_does_not_break_it(shop):
    shop.add(an_order(total=Money(Decimal(5), "SGD")))
    assert (await look_up()).responses == ["utter_order_paid"]


@pytest.mark.parametrize("shown", [None, {"order_number": "DH-20427", "level": "code"}])
async def test_nothing_is_told_without_proof(shop, shown):
    seen = tracker(order_number=NUMBER, proof=shown)
    outcome = await run(orders.ActionLookUpOrder, seen)
    assert (outcome.responses, shop.looked_up) == ([], [])


@pytest.mark.parametrize("outcome", [Unavailable("down"), NotFound("order")])
async def test_an_order_that_cannot_be_had(shop, outcome):
    shop.next["get_order"] = [outcome]
    assert (await look_up()).responses == ["utter_shop_unavailable"]
