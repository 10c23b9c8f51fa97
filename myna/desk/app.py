"""The desk's API: agents and their programs take over conversations and see to cases."""

from __future__ import annotations

from sanic import Blueprint

from myna.api import Api
from myna.desk import access, cases, conversations, live
from myna.desk.views import Views
from myna.hub.agents import Agents
from myna.hub.hub import Hub


def blueprint(hub: Hub, agents: Agents) -> Blueprint:
    """The desk's routes."""
    views = Views(hub, agents)
    known = access.Access(agents)
    desk = Api("desk", "/api/v1/desk", known.guard)
    access.add_routes(desk, agents, views, hub.bus)
    conversations.add_routes(desk, hub, views)
    cases.add_routes(desk, hub)
    live.add_routes(desk, hub, agents, views, known)
    return desk.blueprint
