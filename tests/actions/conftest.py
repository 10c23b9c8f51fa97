"""A conversation and a shop of its own for every test."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest

import actions

from .chat import Chat
from .fake_shop import FakeShop, an_order

MODULES = [
    import_module(f"actions.{found.name}") for found in pkgutil.iter_modules(actions.__path__)
]


@pytest.fixture(autouse=True)
def shop(monkeypatch: pytest.MonkeyPatch) -> FakeShop:
    """Holds Lan's paid order DH-20413; the actions know no other shop."""
    shop = FakeShop()
    shop.add(an_order())
    for module in MODULES:
        if hasattr(module, "shop"):
            monkeypatch.setattr(module, "shop", lambda: shop)
    monkeypatch.setenv("MYNA_CODES", "key of tests")
    return shop


@pytest.fixture
def chat() -> Chat:
    """A conversation in English."""
    return Chat()
