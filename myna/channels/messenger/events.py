"""What Meta tells, as typed values. Reading never fails: what has no known form is `Unknown`.

One call carries entries of several pages and events of many users; every event is read by itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from myna.hub.model import Attachment, AttachmentKind

_SECONDS_BELOW = 100_000_000_000  # timestamps are in milliseconds, but in referrals also in seconds
_LATEST = 4_102_444_800  # 2100
_KINDS: dict[str, AttachmentKind] = {
    "image": "image",
    "audio": "audio",
    "video": "video",
    "file": "file",
    "sticker": "sticker",
    "location": "location",
}
"""Other types (fallback, reel, ig_reel, post, ig_post, template, appointment_booking, and what Meta
thinks of next) are things that were shared."""
_TITLE = 300  # characters
_URL = 4000


@dataclass(frozen=True)
class Referral:
    """How a user came: an m.me link, an advertisement, a plug-in. Says nothing of who they are."""

    source: str
    ref: str


@dataclass(frozen=True)
class Message:
    """A user's message."""

    mid: str
    text: str
    payload: str | None
    """Of the quick reply that was pressed."""
    attachments: tuple[Attachment, ...]
    referral: Referral | None


@dataclass(frozen=True)
class Postback:
    """A button, or a first question, that was pressed."""

    title: str
    payload: str | None
    """Left out for other apps' buttons and while another app has the thread."""
    referral: Referral | None


@dataclass(frozen=True)
class Echo:
    """A message of the page to a user: ours, or somebody else's."""

    mid: str
    app_id: str | None
    metadata: str | None
    text: str
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class Edit:
    """A user has changed a message."""

    mid: str
    number: int
    text: str


@dataclass(frozen=True)
class Receipt:
    """Messages have reached the user, or were read."""

    read: bool
    mids: tuple[str, ...]
    until: datetime | None
    """Everything before."""


@dataclass(frozen=True)
class Reaction:
    """A user's emoji on a message."""

    emoji: str


@dataclass(frozen=True)
class Handover:
    """Control of a thread has changed between apps."""

    kind: str
    """`pass_thread_control`, `take_thread_control`, `request_thread_control`, `app_roles`."""
    new_owner: str | None


@dataclass(frozen=True)
class Unknown:
    """Something of no form that we know."""

    kind: str


Content = Message | Postback | Echo | Edit | Receipt | Reaction | Handover | Referral | Unknown


class Told(NamedTuple):
    """One event as it is stored, before it is read."""

    page_id: str
    user_id: str
    key: str
    """The same for a redelivery, and for nothing else."""
    at: datetime | None
    standby: bool
    """Another app had the thread."""
    raw: dict[str, Any]


def told(body: Any) -> Iterator[Told]:
    """The events of a call; what is no event of a page and a user is left out."""
    if not isinstance(body, dict) or body.get("object") != "page":
        return
    for entry in _dicts(body.get("entry")):
        for field in ("messaging", "standby"):
            for event in _dicts(entry.get(field)):
                found = _told(entry, event, field == "standby")
                if found:
                    yield found


def _told(entry: dict[str, Any], event: dict[str, Any], standby: bool) -> Told | None:
    sender, recipient = _id(event.get("sender")), _id(event.get("recipient"))
    message = _dict(event.get("message"))
    echo = message.get("is_echo") is True
    page, user = (sender, recipient) if echo else (recipient, sender)
    page = page or _text(entry.get("id"))
    if not page or not user:
        return None
    return Told(
        page, user, _key(page, user, event), _moment(event.get("timestamp")), standby, event
    )


def _key(page: str, user: str, event: dict[str, Any]) -> str:
    message, edit = _dict(event.get("message")), _dict(event.get("message_edit"))
    postback = _dict(event.get("postback"))
    if mid := _text(message.get("mid")):
        name = ["echo" if message.get("is_echo") is True else "message", mid]
    elif mid := _text(edit.get("mid")):
        name = ["edit", mid, str(edit.get("num_edit"))]
    elif mid := _text(postback.get("mid")):
        name = ["postback", mid]
    else:
        name = ["event", json.dumps(event, sort_keys=True)]
    digest = hashlib.sha256("\n".join([page, user, *name]).encode(errors="replace"))
    return f"fb:{digest.hexdigest()[:40]}"


