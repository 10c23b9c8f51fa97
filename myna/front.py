"""The front server: the only public process. Channels, hub and desk in one.

`python -m myna.front` starts it by itself; `myna up` starts it with everything behind it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json

from myna import openapi, settings, web
from myna.channels import web as web_channel
from myna.channels.messenger import CHANNEL as MESSENGER
from myna.channels.messenger import INBOUND
from myna.channels.messenger import config as messenger_config
from myna.channels.messenger.channel import Messenger, Rules
from myna.database import Database
from myna.desk import app as desk
from myna.hub.agents import Agents
from myna.hub.brain import HttpBrain
from myna.hub.bus import News, make_bus
from myna.hub.caretaker import Caretaker
from myna.hub.courier import Carrier, Courier, Item, Refused, Result, Unknown
from myna.hub.house import House
from myna.hub.hub import Hub
from myna.hub.inbox import Inbox
from myna.hub.outbox import WEBHOOK
from myna.hub.receipts import Receipts
from myna.hub.webhooks import WebhookCarrier
from myna.masking import mask_logs
from myna.texts import Catalogue

_PACKAGE = Path(__file__).parent
_BODY_LIMIT = 1_000_000  # bytes of one request

FIRST_AGENT = ("agent", "Linh")
"""Log-in and name of the account made at the first run; its password is a secret of the home."""


def create_app() -> Sanic:
    """The Sanic application."""
    app = Sanic("myna_front", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = _BODY_LIMIT
    app.config.KEEP_ALIVE_TIMEOUT = 60
    app.config.RESPONSE_TIMEOUT = 3600  # live events stay open
    app.config.FALLBACK_ERROR_FORMAT = "json"
    catalogue = Catalogue()
    database = Database(settings.hub_database())
    brain = HttpBrain(settings.brain_url(), settings.secret("brain"))
    config = messenger_config.load(catalogue.facts)
    house = House(catalogue, settings.webhooks(), {MESSENGER: Rules(config)} if config else {})
    bus = make_bus(settings.redis_url())
    worker = f"{socket.gethostname()}:{settings.port()}"
    hub = Hub(database, house, brain, bus, worker)
    agents = Agents(database)
    caretaker = Caretaker(database, hub, brain)
    carriers: dict[str, Carrier] = {WEBHOOK: WebhookCarrier(settings.secret("webhooks_key"))}
    messenger = None
    if config:
        messenger = Messenger(config, hub, Receipts(database), Inbox(database, INBOUND))
        carriers |= messenger.carriers
    courier = Courier(database, carriers, worker, telling(hub))
    hub.on_change = courier.poke

    add_routes(app, hub, agents, catalogue, settings.secret("chat"))
    if messenger:
        app.blueprint(messenger.blueprint(courier))

    @app.before_server_start
    async def start(app: Sanic, loop: object) -> None:
        await asyncio.to_thread(database.migrate, "hub")
        login, name = FIRST_AGENT
        await agents.ensure(login, name, settings.secret("desk_password"))
        await bus.start()
        await hub.start()
        caretaker.start()
        courier.start()
        if messenger:
            messenger.start()

    @app.before_server_stop
    async def stop(app: Sanic, loop: object) -> None:
        if messenger:
            await messenger.stop()
        await courier.stop()
        await caretaker.stop()
        await hub.stop()
        await bus.stop()
        await brain.close()
        await database.close()

    @app.get("/healthz")
    async def healthz(request: Request) -> HTTPResponse:
        """200 when a message would be answered by the bot; which part is missing otherwise."""
        parts = {
            "brain": await hub.brain_ready(),
            "actions": await _answers(settings.actions_url() + "/health"),
        }
        ready = all(parts.values())
        # a page that cannot send is told of, but does not make the whole unfit
        told = {"messenger": {"halted": messenger.pace.halted()}} if messenger else {}
        return json({"ready": ready, **parts, **told}, 200 if ready else 503)

    return app


def telling(hub: Hub) -> Callable[[Item, Result], None]:
    """Tells open desks of messages that were not delivered, or perhaps not."""

    def tell(item: Item, result: Result) -> None:
        if "seq" in item.payload and isinstance(result, Refused | Unknown):
            state = "failed" if isinstance(result, Refused) else "unknown"
            about = {"seq": item.payload["seq"], "state": state, "error": result.reason}
            hub.bus.publish(News("delivery", item.lane, about))

    return tell


def add_routes(app: Sanic, hub: Hub, agents: Agents, catalogue: Catalogue, key: str) -> None:
    """The pages and the API of an application; `key` signs the chat's cookies."""
    web.install(app)
    app.blueprint(web_channel.blueprint(hub, catalogue, key))
    app.blueprint(desk.blueprint(hub, agents))
    web.static_page(app, "/", "/static/chat", _PACKAGE / "channels" / "static" / "chat", "chat")
    web.static_page(app, "/desk", "/static/desk", _PACKAGE / "desk" / "static", "desk")
    web.static_page(app, "/api/docs", "/static/docs", _PACKAGE / "static" / "docs", "docs")
    description = openapi.document(app)

    @app.get(openapi.PATH)
    async def describe(request: Request) -> HTTPResponse:
        """The API's description, for programs."""
        return json(description)


async def _answers(url: str) -> bool:
    timeout = aiohttp.ClientTimeout(total=2)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def main() -> None:
    """Serves on `MYNA_HOST` (127.0.0.1) and `MYNA_PORT` (8080)."""
    argparse.ArgumentParser(description=main.__doc__).parse_args()
    mask_logs()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings.check()
        app = create_app()
    except settings.SettingError as error:
        sys.exit(str(error))
    app.run(settings.host(), settings.port(), workers=1, access_log=False, motd=False)


if __name__ == "__main__":
    main()
