"""What a customer's words sort under: the longest phrase counts, with or without marks."""

import pytest

from myna.facts import LANGUAGES
from myna.keywords import FOLDER, SUBJECTS, KeywordError, read_keywords, sort_words


@pytest.mark.parametrize(
    ("subject", "text", "meant"),
    [
        ("reason", "Nồi nhận về BỊ MÓP rồi shop ơi!", "damaged"),
        ("reason", "noi bi mop roi", "damaged"),
        ("reason", "cái mop của robot", None),
        ("reason", "vo chi khong thich", "changed_mind"),  # "vợ", not "vỡ"
        ("reason", "máy không lên nguồn", "faulty"),
        ("reason", "brg sampai retak", "damaged"),
        ("reason", "It doesn't work.", "faulty"),
        ("reason", "doesnt work", "faulty"),
        ("reason", "unbroken", None),
        ("reason", "", None),
        ("remedy", "trả lại tiền cho em", "refund"),
        ("remedy", "đổi", None),
        ("remedy", "nak tukar unit baru", "exchange"),
        ("remedy", "swap it for a bigger one", "other_product"),
        ("delivery", "kata delivered tapi takde", "not_received"),
        ("delivery", "bao da giao ma khong thay", "not_received"),
        ("delivery", "chưa tới", None),
        ("answer", "à nhầm, đổi giúp em", "correction"),
        ("answer", "cả hai món", "everything"),
        ("hand_over", "can you pick it up", "pick_up"),
    ],
)
def test_what_words_mean(subject, text, meant):
    assert sort_words(subject, text) == meant


def test_decomposed_letters_are_the_same():
    assert sort_words("reason", "bị mo\u0301p") == "damaged"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_value_has_words_in_every_language(subject):
    phrases = read_keywords(subject)
    assert set(phrases) == set(SUBJECTS[subject])
    assert all(len(listed) >= len(LANGUAGES) for listed in phrases.values())
    assert {path.stem for path in FOLDER.iterdir()} == set(SUBJECTS)


def test_a_changed_list_is_read_again(tmp_path):
    path = tmp_path / "reason.yml"
    path.write_text("damaged:\n  en: [broken]\n", encoding="utf-8")
    assert read_keywords("reason", tmp_path) == {"damaged": ("broken",)}
    path.write_text("damaged:\n  en: [broken, cracked]\n", encoding="utf-8")
    assert read_keywords("reason", tmp_path) == {"damaged": ("broken", "cracked")}


def test_a_list_that_is_being_broken_keeps_what_was_read(monkeypatch):
    assert sort_words("reason", "cracked") == "damaged"

    def broken(subject):
        raise KeywordError("data/keywords/reason.yml cannot be read")

    monkeypatch.setattr("myna.keywords.read_keywords", broken)
    assert sort_words("reason", "cracked") == "damaged"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "reason.yml cannot be read"),
        ("damaged: [", "reason.yml cannot be read"),
        ("- broken", "begins with one of"),
        ("damaged: [broken]", "below 'damaged:' stands a line for each of vi, ms, en"),
        ("damaged:\n  fr: [abime]", "below 'damaged:'"),
    ],
)
def test_a_list_that_cannot_be_used(tmp_path, content, said):
    if content is not None:
        (tmp_path / "reason.yml").write_text(content, encoding="utf-8")
    with pytest.raises(KeywordError, match="data/keywords/reason") as fault:
        read_keywords("reason", tmp_path)
    assert said in str(fault.value)
