"""Buttons, pictures and cards within Meta's limits, checked by the fake's own rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.channels.messenger.rendering import render
from myna.hub.model import Attachment, Author, Message

from .fake import checks


def message(
    text: str = "",
    titles: list[str] | None = None,
    author: Author = "bot",
    attachments: list[Attachment] | None = None,
    cards: list[dict[str, Any]] | None = None,
) -> Message:
    buttons = [
        {"id": f"{n:016x}", "title": title, "payload": "/x"} for n, title in enumerate(titles or [])
    ]
    return Message(
        conversation_id="fb.1.2",
        seq=1,
        author=author,
        text=text,
        response=None,
        buttons=tuple(buttons),
        echo_id=None,
        choice=None,
        attachments=tuple(attachments or ()),
        cards=tuple(cards or ()),
        burst=None,
        intent=None,
        agent=None,
        created_at=datetime.now(UTC),
    )


def titles_of(part: dict[str, Any]) -> list[str]:
    return [reply["title"] for reply in part.get("quick_replies", [])]


def test_few_short_buttons_are_quick_replies() -> None:
    (part,) = render(message("What next?", ["Check my order", "Opening hours"]))
    assert part["text"] == "What next?"
    assert titles_of(part) == ["Check my order", "Opening hours"]
    assert part["quick_replies"][0]["payload"] == "myna.b:0000000000000000"


def test_the_hubs_own_buttons_stay_in_the_thread() -> None:
    (part,) = render(message("You are next.", ["Back to assistant"], "system"))
    assert part["attachment"]["payload"]["template_type"] == "button"
    assert part["attachment"]["payload"]["text"] == "You are next."


@pytest.mark.parametrize("titles", [list("12345"), ["a", "b", "c", "d"]])
def test_more_of_them_than_a_template_holds_are_quick_replies(titles: list[str]) -> None:
    (part,) = render(message("How did we do?", titles, "system"))
    assert titles_of(part) == titles


def test_a_text_too_long_for_a_template_has_quick_replies() -> None:
    (part,) = render(message("x " * 400, ["Back to assistant"], "system"))
    assert titles_of(part) == ["Back to assistant"]


def test_titles_that_are_too_long_become_a_numbered_list() -> None:
    (part,) = render(message("Which one?", ["Where is my order at this moment", "Price"]))
    assert part["text"] == "Which one?\n1. Where is my order at this moment\n2. Price"
    assert titles_of(part) == ["1", "2"]


def test_more_than_thirteen_become_a_numbered_list_too() -> None:
    (part,) = render(message("Which one?", [f"Choice {n}" for n in range(1, 21)]))
    assert titles_of(part) == [str(n) for n in range(1, 14)]
    assert "20. Choice 20" in part["text"]


def test_buttons_stand_below_the_last_part_of_a_long_text() -> None:
    *first, last = render(message("Một câu dài. " * 300, ["Yes", "No"]))
    assert first
    assert all("quick_replies" not in part for part in first)
    assert titles_of(last) == ["Yes", "No"]


def test_pictures_and_recordings_go_by_their_addresses() -> None:
    (part,) = render(message(attachments=[{"kind": "image", "url": "https://shop.example/a.jpg"}]))
    assert part["attachment"]["type"] == "image"
    assert part["attachment"]["payload"]["url"] == "https://shop.example/a.jpg"
    assert render(message(attachments=[{"kind": "image"}])) == [], "there is nothing to fetch"


def test_cards_stand_side_by_side_ten_at_a_time() -> None:
    button = {"id": "b1", "title": "Mua sản phẩm này ngay nhé", "payload": "/place_order"}
    card = {
        "title": "Đèn bàn " * 20,
        "subtitle": "450.000 ₫ " * 20,
        "picture": "https://shop.example/lamp.jpg",
        "url": "https://shop.example/lamp",
        "buttons": [button] * 5,
    }
    bare = {"title": "Fan", "subtitle": "", "picture": "http://x/y.png", "url": None, "buttons": []}
    first, *carousels = render(message("Here they are", ["Yes"], cards=[card] * 11 + [bare]))
    elements = [p["attachment"]["payload"]["elements"] for p in carousels]
    assert [len(group) for group in elements] == [10, 2]
    assert elements[1][1] == {"title": "Fan", "subtitle": "…"}
    assert "quick_replies" not in first
    assert titles_of(carousels[-1]) == ["Yes"]
    for part in (first, *carousels):
        checks.message(part)


LETTERS = st.characters(exclude_categories=["Cs"])
TITLES = st.lists(st.text(LETTERS, min_size=1, max_size=60), max_size=25)


@given(st.text(LETTERS, max_size=5000), TITLES, st.sampled_from(["bot", "system", "agent"]))
def test_whatever_is_said_meta_takes_it(text: str, titles: list[str], author: Author) -> None:
    for part in render(message(text, titles, author)):
        checks.message(part)
