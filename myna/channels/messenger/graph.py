"""Meta's Graph API: one request, its answer, and what its errors mean.

The token goes into the Authorization header, never into an address or a log; every request carries
`appsecret_proof`. What an error means decides what is done about it, see `Meaning`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import aiohttp

from myna.channels.messenger.signature import app_proof

SECONDS = 10.0
_CONNECT_SECONDS = 5.0
_ANSWER_BYTES = 1_000_000
_TEXT = 200

Meaning = Literal[
    "retry",  # certainly not done, may succeed later
    "throttled",  # too many requests; not done
    "token",  # the page's token is not valid: nothing can be sent until there is a new one
    "permission",  # the app may not do this
    "restricted",  # Meta has restricted the page for a while
    "window",  # the customer wrote too long ago
    "owner",  # another app has the thread
    "unreachable",  # this user cannot be written to
    "refused",  # the request is wrong, and stays so
    "unknown",  # no answer, or none that can be read: it may have been done
]

_THROTTLING = frozenset({4, 17, 32, 341, 613, 80001, 80006, 80007})
_PERMISSION = frozenset({3, 10, *range(200, 300)})
_BY_SUBCODE: dict[tuple[int, int], Meaning] = {
    (10, 2018278): "window",
    (10, 2018300): "owner",
    (10, 1893063): "restricted",
    (100, 2018001): "unreachable",
    (200, 1545041): "unreachable",
}


class GraphError(Exception):
    """A request that was not carried out, or perhaps not.

    Args:
        meaning: what it means for us.
        text: for operators; holds no token.
        code: Meta's, if it gave one.
        subcode: Meta's, if it gave one.
        after: seconds after which Meta wants to be asked again.
    """

    def __init__(
        self,
        meaning: Meaning,
        text: str,
        code: int | None = None,
        subcode: int | None = None,
        after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.meaning = meaning
        self.code = code
        self.subcode = subcode
        self.after = after


class Graph:
    """Asks the Graph API.

    Args:
        url: its address.
        version: e.g. `v26.0`.
        app_secret: for `appsecret_proof`.
    """

    def __init__(self, url: str, version: str, app_secret: str) -> None:
        self._base = f"{url}/{version}"
        self._app_secret = app_secret
        self._session: aiohttp.ClientSession | None = None
        self.usage = 0.0
        """How much of what Meta allows was used up when it last told, in percent."""

    async def get(self, path: str, token: str, **query: str) -> dict[str, Any]:
        """Reads.

        Raises:
            GraphError: as said.
        """
        return await self.call("GET", path, token, query=query)

    async def post(
        self, path: str, token: str, body: Mapping[str, Any], seconds: float = SECONDS
    ) -> dict[str, Any]:
        """Changes something.

        Raises:
            GraphError: as said.
        """
        return await self.call("POST", path, token, body=body, seconds=seconds)

    async def call(
        self,
        method: str,
        path: str,
        token: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        seconds: float = SECONDS,
    ) -> dict[str, Any]:
        """One request.

        Raises:
            GraphError: no success, or none that can be read.
        """
        proof = {"appsecret_proof": app_proof(self._app_secret, token)}
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=_CONNECT_SECONDS)
        try:
            async with self._client().request(
                method,
                f"{self._base}/{path}",
                params={**(query or {}), **({} if body is not None else proof)},
                json=None if body is None else {**body, **proof},
                headers={"Authorization": f"Bearer {token}"},
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                raw = await response.content.read(_ANSWER_BYTES)
                while raw_more := await response.content.read(_ANSWER_BYTES):
                    raw = (raw + raw_more)[:_ANSWER_BYTES]
                self._note_usage(response.headers)
                return _result(response.status, response.headers, raw)
        except (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError) as error:
            raise GraphError("retry", f"no connection: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise GraphError("unknown", f"no answer: {type(error).__name__}") from None

    async def close(self) -> None:
        """Closes connections."""
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=200)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session

    def _note_usage(self, headers: Mapping[str, str]) -> None:
        told = [headers.get(name) for name in ("X-App-Usage", "X-Page-Usage")]
        shares = [share for text in told if text for share in _shares(text)]
        if shares:
            self.usage = max(shares)


def _shares(text: str) -> list[float]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    values = found.values() if isinstance(found, dict) else []
    return [float(value) for value in values if type(value) in (int, float)]


def _result(status: int, headers: Mapping[str, str], raw: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        answer = None
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        raise _fault(status, headers, error)
    if status == 429:
        raise GraphError("throttled", "HTTP 429", after=_after(headers))
    if 200 <= status < 300 and isinstance(answer, dict):
        return answer
    # a proxy's page, or a success that cannot be read: what stands behind may have done it
    raise GraphError("unknown", f"HTTP {status} without an answer that can be read")


def _fault(status: int, headers: Mapping[str, str], error: dict[str, Any]) -> GraphError:
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    text = f"({code}/{subcode or '-'}) {str(error.get('message'))[:_TEXT]}"
    return GraphError(
        _meaning(status, code, subcode, error.get("is_transient") is True),
        text,
        code,
        subcode,
        _after(headers),
    )


def _meaning(status: int, code: int | None, subcode: int | None, transient: bool) -> Meaning:
    if known := _BY_SUBCODE.get((code or 0, subcode or 0)):
        return known
    if code == 190:
        return "token"
    if code == 551:
        return "unreachable"
    if code in _THROTTLING or status == 429:
        return "throttled"
    if code in (1, 2) or transient or status >= 500:
        return "retry"
    return "permission" if code in _PERMISSION else "refused"


def _number(value: Any) -> int | None:
    return value if type(value) is int else None


def _after(headers: Mapping[str, str]) -> float | None:
    given = headers.get("Retry-After", "")
    return float(given) if given.isascii() and given.isdigit() else None
