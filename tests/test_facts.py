"""`shop.yml`: what is read from it, and how its mistakes are told."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from myna.facts import LANGUAGES, SHOP_FILE, FactsError, OrderNumberFormat, load_facts

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
