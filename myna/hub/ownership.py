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
    "resolve",
    "customer_wrote",
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
    ("bot", "resolve"): "nobody",
    ("queue", "resolve"): "nobody",
    ("human", "resolve"): "nobody",
    ("nobody", "customer_wrote"): "bot",
}
"""(owner, what happens) → the next owner. What is not listed changes nothing: a conversation that
people have is not handed over a second time, and no message of a customer ends their stretch."""


def next_owner(owner: Owner, cause: Cause) -> Owner | None:
    """The owner after `cause`; None if nothing changes."""
    return TRANSITIONS.get((owner, cause))
