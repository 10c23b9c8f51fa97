"""The facts of a shop: `shop.yml`, read and validated.

Everything that differs from shop to shop and is no sentence stands in `shop.yml`: currencies,
fees, terms, addresses, opening hours, how an order number looks. Code and answers take such facts
from here and from nowhere else.
"""

from __future__ import annotations

import os
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pydantic
import yaml
from pydantic.fields import ModelField

from myna.brain.protocol import Priority
from myna.hours import parse_date, parse_dates, parse_ranges, parse_table, regions
from myna.settings import PROJECT
from myna.shop.model import ORDER_STATES, RETURN_REASONS

LANGUAGES = ("vi", "ms", "en")

LocalizedText = dict[str, str]
"""One text per language, e.g. `{"vi": "Hà Nội", "ms": "Hanoi", "en": "Hanoi"}`."""


class FactsError(ValueError):
    """`shop.yml` cannot be used; the message names the file, the field and what to do."""


class _Model(pydantic.BaseModel):
    class Config:
        extra = "forbid"
        allow_mutation = False
        error_msg_templates: ClassVar[dict[str, str]] = {
            "value_error.missing": "is missing",
            "value_error.extra": "is not known; check its spelling",
            "value_error.number.not_ge": "has to be at least {limit_value}",
            "value_error.number.not_gt": "has to be more than {limit_value}",
            "value_error.number.not_le": "has to be at most {limit_value}",
            "value_error.const": "has to be one of {permitted}",
            "type_error.integer": "has to be a whole number",
            "type_error.float": "has to be a number",
            "type_error.decimal": "has to be a number",
            "type_error.bool": "has to be true or false",
            "type_error.none.not_allowed": "is empty",
            "type_error.dict": "needs lines of its own, indented below it",
            "type_error.list": "has to be a list, e.g. [a, b]",
        }

    @pydantic.validator("*", pre=True)
    def _stays_whole(cls, value: object, field: ModelField) -> object:
        """Pydantic would make 2 of `2.5`, and 1 of `yes`."""
        if _is_whole(field) and isinstance(value, float | bool):
            raise pydantic.IntegerError
        return value


def _is_whole(field: ModelField) -> bool:
    kind = field.type_
    return isinstance(kind, type) and issubclass(kind, int) and not issubclass(kind, bool)


def _every_language(value: LocalizedText) -> LocalizedText:
    missing = [language for language in LANGUAGES if not value.get(language)]
    if missing:
        raise ValueError(f"text is missing for {', '.join(missing)}")
    return value


class ShopSystem(_Model):
    """Where orders are asked for: the shop's own system."""

    adapter: Literal["demo", "http", "woocommerce"] = "demo"
    url: str | None = None
    """Where the system is; the demo needs none."""
    statuses: dict[str, Literal[ORDER_STATES]] = {}  # type: ignore[valid-type]
    """A WooCommerce shop's own statuses → what they are here."""

    @pydantic.validator("url")
    def _address(cls, value: str | None) -> str | None:
        # not repeated in the message: somebody may have put a password into it
        if value is not None and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
            raise ValueError("no address; write e.g. https://shop.example/myna")
        return value

    @pydantic.root_validator(skip_on_failure=True)
    def _fits(cls, values: dict[str, Any]) -> dict[str, Any]:
        adapter, url = values["adapter"], values["url"]
        if adapter == "demo" and url:
            raise ValueError("url is not for the demo; choose adapter: http or woocommerce")
        if adapter != "demo" and not url:
            raise ValueError(f"url is missing: where the shop's system is (adapter: {adapter})")
        if values["statuses"] and adapter != "woocommerce":
            raise ValueError("statuses are for adapter: woocommerce only")
        return values


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


class Holidays(_Model):
    """Days on which a market does not keep its weekly hours, besides its public holidays."""

    region: str | None = None
    """The region whose own public holidays count too, e.g. `KUL` in Malaysia."""
    closed: frozenset[date] = frozenset()
    """Written as days or ranges of days, `2027-02-05..2027-02-11`."""
    special: dict[date, str] = {}
    """Days with hours of their own, for the shops and for agents."""

    @pydantic.validator("closed", pre=True)
    def _days(cls, value: object) -> object:
        if not isinstance(value, list | frozenset):
            raise pydantic.ListError
        return frozenset(day for text in value for day in parse_dates(str(text)))

    @pydantic.validator("special", pre=True)
    def _hours_of_days(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise pydantic.DictError
        for text in value.values():
            parse_ranges(str(text))
        return {parse_date(str(day)): str(text) for day, text in value.items()}


class Market(_Model):
    """A country in which the shop sells: its currency, fees, ways to pay and holidays."""

    currency: str
    time_zone: str
    shipping_fee: Decimal
    free_shipping_from: Decimal
    delivery_days: DeliveryDays
    cash_on_delivery_limit: Decimal
    installments: Installments
    payment_methods: LocalizedText
    holidays: Holidays = Holidays()

    _languages = pydantic.validator("payment_methods", allow_reuse=True)(_every_language)

    @pydantic.validator("time_zone")
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"'{value}' is no time zone; write e.g. Asia/Kuala_Lumpur") from error
        return value


