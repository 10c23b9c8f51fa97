"""Whose request it is, and what is let in."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.clients import Buckets, Challenge, Gate, Refusal, Work, client_address

TRUSTED = [ip_network(text) for text in ("127.0.0.1", "10.0.0.0/8", "2001:db8:f::/48")]


class Clock:
    """Moves only when told."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@dataclass
class Limits:
    messages_per_minute: int = 12
    newcomers_per_minute: int = 6


def solve(challenge: Challenge) -> str:
    """The work, as a client does it."""
    for counter in itertools.count():
        solution = f"{challenge.text}.{counter}"
        digest = hashlib.sha256(solution.encode()).hexdigest()
        if f"{int(digest, 16):0256b}".startswith("0" * challenge.bits):
            return solution
    raise AssertionError


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        # nobody's header is believed but our proxies'
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "1.1.1.1", "203.0.113.9"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        # what the client has written stands before what our proxies have appended
        ("127.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "127.0.0.1, 203.0.113.9,10.0.0.2 , 10.0.0.1", "203.0.113.9"),
        ("127.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        # who is malformed ends the walk: the last one we know of is the client
        ("127.0.0.1", "203.0.113.9, unknown", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9,,10.0.0.2", "10.0.0.2"),
        ("127.0.0.1", "1.1.1.1, 300.1.1.1, 10.0.0.2", "10.0.0.2"),
        # ports, as some proxies append them
        ("127.0.0.1", "203.0.113.9:51234", "203.0.113.9"),
        ("127.0.0.1", "[2001:db8:1:2::9]:51234", "2001:db8:1:2::/64"),
        # IPv6: the /64 is one customer; proxies count by their whole address
        ("2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        ("2001:db8:f::1", "2001:db8:1:2::a", "2001:db8:1:2::/64"),
        # IPv4 within IPv6, which a socket for both tells
        ("::ffff:203.0.113.9", "1.1.1.1", "203.0.113.9"),
        ("::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        # a Unix socket has no address
        ("", "203.0.113.9", ""),
    ],
)
def test_the_address_of_a_client(peer: str, forwarded_for: str | None, client: str) -> None:
    assert client_address(peer, forwarded_for, TRUSTED) == client


@given(st.text(), st.lists(st.ip_addresses().map(str) | st.text(), max_size=5))
def test_a_client_cannot_choose_its_address(claimed: str, parts: list[str]) -> None:
    """Whatever a client puts into the header, our proxy appends where it really came from."""
    header = ", ".join([claimed, *parts, "203.0.113.9"])
    assert client_address("10.0.0.1", header, TRUSTED) == "203.0.113.9"


def test_a_bucket_gives_a_third_at_once_and_then_one_by_one() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    for _ in range(4):
        assert buckets.wait("a", 12) == 0
        buckets.take("a", 12)
    assert buckets.wait("a", 12) == 5
    assert buckets.wait("b", 12) == 0, "each key has a bucket of its own"
    clock.time += 5
    assert buckets.wait("a", 12) == 0
    buckets.take("a", 12)
    assert buckets.wait("a", 12) == 5
    clock.time += 3600
    for _ in range(4):
        assert buckets.wait("a", 12) == 0, "no more than a third is saved up"
        buckets.take("a", 12)
    assert buckets.wait("a", 12) == 5


@pytest.mark.parametrize("per_minute", [1, 2])
def test_the_smallest_bucket_holds_one(per_minute: int) -> None:
    buckets = Buckets(Clock())
    assert buckets.wait("a", per_minute) == 0
    buckets.take("a", per_minute)
    assert buckets.wait("a", per_minute) == 60 / per_minute


@given(
    st.integers(1, 100),
    st.lists(st.floats(0, 30), min_size=1, max_size=200),
)
def test_a_bucket_is_a_bucket(per_minute: int, pauses: list[float]) -> None:
    """The same as counting tokens; and who waits as long as told is let in."""
    clock = Clock()
    buckets = Buckets(clock)
    burst = max(1, per_minute // 3)
    tokens = float(burst)
    for pause in pauses:
        clock.time += pause
        tokens = min(burst, tokens + pause * per_minute / 60)
        wait = buckets.wait("a", per_minute)
        assert wait == pytest.approx(max(0.0, (1 - tokens) * 60 / per_minute), abs=1e-5)
        clock.time += wait
        tokens = min(burst, tokens + wait * per_minute / 60) - 1
        assert buckets.wait("a", per_minute) == 0
        buckets.take("a", per_minute)


def test_a_changed_limit_counts_at_once() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    for _ in range(4):
        buckets.take("a", 12)
    assert buckets.wait("a", 12) == 5
    assert buckets.wait("a", 60) == 1
    assert buckets.wait("a", 3) == 20


def test_full_buckets_are_not_kept() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    for key in range(100):
        buckets.take(f"early {key}", 12)
    clock.time += 5
    buckets.take("late", 12)
    assert len(buckets) == 1


def test_a_flood_of_keys_is_bounded_and_forgets_the_oldest() -> None:
    buckets = Buckets(Clock(), capacity=100)
    buckets.take("old", 1)
    for key in range(1000):
        buckets.take("busy", 1)
        buckets.take(f"flood {key}", 1)
        assert len(buckets) <= 100
    assert buckets.wait("old", 1) == 0
    assert buckets.wait("busy", 1) > 0, "who keeps writing is not forgotten"


def test_a_solution_is_for_one_conversation_and_two_minutes() -> None:
    clock = Clock()
    work = Work("key", clock, bits=4)
    solution = solve(work.challenge("c1"))
    assert work.solved(solution, "c1")
    assert work.solved(solution, "c1"), "the same message may have to be sent again"
    assert not work.solved(solution, "c2")
    assert not Work("other key", clock, bits=4).solved(solution, "c1")
    clock.time += 120
    assert work.solved(solution, "c1")
    clock.time += 1
    assert not work.solved(solution, "c1")


def test_another_process_takes_the_solution() -> None:
    solution = solve(Work("key", bits=4).challenge("c1"))
    assert Work("key", bits=4).solved(solution, "c1")


def test_a_solution_without_work_is_none() -> None:
    work = Work("key", Clock(), bits=12)
    challenge = work.challenge("c1").text
    tries = [f"{challenge}.{counter}" for counter in range(2000)]
    assert sum(work.solved(text, "c1") for text in tries) < 20


@given(st.text() | st.from_regex(r"[0-9]{1,15}\.[\w-]{22}\.[0-9]{1,20}"))
def test_no_text_is_a_solution_by_chance(text: str) -> None:
    assert not Work("key", Clock(), bits=0).solved(text, "c1")


def test_a_longer_life_cannot_be_claimed() -> None:
    clock = Clock()
    work = Work("key", clock, bits=0)
    end, signature = work.challenge("c1").text.split(".")
    assert work.solved(f"{end}.{signature}.0", "c1")
    assert not work.solved(f"{int(end) + 60}.{signature}.0", "c1")


class TestGate:
    @pytest.fixture(autouse=True)
    def prepare(self) -> None:
        self.clock = Clock()
        self.limits = Limits()
        self.gate = Gate(lambda: self.limits, "key", clock=self.clock, now=self.clock, bits=6)

    def admit(
        self,
        conversation: str = "c1",
        address: str = "203.0.113.9",
        established: bool = True,
        solution: str | None = None,
    ) -> None:
        self.gate.admit(conversation, address, established, solution)

    def refused(self, *args: object, **named: object) -> Refusal:
        with pytest.raises(Refusal) as refusal:
            self.admit(*args, **named)  # type: ignore[arg-type]
        return refusal.value

    def flood(self, address: str = "203.0.113.9") -> Refusal:
        """Newcomers from one address, until no more are let in."""
        for number in range(1000):
            try:
                self.admit(f"flood {number}", address, established=False)
            except Refusal as refusal:
                return refusal
        raise AssertionError("a flood was let in")

    def test_one_conversation_is_slowed_down(self) -> None:
        for _ in range(4):
            self.admit()
        refusal = self.refused()
        assert refusal.code == "too_fast"
        assert refusal.challenge is None
        assert refusal.public().keys() == {"code", "message", "retry_after"}
        assert refusal.retry_after == 5
        self.admit("c2")
        self.clock.time += refusal.retry_after
        self.admit()

    def test_a_refusal_asks_for_whole_seconds(self) -> None:
        self.limits.messages_per_minute = 50
        for _ in range(16):
            self.admit()
        assert self.refused().retry_after == 2
        self.clock.time += 1.1
        assert self.refused().retry_after == 1, "never for none"

    def test_knocking_makes_nobody_wait_longer(self) -> None:
        for _ in range(4):
            self.admit()
        for _ in range(50):
            self.refused()
        self.clock.time += 5
        self.admit()

    def test_newcomers_share_the_bucket_of_their_address(self) -> None:
        refusal = self.flood()
        assert refusal.code == "prove_work"
        assert refusal.retry_after == 10
        self.admit("c1", "198.51.100.1", established=False)

    def test_an_address_does_not_matter_once_there_was_an_answer(self) -> None:
        self.flood()
        self.admit("c1", established=True)

    def test_established_conversations_take_nothing_from_newcomers(self) -> None:
        for number in range(100):
            self.admit(f"c{number}", established=True)
        self.admit("new", established=False)

    def test_a_flood_from_a_shared_address_locks_no_newcomer_out(self) -> None:
        self.flood()
        for number in range(20):
            refusal = self.refused(f"honest {number}", established=False)
            assert refusal.challenge is not None
            self.admit(f"honest {number}", established=False, solution=solve(refusal.challenge))

    def test_a_solution_lets_in_no_other_conversation(self) -> None:
        self.flood()
        challenge = self.refused("c1", established=False).challenge
        assert challenge is not None
        assert self.refused("c2", established=False, solution=solve(challenge)).challenge

    def test_who_solves_is_still_slowed_down(self) -> None:
        self.flood()
        challenge = self.refused("c1", established=False).challenge
        assert challenge is not None
        solution = solve(challenge)
        for _ in range(4):
            self.admit("c1", established=False, solution=solution)
        assert self.refused("c1", established=False, solution=solution).code == "too_fast"

    def test_a_challenge_costs_no_turn(self) -> None:
        """With one message a minute, the refused try must not have been it."""
        self.limits.messages_per_minute = 1
        self.flood()
        challenge = self.refused("c1", established=False).challenge
        assert challenge is not None
        self.admit("c1", established=False, solution=solve(challenge))

    def test_a_solution_leaves_the_tokens_to_others(self) -> None:
        challenge = self.flood().challenge
        assert challenge is not None
        self.clock.time += 10
        solution = solve(challenge)
        self.admit("flood 2", established=False, solution=solution)
        self.admit("c1", established=False)
        self.refused("c2", established=False)

    def test_the_limits_are_asked_each_time(self) -> None:
        for _ in range(4):
            self.admit()
        assert self.refused().retry_after == 5
        self.limits = Limits(messages_per_minute=60)
        assert self.refused().retry_after == 1
        self.clock.time += 1
        self.admit()

    def test_what_the_client_is_told(self) -> None:
        told = self.flood().public()
        assert told["code"] == "prove_work"
        assert told["retry_after"] == 10
        assert told["bits"] == 6
        assert "bits" in told["message"]
        assert told["challenge"].count(".") == 1
        assert Refusal("busy", 2.5).public()["retry_after"] == 3
