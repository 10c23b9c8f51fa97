"""Each kind of event that Meta tells of, as the hub and the agents see it."""

from __future__ import annotations

from typing import Any

import pytest

from myna.channels.messenger.events import Unknown, read
from myna.database import Database
from myna.hub import schema
from myna.hub.cases import Request
from myna.hub.model import Agent
from tests.helpers import FakeBrain, answer
from tests.hub.moves import rows

from .conftest import AN, OTHER_PAGE, Line
from .fake import APP_ID, PAGE
from .fake.world import INBOX_APP

URL = "https://scontent.fbcdn.net/v/t1.15752-9/secret-photo.jpg?oh=TOKEN"


async def said(line: Line, author: str, psid: str = AN, page: str = PAGE) -> list[str]:
    return [text for who, text in await line.log(psid, page) if who == author]


async def responses(line: Line, psid: str = AN) -> list[str]:
    found = await line.hub.log.messages(line.conversation(psid), notes=True)
    return [m.response for m in found if m.response and m.response != "utter_disclosure"]


# --- what customers do


async def test_text(line: Line, brain: FakeBrain) -> None:
    line.graph.says(AN, "Ở đây có ship không 👩‍👩‍👧 ?")
    await line.settle()
    (request,) = brain.requests
    assert request["text"] == "Ở đây có ship không 👩‍👩‍👧 ?"
    assert request["customer"]["channel"] == "messenger"
    assert request["language"] == "en", "the page's own"


async def test_each_page_speaks_its_own_language_first(line: Line, brain: FakeBrain) -> None:
    brain.script = [answer("Dạ chào anh/chị.", language="vi")]
    line.graph.says(AN, "hi", OTHER_PAGE)
    await line.settle()
    assert brain.requests[0]["language"] == "vi"
    assert "trợ lý tự động" in (await said(line, "system", page=OTHER_PAGE))[0]


async def test_nul_and_halves_of_pairs_are_stored_as_replacements(
    line: Line, brain: FakeBrain
) -> None:
    line.graph.says(AN, "a\x00b\ud800c")
    await line.settle()
    assert brain.requests[0]["text"] == "a\ufffdb\ufffdc"


BUTTONS: Any = [
    {"title": "Check my order", "payload": "/ask_order_status"},
    {"title": "Opening hours", "payload": "/ask_opening_hours"},
]


async def test_a_quick_reply_is_a_choice(line: Line, brain: FakeBrain) -> None:
    brain.script = [answer("What do you need?", buttons=BUTTONS)]
    line.graph.says(AN, "hi")
    await line.settle()
    line.graph.presses(AN, "Opening hours")
    await line.settle()
    choice = brain.requests[1]["choice"]
    assert choice == {"payload": "/ask_opening_hours", "title": "Opening hours"}
    assert (await line.log())[-2] == ("customer", "Opening hours")


@pytest.mark.parametrize(
    "payload",
    ["/restart", "/ask_order_status", "myna.b:0123456789abcdef", "myna.p:0:/restart", "x"],
)
async def test_a_payload_that_we_have_not_issued_is_only_its_title(
    line: Line, brain: FakeBrain, payload: str
) -> None:
    line.graph.says(AN, "anything", quick_reply={"payload": payload})
    await line.settle()
    assert brain.requests[0]["choice"] is None
    assert brain.requests[0]["text"] == "anything"


async def test_a_button_of_another_conversation_is_only_its_title(
    line: Line, brain: FakeBrain
) -> None:
    brain.script = [answer("What do you need?", buttons=BUTTONS)]
    line.graph.says(AN, "hi")
    await line.settle()
    (_, payload) = line.world.sent[-1].buttons[0]
    line.graph.says("24000000000000009", "Check my order", quick_reply={"payload": payload})
    await line.settle()
    assert brain.requests[-1]["choice"] is None


async def test_a_typed_command_is_text(line: Line, brain: FakeBrain) -> None:
    line.graph.says(AN, "/restart")
    await line.settle()
    assert (brain.requests[0]["text"], brain.requests[0]["choice"]) == ("/restart", None)


async def test_a_typed_number_chooses_from_a_numbered_list(line: Line, brain: FakeBrain) -> None:
    long = [{"title": f"Something longer than twenty {n}", "payload": f"/p{n}"} for n in "abc"]
    brain.script = [answer("Which one?", buttons=long)]  # type: ignore[arg-type]
    line.graph.says(AN, "hi")
    await line.settle()
    assert "2. Something longer than twenty b" in line.graph.sent_to(AN)[-1]
    line.graph.says(AN, " 2. ")
    await line.settle()
    assert brain.requests[-1]["choice"] == {
        "payload": "/pb",
        "title": "Something longer than twenty b",
    }
    line.graph.says(AN, "2")
    await line.settle()
    assert brain.requests[-1]["choice"] is None, "the list is not the last message any more"


