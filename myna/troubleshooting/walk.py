"""One customer's way through a guide: a state that is stored, and the next one after each message.

The state is plain data, so that it fits into a slot and outlives a restart. It names steps by
their names: what a trainer has changed in between holds from the next step on.
"""

from __future__ import annotations

from typing import Literal, TypedDict

from myna.troubleshooting.matching import words
from myna.troubleshooting.model import RESULTS, Device, Ending, Guides, Step

Question = Literal["device", "symptom", "step", "closing"]
Outcome = Literal["solved", "repair", "person", "stopped", "danger"]

_SHORT = 8  # words
_TOLD = 300  # characters of what the customer told that are kept


class Tried(TypedDict):
    """A step that lies behind."""

    step: str
    result: str
    """`same`, `cannot`, `solved`, or the number of an answer."""


class State(TypedDict):
    """Where a customer stands."""

    told: str
    """The trouble in the customer's words."""
    device: str | None
    symptom: str | None
    todo: list[str]
    """Steps that lie ahead, the one that was asked first."""
    then: Ending
    tried: list[Tried]
    asked: list[Question]
    """What was asked for already and is not asked for twice: device, symptom."""
    outcome: Outcome | None


def begin(guides: Guides, text: str, product: str | None = None) -> State:
    """The state after the first message.

    Args:
        guides: what is known.
        text: what the customer wrote.
        product: the shop's number (SKU) of the product, if that is known.
    """
    state: State = {
        "told": text[:_TOLD],
        "device": guides.device_in(text) or (guides.device_of(product) if product else None),
        "symptom": None,
        "todo": [],
        "then": "repair",
        "tried": [],
        "asked": [],
        "outcome": "danger" if guides.danger_in(text) else None,
    }
    return _look(guides, state, text)


def question(guides: Guides, state: State) -> Question:
    """What the customer is asked next."""
    device = guides.devices.get(state["device"] or "")
    if device is None:
        return "closing" if "device" in state["asked"] else "device"
    if state["symptom"] not in device.symptoms:
        return "closing" if "symptom" in state["asked"] else "symptom"
    return "step" if step(guides, state) else "closing"


def step(guides: Guides, state: State) -> tuple[str, Step] | None:
    """The step that is to be tried, with its name; None if nothing is left."""
    device = guides.devices.get(state["device"] or "")
    for name in state["todo"]:
        if device and name in device.steps:
            return name, device.steps[name]
    return None


def go_on(guides: Guides, state: State, text: str, answer: str | None = None) -> State | None:
    """The state after a further message; None if the message says nothing about it.

    Args:
        guides: what is known.
        state: where the customer stood; left as it is.
        text: what they wrote.
        answer: what the button stands for that they pressed: a result, the number of a step's
            answer, a device, a symptom, `repair` or `person`.
    """
    if guides.danger_in(text):
        return {**state, "outcome": "danger", "told": _joined(state["told"], text)}
    match question(guides, state):
        case "device":
            return _answer_device(guides, state, text, answer)
        case "symptom":
            return _answer_symptom(guides, state, text, answer)
        case "step":
            return _answer_step(guides, state, text, answer)
        case "closing":
            return _answer_closing(guides, state, text, answer)


def named(guides: Guides, state: State, text: str) -> State | None:
    """The state after a message that seems to be about something else, where it names what was
    asked for all the same ("the stand fan", "still the same"), or danger; else None. Long messages
    that hold such words are about something else indeed.
    """
    device = guides.devices.get(state["device"] or "")
    match question(guides, state):
        case "device":
            found = guides.device_in(text)
        case "symptom":
            found = device.symptom_in(text) if device else None
        case _:
            found = guides.result_in(text)
    found = found if len(words(text)) <= _SHORT else None
    return go_on(guides, state, text) if found or guides.danger_in(text) else None


def report_again(guides: Guides, state: State, text: str) -> State | None:
    """The state after a message that reports a trouble: another than so far, or the same still.

    None if it names neither another device nor another symptom.
    """
    named = guides.device_in(text)
    if named and named != state["device"]:
        return begin(guides, text)
    device = guides.devices.get(state["device"] or "")
    other = device.symptom_in(text) if device and state["symptom"] else None
    if other and other != state["symptom"]:
        return _look(guides, {**state, "symptom": None, "told": _joined(state["told"], text)}, text)
    return None


