"""Requests of every kind, made from the server's own description, against the whole front server.

Whatever is sent, the answer is one that the description names, and no fault.
"""

from __future__ import annotations

from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case

from tests.api.conftest import SECONDS, Served
from tests.api.described import DOCUMENT

EXAMPLES = 25  # of each operation, beside the boundary values
NO_SCHEMA_CAN_TELL = {"/messages": "unknown_choice", "/session": "identity_refused"}
"""Only buttons that were offered can be pressed, and only the shop can sign a token."""


schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.config.generation.update(with_security_parameters=False)  # the caller brings its own
refusals = schema.config.checks.negative_data_rejection
refusals.expected_statuses = [*refusals.expected_statuses, "413"]


class Caller:
    """Knows the server, and what is in it."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self.chat, self.desk = requests.Session(), requests.Session()
        self.desk.headers.update({"Authorization": f"Bearer {token}", "X-Myna": "desk"})
        identity = self._chat("session", language="en")["conversation"]["id"]
        self._chat("messages", echo_id="1", text="hello")
        self._desk(f"conversations/{identity}/claim", version=1)
        self._desk(f"conversations/{identity}/resolve", version=2)  # there is something to rate
        self._chat("messages", echo_id="2", text="a person")
        new = {"kind": "complaint", "summary": "it leaks", "request_id": "1"}
        opened = self._desk("cases", **new, conversation_id=identity)
        self.names = {"conversation_id": identity, "reference": opened["case"]["reference"]}

    def _chat(self, path: str, **body: Any) -> Any:
        return self._post(self.chat, f"chat/{path}", body)

    def _desk(self, path: str, **body: Any) -> Any:
        return self._post(self.desk, f"desk/{path}", body)

    def _post(self, session: requests.Session, path: str, body: dict[str, Any]) -> Any:
        answer = session.post(f"{self.address}/api/v1/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def aim(self, case: Case) -> None:
        """Makes a request that could be right be about what there is, half of the time as it is."""
        if case.meta is None or case.meta.generation.mode.is_negative:
            return
        known = [name for name in case.path_parameters if name in self.names]
        for name in known:
            case.path_parameters[name] = self.names[name]
        if known and isinstance(case.body, dict) and case.body.get("version", 1) % 2 == 0:
            case.body["version"] = self._version(known[0])

    def _version(self, name: str) -> int:
        """That of the conversation or case as it is now."""
        kind = {"conversation_id": "conversation", "reference": "case"}[name]
        found = self.desk.get(f"{self.address}/api/v1/desk/{kind}s/{self.names[name]}")
        version: int = found.json()[kind]["version"]
        return version


@pytest.fixture(scope="module")
def caller(served: Served) -> Caller:
    return Caller(served.address, served.token)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_request_is_answered_as_described(case: Case, caller: Caller) -> None:
    caller.aim(case)
    session = caller.chat if case.path.startswith("/api/v1/chat") else caller.desk
    if case.path == "/api/v1/chat/logout":  # the others go on
        session = requests.Session()
        session.cookies.update(caller.chat.cookies)
    if case.path.endswith("/events"):
        stream = case.as_transport_kwargs(caller.address)
        response = session.request(**stream, stream=True, timeout=SECONDS)
        if response.status_code == 200:
            with response:
                assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
                assert b"event: ping" in next(response.iter_content(None))
            return
    else:
        response = case.call(base_url=caller.address, session=session, timeout=SECONDS)
    refused = NO_SCHEMA_CAN_TELL.get(case.path.removeprefix("/api/v1/chat"))
    if refused and response.json().get("error", {}).get("code") == refused:
        return
    case.validate_response(response, excluded_checks=[schemathesis.checks.ignored_auth])