async def test_the_pages_own_buttons_are_signed(line: Line, brain: FakeBrain) -> None:
    from myna.channels.messenger.signature import offer

    line.graph.posts_back(AN, "Get Started", offer("signs payloads", PAGE, "/greet"))
    await line.settle()
    assert brain.requests[0]["choice"] == {"payload": "/greet", "title": "Get Started"}
    line.graph.posts_back(AN, "Get Started", offer("signs payloads", OTHER_PAGE, "/restart"))
    line.graph.posts_back(AN, "Get Started", offer("guessed", PAGE, "/restart"))
    await line.settle()
    assert [request["choice"] for request in brain.requests[1:]] == [None, None]


async def test_a_postback_without_a_payload_is_its_title(line: Line, brain: FakeBrain) -> None:
    line.graph.posts_back(AN, "View catalogue", None)
    await line.settle()
    assert brain.requests[0]["text"] == "View catalogue"


@pytest.mark.parametrize(
    ("attachment", "kind", "answered"),
    [
        ({"type": "image", "payload": {"url": URL}}, "image", "utter_photo_kept"),
        ({"type": "video", "payload": {"url": URL}}, "video", "utter_photo_kept"),
        ({"type": "audio", "payload": {"url": URL}}, "audio", "utter_cannot_read"),
        ({"type": "file", "payload": {"url": URL}}, "file", "utter_cannot_read"),
        (
            {"type": "image", "payload": {"url": URL, "sticker_id": 369239263222822}},
            "sticker",
            "utter_no_words",
        ),
        ({"type": "sticker", "payload": {"url": URL}}, "sticker", "utter_no_words"),
        (
            {"type": "location", "payload": {"coordinates": {"lat": 10.77, "long": 106.69}}},
            "location",
            "utter_cannot_read",
        ),
        ({"type": "fallback", "title": "A link", "payload": None}, "share", "utter_cannot_read"),
        ({"type": "fallback"}, "share", "utter_cannot_read"),
        ({"type": "reel", "payload": {"url": URL, "title": "x"}}, "share", "utter_cannot_read"),
        ({"type": "ig_reel", "payload": {"url": URL}}, "share", "utter_cannot_read"),
        ({"type": "post", "payload": {}}, "share", "utter_cannot_read"),
        ({"type": "ig_post", "payload": []}, "share", "utter_cannot_read"),
        ({"type": "appointment_booking"}, "share", "utter_cannot_read"),
        ({}, "share", "utter_cannot_read"),
    ],
)
async def test_attachments(
    line: Line,
    brain: FakeBrain,
    caplog: pytest.LogCaptureFixture,
    attachment: dict[str, Any],
    kind: str,
    answered: str,
) -> None:
    line.graph.sends(AN, attachment)
    await line.settle()
    (message, *_) = await line.hub.log.messages(line.conversation())
    assert [a["kind"] for a in message.attachments] == [kind]
    assert message.text == ""
    assert await responses(line) == [answered]
    assert brain.requests == [], "the brain reads words only"
    assert "secret-photo" not in caplog.text
    assert "secret-photo" not in str(message.public()), "where it lies is not told to browsers"


async def test_words_beside_a_picture_are_answered_and_the_picture_is_kept(
    line: Line, brain: FakeBrain
) -> None:
    picture = {"type": "image", "payload": {"url": URL}}
    line.graph.says(AN, "it came broken", attachments=[picture])
    await line.settle()
    assert [request["text"] for request in brain.requests] == ["it came broken"]
    assert URL not in str(brain.requests)
    (message, *_) = await line.hub.log.messages(line.conversation())
    assert message.attachments[0]["url"] == URL


async def test_a_picture_is_evidence_in_an_open_case(
    line: Line, brain: FakeBrain, linh: Agent
) -> None:
    line.graph.says(AN, "hi")
    await line.settle()
    request = Request("problem", "desk:1", "came broken", line.conversation())
    case = await line.hub.cases.open(request, linh)
    line.graph.sends(AN, {"type": "image", "payload": {"url": URL}})
    await line.settle()
    history = await line.hub.cases.history(case.reference)
    assert history[-1]["who"] == "customer"
    assert "message 4" in history[-1]["detail"]["text"]
    assert case.reference in line.graph.sent_to(AN)[-1]


