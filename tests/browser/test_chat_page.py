"""The customers' chat page in a real browser, against the stand-in server."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import APIResponse, BrowserContext, Locator, Page, Route, expect

from myna.clients import Gate

from .conftest import OpenPage
from .fake_api import FakeServer

pytestmark = pytest.mark.timeout(90)


def bubbles(page: Page) -> Locator:
    return page.locator("#blocks .bubble")


def texts(page: Page) -> list[str]:
    """What the bubbles say, without the sender's name that only screen readers hear."""
    return [text.split(": ", 1)[1] for text in bubbles(page).all_text_contents()]


def say(page: Page, text: str) -> None:
    page.get_by_label("Nhập tin nhắn…").fill(text)
    page.keyboard.press("Enter")


def bot_says(server: FakeServer, text: str, cards: list[dict[str, Any]] | None = None) -> None:
    server.do(lambda: server.store.log(server.the_chat(), "bot", text, cards=cards))


def said(server: FakeServer) -> list[str]:
    """What the server has of the customer."""
    return [m["text"] for m in server.the_chat().messages if m["author"] == "customer"]


@dataclass
class Limits:
    messages_per_minute: int = 30
    newcomers_per_minute: int = 1


def crowded(server: FakeServer, bits: int = 12) -> None:
    """The customer is new, and others from the same address have used up its share."""
    server.gate = Gate(Limits, "key", bits=bits)
    server.established = False
    server.gate.admit("another", "shared", False, None)


def wait_open(page: Page) -> None:
    expect(page.locator("#intro")).to_be_visible()
    expect(page.locator("#skeletons")).to_be_hidden()
    expect(page.locator("#assistant-state")).to_have_class(re.compile("up"))


@pytest.fixture
def chat(open_page: OpenPage) -> Page:
    page = open_page("/")
    wait_open(page)
    return page


@pytest.mark.parametrize("token", ["a.b.c", "forged"])
def test_the_shops_token_is_used_and_leaves_the_address(
    open_page: OpenPage, server: FakeServer, token: str
) -> None:
    page = open_page(f"/#identity={token}")
    wait_open(page)
    assert server.identities == [token]
    assert token not in page.url


def test_a_message_is_sent_and_answered_and_announced(chat: Page) -> None:
    say(chat, "Shop mở cửa mấy giờ?")
    expect(bubbles(chat)).to_have_count(2)
    assert texts(chat) == ["Shop mở cửa mấy giờ?", "Dạ, em đã ghi nhận: Shop mở cửa mấy giờ?"]
    expect(chat.locator(".mine .bubble")).to_have_attribute("data-state", "sent")
    expect(chat.locator("#live")).to_contain_text("Myna: Dạ, em đã ghi nhận")
    expect(chat.locator("#intro")).to_be_hidden()


@pytest.fixture
def opening(open_page: OpenPage, server: FakeServer) -> Page:
    """The page before the conversation is there."""
    server.polls_take = 1.5
    return open_page("/")


def test_enter_before_the_conversation_is_there_is_not_lost(
    opening: Page, server: FakeServer
) -> None:
    say(opening, "Chào shop")
    assert server.posts == []
    expect(bubbles(opening)).to_have_count(2)
    assert said(server) == ["Chào shop"]


def test_who_writes_on_before_the_conversation_is_there_sends_it_later(
    opening: Page, server: FakeServer
) -> None:
    say(opening, "Chào")
    opening.get_by_label("Nhập tin nhắn…").fill("Chào shop, cho mình hỏi")
    expect(opening.locator("#send")).to_be_enabled()
    opening.keyboard.press("Enter")
    expect(bubbles(opening)).to_have_count(2)
    assert said(server) == ["Chào shop, cho mình hỏi"]


def test_a_reload_keeps_the_history_and_the_draft(chat: Page) -> None:
    say(chat, "Một")
    expect(bubbles(chat)).to_have_count(2)
    chat.locator("#draft").fill("đang viết dở")
    chat.reload()
    expect(bubbles(chat)).to_have_count(2)
    expect(chat.locator("#draft")).to_have_value("đang viết dở")


def test_an_example_question_is_sent_by_a_tap(chat: Page) -> None:
    chat.get_by_role("button", name="Đơn hàng của mình tới đâu rồi?").click()
    expect(bubbles(chat)).to_have_count(2)
    assert texts(chat)[0] == "Đơn hàng của mình tới đâu rồi?"


