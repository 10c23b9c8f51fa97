"""The bounded memory decides as the whole history would, over the conversations of the project.

Conversations of `tests/conversations/` are played one after the other as one long conversation,
through the real model, actions and demo shop; once with the memory as it is and once with one that
reads everything back.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.shared.core.events import ActionExecuted, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.endpoint import create_app

from actions import orders, proof, stores
from myna import training
from myna.brain.guard import make_loud
from myna.brain.nlg import CatalogueNLG
from myna.brain.protocol import Answer, Choice, TurnRequest
from myna.brain.tracker_store import TAIL, SqlTrackerStore
from myna.brain.turns import reset_conversation, run_turn
from myna.settings import PROJECT
from myna.shop.demo import schema
from myna.shop.demo.seed import seed
from myna.shop.demo.store import DemoShop
from myna.texts import Catalogue, Text
from myna.trainer.conversations import Conversation, read_conversations
from tests.helpers import serving

CONVERSATIONS = read_conversations(PROJECT)[0]
LEAST_TURNS = 40
EVERYTHING = 10**6
"""A tail that no conversation here is longer than."""

Record = dict[str, Any]
"""What one turn came to."""

Sittings = list[list[Conversation]]
"""Conversations that are played as one; between two sittings a person has closed the matter."""


def chains(number: int) -> list[Sittings]:
    """All conversations in disorder, languages mixed, as so many long ones."""
    shuffled = random.Random(number).sample(CONVERSATIONS, len(CONVERSATIONS))
    half = len(CONVERSATIONS) // number // 2
    dealt = [shuffled[start::number] for start in range(number)]
    return [[part[:half], part[half:]] for part in dealt]


CHAINS = chains(8)


class Spoken(Catalogue):
    """Says each response in one way: which variation comes next is not what is compared here."""

    def render(self, name: str, language: str, /, turn: int = 0, **values: Any) -> Text:
        """The first variation."""
        return super().render(name, language, **values)


class Watched(SqlTrackerStore):
    """The memory, of which the last tracker can be looked at as it was written."""

    last: DialogueStateTracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        await super().save(tracker)
        self.last = tracker


class Customer:
    """What the hub knows of the one who writes, as far as it decides anything."""

    def __init__(self, language: str) -> None:
        self.language: str | None = language
        self.answer: Answer | None = None
        self.wrong_tries = 0
        self._numbers = count(1)

    def requests(self, conversations: Sequence[Conversation]) -> Iterator[TurnRequest]:
        """What the customers of the conversations do, each time when the last has been answered."""
        for step in chain.from_iterable(conversation.steps for conversation in conversations):
            if step.choose is not None:
                if choice := self.button(step.choose):
                    yield self.request(None, choice)
            elif step.user and step.user.strip():  # what is empty the hub answers
                yield self.request(step.user, None)

    def request(self, text: str | None, choice: Choice | None) -> TurnRequest:
        return {
            "conversation": "c",
            "message": f"c:{next(self._numbers)}",
            "text": text,
            "parts": [],
            "choice": choice,
            "language": self.language,
            "customer": {
                "channel": "web",
                "proof": self.answer["proof"] if self.answer else None,
                "failed_proofs": self.wrong_tries,
                "guarded_orders": [],
                "customer_id": None,
                "people_available": False,
            },
        }

    def button(self, number: int) -> Choice | None:
        """The n-th button of the last message, if it has so many."""
        messages = self.answer["messages"] if self.answer else []
        buttons = messages[-1]["buttons"] if messages else []
        if number > len(buttons):
            return None
        button = buttons[number - 1]
        return {"payload": button["payload"], "title": button["title"]}

    def closed(self) -> None:
        """A person has closed the matter: what was proved and offered is over."""
        self.answer = None

    def hears(self, answer: Answer) -> None:
        self.answer = answer
        self.language = answer["language"]
        self.wrong_tries += sum(c["type"] == "proof_failed" for c in answer["commands"])
        if any(c.get("reason") == "proof" for c in answer["commands"]):
            self.wrong_tries = 0  # they count for an hour only, and there is more to be tried


def record(answer: Answer, tracker: DialogueStateTracker) -> Record:
    """All that a turn came to."""
    loop = tracker.active_loop
    return {
        "answer": answer,
        "slots": {name: timeless(slot.value) for name, slot in tracker.slots.items()},
        "loop": (loop.name, loop.is_interrupted) if loop else None,
        "actions": [
            (event.action_name, event.policy, event.confidence)
            for event in this_turn(tracker)
            if isinstance(event, ActionExecuted)
        ],
    }


def this_turn(tracker: DialogueStateTracker) -> list[Event]:
    events = list(tracker.events)
    return events[max(i for i, event in enumerate(events) if isinstance(event, UserUttered)) :]


def timeless(value: Any) -> Any:
    """A slot's value without the moment at which a code was sent."""
    return {k: v for k, v in value.items() if k != "at"} if isinstance(value, dict) else value


