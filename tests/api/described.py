"""The API's description, of a server that is not running."""

from __future__ import annotations

from sanic import Sanic

from myna import front
from myna.database import Database
from myna.hub.agents import Agents
from myna.hub.hub import Hub
from myna.openapi import document
from myna.texts import Catalogue
from tests.helpers import FakeBrain, adapted


def _application() -> Sanic:
    app, database, house = Sanic("described"), Database("sqlite://"), adapted(Catalogue())
    front.add_routes(app, Hub(database, house, FakeBrain()), Agents(database), house.catalogue, "")
    return app


APP = _application()
DOCUMENT = document(APP)
