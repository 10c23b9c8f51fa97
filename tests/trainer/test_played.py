"""The conversations in tests/conversations/, played against a whole Myna."""

import pytest

from myna.settings import PROJECT
from myna.stack import Customer, running
from myna.trainer.conversations import read_conversations
from myna.trainer.play import play_all

CONVERSATIONS, FINDINGS = read_conversations(PROJECT)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """All are played at once, side by side; each test looks at one."""
    with running(tmp_path_factory.mktemp("home")) as stack:
        played = list(
            play_all(CONVERSATIONS, lambda language: Customer(stack.url, language, stack.outbox))
        )
    return {outcome.conversation: outcome for outcome in played}


def test_files_are_readable():
    assert FINDINGS == []


@pytest.mark.parametrize(
    "conversation", CONVERSATIONS, ids=lambda c: f"{c.place.path.split('/', 2)[2]}-{c.name}"
)
def test_conversation(outcomes, conversation):
    outcome = outcomes[conversation]
    assert outcome.difference is None, f"{outcome.place.path}:{outcome.place.line}"
