"""Processes that die at the worst moments, and a Graph API that does not answer anybody."""

from __future__ import annotations

import asyncio
import statistics

import pytest

from myna.database import Database
from myna.hub import schema
from myna.texts import Catalogue
from tests.helpers import FakeBrain
from tests.hub.moves import rows

from .conftest import AN, line_of
from .fake import FakeGraph, Rule
from .fake.server import user_ids


async def test_dying_between_the_200_and_the_turn_loses_nothing(
    database: Database, catalogue: Catalogue, brain: FakeBrain, graph: FakeGraph
) -> None:
    async with line_of(database, catalogue, brain, graph) as line:
        graph.says(AN, "hello")
        await graph.webhook.settled()
        assert set(graph.webhook.statuses) == {200}
        assert brain.requests == []
    async with line_of(database, catalogue, brain, graph) as line:
        await line.settle()
        assert [request["text"] for request in brain.requests] == ["hello"]
        assert graph.sent_to(AN)[-1] == "you said: hello"


@pytest.mark.parametrize("echoes", [True, False])
async def test_dying_between_sending_and_noting_it_sends_nothing_twice(
    database: Database, catalogue: Catalogue, brain: FakeBrain, graph: FakeGraph, echoes: bool
) -> None:
    graph.rules = [Rule("hang", accepted=True, times=1, more={"lost_echo": not echoes})]
    async with line_of(database, catalogue, brain, graph) as line:
        graph.says(AN, "hello")
        await graph.webhook.settled()
        working = asyncio.create_task(line.courier.work_off())
        while not graph.world.sent:  # noqa: ASYNC110 (the fake tells nobody)
            await asyncio.sleep(0.01)
        working.cancel()
        for task in list(line.courier._running):
            task.cancel()
    graph.rules = []
    async with line_of(database, catalogue, brain, graph) as line:
        await line.settle()
    (first, *_) = [r for r in await rows(database, schema.outbox) if r.carrier == "messenger"]
    assert first.state == ("delivered" if echoes else "unknown")
    assert len(graph.sent_to(AN)) == len(set(graph.sent_to(AN))) == 2


async def test_the_webhook_answers_within_a_second_while_graph_hangs(
    database: Database, catalogue: Catalogue, brain: FakeBrain, graph: FakeGraph
) -> None:
    graph.rules = [Rule("hang", more={"actions": True})]
    async with line_of(database, catalogue, brain, graph, carrying=True) as line:
        for psid in user_ids(150):
            graph.says(psid, "hello")
            await asyncio.sleep(0.005)
        await line.graph.webhook.settled()
        assert set(graph.webhook.statuses) == {200}
        assert statistics.quantiles(graph.webhook.seconds, n=100)[98] < 1
        async with asyncio.timeout(10):
            while len(brain.requests) < 150:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
