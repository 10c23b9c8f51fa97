"""News for those who listen."""

from __future__ import annotations

from myna.hub.bus import EVERYTHING, Bus, News


def test_listeners_of_a_conversation_and_of_everything_hear_it() -> None:
    bus = Bus()
    with bus.listen("a") as a, bus.listen("b") as b, bus.listen(EVERYTHING) as every:
        bus.publish(News("message", "a", 1))
        assert a.get_nowait() == every.get_nowait() == News("message", "a", 1)
        assert b.empty()


def test_a_sleeping_listener_neither_blocks_nor_grows() -> None:
    bus = Bus()
    with bus.listen("a") as slow:
        for number in range(1000):
            bus.publish(News("message", "a", number))
        assert slow.qsize() <= 200


def test_nothing_is_left_of_a_listener() -> None:
    bus = Bus()
    with bus.listen("a"), bus.listen("a"):
        pass
    bus.publish(News("message", "a"))
    assert bus._listeners == {}
