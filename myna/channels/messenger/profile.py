"""A page's Messenger profile: greeting, first questions, menu. The words stand in `responses/`.

Limits of Meta's profile API: greeting 160 characters, 4 first questions of 80, a menu of titles of
30; each may differ by the user's locale, and `default` has to be there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from myna.channels.messenger.config import Config
from myna.channels.messenger.signature import offer
from myna.channels.messenger.splitting import shorten
from myna.facts import LANGUAGES
from myna.texts import Catalogue

FIELDS = ("get_started", "greeting", "ice_breakers", "persistent_menu")
_LOCALES = {"vi": ("vi_VN",), "ms": ("ms_MY",), "en": ("en_US", "en_GB")}
_GREETING, _QUESTION, _TITLE = 160, 80, 30
_QUESTIONS, _ENTRIES = 4, 5


def desired(config: Config, catalogue: Catalogue, page_id: str) -> dict[str, Any]:
    """What a page's profile should be, as Meta gives it back."""
    own = config.pages[page_id].language

    def signed(payload: str) -> str:
        return offer(config.payload_key, page_id, payload)

    greeting, questions, menu = [], [], []
    for locale, language in _locales(own):
        told = catalogue.render("utter_messenger_greeting", language)
        greeting.append({"locale": locale, "text": shorten(told.text, _GREETING)})
        first = catalogue.render("utter_messenger_questions", language).buttons[:_QUESTIONS]
        questions.append(
            {
                "locale": locale,
                "call_to_actions": [
                    {"question": shorten(b.title, _QUESTION), "payload": signed(b.payload)}
                    for b in first
                ],
            }
        )
        entries = catalogue.render("utter_messenger_menu", language).buttons[:_ENTRIES]
        menu.append(
            {
                "locale": locale,
                "composer_input_disabled": False,
                "call_to_actions": [
                    {
                        "type": "postback",
                        "title": shorten(b.title, _TITLE),
                        "payload": signed(b.payload),
                    }
                    for b in entries
                ],
            }
        )
    return {
        "get_started": {"payload": signed("/greet")},
        "greeting": greeting,
        "ice_breakers": questions,
        "persistent_menu": menu,
    }


def different(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The fields that have to be set."""
    return {name: value for name, value in wanted.items() if found.get(name) != value}


def _locales(own: str) -> Iterable[tuple[str, str]]:
    """(locale, language); what no locale fits is spoken to in the page's own language."""
    yield "default", own
    for language in LANGUAGES:
        for locale in _LOCALES[language]:
            yield locale, language
