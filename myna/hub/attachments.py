"""What customers send beside words: kept for people, and answered for the bot by the hub.

The brain reads words only. A picture that comes alone gets the hub's own answer; where a case of
the conversation is open it is evidence, and noted there. What comes with words stays beside them.
"""

from __future__ import annotations

from myna.brain.protocol import CaseKind
from myna.hub import cases
from myna.hub.disclosure import disclose
from myna.hub.model import Turn
from myna.hub.thread import Thread

_SEEN = frozenset({"image", "video"})
"""What shows a matter: a person can judge it."""
_EVIDENCE_FOR: tuple[CaseKind, ...] = ("problem", "return", "repair", "complaint", "callback")


def acknowledge(thread: Thread, turn: Turn) -> None:
    """Answers a turn that consists of attachments alone."""
    kinds = {attachment["kind"] for attachment in turn.attachments}
    reference = ""
    if kinds & _SEEN:
        reference = next(iter(note_as_evidence(thread, turn)), "")
        name = "utter_photo_added" if reference else "utter_photo_kept"
    else:
        name = "utter_no_words" if kinds == {"sticker"} else "utter_cannot_read"
    disclose(thread, [name])
    thread.say(name, reference=reference)


def note_as_evidence(thread: Thread, turn: Turn) -> list[str]:
    """Notes pictures in the conversation's newest open case; its reference, if there is one."""
    shown = [m for m in turn.messages if any(a["kind"] in _SEEN for a in m.attachments)]
    found = cases.of_conversation(thread.connection, thread.id, *_EVIDENCE_FOR)[:1] if shown else []
    for case in found:
        for message in shown:
            text = thread.house.say(
                "utter_photo_note", thread.conversation.language, number=message.seq
            ).text
            cases.note_in(thread.connection, case, "customer", text)
        thread.case = case.reference
    return [case.reference for case in found]
