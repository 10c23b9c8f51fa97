"""Decides whether anything was lost, doubled, said over a person, or put into disorder."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from myna.hub.cases import UNDONE
from myna.hub.hub import storable
from myna.hub.ownership import TRANSITIONS
from tests.faults.customers import TOKEN, Sent, View
from tests.faults.evidence import Evidence, History, Witnessed
from tests.faults.turns import APOLOGY, PEOPLE, Finding, Kind, Turns

_LEFT = "utter_left_for_people"
_MOVES = {(before, after) for (before, _), after in TRANSITIONS.items()}


def judge(evidence: Evidence) -> list[Finding]:
    """Everything that is wrong."""
    return [*_findings(evidence)]


def _findings(evidence: Evidence) -> Iterator[Finding]:
    for history in evidence.histories.values():
        yield from _order(history)
        yield from _ownership(history)
        yield from _silence(history)
        yield from _apologies(history)
        yield from Turns(history, evidence.outcomes).findings()
        yield from _callbacks(history)
    for customer in evidence.customers:
        known = evidence.histories.get(customer.conversation_id)
        yield from _acknowledged(customer, known)
        for view in customer.views:
            yield from _seen(view, known)
    yield from _effects(evidence)
    yield from _replies(evidence)
    yield from _webhooks(evidence)
    for complaint in evidence.complaints:
        yield Finding("disorder", complaint)


# --- the log


def _order(history: History) -> Iterator[Finding]:
    """Numbers without gaps, each sender's id once."""
    name = history.row.id
    numbers = [row.seq for row in history.messages]
    if numbers != list(range(1, history.row.last_seq + 1)):
        yield Finding("disorder", f"{name}: seq {numbers}, last_seq {history.row.last_seq}")
    for echo_id, times in Counter(row.echo_id for row in history.messages).items():
        if echo_id is not None and times > 1:
            yield Finding("doubled", f"{name}: {echo_id} stands {times} times in the log")


def _ownership(history: History) -> Iterator[Finding]:
    """Versions without gaps, and only changes that the table of transitions has."""
    name, owner = history.row.id, "bot"
    versions = [row.version for row in history.moves]
    if versions != list(range(2, history.row.version + 1)):
        yield Finding("disorder", f"{name}: versions {versions}, version {history.row.version}")
    for move in history.moves:
        if move.from_owner != owner or (move.from_owner, move.to_owner) not in _MOVES:
            yield Finding("disorder", f"{name}: from {owner}, {move.from_owner}→{move.to_owner}")
        owner = move.to_owner
    if owner != history.row.owner:
        yield Finding("disorder", f"{name}: {history.row.owner} owns what {owner} was given")


def _silence(history: History) -> Iterator[Finding]:
    """While people have a conversation, the bot says nothing.

    What a turn says in the transaction in which it hands the conversation over is its own.
    """
    moves = {row.version: row for row in history.moves}
    for row in history.messages:
        move = moves.get(row.version)
        if row.author != "bot" or move is None or move.to_owner not in PEOPLE:
            continue
        if move.who != "bot" or move.base != row.base:
            text = f"{history.row.id}: {row.seq} '{row.text}' while {move.to_owner} has it"
            yield Finding("over human", text)


def _apologies(history: History) -> Iterator[Finding]:
    """Who apologises calls a person, or says when one will answer."""
    queued = {row.base for row in history.moves if row.to_owner == "queue"}
    for row in history.messages:
        if row.response == APOLOGY and row.base not in queued:
            same = [other for other in history.messages if other.base == row.base]
            if not any(other.response == _LEFT for other in same):
                yield Finding("lost", f"{history.row.id}: {row.seq} apologises and calls nobody")


def _callbacks(history: History) -> Iterator[Finding]:
    """At most one promise to call back is open."""
    undone = [row for row in history.cases if row.kind == "callback" and row.state in UNDONE]
    if len(undone) > 1:
        yield Finding("doubled", f"{history.row.id}: {len(undone)} callbacks are open")


# --- what was done


def _effects(evidence: Evidence) -> Iterator[Finding]:
    """What a customer said is acted on under one message id only."""
    acted: dict[str, list[str]] = defaultdict(list)
    for name, said in evidence.effects.items():
        for words in said:
            if TOKEN.fullmatch(words.partition(" ")[2]):  # a choice may be made twice
                acted[words].append(name)
    for words, names in acted.items():
        if len(names) > 1:
            yield Finding("doubled", f"'{words}' was acted on as {', '.join(names)}")


# --- what people were told


