"""The judge finds each kind of wrong, and nothing where nothing is wrong.

One real course of events is taken, and spoiled in one way at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults.evidence import Evidence, History
from tests.faults.judge import judge
from tests.faults.place import wait_until
from tests.faults.runner import Scenario, play
from tests.faults.teeth import GUARDS
from tests.faults.traffic import Traffic
from tests.faults.turns import APOLOGY, Kind
from tests.faults.world import Setup, World


async def _everything(world: World, traffic: Traffic) -> None:
    """something of each kind that is judged"""
    for customer in traffic.customers:
        for verb in ("wrong", "case", "plain", "person"):
            await customer.say(verb)
    await wait_until(lambda: any(agent.replies for agent in traffic.agents), 60)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    scenario = Scenario("everything", _everything, 60, customers=8)
    setup = Setup(tmp_path_factory.mktemp("judge"), seed=1)
    return _plain(asyncio.run(play(scenario, setup)).evidence)


@pytest.fixture
def evidence(course: Evidence) -> Evidence:
    return deepcopy(course)


def _plain(evidence: Evidence) -> Evidence:
    """With rows that can be changed."""

    def rows(found: list[Any]) -> list[Any]:
        return [SimpleNamespace(**row._mapping) for row in found]

    for history in evidence.histories.values():
        (history.row,) = rows([history.row])
        for name in ("messages", "moves", "cases", "failures"):
            setattr(history, name, rows(getattr(history, name)))
    evidence.outbox = rows(evidence.outbox)
    return evidence


def _messages(evidence: Evidence, author: str) -> Iterator[tuple[History, Any]]:
    for history in evidence.histories.values():
        for row in history.messages:
            if row.author == author and row.text.strip():
                yield history, row


def _first(evidence: Evidence, author: str) -> tuple[History, Any]:
    return next(_messages(evidence, author))


def _an_answer(evidence: Evidence) -> tuple[History, Any]:
    """Of the brain, and nothing else happened with it."""
    return next(
        (history, row)
        for history, row in _messages(evidence, "bot")
        if row.response is None and all(move.base != row.base for move in history.moves)
    )


def test_nothing_is_wrong(evidence: Evidence) -> None:
    assert judge(evidence) == []


# --- ways to spoil it


def a_message_vanishes(evidence: Evidence) -> None:
    history, row = _first(evidence, "customer")
    history.messages.remove(row)


def a_message_stays_unhandled(evidence: Evidence) -> None:
    _first(evidence, "customer")[1].state = "pending"


def a_message_is_stored_twice(evidence: Evidence) -> None:
    history, row = _first(evidence, "customer")
    history.row.last_seq += 1
    history.messages.append(SimpleNamespace(**{**vars(row), "seq": history.row.last_seq}))


def an_answer_vanishes(evidence: Evidence) -> None:
    _an_answer(evidence)[1].text = "something else"


def an_answer_is_given_twice(evidence: Evidence) -> None:
    history, row = _an_answer(evidence)
    said = [other for other in history.messages if other.base == row.base]
    for other in said:
        last = history.row.last_seq = history.row.last_seq + 1
        again = {**vars(other), "seq": last, "base": 10_000, "echo_id": None}
        history.messages.append(SimpleNamespace(**again))


def the_bot_talks_over_a_person(evidence: Evidence) -> None:
    history, row = next(
        (history, row)
        for history, row in _messages(evidence, "bot")
        if any(move.to_owner == "human" for move in history.moves)
    )
    row.version = next(move.version for move in history.moves if move.to_owner == "human")


def numbers_have_a_gap(evidence: Evidence) -> None:
    _first(evidence, "customer")[0].messages[-1].seq += 1


def versions_have_a_gap(evidence: Evidence) -> None:
    next(h for h in evidence.histories.values() if h.moves).row.version += 1


def an_owner_comes_from_nowhere(evidence: Evidence) -> None:
    next(h for h in evidence.histories.values() if h.moves).row.owner = "somebody"


def an_apology_calls_nobody(evidence: Evidence) -> None:
    _an_answer(evidence)[1].response = APOLOGY


def a_page_misses_a_message(evidence: Evidence) -> None:
    view = evidence.customers[0].views[0]
    seq = view.last
    view.lines = [[other for other in line if other != seq] for line in view.lines]


def a_page_is_out_of_order(evidence: Evidence) -> None:
    lines = [line for customer in evidence.customers for line in customer.views[0].lines]
    next(line for line in lines if len(line) > 1).reverse()


def a_page_shows_another_text(evidence: Evidence) -> None:
    view = evidence.customers[0].views[1]
    view.messages[view.last] = {**view.messages[view.last], "text": "something else"}


def the_sender_is_told_another_number(evidence: Evidence) -> None:
    sent = evidence.customers[0].sent[0]
    sent.seq = (sent.seq or 0) + 1


def a_reply_of_an_agent_vanishes(evidence: Evidence) -> None:
    evidence.replies["linh-never"] = next(iter(evidence.histories))


def a_wrong_try_is_counted_twice(evidence: Evidence) -> None:
    history = next(h for h in evidence.histories.values() if h.failures)
    history.failures *= 2


def a_wrong_try_is_forgotten(evidence: Evidence) -> None:
    next(h for h in evidence.histories.values() if h.failures).failures.clear()


def a_case_is_never_opened(evidence: Evidence) -> None:
    for history in evidence.histories.values():
        history.cases = [case for case in history.cases if case.kind != "problem"]


def somebody_is_to_be_called_back_twice(evidence: Evidence) -> None:
    history = next(h for h in evidence.histories.values() if h.cases)
    callback = {**vars(history.cases[0]), "kind": "callback", "state": "open"}
    history.cases += [SimpleNamespace(**callback)] * 2


def a_message_is_acted_on_twice(evidence: Evidence) -> None:
    name, said = next((n, s) for n, s in evidence.effects.items() if s[0].startswith("wrong"))
    evidence.effects[f"{name}0"] = said


def the_brain_is_asked_something_else(evidence: Evidence) -> None:
    name, outcome = next(iter(evidence.outcomes.items()))
    evidence.outcomes[name] = replace(outcome, words=["something else"])


def a_webhook_is_never_called(evidence: Evidence) -> None:
    evidence.outbox[-1].state = "failed"


def webhooks_are_called_in_another_order(evidence: Evidence) -> None:
    evidence.deliveries.reverse()


def a_webhook_is_not_signed(evidence: Evidence) -> None:
    evidence.deliveries[0] = replace(evidence.deliveries[0], genuine=False)


def a_customer_is_refused(evidence: Evidence) -> None:
    evidence.customers[0] = replace(evidence.customers[0], refusals=["403"])


SPOILED: list[tuple[Callable[[Evidence], None], Kind]] = [
    (a_message_vanishes, "lost"),
    (a_message_stays_unhandled, "lost"),
    (a_message_is_stored_twice, "doubled"),
    (an_answer_vanishes, "lost"),
    (an_answer_is_given_twice, "doubled"),
    (the_bot_talks_over_a_person, "over human"),
    (numbers_have_a_gap, "disorder"),
    (versions_have_a_gap, "disorder"),
    (an_owner_comes_from_nowhere, "disorder"),
    (an_apology_calls_nobody, "lost"),
    (a_page_misses_a_message, "lost"),
    (a_page_is_out_of_order, "disorder"),
    (a_page_shows_another_text, "disorder"),
    (the_sender_is_told_another_number, "lost"),
    (a_reply_of_an_agent_vanishes, "lost"),
    (a_wrong_try_is_counted_twice, "doubled"),
    (a_wrong_try_is_forgotten, "lost"),
    (a_case_is_never_opened, "lost"),
    (somebody_is_to_be_called_back_twice, "doubled"),
    (a_message_is_acted_on_twice, "doubled"),
    (the_brain_is_asked_something_else, "disorder"),
    (a_webhook_is_never_called, "lost"),
    (webhooks_are_called_in_another_order, "disorder"),
    (a_webhook_is_not_signed, "disorder"),
    (a_customer_is_refused, "disorder"),
]


@pytest.mark.parametrize(("spoil", "kind"), SPOILED, ids=lambda one: getattr(one, "__name__", one))
def test_what_is_wrong_is_found(
    evidence: Evidence, spoil: Callable[[Evidence], None], kind: Kind
) -> None:
    spoil(evidence)
    assert kind in {finding.kind for finding in judge(evidence)}


# --- the product without a guard


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_every_guard_still_stands_where_it_is_switched_off(tmp_path: Path, guard: Any) -> None:
    guard.switch_off(tmp_path)


async def test_a_missing_guard_is_noticed(tmp_path: Path) -> None:
    """One of them; `python -m tests.faults.teeth` tries all."""
    guard = next(guard for guard in GUARDS if guard.name == "one message for each echo_id")
    assert (await guard.missed(tmp_path, seed=1)).count(guard.kind) > 0
