"""Who may use the desk: agents by a cookie, programs by the token of an agent."""

from __future__ import annotations

import time

from sanic.request import Request
from sanic.response import HTTPResponse, json

from myna import settings, web
from myna.api import Api, Error, Guard, Nothing
from myna.desk import models
from myna.desk.views import Views
from myna.hub.agents import Agents
from myna.hub.bus import Bus, News
from myna.hub.model import Agent, HubError

COOKIE = "myna_desk"
_TRIES, _PAUSE_SECONDS = 5, 60.0
_PAGE = [["page"]]

SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A program's, made by `myna agent token`; it works in an agent's name.",
    },
    "desk": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "Set by `POST /api/v1/desk/login`; good for twelve hours.",
    },
    "page": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Myna",
        "description": "`desk`; goes with the cookie on writes, for no foreign page can send it.",
    },
}


class Tries:
    """Slows down guessing: after some wrong passwords for a log-in, a pause.

    A try counts as wrong until it has proved right, or many at once would all be let through.
    """

    def __init__(self) -> None:
        self._wrong: dict[str, list[float]] = {}

    def begin(self, login: str) -> None:
        """A try begins.

        Raises:
            HubError: there were too many wrong ones (429).
        """
        now = time.monotonic()
        for name, moments in list(self._wrong.items()):
            self._wrong[name] = [at for at in moments if now - at < _PAUSE_SECONDS]
            if not self._wrong[name]:
                del self._wrong[name]
        recent = self._wrong.setdefault(login, [])
        if len(recent) >= _TRIES:
            wait = round(_PAUSE_SECONDS - (now - recent[0])) + 1
            text = "Too many wrong tries; wait a minute."
            raise HubError(429, "too_many_tries", text, retry_after=wait)
        recent.append(now)

    def right(self, login: str) -> None:
        """The password was right."""
        self._wrong.pop(login, None)


class Access:
    """Knows who asks."""

    def __init__(self, agents: Agents) -> None:
        self._agents = agents

    @property
    def guard(self) -> Guard:
        """For the desk's routes."""
        return Guard(
            self.admit,
            own_page,
            SCHEMES,
            reading=[["token"], ["desk"]],
            writing=[["token"], ["desk", "page"]],
        )

    async def known(self, request: Request) -> Agent | None:
        """The agent who asks, or in whose name a program does; None: nobody we know."""
        if (token := _token(request)) is not None:
            return await self._agents.of_token(token)
        cookie = request.cookies.get(COOKIE)
        return await self._agents.of_session(cookie) if cookie else None

    async def admit(self, request: Request) -> Agent:
        """The agent who asks.

        Raises:
            HubError: nobody we know (401), or a write that may be another site's (403).
        """
        agent = await self.known(request)
        if agent is None:
            raise HubError(401, "no_session", "Log in first, or send a token.")
        if request.method != "GET" and _token(request) is None:
            own_page(request)
        return agent


def own_page(request: Request) -> None:
    """Refuses writes that do not come from the desk's page.

    Raises:
        HubError: as said (403).
    """
    web.same_site(request)
    if request.headers.get("x-myna") != "desk":
        raise HubError(403, "header_needed", "Send the header X-Myna: desk.")


def _token(request: Request) -> str | None:
    """The program's token; if there is one, it counts and no cookie does."""
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def add_routes(desk: Api, agents: Agents, views: Views, bus: Bus) -> None:
    """Log-in, log-out, presence."""
    tries = Tries()
    secure = settings.public_url().startswith("https:")

    def tell(agent: Agent) -> None:
        bus.publish(News("agents", "", {"agent_id": agent.id}))

    @desk.post("/login", models.Me, errors={429: Error}, public=_PAGE)
    async def login(request: Request, body: models.Login) -> HTTPResponse:
        """Log in.

        The answer sets the cookie. 401 `wrong_login` does not tell which of both was wrong.
        """
        tries.begin(body.login)
        session = await agents.log_in(body.login, body.password)
        if session is None:
            raise HubError(401, "wrong_login", "Log-in or password is wrong.")
        tries.right(body.login)
        agent, token = session
        answer = json({"agent": views.agent(agent)})
        answer.cookies[COOKIE] = token
        answer.cookies[COOKIE]["httponly"] = True
        answer.cookies[COOKIE]["samesite"] = "Strict"
        answer.cookies[COOKIE]["secure"] = secure
        answer.cookies[COOKIE]["path"] = "/"
        return answer

    @desk.post("/logout", Nothing, public=_PAGE)
    async def logout(request: Request) -> HTTPResponse:
        """Log out; the agent is gone at once, unless another desk of theirs is open."""
        if cookie := request.cookies.get(COOKIE):
            agent = await agents.of_session(cookie)
            await agents.log_out(cookie)
            if agent:
                await agents.left(agent.id)
                tell(agent)  # their other desks answer with a sign of life
        answer = json({})
        del answer.cookies[COOKIE]
        return answer

    @desk.get("/me", models.Agent)
    async def me(request: Request, agent: Agent) -> HTTPResponse:
        """Say who is logged in."""
        return json(views.agent(agent))

    @desk.post("/me/presence", models.Me)
    async def presence(request: Request, agent: Agent, body: models.Presence) -> HTTPResponse:
        """Go away, or be back.

        An agent is there while a stream of live events is open in their name. Who is away gets no
        new conversations; a program that only listens had better be.
        """
        await agents.set_away(agent.id, body.away)
        tell(agent)
        return json({"agent": {**views.agent(agent), "away": body.away}})

    @desk.get("/agents", models.Team)
    async def team(request: Request, agent: Agent) -> HTTPResponse:
        """List all agents, and who is there."""
        return json(await views.team())
