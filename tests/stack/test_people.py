"""Between the assistant and people: nobody there, waiting, taking over, closing, rating."""

import re

from tests.stack.conftest import said

LEFT = ["utter_left_for_people", "utter_ask_contact_form_contact"]


def test_nobody_is_there_and_the_matter_is_solved_all_the_same(customer, desk):
    someone = customer("en")
    answer = someone.says("can you let me talk to one of your staff please", at_least=2)
    assert said(answer) == LEFT
    reference = re.search(r"\bCS-\d+\b", answer[0]["text"])[0]
    assert said(someone.says("0123456789")) == ["utter_contact_noted"]
    assert said(someone.says("what time does the shop close tonight")) == ["utter_open_on"]

    case = desk.get(f"/cases/{reference}")["case"]
    assert (case["kind"], case["state"], case["agent"]) == ("callback", "open", None)
    assert case["phone"] == "+60123456789"
    assert "talk to one of your staff" in case["summary"]
    waiting = desk.waiting(someone)
    assert (waiting["owner"], waiting["case"]) == ("bot", reference)
    assert case["conversation_id"] == waiting["id"]

    desk.writes(someone, "Hello, Linh here. How can I help?")
    joined, hello = someone.reads(at_least=2)
    assert joined["response"] == "utter_agent_joined"
    assert (hello["author"], hello["text"]) == ("agent", "Hello, Linh here. How can I help?")
    assert someone.says("do you repair fans?", at_least=0) == []
    context = desk.context(someone)
    assert [c["state"] for c in context["context"]["cases"]] == ["working"]
    assert context["messages"][-1]["text"] == "do you repair fans?"

    desk.resolve(context["conversation"])
    assert said(someone.reads(at_least=2)) == ["utter_resolved", "utter_ask_rating"]
    assert desk.get(f"/cases/{reference}")["case"]["state"] == "solved"
    assert said(someone.chooses(5)) == ["utter_rating_thanks"]
    assert [r["stars"] for r in desk.context(someone)["context"]["ratings"]] == [5]
    assert said(someone.says("how much is the shipping fee")) == ["utter_faq/shipping_fee"]


def test_asked_again_it_stays_one_case(customer, desk):
    someone = customer("ms")
    first = someone.says("boleh saya bercakap dengan staf", at_least=2)
    assert said(first) == LEFT
    assert said(someone.chooses(1)) == ["utter_contact_declined"]
    again = someone.says("saya nak bercakap dengan staf", at_least=2)
    assert said(again) == LEFT
    (case,) = desk.context(someone)["context"]["cases"]
    assert case["reference"] in first[0]["text"]
    assert case["reference"] in again[0]["text"]


def test_the_queue_and_back_by_a_button(customer, open_desk):
    one, two = customer("en"), customer("vi")
    assert said(one.says("let me talk to a person please")) == ["utter_handed_over_first"]
    second = two.says("cho mình gặp nhân viên với ạ")
    assert said(second) == ["utter_handed_over"]
    assert "số 2" in second[0]["text"]
    assert said(one.says("how much is the shipping fee")) == ["utter_still_waiting"]
    assert [c["id"] for c in open_desk.queue() if c["owner"] == "queue"] == [
        open_desk.waiting(someone)["id"] for someone in (one, two)
    ]
    one.last = one.client.messages()
    assert said(one.chooses(1)) == ["utter_back_to_bot"]
    assert said(one.says("how much is the shipping fee")) == ["utter_faq/shipping_fee"]
    assert [c["id"] for c in open_desk.queue() if c["owner"] == "queue"] == [
        open_desk.waiting(two)["id"]
    ]
    assert {"conversation", "message"} <= set(open_desk.events)


def test_not_understood_then_a_person_then_back_to_the_bot(customer, open_desk):
    someone = customer("vi")
    assert said(someone.says("qxzvw brrtk"))[0] in ("utter_ask_meaning", "utter_ask_rephrase")
    assert said(someone.says("wubba grel tonk")) == ["utter_offer_human"]
    assert said(someone.chooses(1)) == ["utter_handed_over_first"]
    mine = open_desk.waiting(someone)
    assert mine["reason"] == "asked"
    assert mine["queued_at"]
    assert said(someone.says("giờ mở cửa mấy giờ")) == ["utter_still_waiting"]
    claimed = open_desk.claim(mine)
    assert said(someone.reads()) == ["utter_agent_joined"]
    transcript = open_desk.context(someone)["messages"]
    assert [m["seq"] for m in transcript] == list(range(1, len(transcript) + 1))
    open_desk.writes(someone, "Dạ em đây ạ")
    assert [m["text"] for m in someone.reads()] == ["Dạ em đây ạ"]
    assert someone.says("phí ship bao nhiêu", at_least=0) == []
    open_desk.resolve(claimed)
    assert said(someone.reads(at_least=2)) == ["utter_resolved", "utter_ask_rating"]
    assert said(someone.says("phí ship bao nhiêu vậy")) == ["utter_faq/shipping_fee"]


def test_an_angry_customer_gets_a_person(customer, open_desk):
    someone = customer("vi")
    answer = someone.says("đơn hàng của tôi đâu, làm ăn kiểu gì vậy, lừa đảo à!!!", at_least=2)
    assert said(answer) == ["utter_acknowledge_anger", "utter_handed_over_first"]
    assert open_desk.waiting(someone)["reason"] == "anger"
