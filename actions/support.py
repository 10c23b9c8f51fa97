"""Technical problems: guided troubleshooting, one step at a time, from `data/troubleshooting/`."""

from __future__ import annotations

from typing import Any, cast

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import contact, turn
from actions.general import call_person, ended
from myna.brain.protocol import Priority
from myna.troubleshooting import walk
from myna.troubleshooting.library import library
from myna.troubleshooting.model import Guides
from myna.troubleshooting.walk import State

STATE, OUTCOME = "troubleshooting", "troubleshooting_outcome"

_MINE = "report_technical_problem"
_ANSWERS = ("affirm", "deny", "inform", "nlu_fallback", "out_of_scope", "thank", "give_compliment")
"""Intents of messages that may say how a step went; others are digressions or other matters, but
where they name the very thing that was asked for."""
_OTHERS = ("faq", "request_human", "make_complaint", "request_repair", "greet", "goodbye")


class ValidateTroubleshootingForm(FormValidationAction):
    """Takes a message as the answer to what was asked, and moves on by one.

    The form's one slot is the outcome; where the customer stands is kept beside it.
    """

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_troubleshooting_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Events for both slots; none where the message is about something else."""
        guides = library().guides()
        state = standing(tracker)
        after: State | None
        if state is None or tracker.get_intent_of_latest_message() == _MINE:
            after = self._reported(guides, tracker, state)
        else:
            after = self._answered(dispatcher, guides, tracker, state)
        if after is None:
            return []
        moved: list[EventType] = [SlotSet(STATE, after)] if after != state else []
        return [*moved, SlotSet(OUTCOME, after["outcome"])]

    def _reported(self, guides: Guides, tracker: Tracker, state: State | None) -> State:
        text, answer = _text(tracker), answer_of(tracker)
        if state is None:
            return walk.begin(guides, "" if answer else text, _product(tracker))
        if answer:
            return walk.go_on(guides, state, "", answer) or state
        again = walk.report_again(guides, state, text)
        if again is None and tracker.active_loop_name == "troubleshooting_form":
            again = walk.go_on(guides, state, text)
        return again or state

    def _answered(
        self,
        dispatcher: CollectingDispatcher,
        guides: Guides,
        tracker: Tracker,
        state: State,
    ) -> State | None:
        intent = tracker.get_intent_of_latest_message(skip_fallback_intent=False)
        asked = walk.question(guides, state)
        if intent not in _ANSWERS:
            return walk.named(guides, state, _text(tracker)) if intent not in _OTHERS else None
        if after := walk.go_on(guides, state, _text(tracker)):
            return after
        current = walk.step(guides, state) if asked == "step" else None
        if current and len(current[1].choices) == 2 and intent in ("affirm", "deny"):
            # a question that a plain yes or no answers: the first answer is the yes
            return walk.go_on(guides, state, "", "0" if intent == "affirm" else "1")
        match (asked, intent):
            case ("closing", "affirm"):
                return {**state, "outcome": state["then"]}
            case ("step", "deny"):
                return walk.go_on(guides, state, "", "same")
            case (_, "deny"):
                return {**state, "outcome": "stopped"}
            case ("step", "affirm"):
                dispatcher.utter_message(response="utter_troubleshooting_wait")
                return state
        return None


class ActionAskTroubleshootingOutcome(Action):
    """Says what to try next, or asks what it is about."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_troubleshooting_outcome"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """After a digression it takes the thread up again; behind another question it waits."""
        state = standing(tracker)
        if state is None or turn.already_said(
            tracker, "utter_troubleshooting_wait", *turn.QUESTIONS
        ):
            return []
        guides, language = library().guides(), turn.language(tracker)
        match walk.question(guides, state):
            case "device":
                dispatcher.utter_message(response="utter_ask_device")
            case "symptom":
                device = guides.devices[state["device"] or ""]
                titles = {name: each.title[language] for name, each in device.symptoms.items()}
                dispatcher.utter_message(
                    response="utter_ask_symptom_of_device",
                    device=device.name[language],
                    buttons=_buttons(titles),
                )
            case "step":
                self._tell_step(dispatcher, tracker, guides, state)
            case "closing":
                known = "exhausted" if state["tried"] else "unknown"
                dispatcher.utter_message(response=f"utter_troubleshooting_{known}")
        return []

    def _tell_step(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, guides: Guides, state: State
    ) -> None:
        standing_step = walk.step(guides, state)
        if standing_step is None:
            return
        language = turn.language(tracker)
        _, step = standing_step
        name = guides.devices[state["device"] or ""].name[language]
        values: dict[str, Any] = {"step": step.text[language].replace("{device}", name)}
        if step.choices:
            titles = {str(n): each.title[language] for n, each in enumerate(step.choices)}
            values["buttons"] = _buttons(titles)
        kind = "question" if step.choices else "step"
        if not _moved(tracker):
            response = f"utter_troubleshooting_{kind}_again"
        elif state["tried"]:
            response = f"utter_troubleshooting_next_{kind}"
        else:
            response = f"utter_troubleshooting_first_{kind}"
        dispatcher.utter_message(response=response, device=name, **values)


