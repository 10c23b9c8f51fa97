"""What agents see of a conversation on a channel that is sent to, such as Messenger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .desk import open_talk, rows
from .fake_api import FakeServer
from .fake_store import Conversation

pytestmark = pytest.mark.timeout(90)


def talk(server: FakeServer, **more: Any) -> Conversation:
    """A conversation on Messenger that waits for a person."""

    def begin() -> Conversation:
        made = server.store.begin(channel="messenger", account="Lentera Home Việt Nam", **more)
        server.store.log(made, "customer", "hàng bị bể rồi shop ơi")
        server.store.own(made, "queue", "bot", None, "asked")
        return made

    return server.do(begin)


def attached(kind: str, name: str = "a1", **more: Any) -> dict[str, Any]:
    nothing = {"title": None, "text": None, "latitude": None, "longitude": None}
    return {"id": name, "kind": kind, **nothing, **more}


def log(server: FakeServer, one: Conversation, author: str, text: str = "", **more: Any) -> None:
    server.do(lambda: server.store.log(one, author, text, **more))


def test_pictures_are_shown_and_other_things_are_named(desk: Page, server: FakeServer) -> None:
    one = talk(server)
    log(server, one, "customer", attachments=[attached("image"), attached("image", "gone")])
    log(server, one, "customer", "ở đây nè", attachments=[attached("audio"), attached("share")])
    place = attached("location", latitude=10.77, longitude=106.69, title="Nhà")
    log(server, one, "customer", attachments=[place, attached("file", title="hoa-don.pdf")])
    open_talk(desk, one)
    picture = desk.get_by_role("img", name="Ảnh").first
    expect(picture).to_be_visible()
    assert picture.evaluate("node => node.naturalWidth") == 1
    expect(desk.get_by_text("Không tải được ảnh nữa")).to_be_visible()
    shown = desk.locator("#blocks .attached:not(.picture)")
    expect(shown).to_have_text(["Tin thoại", "Nội dung chia sẻ", "Vị trí: Nhà", "Tệp: hoa-don.pdf"])
    href = shown.nth(2).get_attribute("href") or ""
    assert "10.77" in href
    for link in desk.locator("#blocks a.attached").all():
        assert "noopener" in (link.get_attribute("rel") or "")


def test_a_picture_without_words_is_named_in_the_list(desk: Page, server: FakeServer) -> None:
    log(server, talk(server), "customer", attachments=[attached("image")])
    expect(rows(desk).filter(has_text="[Ảnh]")).to_have_count(1)


def test_the_time_left_to_write_is_shown(desk: Page, server: FakeServer) -> None:
    moment = datetime.now(UTC)
    one = talk(server, write_until=moment + timedelta(hours=5, minutes=5))
    open_talk(desk, one)
    expect(desk.locator("#talk-reach")).to_have_text("còn 5 giờ")
    expect(desk.locator("#talk-reach .warn")).to_have_count(0)
    soon = talk(server, write_until=moment + timedelta(minutes=40, seconds=30))
    open_talk(desk, soon)
    expect(desk.locator("#talk-reach")).to_have_text("còn 40 phút")
    expect(desk.locator("#talk-reach .warn")).to_have_count(1)


def test_on_a_phone_it_stands_in_one_line(desk: Page, server: FakeServer) -> None:
    desk.set_viewport_size({"width": 390, "height": 844})
    open_talk(desk, talk(server, write_until=datetime.now(UTC) + timedelta(hours=23, minutes=5)))
    heights = desk.locator("#modes > *").evaluate_all("all => all.map((one) => one.offsetHeight)")
    assert max(heights) < 32
    assert desk.evaluate("document.documentElement.scrollWidth") <= 390


def test_afterwards_only_a_note_can_be_written(desk: Page, server: FakeServer) -> None:
    one = talk(server, write_until=datetime.now(UTC) - timedelta(minutes=1))
    open_talk(desk, one)
    expect(desk.locator("#talk-reach")).to_have_text("hết hạn nhắn")
    expect(desk.get_by_role("radio", name="Trả lời khách")).to_be_disabled()
    expect(desk.locator("#reply-hint")).to_contain_text("điện thoại hoặc e-mail")
    desk.locator("#reply").fill("gọi lại cho khách")
    desk.get_by_role("button", name="Lưu ghi chú").click()
    expect(desk.locator("#blocks [data-author=note]")).to_contain_text("gọi lại cho khách")


def test_the_web_has_no_such_time(desk: Page, waiting: Conversation) -> None:
    open_talk(desk, waiting)
    expect(desk.locator("#talk-reach")).to_be_empty()


def test_what_did_not_arrive_is_told_at_its_message(desk: Page, server: FakeServer) -> None:
    one = talk(server)
    log(server, one, "agent", "Chào anh", agent="Linh")
    log(server, one, "system", "Đã chuyển")
    log(server, one, "agent", "Xin lỗi anh", agent="Linh")
    one.troubles = [
        {"seq": 2, "state": "failed", "error": "outside of the 24-hour window"},
        {"seq": 3, "state": "failed", "error": "this customer cannot be reached: (551)"},
    ]
    open_talk(desk, one)
    told = desk.locator("#blocks .trouble")
    expect(told).to_have_count(2)
    expect(told.nth(0)).to_contain_text("hết thời gian")
    expect(told.nth(1)).to_contain_text("không nhận tin")
    event = {"conversation_id": one.id, "seq": 4, "state": "unknown", "error": "no answer"}
    server.do(lambda: server.store.tell_desks("delivery", event))
    expect(told.nth(2)).to_contain_text("Không rõ khách đã nhận được")


def test_who_answers_in_the_pages_inbox_can_be_relieved(desk: Page, server: FakeServer) -> None:
    one = talk(server)
    server.do(lambda: server.store.own(one, "human", "page_inbox", None, "outside_wrote"))
    open_talk(desk, one)
    expect(desk.get_by_role("button", name="Nhận")).to_be_visible()
    expect(desk.get_by_role("radio", name="Trả lời khách")).to_be_enabled()
    expect(desk.locator("#context")).to_contain_text("Hộp thư của Trang đang trả lời khách")


def test_the_page_is_named(desk: Page, server: FakeServer) -> None:
    one = talk(server)
    open_talk(desk, one)
    expect(desk.locator("#context-facts")).to_contain_text("Messenger · Lentera Home Việt Nam")
    expect(rows(desk).filter(has_text="Messenger · Lentera Home Việt Nam")).to_have_count(1)
