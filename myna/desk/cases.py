"""The desk's cases: what customers have been promised."""

from __future__ import annotations

from sanic.request import Request
from sanic.response import HTTPResponse, json

from myna import web
from myna.api import Api, Error
from myna.desk import models
from myna.hub import cases as hub_cases
from myna.hub.cases import UNDONE, State
from myna.hub.hub import Hub
from myna.hub.model import Agent, HubError

_ONE = "/cases/<reference:str>"


def add_routes(desk: Api, hub: Hub) -> None:
    """Everything about cases."""

    @desk.get("/cases", models.Cases)
    async def cases(request: Request, agent: Agent, query: models.CaseQuery) -> HTTPResponse:
        """List cases, those that are due first in front."""
        found = await hub.cases.find(
            states=_states(query.state),
            kind=query.kind,
            agent_id=agent.id if query.mine else None,
            conversation_id=query.conversation,
            limit=query.limit,
            offset=query.offset,
        )
        return json({"cases": [case.public() for case in found]})

    @desk.post("/cases", models.TheCase, status=(201,), errors={404: Error})
    async def open_case(request: Request, agent: Agent, body: models.NewCase) -> HTTPResponse:
        """Open a case.

        It is due after the agents' working hours that `shop.yml` sets for its kind. 404 if there is
        no such conversation.
        """
        given = body.dict(exclude={"request_id"})
        request_ = hub_cases.Request(origin=f"desk-{agent.id}:{body.request_id}", **given)
        case = hub.tell_case(await hub.cases.open(request_, agent))
        return json({"case": case.public()}, 201)

    @desk.get(_ONE, models.CaseHistory)
    async def case(request: Request, agent: Agent, reference: str) -> HTTPResponse:
        """Read a case and what happened to it."""
        found = await hub.cases.get(reference)
        return json({"case": found.public(), "history": await hub.cases.history(reference)})

    @desk.patch(_ONE, models.TheCase, errors={409: models.CaseOvertaken})
    async def change(
        request: Request, agent: Agent, reference: str, body: models.CaseChange
    ) -> HTTPResponse:
        """Change a case."""
        changes = body.dict(exclude_unset=True, exclude={"version", "mine"})
        try:
            if body.mine is not None:
                changes["agent_id"] = await _taken(reference, agent, take=body.mine)
            if "due_at" in changes:
                changes["overdue"] = False  # the watch marks it again if it is
            case = await hub.cases.change(reference, body.version, agent, changes)
        except HubError as fault:
            if fault.status != 409:
                raise
            present = await hub.cases.get(reference)
            raise web.Conflict(fault, case=present.public()) from None
        return json({"case": hub.tell_case(case).public()})

    async def _taken(reference: str, agent: Agent, *, take: bool) -> int | None:
        present = await hub.cases.get(reference)
        if take:
            return agent.id
        if present.agent_id not in (agent.id, None):
            raise HubError(409, "conflict", f"{present.agent} has this case.")
        return None

    @desk.post(_ONE + "/comments", models.TheCase, status=(201,))
    async def comment(
        request: Request, agent: Agent, reference: str, body: models.Note
    ) -> HTTPResponse:
        """Comment on a case; only agents see it."""
        case = await hub.cases.comment(reference, agent, body.text)
        return json({"case": hub.tell_case(case).public()}, 201)


def _states(state: models.States) -> tuple[State, ...] | None:
    if state == "all":
        return None
    return UNDONE if state == "undone" else (state,)