def test_a_quick_reply_sends_the_choice_and_goes(chat: Page, server: FakeServer) -> None:
    say(chat, "Đơn DH-20413")
    chat.locator("#replies").get_by_role("button", name="Xem đơn khác").click()
    expect(bubbles(chat)).to_have_count(4)
    assert server.posts[-1]["choice"] == "2-0"
    assert "text" not in server.posts[-1]
    assert texts(chat)[2] == "Xem đơn khác"


def test_quick_replies_go_when_the_customer_writes_instead(chat: Page, server: FakeServer) -> None:
    say(chat, "Một")
    expect(chat.locator("#replies button")).to_have_count(2)
    server.store.answer_after = 5
    say(chat, "Hai")
    expect(chat.locator("#replies button")).to_have_count(0)
    expect(chat.locator("#typing")).to_be_visible()


def test_text_is_never_markup(chat: Page, server: FakeServer) -> None:
    nasty = '<img src=x onerror="document.title=1"><script>alert(1)</script> javascript:alert(1)'
    say(chat, nasty)
    expect(bubbles(chat)).to_have_count(2)
    assert texts(chat)[0] == nasty
    assert chat.locator("#blocks img, #blocks script, #blocks a").count() == 0


def test_cards_show_things_and_offer_what_to_do(chat: Page, server: FakeServer) -> None:
    fan = {
        "title": "Quạt đứng Gió Xanh",
        "subtitle": "1.250.000 ₫ · còn hàng",
        "picture": None,
        "url": "https://shop.example/fan",
        "buttons": [{"id": "card-1", "title": "Mua sản phẩm này"}],
    }
    trick = {**fan, "title": "<b>x</b>", "picture": "javascript:1", "url": "data:x", "buttons": []}
    real = {**fan, "picture": urljoin(chat.url, "/static/chat/icon.svg")}
    say(chat, "Có quạt nào không?")
    bot_says(server, "Dạ, bên em có ạ:", cards=[real, trick])
    shown = chat.locator(".cards > li")
    expect(shown).to_have_count(2)
    expect(shown.first.locator("img")).to_have_js_property("complete", True)
    expect(shown.first.get_by_role("link")).to_have_attribute("href", "https://shop.example/fan")
    assert shown.nth(1).locator("img, a, b").count() == 0
    shown.first.get_by_role("button", name="Mua sản phẩm này").click()
    expect(chat.locator(".mine .bubble")).to_have_count(2)
    assert server.posts[-1]["choice"] == "card-1"


def test_links_are_links_and_tricks_are_not(chat: Page, server: FakeServer) -> None:
    text = (
        "Xem https://shop.example/a(b)?x=1. Thư: care@shop.example, gọi +84 28 7300 1234; "
        "https://bank.example@evil.example data:text/html,x"
    )
    bot_says(server, text)
    expect(bubbles(chat)).to_have_count(1)
    links = chat.locator("#blocks a")
    assert [link.get_attribute("href") for link in links.all()] == [
        "https://shop.example/a(b)?x=1",
        "mailto:care@shop.example",
        "tel:+842873001234",
    ]
    assert links.first.get_attribute("rel") == "noopener noreferrer nofollow"


def test_a_broken_stream_resumes_without_loss_or_doubles(chat: Page, server: FakeServer) -> None:
    say(chat, "Trước")
    expect(bubbles(chat)).to_have_count(2)
    server.streams_work = False
    server.do(server.store.drop_streams)
    expect(chat.locator("#connection")).to_be_visible()
    for number in range(3):
        bot_says(server, f"Lỡ {number}")
    server.streams_work = True
    expect(chat.locator("#connection")).to_be_hidden(timeout=20_000)
    expect(bubbles(chat)).to_have_count(5)
    bot_says(server, "Sau")
    expect(bubbles(chat)).to_have_count(6)
    assert texts(chat)[2:] == ["Lỡ 0", "Lỡ 1", "Lỡ 2", "Sau"]


def test_polling_takes_over_where_streams_never_work(
    open_page: OpenPage, server: FakeServer
) -> None:
    server.streams_work = False
    page = open_page("/")
    expect(page.locator("#send")).to_be_attached()
    expect(page.locator("#intro")).to_be_visible()
    say(page, "Có ai không?")
    expect(bubbles(page)).to_have_count(2, timeout=20_000)
    expect(page.locator("#connection")).to_be_hidden()


