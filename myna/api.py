"""Routes that describe themselves: the models that check a request are those that document it.

A handler's annotations say what it reads (`body`, `query`); its decorator says what it answers.
`myna/openapi.py` makes the OpenAPI document of both.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partialmethod, wraps
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

import pydantic
from pydantic.fields import ModelField
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from myna import web
from myna.hub.hub import storable
from myna.hub.model import AttachmentKind, Author, HubError

Schema = dict[str, Any]
M = TypeVar("M", bound="Model")

ID = r"^[0-9A-Za-z_.-]{1,40}$"
"""Ids in addresses and bodies; nothing else can name anything."""
TEXT = r"[^\s\u001c-\u001f\u0085]"
"""More than blanks: what is none to Python, and to ECMAScript, whose patterns OpenAPI has."""
CENTURY = r"^20[0-9][0-9]-"
"""Of a moment that is to come or has been; any database can hold it, with any offset."""
MOST = 2**31 - 1
"""The largest number that a column of the database holds."""

_REPEATED = 80  # characters of a field's name, in a refusal
_MISMATCHES = {
    ID: "has to be an id, of letters, digits and _ . - only",
    TEXT: "must not be blank",
    CENTURY: "has to be a moment from 2000 to 2099",
}
_DIGITS = re.compile("-?[0-9]{1,10}", re.ASCII)
_SWITCH = {"true": True, "1": True, "false": False, "0": False}


class Moment(datetime):
    """A moment as JSON has it: RFC 3339, with its offset."""

    _FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)

    @classmethod
    def __get_validators__(cls) -> Any:
        """As pydantic asks for it."""
        yield cls._read

    @classmethod
    def _read(cls, value: object) -> datetime:
        if isinstance(value, str) and cls._FORM.fullmatch(value.upper()):
            with suppress(ValueError):
                return datetime.fromisoformat(value.upper())
        raise ValueError("has to be a moment with its offset, e.g. 2026-11-24T09:30:00Z")

    @classmethod
    def __modify_schema__(cls, schema: Schema) -> None:
        """As pydantic asks for it."""
        schema.update(type="string", format="date-time")


class Model(pydantic.BaseModel):
    """What the API takes; JSON's types are taken as they are, never one for another."""

    class Config:
        """As pydantic asks for it."""

        extra = "forbid"
        allow_mutation = False
        error_msg_templates: ClassVar[dict[str, str]] = {
            "value_error.missing": "is missing",
            "value_error.extra": "is not known; check its spelling",
            "value_error.number.not_ge": "has to be at least {limit_value}",
            "value_error.number.not_le": "has to be at most {limit_value}",
            "type_error.integer": "has to be a whole number",
            "type_error.bool": "has to be true or false",
            "type_error.str": "has to be a text",
            "type_error.none.not_allowed": "must not be null",
        }

        @staticmethod
        def schema_extra(schema: Schema, model: type[pydantic.BaseModel]) -> None:
            """Says in OpenAPI 3.0's words what pydantic leaves out: where null is possible."""
            schema.pop("title", None)
            nullable = {field.alias for field in model.__fields__.values() if field.allow_none}
            for name, own in schema.get("properties", {}).items():
                own.pop("title", None)
                if name in nullable:
                    if reference := own.pop("$ref", None):
                        own["allOf"] = [{"$ref": reference}]
                    if "enum" in own:
                        own["enum"] = [*own["enum"], None]
                    own["nullable"] = True

    @pydantic.validator("*", pre=True)
    def _as_it_is(cls, value: object, field: ModelField) -> object:
        kind, more = field.type_, field.field_info.extra
        if value is None:
            return None
        if get_origin(kind) is Literal:
            more = {**more, "enum": get_args(kind)}
        elif issubclass(kind, bool) and not isinstance(value, bool):
            raise pydantic.BoolError
        elif issubclass(kind, int) and type(value) is not int and not issubclass(kind, bool):
            raise pydantic.IntegerError
        elif issubclass(kind, str) and not isinstance(value, str):
            raise pydantic.StrError
        if "enum" in more and value not in more["enum"]:
            raise ValueError(f"has to be one of {', '.join(more['enum'])}")
        if "pattern" in more and isinstance(value, str) and not re.search(more["pattern"], value):
            raise ValueError(_MISMATCHES[more["pattern"]])
        return storable(value) if isinstance(value, str) else value


