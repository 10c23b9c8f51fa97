"""Agents' pages, and a conversation that waits for them."""

from __future__ import annotations

import pytest

from myna.hub import agents
from myna.hub.cases import Case, Request
from myna.hub.hub import Hub
from myna.hub.model import Agent, Conversation
from tests.clients import Browsers, Desk
from tests.helpers import FakeBrain, answer, say

HAND_OVER = answer("a colleague", commands=[{"type": "hand_over", "reason": "asked"}])


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password costs a twentieth of a second on purpose; tests log in a hundred times."""
    monkeypatch.setattr(agents, "_COST", {"n": 2, "r": 8, "p": 1})


@pytest.fixture
async def desk(front: str, browser_of: Browsers, linh: Agent) -> Desk:
    """Linh's page, logged in."""
    page = Desk(front, browser_of())
    assert (await page.log_in())[0] == 200
    return page


@pytest.fixture
async def other_desk(front: str, browser_of: Browsers, aisyah: Agent) -> Desk:
    """Aisyah's page, logged in."""
    page = Desk(front, browser_of())
    assert (await page.log_in("aisyah"))[0] == 200
    return page


@pytest.fixture
async def waiting(hub: Hub, brain: FakeBrain, staffed: None) -> Conversation:
    """A conversation in the queue."""
    brain.script = [HAND_OVER]
    await say(hub, "waiting", "a person please")
    return await hub.log.conversation("waiting")


@pytest.fixture
async def case(hub: Hub, waiting: Conversation, aisyah: Agent) -> Case:
    """A complaint in the waiting conversation, opened by Aisyah."""
    about = Request("complaint", "test", "it leaks", waiting.id, "en", phone="0901234567")
    return await hub.cases.open(about, aisyah)