def summary(guides: Guides, state: State, language: str) -> str:
    """The matter in a line for the person who takes it up, with all that was tried."""
    device = guides.devices.get(state["device"] or "")
    parts = [state["told"]]
    if device:
        symptom = device.symptoms.get(state["symptom"] or "")
        about = device.name[language]
        parts.insert(0, f"{about}: {symptom.title[language]}" if symptom else about)
        tried = [
            f"{one['step']} → {_result(device.steps.get(one['step']), one['result'], language)}"
            for one in state["tried"]
        ]
        if tried:
            parts.append(f"[{'; '.join(tried)}]")
    return " | ".join(part for part in parts if part)


def _result(step: Step | None, result: str, language: str) -> str:
    if step and result.isdecimal() and int(result) < len(step.choices):
        return step.choices[int(result)].title[language]
    return result


def _look(guides: Guides, state: State, text: str) -> State:
    """Takes the symptom from a text, if it is still open."""
    device = guides.devices.get(state["device"] or "")
    if device and state["symptom"] not in device.symptoms:
        return _with_symptom(device, state, device.symptom_in(text))
    return state


def _with_symptom(device: Device, state: State, name: str | None) -> State:
    if name is None or name not in device.symptoms:
        return state
    symptom = device.symptoms[name]
    done = {one["step"] for one in state["tried"]}
    todo = [step for step in symptom.steps if step not in done]
    return {**state, "symptom": name, "todo": todo, "then": symptom.then}


def _answer_device(guides: Guides, state: State, text: str, answer: str | None) -> State | None:
    if guides.result_in(text) == "stop":
        return {**state, "outcome": "stopped"}
    named = answer if answer in guides.devices else guides.device_in(text)
    told = state["told"] if answer else _joined(state["told"], text)
    asked: list[Question] = [*state["asked"], "device"]
    # what was wrong may have been told before the device was
    return _look(guides, {**state, "device": named, "told": told, "asked": asked}, told)


def _answer_symptom(guides: Guides, state: State, text: str, answer: str | None) -> State | None:
    if guides.result_in(text) == "stop":
        return {**state, "outcome": "stopped"}
    device = guides.devices[state["device"] or ""]
    told = state["told"] if answer else _joined(state["told"], text)
    asked: list[Question] = [*state["asked"], "symptom"]
    after: State = {**state, "told": told, "asked": asked}
    name = answer if answer in device.symptoms else device.symptom_in(text)
    return _with_symptom(device, after, name)


def _answer_step(guides: Guides, state: State, text: str, answer: str | None) -> State | None:
    standing = step(guides, state)
    if standing is None:
        return None
    name, current = standing
    later = state["todo"][state["todo"].index(name) + 1 :]
    chosen = _chosen(current, text, answer)
    if chosen is not None:
        choice = current.choices[chosen]
        if choice.steps is not None:
            later = list(choice.steps)
        tried: list[Tried] = [*state["tried"], {"step": name, "result": str(chosen)}]
        return {**state, "todo": later, "tried": tried, "then": choice.then or state["then"]}
    device = guides.devices[state["device"] or ""]
    result = answer if answer in RESULTS else guides.result_in(text)
    if current.choices and result == "same":
        return None  # "no" to a question is one of its answers
    if result is None and answer is None and device.symptom_in(text) == state["symptom"]:
        result = "same"  # "it still does not turn on"
    match result:
        case "solved":
            tried = [*state["tried"], {"step": name, "result": "solved"}]
            return {**state, "tried": tried, "outcome": "solved"}
        case "same" | "cannot":
            tried = [*state["tried"], {"step": name, "result": result}]
            return {**state, "todo": later, "tried": tried}
        case "stop":
            return {**state, "outcome": "stopped"}
    return None


def _chosen(current: Step, text: str, answer: str | None) -> int | None:
    """The number of the answer to a step that is a question."""
    if answer is not None:
        known = answer.isdecimal() and int(answer) < len(current.choices)
        return int(answer) if known else None
    typed = text.strip().casefold()
    for number, choice in enumerate(current.choices):
        if typed in (title.casefold() for title in choice.title.values()):
            return number
    return None


def _answer_closing(guides: Guides, state: State, text: str, answer: str | None) -> State | None:
    if answer == "repair":
        return {**state, "outcome": "repair"}
    if answer == "person":
        return {**state, "outcome": "person"}
    result = answer if answer in RESULTS else guides.result_in(text)
    if result == "solved":
        return {**state, "outcome": "solved"}
    return {**state, "outcome": "stopped"} if result == "stop" else None


def _joined(told: str, text: str) -> str:
    """What was told so far, and more of it."""
    return told if text in told else f"{told} / {text}"[:_TOLD]
