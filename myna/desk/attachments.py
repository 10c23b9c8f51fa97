"""Pictures and files of customers, fetched for agents from where they lie.

Agents' browsers never learn the address, which may let in anybody who knows it; and they get only
what a browser shows without running it.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urljoin

import aiohttp
from sanic.response import HTTPResponse, raw

from myna.hub.house import Channel
from myna.hub.hub import Hub
from myna.hub.model import HubError

_SECONDS = 20.0
_BYTES = 25_000_000  # Messenger takes no more
_REDIRECTS = 3
_SHOWN = frozenset(
    {
        *("image/jpeg", "image/png", "image/gif", "image/webp"),
        *("video/mp4", "audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg"),
    }
)
_HEADERS = {"Cache-Control": "private, max-age=600"}


async def fetch(hub: Hub, conversation_id: str, attachment_id: str) -> HTTPResponse:
    """An attachment's bytes.

    Raises:
        HubError: there is none (404), or it cannot be had any more (502).
    """
    conversation = await hub.log.conversation(conversation_id)
    attachment = await hub.log.attachment(conversation_id, attachment_id)
    channel, url = hub.house.channels.get(conversation.channel), attachment.get("url")
    if channel is None or url is None:
        raise HubError(404, "not_found", "There is nothing to fetch.")
    try:
        async with asyncio.timeout(_SECONDS), aiohttp.ClientSession() as session:
            body, kind = await _body(session, channel, url)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise HubError(
            502, "gone", "The file cannot be had; its address may have ended. Ask for it again."
        ) from None
    if kind in _SHOWN:
        return raw(body, content_type=kind, headers=_HEADERS)
    headers = {**_HEADERS, "Content-Disposition": "attachment"}
    return raw(body, content_type="application/octet-stream", headers=headers)


async def _body(session: aiohttp.ClientSession, channel: Channel, url: str) -> tuple[bytes, str]:
    for _ in range(_REDIRECTS):
        if not channel.lies_there(url):
            raise ValueError("not the platform's address")
        async with session.get(url, allow_redirects=False) as response:
            if response.status in (301, 302, 303, 307, 308):
                url = urljoin(url, response.headers.get("Location", ""))
                continue
            response.raise_for_status()
            body = bytearray()
            async for piece in response.content.iter_chunked(65_536):
                body += piece
                if len(body) > _BYTES:
                    raise ValueError("too large")
            return bytes(body), response.content_type
    raise ValueError("too many redirections")
