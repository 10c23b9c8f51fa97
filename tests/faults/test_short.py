"""The short form of the fault suite; the long form is `make test-faults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.runner import Scenario, run
from tests.faults.scenarios import SHORT
from tests.faults.world import Setup


@pytest.mark.parametrize("scenario", SHORT, ids=lambda scenario: scenario.name)
async def test_nothing_is_lost_or_doubled_and_nobody_talked_over(
    tmp_path: Path, scenario: Scenario
) -> None:
    result = await run(scenario, Setup(tmp_path, seed=1))
    # on a loaded machine everything may be late, but nothing else may be wrong
    assert [finding for finding in result.findings if finding.kind != "late"] == []
    assert result.messages >= scenario.messages
    assert result.kills + result.faults > 0
