from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from myna.bootstrap import product_names
from myna.entities.finder import EntityFinder
from myna.facts import load_facts

NOW = datetime.fromisoformat("2026-11-26T10:00:00+07:00")  # a Thursday

Found = Callable[..., list[tuple[str, str, str]]]


@pytest.fixture(scope="session")
def finder() -> EntityFinder:
    return EntityFinder(load_facts(), product_names())


@pytest.fixture(scope="session")
def found(finder: EntityFinder) -> Found:
    """(entity, value, the words it stands for) of a message."""

    def find(
        text: str, language: str | None = "vi", now: datetime = NOW
    ) -> list[tuple[str, str, str]]:
        return [
            (item.entity, item.value, text[item.start : item.end])
            for item in finder.find(text, language, now)
        ]

    return find
