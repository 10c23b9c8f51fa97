"""What Meta refuses, with its own codes."""

from __future__ import annotations

import re
from typing import Any

from .world import APP_ID, DAY, Page, User, World

TAGS = {"HUMAN_AGENT"}
RETIRED = {"CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE"}
ACTIONS = {"typing_on", "typing_off", "mark_seen"}


class Refusal(Exception):
    """An error of the Graph API."""

    def __init__(self, code: int, text: str, subcode: int | None = None, status: int = 400) -> None:
        super().__init__(text)
        self.code, self.subcode, self.status = code, subcode, status


def too_long(text: str, limit: int) -> bool:
    """In UTF-16 units or in code points, whichever is more (*assumed*: Meta does not say)."""
    return max(len(text), len(text.encode("utf-16-le")) // 2) > limit


def check(condition: object, text: str) -> None:
    """Refuses with code 100 unless the condition holds."""
    if not condition:
        raise Refusal(100, f"(#100) {text}")


def text_of(value: Any, name: str, limit: int) -> None:
    """A text that has to be there and within its limit."""
    check(isinstance(value, str) and value.strip(), f"{name} has to be a text")
    check(not too_long(value, limit), f"Length of param {name} must be less than or equal {limit}")


def message(body: dict[str, Any]) -> None:
    """The form of a message."""
    known = {"text", "attachment", "quick_replies", "metadata"}
    check(set(body) <= known, f"unknown field in message: {set(body) - known}")
    check(("text" in body) != ("attachment" in body), "message needs text or attachment")
    if "text" in body:
        text_of(body["text"], "message[text]", 2000)
    else:
        attachment(body["attachment"])
    if "metadata" in body:
        text_of(body["metadata"], "message[metadata]", 1000)
    if "quick_replies" in body:
        replies = body["quick_replies"]
        check(isinstance(replies, list) and 1 <= len(replies) <= 13, "1 to 13 quick replies")
        for reply in replies:
            check(reply.get("content_type") == "text", "quick reply of an unknown type")
            text_of(reply.get("title"), "quick_reply[title]", 20)
            text_of(reply.get("payload"), "quick_reply[payload]", 1000)


def attachment(body: dict[str, Any]) -> None:
    """The form of an attachment."""
    payload = body.get("payload")
    check(isinstance(payload, dict), "attachment needs a payload")
    if body.get("type") in ("image", "audio", "video", "file"):
        url = str(payload.get("url") or "")
        check(re.match("https?://", url) or "attachment_id" in payload, "attachment needs a url")
        return
    check(body.get("type") == "template", "unknown type of attachment")
    if payload.get("template_type") == "button":
        text_of(payload.get("text"), "payload[text]", 640)
        buttons(payload.get("buttons"))
        return
    check(payload.get("template_type") == "generic", "unknown template")
    elements = payload.get("elements")
    check(isinstance(elements, list) and 1 <= len(elements) <= 10, "1 to 10 elements")
    for element in elements:
        text_of(element.get("title"), "element[title]", 80)
        if "subtitle" in element:
            text_of(element["subtitle"], "element[subtitle]", 80)
        check(len(element) > 1, "an element needs more than its title")
        for address in (element.get("image_url"), element.get("default_action", {}).get("url")):
            check(address is None or address.startswith("https://"), "addresses begin with https")
        if "buttons" in element:
            buttons(element["buttons"])


def buttons(found: Any) -> None:
    """1 to 3 buttons."""
    check(isinstance(found, list) and 1 <= len(found) <= 3, "1 to 3 buttons")
    for button in found:
        text_of(button.get("title"), "button[title]", 20)
        if button.get("type") == "postback":
            text_of(button.get("payload"), "button[payload]", 1000)
        else:
            check(button.get("type") == "web_url", "unknown type of button")
            check(str(button.get("url")).startswith("https://"), "button needs a url")


def may_send(world: World, page: Page, user: User | None, body: dict[str, Any]) -> User:
    """Whether the page may write to this user now."""
    if page.restricted:
        raise Refusal(10, "(#10) This Page is restricted from sending", 1893063, 403)
    if user is None:
        raise Refusal(100, "(#100) No matching user found", 2018001)
    if user.blocked:
        raise Refusal(551, "(#551) This person isn't available right now.", 1545041)
    if user.owner != APP_ID:
        raise Refusal(10, "(#10) Another app is controlling this thread now.", 2018300, 403)
    if "sender_action" in body:
        check(body["sender_action"] in ACTIONS, "unknown sender_action")
        return user
    kind, tag = body.get("messaging_type"), body.get("tag")
    check(kind in ("RESPONSE", "UPDATE", "MESSAGE_TAG"), "messaging_type is required")
    silence = world.now() - user.acted_at
    if kind == "MESSAGE_TAG":
        if tag in RETIRED:
            raise Refusal(100, "(#100) This tag is not supported any more", 1893061)
        check(tag in TAGS, "unknown tag")
        if not page.human_agent:
            raise Refusal(10, "(#10) Application does not have the feature Human Agent", None, 403)
        if silence > 7 * DAY:
            raise Refusal(10, "(#10) This message is sent outside of allowed window.", 2018278, 403)
    elif silence > DAY:
        raise Refusal(10, "(#10) This message is sent outside of allowed window.", 2018278, 403)
    return user


def profile(fields: dict[str, Any]) -> None:
    """The form of a Messenger profile."""
    known = {"get_started", "greeting", "persistent_menu", "ice_breakers", "whitelisted_domains"}
    check(fields and set(fields) <= known, f"unknown field of the profile: {set(fields) - known}")
    if "get_started" in fields:
        text_of(fields["get_started"].get("payload"), "get_started[payload]", 1000)
    for one in fields.get("greeting", []):
        text_of(one.get("text"), "greeting[text]", 160)
        check(one.get("locale"), "greeting needs a locale")
    for name, limit, most in (("ice_breakers", 80, 4), ("persistent_menu", 30, 20)):
        found = fields.get(name, [])
        check(not found or any(o.get("locale") == "default" for o in found), "default is missing")
        for one in found:
            calls = one.get("call_to_actions")
            check(isinstance(calls, list) and 1 <= len(calls) <= most, f"{name}: 1 to {most}")
            for call in calls:
                title = "question" if name == "ice_breakers" else "title"
                text_of(call.get(title), f"{name}[{title}]", limit)
                text_of(call.get("payload"), f"{name}[payload]", 1000)
    if "persistent_menu" in fields:
        for one in fields["persistent_menu"]:
            check("composer_input_disabled" in one, "composer_input_disabled is missing")
