"""Booking a repair, and what comes of it."""

import pytest

from myna.shop.model import Declined, NotFound, NotOffered, RepairRequest, Unavailable, Uncertain

from .test_warranty import NUMBER, REPAIR, RIGHT, SERIAL, TODAY, WRONG, a_piece, a_repair


async def ask(chat, text="please repair it", **more):
    return await chat.say(text, "request_repair", **more)


async def press(chat, answer):
    return await ask(chat, "…", answer=answer)


async def upto_confirm(chat, shop, **changes):
    """A piece by its serial number, up to the question whether it shall be booked."""
    shop.warranties = [a_piece(serial=SERIAL, order_number=None, **changes)]
    assert await ask(chat, f"repair {SERIAL}") == ["utter_ask_symptom"]
    assert await chat.say("it hums all night", "give_compliment") == ["utter_ask_repair_way"]
    return await press(chat, "drop_off")


def booked(shop):
    return [parameters[0] for name, parameters, _ in shop.calls if name == "book_repair"]


async def test_the_whole_way(chat, shop):
    assert await upto_confirm(chat, shop) == ["utter_ask_confirm_repair_covered_drop_off"]
    assert chat.values(chat.responses[0])["symptom"] == "it hums all night"
    assert booked(shop) == []
    assert await chat.say("yes", "affirm") == ["utter_repair_booked_drop_off"]
    assert booked(shop) == [
        RepairRequest(
            symptom="it hums all night", serial=SERIAL, sku="AF-400", hand_over="drop_off"
        )
    ]
    assert shop.calls[-1][2] == "repair:m-3"
    left = ("piece", "symptom", "repair_way", "confirmed")
    assert [chat.slots[name] for name in left] == [None] * 4
    assert chat.loop is None


@pytest.mark.parametrize("changes", [{"void": True}, {"until": TODAY.replace(year=2020)}])
async def test_that_it_costs_is_said_before(chat, shop, changes):
    told = await upto_confirm(chat, shop, **changes)
    assert told == ["utter_ask_confirm_repair_paid_drop_off"]


async def test_no(chat, shop):
    await upto_confirm(chat, shop)
    assert await chat.say("no", "deny") == ["utter_repair_dropped"]
    assert (booked(shop), chat.loop, chat.slots["confirmed"]) == ([], None, None)


async def test_of_an_order_with_one_piece_that_can_only_be_meant(chat, shop):
    shop.warranties = [a_piece()]
    assert await ask(chat) == ["utter_ask_repair_form_order_number"]
    assert await chat.say(NUMBER, order_number=NUMBER) == ["utter_ask_contact"]
    assert await chat.say(WRONG, phone=WRONG) == ["utter_order_not_matched"]
    assert await chat.say(RIGHT, phone=RIGHT) == ["utter_ask_symptom"]
    assert chat.slots["piece"] == "AF-400"


async def test_which_of_several(chat, shop):
    shop.warranties = [a_piece(), a_piece("KT-17", "Electric kettle with a very long name")]
    assert await ask(chat, order_number=NUMBER, phone=RIGHT) == ["utter_ask_piece"]
    buttons = chat.outcomes[-1].messages[0]["buttons"]
    assert all(len(button["title"]) <= 20 for button in buttons)
    assert [button["payload"] for button in buttons] == [
        f'/request_repair{{"answer": "{sku}"}}' for sku in ("AF-400", "KT-17")
    ]
    assert await press(chat, "KT-17") == ["utter_ask_symptom"]
    assert chat.slots["piece"] == "KT-17"


async def test_which_of_several_in_own_words(chat, shop):
    shop.warranties = [a_piece(), a_piece("KT-17", "Electric kettle")]
    await ask(chat, order_number=NUMBER, phone=RIGHT)
    assert await chat.say("the kettle") == ["utter_ask_symptom"]
    assert chat.slots["piece"] == "KT-17"


async def test_what_the_first_message_tells_is_not_asked_again(chat, shop):
    shop.warranties = [a_piece(), a_piece("KT-17", "Electric kettle")]
    told = await ask(chat, "my kettle leaks, please repair it", order_number=NUMBER, phone=RIGHT)
    assert told == ["utter_ask_repair_way"]
    assert chat.slots["piece"] == "KT-17"
    told = await chat.say("i will bring it in", "ask_store_location")
    assert told == ["utter_ask_confirm_repair_covered_drop_off"]


