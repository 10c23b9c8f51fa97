"""The table of transitions itself."""

from __future__ import annotations

from typing import get_args

import pytest

from myna.hub.ownership import TRANSITIONS, Cause, Owner, next_owner


@pytest.mark.parametrize("owner", get_args(Owner))
def test_no_hand_over_out_of_peoples_hands(owner: Owner) -> None:
    assert next_owner(owner, "hand_over") == ("queue" if owner == "bot" else None)


@pytest.mark.parametrize("owner", get_args(Owner))
def test_only_a_closed_matter_returns_to_the_bot(owner: Owner) -> None:
    assert next_owner(owner, "customer_wrote") == ("bot" if owner == "nobody" else None)


def test_nothing_but_a_closed_matter_or_a_wait_in_vain_returns_to_the_bot() -> None:
    assert {change for change, to in TRANSITIONS.items() if to == "bot"} == {
        ("nobody", "customer_wrote"),
        ("queue", "back_to_bot"),
        ("queue", "nobody_came"),
    }


def test_every_change_is_one() -> None:
    for (owner, cause), to in TRANSITIONS.items():
        assert owner in get_args(Owner)
        assert cause in get_args(Cause)
        assert to in get_args(Owner)
        # who answers on the channel itself and who answers at our desk are both people
        assert to != owner or cause == "taken_from_outside"
