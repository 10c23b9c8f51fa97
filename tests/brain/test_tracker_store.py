"""The brain's memory: bounded, exact, refused when stale."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    Event,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from myna.brain.tracker_store import SqlTrackerStore, TrackerConflict
from myna.settings import PROJECT

DOMAIN = Domain.load(str(PROJECT / "domain.yml"))
FORM = "order_status_form"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'brain.db'}"
    found: str = request.getfixturevalue("postgres_database")
    return found


@pytest.fixture
async def opened(url: str) -> AsyncIterator[Callable[[], SqlTrackerStore]]:
    """Opens the memory, each time as another process would."""
    stores: list[SqlTrackerStore] = []

    def open_() -> SqlTrackerStore:
        stores.append(SqlTrackerStore(DOMAIN, host=url))
        return stores[-1]

    yield open_
    for store in stores:
        await store._database.close()


@pytest.fixture
def store(opened: Callable[[], SqlTrackerStore]) -> SqlTrackerStore:
    return opened()


def said(number: int, intent: str = "greet") -> UserUttered:
    return UserUttered(f"message {number}", {"name": intent}, message_id=f"m{number}")


def turn(number: int, *events: Event) -> list[Event]:
    return [said(number), *events, ActionExecuted("action_listen")]


async def write(store: SqlTrackerStore, turns: list[list[Event]]) -> None:
    for events in turns:
        tracker = await store.get_or_create_tracker("c", append_action_listen=False)
        if not tracker.events:
            events = [ActionExecuted("action_session_start"), SessionStarted(), *events]
        tracker.update_with_events(events, DOMAIN)
        await store.save(tracker)


def position(tracker: DialogueStateTracker) -> tuple[object, ...]:
    """What policies, forms and actions go by."""
    message = tracker.latest_message
    loop = tracker.active_loop
    return (
        {name: slot.value for name, slot in tracker.slots.items()},
        (loop.name, loop.is_interrupted) if loop else None,
        ((loop.trigger_message or {}).get("text") if loop else None),
        message.text if message else None,
        tracker.latest_action_name,
    )


EVENTS = st.sampled_from(
    [
        SlotSet("order_number", "DH-20413"),
        SlotSet("order_number", None),
        SlotSet("proof", {"order_number": "DH-20413", "level": "code"}),
        SlotSet("language", "ms"),
        SlotSet("open_question", "human"),
        ActiveLoop(FORM),
        ActiveLoop(None),
        LoopInterrupted(True),
        AllSlotsReset(),
        SessionStarted(),
        BotUttered("hello"),
        ActionExecuted("action_look_up_order"),
    ]
)


@settings(max_examples=60, deadline=None)
@given(turns=st.lists(st.lists(EVENTS, max_size=5), min_size=1, max_size=9), tail=st.integers(1, 4))
async def test_the_tail_leaves_the_tracker_where_the_whole_history_does(
    tmp_path_factory: pytest.TempPathFactory, turns: list[list[Event]], tail: int
) -> None:
    path = tmp_path_factory.mktemp("trackers") / "brain.db"
    store = SqlTrackerStore(DOMAIN, host=f"sqlite:///{path}", tail=tail)
    await write(store, [turn(number, *events) for number, events in enumerate(turns)])
    short, whole = await store.retrieve("c"), await store.retrieve_full_tracker("c")
    assert short is not None
    assert whole is not None
    assert position(short) == position(whole)
    assert position(short.copy()) == position(whole), "Rasa copies trackers by their events"
    assert sum(isinstance(event, UserUttered) for event in short.events) <= tail + 1


async def test_what_is_read_does_not_grow(store: SqlTrackerStore) -> None:
    lengths = []
    for number in range(60):
        await write(store, [turn(number, BotUttered("hello"))])
        tracker = await store.retrieve("c")
        assert tracker is not None
        lengths.append(len(tracker.events))
    assert len(set(lengths[15:])) == 1


async def test_a_stale_tracker_is_refused_and_nothing_of_it_written(store: SqlTrackerStore) -> None:
    await write(store, [turn(1)])
    mine, other = await store.retrieve("c"), await store.retrieve("c")
    assert mine is not None
    assert other is not None
    other.update_with_events(turn(2), DOMAIN)
    await store.save(other)
    mine.update_with_events(turn(3), DOMAIN)
    with pytest.raises(TrackerConflict):
        await store.save(mine)
    whole = await store.retrieve_full_tracker("c")
    assert whole is not None
    assert [e.text for e in whole.events if isinstance(e, UserUttered)] == [
        "message 1",
        "message 2",
    ]


async def test_two_beginnings_of_one_conversation_are_one(store: SqlTrackerStore) -> None:
    first, two = (DialogueStateTracker("c", DOMAIN.slots) for _ in range(2))
    first.update_with_events(turn(1), DOMAIN)
    two.update_with_events(turn(2), DOMAIN)
    await store.save(first)
    with pytest.raises(TrackerConflict):
        await store.save(two)


async def test_of_writers_at_the_same_time_one_wins(
    opened: Callable[[], SqlTrackerStore],
) -> None:
    stores = [opened() for _ in range(4)]
    rounds, won = 8, []
    for number in range(rounds):
        trackers = [
            await store.get_or_create_tracker("c", append_action_listen=False) for store in stores
        ]
        for writer, tracker in enumerate(trackers):
            tracker.update_with_events(turn(number * 10 + writer), DOMAIN)
        outcomes = await asyncio.gather(
            *(store.save(tracker) for store, tracker in zip(stores, trackers, strict=True)),
            return_exceptions=True,
        )
        winners = [writer for writer, outcome in enumerate(outcomes) if outcome is None]
        assert len(winners) == 1
        assert sum(isinstance(outcome, TrackerConflict) for outcome in outcomes) == 3
        won.append(f"message {number * 10 + winners[0]}")
    whole = await stores[0].retrieve_full_tracker("c")
    assert whole is not None
    assert [e.text for e in whole.events if isinstance(e, UserUttered)] == won
    assert len(whole.events) == 2 * rounds


async def test_who_has_lost_reads_again_and_goes_on(
    opened: Callable[[], SqlTrackerStore],
) -> None:
    mine, other = opened(), opened()
    await write(mine, [turn(1)])
    stale = await mine.retrieve("c")
    assert stale is not None
    await write(other, [turn(2, SlotSet("order_number", "DH-20413"))])
    stale.update_with_events(turn(3), DOMAIN)
    with pytest.raises(TrackerConflict):
        await mine.save(stale)
    await write(mine, [turn(3)])
    tracker = await other.retrieve("c")
    assert tracker is not None
    assert [e.message_id for e in tracker.events if isinstance(e, UserUttered)] == [
        *("m1", "m2", "m3")
    ]
    assert tracker.get_slot("order_number") == "DH-20413"


async def test_a_message_is_never_stored_twice(store: SqlTrackerStore) -> None:
    await write(store, [turn(1)])
    assert await store.has_seen("c", "m1")
    assert not await store.has_seen("c", "m2")
    assert not await store.has_seen("d", "m1")
    with pytest.raises(sa.exc.IntegrityError):
        await write(store, [turn(1)])


async def test_odd_texts_come_back_as_they_were(store: SqlTrackerStore) -> None:
    text = "a\x00b\ufffd 👍 Việt"
    await write(store, [[UserUttered(text, {"name": "greet"}, message_id="m"), BotUttered(text)]])
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert [e.text for e in tracker.events if isinstance(e, UserUttered | BotUttered)] == [text] * 2


async def test_nothing_new_writes_nothing(store: SqlTrackerStore) -> None:
    assert await store.retrieve("c") is None
    tracker = await store.create_tracker("c", append_action_listen=False)
    await store.save(tracker)
    assert await store.retrieve("c") is None
    assert list(await store.keys()) == []


async def test_a_database_that_fails_is_heard(store: SqlTrackerStore) -> None:
    await write(store, [turn(1)])
    broken = sa.text('UPDATE tracker_events SET data = \'{"event": "?"}\'')
    await store._database.write(lambda connection: connection.execute(broken))
    with pytest.raises(KeyError):
        await store.retrieve("c")