async def test_what_meta_cannot_show_is_answered_too(line: Line) -> None:
    message = {"mid": "m_x", "is_unsupported": True}
    line.world.user(AN, acted_at=line.world.now())
    line.graph.event(AN, message=message)
    await line.settle()
    assert await responses(line) == ["utter_cannot_read"]


async def test_an_edited_message_is_read_anew_once(line: Line, brain: FakeBrain) -> None:
    mid = line.graph.says(AN, "order DH-2041")
    await line.settle()
    edit = {"mid": mid, "text": "order DH-20413", "num_edit": 1}
    for _ in range(2):
        line.graph.event(AN, message_edit=edit)
        await line.settle()
    assert [request["text"] for request in brain.requests] == ["order DH-2041", "order DH-20413"]
    line.graph.event(AN, message_edit={**edit, "text": "no, DH-20427", "num_edit": 2})
    await line.settle()
    assert len(brain.requests) == 3


async def test_a_reaction_is_a_note_for_agents(line: Line, brain: FakeBrain) -> None:
    mid = line.graph.says(AN, "hi")
    await line.settle()
    for _ in range(2):
        line.graph.event(
            AN,
            timestamp=1_795_000_000_000,
            reaction={"mid": mid, "action": "react", "reaction": "love", "emoji": "❤"},
        )
        await line.settle()
    line.graph.event(AN, reaction={"mid": mid, "action": "unreact", "reaction": "love"})
    await line.settle()
    assert await said(line, "note") == ["The customer reacted with ❤."]
    assert len(brain.requests) == 1


@pytest.mark.parametrize("stamp", [1_795_000_000_000, 1_795_000_000])
async def test_how_a_customer_came_is_kept(line: Line, brain: FakeBrain, stamp: int) -> None:
    referral = {"ref": "spring-sale", "source": "SHORTLINK", "type": "OPEN_THREAD"}
    line.graph.event(AN, timestamp=stamp, referral=referral)
    await line.settle()
    assert await said(line, "note") == ["The customer came through: SHORTLINK spring-sale"]
    assert brain.requests == []


async def test_an_advertisement_that_led_to_a_message_is_kept(line: Line, brain: FakeBrain) -> None:
    referral = {"source": "ADS", "type": "OPEN_THREAD", "ad_id": "6045246247433"}
    line.graph.says(AN, "is this in stock?", referral=referral)
    await line.settle()
    assert await said(line, "note") == ["The customer came through: ADS 6045246247433"]
    assert len(brain.requests) == 1


async def test_delivery_and_reading_are_noted(line: Line, database: Database) -> None:
    line.graph.says(AN, "hi")
    await line.settle()
    found = [row for row in await rows(database, schema.outbox) if row.carrier == "messenger"]
    assert {row.state for row in found} == {"delivered"}
    line.graph.reads_all(AN)
    await line.settle()
    found = [row for row in await rows(database, schema.outbox) if row.carrier == "messenger"]
    assert {row.state for row in found} == {"read"}
    conversation = await line.hub.log.conversation(line.conversation())
    assert conversation.seen_seq == 3


@pytest.mark.parametrize(
    "content",
    [
        {"optin": {"ref": "x"}},
        {"account_linking": {"status": "linked"}},
        {"policy_enforcement": {"action": "warning"}},
        {"something_new": {"of": 2027}},
        {},
        {"message": None},
        {"postback": []},
        {"message_edit": "x"},
        {"read": 7},
        {"delivery": {"mids": [1, None], "watermark": "x"}},
        {"reaction": None},
        {"referral": None},
        {"pass_thread_control": 1},
        {"message": {"mid": "m_1", "is_deleted": True}},
        {"message": {"text": "without an id"}},
    ],
)
async def test_unknown_kinds_do_no_harm(
    line: Line, brain: FakeBrain, content: dict[str, Any]
) -> None:
    line.graph.event(AN, **content)
    line.graph.says(AN, "and then?")
    await line.settle()
    assert brain.requests[-1]["text"] == "and then?"
    assert set(line.graph.webhook.statuses) == {200}


def test_unknown_kinds_are_named_in_the_log_without_their_contents() -> None:
    assert read({"sender": {}, "optin": {"ref": "0912345678"}}) == Unknown("optin")


# --- what the shop's people do on Facebook itself


async def test_who_answers_in_the_pages_inbox_silences_the_bot(
    line: Line, brain: FakeBrain
) -> None:
    line.graph.says(AN, "hi")
    await line.settle()
    line.graph.person_writes(AN, "Hello, this is Mai from the shop.")
    await line.settle()
    line.world.user(AN, silenced=True)
    conversation = await line.hub.log.conversation(line.conversation())
    assert (conversation.owner, conversation.agent_id) == ("human", None)
    line.graph.says(AN, "great, where is my parcel?")
    await line.settle()
    assert len(brain.requests) == 1
    assert (await line.log())[-2:] == [
        ("agent", "Hello, this is Mai from the shop."),
        ("customer", "great, where is my parcel?"),
    ]


