"""Customers who write several messages in a row."""

from tests.stack.conftest import ON_ITS_WAY, busy, said


def in_a_row(stack, someone, *texts):
    """Sends all before the first is answered; returns the answers."""
    with busy(stack, "brain"):
        for text in texts:
            someone.client.send(text)
    someone.seen = len(texts)
    return someone.reads(at_least=2)


def test_what_belongs_together_is_answered_together(customer, stack):
    someone = customer("vi")
    answers = in_a_row(stack, someone, "chào shop nha", "đơn của mình", "DH-20413", "tới đâu rồi")
    assert said(answers) == ["utter_greet", "utter_ask_contact"]
    assert "DH-20413" in answers[1]["text"]
    assert said(someone.says("0903 123 456")) == ON_ITS_WAY


def test_different_matters_are_all_answered(customer, stack):
    someone = customer("en")
    answers = in_a_row(
        stack,
        someone,
        "good afternoon",
        "what time do you open on saturday?",
        "and how much is the shipping fee",
    )
    answers += someone.reads(at_least=3 - len(answers))
    assert said(answers) == ["utter_greet", "utter_open_on", "utter_faq/shipping_fee"]
    log = someone.client.messages()
    assert [m["seq"] for m in log] == list(range(1, 7))
