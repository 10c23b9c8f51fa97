"""Customers rate, 1 to 5 with an optional comment, a person's help or the assistant's.

Once for each time that a person has closed the matter, and once for each stretch in which the bot
has the conversation: `version` tells them apart, for it counts changes of ownership.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from myna.hub import cases, schema
from myna.hub.model import Agent, HubError, now
from myna.hub.thread import Thread

RATE = "hub:rate:"
"""Begins the payloads of the buttons."""

_ASKS = "utter_ask_rating"
_STARS = 5
_SORRY_UNTIL = 2  # stars
_NOBODY = 0  # in place of an agent's id: the assistant
_WAITS_FOR_NOTHING = ("praise", "suggestion")


class Asked(NamedTuple):
    """What a rating is about."""

    version: int
    """The conversation's, when it was asked for."""
    agent_id: int | None
    """None: the assistant."""
    stars: int


def ask(thread: Thread, agent: Agent | None) -> None:
    """Asks for a rating of an agent, or of the assistant (None), if the shop wants that."""
    if not thread.house.facts.service.rating:
        return
    about = f"{RATE}{thread.conversation.version}:{agent.id if agent else _NOBODY}"
    buttons = [
        {"title": str(stars), "payload": f"{about}:{stars}"} for stars in range(1, _STARS + 1)
    ]
    thread.say(_ASKS, buttons=buttons)


def ask_about_bot(thread: Thread) -> None:
    """Asks once for a rating of the assistant, unless people have the matter or still owe one."""
    promised = cases.of_conversation(thread.connection, thread.id)
    asked = _asked(thread)
    if (
        thread.conversation.owner == "bot"
        and all(case.kind in _WAITS_FOR_NOTHING for case in promised)
        and (asked is None or asked.version != thread.conversation.version)
    ):
        ask(thread, None)


def rate_by_choice(thread: Thread, choice: str) -> None:
    """The customer has pressed a star."""
    given = _read(choice)
    _note(thread, given, None)
    thread.say("utter_rating_thanks" if given.stars > _SORRY_UNTIL else "utter_rating_sorry")


def rate(thread: Thread, stars: int, comment: str | None) -> None:
    """Notes the rating that was asked for last.

    Raises:
        HubError: none was asked for (409).
    """
    asked = _asked(thread)
    if asked is None:
        raise HubError(409, "nothing_to_rate", "There is nothing to rate yet.")
    _note(thread, asked._replace(stars=stars), comment)


def _asked(thread: Thread) -> Asked | None:
    """What was asked for last."""
    table = schema.messages
    buttons = thread.connection.scalar(
        sa.select(table.c.buttons)
        .where(table.c.conversation_id == thread.id, table.c.response == _ASKS)
        .order_by(table.c.seq.desc())
        .limit(1)
    )
    return _read(buttons[0]["payload"]) if buttons else None


def _read(payload: str) -> Asked:
    version, agent_id, stars = map(int, payload.removeprefix(RATE).split(":"))
    return Asked(version, agent_id or None, stars)


def _note(thread: Thread, given: Asked, comment: str | None) -> None:
    """The last word counts; stars alone leave an earlier comment as it is."""
    table = schema.ratings
    values: dict[str, Any] = {"stars": given.stars, "at": now()}
    if comment is not None:
        values["comment"] = comment
    done = thread.connection.execute(
        table.update()
        .where(table.c.conversation_id == thread.id, table.c.version == given.version)
        .values(**values)
    )
    if done.rowcount == 0:
        thread.connection.execute(
            table.insert().values(
                conversation_id=thread.id,
                version=given.version,
                agent_id=given.agent_id,
                **values,
            )
        )
