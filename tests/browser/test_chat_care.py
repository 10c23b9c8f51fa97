"""What the customers' chat page does around people: the queue, what agents are told, the rating."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from .conftest import OpenPage, look_away
from .fake_api import FakeServer

pytestmark = pytest.mark.timeout(90)

BACK = "Quay lại trợ lý"


def say(page: Page, text: str) -> None:
    page.get_by_label("Nhập tin nhắn…").fill(text)
    page.keyboard.press("Enter")


def bubbles(page: Page) -> Locator:
    return page.locator("#blocks .bubble")


def agent_has_it(server: FakeServer) -> None:
    server.do(lambda: server.store.own(server.the_chat(), "human", "Linh", "Linh", "claim"))


@pytest.fixture
def chat(open_page: OpenPage) -> Page:
    page = open_page("/")
    expect(page.locator("#assistant-state")).to_have_class(re.compile("up"))
    return page


@pytest.fixture
def queued(chat: Page) -> Page:
    """The customer has asked for a person."""
    say(chat, "Cho mình gặp nhân viên")
    expect(chat.locator("#replies button")).to_have_count(1)
    return chat


@pytest.fixture
def helped(queued: Page, server: FakeServer) -> Page:
    """A person has helped and closed the matter."""
    agent_has_it(server)
    server.do(lambda: server.store.log(server.the_chat(), "agent", "Xong ạ", agent="Linh"))
    server.do(lambda: server.store.resolve(server.the_chat(), "Linh"))
    expect(queued.locator(".rating")).to_be_visible()
    return queued


def test_what_was_shown_is_told_once_for_many_messages(chat: Page, server: FakeServer) -> None:
    say(chat, "Một")
    expect(bubbles(chat)).to_have_count(2)
    for text in ("a", "b", "c"):
        server.do(lambda text=text: server.store.log(server.the_chat(), "bot", text))
    expect(bubbles(chat)).to_have_count(5)
    chat.wait_for_timeout(1500)
    assert server.seen[-1] == 5
    assert len(server.seen) <= 2
    assert server.the_chat().seen_seq == 5


def test_a_page_that_nobody_looks_at_has_shown_nothing(chat: Page, server: FakeServer) -> None:
    say(chat, "Một")
    expect(bubbles(chat)).to_have_count(2)
    chat.wait_for_timeout(1300)
    look_away(chat, True)
    server.do(lambda: server.store.log(server.the_chat(), "bot", "Còn đó không ạ?"))
    expect(bubbles(chat)).to_have_count(3)
    chat.wait_for_timeout(1300)
    assert server.the_chat().seen_seq == 2
    look_away(chat, False)
    chat.wait_for_timeout(1300)
    assert server.the_chat().seen_seq == 3


def scroll_to_the_top(chat: Page) -> None:
    """Scrolls, and waits until the page has heard of it."""
    chat.locator("#scroll").evaluate(
        """node => new Promise((heard) => {
            node.addEventListener("scroll", () => requestAnimationFrame(heard), { once: true });
            node.scrollTo({ top: 0, behavior: "instant" });
        })"""
    )


def test_what_is_below_the_fold_is_not_shown_yet(chat: Page, server: FakeServer) -> None:
    say(chat, "Một")
    expect(bubbles(chat)).to_have_count(2)
    server.do(lambda: server.store.log(server.the_chat(), "bot", "dài\n" * 60))
    expect(bubbles(chat)).to_have_count(3)
    chat.wait_for_timeout(1300)
    scroll_to_the_top(chat)
    server.do(lambda: server.store.log(server.the_chat(), "bot", "Tin mới"))
    expect(chat.locator("#newer")).to_be_visible()
    chat.wait_for_timeout(1300)
    assert server.the_chat().seen_seq == 3
    chat.locator("#newer").click()
    chat.wait_for_timeout(1300)
    assert server.the_chat().seen_seq == 4


def test_an_agent_is_told_that_the_customer_writes(queued: Page, server: FakeServer) -> None:
    queued.locator("#draft").press_sequentially("Mình đang viết", delay=20)
    assert server.typed == 1
    server.do(lambda: server.store.own(server.the_chat(), "bot", "customer", None, "back_to_bot"))
    expect(queued.locator("#owner")).to_be_hidden()
    queued.wait_for_timeout(3100)
    queued.locator("#draft").press_sequentially("nữa")
    queued.wait_for_timeout(200)
    assert server.typed == 1


def test_what_set_out_before_and_arrives_later_changes_nothing(
    queued: Page, server: FakeServer
) -> None:
    """An answer that overtakes another on the way to the page is the newer one."""
    late = []

    def delay(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["conversation"] |= {"owner": "bot", "version": 1}
        late.append(body)
        route.fulfill(response=answer, json=body)

    queued.route("**/chat/messages?*", delay)
    server.streams_work = False
    server.do(server.store.drop_streams)
    server.do(lambda: server.store.log(server.the_chat(), "system", "Còn một người trước mình"))
    expect(queued.locator("#blocks .event").last).to_have_text("Còn một người trước mình")
    assert late
    expect(queued.locator("#replies button")).to_have_count(1)


def test_the_way_out_of_the_queue_stays_while_it_lasts(queued: Page, server: FakeServer) -> None:
    way_out = queued.locator("#replies").get_by_role("button", name=BACK)
    say(queued, "Còn lâu không ạ?")
    expect(bubbles(queued)).to_have_count(2)
    expect(way_out).to_be_visible()
    queued.reload()
    expect(way_out).to_be_visible()
    agent_has_it(server)
    expect(way_out).to_have_count(0)


def test_the_way_out_of_the_queue_is_a_choice(queued: Page, server: FakeServer) -> None:
    queued.locator("#replies").get_by_role("button", name=BACK).click()
    expect(queued.locator(".mine .bubble").last).to_contain_text(BACK)
    assert server.posts[-1]["choice"] == "2-0"


def test_the_place_in_the_queue_is_said_where_it_is_known(queued: Page, server: FakeServer) -> None:
    conversation = server.the_chat()
    told = {**conversation.for_customer(), "position": 3}
    server.do(lambda: server.store.tell(conversation, "conversation", told))
    expect(queued.locator("#owner")).to_contain_text("vị trí số 3")


def test_stars_are_sent_and_can_be_changed(helped: Page, server: FakeServer) -> None:
    card = helped.locator(".rating")
    expect(card).to_contain_text("Anh/chị thấy lần hỗ trợ vừa rồi thế nào ạ?")
    expect(helped.locator("#replies button")).to_have_count(0)
    card.get_by_label("2 trên 5 sao").check()
    expect(card).to_contain_text("Chưa hài lòng · Em cảm ơn")
    card.get_by_label("5 trên 5 sao").check()
    expect(card.locator(".star.lit")).to_have_count(5)
    expect(card).to_contain_text("Rất hài lòng · Em cảm ơn")
    assert server.ratings == [{"stars": 2}, {"stars": 5}]
    assert server.the_chat().messages[-1]["author"] == "system"


def test_walking_over_the_stars_by_keyboard_sends_the_last(
    helped: Page, server: FakeServer
) -> None:
    card = helped.locator(".rating")
    card.get_by_label("1 trên 5 sao").focus()
    for _ in range(3):
        helped.keyboard.press("ArrowRight")
    expect(card).to_contain_text("Hài lòng · Em cảm ơn")
    assert server.ratings == [{"stars": 4}]


def test_a_comment_follows_and_a_reload_keeps_it_all(helped: Page, server: FakeServer) -> None:
    card = helped.locator(".rating")
    card.get_by_label("4 trên 5 sao").check()
    expect(card).to_contain_text("Hài lòng · Em cảm ơn")
    card.get_by_label("Góp ý thêm").fill("Nhanh, nhưng ")
    server.do(lambda: server.store.log(server.the_chat(), "bot", "Dạ"))
    expect(bubbles(helped)).to_have_count(3)
    expect(card.get_by_label("Góp ý thêm")).to_have_value("Nhanh, nhưng ")
    helped.reload()
    card.get_by_label("Góp ý thêm").fill("Nhanh, nhưng chờ hơi lâu")
    card.get_by_role("button", name="Gửi góp ý").click()
    expect(card).to_contain_text("Em cảm ơn anh/chị đã góp ý")
    assert server.ratings[-1] == {"stars": 4, "comment": "Nhanh, nhưng chờ hơi lâu"}
    helped.reload()
    expect(card).to_contain_text("Em cảm ơn anh/chị đã góp ý")
    expect(card.get_by_label("4 trên 5 sao")).to_be_checked()
    expect(card.get_by_label("4 trên 5 sao")).to_be_disabled()


def test_a_rating_that_did_not_get_through_can_be_sent_again(
    helped: Page, server: FakeServer
) -> None:
    server.fail_ratings = 1
    card = helped.locator(".rating")
    card.get_by_label("1 trên 5 sao").check()
    card.get_by_role("button", name="Chưa gửi được").click()
    expect(card).to_contain_text("Rất không hài lòng · Em cảm ơn")
    assert server.ratings == [{"stars": 1}, {"stars": 1}]


def test_only_the_last_help_can_be_rated(helped: Page, server: FakeServer) -> None:
    helped.locator(".rating").get_by_label("3 trên 5 sao").check()
    expect(helped.locator(".rating")).to_contain_text("Tạm được · Em cảm ơn")
    agent_has_it(server)
    server.do(lambda: server.store.resolve(server.the_chat(), "Linh"))
    expect(helped.locator(".event", has_text="Anh/chị thấy")).to_have_count(1)
    expect(helped.locator(".rating")).to_have_count(1)
    expect(helped.locator(".star.lit")).to_have_count(0)


def test_the_rating_fits_a_phone(helped: Page) -> None:
    helped.set_viewport_size({"width": 390, "height": 844})
    helped.locator(".rating").get_by_label("5 trên 5 sao").check()
    expect(helped.locator(".rating textarea")).to_be_visible()
    assert helped.evaluate("document.documentElement.scrollWidth") == 390