@pytest.fixture(scope="module")
def model() -> Path:
    """The project's own."""
    return training.train()


@pytest.fixture(scope="module")
def loaded(model: Path) -> Agent:
    nlg = CatalogueNLG()
    nlg._catalogue = Spoken()
    return Agent.load(model, generator=nlg)


@pytest.fixture
async def agent(loaded: Agent) -> AsyncIterator[Agent]:
    """Rasa with the project's model, beside the project's action server."""
    async with serving(create_app("actions", cors_origins=[])) as url:
        loaded.processor.action_endpoint = EndpointConfig(f"{url}/webhook")
        make_loud(loaded)
        yield loaded


Play = Callable[[Sittings, int], AsyncIterator[Record]]


@pytest.fixture
def play(agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Plays conversations as one, with a memory that reads back so many turns."""
    monkeypatch.setenv("MYNA_CODES", "key of tests")
    now = datetime.now(UTC)
    monkeypatch.setattr(stores, "now", lambda: now)  # "still two minutes" is one a minute later

    async def play(sittings: Sittings, tail: int) -> AsyncIterator[Record]:
        engine = schema.open_database(f"sqlite:///{tmp_path / f'shop-{tail}.db'}")
        seed(engine, now)
        for module in (orders, proof):
            monkeypatch.setattr(module, "shop", lambda: DemoShop(engine))
        url = f"sqlite:///{tmp_path / f'brain-{tail}.db'}"
        store = Watched(agent.domain, host=url, tail=tail)
        agent.processor.tracker_store = agent.tracker_store = store
        customer = Customer(sittings[0][0].language)
        for conversations in sittings:
            if customer.answer:
                await reset_conversation(agent, "c")
                customer.closed()
            for request in customer.requests(conversations):
                answer = await run_turn(agent, request)
                assert answer["status"] == "answered"
                customer.hears(answer)
                yield record(answer, store.last)
        await store._database.close()
        engine.dispose()

    return play


@pytest.mark.parametrize("sittings", CHAINS, ids=range(1, len(CHAINS) + 1))
async def test_the_bounded_memory_decides_as_the_whole_history(
    play: Play, sittings: Sittings
) -> None:
    whole = [record async for record in play(sittings, EVERYTHING)]
    assert len(whole) >= LEAST_TURNS
    turn = 0
    async for bounded in play(sittings, TAIL):
        turn += 1
        assert bounded == whole[turn - 1], f"turn {turn}"
    assert turn == len(whole)


@pytest.mark.parametrize("tail", [1, 2])
async def test_a_shorter_memory_would_decide_otherwise(play: Play, tail: int) -> None:
    looking_back = [c for c in CONVERSATIONS if "not sent round in circles" in c.name]
    assert looking_back
    whole = [record async for record in play([looking_back], EVERYTHING)]
    assert [record async for record in play([looking_back], tail)] != whole
