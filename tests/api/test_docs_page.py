"""The page that shows the API's description, in a real browser, from the real server."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Served
from tests.api.described import DOCUMENT
from tests.browser.conftest import chromium

OPERATIONS = [one for methods in DOCUMENT["paths"].values() for one in methods.values()]


@pytest.mark.parametrize("width", [1280, 390])
def test_the_whole_description_can_be_read(served: Served, width: int) -> None:
    complaints: list[str] = []
    foreign: list[str] = []
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda sent: sent.url.startswith(served.address) or foreign.append(sent.url),
        )
        page.goto(served.address + "/api/docs#desk_change")
        expect(page.locator("article")).to_have_count(
            len(OPERATIONS) + len(DOCUMENT["components"]["schemas"])
        )
        change = page.locator("#desk_change")
        expect(change).to_be_in_viewport()
        expect(change).to_contain_text("PATCH/api/v1/desk/cases/{reference}")
        expect(change).to_contain_text("Needs token, or desk and page.")
        expect(change.locator("dt", has_text="version")).to_contain_text("needed")
        change.get_by_text("Refusals").click()
        change.get_by_role("link", name="CaseOvertaken").click()
        expect(page.locator("#model-CaseOvertaken")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        links = page.locator("#links a")
        if width < 900:
            expect(links.first).to_be_hidden()
            page.get_by_text("Contents").click()
        page.locator("#links").get_by_role("link", name="Follow what happens").click()
        events = page.locator("#desk_events")
        expect(events).to_be_in_viewport()
        expect(events.locator("dt", has_text="nudge")).to_be_visible()
    assert complaints == []
    assert foreign == []


def test_without_the_description_it_says_so(served: Served) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.route("**/openapi.json", lambda route: route.abort())
        page.goto(served.address + "/api/docs")
        expect(page.get_by_role("alert")).to_be_visible()
