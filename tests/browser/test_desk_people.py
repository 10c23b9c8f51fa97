"""Who is there, what an agent is told, and what the customer does meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import OpenPage, look_away
from .desk import AISYAH, LINH, claimed, log_in, open_talk, rows
from .fake_api import FakeServer
from .fake_store import Conversation

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def another_desk(browser: Browser, server: FakeServer) -> Iterator[Callable[[], Page]]:
    """Opens Aisyah's desk, in a browser of her own."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="vi-VN")

    def open_desk() -> Page:
        page = context.new_page()
        page.goto(server.url + "/desk")
        log_in(page, "aisyah")
        return page

    yield open_desk
    context.close()


@pytest.fixture
def mine(desk: Page, server: FakeServer, waiting: Conversation) -> Conversation:
    """Linh has the conversation open, and it is hers."""
    claimed(server, waiting)
    open_talk(desk, waiting)
    expect(desk.locator("#talk-state")).to_have_text("Bạn đang hỗ trợ")
    return waiting


def test_away_is_said_clearly_and_everywhere(
    desk: Page, server: FakeServer, another_desk: Callable[[], Page]
) -> None:
    other = another_desk()
    switch = desk.get_by_role("switch")
    expect(switch).to_have_text("Có mặt")
    expect(other.locator("#team-count")).to_have_text("1")
    switch.click()
    expect(switch).to_have_text("Tạm vắng")
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(desk.locator("#standing")).to_contain_text("đang hiển thị là tạm vắng")
    expect(other.locator("#team-count")).to_have_text("0")
    other.locator("#show-team").click()
    expect(other.locator("#team-list [data-state=away]")).to_contain_text("Linh")
    desk.reload()
    expect(switch).to_have_text("Tạm vắng")
    desk.get_by_role("button", name="Có mặt trở lại").click()
    expect(desk.locator("#standing")).to_be_hidden()
    expect(other.locator("#team-count")).to_have_text("1")
    assert server.store.away == set()


def test_a_change_of_mind_ends_where_it_was_meant_to(desk: Page, server: FakeServer) -> None:
    for _ in range(5):
        desk.keyboard.press("a")
    expect(desk.get_by_role("switch")).to_have_text("Tạm vắng")
    desk.locator("#show-team").click()
    expect(desk.locator("#team-list [data-state=away]")).to_contain_text("Linh")
    desk.wait_for_timeout(500)
    assert server.store.away == {LINH}


def test_the_switch_has_a_key_and_goes_back_if_the_server_did_not_hear(desk: Page) -> None:
    desk.keyboard.press("a")
    expect(desk.get_by_role("switch")).to_have_text("Tạm vắng")
    desk.route("**/me/presence", lambda route: route.abort())
    desk.keyboard.press("a")
    expect(desk.locator(".toast")).to_contain_text("Chưa thực hiện được")
    expect(desk.get_by_role("switch")).to_have_text("Tạm vắng")


def test_the_team_shows_who_is_there_and_who_has_left(
    desk: Page, another_desk: Callable[[], Page], server: FakeServer, waiting: Conversation
) -> None:
    expect(desk.locator("#team-count")).to_have_text("0")
    other = another_desk()
    expect(desk.get_by_role("button", name="1 đồng nghiệp đang có mặt")).to_be_visible()
    claimed(server, waiting, AISYAH)
    other.close()
    expect(desk.locator("#team-count")).to_have_text("0")
    desk.locator("#show-team").click()
    expect(desk.locator("#team-list li").first).to_contain_text("Linh (Bạn)")
    expect(desk.locator("#team-list [data-state=gone]")).to_contain_text("Nurul Aisyah")
    expect(desk.locator("#team-list [data-state=gone]")).to_contain_text("1 cuộc")


