from __future__ import annotations

import logging
import sqlite3

import pytest

from myna.shop.demo import schema
from myna.shop.demo.store import DemoShop
from myna.shop.model import Order, Sent, Unavailable


def test_a_message_is_in_the_outbox_newest_first(demo_shop: DemoShop) -> None:
    for number, contact in (("DH-20413", "phone"), ("MY-10482", "email")):
        outcome = demo_shop.send_message(
            number,
            contact,  # type: ignore[arg-type]
            f"about {number}",
            idempotency_key=number,
        )
        assert isinstance(outcome, Sent)
    messages = demo_shop.sent_messages()
    assert isinstance(messages, list)
    assert [(m["recipient"], m["text"]) for m in messages] == [
        ("aisyah@example.com", "about MY-10482"),
        ("+84903123456", "about DH-20413"),
    ]
    newest = demo_shop.sent_messages(most=1)
    assert newest == messages[:1]


def test_outcomes_outlive_the_process(database: str) -> None:
    def cancel() -> object:
        shop = DemoShop(schema.open_database(database))
        return shop.cancel_order("DH-20427", reason="r", idempotency_key="k")

    first = cancel()
    assert isinstance(first, Order)
    assert cancel() == first


def test_what_fails_in_the_middle_has_not_happened(
    demo_shop: DemoShop, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = demo_shop.get_order("DH-20427")
    with sqlite3.connect(database.removeprefix("sqlite:///")) as direct:
        direct.execute("DROP TABLE outcomes")
        direct.execute("CREATE TABLE outcomes (key, request, outcome, at CHECK (at IS NULL))")
    outcome = demo_shop.cancel_order("DH-20427", reason="my secret", idempotency_key="k")
    assert isinstance(outcome, Unavailable)
    assert demo_shop.get_order("DH-20427") == before
    assert "IntegrityError" in caplog.text
    assert "my secret" not in caplog.text + outcome.reason


def test_a_database_that_is_busy_is_unavailable(
    database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.1)
    caplog.set_level(logging.ERROR)
    shop = DemoShop(schema.open_database(database))
    with sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        outcome = shop.cancel_order("DH-20427", reason="r", idempotency_key="k")
        assert isinstance(outcome, Unavailable)
        assert isinstance(shop.get_order("DH-20427"), Order)
        other.execute("ROLLBACK")
    other.close()
    assert isinstance(shop.cancel_order("DH-20427", reason="r", idempotency_key="k"), Order)


def test_a_database_without_tables_is_unhealthy(demo_shop: DemoShop, database: str) -> None:
    assert demo_shop.health()
    with sqlite3.connect(database.removeprefix("sqlite:///")) as direct:
        direct.execute("DROP TABLE orders")
    assert not demo_shop.health()
    assert isinstance(demo_shop.get_order("DH-20413"), Unavailable)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://localhost/x"])
def test_only_files_are_opened(url: str) -> None:
    with pytest.raises(ValueError):
        schema.open_database(url)
