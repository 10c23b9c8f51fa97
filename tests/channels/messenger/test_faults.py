"""A short run through all faults; the long one is `python -m tests.channels.messenger.faults`."""

from __future__ import annotations

import pytest

from .faults import run


@pytest.mark.timeout(280)
async def test_each_message_is_one_turn_and_each_answer_comes_once_or_is_called_unknown() -> None:
    report = await run(messages=300, kills=2)
    assert report.wrong == []
    assert report.kills >= 2
    assert sum(report.faults.values()) > 20, "faults did strike"
    assert report.states.get("unknown", 0) < 0.2 * report.outbound
