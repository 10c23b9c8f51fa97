"""How many messages are let in: per conversation, and for newcomers per address.

An address is never a reason to lock anybody out, because thousands of phones may share one: mobile
carriers put their customers behind one IPv4 address (CGNAT, RFC 6598), an office has one router.
So an address counts only until its conversation has had an answer, and a newcomer whom it keeps out
may come in by a proof of work, which costs a second of computing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Literal, Protocol

from myna.settings import Network

Code = Literal["too_fast", "busy", "prove_work"]

MESSAGES: dict[Code, str] = {
    "too_fast": "Messages come too fast; send this one again after 'retry_after' seconds.",
    "busy": "Too many messages wait here; send this one again after 'retry_after' seconds.",
    "prove_work": (
        "Many newcomers come from this address. Send this message again with 'solution':"
        " 'challenge', a dot and a decimal number, chosen so that the SHA-256 of the whole begins"
        " with 'bits' zero bits. Or send it again after 'retry_after' seconds."
    ),
}


class Limits(Protocol):
    """What the gate needs of the shop's limits; both are at least 1."""

    @property
    def messages_per_minute(self) -> int:
        """Messages of one conversation."""

    @property
    def newcomers_per_minute(self) -> int:
        """Messages of all conversations without an answer from one address."""


@dataclass(frozen=True)
class Challenge:
    """A piece of work that lets one conversation in."""

    text: str
    bits: int
    """How many zero bits the SHA-256 of a solution begins with."""


class Refusal(Exception):
    """A message that is not let in, and has not been stored; for HTTP a 429."""

    def __init__(self, code: Code, retry_after: float, challenge: Challenge | None = None) -> None:
        super().__init__(MESSAGES[code])
        self.code = code
        self.retry_after = max(1, math.ceil(retry_after))
        """Whole seconds, for `Retry-After`."""
        self.challenge = challenge

    def public(self) -> dict[str, Any]:
        """The `error` object for the client."""
        error = {"code": self.code, "message": str(self), "retry_after": self.retry_after}
        if self.challenge is None:
            return error
        return {**error, "challenge": self.challenge.text, "bits": self.challenge.bits}


# Addresses