def test_polling_takes_over_where_streams_bring_nothing(
    open_page: OpenPage, context: BrowserContext, server: FakeServer
) -> None:
    context.clock.install()
    server.events_pass = 0
    page = open_page("/")
    wait_open(page)
    say(page, "Có ai không?")
    expect(bubbles(page)).to_have_count(2)
    expect(page.locator("#connection")).to_be_hidden()
    expect(page.locator("#assistant-state")).to_have_class(re.compile("up"))
    server.events_pass = -1
    page.clock.fast_forward(12_000)
    only_streams_bring(page, server)
    asked = server.polls
    page.clock.fast_forward(30_000)
    page.wait_for_timeout(300)
    assert server.polls == asked, "nobody asks beside a stream"


def only_streams_bring(page: Page, server: FakeServer) -> None:
    """Wait until an event comes that cannot be asked for."""

    def tell(on: bool) -> None:
        event = {"on": on, "author": "bot"}
        server.do(lambda: server.store.tell(server.the_chat(), "typing", event))

    for _ in range(40):
        tell(True)
        page.wait_for_timeout(100)
        if page.locator("#typing").is_visible():
            tell(False)
            return
    raise AssertionError("no stream")


def test_a_stream_that_falls_silent_is_noticed_and_its_like_not_trusted(
    open_page: OpenPage, context: BrowserContext, server: FakeServer
) -> None:
    context.clock.install()
    server.events_pass = 1
    page = open_page("/")
    wait_open(page)
    page.wait_for_timeout(500)
    bot_says(server, "Lỡ")
    page.clock.fast_forward(20_000)
    page.wait_for_timeout(300)
    expect(bubbles(page)).to_have_count(0)
    page.clock.fast_forward(21_000)
    expect(bubbles(page)).to_have_count(1)
    page.wait_for_timeout(2000)
    bot_says(server, "Hỏi mới có")
    expect(bubbles(page)).to_have_count(2, timeout=15_000)
    expect(page.locator("#connection")).to_be_hidden()


def test_who_asks_in_vain_asks_less_often(
    open_page: OpenPage, context: BrowserContext, server: FakeServer
) -> None:
    context.clock.install()
    server.streams_work = False
    page = open_page("/")
    expect(page.locator("#intro")).to_be_visible()
    for _ in range(8):
        asked = server.polls
        page.clock.fast_forward(12_000)
        wait_until(page, lambda asked=asked: server.polls > asked)
        page.wait_for_timeout(300)  # the page has taken the answer in, and set the next time
    asked = server.polls
    page.clock.fast_forward(6_000)
    page.wait_for_timeout(300)
    assert server.polls == asked
    say(page, "Alo?")
    page.wait_for_timeout(300)
    page.clock.fast_forward(2_500)
    expect(bubbles(page)).to_have_count(2)


def wait_until(page: Page, true: Callable[[], bool]) -> None:
    for _ in range(50):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it has not come")


def swallow_one(server: FakeServer) -> None:
    """Two messages, of which the stream brings the second."""
    server.store.muted = 1
    server.store.log(server.the_chat(), "bot", "Bị nuốt")
    server.store.log(server.the_chat(), "bot", "Tới nơi")


def test_a_message_the_stream_swallowed_is_fetched(chat: Page, server: FakeServer) -> None:
    server.do(lambda: swallow_one(server))
    expect(bubbles(chat)).to_have_count(2)
    assert texts(chat) == ["Bị nuốt", "Tới nơi"]


def test_it_is_fetched_although_an_older_answer_is_under_way(
    chat: Page, server: FakeServer
) -> None:
    server.polls_take = 1.0
    asked = server.polls
    server.do(server.store.drop_streams)
    wait_until(chat, lambda: server.polls > asked)
    server.do(lambda: swallow_one(server))
    expect(bubbles(chat)).to_have_count(2)
    assert texts(chat) == ["Bị nuốt", "Tới nơi"]


def test_a_private_note_leaves_a_gap_which_does_no_harm(chat: Page, server: FakeServer) -> None:
    server.do(lambda: server.store.log(server.the_chat(), "note", "Khách khó tính"))
    server.do(lambda: server.store.log(server.the_chat(), "agent", "Chào anh", agent="Linh"))
    expect(bubbles(chat)).to_have_count(1)
    assert "Khách khó tính" not in chat.content()


