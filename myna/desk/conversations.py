"""The desk's conversations: lists, transcripts, taking, answering, closing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sanic.request import Request
from sanic.response import HTTPResponse, json

from myna import web
from myna.api import Api, Error, Nothing, Sent
from myna.desk import models
from myna.desk.attachments import fetch
from myna.desk.views import Views
from myna.hub.hub import Hub
from myna.hub.model import Agent, HubError

_ONE = "/conversations/<conversation_id:str>"
_OVERTAKEN = {409: models.Overtaken}


def add_routes(desk: Api, hub: Hub, views: Views) -> None:
    """Everything about conversations."""

    @asynccontextmanager
    async def telling_who_has_it(conversation_id: str) -> AsyncIterator[None]:
        try:
            yield
        except HubError as fault:
            if fault.status != 409:
                raise
            present = await views.summary(conversation_id)
            raise web.Conflict(fault, conversation=present) from None

    async def changed(conversation_id: str) -> HTTPResponse:
        return json({"conversation": await views.summary(conversation_id)})

    @desk.get("/conversations", models.Conversations)
    async def conversations(request: Request, agent: Agent, query: models.Listing) -> HTTPResponse:
        """List conversations, with the counts of all views."""
        return json(await views.listing(query.view, agent))

    @desk.get(_ONE, models.Detail)
    async def conversation(request: Request, agent: Agent, conversation_id: str) -> HTTPResponse:
        """Read a conversation: all that was said, and what is known besides."""
        summary = await views.summary(conversation_id)
        messages = await hub.log.messages(conversation_id, notes=True, limit=None)
        return json(
            {
                "conversation": summary,
                "messages": [message.public() for message in messages],
                "troubles": await hub.log.troubles(conversation_id),
                "context": await hub.log.context(conversation_id),
            }
        )

    @desk.get(_ONE + "/messages", models.Messages)
    async def messages(
        request: Request, agent: Agent, conversation_id: str, query: models.After
    ) -> HTTPResponse:
        """Read what was said after a message.

        At most 500 messages; ask again after the last one's `seq` until there are none.
        """
        await hub.log.conversation(conversation_id)
        found = await hub.log.messages(conversation_id, query.after, notes=True)
        return json({"messages": [message.public() for message in found]})

    @desk.get(_ONE + "/attachments/<attachment_id:str>", media="*/*", errors={502: Error})
    async def attachment(
        request: Request, agent: Agent, conversation_id: str, attachment_id: str
    ) -> HTTPResponse:
        """Fetch a picture or file that a customer has sent.

        It lies with the channel's platform, whose addresses end after a while: 502 if it cannot be
        had any more.
        """
        return await fetch(hub, conversation_id, attachment_id)

    @desk.post(_ONE + "/claim", models.Changed, errors=_OVERTAKEN)
    async def claim(
        request: Request, agent: Agent, conversation_id: str, body: models.Version
    ) -> HTTPResponse:
        """Take a conversation."""
        async with telling_who_has_it(conversation_id):
            await hub.claim(conversation_id, agent, body.version)
        return await changed(conversation_id)

    @desk.post(_ONE + "/release", models.Changed, errors=_OVERTAKEN)
    async def release(
        request: Request, agent: Agent, conversation_id: str, body: models.Version
    ) -> HTTPResponse:
        """Put a conversation back into the queue."""
        async with telling_who_has_it(conversation_id):
            await hub.release(conversation_id, agent, body.version)
        return await changed(conversation_id)

    @desk.post(_ONE + "/resolve", models.Changed, errors=_OVERTAKEN)
    async def resolve(
        request: Request, agent: Agent, conversation_id: str, body: models.Version
    ) -> HTTPResponse:
        """Close the matter.

        The customer's next message goes to the assistant again. A customer whom a person has helped
        is asked for a rating, and later whether the matter is solved.
        """
        async with telling_who_has_it(conversation_id):
            await hub.resolve(conversation_id, agent, body.version)
        return await changed(conversation_id)

    @desk.post(_ONE + "/messages", Sent, status=(201,), errors=_OVERTAKEN)
    async def reply(
        request: Request, agent: Agent, conversation_id: str, body: models.Reply
    ) -> HTTPResponse:
        """Write to the customer, which takes the conversation over.

        409 if another agent has it.
        """
        echo_id = f"desk-{agent.id}:{body.echo_id}"
        async with telling_who_has_it(conversation_id):
            written = await hub.reply(conversation_id, agent, echo_id, body.text)
        return json({"message": written.messages[-1].public()}, 201)

    @desk.post(_ONE + "/notes", Sent, status=(201,))
    async def note(
        request: Request, agent: Agent, conversation_id: str, body: models.Note
    ) -> HTTPResponse:
        """Leave a note for agents; it takes nothing over."""
        written = await hub.note(conversation_id, agent, body.text)
        return json({"message": written.messages[-1].public()}, 201)

    @desk.post(_ONE + "/typing", Nothing)
    async def typing(request: Request, agent: Agent, conversation_id: str) -> HTTPResponse:
        """Tell the customer that a person is writing."""
        await hub.log.conversation(conversation_id)
        hub.types(conversation_id, "agent")
        return json({})
