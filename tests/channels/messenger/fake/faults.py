"""What can go wrong, as rules: where, for whom, how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

Fault = Literal[
    "delay",  # answers later
    "hang",  # never answers
    "reset",  # closes the connection
    "html",  # a proxy's page instead of an answer
    "error",  # an error of the Graph API
    "empty",  # 200 without a body
    "garbage",  # 200 with what is no JSON
    "drip",  # the answer comes byte by byte, for ever
    "throttle",  # 429
    "revoke",  # the page's token stops being valid
    "echo_first",  # the echo comes before the answer
    "lost_echo",  # accepted, and no echo ever comes
]


@dataclass
class Rule:
    """A fault of requests that we make.

    Args:
        fault: what happens.
        path: the end of the path that it concerns.
        psid: only requests about this user.
        first: only from the n-th fitting request on (1 = the first).
        times: at most so often; None: always.
        probability: how likely it is each time.
        accepted: whether the request is carried out before.
        more: seconds, status, code, subcode.
    """

    fault: Fault
    path: str = "/messages"
    psid: str | None = None
    first: int = 1
    times: int | None = None
    probability: float = 1.0
    accepted: bool = False
    more: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    used: int = 0

    def applies(self, path: str, body: dict[str, Any], random: Random) -> bool:
        """Whether this request is to fail; sender actions are spared unless named."""
        if not path.endswith(self.path):
            return False
        recipient = body.get("recipient")
        if self.psid and (not isinstance(recipient, dict) or recipient.get("id") != self.psid):
            return False
        if "sender_action" in body and not self.more.get("actions"):
            return False
        self.seen += 1
        used_up = self.times is not None and self.used >= self.times
        if self.seen < self.first or used_up or random.random() >= self.probability:
            return False
        self.used += 1
        return True


@dataclass
class Delivery:
    """Faults of the webhook's calls; each is a probability, apart from `batch`."""

    duplicated: float = 0.0
    reordered: float = 0.0
    wrongly_signed: float = 0.0
    truncated: float = 0.0
    batch: int = 1
    """So many events of different users in one call."""
