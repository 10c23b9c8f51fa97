"""Problems with a delivery or with what arrived: what is told, asked, and written into the case."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from actions import problems
from myna.shop.model import Money, Unavailable

from .chat import run, tracker
from .fake_shop import a_parcel, an_order

NUMBER, RIGHT = "DH-20413", "+84903123456"
NOW = datetime.now(UTC)


def on_its_way(expected_in_days=1, **changes):
    parcel = a_parcel("shipped", expected_on=(NOW + timedelta(days=expected_in_days)).date())
    return an_order(state="shipped", shipments=(parcel,), placed_at=NOW, **changes)


def arrived(**changes):
    parcel = a_parcel("delivered", delivered_at=NOW - timedelta(days=1))
    return an_order(state="delivered", shipments=(parcel,), **changes)


async def tell(chat, text, intent="report_delivery_problem", **more):
    return await chat.say(text, intent, **{"order_number": NUMBER, "phone": RIGHT, **more})


def case(chat):
    [found] = [command for command in chat.commands if command["type"] == "open_case"]
    return found


# --- delivery


async def test_what_is_not_late_is_told_first_then_asked_about(chat, shop):
    shop.add(on_its_way())
    assert await tell(chat, "my parcel still has not come") == [
        "utter_order_shipped",
        "utter_ask_delivery_case",
    ]
    assert chat.commands == [{"type": "proof_passed", "order_number": NUMBER, "level": "contact"}]
    assert await chat.say("yes please", "affirm") == ["utter_delivery_late"]
    assert case(chat) == {
        "type": "open_case",
        "kind": "problem",
        "summary": case(chat)["summary"],
        "order_number": NUMBER,
        "phone": RIGHT,
        "response": "utter_delivery_case",
    }
    assert "my parcel still has not come" in case(chat)["summary"]
    assert (chat.loop, chat.slots["matter"], chat.slots["confirmed"]) == (None, None, None)


async def test_the_records_solve_it(chat, shop):
    shop.add(on_its_way())
    await tell(chat, "where is my parcel, so late")
    assert await chat.say("no, I'll wait", "deny") == ["utter_delivery_no_case"]
    assert (chat.commands, chat.loop) == ([], None)


async def test_after_a_digression_only_the_question_comes_back(chat, shop):
    shop.add(on_its_way())
    await tell(chat, "late")
    assert await chat.say("what are your fees", "faq") == ["utter_faq", "utter_ask_delivery_case"]


async def test_what_is_late_needs_no_question(chat, shop):
    shop.add(on_its_way(expected_in_days=-2))
    assert await tell(chat, "still waiting for it") == [
        "utter_order_shipped",
        "utter_delivery_late",
    ]
    assert case(chat)["response"] == "utter_delivery_case"


async def test_delivered_and_not_received(chat, shop):
    shop.add(arrived())
    assert await tell(chat, "I have not got my parcel") == [
        "utter_delivery_marked",
        "utter_ask_not_received",
    ]
    assert await chat.say("yes", "affirm") == ["utter_delivery_not_received"]
    assert case(chat)["kind"] == "problem"


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("báo giao rồi mà em có nhận đâu", "utter_delivery_not_received"),
        ("the courier was so rude", "utter_delivery_courier"),
        ("kurier minta duit lebih", "utter_delivery_extra_money_paid"),
        ("giao khong thanh cong vi khong goi", "utter_delivery_failed_attempt"),
        ("hantar ke rumah orang lain", "utter_delivery_wrong_address"),
    ],
)
async def test_what_records_cannot_solve_goes_to_people_at_once(chat, shop, text, response):
    shop.add(arrived())
    assert await tell(chat, text) == ["utter_delivery_marked", response]
    assert text in case(chat)["summary"]


async def test_what_is_to_be_paid_at_the_door_is_told(chat, shop):
    due = Money(Decimal(500_000), "VND")
    shop.add(on_its_way(payment_method="cod", paid=False, amount_due=due))
    told = await tell(chat, "shipper đòi thêm tiền")
    assert told == ["utter_order_shipped", "utter_amount_due", "utter_delivery_extra_money"]
    assert chat.values("utter_delivery_extra_money")["amount_due"] == "500.000\u00a0₫"


async def test_a_wrong_address_can_be_changed_before_it_is_sent(chat, shop):
    assert await tell(chat, "it has the wrong address") == [
        "utter_order_paid",
        "utter_delivery_wrong_address_early",
    ]
    assert not any(command["type"] == "open_case" for command in chat.commands)


@pytest.mark.parametrize("state", ["cancelled", "returned", "pending"])
async def test_where_nothing_is_under_way_the_state_is_told(chat, shop, state):
    shop.add(an_order(state=state, paid=False))
    told = await tell(chat, "it has not come")
    assert told[-1] == "utter_delivery_more_help"
    assert len(told) == 2
    assert chat.loop is None


async def test_order_and_proof_are_asked_for_and_the_words_kept(chat, shop):
    shop.add(arrived())
    assert await chat.say("says delivered but nothing here", "report_delivery_problem") == [
        "utter_ask_order_number"
    ]
    assert await chat.say(NUMBER, order_number=NUMBER) == ["utter_ask_contact"]
    await chat.say(RIGHT, phone=RIGHT)
    assert "says delivered but nothing here" in case(chat)["summary"]


async def test_a_button_says_nothing_of_the_matter(chat, shop):
    shop.add(arrived())
    told = await tell(chat, "My parcel is late or has not come")
    assert told == ["utter_delivery_marked", "utter_ask_not_received"]


@pytest.mark.parametrize("intent", ["report_delivery_problem", "report_order_problem"])
async def test_orders_of_marketplaces(chat, shop, intent):
    shop.add(arrived(marketplace="Shopee"))
    assert await tell(chat, "broken", intent) == ["utter_marketplace_after_sales"]


@pytest.mark.parametrize("turn", ["proof", "question"])
async def test_delivery_records_that_cannot_be_reached(chat, shop, turn):
    shop.add(on_its_way())
    fine = [shop.orders[NUMBER]] * (1 if turn == "proof" else 2)
    shop.next["get_order"] = [*fine, Unavailable("down")]
    assert await tell(chat, "late") == ["utter_shop_unavailable"]
    assert chat.loop is None


async def test_a_case_is_opened_also_when_the_records_fail_at_the_end(chat, shop):
    shop.add(on_its_way())
    await tell(chat, "late")
    shop.next["get_order"] = [Unavailable("down")]
    assert await chat.say("yes", "affirm") == []
    assert case(chat)["kind"] == "problem"


async def test_wrong_proof_tells_nothing(chat, shop):
    wrong = "+84911111111"
    assert await tell(chat, "late", phone=wrong) == ["utter_order_not_matched"]
    for action in (problems.ActionReportDeliveryProblem, problems.ActionReportOrderProblem):
        slots = {"item": "AF-400", "reason": "damaged", "remedy": "refund", "confirmed": True}
        done = await run(action, tracker(order_number=NUMBER, **slots))
        assert (done.responses, done.commands) == ([], [])


async def test_stopping(chat, shop):
    await chat.say("late again", "report_delivery_problem")
    assert await chat.say("forget it", "deny") == ["utter_form_stopped"]
    assert chat.loop is None


# --- what arrived


async def report(chat, text, **more):
    return await tell(chat, text, "report_order_problem", **more)


async def test_by_buttons(chat, shop):
    shop.add(arrived())
    assert await report(chat, "something is not right") == ["utter_ask_item"]
    assert await chat.say("(b)", item="KT-17") == ["utter_ask_problem_reason"]
    assert await chat.say("(b)", reason="incomplete") == ["utter_ask_problem_remedy"]
    assert await chat.say("(b)", remedy="missing_part") == ["utter_problem_understood"]
    assert chat.values("utter_problem_understood") == {
        "items": "2 × Kéo",
        "reason": "something missing",
        "remedy": "send what's missing",
    }
    assert (case(chat)["kind"], case(chat)["response"]) == ("problem", "utter_problem_case")
    assert "something is not right" in case(chat)["summary"]
    assert chat.loop is None


async def test_everything_is_in_the_first_message(chat, shop):
    shop.add(arrived())
    told = await report(chat, "nồi chiên bị móp, đổi cái mới cho em")
    assert told == ["utter_problem_understood"]
    assert chat.values("utter_problem_understood")["reason"] == "damaged"


async def test_what_is_wrong_in_own_words(chat, shop):
    shop.add(arrived())
    await report(chat, "vấn đề với nồi chiên")
    assert await chat.say("nó có mùi lạ", "nlu_fallback") == ["utter_ask_problem_remedy"]
    assert await chat.say("shop xem sao cho hợp lý", "inform") == ["utter_problem_understood"]
    assert chat.slots["reason"] is None  # forgotten, now that it is told
    for words in ("nó có mùi lạ", "shop xem sao cho hợp lý"):
        assert words in case(chat)["summary"]


async def test_a_photo_in_between_is_taken_without_fuss(chat, shop):
    shop.add(arrived())
    await report(chat, "nồi chiên hỏng")
    told = await chat.say("đây ảnh nè", "send_photo")
    assert told == ["utter_send_photo", "utter_ask_problem_remedy"]


async def test_a_question_is_not_taken_for_an_answer(chat, shop):
    shop.add(arrived())
    await report(chat, "vấn đề với nồi chiên")
    assert await chat.say("can I pay by card?", "faq") == ["utter_faq", "utter_ask_problem_reason"]
    told = await chat.say("mấy giờ mở cửa?", "nlu_fallback")
    assert told == ["utter_ask_rephrase"]
    assert "mấy giờ" not in chat.slots["matter"]["words"]


@pytest.mark.parametrize("state", ["pending", "paid", "packed", "cancelled"])
async def test_nothing_of_it_can_have_arrived(chat, shop, state):
    shop.add(an_order(state=state))
    assert await report(chat, "broken") == ["utter_problem_before_delivery"]
    assert chat.loop is None


async def test_one_parcel_of_two_has_arrived(chat, shop):
    parcels = (a_parcel("delivered", delivered_at=NOW), a_parcel("packed"))
    shop.add(an_order(state="packed", shipments=parcels))
    assert await report(chat, "nồi chiên bị móp") == ["utter_ask_problem_remedy"]


async def test_a_correction(chat, shop):
    shop.add(arrived())
    await report(chat, "nồi chiên bị móp")
    told = await chat.say("à nhầm, cái kéo mới bị móp", "report_order_problem")
    assert told == ["utter_ask_problem_remedy"]
    assert chat.slots["item"] == "KT-17"


async def test_another_flow_begins_in_between(chat, shop):
    shop.add(arrived())
    await report(chat, "nồi chiên bị móp")
    assert await chat.say("where is my order", "ask_order_status") == ["utter_order_delivered"]
    assert chat.loop is None
