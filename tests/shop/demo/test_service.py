from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from myna.shop.demo import page
from myna.shop.demo.service import MAX_REQUEST, create_app
from myna.shop.http import HttpShop

from ..conftest import TOKEN, serving

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def call(method: str, url: str, **options: Any) -> requests.Response:
    options.setdefault("headers", BEARER)
    return requests.request(method, url, timeout=5, **options)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/orders/DH-20413"),
        ("POST", "/orders/DH-20427/cancel"),
        ("POST", "/orders/DH-20413/messages"),
        ("GET", "/outbox"),
        ("POST", "/__faults"),
        ("GET", "/no-such-page"),
    ],
)
@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}"])
def test_nothing_is_told_without_the_token(
    service: str, method: str, path: str, token: str | None
) -> None:
    headers = {} if token is None else {"Authorization": token}
    answer = call(method, service + path, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"


def test_health_needs_no_token_but_no_wrong_one_either(service: str) -> None:
    assert call("GET", f"{service}/health", headers={}).status_code == 200
    assert call("GET", f"{service}/health").status_code == 200
    wrong = {"Authorization": "Bearer wrong"}
    assert call("GET", f"{service}/health", headers=wrong).status_code == 401


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("/orders/DH-20427/cancel", {}, b'{"reason": "x"}'),
        ("/orders/DH-20427/cancel", {"Idempotency-Key": "k"}, b""),
        ("/orders/DH-20427/cancel", {"Idempotency-Key": "k"}, b"[]"),
        ("/orders/DH-20427/cancel", {"Idempotency-Key": "k"}, b'{"reason": 5}'),
        ("/orders/DH-20427/cancel", {"Idempotency-Key": "k"}, b'{"reason": "\\ud800"}'),
        ("/orders/DH-20413/messages", {"Idempotency-Key": "k"}, b'{"text": "x"}'),
        (
            "/orders/DH-20413/messages",
            {"Idempotency-Key": "k"},
            b'{"contact": "+84900000000", "text": "x"}',
        ),
    ],
)
def test_bad_requests_are_said_to_be(
    service: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    answer = call("POST", service + path, headers={**BEARER, **headers}, data=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"


def test_every_error_has_the_agreed_form(service: str) -> None:
    assert call("GET", f"{service}/nowhere").json()["error"]["code"] == "error"
    assert call("DELETE", f"{service}/orders/DH-20413").status_code == 405
    large = call("POST", f"{service}/__faults", data=b"x" * (MAX_REQUEST + 1))
    assert large.status_code == 413


def test_the_outbox_as_json(service: str, http_shop: HttpShop) -> None:
    http_shop.send_message("DH-20413", "phone", "482913", idempotency_key="k")
    (message,) = call("GET", f"{service}/outbox").json()["messages"]
    assert message["recipient"] == "+84903123456"
    assert message["text"] == "482913"


def test_the_page_shows_codes_newest_first_and_runs_nothing_foreign(
    service: str, http_shop: HttpShop
) -> None:
    assert "Nothing was sent yet" in call("GET", f"{service}/", headers={}).text
    for code in ("111222", "333444"):
        text = f"Order DH-20413: {code} <script>alert(1)</script>"
        http_shop.send_message("DH-20413", "phone", text, idempotency_key=code)
    answer = call("GET", f"{service}/", headers={})
    assert re.findall(r'class="digits">(\d+)<', answer.text) == ["333444", "111222"]
    assert "<script>alert" not in answer.text
    policy = answer.headers["content-security-policy"]
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert " style=" not in answer.text
    assert not re.search(r"\son[a-z]+=", answer.text)
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_is_not_for_other_host_names(service: str) -> None:
    for host in ("evil.example", "evil.example:8090", "127.0.0.1.evil.example"):
        assert call("GET", f"{service}/", headers={"Host": host}).status_code == 421
    for host in ("localhost:8090", "[::1]:8090"):
        assert call("GET", f"{service}/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Mã xác nhận đơn DH-20413 là 482913, dùng trong 10 phút.", "482913"),
        ("Kod anda: 0042", "0042"),
        ("Order DH-20413 was cancelled, 1.250.000 ₫ come back by 23/11/2026 at 14:30", None),
    ],
)
def test_the_code_in_a_text_is_found(text: str, code: str | None) -> None:
    message = {
        "text": text,
        "sent_at": "2026-11-23T10:00:00+00:00",
        "recipient": "lan@example.com",
        "contact": "email",
        "order_number": "DH-20413",
    }
    shown = re.findall(r'class="digits">(\d+)<', page.outbox([message]))
    assert shown == ([code] if code else [])


def test_a_database_that_does_not_answer_is_said_on_the_page() -> None:
    assert "does not answer" in page.outbox(None)


def test_faults_exist_only_if_asked_for(database: str) -> None:
    with serving(create_app(database, TOKEN)) as address:
        assert call("POST", f"{address}/__faults", json={"status": 500}).status_code == 404


@pytest.mark.parametrize(
    "fault", [{"delay": 1}, {"delay_s": -1}, {"delay_s": "1"}, {"status": 99}, {"status": "500"}]
)
def test_faults_that_make_no_sense_are_refused(service: str, fault: dict[str, Any]) -> None:
    assert call("POST", f"{service}/__faults", json=fault).status_code == 400


def test_faults_over_http(service: str) -> None:
    assert call("POST", f"{service}/__faults", json={"status": 503}).status_code == 200
    assert call("GET", f"{service}/orders/DH-20413").status_code == 503
    assert call("GET", f"{service}/health", headers={}).status_code == 503
    assert call("POST", f"{service}/__faults", json={}).status_code == 200
    assert call("GET", f"{service}/orders/DH-20413").status_code == 200


def test_a_service_without_a_token_is_not_started(database: str) -> None:
    with pytest.raises(ValueError):
        create_app(database, "")


def test_the_command_serves_a_seeded_shop_and_ends_on_request(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "myna.shop.demo", "--port", "0"]
    command += ["--database", f"sqlite:///{tmp_path / 'new.db'}"]
    environment = {**os.environ, "MYNA_SHOP_TOKEN": TOKEN}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        match = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert match
        shop = HttpShop(match.group(), TOKEN)
        assert shop.health()
        process.terminate()
        assert process.wait(10) == 0
        shop.close()


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "myna.shop.demo", "--database", "sqlite:///x.db"]
    environment = {k: v for k, v in os.environ.items() if k != "MYNA_SHOP_TOKEN"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "MYNA_SHOP_TOKEN" in result.stderr
