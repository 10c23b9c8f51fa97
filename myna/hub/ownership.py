"""Who owns a conversation, and every way in which that can change."""

from __future__ import annotations

from typing import Literal

Owner = Literal["bot", "queue", "human", "nobody"]
"""`queue`: people have it and none has taken it yet; `nobody`: a person has closed the matter."""

Cause = Literal[
    "hand_over",
    "claim",
    "agent_wrote",
    "release",
    "agent_idle",
    "agent_gone",
    "back_to_bot",
    "nobody_came",
    "resolve",
    "customer_idle",
    "customer_wrote",
    "not_solved",
    "outside_wrote",
    "outside_done",
    "taken_from_outside",
]

TRANSITIONS: dict[tuple[Owner, Cause], Owner] = {
    ("bot", "hand_over"): "queue",
    ("bot", "claim"): "human",
    ("queue", "claim"): "human",
    ("nobody", "claim"): "human",
    ("bot", "agent_wrote"): "human",
    ("queue", "agent_wrote"): "human",
    ("nobody", "agent_wrote"): "human",
    ("human", "release"): "queue",
    ("human", "agent_idle"): "queue",
    ("human", "agent_gone"): "queue",
    # the customer's own choice, by a button that we issued
    ("queue", "back_to_bot"): "bot",
    # a case is opened in the same transaction, so that the promise of a person is kept
    ("queue", "nobody_came"): "bot",
    ("bot", "resolve"): "nobody",
    ("queue", "resolve"): "nobody",
    ("human", "resolve"): "nobody",
    ("human", "customer_idle"): "nobody",
    ("nobody", "customer_wrote"): "bot",
    # the answer to our asking whether the matter is solved
    ("bot", "not_solved"): "queue",
    ("nobody", "not_solved"): "queue",
    # somebody of the shop answers on the channel itself, without our desk; `human` without an agent
    ("bot", "outside_wrote"): "human",
    ("queue", "outside_wrote"): "human",
    ("nobody", "outside_wrote"): "human",
    ("human", "outside_done"): "nobody",
    ("human", "taken_from_outside"): "human",
}
"""(owner, what happens) → the next owner. What is not listed changes nothing: a conversation that
people have is not handed over a second time, and no message of a customer ends their stretch."""


def next_owner(owner: Owner, cause: Cause) -> Owner | None:
    """The owner after `cause`; None if nothing changes."""
    return TRANSITIONS.get((owner, cause))