def test_a_failed_message_is_sent_again_by_a_tap(chat: Page, server: FakeServer) -> None:
    server.fail_posts = -1
    say(chat, "Thử lần một")
    retry = chat.get_by_role("button", name="Chưa gửi được. Bấm để gửi lại")
    expect(retry).to_be_visible()
    server.fail_posts = 0
    retry.click()
    expect(bubbles(chat)).to_have_count(2)
    assert texts(chat)[0] == "Thử lần một"
    assert len({post["echo_id"] for post in server.posts}) == 1


def test_a_message_whose_answer_was_lost_is_not_doubled(chat: Page, server: FakeServer) -> None:
    server.lose_answers = 1
    say(chat, "Chỉ một lần")
    expect(bubbles(chat)).to_have_count(2)
    chat.reload()
    expect(bubbles(chat)).to_have_count(2)
    assert texts(chat).count("Chỉ một lần") == 1
    assert len(server.the_chat().messages) == 2


def test_the_outbox_survives_a_reload(chat: Page, server: FakeServer) -> None:
    server.fail_posts = -1
    say(chat, "Một")
    say(chat, "Hai")
    expect(chat.locator(".retry")).to_have_count(2)
    first = server.posts[0]["echo_id"]
    server.fail_posts = 0
    chat.reload()
    expect(chat.locator(".mine .bubble")).to_have_count(2)
    expect(bubbles(chat)).to_have_count(4)
    assert said(server) == ["Một", "Hai"]
    assert server.the_chat().messages[0]["echo_id"] == first


def test_a_busy_server_is_waited_for(chat: Page, server: FakeServer) -> None:
    server.busy_posts = 2
    say(chat, "Một")
    say(chat, "Hai")
    expect(chat.locator(".mine .bubble[data-state=waiting]")).to_have_count(2)
    expect(chat.locator(".mine .meta")).to_have_text("Đang chờ – tin sẽ tự gửi sau giây lát")
    expect(chat.locator(".retry")).to_have_count(0)
    expect(chat.locator("#live")).to_contain_text("Tin nhắn đang chờ")
    assert said(server) == []
    expect(chat.locator(".mine .bubble[data-state=sent]")).to_have_count(2)
    assert said(server) == ["Một", "Hai"]
    expect(chat.locator("#live")).not_to_contain_text("chưa gửi được")


def test_what_is_written_too_fast_is_sent_in_order(chat: Page, server: FakeServer) -> None:
    server.gate = Gate(Limits, "key")
    written = [f"Tin {number}" for number in range(13)]
    for text in written:
        say(chat, text)
    expect(chat.locator(".mine .bubble[data-state=waiting]")).not_to_have_count(0)
    expect(chat.locator(".mine .bubble[data-state=sent]")).to_have_count(13, timeout=20_000)
    assert said(server) == written
    refused = len(server.posts) - len(written)
    assert 3 <= refused <= 6, "the page waits as long as it is told"


def test_a_tap_does_not_break_a_pause(chat: Page, server: FakeServer) -> None:
    server.gate = Gate(lambda: Limits(messages_per_minute=1), "key")
    for text in ("Một", "Hai", "Ba"):
        say(chat, text)
    expect(chat.locator(".mine .bubble[data-state=waiting]")).to_have_count(2)
    tried = len(server.posts)
    say(chat, "Bốn")
    expect(chat.locator(".mine .bubble[data-state=waiting]")).to_have_count(3)
    assert len(server.posts) == tried


def test_what_waits_survives_a_reload(chat: Page, server: FakeServer) -> None:
    server.gate = Gate(lambda: Limits(messages_per_minute=1), "key")
    say(chat, "Một")
    say(chat, "Hai")
    waiting = chat.locator(".mine .bubble[data-state=waiting]")
    expect(waiting).to_have_count(1)
    chat.reload()
    expect(waiting).to_have_count(1)
    assert said(server) == ["Một"]
    server.gate = None
    chat.reload()
    expect(chat.locator(".mine .bubble[data-state=sent]")).to_have_count(2)
    assert said(server) == ["Một", "Hai"]


