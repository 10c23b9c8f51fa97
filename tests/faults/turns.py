"""What became of what one customer said: each message has one outcome, told once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from myna.hub.log import HUB_CHOICE
from tests.faults.evidence import History, Outcome

Kind = Literal["lost", "doubled", "over human", "disorder", "late"]
"""`late`: all is well, but it took longer than is promised; a loaded machine may be the reason."""

APOLOGY = "utter_brain_unavailable"
OWN_ANSWERS = ("utter_empty_message", "utter_message_too_long")
"""What the hub answers in the bot's name without asking the brain."""
PEOPLE = ("queue", "human")

_SEEN_TO = (*PEOPLE, "nobody")  # a person who closes a matter has seen what was said
_CHARACTERS = 2000  # of a message that the brain is asked for


class Finding(NamedTuple):
    """Something that must not be."""

    kind: Kind
    text: str


class Answer(NamedTuple):
    """What the bot said in one transaction."""

    seq: int
    version: int
    texts: tuple[str, ...]


def _answers(history: History) -> list[Answer]:
    """The bot's answers, but for those that the hub gives by itself."""
    spoken: dict[int, list[Any]] = defaultdict(list)
    for row in history.messages:
        if row.author == "bot" and row.response not in OWN_ANSWERS:
            spoken[row.base].append(row)
    return [
        Answer(rows[0].seq, rows[0].version, tuple(row.text for row in rows))
        for rows in spoken.values()
    ]


class Turns:
    """The outcomes of one conversation: each message has one, and what it promised was done."""

    def __init__(self, history: History, outcomes: dict[str, Outcome]) -> None:
        self._history = history
        self._outcomes = outcomes
        self._turns: dict[str, list[Any]] = defaultdict(list)
        for row in history.messages:
            if row.author == "customer":
                self._turns[f"{history.row.id}:{row.burst or row.seq}"].append(row)
        self._unasked = _answers(history)
        """Answers that belong to no turn."""
        self._answers = dict(self._matched())
        notes = (row.text for row in history.messages if row.author == "note")
        self._notes = Counter(note.partition("\n")[2] for note in notes)  # below the heading

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong."""
        unanswered = 0
        for name, rows in self._turns.items():
            outcome = self._outcomes.get(name)
            if outcome and outcome.words not in (None, [row.choice or row.text for row in rows]):
                stored = [row.text for row in rows]
                yield Finding("disorder", f"{name}: asked {outcome.words}, stored {stored}")
            if any(row.state == "pending" for row in rows):
                yield Finding("lost", f"{name}: {len(rows)} messages are still unhandled")
            elif rows[0].state == "abandoned" or outcome is None:
                unanswered += not _chosen_of_hub(rows)
                if self._with_people(rows) or _chosen_of_hub(rows):
                    continue
                if not self._later(rows, APOLOGY, *(OWN_ANSWERS if _own(rows) else ())):
                    yield Finding("lost", f"{name}: {rows[0].state} without a word")
            else:
                if outcome.texts and name not in self._answers:
                    unanswered += 1
                    if not self._noted_once(outcome):
                        yield Finding("lost", f"{name}: neither said nor noted: {outcome.texts}")
                yield from self._done(name, rows, outcome)
        apologies = sum(row.response == APOLOGY for row in self._history.messages)
        if apologies > unanswered:
            text = f"{self._history.row.id}: {apologies} apologies for {unanswered} turns"
            yield Finding("doubled", text)
        for answer in self._unasked:
            yield Finding("doubled", f"{self._history.row.id}: said too often: {answer.texts}")
        known = {"\n".join(outcome.texts) for outcome in self._outcomes.values() if outcome.texts}
        for text, times in self._notes.items():
            if times > 0 and text in known:
                yield Finding("doubled", f"{self._history.row.id}: noted too often: {text}")

    def _matched(self) -> Iterator[tuple[str, Answer]]:
        """The answer to each turn that has one. Several may say the same; turns end in order."""
        for name, rows in self._turns.items():
            outcome = self._outcomes.get(name)
            for answer in self._unasked:
                if outcome and answer.seq > rows[-1].seq and answer.texts == tuple(outcome.texts):
                    self._unasked.remove(answer)
                    yield name, answer
                    break

    def _noted_once(self, outcome: Outcome) -> bool:
        """Whether an answer was given to the agent; takes it off the count."""
        noted = "\n".join(outcome.texts)
        self._notes[noted] -= 1
        return self._notes[noted] >= 0

    def _with_people(self, rows: list[Any]) -> bool:
        """Whether people had the conversation at some time between a message and the next turn that
        was answered."""
        owners = {1: "bot"} | {move.version: move.to_owner for move in self._history.moves}
        later = (
            answer.version
            for name, answer in self._answers.items()
            if self._turns[name][0].seq > rows[0].seq
        )
        until = min(later, default=self._history.row.version)
        return any(owners[version] in _SEEN_TO for version in range(rows[0].version, until + 1))

    def _later(self, rows: list[Any], *responses: str) -> int | None:
        """The first message after these that says one of these things."""
        said = (row.seq for row in self._history.messages if row.response in responses)
        return next((seq for seq in said if seq > rows[-1].seq), None)

    def answers(self) -> Iterator[tuple[Any, int]]:
        """Each message of the customer with the `seq` of its answer, or of the apology.

        What was left to people is not among them, for they answer when they can.
        """
        for name, rows in self._turns.items():
            answer = None
            if name in self._answers:
                answer = self._answers[name].seq
            elif not (self._with_people(rows) or _chosen_of_hub(rows)):
                answer = self._later(rows, *OWN_ANSWERS) if _own(rows) else None
                answer = answer or self._later(rows, APOLOGY)
            if answer is not None:
                yield from ((row, answer) for row in rows)

    def _done(self, name: str, rows: list[Any], outcome: Outcome) -> Iterator[Finding]:
        """Wrong tries are counted once, and cases opened once."""
        failed = any(command["type"] == "proof_failed" for command in outcome.commands)
        counted = sum(failure.seq == rows[0].seq for failure in self._history.failures)
        if counted != failed:
            kind: Kind = "lost" if failed > counted else "doubled"
            yield Finding(kind, f"{name}: {counted} wrong tries counted for {int(failed)}")
        origins = Counter(case.origin for case in self._history.cases)
        for command in outcome.commands:
            if command["type"] == "open_case" and origins[f"{name}:{command['kind']}"] != 1:
                yield Finding("lost", f"{name}: no {command['kind']} was opened")


def _chosen_of_hub(rows: list[Any]) -> bool:
    """Whether a turn is the choice of one of the hub's own buttons."""
    return (rows[0].choice or "").startswith(HUB_CHOICE)


def _own(rows: list[Any]) -> bool:
    """Whether the hub answers a turn itself, for it is empty or too long for the brain."""
    text = "\n".join(row.text for row in rows)
    return rows[0].choice is None and (not text.strip() or len(text) > _CHARACTERS)
