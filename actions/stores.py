"""Where the shops are, and when they are open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from myna import formats
from myna.bootstrap import catalogue
from myna.facts import Facts, Store
from myna.hours import Schedule, Stretch, stores_schedule
from myna.places import nearest
from myna.questions import questions

_AHEAD = timedelta(days=30)
"""How far ahead days with hours of their own are told without being asked for."""
_LONGEST_CLOSURE = 60  # days back in which the first day of a closure is looked for


def now() -> datetime:
    """The present moment; tests choose another."""
    return datetime.now(UTC)


class ActionTellStores(Action):
    """The stores of a city, the nearest one, or all of them."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_tell_stores"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Without a city: all stores, those of the customer's market first."""
        facts, language = catalogue().facts, turn.language(tracker)
        city = _city(tracker)
        if city is None or not facts.stores:
            dispatcher.utter_message(response="utter_store_locations")
            return []
        here = [store for store in facts.stores if store.city["en"] == city]
        if here:
            values = {"city": here[0].city[language], "shops": _addresses(here)}
            values["today"] = _hours_in_words(_schedule(here[0]), _today(here[0]), language)
            dispatcher.utter_message(response="utter_stores_in_city", **values)
            return []
        store = nearest(city, facts.stores, facts.languages[language].market)
        dispatcher.utter_message(
            response="utter_no_store_in_city",
            city=_named(tracker) or city,
            nearest=store.city[language],
            shops=_addresses([store]),
        )
        return []


class ActionTellHours(Action):
    """When the shops are open: now, on a day, or as a rule."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_tell_hours"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """By the clocks of the city that is named, or else of the customer's market."""
        facts, language = catalogue().facts, turn.language(tracker)
        market = _market(tracker, facts, language)
        schedule = stores_schedule(facts, market)
        text = tracker.latest_message.get("text") or ""
        days = [day for value in _values(tracker, "date") if (day := _day(value))]
        today = now().astimezone(schedule.zone).date()
        if questions("stores")["now"].are_in(text) and (not days or days == [today]):
            self._tell_now(dispatcher, schedule, language)
        elif days:
            for day in days[:2]:
                self._tell_day(dispatcher, schedule, day, language)
        else:
            dispatcher.utter_message(response="utter_opening_hours")
            if coming := _exceptions(facts, market, schedule, language, today):
                dispatcher.utter_message(response="utter_special_hours", days="\n".join(coming))
        return []

    def _tell_now(
        self, dispatcher: CollectingDispatcher, schedule: Schedule, language: str
    ) -> None:
        moment = now()
        opening = schedule.next_opening(moment)
        if opening is None:
            dispatcher.utter_message(response="utter_opening_hours")
        elif schedule.is_open(moment):
            until = _open_until(schedule, moment)
            minutes = (until - moment).total_seconds() / 60
            dispatcher.utter_message(
                response="utter_open_now",
                until=formats.clock(until, language, schedule.zone),
                wait=formats.format_wait(minutes, language),
            )
        else:
            dispatcher.utter_message(
                response="utter_closed_now",
                opening=formats.format_moment(opening, language, schedule.zone, moment),
            )

    def _tell_day(
        self, dispatcher: CollectingDispatcher, schedule: Schedule, day: date, language: str
    ) -> None:
        shown = formats.day_of_week(day, language)
        if schedule.hours_on(day):
            dispatcher.utter_message(
                response="utter_open_on",
                day=shown,
                hours=_hours_in_words(schedule, day, language),
            )
            return
        first = day
        for _ in range(_LONGEST_CLOSURE):
            if schedule.hours_on(first - timedelta(days=1)):
                break
            first -= timedelta(days=1)
        midnight = datetime.combine(day, datetime.min.time(), schedule.zone)
        opening = schedule.next_opening(midnight)
        if opening is None:
            dispatcher.utter_message(response="utter_opening_hours")
            return
        reopens = formats.format_moment(opening, language, schedule.zone, now())
        last = opening.astimezone(schedule.zone).date() - timedelta(days=1)
        if first == last:
            dispatcher.utter_message(response="utter_closed_on", day=shown, opening=reopens)
        else:
            dispatcher.utter_message(
                response="utter_closed_from_to",
                first=formats.day_of_week(first, language),
                last=formats.day_of_week(last, language),
                opening=reopens,
            )


def _values(tracker: Tracker, entity: str) -> list[str]:
    return list(dict.fromkeys(str(v) for v in tracker.get_latest_entity_values(entity)))


def _city(tracker: Tracker) -> str | None:
    return next(iter(_values(tracker, "city")), None)


def _named(tracker: Tracker) -> str | None:
    """The city as the customer wrote it, if it was written as a name and not as a shortform."""
    text = tracker.latest_message.get("text") or ""
    for entity in tracker.latest_message.get("entities") or []:
        if entity["entity"] == "city" and entity.get("start") is not None:
            typed = str(text[entity["start"] : entity["end"]])
            return typed if len(typed) > 3 and typed != typed.lower() else None
    return None


def _market(tracker: Tracker, facts: Facts, language: str) -> str:
    city = _city(tracker)
    own = facts.languages[language].market
    if city is None:
        return own
    here = [store.market for store in facts.stores if store.city["en"] == city]
    return here[0] if here else own


def _day(value: str) -> date | None:
    """A single day; a week or a month is answered with the rule."""
    try:
        return date.fromisoformat(value) if len(value) == len("2026-11-29") else None
    except ValueError:
        return None


def _schedule(store: Store) -> Schedule:
    return stores_schedule(catalogue().facts, store.market)


def _today(store: Store) -> date:
    zone = ZoneInfo(catalogue().facts.markets[store.market].time_zone)
    return now().astimezone(zone).date()


def _addresses(stores: Sequence[Store]) -> str:
    return "\n".join(
        " ".join(filter(None, (f"• {store.address} ({store.phone})", store.map)))
        for store in stores
    )


def _hours_in_words(schedule: Schedule, day: date, language: str) -> str:
    stretches = schedule.hours_on(day)
    if not stretches:
        return catalogue().language(language).words["closed"]
    return ", ".join(_stretch(each, schedule, language) for each in stretches)


def _stretch(stretch: Stretch, schedule: Schedule, language: str) -> str:
    ends = (formats.clock(end, language, schedule.zone) for end in stretch)
    return " – ".join(ends)


def _open_until(schedule: Schedule, moment: datetime) -> datetime:
    """The end of the stretch in which it is open now."""
    local = moment.astimezone(schedule.zone).date()
    ends = [
        stretch.end
        for day in (local - timedelta(days=1), local)
        for stretch in schedule.hours_on(day)
        if stretch.start <= moment < stretch.end
    ]
    return max(ends)


def _exceptions(
    facts: Facts, market: str, schedule: Schedule, language: str, today: date
) -> list[str]:
    """The coming days of the shop's own, neighbours with the same hours in one line."""
    own = facts.markets[market].holidays
    coming = sorted(day for day in {*own.closed, *own.special} if today <= day <= today + _AHEAD)
    rows: list[tuple[date, date, str]] = []
    for day in coming:
        hours = _hours_in_words(schedule, day, language)
        if rows and rows[-1][1] == day - timedelta(days=1) and rows[-1][2] == hours:
            rows[-1] = (rows[-1][0], day, hours)
        else:
            rows.append((day, day, hours))
    return [
        f"• {formats.day(first, language)}"
        + (f" – {formats.day(last, language)}" if last != first else "")
        + f": {hours}"
        for first, last, hours in rows
    ]
