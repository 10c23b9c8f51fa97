"""The channel with its hub as a process of its own, which may be killed; the brain repeats what it
is told. Times are short, so that faults pass by quickly."""

from __future__ import annotations

import argparse

from sanic import Sanic

from myna.channels.messenger import CHANNEL, INBOUND, graph, pace, sender
from myna.channels.messenger import config as configuration
from myna.channels.messenger.channel import Messenger, Rules
from myna.database import Database
from myna.front import telling
from myna.hub import courier as courier_module
from myna.hub.courier import Courier
from myna.hub.house import House
from myna.hub.hub import Hub
from myna.hub.inbox import Inbox
from myna.hub.receipts import Receipts
from myna.texts import Catalogue
from tests.helpers import FakeBrain


def main() -> None:
    """Serves until it is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    asked = parser.parse_args()
    graph.Graph.post.__defaults__ = (1.5,)
    pace._FIRST_PAUSE, pace._LONGEST_PAUSE = 0.2, 1.0
    courier_module._FIRST_PAUSE, courier_module._LONGEST_PAUSE = 0.1, 1.0
    sender._ECHO_SECONDS = 1.5
    catalogue = Catalogue()
    known = configuration.load(catalogue.facts)
    assert known, "MYNA_SHOP names the pages"
    database = Database(asked.database)
    house = House(catalogue, (), {CHANNEL: Rules(known)})
    hub = Hub(database, house, FakeBrain())
    messenger = Messenger(known, hub, Receipts(database), Inbox(database, INBOUND))
    messenger.carriers[CHANNEL]._echo_seconds = 1.5  # type: ignore[attr-defined]
    courier = Courier(database, messenger.carriers, "front", telling(hub))
    hub.on_change = courier.poke
    app = Sanic("messenger_process", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = 1_000_000
    app.blueprint(messenger.blueprint(courier))

    @app.before_server_start
    async def start(app: Sanic, loop: object) -> None:
        await hub.start()
        messenger.start()
        courier.start()

    app.run("127.0.0.1", asked.port, workers=1, access_log=False, motd=False)


if __name__ == "__main__":
    main()
