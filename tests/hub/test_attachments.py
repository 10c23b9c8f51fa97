"""What customers send beside words, on any channel; and saying that an assistant answers."""

from __future__ import annotations

import pytest

from myna.hub.cases import Request
from myna.hub.hub import Hub
from myna.hub.log import Log
from myna.hub.model import Agent, Arrival, Attachment, HubError
from tests.helpers import Clock, FakeBrain, answer, handled
from tests.hub.moves import HAND_OVER, finish, queued, write

PHOTO: Attachment = {"kind": "image", "url": "https://cdn.example/secret"}


async def send(
    hub: Hub, *attachments: Attachment, text: str = "", number: int = 1, channel: str = "web"
) -> None:
    arrival = Arrival("c1", channel, f"x:{number}", text, None, "en", attachments=attachments)
    await hub.receive(arrival)
    await handled(hub)


async def responses(hub: Hub) -> list[str | None]:
    found = await hub.log.messages("c1", notes=True)
    return [m.response for m in found if m.author != "customer"]


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (["image"], "utter_photo_kept"),
        (["sticker", "image"], "utter_photo_kept"),
        (["video"], "utter_photo_kept"),
        (["sticker"], "utter_no_words"),
        (["location"], "utter_cannot_read"),
        (["audio", "sticker"], "utter_cannot_read"),
    ],
)
async def test_without_words_the_hub_answers(
    hub: Hub, brain: FakeBrain, kinds: list[str], said: str
) -> None:
    await send(hub, *({"kind": kind} for kind in kinds))  # type: ignore[arg-type]
    assert await responses(hub) == [said]
    assert brain.requests == []


async def test_with_words_the_brain_answers_and_sees_only_these(hub: Hub, brain: FakeBrain) -> None:
    await send(hub, PHOTO, text="it is broken")
    assert [request["text"] for request in brain.requests] == ["it is broken"]
    assert "secret" not in str(brain.requests)


async def test_a_picture_among_words_is_one_turn_of_the_words(hub: Hub, brain: FakeBrain) -> None:
    async def more(request: object) -> object:
        for number, (text, attachments) in enumerate(
            [("it came", ()), ("", (PHOTO,)), ("broken", ())], start=2
        ):
            await hub.receive(
                Arrival("c1", "web", f"x:{number}", text, None, "en", attachments=attachments)
            )
        return answer("hello")

    brain.script = [more]  # type: ignore[list-item]
    await send(hub, text="hi")
    assert brain.requests[1]["text"] == "it came\nbroken"
    assert brain.requests[1]["parts"] == ["it came", "broken"]


async def test_a_picture_is_evidence_in_an_open_case_also_beside_words(
    hub: Hub, linh: Agent
) -> None:
    await send(hub, text="hi")
    case = await hub.cases.open(Request("problem", "o", "broken", "c1"), linh)
    await send(hub, PHOTO, number=2)
    await send(hub, PHOTO, text="and this one", number=3)
    noted = [e for e in await hub.cases.history(case.reference) if e["what"] == "comment"]
    assert [(e["who"], e["detail"]["text"].split("message ")[1][:1]) for e in noted] == [
        ("customer", "3"),
        ("customer", "5"),
    ]
    assert "utter_photo_added" in await responses(hub)


@pytest.mark.usefixtures("staffed")
async def test_people_get_pictures_without_a_word_of_the_bot(hub: Hub) -> None:
    await queued(hub.log)
    before = len(await responses(hub))
    await send(hub, PHOTO)
    assert (await responses(hub))[before:] == ["utter_still_waiting"]


async def test_only_our_own_desk_learns_where_a_picture_lies(hub: Hub) -> None:
    await send(hub, PHOTO)
    (message, _) = await hub.log.messages("c1")
    (shown,) = message.public()["attachments"]
    assert shown["kind"] == "image"
    assert "secret" not in str(message.public())
    assert (await hub.log.attachment("c1", shown["id"]))["url"] == PHOTO["url"]
    with pytest.raises(HubError):
        await hub.log.attachment("c2", shown["id"])


# --- disclosure


async def test_the_web_page_says_it_by_itself(hub: Hub) -> None:
    await send(hub, text="hi")
    assert "utter_disclosure" not in await responses(hub)


async def test_it_is_said_at_the_start_after_a_day_and_once_a_person_has_left(
    hub: Hub, clock: Clock, linh: Agent
) -> None:
    said = []
    for number, (hours, agent) in enumerate([(0, 0), (1, 0), (24, 0), (1, 1), (1, 0)], start=1):
        clock.go_on(hours=hours)
        if agent:
            done = await hub.reply("c1", linh, "desk:1", "Linh here.")
            await hub.release("c1", linh, done.conversation.version)
            await hub.log._database.write(_back_to_bot)
        before = len(await responses(hub))
        await send(hub, text="hi", number=number, channel="messenger")
        said.append("utter_disclosure" in (await responses(hub))[before:])
    assert said == [True, False, True, True, False]


def _back_to_bot(connection: object) -> None:
    from myna.hub import schema

    connection.execute(schema.conversations.update().values(owner="bot"))  # type: ignore


async def test_a_greeting_says_it_too(log: Log) -> None:
    begun = await write(log, channel="messenger")
    done = await finish(log, begun, answer("Hi, I'm Myna.", response="utter_greet"))
    assert [m.response for m in done.messages] == ["utter_greet"]


async def test_it_is_not_said_where_nothing_is(log: Log) -> None:
    begun = await write(log, channel="messenger")
    done = await finish(log, begun, answer(commands=[HAND_OVER]))
    assert "utter_disclosure" not in [m.response for m in done.messages]