@pytest.mark.parametrize("worker", ["works", "is missing", "does not load"])
def test_a_newcomer_from_a_crowded_address_works_its_way_in(
    open_page: OpenPage, context: BrowserContext, server: FakeServer, worker: str
) -> None:
    if worker == "is missing":
        context.add_init_script("delete window.Worker")
    elif worker == "does not load":
        context.route("**/worker.js", lambda route: route.abort())
    page = open_page("/")
    wait_open(page)
    crowded(server)
    say(page, "Một")
    say(page, "Hai")
    expect(page.locator(".mine .bubble[data-state=sent]")).to_have_count(2)
    assert said(server) == ["Một", "Hai"]
    first, again = server.posts[:2]
    assert "solution" not in first
    assert again == {**first, "solution": again["solution"]}
    expect(page.locator("#live")).not_to_contain_text("chưa gửi được")


def test_work_in_vain_is_not_repeated_at_once(chat: Page, server: FakeServer) -> None:
    """A server that takes no solution must not keep the customer's phone busy."""
    expired = itertools.count(0, 1000)
    server.gate = Gate(Limits, "key", now=lambda: next(expired), bits=4)
    server.gate.admit("another", "shared", False, None)
    server.established = False
    say(chat, "Một")
    expect(chat.locator(".mine .bubble")).to_have_attribute("data-state", "waiting")
    chat.wait_for_timeout(500)
    assert ["solution" in post for post in server.posts] == [False, True]


def test_the_work_leaves_room_for_typing(chat: Page) -> None:
    gap = chat.evaluate(
        """async () => {
            delete window.Worker;
            const { solve } = await import("/static/chat/work.js");
            void solve({ challenge: "nobody solves this", bits: 250 });
            const gaps = [];
            for (let before = performance.now(); gaps.length < 40; ) {
                await new Promise((resolve) => setTimeout(resolve));
                gaps.push(performance.now() - before);
                before = performance.now();
            }
            return gaps.sort((a, b) => a - b)[20];
        }"""
    )
    assert gap < 50, "milliseconds, in the middle"


def test_our_digest_is_the_browsers(chat: Page) -> None:
    wrong = chat.evaluate(
        """async () => {
            const { sha256 } = await import("/static/chat/sha256.js");
            const hex = (words) => words.map((word) => word.toString(16).padStart(8, "0")).join("");
            const wrong = [];
            for (let length = 0; length < 150; length += 1) {
                const bytes = crypto.getRandomValues(new Uint8Array(length));
                const theirs = new DataView(await crypto.subtle.digest("SHA-256", bytes));
                const words = Uint32Array.from({ length: 8 }, (_, i) => theirs.getUint32(4 * i));
                const ours = new Uint32Array(sha256(bytes));
                if (hex([...ours]) !== hex([...words])) wrong.push(length);
            }
            return wrong;
        }"""
    )
    assert wrong == []


def test_what_was_written_offline_is_sent_when_back(
    chat: Page, server: FakeServer, context: BrowserContext
) -> None:
    context.set_offline(True)
    say(chat, "Viết trong hầm xe")
    expect(chat.locator("#connection")).to_contain_text("Mất mạng")
    expect(chat.locator(".mine .bubble")).to_have_count(1)
    context.set_offline(False)
    expect(bubbles(chat)).to_have_count(2, timeout=20_000)
    expect(chat.locator("#connection")).to_be_hidden()


def test_the_language_switch_changes_page_and_conversation(chat: Page, server: FakeServer) -> None:
    chat.get_by_role("radio", name="Bahasa Melayu").check()
    expect(chat.locator("#draft")).to_have_attribute("placeholder", "Taip mesej anda…")
    expect(chat.locator("html")).to_have_attribute("lang", "ms")
    chat.locator("#draft").fill("hai")
    chat.keyboard.press("Enter")
    expect(bubbles(chat)).to_have_count(2)
    assert texts(chat)[1] == "Baik, saya terima: hai"
    chat.reload()
    expect(chat.locator("html")).to_have_attribute("lang", "ms")


def switch_to_english(server: FakeServer) -> None:
    def switch() -> None:
        conversation = server.the_chat()
        conversation.language = "en"
        server.store.tell(conversation, "conversation", conversation.for_customer())

    server.do(switch)


def test_the_page_follows_the_language_of_the_conversation(chat: Page, server: FakeServer) -> None:
    switch_to_english(server)
    expect(chat.locator("html")).to_have_attribute("lang", "en")


