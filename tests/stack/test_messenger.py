"""The conversations that are played on the web, over Messenger: a sample here, all of them by
`myna test --channel messenger`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from myna.settings import PROJECT
from myna.stack import Stack
from myna.trainer.conversations import read_conversations
from myna.trainer.play import play
from tests.channels.messenger.trial import MessengerCustomer, Remote, running_with_messenger
from tests.stack.conftest import said

SAMPLE = (
    "order status, number given at once",
    "order status, an order in two parcels",
    "an order number of a marketplace",
)


@pytest.fixture(scope="module")
def messenger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Remote]]:
    home: Path = tmp_path_factory.mktemp("messenger")
    with running_with_messenger(home) as running:
        yield running


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
@pytest.mark.parametrize("name", SAMPLE)
def test_conversations_go_over_messenger_as_over_the_web(
    messenger: tuple[Stack, Remote], language: str, name: str
) -> None:
    stack, remote = messenger
    found, _ = read_conversations(PROJECT)
    (one,) = [c for c in found if (c.language, c.name) == (language, name)]
    assert play(one, MessengerCustomer(stack, remote, language)).difference is None
    assert remote.graph.world.violations == []


def test_cancelling_by_buttons(messenger: tuple[Stack, Remote]) -> None:
    someone = MessengerCustomer(*messenger, "en")
    assert said(someone.says("pls cancel my order MY-10495")) == ["utter_ask_contact"]
    assert said(someone.says("019-876 5432")) == ["utter_ask_confirm_cancel"]
    assert said(someone.chooses(1)) == ["utter_ask_code"]


def test_every_customer_is_told_once_that_an_assistant_answers(
    messenger: tuple[Stack, Remote],
) -> None:
    stack, remote = messenger
    someone = MessengerCustomer(stack, remote, "vi")
    someone.says("phí giao hàng bao nhiêu vậy shop")
    someone.says("mấy giờ cửa hàng đóng cửa vậy shop")
    told = remote.do(lambda: remote.graph.sent_to(someone.psid, someone.page))
    assert ["trợ lý tự động" in text for text in told] == [True, False, False]