class ReturnTerms(_Model):
    """Terms of returns for one reason."""

    days: int | None = pydantic.Field(default=None, ge=0)
    """Days after delivery; None: `return_days`."""
    paid_by: Literal["shop", "customer"] = "shop"
    """Who pays for the way back."""
    any_category: bool = True
    """Whether it goes for the categories of `not_returnable` too."""
    photo: bool = False
    """Whether the customer is asked for a photo."""
    review: bool = False
    """Whether a person decides."""


_RETURN_REASONS: dict[str, ReturnTerms] = {
    "damaged": ReturnTerms(photo=True),
    "faulty": ReturnTerms(),
    "wrong_item": ReturnTerms(photo=True),
    "incomplete": ReturnTerms(),
    "not_as_described": ReturnTerms(),
    "changed_mind": ReturnTerms(paid_by="customer", any_category=False),
}


class Terms(_Model):
    """After-sales terms."""

    return_days: int
    """Days after delivery in which an item may be sent back."""
    refund_days: str
    """Working days until a refund arrives (a number or a range)."""
    warranty_months: int
    return_reasons: dict[str, ReturnTerms] = _RETURN_REASONS
    """For which reasons items are taken back, and how; others are no reason."""
    not_returnable: list[str] = []
    """Categories of products that are not taken back for reasons without `any_category`."""
    exchange: bool = True
    """Whether an item is exchanged for another."""

    @pydantic.validator("return_reasons")
    def _reasons_exist(cls, value: dict[str, ReturnTerms]) -> dict[str, ReturnTerms]:
        if unknown := [reason for reason in value if reason not in RETURN_REASONS]:
            raise ValueError(
                f"{', '.join(unknown)}: no such reason; there are {', '.join(RETURN_REASONS)}"
            )
        return value


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
    parse_table(value)
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

    message_characters: int = pydantic.Field(default=2000, ge=1)
    code_minutes: int = pydantic.Field(default=10, ge=1)
    proof_minutes: int = pydantic.Field(default=30, ge=1)
    proof_tries: int = pydantic.Field(default=5, ge=1)
    proof_cooldown_minutes: int = pydantic.Field(default=60, ge=0)
    messages_per_minute: int = pydantic.Field(default=600, ge=1)
    waiting_messages: int = pydantic.Field(default=50, ge=1)
    newcomers_per_minute: int = pydantic.Field(default=1200, ge=1)
    gather_milliseconds: int = pydantic.Field(default=800, ge=0, le=10_000)


class CaseTerms(_Model):
    """What is promised for one kind of case."""

    hours: float = pydantic.Field(gt=0, le=1000)
    """Working hours of the agents until it is due."""
    priority: Priority


_CASES: dict[str, CaseTerms] = {
    "complaint": CaseTerms(hours=8, priority="high"),
    "return": CaseTerms(hours=16, priority="normal"),
    "repair": CaseTerms(hours=16, priority="normal"),
    "problem": CaseTerms(hours=8, priority="normal"),
    "promise": CaseTerms(hours=8, priority="normal"),
    "callback": CaseTerms(hours=4, priority="high"),
}


