from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "language", "value", "words"),
    [
        ("sđt em 0912 345 678 ạ", "vi", "+84912345678", "0912 345 678"),
        ("nombor saya 012-345 6789", "ms", "+60123456789", "012-345 6789"),
        ("gọi (+84) 912 345 678 nhé", "vi", "+84912345678", "(+84) 912 345 678"),
        ("DH-20413, 0912345678", "vi", "+84912345678", "0912345678"),
        ("wasap 0060123456789", "ms", "+60123456789", "0060123456789"),
        ("không chín một hai ba bốn năm sáu bảy tám", "vi", "+84912345678", None),
        ("telefon ０１２ ３４５ ６７８９", "ms", "+60123456789", "０１２ ３４５ ６７８９"),
        ("sđt 903 123 456", "vi", "+84903123456", "903 123 456"),
        ("903123456", "vi", "+84903123456", "903123456"),
    ],
)
def test_phones(found, text, language, value, words):
    expected = ("phone", value, words or text)
    assert [each for each in found(text, language) if each[0] == "phone"] == [expected]


def test_number_without_country_belongs_to_the_languages_market(found):
    # a line in Kuala Lumpur, and a Vietnamese mobile number
    assert found("0377841234", "ms") == [("phone", "+60377841234", "0377841234")]
    assert found("0377841234", "vi") == [("phone", "+84377841234", "0377841234")]
    # English is spoken by customers of both
    assert found("0377841234", "en") == [("phone", "+84377841234", "0377841234")]
    assert found("0377841234", None) == [("phone", "+84377841234", "0377841234")]


@pytest.mark.parametrize(
    "text",
    [
        "stk 0071001234567 vietcombank",
        "số tài khoản: 0912345678",
        "imei 356938035643809",
        "vận đơn 0912345678",
        "SPXVN0412345678",
        "tổng đài 1900 6366 88 hay 1800599920 vậy",
        "mua 903123456 cái",
        "1.250.000.000",
        "https://a.example/482913/0912345678",
        "2026-11-23 10:00",
    ],
)
def test_no_phones(found, text):
    assert [each for each in found(text) if each[0] == "phone"] == []


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("mail:Lan.N@a.example.", "lan.n@a.example", "Lan.N@a.example"),
        ("email aisyah at example dot com", "aisyah@example.com", "aisyah at example dot com"),
        ("john [at] shop [dot] com ok", "john@shop.com", "john [at] shop [dot] com"),
        ("emel ali92 alias contoh titik com titik my", "ali92@contoh.com.my", None),
        ("mail hoa a còng gmail chấm com nha", "hoa@gmail.com", "hoa a còng gmail chấm com"),
        ("ｌａｎ@shop.vn", "lan@shop.vn", "ｌａｎ@shop.vn"),
    ],
)
def test_emails(found, text, value, words):
    expected = ("email", value, words or text.removeprefix("emel "))
    assert [each for each in found(text) if each[0] == "email"] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "look at example.com",
        "meet me at shop dot com",
        "at 5 dot com",
        "@lentera",
        "a@b",
        "cái @ này",
    ],
)
def test_no_emails(found, text):
    assert [each for each in found(text) if each[0] == "email"] == []
