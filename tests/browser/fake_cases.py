"""The cases of the stand-in server, in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]

UNDONE = ("open", "working", "waiting")
AGENT_IDS = {"Linh": 1, "Nurul Aisyah": 2}


def stamp(moment: datetime) -> str:
    """An instant as the API writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def hours_from_now(hours: float) -> datetime:
    """The moment so many hours ahead, or ago."""
    return datetime.now(UTC) + timedelta(hours=hours)


@dataclass
class Case:
    """One case with its history."""

    reference: str
    kind: str = "callback"
    summary: str = "Khách hẹn gọi lại"
    state: str = "open"
    priority: str = "normal"
    agent: str | None = None
    conversation_id: str | None = None
    order_number: str | None = None
    phone: str | None = None
    email: str | None = None
    language: str | None = "vi"
    due_at: datetime = field(default_factory=lambda: hours_from_now(4))
    version: int = 1
    overdue: bool = False
    request_id: str | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    solved_at: datetime | None = None
    history: list[Json] = field(default_factory=list)

    @property
    def undone(self) -> bool:
        return self.state in UNDONE

    def public(self) -> Json:
        """The case object of the API."""
        moments = ("due_at", "created_at", "updated_at", "solved_at")
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        del values["history"], values["request_id"]
        for name in moments:
            values[name] = values[name] and stamp(values[name])
        return values

    def note(self, who: str, what: str, **detail: Any) -> None:
        """Add a line to the history."""
        now = stamp(datetime.now(UTC))
        self.history.append({"who": who, "what": what, "detail": detail, "at": now})

    def change(self, who: str, **changes: Any) -> None:
        """Set fields, as an agent or the hub does."""
        for name, value in changes.items():
            before = getattr(self, name)
            setattr(self, name, value)
            if name == "agent":
                ids = {"before": AGENT_IDS.get(before or ""), "after": AGENT_IDS.get(value or "")}
                self.note(who, "agent_id", **ids)
            else:
                self.note(who, name, before=before, after=value)
        self.version += 1
        self.updated_at = datetime.now(UTC)
        self.solved_at = None if self.undone else self.solved_at or self.updated_at


class Cases:
    """All cases."""

    def __init__(self) -> None:
        self.by_reference: dict[str, Case] = {}
        self._numbers: Iterator[int] = itertools.count(402_911)

    def open(self, who: str = "bot", **values: Any) -> Case:
        """A new case, or the one that the same request has opened."""
        request_id = values.get("request_id")
        for known in self.by_reference.values():
            if request_id is not None and known.request_id == request_id:
                return known
        case = Case(reference=f"CS-{next(self._numbers)}", **values)
        case.note(who, "opened", kind=case.kind, due_at=stamp(case.due_at))
        self.by_reference[case.reference] = case
        return case

    def find(self, state: str, kind: str | None, agent: str | None) -> list[Case]:
        """Those that fit, the first due in front."""
        found = [
            case
            for case in self.by_reference.values()
            if (state == "all" or case.state == state or (state == "undone" and case.undone))
            and kind in (None, case.kind)
            and agent in (None, case.agent)
        ]
        return sorted(found, key=lambda case: case.due_at)

    def of(self, conversation_id: str, *kinds: str) -> list[Case]:
        """The cases of a conversation, the newest first."""
        found = [c for c in self.by_reference.values() if c.conversation_id == conversation_id]
        return [case for case in reversed(found) if not kinds or case.kind in kinds]

    def counts(self) -> Json:
        """How many are undone, and how many of them late."""
        undone = [case for case in self.by_reference.values() if case.undone]
        return {"cases": len(undone), "overdue": sum(case.overdue for case in undone)}
