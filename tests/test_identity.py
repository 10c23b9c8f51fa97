"""Tokens of the shop's website, as a website would make them and as others would."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from myna.identity import IdentityError, verified
from myna.settings import PROJECT

KEY = "k" * 32


def token(key: str = KEY, algorithm: str = "HS256", **claims: Any) -> str:
    """A good one, but for what is given; None leaves a claim out."""
    usual = {"aud": "myna", "sub": "C-3456789", "exp": int(time.time()) + 600}
    given = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode(given, key, algorithm)


def test_a_good_token() -> None:
    found = verified(token(name="Nguyễn Ngọc Lan"), KEY)
    assert (found.customer_id, found.name) == ("C-3456789", "Nguyễn Ngọc Lan")
    assert 590 < found.until.timestamp() - time.time() <= 600
    assert verified(token(), KEY).name is None


@pytest.mark.parametrize(
    "made",
    [
        lambda: token(key="x" * 32),
        lambda: token(algorithm="HS512", key="k" * 64),
        lambda: token(exp=int(time.time()) - 60),
        lambda: token(exp=int(time.time()) + 2 * 3600),
        lambda: token(exp=None),
        lambda: token(exp=1e308),
        lambda: token(aud="somebody else"),
        lambda: token(aud=None),
        lambda: token(sub=None),
        lambda: token(sub=""),
        lambda: token(sub="x" * 101),
        lambda: token(sub="C-1\n"),
        lambda: token(name=7),
        lambda: token(name=""),
        lambda: jwt.encode({"aud": "myna", "sub": "C-1", "exp": 2e9}, None, "none"),
        lambda: "",
        lambda: "a.b.c",
        lambda: "\udcff",
        lambda: token()[:-2] + "AA",
    ],
)
def test_what_is_not_believed(made: Any) -> None:
    with pytest.raises(IdentityError):
        verified(made(), KEY)


def test_the_sample_of_the_documentation() -> None:
    page = (PROJECT / "docs/identity.md").read_text(encoding="utf-8")
    sample = page.partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(sample, names)
    found = verified(names["myna_token"]("C-1", "Nguyễn Ngọc Lan", KEY), KEY)
    assert (found.customer_id, found.name) == ("C-1", "Nguyễn Ngọc Lan")
