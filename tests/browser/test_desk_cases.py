"""Cases at the desk: the list, the panel, opening one by hand."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import OpenPage
from .desk import AISYAH, LINH, log_in, open_talk, rows
from .fake_api import FakeServer
from .fake_cases import Case, hours_from_now
from .fake_store import Conversation

pytestmark = pytest.mark.timeout(90)


def case_rows(page: Page) -> Locator:
    return page.locator("#case-rows .row")


def opened(server: FakeServer, **values: Any) -> Case:
    """A case that is there already."""
    return server.do(lambda: server.store.cases.open(**values))


@pytest.fixture
def promise(server: FakeServer, waiting: Conversation) -> Case:
    """A promise to the customer who waits."""
    return opened(
        server,
        kind="promise",
        summary="Đổi máy giặt mới, giao thứ Sáu",
        conversation_id=waiting.id,
        phone="+84 903 123 456",
        email="an@example.com",
        order_number="DH-20413",
        due_at=hours_from_now(2.5),
    )


@pytest.fixture
def panel(promise: Case, desk: Page) -> Page:
    """Linh's desk with the case open."""
    desk.locator("[data-list=cases]").click()
    case_rows(desk).first.click()
    expect(desk.locator("#case-title")).to_have_text(f"Đã hứa với khách {promise.reference}")
    return desk


def test_cases_are_listed_by_what_is_due_first(open_page: OpenPage, server: FakeServer) -> None:
    opened(server, kind="repair", summary="Ba", due_at=hours_from_now(30))
    opened(server, kind="return", summary="Một", due_at=hours_from_now(-26), overdue=True)
    opened(server, kind="complaint", summary="Hai", due_at=hours_from_now(0.4), priority="urgent")
    opened(server, kind="problem", summary="Xong", state="solved", due_at=hours_from_now(-90))
    page = open_page("/desk")
    log_in(page)
    expect(page.locator("#cases-count")).to_have_text("3")
    expect(page.locator("#cases-count")).to_have_class("late")
    page.keyboard.press("5")
    expect(case_rows(page)).to_have_count(3)
    expect(case_rows(page).locator(".snippet")).to_have_text(["Một", "Hai", "Ba"])
    due = case_rows(page).locator(".due")
    expect(due).to_have_text(["quá hạn 1 ngày", re.compile(r"còn 2\d phút"), "còn 1 ngày"])
    expect(due.nth(0)).to_have_class(re.compile("bad"))
    expect(due.nth(1)).to_have_class(re.compile("warn"))
    expect(case_rows(page).nth(1)).to_contain_text("Khẩn")
    page.locator("#filter-state").select_option("all")
    expect(case_rows(page).locator(".snippet")).to_have_text(["Một", "Hai", "Ba", "Xong"])


def test_cases_are_filtered_by_kind_state_and_owner(
    open_page: OpenPage, server: FakeServer
) -> None:
    opened(server, kind="return", summary="của Linh", state="working", agent=LINH)
    opened(server, kind="return", summary="của Aisyah", agent=AISYAH)
    opened(server, kind="repair", summary="chưa ai nhận")
    page = open_page("/desk#/")
    log_in(page)
    page.locator("[data-list=cases]").click()
    page.locator("#filter-kind").select_option("return")
    expect(case_rows(page)).to_have_count(2)
    page.get_by_role("checkbox", name="Của tôi").check()
    expect(case_rows(page).locator(".snippet")).to_have_text("của Linh")
    page.locator("#filter-state").select_option("waiting")
    expect(page.locator("#cases-empty")).to_contain_text("Không có phiếu nào khớp bộ lọc.")
    page.get_by_role("button", name="Bỏ lọc").click()
    expect(case_rows(page)).to_have_count(3)
    expect(page.get_by_role("checkbox", name="Của tôi")).not_to_be_checked()


def test_the_reason_in_a_callback_is_in_words(open_page: OpenPage, server: FakeServer) -> None:
    opened(server, kind="callback", summary="[not_understood] Tủ lạnh kêu to")
    page = open_page("/desk")
    log_in(page)
    page.locator("[data-list=cases]").click()
    expect(case_rows(page).locator(".snippet")).to_have_text("Myna không hiểu · Tủ lạnh kêu to")


