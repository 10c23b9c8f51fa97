"""What an agent sees beside a conversation, in words rather than in the server's names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Locator, Page, expect

from .conftest import OpenPage
from .desk import AISYAH, LINH, open_talk
from .fake_api import FakeServer
from .fake_store import Conversation

pytestmark = pytest.mark.timeout(90)

PROJECT = Path(__file__).resolve().parents[2]
RESPONSES = PROJECT / "responses"


def fact(page: Page, name: str) -> Locator:
    """The value of a line of facts."""
    return page.locator(f"#context dt:text-is('{name}') + dd")


@pytest.fixture
def told(desk: Page, server: FakeServer, waiting: Conversation) -> Page:
    """A conversation about which much is known, open."""
    waiting.context |= {
        "intents": [
            "request_human",
            "report_delivery_problem",
            "report_delivery_problem",
            "faq/shipping_fee",
            "something_new",
        ],
        "proof": {"order_number": "DH-20413", "level": "contact", "contact": None},
        "failed_proofs": 2,
        "customer": {"id": "C-3456789", "name": "Nguyễn Ngọc Lan", "logged_in": True},
        "slots": {
            "order_number": "DH-20413",
            "phone": "+84903123456",
            "email": "an@example.com",
            "gift_wrap": True,
        },
        "ratings": [{"stars": 4, "comment": "Tốt", "at": "2026-10-02T03:00:00.000Z"}],
    }
    open_talk(desk, waiting)
    return desk


def test_why_and_since_when_the_customer_waits(told: Page) -> None:
    expect(fact(told, "Lý do chuyển")).to_have_text("Khiếu nại")
    expect(fact(told, "Vị trí hàng chờ")).to_have_text("1")
    expect(fact(told, "Chờ trả lời").locator(".timer")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    before = fact(told, "Chờ trả lời").text_content()
    expect(fact(told, "Chờ trả lời")).not_to_have_text(before or "")


def test_what_the_customer_has_shown_and_told(told: Page) -> None:
    expect(fact(told, "Xác minh")).to_contain_text("DH-20413")
    expect(fact(told, "Xác minh")).to_contain_text("khớp thông tin liên hệ")
    expect(fact(told, "Đã đăng nhập là")).to_have_text("Nguyễn Ngọc Lan · C-3456789")
    expect(fact(told, "Lần xác minh sai")).to_have_text("2")
    expect(fact(told, "Mã đơn hàng")).to_have_text("DH-20413")
    phone = fact(told, "Số điện thoại").get_by_role("link")
    expect(phone).to_have_attribute("href", "tel:+84903123456")
    expect(fact(told, "E-mail")).to_have_text("an@example.com")
    expect(fact(told, "gift wrap")).to_have_text("Có")


def test_intents_have_titles_and_repetitions_stand_once(told: Page) -> None:
    shown = told.locator("#context-rest ul.tags li")
    expect(shown).to_have_text(
        ["Muốn gặp nhân viên", "Trục trặc giao hàng ×2", "Phí giao hàng", "something new"]
    )


def test_earlier_ratings_are_shown_with_their_comments(told: Page) -> None:
    rating = told.locator(".ratings li")
    expect(rating.get_by_role("img", name="4 trên 5 sao")).to_have_text("★★★★☆")
    expect(rating).to_contain_text("Tốt")


def test_the_history_reads_as_sentences(
    desk: Page, server: FakeServer, waiting: Conversation
) -> None:
    steps = [
        ("human", AISYAH, AISYAH, "claim"),
        ("queue", AISYAH, None, "complaint"),
        ("human", LINH, LINH, "agent_wrote"),
        ("queue", "hub", None, "agent_gone"),
        ("bot", "hub", None, "nobody_came"),
        ("queue", "customer", None, "not_solved"),
        ("human", LINH, LINH, "claim"),
        ("nobody", LINH, None, "resolve"),
        ("bot", "customer", None, "customer_wrote"),
        ("queue", "bot", None, "anger"),
        ("bot", "customer", None, "back_to_bot"),
    ]

    def play() -> None:
        for owner, who, agent, cause in steps:
            server.store.own(waiting, owner, who, agent, cause)

    server.do(play)
    open_talk(desk, waiting)
    expected = [
        "Myna chuyển cho nhân viên · Khiếu nại",
        "Nurul Aisyah đã nhận",
        "Nurul Aisyah trả lại hàng chờ",
        "Bạn trả lời và nhận luôn",
        "Về hàng chờ vì nhân viên đã rời đi",
        "Chưa ai nhận kịp",
        "Khách báo chưa xong",
        "Bạn đã nhận",
        "Bạn đã giải quyết xong",
        "Khách nhắn lại",
        "Myna chuyển cho nhân viên · Khách bức xúc",
        "Khách chọn quay lại với Myna",
    ]
    items = desk.locator("#context-rest .history li")
    expect(items).to_have_count(len(expected))
    for item, words in zip(items.all(), expected, strict=True):
        expect(item).to_contain_text(words)


def test_a_conversation_that_people_never_had_has_an_empty_history(
    desk: Page, server: FakeServer
) -> None:
    fresh = server.do(server.store.begin)
    server.do(lambda: server.store.log(fresh, "customer", "Chào"))
    open_talk(desk, fresh)
    expect(desk.locator("#context-rest")).to_contain_text("Chưa chuyển lần nào.")
    expect(fact(desk, "Lý do chuyển")).to_have_text("Không có")


def test_every_language_has_the_same_words_and_names_all_that_can_come(
    open_page: OpenPage,
) -> None:
    page = open_page("/desk")
    texts = page.evaluate("async () => (await import('/static/desk/texts.js')).TEXTS")
    keys = set(texts["vi"])
    assert all(set(words) == keys for words in texts.values())
    assert all(text for words in texts.values() for text in words.values())
    domain = yaml.safe_load((PROJECT / "domain.yml").read_text())
    titled = yaml.safe_load((RESPONSES / "vi" / "faq.yml").read_text())["titles"]
    names = {*domain["intents"], *titled} - {"faq"}
    assert {f"intent_{name}" for name in names} <= keys
    reasons = "asked not_understood complaint anger topic proof fault agent agent_idle agent_gone"
    assert {f"reason_{name}" for name in [*reasons.split(), "not_solved"]} <= keys


def test_the_page_asks_for_the_words_that_there_are_and_no_others(open_page: OpenPage) -> None:
    page = open_page("/desk")
    known = set(page.evaluate("async () => (await import('/static/desk/texts.js')).TEXTS.vi"))
    pages = PROJECT / "myna" / "desk" / "static"
    scripts = [path for path in pages.glob("*.js") if not path.name.startswith("texts.")]
    source = "".join(path.read_text() for path in scripts)
    html = (pages / "index.html").read_text()
    asked = set(re.findall(r"\bwords\.(?!js\b)(\w+)", source))
    asked |= set(re.findall(r'data-(?:text|label|hint)="(\w+)"', html))
    assert asked - known == set()
    built = [*re.findall(r"`(\w+_)\$\{", source)]
    built += [f"{sort}_" for sort in re.findall(r'named\("(\w+)"', source)]
    quoted = set(re.findall(r'"(\w+)"', source))
    unused = {name for name in known - asked - quoted if not name.startswith(tuple(built))}
    assert unused == {"live"}  # a state of the stream, which the chat page has too