def test_an_answer_that_was_on_its_way_does_not_undo_a_change(
    chat: Page, server: FakeServer
) -> None:
    late: list[tuple[Route, APIResponse]] = []
    chat.route("**/api/v1/chat/messages?*", lambda route: late.append((route, route.fetch())))
    server.do(server.store.drop_streams)  # it comes back and asks what it has missed
    wait_until(chat, lambda: len(late) > 0)
    switch_to_english(server)
    expect(chat.locator("html")).to_have_attribute("lang", "en")
    for route, answer in late:
        route.fulfill(response=answer)
    expect(chat.locator("#assistant-state")).to_have_class(re.compile("up"))
    chat.wait_for_timeout(300)
    expect(chat.locator("html")).to_have_attribute("lang", "en")


def test_who_has_the_conversation_is_said(chat: Page, server: FakeServer) -> None:
    say(chat, "Cho mình gặp nhân viên")
    expect(chat.locator("#owner")).to_contain_text("Đang chờ nhân viên")
    server.do(lambda: server.store.own(server.the_chat(), "human", "Linh", "Linh"))
    expect(chat.locator("#owner")).to_contain_text("Linh đang hỗ trợ anh/chị.")
    server.do(lambda: server.store.own(server.the_chat(), "nobody", "Linh", None))
    expect(chat.locator("#owner")).to_be_hidden()


def test_enter_within_a_composition_does_not_send(chat: Page, server: FakeServer) -> None:
    chat.locator("#draft").fill("tieng Viet")
    for init in ("{isComposing: true, keyCode: 13}", "{keyCode: 229}"):
        chat.evaluate(
            "document.querySelector('#draft').dispatchEvent(new KeyboardEvent('keydown', "
            f"{{key: 'Enter', bubbles: true, cancelable: true, ...{init}}}))"
        )
    expect(chat.locator("#draft")).to_have_value("tieng Viet")
    chat.locator("#draft").press("Shift+Enter")
    expect(chat.locator("#draft")).to_have_value("tieng Viet\n")
    assert server.posts == []


def test_a_long_message_is_counted_and_still_sent(chat: Page, server: FakeServer) -> None:
    chat.locator("#draft").fill("a" * 1790)
    expect(chat.locator("#count")).to_be_hidden()
    chat.locator("#draft").fill("a" * 2001)
    expect(chat.locator("#count")).to_contain_text("2001/2000")
    chat.keyboard.press("Enter")
    expect(bubbles(chat)).to_have_count(2)
    chat.locator("#draft").fill("a" * 20_001)
    expect(chat.locator("#send")).to_be_disabled()


def test_reading_back_is_not_disturbed(chat: Page, server: FakeServer) -> None:
    for number in range(40):
        bot_says(server, f"Tin {number}")
    expect(bubbles(chat)).to_have_count(40)
    scroll = chat.locator("#scroll")
    expect(chat.locator("#newer")).to_be_hidden()
    scroll.evaluate("node => { node.scrollTop = 0; }")
    chat.wait_for_timeout(100)
    bot_says(server, "Mới")
    expect(chat.locator("#newer")).to_be_visible()
    assert scroll.evaluate("node => node.scrollTop") == 0
    chat.locator("#newer").click()
    expect(chat.locator("#newer")).to_be_hidden()
    expect(bubbles(chat).last).to_be_in_viewport()


@pytest.mark.parametrize("accent", ["#ffd500", "#0b6e5f", "#8a8a8a", "#f60"])
def test_words_on_the_accent_can_be_read(
    open_page: OpenPage, server: FakeServer, accent: str
) -> None:
    server.shop["accent"] = accent
    page = open_page("/")
    wait_open(page)
    ratio = page.evaluate(
        """async () => {
            const { contrast } = await import("/static/chat/shared/colour.js");
            const style = getComputedStyle(document.querySelector("#shop-mark"));
            const rgb = (text) => text.match(/\\d+/g).slice(0, 3).map(Number);
            return contrast(rgb(style.backgroundColor), rgb(style.color));
        }"""
    )
    assert ratio >= 4.5


def test_nothing_is_wider_than_a_phone(open_page: OpenPage, server: FakeServer) -> None:
    server.shop["name"] = "Siêu thị Điện máy Nguyễn Kim Phượng Hoàng chi nhánh Thủ Đức"
    page = open_page("/")
    page.set_viewport_size({"width": 390, "height": 844})
    wait_open(page)
    say(page, "x" * 300)
    expect(bubbles(page)).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    width = page.locator("#scroll").bounding_box()
    for bubble in bubbles(page).all():
        box = bubble.bounding_box()
        assert box is not None
        assert width is not None
        assert box["width"] <= width["width"] * 0.8
