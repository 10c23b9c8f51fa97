"""Invented customers, addresses and parcels of the demo shop."""

from __future__ import annotations

from random import Random

from myna.shop.model import Address

# name, local part of the address, language of the invoice
CUSTOMERS = {
    "VN": (
        ("Trần Thị Thu Hà", "ha.tran", "vi"),
        ("Lê Hoàng Nam", "nam.le", "vi"),
        ("Phạm Ngọc Ánh", "anh.pham", "vi"),
        ("Võ Văn Kiệt", "kiet.vo", "vi"),
        ("Đặng Thùy Dương", "duong.dang", "vi"),
        ("Bùi Quang Huy", "huy.bui", "vi"),
        ("Đỗ Khánh Linh", "linh.do", "vi"),
        ("Hồ Đức Trí", "tri.ho", "vi"),
        ("Ngô Bảo Châu Anh", "chauanh.ngo", "vi"),
        ("Dương Mỹ Duyên", "duyen.duong", "vi"),
        ("Huỳnh Tấn Phát", "phat.huynh", "vi"),
        ("Nguyễn Thị Tuyết Nhung", "nhung.nguyen", "vi"),
        ("Phan Gia Bảo", "bao.phan", "vi"),
    ),
    "MY": (
        ("Nurul Huda binti Rahman", "nurul.huda", "ms"),
        ("Muhammad Haziq bin Azman", "haziq.azman", "ms"),
        ("Siti Khadijah binti Osman", "khadijah.osman", "ms"),
        ("Ahmad Faizal bin Yusof", "faizal.yusof", "ms"),
        ("Farah Nabila binti Zulkifli", "farah.nabila", "ms"),
        ("Lim Mei Ling", "meiling.lim", "en"),
        ("Chong Kah Wai", "kahwai.chong", "en"),
        ("Lee Jia Hui", "jiahui.lee", "en"),
        ("Wong Chee Keong", "cheekeong.wong", "en"),
        ("Priya a/p Subramaniam", "priya.s", "en"),
        ("Rajesh a/l Krishnan", "rajesh.k", "en"),
        ("Kavitha a/p Muthu", "kavitha.m", "en"),
        ("Jason anak Liban", "jason.liban", "ms"),
    ),
}

ADDRESSES = {
    "VN": (
        Address("12 Nguyễn Trãi", "Phường Bến Thành, Quận 1", "TP. Hồ Chí Minh", "", "VN"),
        Address("245/8 Lê Văn Sỹ", "Phường 13, Quận 3", "TP. Hồ Chí Minh", "", "VN"),
        Address("88 Phan Xích Long", "Phường 2, Quận Phú Nhuận", "TP. Hồ Chí Minh", "", "VN"),
        Address("27 Hàng Bông", "Phường Hàng Gai, Quận Hoàn Kiếm", "Hà Nội", "", "VN"),
        Address("Số 5 ngõ 102 Trường Chinh", "Phường Phương Mai, Quận Đống Đa", "Hà Nội", "", "VN"),
        Address("161 Nguyễn Văn Linh", "Phường Nam Dương, Quận Hải Châu", "Đà Nẵng", "", "VN"),
        Address("34 Mậu Thân", "Phường Xuân Khánh, Quận Ninh Kiều", "Cần Thơ", "", "VN"),
        Address("9 Lạch Tray", "Phường Lạch Tray, Quận Ngô Quyền", "Hải Phòng", "", "VN"),
    ),
    "MY": (
        Address("No. 14, Jalan SS 2/55", "SS 2", "Petaling Jaya", "47300", "MY"),
        Address("B-12-3, Residensi Harmoni, Jalan Ampang", "Ampang", "Kuala Lumpur", "50450", "MY"),
        Address("27, Lorong Setia 3", "Air Itam", "George Town", "11400", "MY"),
        Address("No. 8, Jalan Molek 1/9", "Taman Molek", "Johor Bahru", "81100", "MY"),
        Address("Lot 233, Kampung Baru", "Seberang Takir", "Kuala Terengganu", "21300", "MY"),
        Address("15, Jalan Song", "Tabuan Jaya", "Kuching", "93350", "MY"),
        Address("No. 41, Jalan Raja Musa Aziz", "Silibin", "Ipoh", "30300", "MY"),
    ),
}

CARRIERS = {
    "VN": ("GHN", "GHTK", "Viettel Post"),
    "MY": ("J&T Express", "Pos Laju", "DHL eCommerce"),
}

_TRACKING_PAGES = {
    "GHN": "https://donhang.ghn.vn/?order_code={}",
    "GHTK": "https://i.ghtk.vn/{}",
    "Viettel Post": "https://viettelpost.vn/tra-cuu-hanh-trinh-don?orderNumber={}",
    "J&T Express": "https://www.jtexpress.my/tracking/{}",
    "Pos Laju": "https://tracking.pos.com.my/tracking/{}",
    "DHL eCommerce": "https://www.dhl.com/my-en/home/tracking.html?tracking-id={}",
}

_LETTERS = "ABCDEFGHKLMNPQRTUVXY"


def tracking(carrier: str, random: Random) -> tuple[str, str]:
    """A number as the carrier forms them, and the page that would show the parcel."""

    def digits(count: int) -> str:
        return "".join(random.choices("0123456789", k=count))

    number = {
        "GHN": f"L{''.join(random.choices(_LETTERS + '346789', k=5))}",
        "GHTK": f"S{digits(7)}.SG{digits(2)}.{digits(9)}",
        "Viettel Post": f"17{digits(10)}",
        "J&T Express": f"63{digits(10)}",
        "Pos Laju": f"EH{digits(9)}MY",
        "DHL eCommerce": f"7127{digits(12)}",
    }[carrier]
    return number, _TRACKING_PAGES[carrier].format(number)


def phone(country: str, index: int) -> str:
    """The index-th invented number (0-999) that is valid in the country's plan."""
    prefixes = {"VN": ("90", "91", "93", "97", "98"), "MY": ("12", "13", "16", "17", "19")}
    code = {"VN": "+84", "MY": "+60"}[country]
    return f"{code}{prefixes[country][index % 5]}5550{index:03d}"


def customer_id(phone_number: str) -> str:
    """The shop's number of the customer with this phone: the country and the last eight digits."""
    return f"C-{'V' if phone_number.startswith('+84') else 'M'}{phone_number[-8:]}"
