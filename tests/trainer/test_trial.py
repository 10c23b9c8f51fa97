"""`myna test`: what it prints, and whether it is content."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from myna import training
from myna.trainer import trial
from myna.trainer.contents import Example
from myna.trainer.conversations import read_conversations
from myna.trainer.findings import Place
from myna.trainer.play import Outcome
from myna.trainer.sentences import LEAST, Read, Result, read_sentences


def read(intent, taken_for, text="x"):
    return Read(Example(Place("tests/nlu/en/a.yml", 1), "en", intent, text), taken_for)


MIXED = Result(
    "en",
    [
        *[read("greet", "greet")] * 6,
        read("thank", "thank"),
        read("thank", "greet", "tq"),
        read("thank", "nlu_fallback"),
        read("greet", "goodbye", "hey"),
    ],
)


def test_measures():
    assert MIXED.right == 70
    assert MIXED.rejected == 10
    # greet: 6 of 7 found, 6 of 7 given; thank: 1 of 3 found, 1 of 1 given
    assert MIXED.macro_f1 == pytest.approx(100 * (6 / 7 + 0.5) / 2)
    assert not MIXED.good_enough
    assert Result("en", [read("greet", "greet")] * 9).good_enough


def test_confusions_come_by_frequency():
    result = Result("en", [read("a", "b", "1"), read("b", "c", "2"), read("b", "c", "3")])
    (first, sentences), (second, _) = result.confusions()
    assert (first, second) == (("b", "c"), ("a", "b"))
    assert [item.sentence.text for item in sentences] == ["2", "3"]


def test_sentences_are_read_by_a_model():
    sentences = [
        Example(Place("tests/nlu/vi/a.yml", 1), "vi", "cancel_order", "hủy đơn giúp tôi"),
        Example(Place("tests/nlu/en/a.yml", 1), "en", "faq/shipping_fee", '{"shipping fee'),
        Example(Place("tests/nlu/vi/a.yml", 2), "vi", "greet", "chào bạn"),
    ]
    results = read_sentences(training.train(), sentences)
    assert [(result.language, len(result.read)) for result in results] == [("vi", 2), ("en", 1)]
    assert [item.taken_for for result in results for item in result.read] == [
        "cancel_order",
        "greet",
        "faq/shipping_fee",
    ]


@pytest.fixture
def pretended(monkeypatch, small):
    """A project whose sentences and conversations go as the test says."""
    going = SimpleNamespace(results=[Result("en", [read("greet", "greet")])], difference=None)

    @contextmanager
    def running(home):
        yield SimpleNamespace(url="http://nowhere")

    def play_all(conversations, customer):
        return [Outcome(c, c.steps[-1].place, going.difference) for c in conversations]

    monkeypatch.setattr(trial, "PROJECT", small.root)
    monkeypatch.setattr(trial.training, "train", lambda: small.root / "model")
    monkeypatch.setattr(trial, "read_sentences", lambda model, sentences: going.results)
    monkeypatch.setattr(trial, "running", running)
    monkeypatch.setattr(trial, "play_all", play_all)
    return going


def test_all_is_well(pretended, capsys):
    assert trial.try_all(None, "")
    said = capsys.readouterr().out
    assert "English                         1  100.0%       0.0%     100.0%" in said
    assert "  ok      ms  a greeting" in said
    assert "3 conversations passed, 0 failed." in said
    assert "\x1b[" not in said


def test_sentences_fail(pretended, capsys):
    pretended.results = [MIXED]
    assert not trial.try_all(None, "")
    said = capsys.readouterr().out
    assert f"at least {LEAST['en'].right:.0f} % right" in said
    assert "1 x thank taken for greet\n      tq" in said


def test_a_conversation_fails(pretended, capsys):
    pretended.difference = "expected utter_x, got utter_y: text"
    assert not trial.try_all("vi", "")
    said = capsys.readouterr().out
    assert "tests/conversations/vi/test_all.yml:5: expected utter_x, got utter_y: text" in said
    assert "0 conversations passed, 1 failed." in said


def test_only_conversations_of_a_name(pretended, capsys):
    pretended.results = [MIXED]
    assert trial.try_all(None, "GREETING")
    assert "Held-out" not in capsys.readouterr().out
    assert trial.try_all(None, "no such name")
    assert "No conversation was chosen." in capsys.readouterr().out


def test_a_broken_file_is_no_success(pretended, small, capsys):
    small.put("tests/conversations/en/test_all.yml", "conversations: 1\n")
    assert not trial.try_all(None, "")
    assert "test_all.yml:1: error L503" in capsys.readouterr().out
    assert len(read_conversations(small.root)[0]) == 2
