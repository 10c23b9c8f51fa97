from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.shop.contact import (
    Email,
    Phone,
    contact_matches,
    mask_address,
    mask_email,
    mask_phone,
    parse_contact,
)
from myna.shop.demo.seed import demo_orders

LAN = "+84903123456"
AISYAH = "+60123456789"
ORDERS = {order.number: order for order in demo_orders(datetime(2026, 11, 23, tzinfo=UTC))}


@pytest.mark.parametrize(
    "text",
    [
        "0903123456",
        "0903 123 456",
        "0903.123.456",
        "0903-123-456",
        "0903–123–456",
        "090 312 3456",
        "903123456",
        "+84903123456",
        "+84 903 123 456",
        "84903123456",
        "0084 903 123 456",
        "(+84) 903 123 456",
        "+84 (0) 903 123 456",
        "+840903123456",
        "o9o3 123 456",
        "０９０３１２３４５６",
        "\u202a+84 903\u00a0123\u00a0456\u202c",
        "Dạ sđt của em là 0903 123 456 ạ.",
        "sđt0903123456",
        "SDT: 0903123456, cảm ơn shop",
        "0903123456nhé",
        "đơn 20413 0903 123 456",
        "DH20413 0903123456",
        "đơn 1.250.000đ, số 0903 123 456",
    ],
)
def test_vietnamese_numbers_as_people_write_them(text: str) -> None:
    assert parse_contact(text) == Phone(LAN)


@pytest.mark.parametrize(
    "text",
    [
        "0123456789",
        "012-345 6789",
        "012-3456789",
        "012 345 6789",
        "(012) 345-6789",
        "+60123456789",
        "+6012-345 6789",
        "+60 12-345 6789",
        "60123456789",
        "006012 345 6789",
        "No telefon saya 012-345 6789 ya",
        "hp 0123456789",
    ],
)
def test_malaysian_numbers_as_people_write_them(text: str) -> None:
    assert parse_contact(text) == Phone(AISYAH)


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("011-1234 5678", "+601112345678"),
        ("024 3825 1234", "+842438251234"),
        ("07-222 1234", "+6072221234"),
        ("+65 9123 4567", "+6591234567"),
    ],
)
def test_other_numbers_at_which_one_can_be_reached(text: str, e164: str) -> None:
    assert parse_contact(text) == Phone(e164)


def test_a_number_of_two_countries_keeps_both_readings() -> None:
    assert parse_contact("032 123 4567") == Phone("+84321234567", ("+60321234567",))
    assert parse_contact("03-2123 4567", ("MY", "VN")) == Phone("+60321234567", ("+84321234567",))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "DH-20413",
        "#MY10482",
        "GHN0903123456",
        "EH012345678MY",
        "1900 1234",
        "1300-00-0000",
        "500000",
        "09031234567",
        "579123456789012345",
        "lan@localhost",
        "@example.com",
        "a..b@example.com",
        "sáng@example.com",
    ],
)
def test_what_is_no_contact(text: str) -> None:
    assert parse_contact(text) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("lan.nguyen@example.com", "lan.nguyen@example.com"),
        ("  LAN.Nguyen@Example.COM ", "lan.nguyen@example.com"),
        ("email em là lan.nguyen@example.com.", "lan.nguyen@example.com"),
        ("<lan+shop@mail.example.co.uk>", "lan+shop@mail.example.co.uk"),
        ("lan @ example.com", "lan@example.com"),
        ("lan＠example.com", "lan@example.com"),
        ("0903 123 456 / lan@example.com", "lan@example.com"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert parse_contact(text) == Email(address)


def test_a_contact_far_behind_in_a_long_text_is_not_searched() -> None:
    assert parse_contact("x " * 5000 + "0903123456") is None


@given(st.text(max_size=300))
def test_any_text_gives_a_contact_that_can_be_used_or_none(text: str) -> None:
    contact = parse_contact(text)
    if isinstance(contact, Phone):
        for reading in (contact.e164, *contact.others):
            assert phonenumbers.is_valid_number(phonenumbers.parse(reading))
    elif isinstance(contact, Email):
        assert contact.address == contact.address.lower()
        assert contact.address.count("@") == 1


@given(
    st.sampled_from(["90", "91", "97", "86", "32", "56", "79"]),
    st.from_regex(r"[0-9]{7}", fullmatch=True),
    st.sampled_from(["0", "+84", "84", "0084", "+84 0", "(+84) "]),
    st.lists(st.sampled_from(["", " ", ".", "-"]), min_size=8, max_size=8),
)
def test_vietnamese_mobile_numbers_in_any_grouping(
    prefix: str, rest: str, lead: str, gaps: list[str]
) -> None:
    digits = prefix + rest
    written = lead + "".join(d + gap for d, gap in zip(digits, [*gaps, ""], strict=True))
    contact = parse_contact(written)
    assert isinstance(contact, Phone)
    assert contact.e164 == f"+84{digits}"


@given(st.sampled_from("9@.o0+-( "), st.integers(1, 5000))
def test_repetitions_cost_no_more_than_other_texts(char: str, count: int) -> None:
    parse_contact(char * count)


def test_the_contact_on_record_matches_and_no_other() -> None:
    order = ORDERS["DH-20413"]
    assert contact_matches(order, Phone(LAN))
    assert contact_matches(order, Email("lan.nguyen@example.com"))
    assert not contact_matches(order, Phone(AISYAH))
    assert not contact_matches(order, Email("minh.tran@example.com"))


def test_any_reading_of_a_number_matches() -> None:
    order = replace(ORDERS["MY-10482"], phone="+60321234567")
    contact = parse_contact("03-2123 4567")
    assert contact is not None
    assert contact_matches(order, contact)


def test_capitals_on_record_do_not_matter() -> None:
    order = replace(ORDERS["DH-20413"], email="Lan.Nguyen@Example.com")
    assert contact_matches(order, Email("lan.nguyen@example.com"))


def test_what_is_not_on_record_matches_nothing() -> None:
    order = replace(ORDERS["DH-20413"], phone=None, email=None)
    assert not contact_matches(order, Phone(LAN))
    assert not contact_matches(order, Email("lan.nguyen@example.com"))


def test_masks() -> None:
    assert mask_phone(LAN) == "•••• 456"
    assert mask_phone("113") == mask_phone("") == "••••"
    assert mask_email("lan.nguyen@example.com") == "l•••@example.com"
    assert mask_email("a@example.com") == "•••@example.com"
    assert mask_email("no address") == "•••"
    assert mask_address(ORDERS["DH-20431"].address) == "•••, Đà Nẵng"


@given(st.emails())
def test_a_masked_address_shows_one_letter_of_the_name(address: str) -> None:
    local = address.rpartition("@")[0]
    masked = mask_email(address).rpartition("@")[0]
    assert masked == (f"{local[0]}•••" if len(local) > 1 else "•••")