def test_who_found_nobody_there_waits_in_the_queue(
    desk: Page, server: FakeServer, waiting: Conversation
) -> None:
    called = server.do(server.store.begin)
    server.do(lambda: server.store.log(called, "customer", "Có ai không?"))
    case = server.do(lambda: server.store.leave_case(called, summary="[asked] Có ai không?"))
    expect(rows(desk)).to_have_count(2)
    row = rows(desk).last
    expect(row).to_contain_text(case.reference)
    expect(row).to_contain_text("Myna")
    expect(desk.locator("#announce")).to_contain_text("Khách mới đang chờ")
    row.click()
    expect(desk.locator(".case-card")).to_contain_text("Liên hệ lại")
    desk.locator("[data-act=resolve]").click()
    desk.reload()
    expect(desk.locator("#talk-state")).to_have_text("Đã giải quyết")
    assert case.state == "solved"
    assert called.owner == "nobody"


def test_everything_about_a_case_is_in_its_panel(panel: Page, promise: Case) -> None:
    body = panel.locator("#case-body")
    expect(panel.locator("#case-owner")).to_have_text("Chưa ai nhận phiếu này")
    expect(panel.locator("#case-summary")).to_have_text("Đổi máy giặt mới, giao thứ Sáu")
    expect(panel.locator("#case-due")).to_have_text(re.compile(r"^còn 2 giờ .*\d\d:\d\d$"))
    phone = body.get_by_role("link", name="+84 903 123 456")
    expect(phone).to_have_attribute("href", "tel:+84903123456")
    mail = body.get_by_role("link", name="an@example.com")
    expect(mail).to_have_attribute("href", "mailto:an@example.com")
    expect(panel.locator("#case-facts")).to_contain_text("DH-20413")
    expect(panel.locator("#case-history li")).to_have_text([re.compile("^Mở phiếuMyna · Hôm nay")])
    expect(panel.locator("#context-body")).to_contain_text("Khiếu nại")


def test_taking_and_dropping_a_case(panel: Page, promise: Case) -> None:
    panel.get_by_role("button", name="Nhận xử lý").click()
    expect(panel.locator("#case-owner")).to_have_text("Bạn đang xử lý")
    expect(panel.locator("#case-history li").last).to_contain_text("Linh nhận xử lý")
    expect(case_rows(panel).first).to_contain_text("Linh")
    panel.get_by_role("button", name="Bỏ nhận").click()
    expect(panel.locator("#case-owner")).to_have_text("Chưa ai nhận phiếu này")
    panel.get_by_role("button", name="Hoàn tác").last.click()
    expect(panel.locator("#case-owner")).to_have_text("Bạn đang xử lý")
    assert promise.agent == LINH


def test_state_and_priority_can_be_changed_and_taken_back(panel: Page, promise: Case) -> None:
    panel.locator("#case-priority").select_option("urgent")
    expect(panel.locator(".toast")).to_contain_text("Ưu tiên: Khẩn")
    panel.locator("#case-state").select_option("waiting")
    history = panel.locator("#case-history li")
    expect(history.last).to_contain_text("Trạng thái: Mới → Chờ khách")
    expect(history.nth(1)).to_contain_text("Ưu tiên: Bình thường → Khẩn")
    panel.locator(".toast", has_text="Khẩn").get_by_role("button", name="Hoàn tác").click()
    expect(panel.locator("#case-priority")).to_have_value("normal")
    expect(panel.locator("#case-state")).to_have_value("waiting")
    assert (promise.priority, promise.state) == ("normal", "waiting")


def test_a_solved_case_leaves_the_list_and_can_be_brought_back(panel: Page, promise: Case) -> None:
    panel.locator("#case-acts").get_by_role("button", name="Đã giải quyết").click()
    expect(case_rows(panel)).to_have_count(0)
    expect(panel.locator("#cases-count")).to_have_text("0")
    expect(panel.locator("#case-acts")).to_have_text("Mở lại")
    expect(panel.locator("#case-due .due")).to_have_count(0)
    panel.get_by_role("button", name="Hoàn tác").click()
    expect(case_rows(panel)).to_have_count(1)
    assert promise.state == "open"


