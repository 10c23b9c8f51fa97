"""What the demo shop sells, from `catalogue.yml`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from myna.shop.model import Money, Product

LANGUAGES = ("vi", "ms", "en")

_ROWS: dict[str, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("catalogue.yml").read_text(encoding="utf-8")
)


def _product(sku: str, row: dict[str, Any]) -> Product:
    return Product(
        sku=sku,
        names={language: row[language]["name"] for language in LANGUAGES},
        category=row["category"],
        prices={code: Money(Decimal(price), code) for code, price in row["prices"].items()},
        stock=row["stock"],
        picture=None,
        descriptions={language: row[language]["text"] for language in LANGUAGES},
        facts={language: tuple(row[language]["facts"]) for language in LANGUAGES},
        url=f"https://lentera.example.com/p/{sku.lower()}",
        warranty_months=row.get("warranty_months"),
    )


CATALOGUE: dict[str, Product] = {sku: _product(sku, row) for sku, row in _ROWS.items()}
"""Products by SKU."""


def catalogue(now: datetime) -> dict[str, Product]:
    """Products by SKU as they stand at `now`: the same, with the days on which more comes."""
    return {
        sku: replace(product, restock_on=now.date() + timedelta(days=_ROWS[sku]["restock_days"]))
        if "restock_days" in _ROWS[sku]
        else product
        for sku, product in CATALOGUE.items()
    }
