"""Words of questions, and the files that list them."""

from __future__ import annotations

import pytest

from myna.questions import FOLDER, LISTS, Phrases, Questions, QuestionsError, questions


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("bán không", True),
        ("BÁN KHÔNG", True),
        ("ban khong", True),
        ("bàn", False),
        ("bank", False),
        ("shop bán?", True),
        ("", False),
    ],
)
def test_words_count_with_their_own_diacritics_or_none(typed, found):
    assert Phrases(["bán"]).are_in(typed) is found


def test_the_other_words_of_a_text_are_left():
    asked = Phrases(["bao nhiêu", "giá", "máy tính"])
    assert asked.without("Giá máy hút bụi bao nhiêu vậy?") == "máy hút bụi vậy"
    assert asked.without("gia may tinh BAO NHIEU") == ""


def test_the_longest_phrase_counts():
    assert Phrases(["màu", "màu khác"]).without("còn màu khác không") == "còn không"


def test_a_word_by_itself():
    counter = Phrases(["cái"])
    assert counter.is_all("cai")
    assert not counter.is_all("cái nồi")


def test_no_words_are_in_nothing():
    assert not Phrases([]).are_in("a")
    assert Phrases([]).without("a b") == "a b"


@pytest.mark.parametrize("name", sorted(LISTS))
def test_the_projects_own_lists(name):
    assert questions(name.removesuffix(".yml"))
    assert (FOLDER / name).exists()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("now: [yes]", "have to stand in quotes"),
        ("now: 5", "needs a list"),
        ("now: [bây giờ]\nthen: [x]", "has to hold the lists now"),
        ("[now]", "has to hold the lists now"),
        ("now: [a", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, content, complaint):
    path = tmp_path / "stores.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(QuestionsError, match=complaint):
        Questions(path)


def test_a_file_that_is_missing(tmp_path):
    with pytest.raises(QuestionsError, match=r"stores\.yml cannot be read"):
        Questions(tmp_path / "stores.yml")
