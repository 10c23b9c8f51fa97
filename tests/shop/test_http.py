"""What the network and a shop at fault can do, and what becomes of it."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from myna.shop import transport, wire
from myna.shop.breaker import Breaker
from myna.shop.demo.faults import Faults
from myna.shop.demo.seed import demo_orders
from myna.shop.demo.store import DemoShop
from myna.shop.http import HttpShop
from myna.shop.model import NotFound, NotOffered, Order, Sent, Unavailable, Uncertain

from .conftest import NOW, TOKEN

Connect = Callable[..., HttpShop]
ORDERS = {order.number: order for order in demo_orders(NOW)}


def cancel(shop: HttpShop, number: str = "DH-20427") -> Any:
    return shop.cancel_order(number, reason="mind changed", idempotency_key="k")


def send(shop: HttpShop) -> Any:
    return shop.send_message("DH-20413", "phone", "code 482913", idempotency_key="m")


@pytest.fixture(autouse=True)
def _short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.01)


class Stub:
    """A shop that gives the same answer to everything, and counts."""

    def __init__(self) -> None:
        self.address = ""
        self.status, self.body = 200, b"{}"
        self.headers: dict[str, str] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            stub.requests.append((self.path, dict(self.headers)))
            self.send_response(stub.status)
            for name, value in stub.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(stub.body)))
            self.end_headers()
            self.wfile.write(stub.body)

        do_GET = do_POST = answer

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    stub.address = f"http://127.0.0.1:{server.server_port}"
    yield stub
    server.shutdown()
    server.server_close()


@pytest.fixture
def stub_shop(stub: Stub, connect: Connect) -> HttpShop:
    return connect(stub.address)


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends one byte of its answer's head every 50 ms, for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
                while not stop.wait(0.05):
                    connection.sendall(b"x")
            except OSError:
                pass

    def accept() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    stop.set()
    listener.close()


def test_nobody_there_means_certainly_not_done(connect: Connect) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        shop = connect(f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert isinstance(shop.get_order("DH-20413"), Unavailable)
        assert isinstance(cancel(shop), Unavailable)
        assert isinstance(send(shop), Unavailable)
        assert not shop.health()


def test_a_name_that_does_not_exist_means_certainly_not_done(connect: Connect) -> None:
    assert isinstance(cancel(connect("http://shop.invalid")), Unavailable)


@pytest.mark.parametrize("fault", [{"delay_s": 5}, {"status": 500}, {"drop": True}])
def test_lasting_trouble_is_unavailable_when_reading_and_uncertain_when_writing(
    service: str, faults: Faults, connect: Connect, fault: dict[str, Any]
) -> None:
    shop = connect(service, read_timeout=0.2)
    faults.set(fault)
    assert isinstance(shop.get_order("DH-20413"), Unavailable)
    assert isinstance(cancel(shop), Uncertain)
    assert isinstance(send(shop), Uncertain)
    assert not shop.health()


@pytest.mark.parametrize(
    "fault", [{"delay_s": 1}, {"status": 500}, {"status": 502}, {"drop": True}]
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_passing_trouble_is_not_noticed_and_nothing_is_done_twice(
    service: str,
    faults: Faults,
    connect: Connect,
    demo_shop: DemoShop,
    fault: dict[str, Any],
    after: bool,
) -> None:
    shop = connect(service, read_timeout=0.3)
    faults.set({**fault, "after": after, "times": 1})
    assert shop.get_order("DH-20413") == ORDERS["DH-20413"]
    faults.set({**fault, "after": after, "times": 1})
    cancelled = cancel(shop)
    assert isinstance(cancelled, Order)
    assert cancelled.state == "cancelled"
    faults.set({**fault, "after": after, "times": 1})
    assert isinstance(send(shop), Sent)
    messages = demo_shop.sent_messages()
    assert isinstance(messages, list)
    assert len(messages) == 1


def test_after_uncertain_the_same_key_tells_what_happened(
    service: str, faults: Faults, http_shop: HttpShop, demo_shop: DemoShop
) -> None:
    faults.set({"drop": True, "after": True})
    assert isinstance(cancel(http_shop), Uncertain)
    in_the_shop = demo_shop.get_order("DH-20427")
    faults.set({})
    assert cancel(http_shop) == in_the_shop
    assert isinstance(in_the_shop, Order)
    assert in_the_shop.state == "cancelled"


def test_a_call_ends_in_time_whatever_the_shop_does(
    dripping: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert transport.TOTAL_SECONDS < 8
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 0.6)
    shop = connect(dripping)
    start = time.monotonic()
    assert isinstance(shop.get_order("DH-20413"), Unavailable)
    assert isinstance(cancel(shop), Uncertain)
    assert time.monotonic() - start < 2 * 0.6 + 0.4


def test_the_second_attempt_has_the_rest_of_the_time(
    service: str, faults: Faults, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 1.0)
    faults.set({"delay_s": 5})
    start = time.monotonic()
    assert isinstance(cancel(connect(service, read_timeout=0.7)), Uncertain)
    assert 0.9 < time.monotonic() - start < 1.4


def test_calls_that_find_no_free_worker_were_certainly_not_done(
    dripping: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 0.4)
    monkeypatch.setattr(transport, "WORKERS", 1)
    shop = connect(dripping)
    assert isinstance(cancel(shop), Uncertain)
    assert isinstance(cancel(shop), Unavailable)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>OK</html>", b"{}", b"[]", b'{"number": "DH-20413"}', b"\xff", b"[" * 100_000],
    ids=["empty", "html", "no field", "list", "one field", "no utf-8", "deep"],
)
def test_malformed_answers_are_trouble_with_a_logged_reason(
    stub: Stub, stub_shop: HttpShop, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    stub.body = body
    assert isinstance(stub_shop.get_order("DH-20413"), Unavailable)
    assert isinstance(cancel(stub_shop), Uncertain)
    stub.status = 201
    assert isinstance(send(stub_shop), Uncertain)
    assert "malformed answer" in caplog.text


def test_another_order_than_asked_for_is_never_given_out(stub: Stub, stub_shop: HttpShop) -> None:
    stub.body = json.dumps(wire.to_json(ORDERS["DH-20427"])).encode()
    assert isinstance(stub_shop.get_order("DH-20413"), Unavailable)


def test_an_order_that_is_not_cancelled_is_no_success(stub: Stub, stub_shop: HttpShop) -> None:
    stub.body = json.dumps(wire.to_json(ORDERS["DH-20427"])).encode()
    assert isinstance(cancel(stub_shop), Uncertain)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 413, 429])
def test_a_wrong_address_or_token_is_no_missing_order(
    stub: Stub, stub_shop: HttpShop, status: int
) -> None:
    stub.status, stub.headers = status, {"location": "http://127.0.0.1:1/"}
    assert isinstance(stub_shop.get_order("DH-20413"), Unavailable)
    assert isinstance(cancel(stub_shop), Unavailable)
    attempts = transport.ATTEMPTS if status == 429 else 1
    assert len(stub.requests) == 2 * attempts


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504])
def test_errors_that_leave_it_open_are_uncertain(
    stub: Stub, stub_shop: HttpShop, status: int
) -> None:
    stub.status = status
    assert isinstance(cancel(stub_shop), Uncertain)
    assert len(stub.requests) == transport.ATTEMPTS
    keys = {headers["Idempotency-Key"] for _, headers in stub.requests}
    assert keys == {"k"}


def test_a_shop_that_says_unavailable_has_done_nothing(stub: Stub, stub_shop: HttpShop) -> None:
    stub.status = 503
    stub.body = json.dumps(wire.error_to_json("unavailable", "maintenance")).encode()
    assert isinstance(cancel(stub_shop), Unavailable)


def test_reading_cannot_be_refused(stub: Stub, stub_shop: HttpShop) -> None:
    stub.status = 409
    stub.body = json.dumps(wire.error_to_json("refused", "no", state="paid")).encode()
    assert isinstance(stub_shop.get_order("DH-20413"), Unavailable)


def test_an_answer_without_end_is_not_read_to_the_end(stub: Stub, stub_shop: HttpShop) -> None:
    stub.body = b"x" * (transport.MAX_BODY + 1)
    result = stub_shop.get_order("DH-20413")
    assert result == Unavailable("answer too large")


def test_a_wrong_token_is_unavailable_and_not_healthy(service: str, connect: Connect) -> None:
    shop = connect(service, token="wrong")
    assert isinstance(shop.get_order("DH-20413"), Unavailable)
    assert not shop.health()


def test_the_token_and_what_is_said_stay_out_of_the_log(
    service: str, faults: Faults, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shop = connect(service, read_timeout=0.2)
    faults.set({"drop": True})
    cancel(shop)
    send(shop)
    assert "/orders/DH-20427/cancel" in caplog.text
    for secret in (TOKEN, "482913", "mind changed"):
        assert secret not in caplog.text
        assert secret not in repr(vars(shop))


def test_a_netrc_does_not_replace_the_token(
    stub: Stub, stub_shop: HttpShop, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    stub_shop.get_order("DH-20413")
    assert stub.requests[0][1]["Authorization"] == f"Bearer {TOKEN}"


def test_a_path_in_the_address_is_kept(stub: Stub, connect: Connect) -> None:
    connect(f"{stub.address}/myna/v1/").get_order("DH-20413")
    assert stub.requests[0][0] == "/myna/v1/orders/DH-20413"


@pytest.mark.parametrize("address", ["", "shop.example", "ftp://shop.example", "http://"])
def test_an_address_must_be_http(address: str) -> None:
    with pytest.raises(ValueError):
        HttpShop(address, TOKEN)


@pytest.mark.parametrize("token", ["", "a b", "é", "x\ny"])
def test_a_token_must_fit_into_a_header(token: str) -> None:
    with pytest.raises(ValueError):
        HttpShop("http://127.0.0.1", token)


def test_an_unencrypted_way_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    HttpShop("http://localhost:1", TOKEN)
    HttpShop("https://shop.example", TOKEN)
    assert not caplog.records
    HttpShop("http://shop.example", TOKEN)
    assert "unencrypted" in caplog.text


def test_after_close_nothing_is_begun(http_shop: HttpShop) -> None:
    assert http_shop.get_order("DH-99999") == NotFound("order")
    http_shop.close()
    assert isinstance(cancel(http_shop), Unavailable)


def test_a_shop_that_is_down_is_left_alone_and_found_again(stub: Stub, connect: Connect) -> None:
    shop = connect(stub.address, breaker=Breaker(failures=2, seconds=0.3))
    stub.status = 500
    for _ in range(2):
        assert isinstance(cancel(shop), Uncertain)
    asked = len(stub.requests)
    # nothing is sent, so certainly nothing is done
    assert cancel(shop) == Unavailable("the shop was down a moment ago")
    assert len(stub.requests) == asked
    stub.status, stub.body = 200, json.dumps(wire.to_json(ORDERS["DH-20413"])).encode()
    time.sleep(0.3)
    assert shop.get_order("DH-20413") == ORDERS["DH-20413"]


@pytest.mark.parametrize("status", [401, 404])
def test_a_shop_that_says_no_is_not_down(stub: Stub, connect: Connect, status: int) -> None:
    shop = connect(stub.address, breaker=Breaker(failures=2, seconds=60))
    stub.status = status
    for _ in range(5):
        shop.get_order("DH-20413")
    assert len(stub.requests) == 5


def test_a_shop_that_asks_to_wait_is_waited_for_if_there_is_time(
    stub: Stub, stub_shop: HttpShop
) -> None:
    stub.status, stub.headers = 503, {"retry-after": "1"}
    start = time.monotonic()
    stub_shop.get_order("DH-20413")
    assert 2 <= time.monotonic() - start < 3
    assert len(stub.requests) == transport.ATTEMPTS
    stub.headers = {"retry-after": "60"}
    stub_shop.get_order("DH-20413")
    assert len(stub.requests) == transport.ATTEMPTS + 1


def test_what_a_customer_typed_is_not_logged(
    stub: Stub, stub_shop: HttpShop, caplog: pytest.LogCaptureFixture
) -> None:
    stub.status = 500
    stub_shop.search_products("my phone 0903 123 456", language="en")
    assert "/products/search" in caplog.text
    assert "0903" not in caplog.text


def test_a_shop_that_offers_no_such_thing_says_so(stub: Stub, stub_shop: HttpShop) -> None:
    stub.status = 501
    stub.body = json.dumps(wire.error_to_json("not_offered", "no")).encode()
    assert stub_shop.get_warranty("A1") == NotOffered("warranty")
    assert stub_shop.renew_subscription("A1", idempotency_key="k") == NotOffered("subscriptions")
    assert isinstance(stub_shop.get_order("DH-20413"), Unavailable)
    stub.body = b"<h1>501 Method Not Implemented</h1>"
    assert isinstance(stub_shop.get_warranty("A1"), Unavailable)


def test_a_reason_that_was_not_agreed_on_is_no_answer(stub: Stub, stub_shop: HttpShop) -> None:
    stub.status = 409
    stub.body = json.dumps(wire.error_to_json("declined", "no", reason="mood")).encode()
    assert isinstance(stub_shop.renew_subscription("A1", idempotency_key="k"), Uncertain)


def test_products_come_in_pages(stub_shop: HttpShop, stub: Stub) -> None:
    stub.body = b'{"list": []}'
    assert stub_shop.list_products() == ()
    assert [path for path, _ in stub.requests] == ["/products?page=1"]