def test_cases_are_worked_from_the_keyboard(desk: Page, promise: Case) -> None:
    desk.keyboard.press("5")
    expect(case_rows(desk)).to_have_count(1)
    desk.keyboard.press("j")
    expect(case_rows(desk).first).to_have_attribute("aria-selected", "true")
    expect(desk.locator("#case-title")).to_be_visible()
    desk.keyboard.press("c")
    expect(desk.locator("#case-owner")).to_have_text("Bạn đang xử lý")
    desk.keyboard.press("r")
    desk.keyboard.type("Đã gọi kho, hẹn 17 giờ")
    desk.keyboard.press("Enter")
    expect(desk.locator("#case-history .comment")).to_contain_text("Đã gọi kho, hẹn 17 giờ")
    desk.keyboard.press("Escape")
    desk.keyboard.press("e")
    expect(desk.locator("#case-acts")).to_have_text("Mở lại")
    expect(desk.locator(".toast").last).to_contain_text("Đã giải quyết")
    desk.keyboard.press("u")
    expect(desk.locator("#case-state")).to_have_value("open")
    desk.keyboard.press("1")
    expect(rows(desk)).to_have_count(1)


def test_a_change_by_somebody_else_is_shown_and_the_comment_kept(
    panel: Page, server: FakeServer, promise: Case
) -> None:
    panel.locator("#comment").fill("Đang viết")
    server.do(lambda: promise.change(AISYAH, state="working", agent=AISYAH))
    panel.locator("#case-state").select_option("closed")
    expect(panel.locator("#case-notice")).to_contain_text("Nurul Aisyah")
    expect(panel.locator("#case-state")).to_have_value("working")
    expect(panel.locator("#case-owner")).to_have_text("Nurul Aisyah đang xử lý")
    expect(panel.locator("#comment")).to_have_value("Đang viết")
    assert promise.state == "working"


def test_a_comment_that_did_not_get_through_stays(panel: Page, promise: Case) -> None:
    panel.route("**/comments", lambda route: route.abort())
    panel.locator("#comment").fill("Khách hẹn lại")
    panel.keyboard.press("Enter")
    expect(panel.locator(".toast")).to_contain_text("Chưa thực hiện được")
    expect(panel.locator("#comment")).to_have_value("Khách hẹn lại")
    panel.unroute("**/comments")
    panel.get_by_role("button", name="Lưu ghi chú").click()
    expect(panel.locator("#case-history .comment")).to_have_count(1)
    expect(panel.locator("#comment")).to_have_value("")


def test_what_others_do_with_a_case_is_shown_at_once(
    panel: Page, server: FakeServer, promise: Case
) -> None:
    def by_somebody_else() -> None:
        promise.note(AISYAH, "comment", text="Kho hết hàng")
        promise.change(AISYAH, agent=AISYAH)
        server.store.tell_case(promise)

    server.do(by_somebody_else)
    expect(panel.locator("#case-owner")).to_have_text("Nurul Aisyah đang xử lý")
    expect(panel.locator("#case-history .comment")).to_contain_text("Kho hết hàng")
    expect(case_rows(panel).first).to_contain_text("Nurul Aisyah")


def test_a_case_that_becomes_overdue_is_an_alarm(
    desk: Page, server: FakeServer, promise: Case
) -> None:
    server.do(lambda: server.store.overdue(promise))
    expect(desk.locator("#announce")).to_contain_text(f"Phiếu quá hạn: {promise.reference}")
    expect(desk.locator("#cases-count")).to_have_class("late")


def test_from_a_case_to_its_conversation_and_back(panel: Page, promise: Case) -> None:
    panel.locator("#case-talk").click()
    expect(panel.locator("#talk-title")).to_have_text("Khách c0001")
    expect(panel.locator("#case-body")).to_be_hidden()
    panel.locator(".case-card").click()
    expect(panel.locator("#case-title")).to_be_visible()
    expect(panel.locator("#talk-body")).to_be_hidden()
    panel.reload()
    expect(panel.locator("#case-title")).to_contain_text(promise.reference)
    expect(case_rows(panel)).to_have_count(1)


def test_a_case_is_opened_by_hand(desk: Page, server: FakeServer, waiting: Conversation) -> None:
    waiting.context["slots"] = {"phone": "+84903123456", "order_number": "DH-20413"}
    open_talk(desk, waiting)
    expect(desk.locator("#context-body")).to_contain_text("DH-20413")
    desk.keyboard.press("n")
    form = desk.locator("#case-form")
    expect(desk.locator("#new-kind")).to_be_focused()
    expect(desk.locator("#new-summary")).to_have_value("Máy giặt giao tới bị móp")
    expect(form).to_contain_text("Kèm theo: DH-20413 · +84903123456")
    desk.locator("#new-kind").select_option("repair")
    desk.locator("#new-priority").select_option("high")
    desk.locator("#new-summary").fill("Thợ tới xem máy")
    form.get_by_role("button", name="Mở phiếu").click()
    expect(form).to_be_hidden()
    expect(desk.locator(".case-card")).to_contain_text("Sửa chữa")
    expect(desk.locator("#cases-count")).to_have_text("1")
    body = server.opened[0]
    assert body.pop("request_id")
    assert body == {
        "kind": "repair",
        "priority": "high",
        "summary": "Thợ tới xem máy",
        "conversation_id": waiting.id,
        "language": "vi",
        "order_number": "DH-20413",
        "phone": "+84903123456",
    }