def read(event: dict[str, Any]) -> Content:
    """What an event is."""
    if "message" in event:
        return _message(_dict(event["message"]))
    if "postback" in event:
        postback = _dict(event["postback"])
        return Postback(
            _text(postback.get("title")) or "",
            _text(postback.get("payload")),
            _referral(postback.get("referral")),
        )
    if "message_edit" in event:
        edit = _dict(event["message_edit"])
        number = edit.get("num_edit")
        text = _text(edit.get("text")) or ""
        return Edit(_text(edit.get("mid")) or "", number if type(number) is int else 0, text)
    for name in ("delivery", "read"):
        if name in event:
            receipt = _dict(event[name])
            mids = receipt.get("mids")
            known = tuple(m for m in mids if isinstance(m, str)) if isinstance(mids, list) else ()
            return Receipt(name == "read", known, _moment(receipt.get("watermark")))
    if "reaction" in event:
        reaction = _dict(event["reaction"])
        if reaction.get("action") == "react":
            emoji = _text(reaction.get("emoji")) or _text(reaction.get("reaction")) or "?"
            return Reaction(emoji[:20])
        return Unknown("unreact")
    if "referral" in event:
        return _referral(event["referral"]) or Unknown("referral")
    return _rest(event)


def _rest(event: dict[str, Any]) -> Content:
    for name in ("pass_thread_control", "take_thread_control", "request_thread_control"):
        if name in event:
            owner = _text(_dict(event[name]).get("new_owner_app_id"))
            if owner or (name == "take_thread_control" and isinstance(event[name], dict)):
                return Handover(name, owner)
    known = [name for name in event if name not in ("sender", "recipient", "timestamp")]
    return Unknown(",".join(sorted(known))[:80] or "nothing")


def _message(message: dict[str, Any]) -> Content:
    mid, text = _text(message.get("mid")) or "", _text(message.get("text")) or ""
    attachments = tuple(_attachment(one) for one in _dicts(message.get("attachments")))
    if message.get("is_echo") is True:
        app_id, metadata = _text(message.get("app_id")), _text(message.get("metadata"))
        return Echo(mid, app_id, metadata, text, attachments)
    if message.get("is_deleted") is True:
        return Unknown("deleted")
    if not mid:
        return Unknown("message without mid")
    payload = _text(_dict(message.get("quick_reply")).get("payload"))
    if not text and not attachments and payload is None:
        # also what Meta cannot show to apps (`is_unsupported`) deserves an answer
        attachments = ({"kind": "share"},)
    return Message(mid, text, payload, attachments, _referral(message.get("referral")))


def _attachment(raw: dict[str, Any]) -> Attachment:
    payload = _dict(raw.get("payload"))
    kind: AttachmentKind = _KINDS.get(str(raw.get("type")), "share")
    if "sticker_id" in payload:  # until August 2026 stickers came as images
        kind = "sticker"
    found: Attachment = {"kind": kind}
    if (url := _text(payload.get("url")) or _text(raw.get("url"))) and len(url) <= _URL:
        found["url"] = url
    if title := _text(payload.get("title")) or _text(raw.get("title")):
        found["title"] = title[:_TITLE]
    place = _dict(payload.get("coordinates"))
    latitude, longitude = _degrees(place.get("lat")), _degrees(place.get("long"))
    if latitude is not None and longitude is not None:
        found["latitude"], found["longitude"] = latitude, longitude
    return found


def _referral(raw: Any) -> Referral | None:
    referral = _dict(raw)
    if not referral:
        return None
    source = _text(referral.get("source")) or "?"
    ref = _text(referral.get("ref")) or _text(referral.get("ad_id")) or ""
    return Referral(source[:40], ref[:200])


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _text(value: Any) -> str | None:
    """A text; ids may come as numbers."""
    if isinstance(value, str):
        return value or None
    return str(value) if type(value) is int else None


def _degrees(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and abs(value) <= 180 else None


def _id(party: Any) -> str | None:
    return _text(_dict(party).get("id"))


def _moment(value: Any) -> datetime | None:
    """A moment that is given in milliseconds or seconds since 1970."""
    if type(value) not in (int, float) or value <= 0:
        return None
    seconds = value if value < _SECONDS_BELOW else value / 1000
    return datetime.fromtimestamp(seconds, UTC) if seconds < _LATEST else None