class Service(_Model):
    """What customers are promised, and when people step in; explained in `shop.yml`."""

    reference_prefix: str = "CS"
    cases: dict[str, CaseTerms] = _CASES
    """Terms of every kind, whether or not `shop.yml` names it."""
    hand_over_topics: list[str] = []
    anger: float = pydantic.Field(default=0.6, ge=0)
    queue_minutes: int = pydantic.Field(default=15, ge=1, le=1440)
    nudge_minutes: int = pydantic.Field(default=3, ge=1)
    reassign_minutes: int = pydantic.Field(default=10, ge=2, le=1440)
    presence_seconds: int = pydantic.Field(default=90, ge=30, le=3600)
    idle_hours: int = pydantic.Field(default=24, ge=1, le=720)
    follow_up_hours: int = pydantic.Field(default=20, ge=0, le=720)
    rating: bool = True

    @pydantic.validator("reference_prefix")
    def _letters(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Z]{1,6}", value):
            raise ValueError(f"'{value}' is not one to six capital letters; write e.g. CS")
        return value

    @pydantic.validator("cases", pre=True)
    def _every_kind(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        if unknown := [str(kind) for kind in value if kind not in _CASES]:
            raise ValueError(
                f"{', '.join(unknown)}: no such kind of case; there are {', '.join(_CASES)}"
            )
        return _CASES | {
            kind: {**_CASES[kind].dict(), **terms} if isinstance(terms, dict) else terms
            for kind, terms in value.items()
        }

    @pydantic.validator("hand_over_topics", each_item=True)
    def _identifier(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*(/[a-z0-9_]+)?", value):
            raise ValueError(
                f"'{value}' is not the name of an intent; write one of those in domain.yml,"
                " e.g. make_complaint, or a frequent question, e.g. faq/bulk_order"
            )
        return value

    @pydantic.validator("reassign_minutes", always=True)
    def _after_the_nudge(cls, value: int, values: dict[str, Any]) -> int:
        nudge = values.get("nudge_minutes")
        if nudge is not None and value <= nudge:
            raise ValueError(
                f"has to be more than nudge_minutes ({nudge}): agents are reminded first"
            )
        return value


class MessengerPage(_Model):
    """A Facebook Page whose messages Myna answers."""

    id: str
    name: str
    language: str
    """Spoken until a customer has written something that shows theirs."""
    human_agent: bool = False
    """Whether Meta has granted the feature Human Agent: people may answer for seven days."""

    @pydantic.validator("id", pre=True)
    def _digits(cls, value: object) -> str:
        if not re.fullmatch("[0-9]{5,17}", str(value)):
            raise ValueError(f"'{value}' is not the id of a Page; write its 5 to 17 digits")
        return str(value)

    @pydantic.validator("language")
    def _known(cls, value: str) -> str:
        if value not in LANGUAGES:
            raise ValueError(f"has to be one of {', '.join(LANGUAGES)}")
        return value


class Messenger(_Model):
    """Facebook Messenger; without pages the channel is off."""

    app_id: str = ""
    graph_version: str = "v26.0"
    pages: list[MessengerPage] = []

    @pydantic.validator("app_id", pre=True)
    def _digits(cls, value: object) -> str:
        if value not in ("", None) and not re.fullmatch("[0-9]{5,20}", str(value)):
            raise ValueError(f"'{value}' is not the id of an app; write its digits")
        return str(value or "")

    @pydantic.validator("graph_version")
    def _version(cls, value: str) -> str:
        if not re.fullmatch(r"v[0-9]{1,3}\.[0-9]", value):
            raise ValueError(f"'{value}' is no version of the Graph API; write e.g. v26.0")
        return value

    @pydantic.validator("pages")
    def _complete(cls, value: list[MessengerPage], values: dict[str, Any]) -> list[MessengerPage]:
        if value and not values.get("app_id"):
            raise ValueError(
                "app_id is missing; the app's page at developers.facebook.com shows it"
            )
        if len({page.id for page in value}) < len(value):
            raise ValueError("a page is named twice")
        return value


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
    service: Service = Service()
    shop: ShopSystem = ShopSystem()
    messenger: Messenger = Messenger()

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

    @pydantic.validator("markets")
    def _regions_exist(cls, value: dict[str, Market]) -> dict[str, Market]:
        for name, market in value.items():
            region = market.holidays.region
            if region is None or region in (known := regions(name)):
                continue
            if known:
                raise ValueError(
                    f"{name}: region '{region}' is not known; there are {', '.join(known)}"
                )
            raise ValueError(
                f"{name}: no regions are known; leave region out, or check that the market is"
                " named by its country's code, e.g. MY"
            )
        return value

    @pydantic.validator("service")
    def _references_are_no_order_numbers(cls, value: Service, values: dict[str, Any]) -> Service:
        order_number = values.get("order_number")
        prefixes = order_number.prefixes if order_number else []
        if value.reference_prefix in map(str.upper, prefixes):
            raise ValueError(
                f"reference_prefix '{value.reference_prefix}' begins order numbers as well;"
                " choose other letters"
            )
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


class _Loader(yaml.SafeLoader):
    """Leaves days as text, so that one that does not exist is a mistake like others."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)

SHOP_FILE = Path(os.environ.get("MYNA_SHOP", PROJECT / "shop.yml"))
"""What describes the shop (`MYNA_SHOP`: another file, where one project serves several shops)."""


def load_facts(path: Path | None = None) -> Facts:
    """Reads `shop.yml` (or `path`).

    Raises:
        FactsError: the file is missing, is no YAML, or a field has no usable value.
    """
    path = path or SHOP_FILE
    try:
        data = _Loader(path.read_text(encoding="utf-8")).get_single_data()
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
