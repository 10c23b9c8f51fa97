"""What Myna says: the catalogue of `responses/<language>/`, filled with the shop's facts.

Rasa is not needed for it. The brain's answers and the hub's own sentences (hand-over, apologies)
come from the same catalogue, so they speak with one voice also when the brain is dead. Files are
read again when they change: a new text, fee or address shows with the next answer.
"""

from __future__ import annotations

import logging
import string
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from myna import formats
from myna.facts import LANGUAGES, SHOP_FILE, Facts, FactsError, load_facts
from myna.settings import PROJECT

logger = logging.getLogger(__name__)

RESPONSES = PROJECT / "responses"
_LOOK_AGAIN_AFTER = 1.0  # seconds between two looks at the files' times


class TextError(ValueError):
    """A text is missing or cannot be filled; the message names the file and what to do."""


@dataclass(frozen=True)
class Button:
    """A quick reply below a message."""

    title: str
    payload: str
    """What it means to the brain: `/intent` or `/intent{"entity": "value"}`."""


@dataclass(frozen=True)
class Text:
    """One text with its buttons, placeholders not yet filled."""

    text: str
    buttons: tuple[Button, ...] = ()
    name: str | None = None
    """The response that it is a variation of."""

    def placeholders(self) -> set[str]:
        """The names in braces, in text and button titles.

        Raises:
            ValueError: a brace has no other half, or holds more than a name.
        """
        names = set()
        for part in (self.text, *(button.title for button in self.buttons)):
            for _, name, form, conversion in string.Formatter().parse(part):
                if form or conversion:
                    raise ValueError(f"only a name stands between braces, not {name}:{form}")
                if name:
                    names.add(name)
        return names

    def filled(self, values: dict[str, Any]) -> Text:
        """The text with its placeholders replaced, once: a value is never expanded again.

        Raises:
            KeyError: a placeholder has no value.
        """
        fill = _Fill(values)
        return Text(
            fill.vformat(self.text, (), values),
            tuple(Button(fill.vformat(b.title, (), values), b.payload) for b in self.buttons),
            self.name,
        )


class _Fill(string.Formatter):
    """Only plain names between braces: no attribute or index of a value can be reached."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        return self._values[field_name], field_name


@dataclass(frozen=True)
class LanguageTexts:
    """All that is written in one language."""

    responses: dict[str, tuple[Text, ...]] = field(default_factory=dict)
    """Response name → its variations."""
    titles: dict[str, str] = field(default_factory=dict)
    """Intent → what it means, in the customer's words."""
    words: dict[str, str] = field(default_factory=dict)
    """Single words that facts are listed with."""
    sources: dict[str, Path] = field(default_factory=dict)
    """Response name → the file that holds it."""


def read_texts(folder: Path) -> LanguageTexts:
    """Reads the files of one language.

    Raises:
        TextError: a file is not of the form that `data/README.md` describes.
    """
    texts = LanguageTexts()
    for path in sorted(folder.glob("*.yml")):
        where = f"{folder.name}/{path.name}"
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise TextError(f"responses/{where} cannot be read: {error}") from error
        if not isinstance(content, dict):
            raise TextError(f"responses/{where} must begin with 'responses:'.")
        for part in ("responses", "titles", "words"):
            if not isinstance(content.get(part) or {}, dict):
                raise TextError(f"responses/{where}: under '{part}:' each line needs a name.")
        for name, variations in (content.get("responses") or {}).items():
            if name in texts.responses:
                raise TextError(f"responses/{where}: {name} is defined a second time.")
            try:
                texts.responses[name] = tuple(_text(name, variation) for variation in variations)
            except (KeyError, TypeError, AttributeError) as error:
                raise TextError(
                    f"responses/{where}: {name} needs a list of '- text: …' entries"
                    " (buttons with title and payload)."
                ) from error
            except ValueError as error:
                raise TextError(
                    f"responses/{where}: {name} has braces that cannot be filled: {error}."
                    " Write {{ or }} for a brace that is no placeholder."
                ) from error
            texts.sources[name] = path
        texts.titles.update(content.get("titles") or {})
        texts.words.update(content.get("words") or {})
    return texts


def _text(name: str, variation: dict[str, Any]) -> Text:
    buttons = variation.get("buttons") or []
    text = Text(
        variation["text"].rstrip("\n"),
        tuple(Button(button["title"], button["payload"]) for button in buttons),
        name,
    )
    text.placeholders()  # fails on what could not be filled
    return text


