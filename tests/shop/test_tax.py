"""Tax numbers in what customers write."""

import pytest

from myna.shop.tax import find_tax_number


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("Công ty ABC, MST 0100109106, Hà Nội", "VN", "0100109106"),
        ("mst: 0100109106-001", "VN", "0100109106-001"),
        ("sđt 0903123456, mst 0100109106", "VN", "0100109106"),
        ("MST 0100109107", "VN", None),
        ("0903123456", "VN", None),
        ("công ty ABC", "VN", None),
        ("1" * 5000, "VN", None),
        ("Kedai Maju Sdn Bhd TIN C20880050010", "MY", "C20880050010"),
        ("tin ig 56003500070", "MY", "IG56003500070"),
        ("SSM 202001234567", "MY", "202001234567"),
        ("tel 0123456789", "MY", None),
        ("C123", "MY", None),
    ],
)
def test_tax_numbers(text: str, country: str, number: str | None) -> None:
    assert find_tax_number(text, country) == number
