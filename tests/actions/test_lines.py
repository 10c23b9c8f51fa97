"""The lines of an order by the names that customers use, and on buttons."""

import json

import pytest

from actions.lines import LONGEST_TITLE, counts, item_buttons, named_lines, shorten, told
from myna.shop.model import ItemCount

LINES = [
    ["RC-180", "Nồi cơm điện 1,8 L", 1],
    ["HD-18", "Máy sấy tóc ion 1800 W", 2],
    ["AP-30", "Máy lọc không khí 30 m²", 1],
    ["BL-600", "Blender 600 W", 3],
]


@pytest.mark.parametrize(
    ("text", "skus"),
    [
        ("nồi cơm bị móp", ["RC-180"]),
        ("NOI COM bi mop", ["RC-180"]),
        ("nồi bị móp", ["RC-180"]),
        ("noi that cua em", []),  # "nội thất"
        ("máy sấy và máy lọc", ["HD-18", "AP-30"]),
        ("máy này hư", []),
        ("không được", []),
        ("the blender leaks", ["BL-600"]),
        ("món HD-18 á", ["HD-18"]),
        ("tất cả luôn", ["RC-180", "HD-18", "AP-30", "BL-600"]),
        ("", []),
    ],
)
def test_names_in_a_text(text, skus):
    assert named_lines(text, LINES) == skus


def test_products_that_were_found_otherwise_count_if_they_are_in_the_order():
    assert named_lines("the rice cooker", LINES, ["RC-180", "XX-1"]) == ["RC-180"]


def test_two_lines_that_begin_alike_need_more_than_the_first_word():
    lines = [["A", "Quạt đứng 16 inch", 1], ["B", "Quạt mini USB", 1]]
    assert named_lines("cái quạt", lines) == []
    assert named_lines("cái quạt mini", lines) == ["B"]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Nồi cơm điện 1,8 L", "Nồi cơm điện 1,8 L"),
        ("Máy sấy tóc ion 1800 W", "Máy sấy tóc ion…"),
        ("Supercalifragilistic", "Supercalifragilistic"),
        ("Supercalifragilisticexpialidocious", "Supercalifragilisti…"),
    ],
)
def test_a_title_fits_on_a_button(name, title):
    assert shorten(name) == title
    assert len(title) <= LONGEST_TITLE


def test_a_button_for_each_line_and_one_for_all():
    buttons = item_buttons(LINES[:2], "Both")
    assert [button["title"] for button in buttons] == [
        "Nồi cơm điện 1,8 L",
        "Máy sấy tóc ion…",
        "Both",
    ]
    payload = buttons[-1]["payload"].removeprefix("/inform")
    assert json.loads(payload) == {"item": "RC-180,HD-18"}
    assert len(item_buttons(LINES[:1], "All")) == 1


def test_pieces_count_for_a_single_line_only():
    assert counts("BL-600", LINES, 2) == (ItemCount("BL-600", 2),)
    assert counts("BL-600", LINES, 9) == (ItemCount("BL-600", 3),)
    assert counts("RC-180,BL-600", LINES, 2) == (ItemCount("RC-180", 1), ItemCount("BL-600", 3))
    assert counts(None, LINES) == ()


def test_items_are_repeated_with_their_names():
    chosen = (ItemCount("RC-180"), ItemCount("GONE", 2))
    assert told(chosen, LINES) == "1 × Nồi cơm điện 1,8 L, 2 × GONE"
