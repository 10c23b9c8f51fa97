"""The facts of a shop: `shop.yml`, read and validated.

Everything that differs from shop to shop and is no sentence stands in `shop.yml`: currencies,
fees, terms, addresses, opening hours, how an order number looks. Code and answers take such facts
from here and from nowhere else.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pydantic
import yaml

from myna.settings import PROJECT

LANGUAGES = ("vi", "ms", "en")

LocalizedText = dict[str, str]
"""One text per language, e.g. `{"vi": "Hà Nội", "ms": "Hanoi", "en": "Hanoi"}`."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME_RANGE = re.compile(r"^([01]\d|2[0-4]):[0-5]\d[–-]([01]\d|2[0-4]):[0-5]\d$")


class FactsError(ValueError):
    """`shop.yml` cannot be used; the message names the file, the field and what to do."""


class _Model(pydantic.BaseModel):
    class Config:
        extra = "forbid"
        allow_mutation = False


def _every_language(value: LocalizedText) -> LocalizedText:
    missing = [language for language in LANGUAGES if not value.get(language)]
    if missing:
        raise ValueError(f"text is missing for {', '.join(missing)}")
    return value


class LanguageFacts(_Model):
    """What belongs to the customers who write one language."""

    market: str
    hotline: str
    email: str


class DeliveryDays(_Model):
    """Days a parcel takes, as shown to the customer (a number or a range)."""

    city: str
    other: str


class Installments(_Model):
    """From which amount one can pay in parts, and over how many months."""

    from_: Decimal = pydantic.Field(alias="from")
    months: str


class Market(_Model):
    """A country in which the shop sells: its currency, fees and ways to pay."""

    currency: str
    time_zone: str
    shipping_fee: Decimal
    free_shipping_from: Decimal
    delivery_days: DeliveryDays
    cash_on_delivery_limit: Decimal
    installments: Installments
    payment_methods: LocalizedText

    _languages = pydantic.validator("payment_methods", allow_reuse=True)(_every_language)

    @pydantic.validator("time_zone")
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"'{value}' is no time zone; write e.g. Asia/Kuala_Lumpur") from error
        return value


class Terms(_Model):
    """After-sales terms."""

    return_days: int
    """Days after delivery in which an item may be sent back."""
    refund_days: str
    """Working days until a refund arrives (a number or a range)."""
    warranty_months: int


class OrderNumberFormat(_Model):
    """How the shop's order numbers look: prefix, separator, digits (`DH-20413`)."""

    prefixes: list[str] = pydantic.Field(min_items=1)
    digits: int = pydantic.Field(ge=1)
    separator: str = "-"

    @property
    def example(self) -> str:
        """A number of the right shape, for prompts."""
        return f"{self.prefixes[0]}{self.separator}{'20413'[: self.digits]:0<{self.digits}}"

    def _pattern(self) -> re.Pattern[str]:
        prefixes = "|".join(re.escape(prefix) for prefix in self.prefixes)
        return re.compile(
            rf"(?<![0-9A-Za-z])(?:#\s?)?({prefixes})[\s.\-–_#:/]{{0,3}}([0-9]{{{self.digits}}})(?!\d)",
            re.IGNORECASE,
        )

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """All order numbers in a text as (start, end, canonical form)."""
        found = []
        for match in self._pattern().finditer(text):
            prefix = next(p for p in self.prefixes if p.casefold() == match[1].casefold())
            found.append((match.start(), match.end(), f"{prefix}{self.separator}{match[2]}"))
        return found

    def canonical(self, text: str) -> str | None:
        """The order number that `text` consists of, in canonical form; None if it is none."""
        stripped = text.strip()
        found = self.find(stripped)
        if len(found) == 1 and found[0][:2] == (0, len(stripped)):
            return found[0][2]
        return None

    def candidates(self, text: str) -> list[str]:
        """Order numbers that bare digits may stand for: one for each prefix."""
        digits = text.strip().lstrip("#").strip()
        if not re.fullmatch(rf"[0-9]{{{self.digits}}}", digits):
            return []
        return [f"{prefix}{self.separator}{digits}" for prefix in self.prefixes]


class Marketplace(_Model):
    """A marketplace whose order numbers we recognise but cannot look up."""

    name: str
    patterns: list[str]
    help: LocalizedText

    _languages = pydantic.validator("help", allow_reuse=True)(_every_language)

    @pydantic.validator("patterns", each_item=True)
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"'{value}' is not a regular expression: {error}") from error
        return value

    def find(self, text: str) -> re.Match[str] | None:
        """The first of this marketplace's order numbers in a text."""
        for pattern in self.patterns:
            if match := re.search(pattern, text, re.IGNORECASE):
                return match
        return None