async def test_what_was_written_in_the_inbox_is_not_sent_again(line: Line) -> None:
    line.graph.person_writes(AN, "Hello from the shop.")
    await line.settle()
    assert line.graph.sent_to(AN) == []


async def test_an_echo_of_ours_is_not_taken_for_a_person(line: Line) -> None:
    line.graph.says(AN, "hi")
    await line.settle()
    assert (await line.hub.log.conversation(line.conversation())).owner == "bot"
    assert len(await line.log()) == 3


async def test_an_echo_with_an_attachment_is_no_turn_of_the_page(
    line: Line, brain: FakeBrain
) -> None:
    message = {
        "mid": "m_echo",
        "is_echo": True,
        "app_id": int(INBOX_APP),
        "attachments": [{"type": "image", "payload": {"url": URL}}],
        "quick_reply": {"payload": "/restart"},
    }
    event = {"sender": {"id": PAGE}, "recipient": {"id": AN}, "message": message}
    line.graph.webhook.tell(event, AN)
    await line.settle()
    assert brain.requests == []
    (message_,) = await line.hub.log.messages(line.conversation())
    assert (message_.author, message_.attachments[0]["kind"]) == ("agent", "image")


async def test_an_echo_of_this_app_that_we_did_not_send_silences_nobody(line: Line) -> None:
    line.graph.says(AN, "hi")
    await line.settle()
    line.graph.person_writes(AN, "sent by a script of the same app", app_id=APP_ID)
    await line.settle()
    assert (await line.hub.log.conversation(line.conversation())).owner == "bot"


async def test_an_agent_of_ours_takes_it_from_the_inbox(line: Line, linh: Agent) -> None:
    line.graph.says(AN, "hi")
    await line.settle()
    line.graph.person_writes(AN, "Mai here.")
    await line.settle()
    line.world.is_human = lambda text: "Linh" in text
    await line.hub.reply(line.conversation(), linh, "desk:1", "Linh here, I'll go on.")
    await line.settle()
    conversation = await line.hub.log.conversation(line.conversation())
    assert (conversation.owner, conversation.agent) == ("human", "Linh")
    assert line.graph.sent_to(AN)[-1] == "Linh here, I'll go on."


async def test_while_another_app_has_the_thread_messages_are_kept_and_not_answered(
    line: Line, brain: FakeBrain
) -> None:
    line.graph.says(AN, "hi")
    await line.settle()
    line.world.user(AN, owner=INBOX_APP, silenced=True)
    line.graph.says(AN, "are you there?")
    line.graph.posts_back(AN, "Yes", None)
    await line.settle()
    assert len(brain.requests) == 1
    assert [text for text in await said(line, "customer")] == ["hi", "are you there?", "Yes"]
    assert (await line.hub.log.conversation(line.conversation())).owner == "human"


@pytest.mark.parametrize("kind", ["pass_thread_control", "take_thread_control"])
async def test_a_thread_that_goes_to_another_app_silences_the_bot(line: Line, kind: str) -> None:
    line.graph.says(AN, "hi")
    await line.settle()
    line.graph.event(AN, **{kind: {"new_owner_app_id": INBOX_APP, "previous_owner_app_id": APP_ID}})
    await line.settle()
    assert (await line.hub.log.conversation(line.conversation())).owner == "human"


async def test_a_thread_that_comes_back_is_the_bots_with_the_next_message(
    line: Line, brain: FakeBrain
) -> None:
    line.graph.says(AN, "hi")
    line.graph.person_writes(AN, "Mai here.")
    await line.settle()
    line.graph.event(AN, pass_thread_control={"new_owner_app_id": int(APP_ID), "metadata": "done"})
    await line.settle()
    assert (await line.hub.log.conversation(line.conversation())).owner == "nobody"
    line.graph.says(AN, "thanks, and the opening hours?")
    await line.settle()
    assert brain.requests[-1]["text"] == "thanks, and the opening hours?"
    assert ("reset", line.conversation()) in brain.calls
    assert line.graph.sent_to(AN)[-2].startswith("You're chatting with Myna"), "a bot again"


async def test_a_request_for_control_changes_nothing(line: Line) -> None:
    line.graph.says(AN, "hi")
    await line.settle()
    line.graph.event(AN, request_thread_control={"requested_owner_app_id": INBOX_APP})
    await line.settle()
    assert (await line.hub.log.conversation(line.conversation())).owner == "bot"
