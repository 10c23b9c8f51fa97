"""Reading conversations, and playing them with a customer who only pretends."""

from myna.terminal import NotRunning
from myna.trainer.conversations import read_conversations
from myna.trainer.play import play, play_all


class Pretender:
    """Answers as told: what was written or pressed → (response, text, buttons)."""

    def __init__(self, answers):
        self.answers = answers
        self.did = []
        self.buttons = []

    def says(self, text):
        return self._answer(text)

    def code(self):
        return self.answers.get("code")

    def chooses(self, number):
        return self._answer(self.buttons[number - 1])

    def _answer(self, did):
        self.did.append(did)
        messages = [
            {"response": name, "text": text, "buttons": [{"title": b} for b in buttons]}
            for name, text, buttons in self.answers.get(did, [])
        ]
        self.buttons = self.answers[did][-1][2] if messages else []
        return messages


ANSWERS = {
    "hi": [("utter_greet", "Hello\nfrom Lentera", ["Order", "Fee"])],
    "Bye": [("utter_goodbye", "Bye", []), ("utter_ask_rating", "How was it?", ["1", "2"])],
    "Fee": [("utter_faq/shipping_fee", "RM8.00", []), ("utter_ask_need", "Anything else?", [])],
}


def written(tmp_path, steps):
    path = tmp_path / "tests/conversations/en/test_all.yml"
    path.parent.mkdir(parents=True)
    path.write_text(f"conversations:\n- name: a test\n  steps:\n{steps}", encoding="utf-8")
    (found,), findings = read_conversations(tmp_path)
    assert findings == []
    return found


def difference(tmp_path, steps):
    outcome = play(written(tmp_path, steps), Pretender(ANSWERS))
    return outcome.place.line, outcome.difference


def test_all_as_expected(tmp_path):
    conversation = written(
        tmp_path,
        "  - user: hi\n"
        "  - bot: {utter_greet: Lentera}\n"
        "  - choose: 2\n"
        "  - bot: [utter_faq/shipping_fee, {utter_welcome or utter_ask_need: else}]\n"
        "  - user: hi\n",
    )
    someone = Pretender(ANSWERS)
    assert play(conversation, someone).difference is None
    assert someone.did == ["hi", "Fee", "hi"]
    assert (conversation.language, conversation.name) == ("en", "a test")


def test_the_closing_question_and_the_rating_need_not_be_expected(tmp_path):
    assert difference(tmp_path, "  - user: Bye\n  - bot: utter_goodbye\n")[1] is None


def test_the_closing_question_and_the_rating_may_be_expected(tmp_path):
    steps = "  - user: Bye\n  - bot: [utter_goodbye, utter_ask_rating]\n"
    assert difference(tmp_path, steps)[1] is None


def test_what_is_expected_has_to_be_said(tmp_path):
    steps = "  - user: Bye\n  - bot: [utter_goodbye, utter_anything_else]\n"
    assert (
        "expected utter_goodbye, utter_anything_else, got utter_goodbye"
        in difference(tmp_path, steps)[1]
    )


def test_another_response(tmp_path):
    line, text = difference(tmp_path, "  - user: hi\n  - bot: utter_welcome or utter_bye\n")
    assert line == 5
    assert text == (
        "after “hi” expected utter_welcome or utter_bye, got utter_greet: Hello from Lentera"
    )


def test_fewer_messages(tmp_path):
    _, text = difference(tmp_path, "  - user: hi\n  - bot: [utter_greet, utter_x]\n")
    assert text == "after “hi” expected utter_greet, utter_x, got utter_greet: Hello from Lentera"


def test_another_text(tmp_path):
    _, text = difference(tmp_path, "  - user: hi\n  - bot: {utter_greet: Shopee}\n")
    assert text == "after “hi” expected “Shopee” in utter_greet, got: Hello from Lentera"


def test_silence(tmp_path):
    _, text = difference(tmp_path, "  - user: ho\n  - bot: utter_greet\n")
    assert text == "after “ho” expected utter_greet, got none"


def test_no_such_button(tmp_path):
    line, text = difference(
        tmp_path, "  - user: hi\n  - bot: utter_greet\n  - choose: 3\n  - bot: utter_x\n"
    )
    assert (line, text) == (6, "after “hi” there are 2 buttons, so not number 3")


def test_only_the_first_difference_counts(tmp_path):
    line, _ = difference(
        tmp_path, "  - user: hi\n  - bot: utter_x\n  - choose: 2\n  - bot: utter_y\n"
    )
    assert line == 5


def test_nobody_answers(tmp_path):
    def nobody(language):
        raise NotRunning("No Myna answers.")

    (outcome,) = play_all([written(tmp_path, "  - user: hi\n")], nobody)
    assert outcome.difference == "the connection to Myna failed: No Myna answers."


def test_faults_name_file_and_line(tmp_path):
    folder = tmp_path / "tests/conversations/vi"
    folder.mkdir(parents=True)
    (folder / "a.yml").write_text("conversations:\n- name: x\n  steps: [1]\n- hi\n- name: x\n")
    (folder / "b.yml").write_text("steps:\n")
    (folder / "c.yml").write_text("conversations:\n- name: 'x\n")
    (folder / "d.yml").write_text(
        "conversations:\n- name: x\n  steps:\n  - user: hi\n  - bot: utter_a\n  - bot: utter_b\n"
        "- name: y\n  steps:\n  - choose: 0\n- name: z\n  steps: no\n"
    )
    found, findings = read_conversations(tmp_path)
    assert found == []
    assert [f"{f.path}:{f.line}" for f in findings] == [
        "tests/conversations/vi/a.yml:3",
        "tests/conversations/vi/a.yml:4",
        "tests/conversations/vi/a.yml:5",
        "tests/conversations/vi/b.yml:1",
        "tests/conversations/vi/c.yml:3",
        "tests/conversations/vi/d.yml:6",
        "tests/conversations/vi/d.yml:9",
        "tests/conversations/vi/d.yml:10",
    ]
    assert all(f.severity == "error" for f in findings)


def test_a_one_time_code_is_typed(tmp_path):
    steps = '  - user: "it is {code}"\n  - bot: utter_done\n'
    answers = {"code": "482913", "it is 482913": [("utter_done", "Done.", [])]}
    conversation = written(tmp_path, steps)
    assert play(conversation, Pretender(answers)).difference is None
    assert play(conversation, Pretender({})).difference == "no one-time code was sent"
