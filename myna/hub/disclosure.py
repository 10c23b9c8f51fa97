"""Saying that an assistant answers, on channels whose pages do not say it by themselves.

At the start, after a day without its words, and when the customer comes back from a person: the
moments that laws on bots name, such as California's SB 1001, and that Meta's policy asks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa

from myna.hub import outbox, schema
from myna.hub.model import now
from myna.hub.thread import Thread

_M = schema.messages
_DISCLOSING = ("utter_disclosure", "utter_greet", "utter_i_am_a_bot", "utter_resolved")
_LAPSE = timedelta(hours=24)


def disclose(thread: Thread, responses: Iterable[str | None]) -> None:
    """Writes the disclosure before an answer, if the customer has to be told.

    Args:
        thread: the conversation.
        responses: the names of the answer's messages.
    """
    names = list(responses)
    if thread.conversation.channel in outbox.FETCHED or not names:
        return
    if any(name in _DISCLOSING for name in names):
        return
    told = thread.connection.scalar(
        sa.select(sa.func.max(_M.c.seq)).where(
            _M.c.conversation_id == thread.id,
            _M.c.response.in_(_DISCLOSING),
            _M.c.created_at > now() - _LAPSE,
        )
    )
    if told is None or _person_wrote_after(thread, told):
        thread.say("utter_disclosure")


def _person_wrote_after(thread: Thread, seq: int) -> bool:
    wrote = sa.select(_M.c.seq).where(
        _M.c.conversation_id == thread.id, _M.c.seq > seq, _M.c.author == "agent"
    )
    return thread.connection.execute(wrote.limit(1)).first() is not None
