"""Addresses as customers type them."""

import pytest

from myna.shop.address import MAX_TEXT, one_line, parse_address
from myna.shop.model import Address


@pytest.mark.parametrize(
    ("text", "country", "parts"),
    [
        (
            "12 Lê Lợi, phường Bến Nghé, quận 1, TP.HCM",
            "VN",
            ("12 Lê Lợi", "phường Bến Nghé, quận 1", "TP.HCM", ""),
        ),
        ("45/3 ngõ 102 Trường Chinh\nPhương Mai\nHà Nội", "VN",
         ("45/3 ngõ 102 Trường Chinh", "Phương Mai", "Hà Nội", "")),
        ("số 5, thôn Đông,, Hưng Yên.", "VN", ("số 5", "thôn Đông", "Hưng Yên", "")),
        (
            "No. 14, Jalan SS 2/55, SS 2, 47300 Petaling Jaya",
            "MY",
            ("No. 14, Jalan SS 2/55", "SS 2", "Petaling Jaya", "47300"),
        ),
        (
            "27, Lorong Setia 3, Air Itam, 11400 George Town, Pulau Pinang",
            "MY",
            ("27, Lorong Setia 3", "Air Itam", "George Town, Pulau Pinang", "11400"),
        ),
        (
            "8 Jalan Molek 1/9, Taman Molek, Johor Bahru, 81100",
            "MY",
            ("8 Jalan Molek 1/9", "Taman Molek", "Johor Bahru", "81100"),
        ),
    ],
)  # fmt: skip
def test_an_address(text: str, country: str, parts: tuple[str, ...]) -> None:
    assert parse_address(text, country) == Address(*parts, country)


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("", "VN"),
        ("12 Lê Lợi", "VN"),
        ("12 Lê Lợi, quận 1", "VN"),
        ("nhà mẹ, gần chợ, Huế", "VN"),
        ("giao 12 Lê Lợi, quận 1, TP.HCM được không?", "VN"),
        ("12, -, Huế", "VN"),
        ("1, 2, " + "x" * MAX_TEXT, "VN"),
        ("14 Jalan SS 2/55, SS 2, Petaling Jaya", "MY"),
        ("8 Jalan Molek, Johor Bahru, 81100", "MY"),
        ("47300, Jalan SS 2, PJ", "MY"),
    ],
)
def test_what_no_carrier_could_use(text: str, country: str) -> None:
    assert parse_address(text, country) is None


def test_one_line() -> None:
    malaysian = Address("No. 14, Jalan SS 2/55", "SS 2", "Petaling Jaya", "47300", "MY")
    assert one_line(malaysian) == "No. 14, Jalan SS 2/55, SS 2, 47300 Petaling Jaya"
    assert one_line(Address("12 Lê Lợi", "", "Huế", "", "VN")) == "12 Lê Lợi, Huế"