def test_a_lost_connection_says_what_it_means(desk: Page, server: FakeServer) -> None:
    desk.locator("#rows .row").click()
    desk.locator("#reply").fill("Đang viết dở")
    server.streams_work = False
    desk.route("**/api/**", lambda route: route.abort())
    server.do(server.store.drop_streams)
    expect(desk.get_by_role("switch")).to_have_text("Ngoại tuyến")
    expect(desk.locator("#standing")).to_contain_text("Mất kết nối, đang kết nối lại")
    expect(desk.locator("#reply")).to_have_value("Đang viết dở")
    button = desk.get_by_role("button", name="Kết nối lại")
    expect(button).to_be_visible()
    server.streams_work = True
    desk.unroute("**/api/**")
    button.dispatch_event("click")  # even if the page has just come back by itself
    expect(desk.locator("#standing")).to_be_hidden()
    expect(desk.get_by_role("switch")).to_have_text("Có mặt")


def test_slow_updates_without_a_sign_of_life_are_shown_as_offline(
    desk: Page, server: FakeServer
) -> None:
    server.streams_work = False
    server.do(server.store.drop_streams)
    expect(desk.locator("#live-state")).to_have_text("Cập nhật chậm", timeout=20_000)
    expect(desk.locator("#standing")).to_contain_text("đang hiển thị là ngoại tuyến")


def test_a_new_customer_is_told_to_who_looks_elsewhere(
    desk: Page, server: FakeServer, waiting: Conversation
) -> None:
    look_away(desk, True)
    second = server.do(server.store.begin)
    server.do(lambda: server.store.log(second, "customer", "Alo"))
    server.do(lambda: server.store.hand_over(second, "asked"))
    expect(desk).to_have_title("(2) Khách mới đang chờ – Myna")
    expect(desk.locator("#announce")).to_contain_text("Khách mới đang chờ: Khách c0002")
    look_away(desk, False)
    expect(desk).to_have_title("(2) Bàn hỗ trợ – Myna")


def test_nobody_rings_for_an_agent_who_is_away(desk: Page, server: FakeServer) -> None:
    desk.get_by_role("switch").click()
    expect(desk.locator("#standing")).to_be_visible()
    look_away(desk, True)
    second = server.do(server.store.begin)
    server.do(lambda: server.store.hand_over(second, "asked"))
    expect(rows(desk)).to_have_count(2)
    expect(desk).to_have_title("(2) Bàn hỗ trợ – Myna")


def test_the_browser_notifies_of_each_sort_once(
    open_page: OpenPage, server: FakeServer, waiting: Conversation
) -> None:
    page = open_page("/desk")
    page.evaluate(
        """() => {
            window.told = [];
            window.Notification = class extends EventTarget {
                static permission = "granted";
                constructor(title, options) { super(); window.told.push([title, options.body]); }
            };
        }"""
    )
    log_in(page)
    expect(rows(page)).to_have_count(1)
    claimed(server, waiting)
    expect(page.locator("[data-view=mine] b")).to_have_text("1")
    look_away(page, True)
    server.do(lambda: server.store.nudge(waiting))
    case = server.do(lambda: server.store.leave_case(waiting, kind="return", summary="Đổi nồi"))
    server.do(lambda: server.store.overdue(case))
    server.do(lambda: case.change("Linh", priority="high"))
    server.do(lambda: server.store.tell_case(case))
    expect(page.locator("#cases-count")).to_have_class("late")
    assert page.evaluate("window.told") == [
        ["Khách đang chờ bạn trả lời: Khách c0001", "Máy giặt giao tới bị móp"],
        [f"Phiếu quá hạn: {case.reference} · Đổi trả", "Đổi nồi"],
    ]


def test_a_nudge_stays_until_the_customer_is_answered(
    desk: Page, server: FakeServer, mine: Conversation
) -> None:
    server.do(lambda: server.store.log(mine, "customer", "Alo shop?"))
    mine.unanswered_since = datetime.now(UTC) - timedelta(minutes=3, seconds=10)
    server.do(lambda: server.store.nudge(mine))
    expect(desk.locator("#nudge")).to_contain_text("Khách đang chờ bạn trả lời")
    expect(desk.locator("#talk-waiting .timer")).to_have_text(re.compile(r"^03:\d\d$"))
    expect(desk.locator("#talk-waiting .timer")).to_have_class(re.compile("warn"))
    expect(desk.locator("#announce")).to_contain_text("Khách đang chờ bạn trả lời")
    desk.locator("#reply").fill("Dạ em đây ạ")
    desk.keyboard.press("Enter")
    expect(desk.locator("#nudge")).to_be_hidden()
    expect(desk.locator("#talk-waiting")).to_have_text("")


