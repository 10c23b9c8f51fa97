"""The sandbox's page: a thread in which everything that Messenger shows can be seen and pressed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.channels.messenger.fake import APP_ID
from tests.channels.messenger.fake.world import Page as FacebookPage
from tests.channels.messenger.fake.world import Sent
from tests.channels.messenger.sandbox.graph import SandboxGraph
from tests.channels.messenger.trial import PAGES, Remote

pytestmark = pytest.mark.timeout(90)

PAGE = PAGES["vi"][0]


@pytest.fixture
def remote() -> Iterator[Remote]:
    graph = SandboxGraph()
    graph.world.pages = {told[0]: FacebookPage(*told) for told in PAGES.values()}
    question = {"question": "Đơn hàng tới đâu rồi?", "payload": "p1"}
    graph.world.pages[PAGE].profile = {
        "get_started": {"payload": "p0"},
        "greeting": [{"locale": "default", "text": "Chào {{user_first_name}}!"}],
        "ice_breakers": [{"locale": "default", "call_to_actions": [question]}],
        "persistent_menu": [
            {
                "locale": "default",
                "composer_input_disabled": False,
                "call_to_actions": [{"type": "postback", "title": "Xem đơn", "payload": "p2"}],
            }
        ],
    }
    with Remote(graph) as running:
        yield running


@pytest.fixture
def thread(context: BrowserContext, remote: Remote) -> Page:
    page = context.new_page()
    page.goto(f"{remote.graph.url}/")
    expect(page.locator(".welcome")).to_contain_text("Chào An!")
    return page


def user(page: Page) -> str:
    return str(page.evaluate("JSON.parse(localStorage.getItem('sandbox')).user"))


def answers(remote: Remote, page: Page, **message: Any) -> None:
    """The page sends a message, as Myna would."""
    graph, psid = remote.graph, user(page)

    def send() -> None:
        sent = Sent(graph.world.mid(), PAGE, psid, message, graph.world.now(), None, APP_ID)
        graph.world.sent.append(sent)
        for listener in graph.on_sent:
            listener(sent)

    remote.do(send)


def heard(remote: Remote) -> list[dict[str, Any]]:
    """What users did, as Meta would tell it."""
    return remote.do(lambda: [event for event in remote.graph.heard])  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def listening(remote: Remote) -> None:
    graph: Any = remote.graph
    graph.heard = []
    graph.webhook.tell = lambda event, *_: graph.heard.append(event)


def test_a_first_question(thread: Page, remote: Remote) -> None:
    thread.get_by_role("button", name="Đơn hàng tới đâu rồi?").click()
    expect(thread.locator(".line.user")).to_have_text("Đơn hàng tới đâu rồi?")
    assert heard(remote)[0]["postback"]["payload"] == "p1"


def test_quick_replies_go_when_one_is_pressed(thread: Page, remote: Remote) -> None:
    replies = [{"content_type": "text", "title": t, "payload": f"q-{t}"} for t in ("Có", "Không")]
    answers(remote, thread, text="Hủy đơn nhé?", quick_replies=replies)
    thread.locator("#replies").get_by_role("button", name="Có").click()
    expect(thread.locator("#replies button")).to_have_count(0)
    assert heard(remote)[-1]["message"]["quick_reply"] == {"payload": "q-Có"}


def test_templates_and_cards(thread: Page, remote: Remote) -> None:
    button = {"type": "postback", "title": "Quay lại trợ lý", "payload": "b1"}
    payload = {"template_type": "button", "text": "Đang chờ", "buttons": [button]}
    answers(remote, thread, attachment={"type": "template", "payload": payload})
    link = {"type": "web_url", "title": "Xem", "url": "https://shop.example/a"}
    element = {"title": "Đèn bàn", "subtitle": "450.000 ₫", "buttons": [link]}
    cards = {"template_type": "generic", "elements": [element, element]}
    answers(remote, thread, attachment={"type": "template", "payload": cards})
    expect(thread.locator(".card")).to_have_count(2)
    thread.get_by_role("button", name="Quay lại trợ lý").click()
    assert heard(remote)[-1]["postback"]["payload"] == "b1"


def test_words_pictures_and_the_menu(thread: Page, remote: Remote) -> None:
    thread.get_by_label("Message", exact=True).fill("xin chào 👋")
    thread.keyboard.press("Enter")
    expect(thread.locator(".line.user")).to_have_text("xin chào 👋")
    png = {"name": "a.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}
    thread.set_input_files("#photo", png)  # type: ignore[arg-type]
    expect(thread.locator(".picture")).to_have_count(1)
    attachment = heard(remote)[-1]["message"]["attachments"][0]
    assert attachment["payload"]["url"].startswith(f"{remote.graph.url}/sandbox/photos/")
    thread.get_by_role("button", name="Menu").click()
    thread.get_by_role("button", name="Xem đơn").click()
    expect(thread.locator("#menu")).to_be_hidden()
    assert heard(remote)[-1]["postback"]["payload"] == "p2"


def test_behind_the_scenes(thread: Page, remote: Remote) -> None:
    thread.get_by_label("Answer in the Page's own inbox").fill("Mai đây ạ")
    thread.locator("#inbox").get_by_role("button").click()
    expect(thread.locator(".line.inbox")).to_contain_text("Mai đây ạ")
    thread.get_by_label("every message is refused for now").check()
    expect(thread.get_by_label("every message is refused for now")).to_be_checked()
    thread.wait_for_timeout(200)
    assert remote.do(lambda: [rule.fault for rule in remote.graph.rules]) == ["error"]
    before = user(thread)
    thread.get_by_role("button", name="Begin as another customer").click()
    expect(thread.locator(".line")).to_have_count(0)
    assert user(thread) != before


def test_on_a_phone(thread: Page, remote: Remote) -> None:
    thread.set_viewport_size({"width": 390, "height": 844})
    answers(remote, thread, text="Dạ, em chào anh/chị. " * 40)
    expect(thread.locator(".line.bot")).to_have_count(1)
    assert thread.evaluate("document.documentElement.scrollWidth") <= 390
    expect(thread.locator("#scenes")).to_be_hidden()
    thread.get_by_role("button", name="Behind the scenes").click()
    expect(thread.locator("#scenes")).to_be_visible()