def test_the_form_is_found_where_the_details_are_folded_away(
    desk: Page, waiting: Conversation
) -> None:
    desk.set_viewport_size({"width": 1000, "height": 800})
    open_talk(desk, waiting)
    expect(desk.locator("#context")).to_be_hidden()
    desk.keyboard.press("n")
    expect(desk.locator("#new-kind")).to_be_focused()
    desk.keyboard.press("Escape")
    desk.locator("#close-context").click()
    expect(desk.locator("#talk-title")).to_be_visible()


def test_opening_again_after_a_lost_answer_opens_no_second_case(
    desk: Page, server: FakeServer, waiting: Conversation
) -> None:
    open_talk(desk, waiting)
    desk.locator("#new-case").click()
    server.lose_answers = 1
    desk.locator("#new-open").click()
    expect(desk.locator(".toast")).to_contain_text("Chưa thực hiện được")
    desk.locator("#new-open").click()
    expect(desk.locator(".toast").last).to_contain_text("Đã mở phiếu CS-")
    assert len(server.store.cases.by_reference) == 1
    assert "priority" not in server.opened[0]


def test_an_unfinished_case_waits_in_its_conversation(
    desk: Page, server: FakeServer, waiting: Conversation
) -> None:
    other = server.do(server.store.begin)
    server.do(lambda: server.store.log(other, "customer", "Chào"))
    open_talk(desk, waiting)
    desk.locator("#new-case").click()
    desk.locator("#new-summary").fill("")
    desk.locator("#new-open").click()
    expect(desk.locator("#new-summary")).to_have_attribute("aria-invalid", "true")
    desk.locator("#new-summary").fill("Hứa gửi hóa đơn")
    open_talk(desk, other)
    expect(desk.locator("#case-form")).to_be_hidden()
    open_talk(desk, waiting)
    expect(desk.locator("#new-summary")).to_have_value("Hứa gửi hóa đơn")
    desk.locator("#new-summary").press("Escape")
    expect(desk.locator("#case-form")).to_be_hidden()
    expect(desk.locator("#new-case")).to_be_focused()
    assert server.opened == []


def test_what_a_case_says_is_never_markup(panel: Page, server: FakeServer, promise: Case) -> None:
    nasty = '<img src=x onerror="document.title=1">'

    def change() -> None:
        promise.change(AISYAH, summary=nasty)
        promise.note(AISYAH, "comment", text=nasty)
        server.store.tell_case(promise)

    server.do(change)
    expect(panel.locator("#case-summary")).to_have_text(nasty)
    expect(panel.locator("#case-history .comment")).to_contain_text(nasty)
    assert panel.locator("#case-body img, #case-rows img, #context img").count() == 0


def test_five_hundred_cases_stay_fluid(open_page: OpenPage, server: FakeServer) -> None:
    for number in range(500):
        opened(server, summary=f"Việc {number}", due_at=hours_from_now(number - 20))
    page = open_page("/desk")
    log_in(page)
    page.keyboard.press("5")
    expect(case_rows(page)).to_have_count(500)
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
    expect(case_rows(page).nth(29)).to_have_attribute("aria-selected", "true")
    expect(case_rows(page).nth(29)).to_be_in_viewport()


def test_cases_fold_to_one_column_on_a_phone(panel: Page, promise: Case) -> None:
    panel.set_viewport_size({"width": 390, "height": 844})
    expect(panel.locator("#case-rows")).to_be_hidden()
    expect(panel.locator("#case-title")).to_be_visible()
    panel.locator("#case-details").click()
    expect(panel.locator("#context-body")).to_be_visible()
    panel.locator("#close-context").click()
    panel.locator("#case-back").click()
    expect(case_rows(panel)).to_be_visible()
    assert panel.evaluate("document.documentElement.scrollWidth") == 390
