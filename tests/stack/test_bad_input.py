"""Whatever a customer sends gets a fitting answer, and the log keeps it."""

import pytest

from tests.stack.conftest import ON_ITS_WAY, said


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "utter_empty_message"),
        ("   \n ", "utter_empty_message"),
        ("😀😀👍", "utter_no_words"),
        ("?!…", "utter_no_words"),
        ("x" * 10_000, "utter_message_too_long"),
        ("/restart", "utter_ask_meaning utter_ask_rephrase"),
        (' /inform{"x":1}', "utter_ask_meaning utter_ask_rephrase"),
        ("สวัสดีครับ ขอถามเรื่องสินค้าหน่อย", "utter_other_language"),
        ("2311051ABC2DEF", "utter_marketplace_order"),
        ("576812345678901234", "utter_marketplace_order"),
        ("DH-20413\x00\ud800", "utter_ask_contact"),
    ],
)
def test_a_fitting_answer(customer, language, text, answer):
    someone = customer(language)
    messages = someone.says(text)
    assert len(messages) == 1
    assert messages[0]["response"] in answer.split()
    log = someone.client.messages()
    assert log[0]["author"] == "customer"
    assert log[0]["text"] == text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert [m["seq"] for m in log] == [1, 2]


def test_a_text_over_the_limit_is_refused_and_said_so(customer):
    someone = customer("en")
    response = someone.client._http.post(
        f"{someone.client._url}/messages", json={"echo_id": "1", "text": "x" * 20_001}, timeout=5
    )
    assert response.status_code == 413
    assert "20000" in response.json()["error"]["message"]


def test_a_typed_restart_does_not_end_a_form(customer):
    someone = customer("en")
    someone.says("where is my order MY-10482")
    someone.says("/restart")
    assert said(someone.says("aisyah@example.com")) == ON_ITS_WAY


def test_a_button_of_somebody_else_is_refused(customer):
    one, other = customer("en"), customer("en")
    one.says("hello")
    other.says("hello")
    stolen = one.last[0]["buttons"][0]["id"]
    response = other.client._http.post(
        f"{other.client._url}/messages", json={"echo_id": "9", "choice": stolen}, timeout=5
    )
    assert response.status_code == 422