def fact_values(facts: Facts, language: str, words: dict[str, str]) -> dict[str, str]:
    """The placeholders that every response may use, for one language."""
    own = facts.languages[language]
    market = facts.market_of(language)
    agents = facts.market_of(facts.default_language)
    agent_hours = ", ".join(formats.hours(facts.agents.hours, language, words))
    if agents.time_zone != market.time_zone:
        agent_hours += f"; {formats.zone_name(agents.time_zone, language)}"
    stores = sorted(facts.stores, key=lambda store: store.market != own.market)
    contacts = [
        f"• {words['hotline']}: {own.hotline}",
        f"• {words['email']}: {own.email}",
        *(
            f"• {channel.name[language]}: {channel.address}"
            for channel in facts.contact_channels
            if channel.market in (None, own.market)
        ),
    ]
    return {
        "shop_name": facts.name,
        "assistant_name": facts.assistant_name,
        "website": facts.website,
        "hotline": own.hotline,
        "email": own.email,
        "order_number_example": facts.order_number.example,
        "shipping_fee": formats.money(market.shipping_fee, market.currency),
        "free_shipping_from": formats.money(market.free_shipping_from, market.currency),
        "delivery_days_city": market.delivery_days.city,
        "delivery_days_other": market.delivery_days.other,
        "payment_methods": market.payment_methods[language],
        "cod_limit": formats.money(market.cash_on_delivery_limit, market.currency),
        "installment_min": formats.money(market.installments.from_, market.currency),
        "installment_months": market.installments.months,
        "return_days": str(facts.terms.return_days),
        "refund_days": facts.terms.refund_days,
        "warranty_months": str(facts.terms.warranty_months),
        "warranty_covers": facts.terms.warranty_covers.get(language, ""),
        "serial_number_example": facts.serial_number.example if facts.serial_number else "–",
        "stores": "\n".join(f"• {s.city[language]}: {s.address} ({s.phone})" for s in stores),
        "opening_hours": "\n".join(formats.hours(facts.opening_hours, language, words)),
        "agent_hours": agent_hours,
        "contact_channels": "\n".join(contacts),
        "message_limit": str(facts.limits.message_characters),
        "code_minutes": str(facts.limits.code_minutes),
    }


class Catalogue:
    """The texts of all languages with the facts of `shop.yml`, kept fresh.

    An edited file that cannot be used does not replace what was read before: customers keep
    getting the last good texts, and the log names the file.

    Raises:
        TextError, FactsError: at the first reading only.
    """

    def __init__(self, responses: Path = RESPONSES, shop_file: Path | None = None) -> None:
        self._responses = responses
        self._shop_file = shop_file or SHOP_FILE
        self._stamp = self._times()
        self._looked = time.monotonic()
        self.facts, self._texts, self._values = self._read()

    def _times(self) -> tuple[tuple[str, int], ...]:
        paths = [self._shop_file, *sorted(self._responses.glob("*/*.yml"))]
        return tuple((str(path), path.stat().st_mtime_ns) for path in paths)

    def _read(self) -> tuple[Facts, dict[str, LanguageTexts], dict[str, dict[str, str]]]:
        facts = load_facts(self._shop_file)
        texts = {language: read_texts(self._responses / language) for language in LANGUAGES}
        try:
            values = {
                language: fact_values(facts, language, texts[language].words)
                for language in LANGUAGES
            }
        except KeyError as error:
            raise TextError(f"responses: the word {error} is missing under 'words:'.") from error
        return facts, texts, values

    def refresh(self) -> None:
        """Reads the files again if one has changed since the last look."""
        now = time.monotonic()
        if now - self._looked < _LOOK_AGAIN_AFTER:
            return
        self._looked = now
        try:
            stamp = self._times()
            if stamp == self._stamp:
                return
            self.facts, self._texts, self._values = self._read()
            self._stamp = stamp
        except OSError as error:  # a file is just being replaced: looked at again
            logger.warning("Texts and facts cannot be read: %s", error)
        except (TextError, FactsError) as error:
            self._stamp = stamp
            logger.error("Keeping the last good texts and facts: %s", error)

    def names(self) -> set[str]:
        """The names of all responses that any language has."""
        return {name for texts in self._texts.values() for name in texts.responses}

    def language(self, language: str) -> LanguageTexts:
        """The texts of one language."""
        return self._texts[language]

    def title(self, intent: str, language: str) -> str | None:
        """What an intent means in the customer's words; None if it is not to be offered."""
        return self._texts[language].titles.get(intent)

    def render(self, name: str, language: str, /, turn: int = 0, **values: Any) -> Text:
        """One response in one language, facts and values filled in.

        Args:
            name: the response, e.g. `utter_greet`.
            language: `vi`, `ms` or `en`; a response that is missing in it is taken from the
                shop's default language, for a wrong language is better than silence.
            turn: chooses among variations, so that an answer is not repeated word by word.
            values: placeholders besides the facts; they win over facts of the same name.

        Raises:
            TextError: no language has the response, or a placeholder has no value.
        """
        self.refresh()
        for candidate in (language, self.facts.default_language, *LANGUAGES):
            texts = self._texts.get(candidate)
            if texts and (variations := texts.responses.get(name)):
                break
        else:
            raise TextError(f"There is no response {name} in responses/.")
        try:
            return variations[turn % len(variations)].filled({**self._values[candidate], **values})
        except KeyError as error:
            raise TextError(
                f"responses/{candidate}: {name} uses {{{error.args[0]}}}, which has no value here."
            ) from error
        except ValueError as error:
            raise TextError(f"responses/{candidate}: {name} cannot be filled: {error}.") from error
