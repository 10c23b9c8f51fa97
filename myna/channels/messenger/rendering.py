"""The hub's messages as Messenger takes them, within its limits.

Limits of Meta's Send API: text 2,000; quick replies 13 with titles of 20; button template 3 with a
text of 640; carousel 10 elements of 80 with 3 buttons. What does not fit is put in another form:
titles that are too long become a numbered list, and a typed number chooses from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myna.channels.messenger.signature import button_payload
from myna.channels.messenger.splitting import shorten, split, units
from myna.hub.model import Attachment, Message

TEXT, TITLE = 2000, 20
_QUICK_REPLIES = 13
_TEMPLATE_BUTTONS, _TEMPLATE_TEXT = 3, 640
_ELEMENTS, _ELEMENT_TEXT = 10, 80
_SENT_AS = {"image": "image", "audio": "audio", "video": "video", "file": "file"}

Part = dict[str, Any]
Button = dict[str, str]


def render(message: Message) -> list[Part]:
    """Each part is the `message` of one request; none if there is nothing to say."""
    pictures = [part for a in message.attachments if (part := _media(a))]
    texts, carousels = _texts(message), _carousels(message.cards)
    if texts and carousels and "quick_replies" in texts[-1]:
        # they vanish with the next part, so they have to stand below the last one
        carousels[-1]["quick_replies"] = texts[-1].pop("quick_replies")
    return [*pictures, *texts, *carousels]


def _texts(message: Message) -> list[Part]:
    buttons = list(message.buttons)
    if not buttons:
        return [{"text": part} for part in split(message.text, TEXT)]
    if is_numbered(buttons):
        parts = split("\n".join([message.text, *_numbered(buttons)]), TEXT)
        offered = [
            {"title": str(number), "id": button["id"]}
            for number, button in enumerate(buttons[:_QUICK_REPLIES], start=1)
        ]
    else:
        # buttons need something to stand below
        parts = split(message.text, TEXT) or ["…"]
        offered = [{"title": b["title"].strip(), "id": b["id"]} for b in buttons]
        if message.author == "system" and _is_template(parts[-1], offered):
            # the hub's own buttons stay good for long: a template's stay, quick replies vanish
            return [*({"text": part} for part in parts[:-1]), _template(parts[-1], offered)]
    last = {"text": parts[-1], "quick_replies": [_quick_reply(b) for b in offered]}
    return [*({"text": part} for part in parts[:-1]), last]


def is_numbered(buttons: Sequence[Button]) -> bool:
    """Whether buttons are shown as a numbered list, from which a typed number chooses."""
    too_long = any(units(b["title"].strip()) > TITLE or not b["title"].strip() for b in buttons)
    return too_long or len(buttons) > _QUICK_REPLIES


def _numbered(buttons: Sequence[Button]) -> list[str]:
    return [f"{number}. {button['title']}" for number, button in enumerate(buttons, start=1)]


def _quick_reply(button: Button) -> Part:
    payload = button_payload(button["id"])
    return {"content_type": "text", "title": button["title"], "payload": payload}


def _is_template(text: str, buttons: Sequence[Button]) -> bool:
    return len(buttons) <= _TEMPLATE_BUTTONS and units(text) <= _TEMPLATE_TEXT


def _template(text: str, buttons: Sequence[Button]) -> Part:
    made = [_postback(button) for button in buttons]
    payload = {"template_type": "button", "text": text, "buttons": made}
    return {"attachment": {"type": "template", "payload": payload}}


def _media(attachment: Attachment) -> Part | None:
    kind, url = _SENT_AS.get(attachment["kind"]), attachment.get("url")
    if kind is None or url is None:
        return None
    return {"attachment": {"type": kind, "payload": {"url": url, "is_reusable": False}}}


def _carousels(cards: Sequence[dict[str, Any]]) -> list[Part]:
    """Cards side by side, as many at once as there may be."""
    groups = [cards[first : first + _ELEMENTS] for first in range(0, len(cards), _ELEMENTS)]
    return [
        {
            "attachment": {
                "type": "template",
                "payload": {"template_type": "generic", "elements": [_element(c) for c in group]},
            }
        }
        for group in groups
    ]


def _element(card: dict[str, Any]) -> Part:
    # Meta wants something besides the title, and fetches over HTTPS only
    element: Part = {
        "title": shorten(card["title"], _ELEMENT_TEXT) or "…",
        "subtitle": shorten(card["subtitle"], _ELEMENT_TEXT) or "…",
    }
    if _is_secure(card["picture"]):
        element["image_url"] = card["picture"]
    if _is_secure(card["url"]):
        element["default_action"] = {"type": "web_url", "url": card["url"]}
    if buttons := card["buttons"][:_TEMPLATE_BUTTONS]:
        element["buttons"] = [_postback(button) for button in buttons]
    return element


def _is_secure(address: str | None) -> bool:
    return address is not None and address.startswith("https://")


def _postback(button: Button) -> Part:
    title = shorten(button["title"], TITLE)
    return {"type": "postback", "title": title, "payload": button_payload(button["id"])}
