"""What the actions name is there: texts in every language, actions in the domain.

That a text's placeholders are filled is seen where it is uttered: see `chat.Outcome`.
"""

from __future__ import annotations

import re

import pytest

from myna.bootstrap import catalogue
from myna.facts import LANGUAGES
from myna.settings import PROJECT

from .chat import DOMAIN
from .conftest import MODULES

_NAME = re.compile(r"\"(utter_[a-z_]+[a-z])\"")


def named() -> set[str]:
    """The responses that the actions' code names."""
    sources = (PROJECT / "actions").glob("*.py")
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    return set(_NAME.findall(code)) - {"utter_action"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_them(language: str) -> None:
    assert named() <= set(catalogue().language(language).responses)


def test_the_domain_names_exactly_these_actions() -> None:
    defined = {
        value().name()
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
        if not getattr(value, "__abstractmethods__", None) and hasattr(value, "run")
    }
    assert defined == set(DOMAIN["actions"])
