"""The OpenAPI 3.0 document of the web API, made from the routes that the server really has.

Specification: https://spec.openapis.org/oas/v3.0.3
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pydantic
from pydantic.schema import field_schema
from pydantic.schema import schema as schemas
from sanic import Sanic

from myna.api import ID, Error, Model, Operation, Schema

PATH = "/api/v1/openapi.json"
"""Where it is served."""

_REFERENCE = "#/components/schemas/"
_PART = re.compile(r"<(\w+)(?::\w+)?>")
_ABOUT = """
The customers' chat page and the agents' desk are built on this API, and so are integrations.

- Requests and answers are JSON. A refusal is `{"error": {"code", "message"}}`; codes stay the same.
- A text is at most as long as its schema says; what cannot be stored (NUL, halves of surrogate
  pairs) is replaced by U+FFFD.
- `echo_id` and `request_id` are chosen by the sender. The same one again gives the same message or
  case again, so a request whose answer was lost is simply repeated.
- What depends on who has a conversation names its `version`. If that has changed, the answer is
  409 and carries what is there now.
- Live events are server-sent events. What is missed while the connection is down is sent after
  it: messages are numbered by `seq`, without gaps.
- A program works in an agent's name, with a token that `myna agent token` makes:

    curl -H "Authorization: Bearer myna_…" https://chat.shop.example/api/v1/desk/cases
""".strip()
_MEANINGS = {
    200: "Done.",
    201: "Done; it is new.",
    400: "The body is no JSON object.",
    401: "Nobody we know: no session, no token, or an old one.",
    403: "Sent by another site's page, or without the header that our own page sends.",
    404: "There is nothing of this name.",
    409: "It is not as the request supposes; nothing was done.",
    413: "A text, or the whole body, is too long.",
    415: "The body is not declared as JSON.",
    422: "A field cannot be taken; `message` names it.",
    502: "Somebody else's server, which is needed for this, does not give it.",
    429: "Too many requests; nothing was stored. Try again later.",
}


def document(app: Sanic) -> Schema:
    """The document for an application whose routes were made by `myna.api.Api`."""
    found = sorted(_operations(app), key=lambda one: (one[1].tag, one[0], one[1].method))
    models = {model for _, operation in found for model in _models(operation)}
    paths: dict[str, Schema] = {}
    for path, operation in found:
        paths.setdefault(path, {})[operation.method.lower()] = _operation(path, operation)
    schemes: Schema = {}
    for blueprint in app.blueprints.values():
        schemes.update(getattr(blueprint.ctx, "schemes", {}))
    definitions = schemas(list(models), ref_prefix=_REFERENCE)["definitions"]
    return {
        "openapi": "3.0.3",
        "info": {"title": "Myna", "version": "1", "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": dict(sorted(definitions.items())),
            "securitySchemes": schemes,
        },
    }


def _operations(app: Sanic) -> Iterator[tuple[str, Operation]]:
    for route in app.router.routes:
        if operation := getattr(route.handler, "operation", None):
            yield "/" + _PART.sub(r"{\1}", route.path), operation


def _models(operation: Operation) -> Iterator[type[Model]]:
    yield Error
    yield from (model for model in (operation.body, operation.answer) if model)
    yield from (*operation.events.values(), *operation.errors.values())


def _operation(path: str, operation: Operation) -> Schema:
    summary, _, text = operation.text.partition("\n\n")
    described: Schema = {
        "operationId": f"{operation.tag}_{operation.name}",
        "tags": [operation.tag],
        "summary": summary.replace("\n", " ").rstrip("."),
        "parameters": list(_parameters(path, operation)),
        "responses": {str(status): answer for status, answer in _responses(path, operation)},
        "security": [{scheme: [] for scheme in needed} for needed in operation.security],
    }
    if text:
        described["description"] = text
    if operation.body:
        described["requestBody"] = {"required": True, "content": _json(operation.body)}
    return described


def _parameters(path: str, operation: Operation) -> Iterator[Schema]:
    for name in re.findall(r"{(\w+)}", path):
        schema = {"type": "string", "pattern": ID}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name, field in operation.query.__fields__.items() if operation.query else ():
        schema, _, _ = field_schema(field, model_name_map={}, ref_prefix=_REFERENCE)
        schema.pop("title", None)
        text = schema.pop("description", "")
        yield {
            "name": name,
            "in": "query",
            "required": bool(field.required),
            "description": text,
            "schema": schema,
        }


def _responses(path: str, operation: Operation) -> Iterator[tuple[int, Schema]]:
    for status in operation.status:
        content = _json(operation.answer) if operation.answer else _events(operation.events)
        if operation.media:
            content = {operation.media: {"schema": {"type": "string", "format": "binary"}}}
        yield status, {"description": _MEANINGS[status], "content": content}
    refusals: dict[int, type[Model]] = {status: Error for status in _refusals(path, operation)}
    for status, model in sorted({**refusals, **operation.errors}.items()):
        answer: Schema = {"description": _MEANINGS[status], "content": _json(model)}
        if status == 429:
            seconds = {"description": "Seconds.", "required": True, "schema": {"type": "integer"}}
            answer["headers"] = {"Retry-After": seconds}
        yield status, answer


def _refusals(path: str, operation: Operation) -> Iterator[int]:
    """Those that follow from what a route reads, and from who may use it."""
    if operation.security:
        yield 401
    if operation.method != "GET":
        yield 403
    if "{" in path:
        yield 404
    if operation.body:
        yield from (400, 413, 415, 422)
    elif operation.query:
        yield 422


def _json(model: type[pydantic.BaseModel]) -> Schema:
    return {"application/json": {"schema": {"$ref": _REFERENCE + model.__name__}}}


def _events(events: Mapping[str, type[Model]]) -> Schema:
    return {
        "text/event-stream": {
            "schema": {"type": "string", "description": f"Events: {', '.join(events)}."},
            # OpenAPI 3.0 has no words for what a stream consists of
            "x-events": {
                kind: {"$ref": _REFERENCE + model.__name__} for kind, model in events.items()
            },
        }
    }