async def test_what_troubleshooting_knows_is_not_asked_again(chat, shop):
    shop.warranties = [a_piece(), a_piece("KT-17", "Electric kettle")]
    await chat.say("my air fryer won't turn on", "report_technical_problem")
    await chat.say("…", "report_technical_problem", answer="same")
    told = await ask(chat, order_number=NUMBER, phone=RIGHT)
    assert told == ["utter_ask_repair_way"]
    await press(chat, "pick_up")
    assert await chat.say("yes", "affirm") == ["utter_repair_booked_pick_up"]
    (request,) = booked(shop)
    assert request.sku == "AF-400"
    assert request.symptom.startswith("Does not turn on")
    assert "socket → same" in request.symptom
    assert chat.slots["troubleshooting"] is None


async def test_an_order_without_delivered_pieces(chat, shop):
    assert await ask(chat, order_number=NUMBER, phone=RIGHT) == ["utter_nothing_to_repair"]
    assert chat.loop is None


async def test_an_unknown_serial_number(chat, shop):
    assert await ask(chat, SERIAL) == ["utter_serial_not_found"]
    assert chat.loop == "repair_form"


async def test_a_digression_and_a_question_that_is_no_symptom(chat, shop):
    shop.warranties = [a_piece(serial=SERIAL)]
    await ask(chat, SERIAL)
    assert await chat.say("what does it cost?", "faq") == ["utter_faq", "utter_ask_symptom"]
    assert chat.slots["symptom"] is None


async def test_stop(chat):
    await ask(chat)
    assert await chat.say("leave it", "deny") == ["utter_form_stopped"]


async def test_danger_is_warned_of(chat, shop):
    shop.warranties = [a_piece(serial=SERIAL)]
    await ask(chat, SERIAL)
    told = await chat.say("there is a burning smell", "report_technical_problem")
    assert told == ["utter_danger", "utter_ask_repair_way"]


@pytest.mark.parametrize(
    ("outcome", "told", "case"),
    [
        (Unavailable("down"), "utter_repair_unavailable", False),
        (Uncertain("cut"), "utter_repair_uncertain", True),
        (NotOffered("repairs"), "utter_repair_by_people", True),
        (NotFound("serial"), "utter_repair_by_people", True),
        (Declined("void"), "utter_repair_by_people", True),
        (Declined("already_open"), "utter_repair_already_open", False),
    ],
)
async def test_what_else_can_come_of_it(chat, shop, outcome, told, case):
    await upto_confirm(chat, shop)
    shop.next["book_repair"] = [outcome]
    responses = await chat.say("yes", "affirm")
    assert responses[0] == told
    cases = [command for command in chat.commands if command["type"] == "open_case"]
    assert bool(cases) == case
    assert (responses[1:] == ["utter_ask_contact_form_contact"]) == case
    for one in cases:
        assert one["kind"] == "repair"
        assert "it hums all night" in one["summary"]
    assert chat.slots["piece"] is None


async def test_one_that_is_open_already_is_told(chat, shop):
    shop.warranties = [a_piece()]
    shop.repairs[REPAIR] = a_repair(order_number=NUMBER)
    await ask(chat, order_number=NUMBER, phone=RIGHT)
    await chat.say("cold inside", "report_technical_problem")
    await press(chat, "pick_up")
    shop.next["book_repair"] = [Declined("already_open")]
    told = await chat.say("yes", "affirm")
    assert told == ["utter_repair_already_open", "utter_repair_repairing"]


@pytest.mark.parametrize("at", ["piece", "confirm"])
async def test_records_that_break_off(chat, shop, at):
    if at == "piece":
        shop.next["list_warranties"] = [Unavailable("down")]
        told = await ask(chat, order_number=NUMBER, phone=RIGHT)
    else:
        shop.warranties = [a_piece()]
        await ask(chat, order_number=NUMBER, phone=RIGHT)
        await chat.say("cold inside", "report_technical_problem")
        shop.next["list_warranties"] = [Unavailable("down")]
        told = await press(chat, "pick_up")
    assert told == ["utter_warranty_unavailable"]
    assert (chat.loop, booked(shop)) == (None, [])