class Answer(Model):
    """What the API gives; more may be added to it, so that who reads it must bear with more."""

    class Config(Model.Config):
        """As pydantic asks for it."""

        extra = "ignore"

        @staticmethod
        def schema_extra(schema: Schema, model: type[pydantic.BaseModel]) -> None:
            """Every field is always there, unless it is marked as `left_out`."""
            Model.Config.schema_extra(schema, model)
            there = [f.alias for f in model.__fields__.values() if f.default_factory is None]
            if there:
                schema["required"] = there


def about(text: str, default: Any = ..., **limits: Any) -> Any:
    """A field with its description."""
    return pydantic.Field(default, description=text, **limits)


def left_out(text: str, **limits: Any) -> Any:
    """A field that may be missing, though null is not meant by that."""
    return pydantic.Field(default_factory=type(None), description=text, **limits)


# --- what several parts of the API give


class Fault(Answer):
    """Why a request was not carried out."""

    code: str = about("Stays the same, for programs.")
    message: str = about("For people, in English.")
    field: str = left_out("The field that cannot be taken.")
    retry_after: int = left_out("Seconds after which to try again.")
    challenge: str = left_out("`prove_work` only: what to append a dot and a number to.")
    bits: int = left_out("`prove_work` only: zero bits that the SHA-256 of it has to begin with.")


class Error(Answer):
    """A refusal."""

    error: Fault


class Nothing(Answer):
    """It is done; there is nothing to tell."""


class Button(Answer):
    """A choice below a message; pressed by sending its id as `choice`."""

    id: str
    title: str


class Card(Answer):
    """A thing shown below a message, such as a product."""

    title: str
    subtitle: str
    picture: str | None = about("Address of a picture.")
    url: str | None = about("Address of its own page.")
    buttons: list[Button]


class Attachment(Answer):
    """Something beside a message's words."""

    id: str
    kind: AttachmentKind = about("`share`: something of the channel that has no other kind.")
    title: str | None = about("A file's or a place's.")
    latitude: float | None = about("Of a place.")
    longitude: float | None = about("Of a place.")


class Message(Answer):
    """One entry of a conversation's log."""

    seq: int = about("1, 2, 3 … without gaps in a conversation, notes for agents included.")
    author: Author = about("`system` are the server's own sentences; `note` is for agents only.")
    text: str
    response: str | None = about("The response's name in the catalogue, if it is one.")
    buttons: list[Button]
    cards: list[Card]
    attachments: list[Attachment] = about("Agents fetch pictures and files by their ids.")
    echo_id: str | None = about("The sender's own id of it.")
    agent: str | None = about("The name of the agent who wrote it.")
    at: Moment


class Sent(Answer):
    """A message that is in the log."""

    message: Message


# --- routes


@dataclass(frozen=True)
class Operation:
    """What a route takes and gives."""

    method: str
    tag: str
    name: str
    text: str
    """The handler's docstring."""
    body: type[Model] | None
    query: type[Model] | None
    status: Sequence[int]
    answer: type[Model] | None
    events: Mapping[str, type[Model]]
    """Server-sent events, if it gives these instead of an answer."""
    media: str | None
    """The type of what it gives if that is no JSON, e.g. `image/*`."""
    errors: Mapping[int, type[Model]]
    """Beside those that follow from the rest."""
    security: Sequence[Sequence[str]]
    """Schemes that are needed together; one of these combinations will do."""


@dataclass(frozen=True)
class Guard:
    """Who may use an API, and how they show who they are."""

    admit: Callable[[Request], Awaitable[Any]]
    """Who asks; raises HubError (401, 403)."""
    own_page: Callable[[Request], None]
    """Refuses a write that another site's page may have sent; for routes that anybody may use."""
    schemes: Mapping[str, Schema]
    """OpenAPI's security schemes."""
    reading: Sequence[Sequence[str]]
    writing: Sequence[Sequence[str]]


