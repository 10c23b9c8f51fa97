"""How every adapter talks to a shop over HTTP: with limits, retries and a circuit breaker.

A call ends in time whatever the network and the shop do, tells whether something may have been
done, and reads no answer without end. Redirects are not followed: the secret goes to one address.
"""

from __future__ import annotations

import ipaddress
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from myna.shop import wire
from myna.shop.breaker import Breaker
from myna.shop.model import Unavailable, Uncertain

MAX_BODY = 2 * 1024 * 1024
"""Bytes of an answer that are read."""
TOTAL_SECONDS = 7.5
"""Most that one call takes, its retries included, whatever the network does."""
ATTEMPTS = 3
"""Of one call, if repeating it does no harm."""
FIRST_PAUSE = 0.2
"""Seconds: before the second attempt at most; each further pause may be twice as long. The pause
is drawn anew each time, so that many callers do not come back at the same moment."""
WORKERS = 16
"""Requests under way at once; more wait, at most as long as a call may take."""

_NOT_DONE = frozenset([*range(300, 400), 400, 401, 403, 404, 405, 410, 413, 414, 415, 422, 429])
"""Statuses with which nothing was done."""
_AGAIN = frozenset([408, 409, 425, 429])
"""Statuses under 500 after which another attempt may succeed."""

_log = logging.getLogger(__name__)
_R = TypeVar("_R")


@dataclass(frozen=True)
class Answer:
    """What a shop said."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Trouble(Exception):
    """An attempt without a usable answer.

    Args:
        reason: for the log; never what the shop or a customer said.
        perhaps_done: whether the shop may have done it.
        again: whether another attempt may succeed.
        down: whether this is a sign that the shop is down.
        pause: seconds that the shop asks to wait.
    """

    def __init__(
        self,
        reason: str,
        *,
        perhaps_done: bool,
        again: bool = True,
        down: bool = True,
        pause: float = 0,
    ) -> None:
        super().__init__(reason)
        self.perhaps_done = perhaps_done
        self.again = again
        self.down = down
        self.pause = pause


def trouble_of(answer: Answer, *, nothing_done: bool = False) -> Trouble:
    """What an answer with an error is that has no meaning agreed on.

    Args:
        answer: with its status.
        nothing_done: the shop said so.
    """
    status = answer.status
    after = answer.headers.get("retry-after", "")
    return Trouble(
        f"status {status}",
        perhaps_done=not (nothing_done or status in _NOT_DONE),
        again=status >= 500 or status < 300 or status in _AGAIN,
        down=status >= 500 or status == 429,
        pause=float(after) if after.isdecimal() and len(after) < 6 else 0,
    )


class Transport:
    """A shop's address, spoken to from several threads.

    Args:
        base_url: with or without a path.
        auth: puts the secret into a request. An object: else `requests` would prefer what a
            ~/.netrc says.
        connect_timeout: seconds to reach the shop.
        read_timeout: seconds without a byte from the shop.
        breaker: of this shop.

    Raises:
        ValueError: the address is not http(s).
    """

    def __init__(
        self,
        base_url: str,
        auth: AuthBase,
        connect_timeout: float = 2,
        read_timeout: float = 4,
        breaker: Breaker | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the shop's address must begin with http:// or https://")
        self._auth = auth
        self._local = is_loopback(parts.hostname)
        if parts.scheme == "http" and not self._local:
            _log.warning("the shop's secret and orders travel unencrypted to %s", parts.hostname)
        self._base_url = base_url.rstrip("/")
        self._timeouts = (connect_timeout, read_timeout)
        self._breaker = breaker or Breaker()
        self._sessions = threading.local()
        # requests has no limit for a whole exchange (name lookup, an answer in drops), so the
        # exchange runs beside the caller, who leaves when the time is over
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="shop")

    def call(
        self,
        method: str,
        path: str,
        read: Callable[[Answer], _R],
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        changes: bool = False,
        repeat: bool = True,
    ) -> _R | Unavailable | Uncertain:
        """One call.

        Args:
            method: of HTTP.
            path: after the base address, with its query.
            read: makes a result of an answer, or raises `Trouble` or `wire.WireError`.
            body: JSON values.
            headers: beside the usual ones.
            changes: whether it does something; else it never is `Uncertain`.
            repeat: whether a second attempt does no harm.
        """
        deadline = time.monotonic() + TOTAL_SECONDS
        if not self._breaker.allows():
            return Unavailable("the shop was down a moment ago")
        perhaps_done, worked, reason = False, True, ""
        try:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return read(self._exchange(method, path, body, headers or {}, deadline))
                except wire.WireError as error:
                    trouble = Trouble(f"malformed answer: {error}", perhaps_done=True)
                except Trouble as error:
                    trouble = error
                reason, worked = str(trouble), not trouble.down
                perhaps_done |= trouble.perhaps_done
                _log.warning("shop: %s %s, attempt %d: %s", method, _bare(path), attempt, reason)
                pause = max(trouble.pause, random.uniform(0, FIRST_PAUSE * 2 ** (attempt - 1)))  # noqa: S311
                last = attempt == ATTEMPTS or not trouble.again or not repeat
                if last or time.monotonic() + pause >= deadline:
                    break
                time.sleep(pause)
        finally:
            self._breaker.report(worked=worked)
        return Uncertain(reason) if changes and perhaps_done else Unavailable(reason)

    def close(self) -> None:
        """Begins nothing new; calls after this come to `Unavailable`."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _exchange(
        self, method: str, path: str, body: object, headers: Mapping[str, str], deadline: float
    ) -> Answer:
        try:
            future = self._workers.submit(self._send, method, path, body, headers, deadline)
            return future.result(deadline - time.monotonic())
        except TimeoutError:
            begun = not future.cancel()
            raise Trouble("no answer in time", perhaps_done=begun, again=False) from None
        except (CancelledError, RuntimeError):
            raise Trouble("closed", perhaps_done=False, again=False) from None

    def _send(
        self, method: str, path: str, body: object, headers: Mapping[str, str], deadline: float
    ) -> Answer:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Trouble("no time left", perhaps_done=False, again=False)
        usual = {"Accept": "application/json", "Accept-Encoding": "identity"}
        connect_timeout, read_timeout = self._timeouts
        try:
            with self._session().request(
                method,
                self._base_url + path,
                json=body,
                headers={**usual, **headers},
                auth=self._auth,
                timeout=(min(connect_timeout, left), min(read_timeout, left)),
                allow_redirects=False,
                stream=True,
            ) as response:
                received = bytearray()
                for chunk in response.iter_content(16 * 1024):
                    received += chunk
                    if len(received) > MAX_BODY:
                        raise Trouble("answer too large", perhaps_done=True, again=False)
                    if time.monotonic() > deadline:
                        raise Trouble("answer too slow", perhaps_done=True, again=False)
                found = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, bytes(received), found)
        except (OSError, HTTPError) as error:  # every exception of requests is an OSError
            # the name alone: texts of exceptions hold addresses
            raise Trouble(type(error).__name__, perhaps_done=not _never_sent(error)) from None

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
            session.trust_env = not self._local  # no proxy to a shop on this machine
        return session


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bare(path: str) -> str:
    """Without the query: it may hold what a customer typed."""
    return path.partition("?")[0]


def _never_sent(error: Exception) -> bool:
    """Whether the connection itself failed, before anything was said."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause: Any = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