def _acknowledged(customer: Witnessed, history: History | None) -> Iterator[Finding]:
    """What was acknowledged stands in the log, once, as it was sent."""
    name = customer.conversation_id
    for refusal in customer.refusals:
        yield Finding("disorder", f"{name}: {refusal}")
    rows: dict[str, list[Any]] = defaultdict(list)
    texts: Counter[str] = Counter()
    for row in history.messages if history else ():
        if row.author == "customer":
            rows[row.echo_id.partition(":")[2]].append(row)
            texts[row.text] += row.choice is None
    for sent in customer.sent:
        if sent.seq is None:
            yield Finding("lost", f"{name}: '{sent.text}' was never taken")
        elif not any(_is(row, sent) for row in rows[sent.echo_id]):
            yield Finding("lost", f"{name}: {sent} is not in the log")
        if sent.choice is None and TOKEN.search(sent.text) and texts[sent.text] > 1:
            yield Finding(
                "doubled", f"{name}: '{sent.text}' is {texts[sent.text]} times in the log"
            )


def _is(row: Any, sent: Sent) -> bool:
    return bool(row.seq == sent.seq and row.text == storable(sent.text))


def _seen(view: View, history: History | None) -> Iterator[Finding]:
    """A page has been shown every public message, in order, and once by each connection."""
    name = history.row.id if history else "nobody"
    public = {row.seq: row for row in history.messages if row.author != "note"} if history else {}
    # what came after the log was read is no matter
    last = history.row.last_seq if history else 0
    lines = [[seq for seq in line if seq <= last] for line in view.lines]
    for line in lines:
        if line != sorted(set(line)):
            yield Finding("disorder", f"{name}: one connection brought {line}")
    first = list(dict.fromkeys(seq for line in lines for seq in line))
    if first != list(public):
        missing = sorted(public.keys() - set(first))
        kind: Kind = "lost" if missing else "disorder"
        yield Finding(kind, f"{name}: shown {first}, there are {list(public)}; missing {missing}")
    changed = [seq for seq in first if not _same(view.messages[seq], public.get(seq))]
    if changed or view.changed:
        yield Finding("disorder", f"{name}: shown otherwise than stored: {changed} {view.changed}")


def _same(message: dict[str, Any], row: Any) -> bool:
    if row is None:
        return False
    buttons = [{"id": b["id"], "title": b["title"]} for b in row.buttons]
    stored = (row.author, row.text, row.response, buttons)
    return stored == tuple(message[name] for name in ("author", "text", "response", "buttons"))


def _replies(evidence: Evidence) -> Iterator[Finding]:
    """What an agent was told is sent stands in the log once."""
    for echo_id, name in evidence.replies.items():
        rows = [
            row
            for row in evidence.histories[name].messages
            if row.author == "agent" and row.echo_id.endswith(f":{echo_id}")
        ]
        if len(rows) != 1:
            kind: Kind = "doubled" if rows else "lost"
            yield Finding(
                kind, f"{name}: the agent's {echo_id} stands {len(rows)} times in the log"
            )


def _webhooks(evidence: Evidence) -> Iterator[Finding]:
    """Each event is there once, and was delivered; a key's payload is always the same."""
    keys = Counter(row.key for row in evidence.outbox)
    for history in evidence.histories.values():
        for move in history.moves:
            event = {"queue": "queued", "nobody": "resolved"}.get(move.to_owner)
            key = f"0:conversation.{event}:{history.row.id}:{move.version}"
            if event and evidence.outbox and keys[key] != 1:
                yield Finding("lost", f"{key} stands {keys[key]} times in the outbox")
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for delivery in evidence.deliveries:
        bodies[delivery.key].add(delivery.body)
        if not delivery.genuine:
            yield Finding("disorder", f"{delivery.key}: the signature is wrong")
    for row in evidence.outbox:
        if row.state != "sent" or row.key not in bodies:
            yield Finding("lost", f"{row.key} is {row.state} after {row.tries} tries")
    for key, different in bodies.items():
        if len(different) > 1 or keys[key] != 1:
            yield Finding("disorder", f"{key}: {len(different)} bodies, {keys[key]} rows")
    # Of two conversations either may be first: whose transaction began first need not end first.
    happened: dict[str | None, list[str]] = defaultdict(list)
    for row in evidence.outbox:
        if row.key in bodies:
            happened[row.payload["data"]["conversation"]].append(row.key)
    arrived = {key: place for place, key in enumerate(bodies)}
    for name, order in happened.items():
        if order != sorted(order, key=arrived.__getitem__):
            yield Finding("disorder", f"{name}: webhooks arrived in another order than it happened")