@dataclass
class Api:
    """A blueprint of described routes."""

    name: str
    prefix: str
    guard: Guard
    blueprint: Blueprint = field(init=False)

    def __post_init__(self) -> None:
        self.blueprint = Blueprint(self.name, url_prefix=self.prefix)
        self.blueprint.ctx.schemes = self.guard.schemes

    def route(
        self,
        method: str,
        path: str,
        answer: type[Model] | None = None,
        *,
        status: Sequence[int] = (200,),
        events: Mapping[str, type[Model]] | None = None,
        media: str | None = None,
        errors: Mapping[int, type[Model]] | None = None,
        public: Sequence[Sequence[str]] | None = None,
    ) -> Callable[[Callable[..., Awaitable[Any]]], Callable[..., Awaitable[Any]]]:
        """Registers a handler.

        It is called with the request, with who asks (unless `public`), with the path's parts, and
        with `body` and `query` if it is annotated with models for them.

        Args:
            method: of HTTP.
            path: below the prefix.
            answer: what it answers.
            status: with which codes it may do so.
            events: server-sent events that it gives instead.
            media: the type of a file that it gives instead.
            errors: refusals of its own.
            public: anybody may; the security schemes that count all the same.
        """
        usual = self.guard.reading if method == "GET" else self.guard.writing

        def register(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
            hints = get_type_hints(handler)
            operation = Operation(
                method=method,
                tag=self.name,
                name=handler.__name__,
                text=inspect.getdoc(handler) or "",
                body=hints.get("body"),
                query=hints.get("query"),
                status=status,
                answer=answer,
                events=events or {},
                media=media,
                errors=errors or {},
                security=usual if public is None else public,
            )

            @wraps(handler)
            async def handle(request: Request, **parts: str) -> HTTPResponse | None:
                who = []
                if public is None:
                    who = [await self.guard.admit(request)]
                elif method != "GET":
                    self.guard.own_page(request)
                if not all(re.search(ID, part) for part in parts.values()):
                    raise HubError(404, "not_found", "There is nothing of this name.")
                read: dict[str, Any] = dict(parts)
                if operation.query:
                    read["query"] = read_query(request, operation.query)
                if operation.body:
                    read["body"] = read_model(operation.body, web.body(request))
                response: HTTPResponse | None = await handler(request, *who, **read)
                return response

            handle.operation = operation  # type: ignore[attr-defined]
            self.blueprint.add_route(handle, path, methods=[method], name=handler.__name__)
            return handler

        return register

    get = partialmethod(route, "GET")
    post = partialmethod(route, "POST")
    patch = partialmethod(route, "PATCH")


def read_model(model: type[M], data: Mapping[str, Any]) -> M:
    """A request's data, checked.

    Raises:
        HubError: a field cannot be taken (422), or is too long (413); the message names it.
    """
    try:
        return model.parse_obj(data)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
    name = storable(".".join(map(str, first["loc"]))[:_REPEATED])
    if first["type"] == "value_error.any_str.max_length":
        most = first["ctx"]["limit_value"]
        raise HubError(413, "too_long", f"'{name}' is longer than {most} characters.", field=name)
    raise HubError(422, "bad_field", f"'{name}' {first['msg']}.", field=name)


def read_query(request: Request, model: type[M]) -> M:
    """What stands behind the question mark; parts that the model does not know do not count.

    Raises:
        HubError: a part cannot be taken (422).
    """
    found: dict[str, Any] = {}
    given = request.get_args(keep_blank_values=True)
    for name, field_ in model.__fields__.items():
        value: Any = given.get(name)
        if value is None:
            continue
        if field_.type_ is bool:
            value = _SWITCH.get(value, value)
        elif inspect.isclass(field_.type_) and issubclass(field_.type_, int):
            value = int(value) if _DIGITS.fullmatch(value) else value
        found[name] = value
    return read_model(model, found)
