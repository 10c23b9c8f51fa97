"""Where the shops are, and when they are open; entities are found as in production."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from actions import stores
from myna.bootstrap import catalogue
from myna.facts import Holidays

from .chat import heard, run, tracker

NOON = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
"""A Thursday, 12:00 in Vietnam and 1 pm in Malaysia."""


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Sets the moment."""

    def at(moment):
        monkeypatch.setattr(stores, "now", lambda: moment)

    at(NOON)
    return at


@pytest.fixture
def own_days(monkeypatch):
    """Sets the shop's own days of Vietnam; other facts stay."""

    def choose(**days):
        facts = catalogue().facts
        market = facts.markets["VN"].copy(update={"holidays": Holidays(**days)})
        changed = facts.copy(update={"markets": {**facts.markets, "VN": market}})
        monkeypatch.setattr(catalogue(), "facts", changed)

    return choose


async def where(text, language="vi"):
    latest = heard(text, "ask_store_location", language)
    return await run(stores.ActionTellStores, tracker(latest, language=language))


async def hours(text, language="vi", now=NOON):
    latest = heard(text, "ask_opening_hours", language, now)
    return await run(stores.ActionTellHours, tracker(latest, language=language))


async def test_without_a_city_all_shops_are_told():
    assert (await where("shop ở đâu vậy")).responses == ["utter_store_locations"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ở Sài Gòn có cửa hàng không", "128 Nguyễn Đình Chiểu"),
        ("cua hang o sai gon cho nao", "128 Nguyễn Đình Chiểu"),
        ("chi nhánh HN ở đâu", "45 Thái Hà"),
        ("shop tai HCM", "128 Nguyễn Đình Chiểu"),
        ("kedai kat KL", "Jalan Tuanku Abdul Rahman"),
        ("outlet in johor bahru", "18 Jalan Wong Ah Fook"),
    ],
)
async def test_the_shop_of_a_city(text, address):
    told = await where(text)
    assert told.responses == ["utter_stores_in_city"]
    shops = told.values("utter_stores_in_city")["shops"]
    assert address in shops
    assert "https://maps" in shops


async def test_the_hours_of_today_are_told_with_the_shop(clock):
    assert (await where("ở Hà Nội")).values("utter_stores_in_city")["today"] == "08:30 – 21:00"
    clock(datetime(2027, 2, 6, 5, 0, tzinfo=UTC))
    assert (await where("ở Hà Nội")).values("utter_stores_in_city")["today"] == "nghỉ"


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("Hải Phòng có cửa hàng không", "Hà Nội"),
        ("chi nhánh Cần Thơ", "TP. Hồ Chí Minh"),
        ("cawangan di Ipoh", "Kuala Lumpur"),
        ("kedai di Kuching", "Johor Bahru"),
    ],
)
async def test_a_city_without_a_shop(text, nearest):
    told = await where(text)
    assert told.responses == ["utter_no_store_in_city"]
    assert told.values("utter_no_store_in_city")["nearest"] == nearest


async def test_a_city_keeps_the_name_that_the_customer_gave_it():
    told = await where("ở Đà Nẵng có không")
    assert told.values("utter_no_store_in_city")["city"] == "Đà Nẵng"
    told = await where("o da nang co khong")
    assert told.values("utter_no_store_in_city")["city"] == "Da Nang"


async def test_the_rule_and_no_more_when_no_other_days_are_near():
    assert (await hours("mấy giờ mở cửa")).responses == ["utter_opening_hours"]


async def test_days_of_the_shops_own_that_are_near(own_days):
    own_days(
        closed=["2026-12-01..2026-12-03", "2027-06-01"],
        special={"2026-12-24": "08:00–17:00", "2026-11-01": "closed"},
    )
    told = await hours("mấy giờ mở cửa")
    assert told.responses == ["utter_opening_hours", "utter_special_hours"]
    assert told.values("utter_special_hours")["days"].splitlines() == [
        "• 01/12/2026 – 03/12/2026: nghỉ",
        "• 24/12/2026: 08:00 – 17:00",
    ]