def test_a_nudge_for_another_agent_is_no_alarm(
    desk: Page, server: FakeServer, waiting: Conversation
) -> None:
    claimed(server, waiting, AISYAH)
    open_talk(desk, waiting)
    server.do(lambda: server.store.nudge(waiting))
    expect(desk.locator("[data-author=note]")).to_be_visible()
    expect(desk.locator("#nudge")).to_be_hidden()
    expect(desk.locator("#announce")).not_to_contain_text("đang chờ bạn")


def test_the_customer_is_seen_writing(desk: Page, server: FakeServer, mine: Conversation) -> None:
    server.do(lambda: server.store.types(mine, "customer"))
    expect(desk.locator("#typing")).to_contain_text("Khách đang nhập…")
    server.do(lambda: server.store.log(mine, "customer", "Xong"))
    expect(desk.locator("#typing")).to_be_hidden()
    server.do(lambda: server.store.types(mine, "customer"))
    expect(desk.locator("#typing")).to_be_visible()
    expect(desk.locator("#typing")).to_be_hidden(timeout=10_000)


def test_seen_stands_below_the_last_message_that_was_shown(
    desk: Page, server: FakeServer, mine: Conversation
) -> None:
    for text in ("Một", "Hai", "Ba"):
        server.do(lambda text=text: server.store.log(mine, "agent", text, agent=LINH))
    expect(desk.locator("[data-author=agent] .bubble")).to_have_count(3)
    expect(desk.locator(".seen")).to_have_count(0)
    server.do(lambda: server.store.saw(mine, 3))
    expect(desk.locator(".bubble:has(+ .seen)")).to_contain_text("Hai")
    server.do(lambda: server.store.saw(mine, 4))
    expect(desk.locator(".meta .seen")).to_have_text("Khách đã xem")
    expect(desk.locator(".seen")).to_have_count(1)
    server.do(lambda: server.store.log(mine, "customer", "Vâng"))
    expect(desk.locator(".seen")).to_have_count(0)


def test_a_reply_that_came_too_late_is_not_lost(
    desk: Page, server: FakeServer, mine: Conversation
) -> None:
    def somebody_else_silently() -> None:
        mine.agent = AISYAH
        mine.version += 1

    server.do(somebody_else_silently)
    desk.locator("#reply").fill("Em giao lúc 17 giờ ạ")
    desk.keyboard.press("Enter")
    expect(desk.locator("#notice")).to_contain_text("Nurul Aisyah đang hỗ trợ khách này")
    expect(desk.locator("#talk-state")).to_have_text("Nurul Aisyah đang hỗ trợ")
    expect(desk.locator("#reply")).to_have_value("Em giao lúc 17 giờ ạ")
    expect(desk.locator("[data-author=agent]")).to_have_count(0)
    desk.reload()
    expect(desk.locator("#reply")).to_have_value("Em giao lúc 17 giờ ạ")
    assert mine.messages[-1]["author"] == "customer"


def test_what_follows_a_resolving_is_said_once(
    desk: Page, server: FakeServer, mine: Conversation
) -> None:
    expect(desk.locator("[data-act=resolve]")).to_have_attribute(
        "title", re.compile("mời khách đánh giá")
    )
    desk.locator("[data-act=resolve]").click()
    expect(desk.locator(".toast", has_text="mời khách đánh giá")).to_have_count(1)
    desk.get_by_role("button", name="Hoàn tác").click()
    desk.reload()
    desk.locator("[data-act=resolve]").click()
    expect(desk.locator(".toast", has_text="Đã giải quyết xong")).to_have_count(1)
    expect(desk.locator(".toast", has_text="mời khách đánh giá")).to_have_count(0)


def test_a_resolved_conversation_can_be_taken_up_again(
    desk: Page, server: FakeServer, mine: Conversation
) -> None:
    server.do(lambda: server.store.resolve(mine, LINH))
    expect(desk.locator("#talk-state")).to_have_text("Đã giải quyết")
    desk.get_by_role("button", name="Mở lại").click()
    expect(desk.locator("#talk-state")).to_have_text("Bạn đang hỗ trợ")
    assert mine.owner == "human"
