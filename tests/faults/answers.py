"""What the light brain answers, by the first word of each message; and what it is asked wrongly."""

from __future__ import annotations

from typing import Any

from myna.brain.protocol import Answer, Command, Customer, TurnRequest


def words(turn: TurnRequest) -> list[str]:
    """What the customer said, message by message."""
    if turn["choice"]:
        return [turn["choice"]["payload"]]
    return turn["parts"] or [turn["text"] or ""]


def respond(turn: TurnRequest) -> Answer:
    """One message for each of the customer's, and the command that its first word asks for."""
    answer: Answer = {
        "status": "answered",
        "messages": [],
        "commands": [],
        "language": turn["language"],
        "intent": "greet",
        "proof": turn["customer"]["proof"],
        "slots": {},
    }
    for number, said in enumerate(words(turn), start=1):
        verb, _, token = said.partition(" ")
        answer["messages"].append(
            {
                "text": f"{turn['message']}#{number}: {token}",
                "buttons": [
                    {"title": f"{title} {token}", "payload": f"{title} {token}{title}"}
                    for title in ("yes", "no")
                    if verb == "offer"
                ],
                "response": None,
            }
        )
        command: Command | None = _COMMANDS.get(verb)
        if command:
            answer["commands"].append({**command, "after": number})
    return answer


_COMMANDS: dict[str, Command] = {
    "person": {"type": "hand_over", "reason": "asked"},
    "case": {
        "type": "open_case",
        "kind": "problem",  # one for each message; complaints of one conversation are one case
        "summary": "a problem",
        "response": "utter_case_opened",
    },
    "contact": {"type": "case_contact", "phone": "+84900000000"},
    "wrong": {"type": "proof_failed", "order_number": "DH-20413"},
}


def wrong(turn: Any) -> str | None:
    """What about a request is against the contract."""
    if set(turn) != set(TurnRequest.__annotations__):
        return f"fields {sorted(turn)}"
    if set(turn["customer"]) != set(Customer.__annotations__):
        return f"customer's fields {sorted(turn['customer'])}"
    if not turn["message"].startswith(f"{turn['conversation']}:"):
        return "the message is another conversation's"
    if (turn["text"] is None) == (turn["choice"] is None):
        return "neither text nor choice, or both"
    if turn["parts"] and (len(turn["parts"]) < 2 or "\n".join(turn["parts"]) != turn["text"]):
        return "the parts are not the text"
    return None
