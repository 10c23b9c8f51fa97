from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("250k", "vi", "250000 VND"),
        ("1tr2", "vi", "1200000 VND"),
        ("1tr250", "vi", "1250000 VND"),
        ("1.250.000đ", "vi", "1250000 VND"),
        ("1,250,000 VND", "en", "1250000 VND"),
        ("2 triệu rưỡi", "vi", "2500000 VND"),
        ("hai trăm nghìn", "vi", "200000 VND"),
        ("một triệu tư", "vi", "1400000 VND"),
        ("hai mươi lăm nghìn đồng", "vi", "25000 VND"),
        ("RM49.90", "ms", "49.90 MYR"),
        ("rm 50", "en", "50 MYR"),
        ("dua ratus ringgit", "ms", "200 MYR"),
        ("seratus lima puluh ringgit", "ms", "150 MYR"),
        ("50 sen", "ms", "0.50 MYR"),
        ("RM1,099.00", "ms", "1099 MYR"),
        ("2k", "ms", None),
        ("5k", "ms", "5000 MYR"),
        ("500k", "en", "500000 VND"),
        ("$25", "en", "25 USD"),
    ],
)
def test_amounts(found, text, language, value):
    expected = [("money", value, text)] if value else []
    assert found(f"x {text} y", language) == expected


@pytest.mark.parametrize(
    "text",
    ["2 đồng hồ", "sạc 20k mAh", "có không k", "đo khong", "do mot", "máy 2000W", "5 người", "k"],
)
def test_no_money(found, text):
    assert [each for each in found(text) if each[0] == "money"] == []


def test_each_amount_has_its_own_currency(found):
    assert [value for _, value, _ in found("RM49.90 rm 50 hay 30.000đ")] == [
        "49.90 MYR",
        "50 MYR",
        "30000 VND",
    ]
