from __future__ import annotations

import pytest

from myna.entities.finder import EntityFinder
from myna.entities.patterns import KINDS, PatternError, Patterns, read_file, read_patterns
from myna.facts import load_facts


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("date", "terms:\n  weekday:\n\t mon: [x]\n", r"date.yml:3: the file cannot be read"),
        ("date", "", "date.yml:1: the file is empty"),
        ("date", "- x\n", "date.yml:1: here stand 'terms:' and 'patterns:', one a line"),
        ("date", "words: {}\n", "date.yml:1: 'words:' is not known here"),
        ("city", "patterns: {}\n", "city.yml:1: 'patterns:' is not known here; there is 'terms:'"),
        ("date", "terms:\n  day: {}\n", "date.yml:2: 'day' is no kind of term here; there are"),
        ("date", "terms:\n  weekday:\n    monday: [x]\n", "date.yml:3: 'monday' is not mon, tue"),
        ("date", "terms:\n  month:\n    13: [x]\n", "date.yml:3: '13' is not a month, 1 to 12"),
        ("date", "terms:\n  unit:\n    day: x\n", "date.yml:3: here stands a list"),
        ("date", "terms:\n  unit:\n    day:\n    - [x]\n", "date.yml:4: this is no word or phrase"),
        ("city", "terms:\n  city:\n    A: [x]\n    B: [X]\n", "city.yml:4: 'X' stands below 'A'"),
        ("city", "terms:\n  city:\n    A: ['']\n", "city.yml:3: '' has no word in it"),
        (
            "money",
            "terms:\n  currency:\n    Ringgit: [rm]\n",
            "money.yml:3: 'Ringgit' is not a curr",
        ),
        ("date", "patterns:\n  someday: [x]\n", "date.yml:2: 'someday' means nothing here"),
        ("date", "patterns:\n  day 1:\n  - '{dya}'\n", r"date.yml:3: '\{dya\}' is no placeholder"),
        ("date", "patterns:\n  day 1: ['... x']\n", "date.yml:2: '... x' needs words"),
        ("date", "patterns:\n  day 1: ['']\n", "date.yml:2: '' needs words"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(tmp_path, name, content, message):
    path = tmp_path / f"{name}.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(PatternError, match=message):
        read_file(path)


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "city.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PatternError, match=r"data/patterns/city.yml:1: the file cannot be read"):
        read_patterns(tmp_path)


def test_missing_files_leave_the_rest():
    finder = EntityFinder(load_facts(), patterns=Patterns())
    found = finder.find("DH-20413 hôm qua 0903123456 lan@shop.vn 23/11", "vi")
    assert [item.entity for item in found] == ["order_number", "phone", "email", "date"]


def test_every_file_of_the_project_is_read():
    patterns = read_patterns()
    assert {name for name, terms in patterns.terms.items() if terms} == set(KINDS)


def test_a_trainers_line_is_enough(tmp_path):
    (tmp_path / "date.yml").write_text("patterns:\n  day 1: [ngày kế]\n", encoding="utf-8")
    (tmp_path / "category.yml").write_text("terms:\n  category:\n    cooling: [máy lạnh!]\n")
    finder = EntityFinder(load_facts(), patterns=read_patterns(tmp_path))
    assert [f.entity for f in finder.find("ngay ke giao máy lạnh")] == ["date", "category"]
    assert finder.find("may lanh") == []
