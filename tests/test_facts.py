"""`shop.yml`: what is read from it, and how its mistakes are told."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from myna.brain.protocol import CaseKind
from myna.facts import (
    LANGUAGES,
    SHOP_FILE,
    CaseTerms,
    Facts,
    FactsError,
    Limits,
    OrderNumberFormat,
    Service,
    load_facts,
)
from myna.settings import PROJECT
from myna.shop.model import RETURN_REASONS

NUMBERS = OrderNumberFormat(prefixes=["DH", "MY"], digits=5, separator="-")
SHOP: dict[str, Any] = yaml.safe_load(SHOP_FILE.read_text(encoding="utf-8"))


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[Any], Any]:
    """Loads a changed `shop.yml`."""

    def load(change: Callable[[dict[str, Any]], object]) -> Any:
        data = copy.deepcopy(SHOP)
        change(data)
        path = tmp_path / "shop.yml"
        path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
        return load_facts(path)

    return load


def test_the_shop_as_it_is() -> None:
    facts = load_facts()
    assert set(facts.languages) == set(LANGUAGES)
    assert facts.market_of("vi").currency == "VND"
    assert facts.market_of("ms").currency == "MYR"
    assert facts.markets["VN"].shipping_fee == Decimal(30000)
    assert facts.limits.message_characters == 2000


def test_facts_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        load_facts().name = "x"


def test_limits_have_defaults(loaded: Callable[[Any], Any]) -> None:
    assert loaded(lambda shop: shop.pop("limits")).limits.proof_tries == 5


def test_a_file_without_what_is_new_still_loads(loaded: Callable[[Any], Any]) -> None:
    def old(shop: dict[str, Any]) -> None:
        del shop["service"]
        for market in shop["markets"].values():
            market.pop("holidays", None)
        for name in ("messages_per_minute", "waiting_messages", "newcomers_per_minute"):
            del shop["limits"][name]
        del shop["limits"]["gather_milliseconds"]
        del shop["shop"]
        for name in ("return_reasons", "not_returnable", "exchange"):
            del shop["terms"][name]

    facts = loaded(old)
    assert facts.service == Service()
    assert facts.limits == Limits()
    assert facts.markets["VN"].holidays.region is None
    assert facts.shop.adapter == "demo"
    assert facts.terms.exchange
    assert set(facts.terms.return_reasons) == set(RETURN_REASONS)


def test_the_file_shows_the_defaults() -> None:
    facts = load_facts()
    assert facts.service == Service()
    assert facts.limits == Limits()


def test_every_value_of_the_new_sections_stands_in_the_file() -> None:
    for section, model in (("service", Service), ("limits", Limits)):
        assert list(SHOP[section]) == list(model.__fields__)
    assert list(SHOP["service"]["cases"]) == list(get_args(CaseKind))


def test_cases_that_are_not_named_have_the_usual_terms(loaded: Callable[[Any], Any]) -> None:
    cases = {"return": {"hours": 2.5}, "promise": {"hours": 1, "priority": "urgent"}}
    found = loaded(lambda shop: shop["service"].update(cases=cases)).service.cases
    assert found["return"] == CaseTerms(hours=2.5, priority="normal")
    assert found["promise"] == CaseTerms(hours=1, priority="urgent")
    usual = load_facts().service.cases
    assert {kind: found[kind] for kind in found if kind not in cases} == {
        kind: usual[kind] for kind in usual if kind not in cases
    }
    assert set(found) == set(get_args(CaseKind))


def test_topics_are_intents_or_frequent_questions(loaded: Callable[[Any], Any]) -> None:
    topics = ["make_complaint", "faq", "faq/bulk_order"]
    assert loaded(service(hand_over_topics=topics)).service.hand_over_topics == topics


def test_facts_can_be_made_of_facts() -> None:
    facts = load_facts()
    assert Facts.parse_obj(facts.dict(by_alias=True)) == facts


# --- holidays


def test_days_of_a_market(loaded: Callable[[Any], Any]) -> None:
    own = {"closed": ["2027-02-28..2027-03-01", "2027-05-02"], "special": {"2026-12-31": "closed"}}
    found = loaded(lambda shop: shop["markets"]["VN"].update(holidays=own)).markets["VN"].holidays
    assert found.closed == {date(2027, 2, 28), date(2027, 3, 1), date(2027, 5, 2)}
    assert found.special == {date(2026, 12, 31): "closed"}


def test_a_day_without_quotes_is_a_day(tmp_path: Path) -> None:
    path = tmp_path / "shop.yml"
    text = SHOP_FILE.read_text(encoding="utf-8")
    assert "[2027-02-04..2027-02-11]" in text
    path.write_text(text.replace("2027-02-04..2027-02-11", "2027-02-04"), encoding="utf-8")
    assert load_facts(path).markets["VN"].holidays.closed == {date(2027, 2, 4)}
    path.write_text(text.replace("2027-02-04..2027-02-11", "2027-02-30"), encoding="utf-8")
    with pytest.raises(FactsError, match="holidays → closed: '2027-02-30' is not a day"):
        load_facts(path)


# --- order numbers


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("DH-20413", "DH-20413"),
        ("dh 20413", "DH-20413"),
        ("#MY10482", "MY-10482"),
        ("# my-10482", "MY-10482"),
        ("dh.20413", "DH-20413"),
        ("DH20413", "DH-20413"),
        ("Dh–20413", "DH-20413"),
        ("dh: 20413", "DH-20413"),
        ("Dh – 20413", "DH-20413"),
        ("DH-٢٠٤١٣", None),
        ("AB-20413", None),
        ("  DH-20413\n", "DH-20413"),
        ("DH-2041", None),
        ("DH-204135", None),
        ("XDH-20413", None),
        ("20413", None),
        ("", None),
        ("đơn DH-20413", None),
        ("DH-20413 DH-20413", None),
    ],
)
def test_canonical(text: str, canonical: str | None) -> None:
    assert NUMBERS.canonical(text) == canonical


def test_find_tells_where() -> None:
    text = "đơn dh20413 và #MY 10482, sđt 0903123456"
    assert [(text[start:end], number) for start, end, number in NUMBERS.find(text)] == [
        ("dh20413", "DH-20413"),
        ("#MY 10482", "MY-10482"),
    ]


@given(st.text(max_size=60))
def test_find_survives_everything(text: str) -> None:
    for start, end, number in NUMBERS.find(text):
        assert 0 <= start < end <= len(text)
        assert number[:3] in ("DH-", "MY-")
        assert len(number) == 8
        assert NUMBERS.canonical(text[start:end]) == number


def test_letters_that_only_look_like_a_prefix() -> None:
    strange = OrderNumberFormat(prefixes=["SK"], digits=5)
    for text in ("ſK-20413", "s\u212a20413"):
        assert [number for _, _, number in strange.find(text)] in ([], ["SK-20413"])


@given(
    st.from_regex(r"\A[0-9]{5}\Z"),
    st.sampled_from(["DH", "MY", "dh", "My"]),
    st.text(" -.#", max_size=2),
)
def test_every_number_of_ours_is_found(digits: str, prefix: str, between: str) -> None:
    assert NUMBERS.canonical(f"{prefix}{between}{digits}") == f"{prefix.upper()}-{digits}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20413", ["DH-20413", "MY-20413"]),
        (" #20413 ", ["DH-20413", "MY-20413"]),
        ("# 20413", ["DH-20413", "MY-20413"]),
        ("2041", []),
        ("204133", []),
        ("20 413", []),
        ("x20413", []),
        ("٢٠٤١٣", []),
    ],
)
def test_bare_digits(text: str, found: list[str]) -> None:
    assert NUMBERS.candidates(text) == found


def test_the_example_is_one_of_ours() -> None:
    for digits in (3, 5, 8):
        format_ = OrderNumberFormat(prefixes=["KL"], digits=digits, separator="")
        assert format_.canonical(format_.example) == format_.example


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [
        ("đơn 2411235ABCDEFG của em", "Shopee", "2411235ABCDEFG"),
        ("576843210987654321", "TikTok Shop", "576843210987654321"),
        ("my lazada order 312345678901234", "Lazada", "312345678901234"),
    ],
)
def test_marketplaces(text: str, name: str, number: str) -> None:
    found = load_facts().marketplace_of(text)
    assert found
    assert (found[0].name, found[1]) == (name, number)


@pytest.mark.parametrize("text", ["DH-20413", "0903123456", "20413", "", "+84 903 123 456"])
def test_no_marketplace(text: str) -> None:
    assert load_facts().marketplace_of(text) is None


# --- mistakes


def service(**values: object) -> Callable[[dict[str, Any]], object]:
    return lambda shop: shop["service"].update(values)


def limits(**values: object) -> Callable[[dict[str, Any]], object]:
    return lambda shop: shop["limits"].update(values)


def holidays(market: str = "VN", **values: object) -> Callable[[dict[str, Any]], object]:
    return lambda shop: shop["markets"][market].update(holidays=values)


def no_language(shop: dict[str, Any]) -> None:
    del shop["languages"]["ms"]


MISTAKES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a field is missing": (lambda s: s.pop("name"), "name"),
    "a field too many": (lambda s: s.update(nmae="x"), "nmae"),
    "a language is missing": (no_language, "ms is missing"),
    "a text is missing": (lambda s: s["stores"][0]["city"].pop("en"), "missing for en"),
    "a channel's name is missing": (
        lambda s: s["contact_channels"][0]["name"].pop("ms"),
        "missing for ms",
    ),
    "no number": (lambda s: s["terms"].update(return_days="two weeks"), "return_days"),
    "no colour": (lambda s: s.update(accent="teal"), "#0f766e"),
    "an unknown market": (lambda s: s["stores"][0].update(market="SG"), "'SG'"),
    "an unknown default": (lambda s: s.update(default_language="de"), "'de'"),
    "no day": (lambda s: s["opening_hours"].update(montag="08:00–09:00"), "'montag'"),
    "no hours": (lambda s: s["opening_hours"].update({"mon-fri": "8 to 9"}), "'8 to 9'"),
    "the agents' hours": (lambda s: s["agents"]["hours"].update({"mon": "x"}), "'x'"),
    "no pattern": (lambda s: s["marketplaces"][0].update(patterns=["("]), "regular expression"),
    "no time zone": (lambda s: s["markets"]["VN"].update(time_zone="Asia/Saigonn"), "Saigonn"),
    "no prefix": (lambda s: s["order_number"].update(prefixes=[]), "prefixes"),
    "half a day": (lambda s: s["terms"].update(return_days=14.5), "return_days: has to be a whole"),
    "yes is no number": (
        limits(proof_tries=True),
        "limits → proof_tries: has to be a whole number",
    ),
    "an unknown reason": (
        lambda s: s["terms"].update(return_reasons={"ugly": {}}),
        "terms → return_reasons: ugly: no such reason",
    ),
    "a reason's unknown payer": (
        lambda s: s["terms"].update(return_reasons={"faulty": {"paid_by": "us"}}),
        "return_reasons → faulty → paid_by: has to be one of",
    ),
    "an unknown adapter": (lambda s: s.update(shop={"adapter": "shopify"}), "shop → adapter"),
    "no url": (lambda s: s.update(shop={"adapter": "http"}), "shop: url is missing"),
    "a url without http": (
        lambda s: s.update(shop={"adapter": "http", "url": "shop.example"}),
        "no address; write e.g. https://",
    ),
    "a secret in the url": (
        lambda s: s.update(shop={"adapter": "http", "url": "https://a:b@shop.example"}),
        "url: no address",
    ),
    "a url for the demo": (
        lambda s: s.update(shop={"adapter": "demo", "url": "https://shop.example"}),
        "url is not for the demo",
    ),
    "statuses of no WooCommerce": (
        lambda s: s.update(shop={"statuses": {"x": "paid"}}),
        "statuses are for adapter: woocommerce",
    ),
    "a state of orders that is none": (
        lambda s: s.update(
            shop={"adapter": "woocommerce", "url": "https://a.b", "statuses": {"x": "lost"}}
        ),
        "shop → statuses → x",
    ),
    "no service": (lambda s: s.update(service=None), "service: is empty"),
    "a mistyped value": (service(que_minutes=3), "service → que_minutes: is not known"),
    "small letters": (service(reference_prefix="cs"), "service → reference_prefix: 'cs'"),
    "digits": (service(reference_prefix="CS1"), "service → reference_prefix: 'CS1'"),
    "orders' letters": (service(reference_prefix="DH"), "'DH' begins order numbers as well"),
    "an unknown kind": (service(cases={"refund": {"hours": 1}}), "cases: refund: no such kind"),
    "hours without a name": (service(cases={"return": 8}), "cases → return: needs lines"),
    "no kinds": (service(cases=[8]), "service → cases: needs lines"),
    "an unknown priority": (
        service(cases={"return": {"priority": "asap"}}),
        "cases → return → priority: has to be one of ('low', 'normal', 'high', 'urgent')",
    ),
    "no time at all": (service(cases={"return": {"hours": 0}}), "hours: has to be more than 0"),
    "too much time": (service(cases={"return": {"hours": 1001}}), "hours: has to be at most 1000"),
    "no time for agents": (
        service(nudge_minutes=0),
        "service → nudge_minutes: has to be at least 1",
    ),
    "put back before reminded": (
        service(nudge_minutes=10),
        "reassign_minutes: has to be more than",
    ),
    "half a minute": (service(nudge_minutes=0.5), "nudge_minutes: has to be a whole number"),
    "no wait": (service(queue_minutes=0), "service → queue_minutes: has to be at least 1"),
    "gone at once": (service(presence_seconds=5), "presence_seconds: has to be at least 30"),
    "less than calm": (service(anger=-0.1), "service → anger: has to be at least 0"),
    "anger in words": (service(anger="high"), "service → anger: has to be a number"),
    "no list": (service(hand_over_topics="greet"), "hand_over_topics: has to be a list"),
    "no intent": (
        service(hand_over_topics=["greet", "make a complaint"]),
        "hand_over_topics → 1: 'make a complaint' is not the name of an intent",
    ),
    "no frequent question": (
        service(hand_over_topics=["faq/", "faq/bulk_order"]),
        "hand_over_topics → 0: 'faq/' is not the name of an intent",
    ),
    "neither yes nor no": (service(rating="maybe"), "service → rating: has to be true or false"),
    "before yesterday": (service(follow_up_hours=-1), "follow_up_hours: has to be at least 0"),
    "no messages": (limits(messages_per_minute=0), "messages_per_minute: has to be at least 1"),
    "none waiting": (limits(waiting_messages=0), "waiting_messages: has to be at least 1"),
    "no newcomers": (limits(newcomers_per_minute=0), "newcomers_per_minute: has to be at least 1"),
    "a long breath": (limits(gather_milliseconds=20_000), "gather_milliseconds: has to be at most"),
    "a closed day that is none": (
        holidays(closed=["2027-02-30"]),
        "markets → VN → holidays → closed: '2027-02-30' is not a day",
    ),
    "the wrong way round": (holidays(closed=["2027-02-11..2027-02-05"]), "first day comes first"),
    "one day, no list": (holidays(closed="2027-02-05"), "holidays → closed: has to be a list"),
    "special hours on no day": (
        holidays(special={"Tết": "08:00–09:00"}),
        "holidays → special: 'Tết' is not a day",
    ),
    "special hours that are none": (
        holidays(special={"2027-02-05": "8"}),
        "'8' is not a time range",
    ),
    "an unknown state": (
        holidays("MY", region="JKT"),
        "MY: region 'JKT' is not known; there are 01",
    ),
    "a country without states": (holidays(region="KUL"), "VN: no regions are known"),
    "a day with two hours": (
        lambda s: s["opening_hours"].update({"sat": "closed"}),
        "sat is in an earlier line as well",
    ),
    "no digits": (lambda s: s["order_number"].update(digits=0), "digits"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(loaded: Callable[[Any], Any], mistake: str) -> None:
    change, told = MISTAKES[mistake]
    with pytest.raises(FactsError) as error:
        loaded(change)
    assert told in str(error.value)
    assert "shop.yml" in str(error.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"name: [", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"", "shop.yml"),
        (b"- a\n- b", "shop.yml"),
        (b"just text", "shop.yml"),
    ],
)
def test_files_that_are_none(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "shop.yml"
    path.write_bytes(content)
    with pytest.raises(FactsError, match=told):
        load_facts(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FactsError, match="missing"):
        load_facts(tmp_path / "shop.yml")


# --- the page for those who write the file


def test_the_page_about_the_file_explains_every_value() -> None:
    page = (PROJECT / "docs/shop.md").read_text(encoding="utf-8")
    names = {name for names in _fields(Facts) for name in names}
    assert {name for name in names if f"`{name}`" not in page} == set()


def _fields(model: Any) -> Iterator[set[str]]:
    yield {field.alias for field in model.__fields__.values()}
    for field in model.__fields__.values():
        if hasattr(field.type_, "__fields__"):
            yield from _fields(field.type_)
