"""What the demo shop sells."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from myna.shop.model import Money, Product

# SKU, category, Vietnamese, Malay, English, VND, MYR, stock
_ROWS = (
    (
        "RC-180", "kitchen", "Nồi cơm điện 1,8 L", "Periuk nasi elektrik 1.8 L",
        "Rice cooker 1.8 L", 890_000, "159.00", 42,
    ),
    (
        "RC-100M", "kitchen", "Nồi cơm điện cao tần mini 1 L", "Periuk nasi mini IH 1 L",
        "Mini IH rice cooker 1 L", 2_490_000, "459.00", 11,
    ),
    (
        "AF-400", "kitchen", "Nồi chiên không dầu 4 L", "Penggoreng udara 4 L",
        "Air fryer 4 L", 1_590_000, "289.00", 35,
    ),
    (
        "AF-700D", "kitchen", "Nồi chiên không dầu điện tử 7 L", "Penggoreng udara digital 7 L",
        "Digital air fryer 7 L", 2_890_000, "519.00", 0,
    ),
    (
        "BL-600", "kitchen", "Máy xay sinh tố 600 W", "Pengisar 600 W",
        "Blender 600 W", 750_000, "139.00", 58,
    ),
    (
        "JE-150", "kitchen", "Máy ép chậm 150 W", "Pemerah jus perlahan 150 W",
        "Slow juicer 150 W", 1_990_000, "369.00", 9,
    ),
    (
        "KT-17", "kitchen", "Ấm siêu tốc 1,7 L", "Cerek elektrik 1.7 L",
        "Electric kettle 1.7 L", 390_000, "75.00", 120,
    ),
    (
        "CM-15", "kitchen", "Máy pha cà phê espresso 15 bar", "Mesin kopi espresso 15 bar",
        "Espresso machine 15 bar", 3_290_000, "599.00", 14,
    ),
    (
        "MW-20", "kitchen", "Lò vi sóng 20 L", "Ketuhar gelombang mikro 20 L",
        "Microwave oven 20 L", 1_690_000, "319.00", 22,
    ),
    (
        "IC-2000", "kitchen", "Bếp từ đơn 2000 W", "Dapur induksi 2000 W",
        "Induction cooker 2000 W", 990_000, "179.00", 31,
    ),
    (
        "PC-600", "kitchen", "Nồi áp suất điện 6 L", "Periuk tekanan elektrik 6 L",
        "Electric pressure cooker 6 L", 1_790_000, "329.00", 17,
    ),
    (
        "TS-2", "kitchen", "Máy nướng bánh mì 2 ngăn", "Pembakar roti 2 keping",
        "Two-slice toaster", 490_000, "89.00", 44,
    ),
    (
        "FN-16R", "cooling", "Quạt đứng 16 inch có điều khiển", "Kipas berdiri 16 inci",
        "Stand fan 16 inch with remote", 850_000, "155.00", 63,
    ),
    (
        "FN-MINI", "cooling", "Quạt mini cầm tay sạc USB", "Kipas tangan mini USB",
        "USB hand fan", 190_000, "35.00", 210,
    ),
    (
        "AC-COOL", "cooling", "Quạt điều hòa hơi nước 20 L", "Penyejuk udara 20 L",
        "Evaporative air cooler 20 L", 2_690_000, "499.00", 8,
    ),
    (
        "AP-30", "air", "Máy lọc không khí 30 m²", "Penapis udara 30 m²",
        "Air purifier 30 m²", 2_990_000, "549.00", 19,
    ),
    (
        "DH-12", "air", "Máy hút ẩm 12 L", "Penyahlembap 12 L",
        "Dehumidifier 12 L", 3_890_000, "699.00", 6,
    ),
    (
        "HM-4", "air", "Máy phun sương tạo ẩm 4 L", "Pelembap udara 4 L",
        "Humidifier 4 L", 590_000, "109.00", 37,
    ),
    (
        "VC-CL22", "cleaning", "Máy hút bụi cầm tay không dây", "Pembersih hampagas tanpa wayar",
        "Cordless vacuum cleaner", 2_290_000, "429.00", 25,
    ),
    (
        "RV-300", "cleaning", "Robot hút bụi lau nhà", "Robot vakum dan mop",
        "Robot vacuum and mop", 5_990_000, "1099.00", 12,
    ),
    (
        "VF-RV3", "cleaning", "Bộ lọc và chổi cho robot hút bụi", "Penapis dan berus robot vakum",
        "Filters and brushes for robot vacuum", 320_000, "59.00", 75,
    ),
    (
        "IR-ST", "laundry", "Bàn ủi hơi nước đứng", "Seterika wap berdiri",
        "Garment steamer", 1_290_000, "239.00", 21,
    ),
    (
        "IR-DRY", "laundry", "Bàn ủi khô 1000 W", "Seterika kering 1000 W",
        "Dry iron 1000 W", 350_000, "65.00", 48,
    ),
    (
        "HD-18", "personal care", "Máy sấy tóc ion 1800 W", "Pengering rambut ion 1800 W",
        "Ionic hair dryer 1800 W", 450_000, "85.00", 66,
    ),
    (
        "EP-BT5", "audio", "Tai nghe Bluetooth chống ồn", "Fon telinga Bluetooth ANC",
        "Noise-cancelling Bluetooth earbuds", 1_190_000, "219.00", 90,
    ),
    (
        "SP-20", "audio", "Loa Bluetooth 20 W chống nước", "Pembesar suara Bluetooth 20 W",
        "Waterproof Bluetooth speaker 20 W", 990_000, "185.00", 40,
    ),
    (
        "PB-20K", "accessories", "Sạc dự phòng 20.000 mAh", "Bank kuasa 20,000 mAh",
        "Power bank 20,000 mAh", 690_000, "125.00", 150,
    ),
    (
        "CH-65", "accessories", "Củ sạc nhanh GaN 65 W", "Pengecas pantas GaN 65 W",
        "GaN fast charger 65 W", 590_000, "109.00", 130,
    ),
    (
        "CB-C2", "accessories", "Cáp USB-C 2 m", "Kabel USB-C 2 m",
        "USB-C cable 2 m", 120_000, "22.00", 400,
    ),
    (
        "SW-FIT", "wearables", "Đồng hồ thông minh theo dõi sức khỏe", "Jam pintar kesihatan",
        "Fitness smartwatch", 1_490_000, "275.00", 27,
    ),
    (
        "CAM-IN", "smart home", "Camera an ninh trong nhà 2K", "Kamera keselamatan dalam rumah 2K",
        "Indoor security camera 2K", 650_000, "119.00", 55,
    ),
    (
        "LED-B9", "smart home", "Bóng đèn LED thông minh 9 W", "Mentol LED pintar 9 W",
        "Smart LED bulb 9 W", 150_000, "29.00", 260,
    ),
)  # fmt: skip

CATALOGUE: dict[str, Product] = {
    sku: Product(
        sku=sku,
        names={"vi": vi, "ms": ms, "en": en},
        category=category,
        prices={"VND": Money(Decimal(vnd), "VND"), "MYR": Money(Decimal(myr), "MYR")},
        stock=stock,
        picture=None,
    )
    for sku, category, vi, ms, en, vnd, myr, stock in _ROWS
}
"""Products by SKU."""

_RESTOCK_DAYS = {"AF-700D": 9}
"""SKU → days until there is more of what is sold out; the others are not known."""


def catalogue(now: datetime) -> dict[str, Product]:
    """Products by SKU as they stand at `now`: the same, with days on which more comes."""
    today = now.date()
    return CATALOGUE | {
        sku: replace(CATALOGUE[sku], restock_on=today + timedelta(days=days))
        for sku, days in _RESTOCK_DAYS.items()
    }
