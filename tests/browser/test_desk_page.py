"""The agents' desk in a real browser, against the stand-in server."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import OpenPage
from .desk import LINH, log_in, rows
from .fake_api import FakeServer
from .fake_store import Conversation, seed

pytestmark = pytest.mark.timeout(90)


def test_signing_in_says_what_is_wrong(open_page: OpenPage) -> None:
    page = open_page("/desk")
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.locator("#login-error")).to_contain_text("nhập cả tên đăng nhập")
    page.get_by_label("Tên đăng nhập").fill("linh")
    page.get_by_label("Mật khẩu").fill("sai")
    page.keyboard.press("Enter")
    expect(page.locator("#login-error")).to_have_text("Tên đăng nhập hoặc mật khẩu không đúng.")
    log_in(page)
    expect(page.locator("#list-empty")).to_contain_text("Không có ai đang chờ.")
    page.reload()
    expect(page.locator("#my-name")).to_have_text("Linh")


def test_the_queue_shows_who_waits_and_why(desk: Page) -> None:
    row = rows(desk).first
    expect(row).to_contain_text("Khiếu nại")
    expect(row).to_contain_text("Máy giặt giao tới bị móp")
    expect(row).to_have_class(re.compile("unread"))
    expect(row.locator(".timer")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    before = row.locator(".timer").text_content()
    expect(row.locator(".timer")).not_to_have_text(before or "")
    expect(desk.locator("[data-view=queue] b")).to_have_text("1")
    expect(desk).to_have_title("(1) Bàn hỗ trợ – Myna")


def test_from_claim_to_resolved_by_keyboard(
    desk: Page, server: FakeServer, waiting: Conversation
) -> None:
    desk.keyboard.press("j")
    expect(rows(desk).first).to_have_attribute("aria-selected", "true")
    expect(desk.locator("#blocks .bubble")).to_have_count(1)
    expect(rows(desk).first).not_to_have_class(re.compile("unread"))
    desk.keyboard.press("c")
    expect(desk.locator("#talk-state")).to_have_text("Bạn đang hỗ trợ")
    expect(desk.locator("#reply")).to_be_focused()
    desk.keyboard.type("Em xin lỗi anh, em đổi máy mới ạ")
    desk.keyboard.press("Enter")
    sent = desk.locator("[data-author=agent] .bubble:not(.pending)")
    expect(sent).to_contain_text("em đổi máy mới")
    assert waiting.messages[-1]["author"] == "agent"
    desk.keyboard.press("Escape")
    desk.keyboard.press("e")
    expect(desk.locator(".toast").first).to_contain_text("Đã giải quyết xong")
    assert waiting.owner == "human"
    expect(desk.locator("#talk-state")).to_have_text("Đã giải quyết")
    expect(desk.locator(".toast", has_text="Hoàn tác")).to_have_count(0, timeout=10_000)
    expect(desk.locator("#reply-hint")).to_contain_text("Myna sẽ trả lời")
    expect(rows(desk)).to_have_count(0)
    assert waiting.owner == "nobody"


def test_resolving_can_be_undone(desk: Page, waiting: Conversation) -> None:
    desk.keyboard.press("j")
    desk.locator("[data-act=claim]").click()
    desk.locator("[data-act=resolve]").click()
    desk.get_by_role("button", name="Hoàn tác").click()
    expect(desk.locator("#talk-state")).to_have_text("Bạn đang hỗ trợ")
    desk.wait_for_timeout(5500)
    assert waiting.owner == "human"


def test_a_customer_who_writes_again_stops_the_resolving(
    desk: Page, server: FakeServer, waiting: Conversation
) -> None:
    desk.keyboard.press("j")
    desk.locator("[data-act=claim]").click()
    desk.locator("[data-act=resolve]").click()
    server.do(lambda: server.store.log(waiting, "customer", "Còn một câu nữa"))
    expect(desk.locator(".toast").last).to_contain_text("Khách vừa nhắn thêm")
    expect(desk.locator("#talk-state")).to_have_text("Bạn đang hỗ trợ")


def test_leaving_the_page_finishes_the_resolving(desk: Page, waiting: Conversation) -> None:
    desk.keyboard.press("j")
    desk.locator("[data-act=claim]").click()
    desk.locator("[data-act=resolve]").click()
    desk.reload()
    expect(desk.locator("#talk-state")).to_have_text("Đã giải quyết")
    assert waiting.owner == "nobody"


def test_a_note_is_for_agents_only(desk: Page, waiting: Conversation) -> None:
    desk.keyboard.press("j")
    desk.get_by_role("radio", name="Ghi chú nội bộ").check()
    desk.locator("#reply").fill("Khách VIP")
    desk.get_by_role("button", name="Lưu ghi chú").click()
    expect(desk.locator("[data-author=note] .bubble")).to_contain_text("Khách VIP")
    assert waiting.messages[-1]["author"] == "note"
    assert waiting.owner == "queue"


def test_a_lost_claim_says_who_was_faster(
    desk: Page, server: FakeServer, waiting: Conversation
) -> None:
    desk.keyboard.press("j")
    expect(desk.locator("#blocks .bubble")).to_have_count(1)

    def somebody_else_silently() -> None:
        waiting.owner, waiting.agent = "human", "Nurul Aisyah"
        waiting.version += 1

    server.do(somebody_else_silently)
    desk.keyboard.press("c")
    expect(desk.locator("#notice")).to_have_text("Nurul Aisyah đã nhận cuộc này trước bạn.")
    expect(desk.locator("#talk-state")).to_have_text("Nurul Aisyah đang hỗ trợ")
    expect(desk.locator("#modes input[value=public]")).to_be_disabled()


def test_releasing_puts_the_customer_back(desk: Page, waiting: Conversation) -> None:
    desk.keyboard.press("j")
    desk.locator("[data-act=claim]").click()
    expect(rows(desk)).to_have_count(0)
    desk.locator("[data-act=release]").click()
    expect(rows(desk)).to_have_count(1)
    assert waiting.owner == "queue"


def test_two_desks_see_each_other(
    desk: Page, open_page: OpenPage, server: FakeServer, waiting: Conversation
) -> None:
    desk.keyboard.press("j")
    server.do(lambda: server.store.log(waiting, "customer", "Alo?"))
    expect(desk.locator("#blocks .bubble")).to_have_count(2)
    server.do(lambda: server.store.own(waiting, "human", "Nurul Aisyah", "Nurul Aisyah"))
    expect(rows(desk)).to_have_count(0)
    expect(desk.locator("[data-view=queue] b")).to_have_text("0")
    expect(desk.locator("#talk-state")).to_have_text("Nurul Aisyah đang hỗ trợ")
    desk.locator("[data-view=open]").click()
    expect(rows(desk)).to_contain_text("Nurul Aisyah")


def test_what_happened_during_a_broken_stream_is_shown(
    desk: Page, server: FakeServer, waiting: Conversation
) -> None:
    desk.keyboard.press("j")
    expect(desk.locator("#blocks .bubble")).to_have_count(1)
    server.streams_work = False
    server.do(server.store.drop_streams)
    expect(desk.locator("#live-state")).to_have_text("Đang kết nối lại…")
    server.do(lambda: server.store.log(waiting, "customer", "Còn đó không?"))
    server.do(lambda: server.store.hand_over(server.store.begin(), "asked"))
    server.streams_work = True
    expect(desk.locator("#live-state")).to_have_text("Trực tuyến", timeout=20_000)
    expect(rows(desk)).to_have_count(2)
    expect(desk.locator("#blocks .bubble")).to_have_count(2)


@pytest.mark.parametrize("opened_before", [False, True])
def test_a_message_that_overtakes_the_answer_is_shown(
    desk: Page, server: FakeServer, waiting: Conversation, opened_before: bool
) -> None:
    if opened_before:
        desk.keyboard.press("j")
        expect(desk.locator("#blocks .bubble")).to_have_count(1)
        # what is shown has to stay without being fetched again
        desk.route(f"**/conversations/{waiting.id}", lambda route: route.abort())

    def overtaken(route: Route) -> None:
        answer = route.fetch()
        server.do(lambda: server.store.log(waiting, "customer", "Alo?"))
        route.fulfill(response=answer)

    desk.route(f"**/conversations/{waiting.id}", overtaken, times=1)
    if opened_before:
        server.do(lambda: server.store.saw(waiting, 1))
    else:
        desk.keyboard.press("j")
    expect(desk.locator("#blocks .bubble")).to_have_count(2)


def test_an_ended_session_asks_to_sign_in_again(
    desk: Page, server: FakeServer, waiting: Conversation
) -> None:
    desk.keyboard.press("j")
    desk.locator("#reply").fill("Em đang kiểm tra")
    server.desks.clear()
    desk.locator("[data-act=claim]").click()
    expect(desk.locator("#login-lead")).to_contain_text("hết hạn")
    log_in(desk)
    expect(desk.locator("#reply")).to_have_value("Em đang kiểm tra")


def test_text_is_never_markup(desk: Page, server: FakeServer, waiting: Conversation) -> None:
    nasty = '<img src=x onerror="document.title=1">'
    server.do(lambda: server.store.log(waiting, "customer", nasty))
    desk.keyboard.press("j")
    expect(desk.locator("#blocks .bubble").last).to_contain_text(nasty)
    expect(rows(desk).first).to_contain_text(nasty)
    assert desk.locator("#blocks img, #rows img").count() == 0


def test_five_hundred_rows_stay_fluid(open_page: OpenPage, server: FakeServer) -> None:
    server.do(lambda: seed(server.store, 500, LINH))
    page = open_page("/desk")
    log_in(page)
    page.locator("[data-view=all]").click()
    expect(rows(page)).to_have_count(500)
    milliseconds = page.evaluate(
        """async () => {
            const frame = () => new Promise(requestAnimationFrame);
            const started = performance.now();
            for (let press = 0; press < 30; press += 1) {
                const pressed = new KeyboardEvent("keydown", {key: "j", bubbles: true});
                document.body.dispatchEvent(pressed);
                await frame();
            }
            return (performance.now() - started) / 30;
        }"""
    )
    assert milliseconds < 100
    expect(rows(page).nth(29)).to_have_attribute("aria-selected", "true")
    expect(rows(page).nth(29)).to_be_in_viewport()


def test_shortcuts_are_shown_in_the_page(desk: Page) -> None:
    desk.keyboard.press("?")
    expect(desk.locator("#keys")).to_be_visible()
    desk.keyboard.press("?")
    expect(desk.locator("#keys")).to_be_hidden()


def test_the_words_switch_language(desk: Page) -> None:
    desk.locator("#show-account").click()
    desk.get_by_role("radio", name="Bahasa Melayu").check()
    desk.keyboard.press("Escape")
    expect(desk.locator("[data-view=queue]")).to_contain_text("Menunggu")
    expect(rows(desk).first).to_contain_text("Aduan")
    desk.reload()
    expect(desk.locator("html")).to_have_attribute("lang", "ms")


def test_columns_fold_to_one_on_a_phone(desk: Page) -> None:
    desk.set_viewport_size({"width": 390, "height": 844})
    expect(desk.locator("#talk")).to_be_hidden()
    rows(desk).first.click()
    expect(desk.locator("#talk-title")).to_be_visible()
    expect(rows(desk).first).to_be_hidden()
    desk.get_by_role("button", name="Chi tiết").click()
    expect(desk.locator("#context-body")).to_be_visible()
    desk.go_back()
    expect(desk.locator("#talk-title")).to_be_visible()
    desk.locator("#back").click()
    expect(rows(desk).first).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") == 390
