"""The whole way of a customer: order, proof, code, questions."""

import re

import pytest

from tests.stack.conftest import ON_ITS_WAY, said

UNCLEAR = ("i have a problem with the thing", "what about it", "sao vậy shop", "nhờ shop xem giúp")
"""Which of these are doubtful to the model changes with the training data; one must be."""
LOCKED = ["utter_proof_locked", "utter_left_for_people"]
"""Nobody is there who could look at it at once."""


@pytest.mark.parametrize(
    ("language", "question", "number", "contact", "carrier"),
    [
        ("vi", "đơn hàng của tôi tới đâu rồi vậy", "DH-20413", "0903 123 456", "GHN"),
        ("ms", "parcel saya dah sampai mana ya", "MY-10482", "012-345 6789", "J&T"),
        ("en", "hi, any news on my order?", "MY-10482", "aisyah@example.com", "J&T"),
    ],
)
def test_order_status_with_the_number_asked_for(
    customer, language, question, number, contact, carrier
):
    someone = customer(language)
    assert said(someone.says(question)) == ["utter_ask_order_number"]
    assert said(someone.says(number)) == ["utter_ask_contact"]
    answer = someone.says(contact)
    assert said(answer) == ON_ITS_WAY
    assert carrier in answer[0]["text"]
    assert number in answer[0]["text"]


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("vi", "shop xem giúp đơn dh 20413 đang ở đâu, sđt mình là 0903123456"),
        ("ms", "boleh check order #MY10482 dah kat mana? no saya 0123456789"),
        ("en", "could you tell me where MY 10482 is? my mail is aisyah@example.com"),
    ],
)
def test_order_status_with_everything_told_at_once(customer, language, question):
    assert said(customer(language).says(question)) == ON_ITS_WAY


def test_nothing_tells_whether_an_order_exists(customer):
    def answer(number):
        someone = customer("en")
        someone.says(f"where is my order {number}")
        return [m["text"].replace(number, "") for m in someone.says("nobody@example.com")]

    assert answer("MY-10482") == answer("MY-99999")


def test_five_wrong_tries_bring_a_person_and_lock_the_order(customer, desk):
    someone = customer("en")
    someone.says("where is my order MY-10501")
    for attempt in range(4):
        assert said(someone.says(f"wrong{attempt}@example.com")) == ["utter_order_not_matched"]
    assert said(someone.says("wrong5@example.com", at_least=2)) == LOCKED
    another = customer("en")
    another.says("where is my order MY-10501")
    assert said(another.says("still.wrong@example.com")) == ["utter_ask_guard_code"]
    waiting = desk.waiting(someone)
    assert desk.get(f"/cases/{waiting['case']}")["case"]["summary"].startswith("[proof]")


def test_cancelling_needs_a_yes_and_a_code(customer, stack):
    someone = customer("vi")
    assert said(someone.says("mình muốn hủy đơn DH-20427")) == ["utter_ask_contact"]
    assert said(someone.says("minh.tran@example.com")) == ["utter_ask_confirm_cancel"]
    assert said(someone.chooses(1)) == ["utter_ask_code"]
    assert "0912345678" not in someone.last[0]["text"]
    sent = stack.shop("GET", "/outbox")["messages"][0]
    code = re.search(r"\b\d{6}\b", sent["text"])[0]
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert said(someone.says(wrong)) == ["utter_code_wrong"]
    assert stack.shop("GET", "/orders/DH-20427")["state"] == "paid"
    assert said(someone.says(f"mã là {code}")) == [
        "utter_order_cancelled",
        "utter_refund_follows",
        "utter_anything_else",
    ]
    assert stack.shop("GET", "/orders/DH-20427")["state"] == "cancelled"
    assert said(someone.says("đơn này giờ sao rồi"))[0] == "utter_order_cancelled_status"


def test_did_you_mean_buttons_are_answered(customer):
    for unclear in UNCLEAR:
        someone = customer("en")
        if said(someone.says(unclear)) == ["utter_ask_meaning"]:
            break
    else:
        pytest.fail("every unclear message was understood: write other ones")
    assert len(someone.last[0]["buttons"]) > 2
    answer = someone.chooses(1)
    assert "utter_ask_meaning" not in said(answer)
    assert answer[0]["author"] == "bot"


def test_words_that_nobody_knows_are_asked_for_again(customer):
    answer = said(customer("en").says("blorf zint quax"))[0]
    assert answer in ("utter_ask_meaning", "utter_ask_rephrase")


def test_the_language_follows_the_customer(customer):
    someone = customer("en")
    assert "Lentera" in someone.says("hello there")[0]["text"]
    vietnamese = someone.says("mấy giờ cửa hàng đóng cửa vậy shop")
    assert "Thứ Hai" in vietnamese[0]["text"]
    assert "Thứ Hai" not in someone.says("ok")[0]["text"]
    malay = someone.says("kedai buka sampai pukul berapa hari ahad")
    assert "Ahad" in malay[0]["text"]
