"""The catalogue: its address, or by e-mail."""

from __future__ import annotations

from datetime import date

import pytest

from actions import catalogue_file
from myna.shop.model import CatalogueFile, NotOffered, Unavailable

from .chat import Chat

FILE = CatalogueFile("https://shop.example.com/catalogue.pdf", "vi", date(2026, 11, 1))


@pytest.fixture
def chat(shop):
    shop.catalogue = FILE
    return Chat("vi")


async def ask(chat, text="xin catalogue", **more):
    return await chat.say(text, "request_catalogue", **more)


async def test_the_address_of_the_file(chat):
    assert await ask(chat) == ["utter_catalogue"]
    values = chat.values("utter_catalogue")
    assert (values["url"], values["updated_on"]) == (FILE.url, "01/11/2026")


@pytest.mark.parametrize("text", ["gửi qua e-mail cho chị", "gui qua mail nha", "hantar ke emel"])
async def test_by_email_the_address_is_asked_for_and_a_case_opened(chat, text):
    assert await ask(chat, text) == ["utter_ask_catalogue_email"]
    told = await chat.say("lan@example.com", "inform", email="lan@example.com")
    assert told == ["utter_catalogue_email_noted"]
    [case] = chat.commands
    assert (case["type"], case["kind"], case["email"]) == (
        "open_case",
        "promise",
        "lan@example.com",
    )
    assert case["response"] == "utter_catalogue_case"
    assert FILE.url in case["summary"]
    assert chat.slots["catalogue_email"] is None


async def test_an_address_in_the_message_is_not_asked_for(chat):
    told = await ask(chat, "gửi vào lan@example.com", email="lan@example.com")
    assert told == ["utter_catalogue_email_noted"]


async def test_an_address_told_earlier_is_not_asked_for(chat):
    chat.slots["contact"] = "lan@example.com"
    assert await ask(chat, "gửi qua mail nhé") == ["utter_catalogue_email_noted"]


async def test_a_phone_told_earlier_is_no_address(chat):
    chat.slots["contact"] = "+84903123456"
    assert await ask(chat, "gửi qua mail nhé") == ["utter_ask_catalogue_email"]


async def test_what_is_typed_is_no_address(chat):
    await ask(chat, "gửi qua mail")
    assert await chat.say("lan@", "inform") == ["utter_invalid_catalogue_email"]
    assert (chat.loop, chat.commands) == (catalogue_file.FORM, [])


async def test_digression_and_stop(chat):
    await ask(chat, "gửi qua mail")
    assert await chat.say("cảm ơn", "thank") == ["utter_thank", "utter_ask_catalogue_email"]
    assert await chat.say("thôi", "deny") == ["utter_form_stopped"]
    assert (chat.loop, chat.commands) == (None, [])


async def test_a_shop_without_a_file_has_people_who_send_it(chat, shop):
    shop.catalogue = NotOffered("catalogue")
    assert await ask(chat) == ["utter_ask_catalogue_email"]


async def test_a_shop_that_does_not_answer(chat, shop):
    shop.next["get_catalogue"] = [Unavailable("down")]
    assert await ask(chat) == ["utter_products_unavailable"]
