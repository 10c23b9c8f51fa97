"""A channel in this process between a hub with a scripted brain and a fake Graph API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sanic import Sanic

from myna.channels.messenger import CHANNEL, INBOUND
from myna.channels.messenger.channel import Messenger, Rules
from myna.channels.messenger.config import Config
from myna.channels.messenger.webhook import PATH
from myna.database import Database
from myna.facts import MessengerPage
from myna.front import telling
from myna.hub.courier import Courier
from myna.hub.house import House
from myna.hub.hub import Hub
from myna.hub.inbox import Inbox
from myna.hub.receipts import Receipts
from myna.texts import Catalogue
from tests.helpers import FakeBrain, adapted, serving

from .fake import APP_ID, APP_SECRET, PAGE, TOKEN, VERIFY_TOKEN, FakeGraph

OTHER_PAGE, OTHER_TOKEN = "100200300400501", "EAAGotherTOKEN"
AN = "24000000000000001"
SITI = "24000000000000002"


class Line:
    """The channel, the hub behind it and the Graph API before it."""

    def __init__(
        self, graph: FakeGraph, hub: Hub, courier: Courier, messenger: Messenger, url: str
    ) -> None:
        self.graph, self.hub, self.courier = graph, hub, courier
        self.messenger, self.url = messenger, url
        self.world = graph.world

    def conversation(self, psid: str = AN, page: str = PAGE) -> str:
        """The id of a user's conversation."""
        return f"fb.{page}.{psid}"

    async def log(self, psid: str = AN, page: str = PAGE) -> list[tuple[str, str]]:
        """What is in a user's log: (author, text)."""
        found = await self.hub.log.messages(self.conversation(psid, page), notes=True)
        return [(m.author, m.text) for m in found]

    async def settle(self, seconds: float = 10.0) -> None:
        """Waits until everything has arrived where it belongs."""
        import asyncio

        async with asyncio.timeout(seconds):
            quiet = 0
            while quiet < 3:
                await self.graph.webhook.settled()
                worked = await self.courier.work_off()
                pending = await self.hub.log.with_pending()
                busy = worked or pending or self.hub._workers or self.graph.webhook._tasks
                quiet = 0 if busy else quiet + 1
                await asyncio.sleep(0.005)


@asynccontextmanager
async def line_of(
    database: Database, catalogue: Catalogue, brain: Any, graph: FakeGraph, **options: Any
) -> AsyncIterator[Line]:
    """Puts a channel together as the front server does, without its pages."""
    pages = [
        MessengerPage(id=PAGE, name="Lentera Home", language="en"),
        MessengerPage(id=OTHER_PAGE, name="Lentera VN", language="vi", human_agent=True),
    ]
    config = Config(
        graph_url=graph.url,
        version="v26.0",
        app_id=APP_ID,
        pages={page.id: page for page in pages},
        app_secret=APP_SECRET,
        verify_token=VERIFY_TOKEN,
        payload_key="signs payloads",
    )
    plain = adapted(catalogue, limits={"gather_milliseconds": 40})
    house = House(plain.catalogue, (), {CHANNEL: Rules(config)})
    hub = Hub(database, house, brain)
    messenger = Messenger(config, hub, Receipts(database), Inbox(database, INBOUND))
    messenger.carriers[CHANNEL]._echo_seconds = options.get("echo_seconds", 0.4)  # type: ignore
    courier = Courier(database, messenger.carriers, "front", telling(hub))
    hub.on_change = courier.poke
    app = Sanic("messenger_of_tests", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = 1_000_000
    app.blueprint(messenger.blueprint(courier))
    async with serving(app) as url:
        graph.webhook.url = url + PATH
        await hub.start()
        messenger.start()
        if options.get("carrying"):
            courier.start()
        try:
            yield Line(graph, hub, courier, messenger, url)
        finally:
            await messenger.stop()
            await courier.stop()
            await hub.stop()


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The pages' tokens, in the environment."""
    monkeypatch.setenv("MYNA_HOME", str(tmp_path))
    monkeypatch.setenv(f"MYNA_MESSENGER_TOKEN_{PAGE}", TOKEN)
    monkeypatch.setenv(f"MYNA_MESSENGER_TOKEN_{OTHER_PAGE}", OTHER_TOKEN)


@pytest.fixture
async def graph(tokens: None) -> AsyncIterator[FakeGraph]:
    """A Graph API with two pages and nobody who has written yet."""
    fake = FakeGraph()
    page = type(fake.world.pages[PAGE])(OTHER_PAGE, OTHER_TOKEN, human_agent=True)
    fake.world.pages[OTHER_PAGE] = page
    async with fake.serving():
        yield fake


@pytest.fixture
async def line(
    database: Database, catalogue: Catalogue, brain: FakeBrain, graph: FakeGraph
) -> AsyncIterator[Line]:
    """The channel; what is to be carried is carried when the test says so (`settle`)."""
    async with line_of(database, catalogue, brain, graph) as made:
        yield made
        assert graph.world.violations == []


Make = Callable[..., Any]
