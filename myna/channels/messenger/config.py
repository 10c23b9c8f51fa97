"""What an installation needs to know for Messenger: from `shop.yml` and from its secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from myna import settings
from myna.facts import Facts, MessengerPage
from myna.settings import SettingError

APP_SECRET = "messenger_app_secret"  # noqa: S105 (names, not secrets)
VERIFY_TOKEN = "messenger_verify_token"  # noqa: S105
_PAYLOAD_KEY = "messenger_payloads"
_CONVERSATION = re.compile(r"fb\.([0-9]{5,17})\.([0-9]{1,19})", re.ASCII)


def page_token_name(page_id: str) -> str:
    """The name of a page's token among the secrets."""
    return f"messenger_token_{page_id}"


@dataclass(frozen=True)
class Config:
    """Everything the channel needs. Secrets do not show in its representation."""

    graph_url: str
    version: str
    app_id: str
    pages: dict[str, MessengerPage]
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    payload_key: str = field(repr=False)

    def token(self, page_id: str) -> str | None:
        """A page's access token; read anew each time, so that a new one counts at once."""
        return settings.given_secret(page_token_name(page_id))

    def conversation(self, page_id: object, user_id: object) -> str | None:
        """The id of a user's conversation with one of our pages; None if it is none of ours."""
        found = f"fb.{page_id}.{user_id}"
        return found if page_id in self.pages and _CONVERSATION.fullmatch(found) else None


def parties(conversation_id: str) -> tuple[str, str]:
    """The page and the user of a conversation.

    Raises:
        ValueError: it is not one of Messenger's.
    """
    match = _CONVERSATION.fullmatch(conversation_id)
    if match is None:
        raise ValueError(f"'{conversation_id}' is no conversation of Messenger")
    return match[1], match[2]


def load(facts: Facts) -> Config | None:
    """The channel's configuration; None if no page is configured: the channel is off.

    Raises:
        SettingError: a page is configured, but a secret is missing, or the Graph API's address
            cannot be used.
    """
    told = facts.messenger
    if not told.pages:
        return None
    needed = [APP_SECRET, VERIFY_TOKEN, *(page_token_name(page.id) for page in told.pages)]
    given = {name: settings.given_secret(name) for name in needed}
    if missing := [name for name, value in given.items() if not value]:
        raise SettingError(
            "Messenger: shop.yml names a Page, but these secrets are missing: "
            f"{', '.join(f'MYNA_{name.upper()}' for name in missing)}. Run `myna messenger setup`,"
            " or take the pages out of shop.yml."
        )
    return Config(
        graph_url=settings.graph_url(),
        version=told.graph_version,
        app_id=told.app_id,
        pages={page.id: page for page in told.pages},
        app_secret=given[APP_SECRET] or "",
        verify_token=given[VERIFY_TOKEN] or "",
        payload_key=settings.secret(_PAYLOAD_KEY),
    )
