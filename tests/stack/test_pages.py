"""The real pages of the real server, in a real browser: a customer and an agent meet."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import chromium


@pytest.fixture
def browser():
    with chromium() as running:
        yield running


def test_a_customer_and_an_agent_meet(browser, stack):
    complaints = []

    def page(path):
        opened = browser.new_context(locale="vi-VN").new_page()
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(stack.url + path)
        return opened

    desk = page("/desk")
    desk.fill("input[autocomplete=username]", "agent")
    desk.fill("input[type=password]", stack.secret("desk_password"))
    desk.keyboard.press("Enter")
    expect(desk.locator("#live-state")).to_have_text("Trực tuyến")

    chat = page("/")
    log = chat.get_by_role("log")
    expect(chat.get_by_role("button", name="Mình muốn hủy đơn hàng")).to_be_visible()
    chat.fill("textarea", "cho mình gặp nhân viên với ạ")
    chat.keyboard.press("Enter")
    expect(log.get_by_text("cuộc trò chuyện này cho nhân viên")).to_be_visible()
    chat.reload()
    expect(log.get_by_text("cho mình gặp nhân viên với ạ")).to_be_visible()

    mine = chat.request.get(f"{stack.url}/api/v1/chat/messages").json()["conversation"]["id"]
    desk.locator(f'.row[data-key="{mine}"]').click()
    desk.keyboard.press("c")
    expect(log.get_by_text("Linh đã vào cuộc trò chuyện")).to_be_visible()
    reply = desk.get_by_placeholder("Trả lời khách…")
    reply.fill("Dạ em chào anh/chị")
    reply.press("Enter")
    expect(log.get_by_text("Dạ em chào anh/chị")).to_be_visible()
    chat.fill("textarea", "cảm ơn em nhé")
    chat.keyboard.press("Enter")
    expect(desk.get_by_role("log").get_by_text("cảm ơn em nhé")).to_be_visible()
    desk.locator("[popovertarget=account]").click()
    desk.get_by_role("button", name="Đăng xuất").click()
    expect(desk.locator("input[type=password]")).to_be_visible()
    assert complaints == []
