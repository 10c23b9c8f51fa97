"""Who may use the desk's API."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

import pytest

from myna.desk import access
from myna.desk.access import COOKIE
from myna.hub.agents import Agents
from myna.hub.cases import Case
from myna.hub.hub import Hub
from myna.hub.model import Agent, Conversation
from tests.clients import Browsers, Desk, raw
from tests.conftest import PASSWORD
from tests.helpers import both_databases

STRANGERS: list[dict[str, str]] = [
    {},
    *({"Cookie": f"{COOKIE}={cookie}"} for cookie in ("", "x", "\udcff", "a" * 5000, "myna_x")),
    *(
        {"Authorization": authorization}
        for authorization in ("Bearer", "Bearer x", "Bearer \udcff", "Bearer " + "a" * 5000)
    ),
]


async def test_log_in_and_out(front: str, browser_of: Browsers, linh: Agent) -> None:
    page = Desk(front, browser_of())
    assert (await page.get("/me"))[0] == 401
    who = {"id": linh.id, "name": "Linh", "login": "linh", "away": False}
    assert await page.log_in() == (200, {"agent": who})
    assert await page.get("/me") == (200, who)
    token = next(cookie.value for cookie in page.http.cookie_jar)
    assert (await page.post("/logout"))[0] == 200
    assert (await page.get("/me"))[0] == 401
    thief = Desk(front, browser_of(headers={"Cookie": f"{COOKIE}={token}"}))
    assert (await thief.get("/me"))[0] == 401, "the session is over, not only the cookie"


async def test_the_cookie_is_not_for_scripts(front: str, browser_of: Browsers, linh: Agent) -> None:
    page = Desk(front, browser_of())
    body = {"login": "linh", "password": PASSWORD}
    own = {"X-Myna": "desk"}
    async with page.http.post(page.url + "/login", json=body, headers=own) as response:
        cookie = response.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    ("login", "password", "status"),
    [
        ("linh", "wrong", 401),
        ("nobody", PASSWORD, 401),
        ("linh", "\ud83d", 401),
        ("\ud83d", PASSWORD, 401),
        ("linh\x00", PASSWORD, 401),
        ("", PASSWORD, 422),
        ("linh", "", 422),
        ("linh", "x" * 201, 413),
        ("x" * 101, PASSWORD, 413),
        ("linh", 7, 422),
    ],
)
async def test_wrong_log_ins(
    front: str, browser_of: Browsers, linh: Agent, login: str, password: Any, status: int
) -> None:
    page = Desk(front, browser_of())
    found, body = await page.log_in(login, password)
    assert found == status
    assert PASSWORD not in str(body)
    assert (await page.get("/me"))[0] == 401


async def test_guessing_is_slowed_down(
    front: str,
    browser_of: Browsers,
    linh: Agent,
    aisyah: Agent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = Desk(front, browser_of())
    outcomes = [(await page.log_in(password=f"guess {n}"))[0] for n in range(7)]
    assert outcomes == [401] * 5 + [429] * 2
    status, body = await page.log_in()
    assert status == 429, "also with the right one"
    assert 1 <= body["error"]["retry_after"] <= 61
    assert (await page.log_in("aisyah"))[0] == 200, "others may"
    monkeypatch.setattr(access, "_PAUSE_SECONDS", 0.0)
    assert (await page.log_in())[0] == 200


async def test_guessing_at_once_is_slowed_down_too(
    front: str, browser_of: Browsers, linh: Agent
) -> None:
    pages = [Desk(front, browser_of()) for _ in range(12)]
    outcomes = await asyncio.gather(
        *(page.log_in(password=f"guess {n}") for n, page in enumerate(pages))
    )
    assert sorted(status for status, _ in outcomes) == [401] * 5 + [429] * 7


async def test_right_log_ins_are_not_counted(front: str, browser_of: Browsers, linh: Agent) -> None:
    page = Desk(front, browser_of())
    assert [(await page.log_in())[0] for _ in range(7)] == [200] * 7


async def test_a_log_in_does_not_hold_up_customers(
    front: str, browser_of: Browsers, linh: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest, last = 0.0, asyncio.get_running_loop().time()

    async def pulse() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.001)
            now = asyncio.get_running_loop().time()
            longest, last = max(longest, now - last), now

    def takes_its_time(password: str, stored: str) -> bool:
        time.sleep(0.4)
        return False

    monkeypatch.setattr("myna.hub.agents.check_password", takes_its_time)
    watching = asyncio.create_task(pulse())
    assert (await Desk(front, browser_of()).log_in())[0] == 401
    watching.cancel()
    assert longest < 0.3


# --- who may


@pytest.mark.parametrize(
    "path",
    [
        "/me",
        "/conversations",
        "/conversations?view=all",
        "/conversations/{id}",
        "/conversations/{id}/messages",
        "/cases",
        "/cases/{case}",
        "/agents",
        "/events",
    ],
)
async def test_reading_needs_a_log_in(
    front: str, waiting: Conversation, case: Case, path: str
) -> None:
    url = "/api/v1/desk" + path.format(id=waiting.id, case=case.reference)
    for headers in STRANGERS:
        status, body = await raw(front, f"GET {url}", headers)
        assert (status, body["error"]["code"]) == (401, "no_session")


WRITES: dict[str, dict[str, Any]] = {
    "/conversations/{id}/claim": {"version": 2},
    "/conversations/{id}/messages": {"echo_id": "e", "text": "x"},
    "/conversations/{id}/notes": {"text": "x"},
    "/conversations/{id}/typing": {},
    "/conversations/{id}/resolve": {"version": 2},
    "/conversations/{id}/release": {"version": 2},
    "/cases": {"kind": "complaint", "summary": "x", "request_id": "r"},
    "/cases/{case}": {"version": 1, "state": "closed"},
    "/cases/{case}/comments": {"text": "x"},
    "/me/presence": {"away": True},
}
METHODS = {"/cases/{case}": "PATCH"}


@pytest.mark.parametrize("path", WRITES)
async def test_writing_needs_a_log_in_the_header_and_our_own_page(
    front: str, desk: Desk, waiting: Conversation, case: Case, hub: Hub, agents: Agents, path: str
) -> None:
    before = await everything(hub, waiting, agents)
    url = path.format(id=waiting.id, case=case.reference)
    method, body = METHODS.get(path, "POST"), WRITES[path]
    for headers in STRANGERS:
        status, _ = await raw(
            front,
            f"{method} /api/v1/desk{url}",
            {"X-Myna": "desk", **headers},
            json.dumps(body).encode(),
        )
        assert status == 401
    for headers in (
        {},
        {"X-Myna": "chat"},
        {"X-Myna": "desk", "Origin": "https://evil.example"},
        {"X-Myna": "desk", "Origin": "null"},
    ):
        assert (await desk.write(method, url, body, headers))[0] == 403
    assert await everything(hub, waiting, agents) == before


async def everything(hub: Hub, conversation: Conversation, agents: Agents) -> Any:
    """All that a write could change."""
    team = [one["state"] for one in await agents.everyone(timedelta(seconds=90))]
    return (
        await hub.log.messages(conversation.id, notes=True),
        await hub.log.conversation(conversation.id),
        await hub.cases.find(),
        team,
    )


async def test_log_in_too_needs_the_header(front: str, browser_of: Browsers, linh: Agent) -> None:
    page = Desk(front, browser_of())
    body = {"login": "linh", "password": PASSWORD}
    assert (await page.post("/login", body, {}))[0] == 403
    assert (await page.post("/login", body, {"X-Myna": "desk", "Origin": "http://x.y"}))[0] == 403
    assert (await page.post("/login", body, {"X-Myna": "desk", "Origin": front}))[0] == 200


@both_databases
@pytest.mark.parametrize("path", [path for path in WRITES if "{" in path])
async def test_nothing_of_this_name(desk: Desk, path: str) -> None:
    for missing in ("0" * 24, "%00", "%ED%A0%80", "%FF", "'--", "CS-1", "x" * 4000):
        url = path.format(id=missing, case=missing)
        status, body = await desk.write(METHODS.get(path, "POST"), url, WRITES[path])
        assert (status, body["error"]["code"]) == (404, "not_found")
    for url in ("/conversations/0", "/conversations/0/messages", "/cases/CS-1"):
        assert (await desk.get(url))[0] == 404


async def test_a_log_in_sends_no_secrets(desk: Desk, waiting: Conversation, case: Case) -> None:
    for path in ("/agents", "/me", "/conversations", "/cases", f"/cases/{case.reference}"):
        _, body = await desk.get(path)
        assert "password" not in json.dumps(body)
        assert "$" not in json.dumps(body), "as in a hash"


# --- programs


async def test_a_program_works_in_an_agents_name(
    front: str, browser_of: Browsers, agents: Agents, linh: Agent, waiting: Conversation
) -> None:
    token = await agents.make_token("linh", "the shop's own system")
    program = Desk(front, browser_of(headers={"Authorization": f"Bearer {token}"}))
    assert (await program.get("/me"))[1]["login"] == "linh"
    path = f"/conversations/{waiting.id}"
    elsewhere = {"Origin": "https://system.example"}
    status, body = await program.post(path + "/claim", {"version": 2}, elsewhere)
    assert (status, body["conversation"]["agent"]) == (200, "Linh")
    status, _ = await program.post(path + "/messages", {"echo_id": "1", "text": "hi"}, {})
    assert status == 201


async def test_a_token_counts_and_no_cookie_does(desk: Desk, agents: Agents) -> None:
    for token in ("x", "myna_" + "x" * 43, "", "\udcff"):
        headers = {"Cookie": cookie_of(desk), "Authorization": f"Bearer {token}"}
        for line in ("GET /api/v1/desk/me", "POST /api/v1/desk/me/presence"):
            assert (await raw(desk.address, line, headers, b'{"away": true}'))[0] == 401
    basic = {"Authorization": "Basic bGluaDp4"}
    assert (await desk.get("/me", headers=basic))[0] == 200, "a scheme that is not ours"


def cookie_of(page: Desk) -> str:
    [cookie] = page.http.cookie_jar
    return f"{cookie.key}={cookie.value}"