async def test_a_season_with_hours_of_its_own(own_days):
    own_days(special={"2027-01-25..2027-02-03": "08:00–22:30"})
    told = await hours("ngày 30/1 mở mấy giờ")
    assert told.values("utter_open_on")["hours"] == "08:00 – 22:30"


@pytest.mark.parametrize(
    ("text", "day", "open_hours"),
    [
        ("chủ nhật này có mở không", "Chủ Nhật, 29/11/2026", "09:00 – 22:00"),
        ("mai mấy giờ mở cửa", "thứ Sáu, 27/11/2026", "08:30 – 21:00"),
        ("31/12 mở tới mấy giờ", "thứ Năm, 31/12/2026", "08:00 – 17:00"),
    ],
)
async def test_a_day(text, day, open_hours):
    told = await hours(text)
    assert told.responses == ["utter_open_on"]
    assert told.values("utter_open_on") == {"day": day, "hours": open_hours}


@pytest.mark.parametrize(
    ("text", "language", "response", "parts"),
    [
        ("mùng 1 tết có mở không", "vi", "utter_closed_from_to", ("04/02/2027", "11/02/2027")),
        ("tết tây shop mở ko", "vi", "utter_closed_on", ("01/01/2027", "02/01")),
        ("open on christmas?", "en", "utter_closed_on", ("25 Dec 2026", "26 Dec")),
        ("hari raya buka tak", "ms", "utter_closed_from_to", ("10 Mac 2027", "11 Mac")),
    ],
)
async def test_holidays_are_closed_and_it_is_said_when_it_opens_again(
    text, language, response, parts
):
    told = await hours(text, language)
    assert told.responses == [response]
    shown = " ".join(told.values(response).values())
    assert all(part in shown for part in parts), shown


async def test_two_days_and_a_week():
    told = await hours("thứ bảy với chủ nhật có mở không")
    assert told.responses == ["utter_open_on", "utter_open_on"]
    assert (await hours("tuần sau mở cửa sao")).responses == ["utter_opening_hours"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("giờ này còn mở cửa không", "vi"),
        ("bây giờ shop mở chưa", "vi"),
        ("sekarang masih buka ke", "ms"),
        ("are you open now", "en"),
    ],
)
async def test_open_at_this_moment(text, language):
    told = await hours(text, language)
    assert told.responses == ["utter_open_now"]


async def test_how_long_it_is_still_open(clock):
    values = (await hours("giờ này còn mở không")).values("utter_open_now")
    assert values == {"until": "21:00", "wait": "khoảng 9 tiếng"}


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        (datetime(2026, 11, 26, 15, 0, tzinfo=UTC), "08:30 sáng mai"),
        (datetime(2026, 11, 26, 0, 30, tzinfo=UTC), "08:30 hôm nay"),
        (datetime(2027, 2, 4, 5, 0, tzinfo=UTC), "08:30 thứ Sáu, 12/02"),
    ],
)
async def test_closed_at_this_moment(clock, moment, opening):
    clock(moment)
    told = await hours("giờ này còn mở cửa không", now=moment)
    assert told.responses == ["utter_closed_now"]
    assert told.values("utter_closed_now")["opening"] == opening


async def test_the_hours_of_a_city_are_those_of_its_market():
    told = await hours("mùng 1 tết chi nhánh KL có mở không")
    assert told.responses == ["utter_closed_on"] or told.responses == ["utter_closed_from_to"]
    told = await hours("ngày 9/2 chi nhánh KL có mở không")
    assert told.responses == ["utter_open_on"], "only the shops of Vietnam are closed"
    assert (await hours("ngày 9/2 có mở không")).responses == ["utter_closed_from_to"]


async def test_a_day_that_the_calendar_does_not_have():
    latest = heard("mở không")
    latest["entities"] = [{"entity": "date", "value": "2026-02-31"}]
    told = await run(stores.ActionTellHours, tracker(latest, language="vi"))
    assert told.responses == ["utter_opening_hours"]
