"""Invoices, and what is still to be paid."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from myna.shop.model import Address, Invoice, Money, NotOffered, Unavailable, Uncertain

from .chat import Chat
from .fake_shop import an_order

RIGHT, WRONG = "+84903123456", "+84911111111"
NUMBER = "DH-20413"
ISSUED = Invoice(
    NUMBER, "1C26T-1", datetime(2026, 11, 21, tzinfo=UTC), "https://shop.example/i/x.pdf",
    Money(Decimal(1000), "VND"),
)  # fmt: skip
NOT_ISSUED = Invoice(NUMBER, None, None, None, Money(Decimal(1000), "VND"))
DETAILS = "Công ty TNHH Sao Mai, MST 0100109106, 5 Lê Lợi Huế, ketoan@saomai.example"


async def ask(chat, text="i need the invoice", **more):
    more = {"order_number": NUMBER, "phone": RIGHT, **more}
    return await chat.say(text, "ask_invoice", **more)


def sent(shop):
    return [(parameters, key) for name, parameters, key in shop.calls if name == "send_invoice"]


async def test_it_is_sent_to_the_contact_on_record_and_linked(chat, shop):
    shop.invoices[NUMBER] = ISSUED
    assert await ask(chat) == ["utter_invoice_sent"]
    values = chat.values("utter_invoice_sent")
    assert (values["destination"], values["invoice_url"]) == ("l•••@example.com", ISSUED.url)
    assert sent(shop) == [((NUMBER, "email"), "invoice:m-0")]


async def test_without_an_address_it_goes_to_the_phone(chat, shop):
    shop.add(an_order(email=None))
    shop.invoices[NUMBER] = ISSUED
    assert await ask(chat) == ["utter_invoice_sent"]
    assert sent(shop)[0][0] == (NUMBER, "phone")


async def test_a_stranger_gets_no_link(chat, shop):
    shop.invoices[NUMBER] = ISSUED
    assert await ask(chat, phone=WRONG) == ["utter_order_not_matched"]
    assert [name for name, *_ in shop.calls] == []


@pytest.mark.parametrize(
    ("outcome", "response"),
    [
        (Unavailable("down"), "utter_invoice_link"),
        (Uncertain("time is up"), "utter_invoice_sent"),
        (NotOffered("messages"), "utter_invoice_link"),
    ],
)
async def test_what_comes_of_sending(chat, shop, outcome, response):
    shop.invoices[NUMBER] = ISSUED
    shop.next["send_invoice"] = [outcome]
    assert await ask(chat) == [response]


@pytest.mark.parametrize("known", [True, False])
async def test_one_that_is_not_issued_yet(chat, shop, known):
    if known:
        shop.invoices[NUMBER] = NOT_ISSUED
    assert await ask(chat) == ["utter_invoice_on_shipped"]
    assert sent(shop) == []


async def test_a_cancelled_order_has_none(chat, shop):
    shop.add(an_order(state="cancelled"))
    assert await ask(chat) == ["utter_invoice_none"]


async def test_a_shop_without_invoices_opens_a_case(chat, shop):
    shop.next["get_invoice"] = [NotOffered("invoices")]
    assert await ask(chat) == []
    assert chat.commands[-1] == {
        "type": "open_case",
        "kind": "promise",
        "summary": f"Invoice of {NUMBER} is wanted.",
        "order_number": NUMBER,
        "response": "utter_invoice_case",
    }


async def test_a_shop_that_is_away(chat, shop):
    shop.next["get_invoice"] = [Unavailable("down")]
    assert await ask(chat) == ["utter_shop_unavailable"]


@pytest.mark.parametrize(
    ("language", "text"),
    [("vi", "xuất hóa đơn cty giúp mình"), ("ms", "nak invois atas nama syarikat")],
)
async def test_a_company_invoice(shop, language, text):
    chat = Chat(language)
    assert await ask(chat, text, phone=None) == ["utter_ask_contact"]
    assert await chat.say(RIGHT, phone=RIGHT) == ["utter_ask_company_details_vn"]
    told = await chat.say("công ty Sao Mai, mst 123")
    assert told == ["utter_invalid_company_details_vn"]
    assert await chat.say(DETAILS, "ask_invoice") == []
    [command] = chat.commands
    assert (command["type"], command["kind"]) == ("open_case", "promise")
    assert (command["order_number"], command["response"]) == (NUMBER, "utter_company_invoice_case")
    assert "0100109106" in command["summary"]
    assert (chat.loop, chat.slots["company_details"]) == (None, None)


async def test_the_button_for_a_company_invoice(chat, shop):
    shop.invoices[NUMBER] = ISSUED
    await ask(chat)
    told = await chat.say("Company invoice", "ask_invoice", invoice_kind="company")
    assert told == ["utter_ask_company_details_vn"]


async def test_the_tax_office_is_the_orders(shop):
    shop.add(an_order("MY-10482", address=Address("1 Jalan A", "B", "Ipoh", "30300", "MY")))
    chat = Chat("vi")
    told = await ask(chat, "hóa đơn công ty", order_number="MY-10482")
    assert told == ["utter_ask_company_details_my"]
    assert await chat.say("Maju Sdn Bhd, TIN C20880050010") == []
    assert chat.commands[0]["order_number"] == "MY-10482"


async def test_a_company_invoice_is_stopped(chat):
    await ask(chat, "company invoice")
    assert await chat.say("no thanks", "deny") == ["utter_form_stopped"]
    assert (chat.loop, chat.commands) == (None, [])


async def test_a_question_between_the_details(chat):
    await ask(chat, "company invoice")
    told = await chat.say("is it free?", "faq")
    assert told == ["utter_faq", "utter_ask_company_details_vn"]


@pytest.mark.parametrize(
    ("order", "response"),
    [
        ({}, "utter_balance_none"),
        ({"state": "cancelled", "amount_due": Money(Decimal(5), "VND")}, "utter_balance_closed"),
        ({"amount_due": Money(Decimal(5), "VND"), "payment_method": "cod"}, "utter_balance_cod"),
        (
            {
                "amount_due": Money(Decimal(5), "VND"),
                "payment_method": "bank_transfer",
                "payment_url": "https://shop.example/pay",
            },
            "utter_balance_link",
        ),
        (
            {"amount_due": Money(Decimal(5), "VND"), "payment_method": "bank_transfer"},
            "utter_balance_person",
        ),
    ],
)
async def test_what_is_still_to_be_paid(chat, shop, order, response):
    shop.add(an_order(**order))
    told = await chat.say("how much", "ask_balance_due", order_number=NUMBER, phone=RIGHT)
    assert told == [response]


async def test_a_balance_while_the_shop_is_away(chat, shop):
    shop.next["get_order"] = [shop.orders[NUMBER], Unavailable("down")]
    told = await chat.say("how much", "ask_balance_due", order_number=NUMBER, phone=RIGHT)
    assert told == ["utter_shop_unavailable"]


async def test_a_stranger_is_told_no_balance(chat):
    told = await chat.say("how much", "ask_balance_due", order_number=NUMBER, phone=WRONG)
    assert told == ["utter_order_not_matched"]
