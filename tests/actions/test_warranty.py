"""Cover of pieces, states of repairs, and lost cards."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from myna.bootstrap import catalogue
from myna.shop.model import REPAIR_STATES, Money, NotOffered, Repair, Unavailable, Warranty

from .chat import Chat
from .fake_shop import an_order

RIGHT, WRONG = "+84903123456", "+84911111111"
NUMBER, SERIAL, REPAIR = "DH-20413", "LHAF400-2603-00655", "RP-4901"
TODAY = datetime.now(UTC).date()


def a_piece(sku="AF-400", product="Air fryer 4 L", **changes):
    values = {
        "bought_on": TODAY - timedelta(days=30),
        "until": TODAY + timedelta(days=335),
        "serial": None,
        "order_number": NUMBER,
        **changes,
    }
    return Warranty(sku=sku, product=product, **values)


def a_repair(state="repairing", **changes):
    values = {
        "number": REPAIR,
        "sku": "AF-400",
        "product": "Air fryer 4 L",
        "symptom": "cold",
        "booked_at": datetime(2026, 11, 20, tzinfo=UTC),
        "in_warranty": True,
        "phone": RIGHT,
        "email": "lan.nguyen@example.com",
        **changes,
    }
    return Repair(state=state, **values)


async def ask(chat, text="is it still under warranty", **more):
    return await chat.say(text, "ask_warranty_status", **more)


async def test_of_an_order(chat, shop):
    shop.warranties = [a_piece()]
    assert await ask(chat) == ["utter_ask_warranty_form_order_number"]
    assert await chat.say(NUMBER, order_number=NUMBER) == ["utter_ask_contact"]
    told = await chat.say(RIGHT, phone=RIGHT)
    assert told == ["utter_warranty_covered", "utter_warranty_covers"]
    assert chat.values("utter_warranty_covered")["product"] == "Air fryer 4 L"
    assert chat.loop is None


async def test_nothing_is_told_to_a_stranger(chat, shop):
    shop.warranties = [a_piece()]
    told = await ask(chat, order_number=NUMBER, phone=WRONG)
    assert told == ["utter_order_not_matched"]
    assert shop.calls == []


@pytest.mark.parametrize(
    ("changes", "response"),
    [
        ({"until": TODAY + timedelta(days=2)}, "utter_warranty_covered"),
        ({"until": TODAY - timedelta(days=2)}, "utter_warranty_expired"),
        ({"void": True}, "utter_warranty_void"),
        ({"until": None, "bought_on": date(2020, 1, 31)}, "utter_warranty_expired"),
    ],
)
async def test_a_serial_number_needs_no_proof(chat, shop, changes, response):
    shop.warranties = [a_piece(serial=SERIAL, order_number=None, **changes)]
    assert await ask(chat, f"and {SERIAL.lower()}?") == [response, "utter_warranty_covers"]
    assert chat.commands == []


async def test_the_usual_term_counts_where_the_last_day_is_not_known(chat, shop):
    shop.warranties = [a_piece(serial=SERIAL, until=None, bought_on=date(2020, 1, 31))]
    await ask(chat, SERIAL)
    assert chat.values("utter_warranty_expired")["until"] == "31 Jan 2021"


async def test_an_unknown_serial_number_is_asked_for_again(chat, shop):
    assert await ask(chat, SERIAL) == ["utter_serial_not_found"]
    assert chat.loop == "warranty_form"
    shop.warranties = [a_piece(serial="LHKT17-2603-00001")]
    told = await chat.say("LHKT17-2603-00001")
    assert told == ["utter_warranty_covered", "utter_warranty_covers"]


async def test_an_order_after_an_unknown_serial_number(chat, shop):
    shop.warranties = [a_piece()]
    await ask(chat, SERIAL)
    told = await chat.say(NUMBER, order_number=NUMBER, phone=RIGHT)
    assert told == ["utter_warranty_covered", "utter_warranty_covers"]


async def test_the_number_that_was_told_last_counts(chat, shop):
    shop.warranties = [a_piece(serial=SERIAL, order_number=None, void=True), a_piece()]
    await ask(chat, SERIAL)
    told = await ask(chat, f"and {NUMBER}", order_number=NUMBER, phone=RIGHT)
    assert told == ["utter_warranty_covered", "utter_warranty_covers"]
    assert chat.slots["serial_number"] is None


async def test_only_what_was_asked_about_is_told(chat, shop):
    shop.warranties = [a_piece(), a_piece("KT-17", "Electric kettle 1.7 L", void=True)]
    await ask(chat, "is my kettle still under warranty", order_number=NUMBER)
    told = await chat.say(RIGHT, phone=RIGHT)
    assert told == ["utter_warranty_void", "utter_warranty_covers"]


async def test_two_alike_are_told_once(chat, shop):
    shop.warranties = [a_piece(), a_piece()]
    told = await ask(chat, order_number=NUMBER, phone=RIGHT)
    assert told == ["utter_warranty_covered", "utter_warranty_covers"]


async def test_an_order_without_pieces(chat):
    told = await ask(chat, order_number=NUMBER, phone=RIGHT)
    assert told == ["utter_no_warranty_of_order"]


async def test_a_shop_that_says_nothing_of_what_is_covered(chat, shop, monkeypatch):
    monkeypatch.setitem(vars(catalogue().facts.terms), "warranty_covers", {})
    shop.warranties = [a_piece(serial=SERIAL)]
    assert await ask(chat, SERIAL) == ["utter_warranty_covered"]


@pytest.mark.parametrize("by", [{"text": SERIAL}, {"order_number": NUMBER, "phone": RIGHT}])
async def test_records_that_cannot_be_reached(chat, shop, by):
    down = [Unavailable("down")] * 3
    shop.next = {**shop.next, "get_warranty": down, "list_warranties": down, "get_order": []}
    shop.next["list_repairs"] = []
    assert await ask(chat, **by) == ["utter_warranty_unavailable"]
    assert [c for c in chat.commands if c["type"] == "open_case"] == []


async def test_what_the_shop_does_not_offer_is_a_case(chat, shop):
    shop.next["list_warranties"] = [NotOffered("warranty")]
    assert await ask(chat, order_number=NUMBER, phone=RIGHT) == ["utter_warranty_by_people"]
    case = chat.commands[-1]
    assert (case["type"], case["kind"], case["order_number"]) == ("open_case", "repair", NUMBER)
    assert case["phone"] == RIGHT


async def test_stop(chat):
    await ask(chat)
    assert await chat.say("never mind", "deny") == ["utter_form_stopped"]


async def test_a_digression(chat):
    await ask(chat)
    told = await chat.say("how long is the warranty in general", "faq")
    assert told == ["utter_faq", "utter_ask_warranty_form_order_number"]


async def test_a_repair_by_number_and_contact(chat, shop):
    shop.repairs[REPAIR] = a_repair()
    assert await ask(chat, "how is rp 4901 going") == ["utter_ask_repair_contact"]
    assert await chat.say(RIGHT, phone=RIGHT) == ["utter_repair_repairing"]
    assert chat.commands == [{"type": "proof_passed", "order_number": REPAIR, "level": "contact"}]
    # once proved it is not asked again
    assert await ask(chat, REPAIR) == ["utter_repair_repairing"]


@pytest.mark.parametrize("there", [True, False])
async def test_a_strangers_repair_and_none_are_answered_alike(chat, shop, there):
    if there:
        shop.repairs[REPAIR] = a_repair()
    await ask(chat, REPAIR)
    assert await chat.say(WRONG, phone=WRONG) == ["utter_repair_not_matched"]
    assert chat.commands == [{"type": "proof_failed", "order_number": REPAIR}]
    assert chat.loop == "warranty_form"


async def test_too_many_wrong_tries_for_a_repair(chat, shop):
    shop.repairs[REPAIR] = a_repair()
    await ask(chat, REPAIR)
    for _ in range(catalogue().facts.limits.proof_tries - 1):
        assert await chat.say(WRONG, phone=WRONG) == ["utter_repair_not_matched"]
    assert await chat.say(WRONG, phone=WRONG) == ["utter_proof_locked"]
    assert chat.commands[-1]["type"] == "hand_over"
    assert chat.loop is None
    assert await ask(chat, REPAIR, phone=RIGHT) == ["utter_proof_locked"]


async def test_a_repair_that_cannot_be_looked_up(chat, shop):
    shop.next["get_repair"] = [Unavailable("down")]
    assert await ask(chat, REPAIR, phone=RIGHT) == ["utter_warranty_unavailable"]
    assert (chat.commands, chat.loop) == ([], None)


@pytest.mark.parametrize("state", REPAIR_STATES)
async def test_every_state_of_a_repair(chat, shop, state):
    cost = Money(Decimal(890_000), "VND")
    shop.repairs[REPAIR] = a_repair(state, cost=cost, expected_on=date(2026, 12, 1))
    assert await ask(chat, REPAIR, phone=RIGHT) == [f"utter_repair_{state}"]
    values = chat.values(f"utter_repair_{state}")
    assert (values["cost"], values["expected_on"]) == ("890.000\u00a0₫", "1 Dec 2026")


async def test_an_orders_own_open_repairs_are_told_with_it(chat, shop):
    shop.warranties = [a_piece()]
    shop.add(an_order("DH-20427"))
    shop.repairs = {
        "RP-1": a_repair(number="RP-1", order_number=NUMBER),
        "RP-2": a_repair(number="RP-2", order_number="DH-20427"),
        "RP-3": a_repair("completed", number="RP-3", order_number=NUMBER),
    }
    told = await ask(chat, order_number=NUMBER, phone=RIGHT)
    assert told == ["utter_warranty_covered", "utter_warranty_covers", "utter_repair_repairing"]
    assert chat.values("utter_repair_repairing")["repair_number"] == "RP-1"


async def test_a_contact_proved_by_code_finds_all_pieces(chat, shop):
    shop.warranties = [replace(a_piece(), order_number=None)]
    chat.slots["proof"] = {"order_number": None, "level": "code", "contact": RIGHT}
    chat.loop = None
    told = await ask(chat)
    assert told == ["utter_warranty_covered", "utter_warranty_covers"]
    assert shop.calls[-1][0] == "find_warranties"


async def lose(chat, text="i lost my warranty card", **more):
    return await chat.say(text, "report_lost_warranty_card", **more)


async def test_a_lost_card_is_reassured_first(chat, shop):
    shop.warranties = [a_piece()]
    first = await lose(chat)
    assert first == ["utter_card_not_needed", "utter_ask_lost_card_form_order_number"]
    assert await chat.say(NUMBER, order_number=NUMBER) == ["utter_ask_contact"]
    told = await chat.say(RIGHT, phone=RIGHT)
    assert told == ["utter_warranty_covered", "utter_warranty_covers"]


async def test_a_lost_card_with_all_told_at_once(chat, shop):
    shop.warranties = [a_piece()]
    told = await lose(chat, order_number=NUMBER, phone=RIGHT)
    assert told == ["utter_card_not_needed", "utter_warranty_covered", "utter_warranty_covers"]


@pytest.mark.parametrize("how", ["button", "words"])
async def test_no_number_either_is_a_case_with_what_is_remembered(chat, shop, how):
    chat.people_available = False
    await lose(chat)
    if how == "button":
        told = await lose(chat, "I have no number", answer="no_number")
    else:
        told = await chat.say("i don't have it", "deny")
    assert told == ["utter_ask_purchase"]
    what = "a pressure cooker, in March, at the KL store"
    told = await chat.say(what, "place_order")
    assert told == ["utter_ask_contact_form_contact"]
    (case,) = chat.commands
    assert (case["kind"], case["summary"]) == ("problem", what)
    assert case["response"] == "utter_lost_card_case"
    assert (chat.slots["no_number"], chat.slots["purchase"]) == (None, None)


async def test_a_question_in_between_is_no_purchase(chat):
    await lose(chat)
    await lose(chat, "…", answer="no_number")
    assert await chat.say("when do you open", "faq") == ["utter_faq", "utter_ask_purchase"]
    assert await chat.say("no, leave it", "deny") == ["utter_form_stopped"]


async def test_in_vietnamese_the_days_are_written_so(shop):
    chat = Chat("vi")
    shop.warranties = [a_piece(serial=SERIAL, until=date(2020, 2, 1))]
    await ask(chat, SERIAL)
    assert chat.values("utter_warranty_expired")["until"] == "01/02/2020"
