"""The 24-hour window, and the seven days of people where Meta grants them."""

from __future__ import annotations

from typing import Any

import pytest

from myna.channels.messenger import CHANNEL
from myna.database import Database
from myna.hub import schema
from myna.hub.model import Agent, HubError
from myna.hub.watch import Watch
from tests.helpers import Clock, FakeBrain
from tests.hub.moves import rows

from .conftest import AN, OTHER_PAGE, Line
from .fake import PAGE


@pytest.fixture
async def begun(clock: Clock, line: Line, linh: Agent) -> Line:
    """Linh has a conversation on each page."""
    for page in (PAGE, OTHER_PAGE):
        line.graph.says(AN, "hi", page)
        await line.settle()
        await line.hub.reply(line.conversation(AN, page), linh, "desk:1", "Linh here.")
        await line.settle()
    line.world.is_human = lambda text: text.startswith("Linh")
    return line


def later(line: Line, clock: Clock, **time: float) -> None:
    before = clock.moment
    line.world.offset += (clock.go_on(**time) - before).total_seconds()


def tags(line: Line, page: str) -> list[str | None]:
    return [sent.tag for sent in line.world.sent if sent.page == page]


async def reply(line: Line, agent: Agent, page: str, number: int) -> None:
    await line.hub.reply(line.conversation(AN, page), agent, f"desk:{number}", f"Linh {number}")
    await line.settle()


async def test_within_a_day_a_person_answers_as_usual(
    begun: Line, clock: Clock, linh: Agent
) -> None:
    later(begun, clock, hours=23.9)
    for page in (PAGE, OTHER_PAGE):
        await reply(begun, linh, page, 2)
        assert tags(begun, page)[-1] is None
        assert begun.graph.sent_to(AN, page)[-1] == "Linh 2"


async def test_after_a_day_a_person_needs_the_feature(
    begun: Line, clock: Clock, linh: Agent
) -> None:
    later(begun, clock, hours=24.1)
    await reply(begun, linh, OTHER_PAGE, 2)
    assert tags(begun, OTHER_PAGE)[-1] == "HUMAN_AGENT"
    with pytest.raises(HubError, match="until they write"):
        await reply(begun, linh, PAGE, 2)
    assert "Linh 2" not in begun.graph.sent_to(AN, PAGE)


async def test_after_seven_days_nobody_may_write(begun: Line, clock: Clock, linh: Agent) -> None:
    later(begun, clock, days=7, minutes=1)
    with pytest.raises(HubError) as refused:
        await reply(begun, linh, OTHER_PAGE, 2)
    assert (refused.value.status, refused.value.code) == (422, "out_of_reach")


async def test_a_customer_who_writes_opens_the_window_again(
    begun: Line, clock: Clock, linh: Agent
) -> None:
    later(begun, clock, days=9)
    begun.graph.says(AN, "still here")
    await begun.settle()
    await reply(begun, linh, PAGE, 2)
    assert begun.graph.sent_to(AN, PAGE)[-1] == "Linh 2"


async def test_the_bot_never_writes_outside_of_it(
    begun: Line, clock: Clock, linh: Agent, database: Database
) -> None:
    later(begun, clock, hours=25)
    conversation = await begun.hub.log.conversation(begun.conversation(AN, OTHER_PAGE))
    await begun.hub.resolve(conversation.id, linh, conversation.version)
    await begun.settle()
    found = [row for row in await rows(database, schema.outbox) if row.lane == conversation.id]
    assert [row.state for row in found if row.carrier == CHANNEL][-1] == "failed"
    assert "HUMAN_AGENT" not in tags(begun, OTHER_PAGE)


async def test_nobody_is_asked_after_whom_we_cannot_write_to(
    begun: Line, clock: Clock, database: Database, linh: Agent, brain: FakeBrain
) -> None:
    later(begun, clock, hours=20)
    conversation = await begun.hub.log.conversation(begun.conversation())
    await begun.hub.resolve(conversation.id, linh, conversation.version)
    later(begun, clock, hours=21)
    watch = Watch(database, begun.hub.house)
    steps: list[Any] = [d for d in await watch.due(clock.moment) if d.step == "follow_up"]
    assert steps
    before = len(await begun.log())
    for due in steps:
        assert await watch.take(due, clock.moment)
    assert len(await begun.log()) == before


async def test_what_was_held_up_on_its_way_opens_the_window_from_when_it_was_written(
    line: Line, clock: Clock
) -> None:
    line.world.user(AN, acted_at=line.world.now())
    line.graph.event(
        AN,
        timestamp=round((clock.moment.timestamp() - 7200) * 1000),
        message={"mid": "m_late", "text": "hi"},
    )
    await line.settle()
    conversation = await line.hub.log.conversation(line.conversation())
    until = line.hub.house.write_until(conversation)
    assert until
    assert round((until - clock.moment).total_seconds() / 3600) == 22
    line.graph.event(
        AN,
        timestamp=round((clock.moment.timestamp() + 999_999) * 1000),
        message={"mid": "m_future", "text": "hi"},
    )
    await line.settle()
    assert (await line.hub.log.conversation(line.conversation())).customer_at == clock.moment