class ActionCloseTroubleshooting(Action):
    """What comes of it: it works, a repair, a person, or nothing more."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_close_troubleshooting"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Forgets the state, but for a repair, whose form takes over what is known."""
        state: State | None = tracker.get_slot(STATE)
        outcome = tracker.get_slot(OUTCOME)
        over: list[EventType] = [SlotSet(OUTCOME, None)]
        if state is None or outcome is None:
            return over
        guides, language = library().guides(), turn.language(tracker)
        if outcome == "repair":
            return [*over, FollowupAction("repair_form")]
        forgotten = [*over, SlotSet(STATE, None)]
        summary = walk.summary(guides, state, language)
        match outcome:
            case "solved":
                dispatcher.utter_message(response="utter_troubleshooting_solved")
            case "person":
                dispatcher.utter_message(response="utter_troubleshooting_person")
                return [*forgotten, *to_person(dispatcher, tracker, summary, "normal")]
            case "danger":
                warn(dispatcher, tracker, guides, state["told"])
                return [*forgotten, *to_person(dispatcher, tracker, summary, "urgent")]
            case _:
                dispatcher.utter_message(response="utter_troubleshooting_stopped")
        return forgotten


def standing(tracker: Tracker) -> State | None:
    """Where the customer stands in a guide; None if nowhere, or at an end."""
    state = cast("State | None", tracker.get_slot(STATE))
    return state if state and state["outcome"] is None else None


def answer_of(tracker: Tracker) -> str | None:
    """What the button stands for that the customer has pressed."""
    return next(tracker.get_latest_entity_values("answer"), None)


def warn(dispatcher: CollectingDispatcher, tracker: Tracker, guides: Guides, text: str) -> bool:
    """Says what to do at once if a text speaks of danger; whether it does."""
    if danger := guides.danger_in(text):
        advice = danger.advice[turn.language(tracker)]
        dispatcher.utter_message(response="utter_danger", advice=advice)
    return danger is not None


def to_person(
    dispatcher: CollectingDispatcher, tracker: Tracker, summary: str, priority: Priority
) -> list[EventType]:
    """Hands over with a case that holds what was tried; where nobody is there, the case alone.

    Returns:
        Events that end what was open; where no contact is known, the form that asks begins.
    """
    if turn.customer(tracker)["people_available"]:
        # the agent has the case beside the conversation; the customer is told of the queue only
        turn.open_case(dispatcher, "problem", summary, priority=priority, response="")
        return call_person(dispatcher, tracker, "topic")
    turn.open_case(dispatcher, "problem", summary, priority=priority)
    if tracker.get_slot("contact"):
        return ended()
    return [*ended(), FollowupAction(contact.FORM)]


def _text(tracker: Tracker) -> str:
    return tracker.latest_message.get("text") or ""


def _product(tracker: Tracker) -> str | None:
    """The number of the product that the message names, if NLU has found one."""
    return next(tracker.get_latest_entity_values("product"), None)


def _moved(tracker: Tracker) -> bool:
    """Whether this message has brought the customer on."""
    for event in reversed(tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "slot" and event["name"] == STATE:
            return True
    return False


def _buttons(titles: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"title": title, "payload": f'/{_MINE}{{"answer": "{name}"}}'}
        for name, title in titles.items()
    ]
