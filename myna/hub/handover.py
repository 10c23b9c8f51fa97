"""Handing a conversation to people; where nobody is there, noting what they owe the customer."""

from __future__ import annotations

import statistics
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from myna.hub import schema
from myna.hub.cases import Request, change_case, of_conversation, open_case
from myna.hub.house import House
from myna.hub.model import now
from myna.hub.ownership import Cause
from myna.hub.records import agents_there
from myna.hub.thread import Thread

_C, _M, _O = schema.conversations, schema.messages, schema.ownership

BACK_TO_BOT = "hub:back_to_bot"
_RECENT_CLAIMS = 20
_LEAST_CLAIMS = 3
_RECENT = timedelta(hours=3)
_LAST_WORDS = 3  # messages of the customer that a case quotes


def people_there(connection: Connection, house: House, moment: datetime) -> int:
    """How many agents could take a conversation now."""
    alive = timedelta(seconds=house.facts.service.presence_seconds)
    return agents_there(connection, moment - alive)


def hand_over(
    thread: Thread, cause: Cause, *, who: str, reason: str, origin: str, announced: bool = False
) -> None:
    """Gives the bot's conversation to the queue; where nobody is there, opens a callback instead.

    A conversation that people have already stays as it is.

    Args:
        thread: the conversation.
        cause: `hand_over` or `not_solved`.
        who: `bot`, `hub` or `customer`.
        reason: why; stands in the queue and in the case.
        origin: the message that it comes from, so that a repetition opens no second case.
        announced: the customer has been told already that a person comes.
    """
    if thread.conversation.owner in ("queue", "human"):
        return
    if not people_there(thread.connection, thread.house, now()):
        leave_case(thread, "utter_left_for_people", who=who, reason=reason, origin=origin)
        return
    thread.move(cause, who=who, reason=reason)
    thread.change(unanswered_at=thread.conversation.unanswered_at or now())
    if not announced:
        tell_position(thread)


def tell_position(thread: Thread) -> None:
    """Tells a customer in the queue how many are ahead and how long it may take."""
    language = thread.conversation.language
    ahead, minutes = outlook(thread.connection, thread.house, thread.conversation.queued_at)
    buttons = [{"title": thread.house.word("back_to_bot", language), "payload": BACK_TO_BOT}]
    if ahead == 0:
        thread.say("utter_handed_over_first", buttons=buttons)
    else:
        wait = thread.house.wait(minutes, language)
        thread.say("utter_handed_over", buttons=buttons, position=ahead + 1, wait=wait)


def outlook(connection: Connection, house: House, queued_at: datetime | None) -> tuple[int, float]:
    """How many wait longer than one who was queued then, and the likely wait in minutes.

    The wait is the median of the latest claims for each place in the queue, shared among the agents
    who are there; until there are enough of them, the longest that a customer is let wait.
    """
    moment = now()
    since = queued_at or moment
    waiting = sa.select(sa.func.count()).select_from(_C).where(_C.c.owner == "queue")
    ahead = connection.scalar(waiting.where(_C.c.queued_at < since)) or 0
    queued, claimed = _O.alias("queued"), _O.alias("claimed")
    rows = connection.execute(
        sa.select(queued.c.at.label("queued"), claimed.c.at.label("claimed"))
        .join(
            claimed,
            sa.and_(
                claimed.c.conversation_id == queued.c.conversation_id,
                claimed.c.version == queued.c.version + 1,
            ),
        )
        .where(
            queued.c.to_owner == "queue",
            claimed.c.to_owner == "human",
            claimed.c.at > moment - _RECENT,
        )
        .order_by(claimed.c.id.desc())
        .limit(_RECENT_CLAIMS)
    )
    waits = [(row.claimed - row.queued).total_seconds() / 60 for row in rows]
    longest = float(house.facts.service.queue_minutes)
    if len(waits) < _LEAST_CLAIMS:
        return ahead, longest
    return ahead, min(longest, max(1.0, statistics.median(waits)))


def leave_case(thread: Thread, response: str, *, who: str, reason: str, origin: str) -> None:
    """Opens a callback for the conversation, or repeats the one that is open, and tells of it.

    Args:
        thread: the conversation; its owner stays as it is.
        response: how the customer is told; may name reference, due, agent_hours, next_opening.
        who: `bot`, `hub` or `customer`.
        reason: stands in the case.
        origin: the message or change that it comes from.
    """
    open_ones = of_conversation(thread.connection, thread.id, "callback")
    slots = thread.conversation.slots
    if open_ones:
        case = open_ones[0]
        words = _last_words(thread)
        if words not in case.summary:
            case = change_case(
                thread.connection, case, who, summary=f"{case.summary}\n{words}"[-2000:]
            )
    else:
        case = open_case(
            thread.connection,
            thread.house,
            Request(
                kind="callback",
                origin=origin,
                summary=f"[{reason}] {_last_words(thread)}",
                conversation_id=thread.id,
                language=thread.conversation.language,
                order_number=slots.get("order_number"),
                phone=slots.get("phone"),
                email=slots.get("email"),
                priority="urgent" if reason == "anger" else None,
            ),
            who,
        )
    thread.case = case.reference
    language = thread.conversation.language
    opening = thread.house.next_opening(now())
    thread.say(
        response,
        reference=case.reference,
        due=thread.house.moment(case.due_at, language),
        next_opening=thread.house.moment(opening or case.due_at, language),
    )


def _last_words(thread: Thread) -> str:
    """What the customer said last, as a case quotes it."""
    query = (
        sa.select(_M.c.text)
        .where(_M.c.conversation_id == thread.id, _M.c.author == "customer", _M.c.text != "")
        .order_by(_M.c.seq.desc())
        .limit(_LAST_WORDS)
    )
    said = [row.text[:300] for row in thread.connection.execute(query)]
    return " / ".join(reversed(said))
