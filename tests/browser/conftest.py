"""A browser for this folder; a server and a fresh browser profile for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from .desk import log_in, rows
from .fake_api import FakeServer
from .fake_store import Conversation

expect.set_options(timeout=8_000)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")  # no longer: its event loop would stand in the way of others
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the browser tests need Chromium: install the Debian package 'chromium'")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="vi-VN")
    yield context
    context.close()


@pytest.fixture
def open_page(context: BrowserContext, server: FakeServer) -> Iterator[OpenPage]:
    """Opens a path; at the end no page may have logged an error or broken the content policy."""
    complaints: list[str] = []

    def note(text: str) -> None:
        # Chromium logs every refused request; the tests that cause one say so by what they do.
        if "Failed to load resource" not in text and "ERR_" not in text:
            complaints.append(text)

    def open_path(path: str) -> Page:
        page = context.new_page()
        page.on("console", lambda message: note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: note(str(error)))
        page.goto(server.url + path)
        return page

    yield open_path
    assert complaints == []


def look_away(page: Page, away: bool) -> None:
    """Chromium shows every page of a headless browser, so the page is told otherwise."""
    page.evaluate(
        """away => {
            Object.defineProperty(document, "hidden", {value: away, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        away,
    )


@pytest.fixture
def waiting(server: FakeServer) -> Conversation:
    """One customer in the queue."""

    def prepare() -> Conversation:
        conversation = server.store.begin(language="vi")
        server.store.log(conversation, "customer", "Máy giặt giao tới bị móp")
        server.store.hand_over(conversation, "complaint")
        return conversation

    return server.do(prepare)


@pytest.fixture
def desk(open_page: OpenPage, waiting: Conversation) -> Page:
    """Linh's desk, with one customer in the queue."""
    page = open_page("/desk")
    log_in(page)
    expect(rows(page)).to_have_count(1)
    return page