def client_address(peer: str, forwarded_for: str | None, trusted: Collection[Network]) -> str:
    """Whose request this is, as a key: an IPv4 address, or the /64 of an IPv6 address.

    A customer has a whole /64 of IPv6 and changes addresses within it at will (RFC 8981).

    Args:
        peer: the address at the other end of the connection.
        forwarded_for: `X-Forwarded-For`, where each proxy has appended the address it was reached
            from; several headers of that name are joined by commas. Only what trusted proxies have
            appended is believed: anybody can write the parts before.
        trusted: our proxies.

    Returns:
        `peer` unchanged if it is no address (a Unix socket has none).
    """
    address = _address(peer)
    if address is None:
        return peer
    hops = reversed((forwarded_for or "").split(","))
    while any(address in network for network in trusted):
        before = _address(next(hops, ""))
        if before is None:
            break
        address = before
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it, some with the port; IPv4 within IPv6 is taken out."""
    text = text.strip()
    if match := re.fullmatch(r"\[([^\]]*)\](?::\d+)?|([\d.]+):\d+", text):
        text = match[1] or match[2] or ""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


# Counting


class Buckets:
    """Token buckets, one for each key: a third of a minute's tokens at once, then one by one.

    Of each bucket only the moment is kept at which it will be full again (the generic cell rate
    algorithm), so a full bucket need not be kept at all. Memory is bounded: of more than `capacity`
    buckets that are not full, those unused for longest are forgotten, which fills them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, capacity: int = 50_000) -> None:
        self._clock = clock
        self._capacity = capacity
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, key: str, per_minute: int) -> float:
        """Seconds until a token can be taken; 0.0 if there is one now."""
        interval = 60 / per_minute
        burst = max(1, per_minute // 3)
        missing = self._full_at.get(key, -math.inf) - self._clock()
        # rounded, so that who waits exactly this long is not kept out by a float's last digit
        return max(0.0, round(missing - (burst - 1) * interval, 6))

    def take(self, key: str, per_minute: int) -> None:
        """Takes a token that `wait` has found."""
        now = self._clock()
        full_at = max(now, self._full_at.pop(key, now)) + 60 / per_minute
        while self._full_at and next(iter(self._full_at.values())) <= now:
            self._full_at.popitem(last=False)
        if len(self._full_at) >= self._capacity:
            self._full_at.popitem(last=False)
        self._full_at[key] = full_at


# Proof of work


class Work:
    """Challenges and their solutions; nothing is kept, the signature says what was asked.

    A challenge is `<moment at which it ends>.<signature>`; a solution is the challenge, a dot and
    a counter such that the SHA-256 of the whole begins with `bits` zero bits (as in Hashcash). It
    can be used again until its end, but for the one conversation only.

    Args:
        key: signs; the same in all processes that serve one address.
        clock: seconds since 1970, because a challenge may come back to another process.
        bits: each further bit doubles the work. 15 are some 33,000 hashes, a tenth of a
            second for a page on a PC, a second on a slow phone.
    """

    SECONDS = 120

    def __init__(self, key: str, clock: Callable[[], float] = time.time, bits: int = 15) -> None:
        self._key = key.encode()
        self._clock = clock
        self._bits = bits

    def challenge(self, conversation_id: str) -> Challenge:
        """A new challenge for a conversation."""
        end = str(int(self._clock()) + self.SECONDS)
        return Challenge(f"{end}.{self._signature(end, conversation_id)}", self._bits)

    def solved(self, solution: str, conversation_id: str) -> bool:
        """Whether this is a solution of a challenge of ours for this conversation, in time."""
        match = re.fullmatch(r"([0-9]{1,12})\.([\w-]{22})\.[0-9]{1,16}", solution, re.ASCII)
        if match is None or int(match[1]) < self._clock():
            return False
        if not hmac.compare_digest(match[2], self._signature(match[1], conversation_id)):
            return False
        digest = hashlib.sha256(solution.encode()).digest()
        return int.from_bytes(digest, "big") >> (256 - self._bits) == 0

    def _signature(self, end: str, conversation_id: str) -> str:
        # Half of the digest: the whole solution then fits into one block of SHA-256.
        # The first words keep these signatures apart from others made with the same key.
        signed = f"proof of work\n{end}\n{conversation_id}".encode()
        digest = hmac.new(self._key, signed, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


class Gate:
    """Decides whether a customer's message is let in.

    Args:
        limits: asked at each message, so that a changed `shop.yml` counts at once.
        key: signs challenges.
        clock: a monotonic clock, in seconds, for the buckets.
        now: seconds since 1970, for challenges.
        bits: see `Work`.
        capacity: see `Buckets`.
    """

    def __init__(
        self,
        limits: Callable[[], Limits],
        key: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        bits: int = 15,
        capacity: int = 50_000,
    ) -> None:
        self._limits = limits
        self._conversations = Buckets(clock, capacity)
        self._addresses = Buckets(clock, capacity)
        self._work = Work(key, now, bits)

    def admit(
        self, conversation_id: str, address: str, established: bool, solution: str | None
    ) -> None:
        """Lets a message in, or not; a message that is refused counts for nothing.

        Args:
            conversation_id: genuine, as the signed cookie says.
            address: of `client_address`.
            established: the conversation has had an answer from us, so its address is no matter.
            solution: of the challenge that an earlier refusal carried.

        Raises:
            Refusal: `too_fast` or, with a challenge, `prove_work`.
        """
        limits = self._limits()
        if wait := self._conversations.wait(conversation_id, limits.messages_per_minute):
            raise Refusal("too_fast", wait)
        if not established and not self._work.solved(solution or "", conversation_id):
            if wait := self._addresses.wait(address, limits.newcomers_per_minute):
                raise Refusal("prove_work", wait, self._work.challenge(conversation_id))
            self._addresses.take(address, limits.newcomers_per_minute)
        self._conversations.take(conversation_id, limits.messages_per_minute)