class Store(_Model):
    """A place where customers can go."""

    city: LocalizedText
    market: str
    address: str
    phone: str

    _languages = pydantic.validator("city", allow_reuse=True)(_every_language)


def _hours(value: dict[str, str]) -> dict[str, str]:
    for days, hours in value.items():
        if days == "holidays":
            continue
        ends = days.split("-")
        if not 1 <= len(ends) <= 2 or any(day not in WEEKDAYS for day in ends):
            raise ValueError(
                f"'{days}' is not a day or a range of days; write e.g. mon, mon-fri or sat-sun"
            )
        if hours != "closed" and not _TIME_RANGE.match(hours):
            raise ValueError(f"'{hours}' is not a time range; write e.g. 08:30–21:00 or closed")
    return value


class Agents(_Model):
    """When people answer in the chat."""

    hours: dict[str, str]

    _hours = pydantic.validator("hours", allow_reuse=True)(_hours)


class ContactChannel(_Model):
    """Another way to reach the shop; without `market`, for customers of all markets."""

    name: LocalizedText
    address: str
    market: str | None = None

    _languages = pydantic.validator("name", allow_reuse=True)(_every_language)


class Limits(_Model):
    """Limits of the conversation; each is explained beside its value in `shop.yml`."""

    message_characters: int = 2000
    code_minutes: int = 10
    proof_minutes: int = 30
    proof_tries: int = 5
    proof_cooldown_minutes: int = 60


class Facts(_Model):
    """The whole of `shop.yml`."""

    name: str
    assistant_name: str
    website: str
    accent: str
    languages: dict[str, LanguageFacts]
    default_language: str
    markets: dict[str, Market]
    terms: Terms
    order_number: OrderNumberFormat
    marketplaces: list[Marketplace] = []
    stores: list[Store]
    opening_hours: dict[str, str]
    agents: Agents
    contact_channels: list[ContactChannel] = []
    limits: Limits = Limits()

    _hours = pydantic.validator("opening_hours", allow_reuse=True)(_hours)

    @pydantic.validator("languages")
    def _all_languages(cls, value: dict[str, LanguageFacts]) -> dict[str, LanguageFacts]:
        missing = [language for language in LANGUAGES if language not in value]
        if missing:
            raise ValueError(f"{', '.join(missing)} is missing")
        return value

    @pydantic.validator("accent")
    def _colour(cls, value: str) -> str:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise ValueError(f"'{value}' is not a colour; write e.g. \"#0f766e\"")
        return value

    @pydantic.root_validator(skip_on_failure=True)
    def _markets_exist(cls, values: dict[str, Any]) -> dict[str, Any]:
        markets = values["markets"]
        named = [f.market for f in values["languages"].values()]
        named += [s.market for s in values["stores"]]
        named += [c.market for c in values["contact_channels"] if c.market]
        for market in named:
            if market not in markets:
                raise ValueError(f"market '{market}' is used, but not described under markets")
        if values["default_language"] not in values["languages"]:
            raise ValueError(f"default_language '{values['default_language']}' is not a language")
        return values

    def market_of(self, language: str) -> Market:
        """The market that a language speaks for."""
        return self.markets[self.languages[language].market]

    def marketplace_of(self, text: str) -> tuple[Marketplace, str] | None:
        """The marketplace whose order number stands in `text`, and that number."""
        for marketplace in self.marketplaces:
            if match := marketplace.find(text):
                return marketplace, match[0]
        return None


SHOP_FILE = PROJECT / "shop.yml"


def load_facts(path: Path | None = None) -> Facts:
    """Reads `shop.yml` (or `path`).

    Raises:
        FactsError: the file is missing, is no YAML, or a field has no usable value.
    """
    path = path or SHOP_FILE
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FactsError(f"{path.name} is missing; it describes your shop to Myna.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FactsError(f"{path.name} cannot be read: {error}") from error
    try:
        return Facts.parse_obj(data)
    except pydantic.ValidationError as error:
        lines = []
        for mistake in error.errors():
            field = " → ".join(str(part) for part in mistake["loc"] if part != "__root__")
            lines.append(": ".join(filter(None, (path.name, field, mistake["msg"]))))
        raise FactsError("\n".join(lines)) from error
