"""What the tests of the agents' desk share."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from .fake_api import AGENTS, PASSWORD, FakeServer
from .fake_store import Conversation

LINH, AISYAH = AGENTS["linh"], AGENTS["aisyah"]


def log_in(page: Page, login: str = "linh") -> None:
    """Sign in at the desk, in Vietnamese, and wait until it is live."""
    page.get_by_label("Tên đăng nhập").fill(login)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.locator("#live-state")).to_have_text("Trực tuyến")


def rows(page: Page) -> Locator:
    """The conversations in the list."""
    return page.locator("#rows .row")


def open_talk(page: Page, conversation: Conversation) -> None:
    """Open a conversation, from whichever list."""
    page.evaluate("id => { location.hash = `#/${id}` }", conversation.id)
    expect(page.locator("#blocks .bubble, #blocks .event").first).to_be_visible()


def claimed(server: FakeServer, conversation: Conversation, name: str = LINH) -> None:
    """An agent has taken it."""
    server.do(lambda: server.store.own(conversation, "human", name, name, "claim"))
