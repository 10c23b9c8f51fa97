from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from myna import bootstrap, facts, settings
from myna.cli import main
from myna.facts import Facts, ShopSystem, load_facts
from myna.shop import transport
from myna.shop.check import Finding, check_shop, explain
from myna.shop.demo.faults import Faults
from myna.shop.demo.store import DemoShop
from myna.shop.http import HttpShop
from myna.shop.model import Unavailable, Who
from myna.shop.woocommerce import WooCommerceShop

from .conftest import TOKEN
from .fake_woocommerce import KEY, SECRET, FakeWooCommerce

FACTS = load_facts()


@pytest.fixture(autouse=True)
def _short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.01)


def of(adapter: Any, url: str = "https://shop.example") -> Facts:
    """Facts with another shop's system."""
    system = ShopSystem(adapter=adapter, url=None if adapter == "demo" else url)
    return FACTS.copy(update={"shop": system})


def verdicts(findings: list[Finding]) -> dict[str, str]:
    return {finding.what: finding.verdict for finding in findings}


def test_the_demo_offers_all_and_nothing_is_changed(http_shop: HttpShop) -> None:
    before = http_shop.list_products()
    found = verdicts(list(check_shop(http_shop, FACTS)))
    assert {what for what, verdict in found.items() if verdict == "not tried"} == {
        *("cancellation", "delivery changes", "messages")
    }
    assert set(found.values()) == {"ok", "not tried"}
    assert http_shop.list_products() == before


def test_what_is_not_offered_is_no_trouble(
    woocommerce_shop: WooCommerceShop, woocommerce: FakeWooCommerce
) -> None:
    own = FACTS.copy(update={"order_number": FACTS.order_number.copy(update={"prefixes": ["KD"]})})
    found = list(check_shop(woocommerce_shop, own))
    assert verdicts(found)["warranty"] == "not offered"
    assert verdicts(found)["products"] == "ok"
    assert {method for method, _ in woocommerce.requests} == {"GET"}


def test_a_shop_that_cannot_be_asked_is_asked_nothing_else(
    http_shop: HttpShop, faults: Faults
) -> None:
    faults.set({"status": 500})
    (finding,) = check_shop(http_shop, FACTS)
    assert (finding.what, finding.verdict) == ("orders", "trouble")
    assert "status 500" in finding.text


def test_a_shop_that_gives_orders_to_anybody_is_found_out(
    demo_shop: DemoShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaked = demo_shop.list_orders(Who(contact="lan.nguyen@example.com"))
    monkeypatch.setattr(demo_shop, "list_orders", lambda who: leaked)
    found = {finding.what: finding for finding in check_shop(demo_shop, FACTS)}
    assert found["lists of orders"].verdict == "trouble"
    assert "a contact nobody has" in found["lists of orders"].text


@pytest.mark.parametrize(
    ("adapter", "reason", "told"),
    [
        ("http", "status 401", "MYNA_SHOP_TOKEN"),
        ("woocommerce", "status 401", "MYNA_WOOCOMMERCE_KEY"),
        ("woocommerce", "status 404", "Permalinks"),
        ("http", "status 404", "url in shop.yml"),
        ("http", "status 301", "https and www"),
        ("http", "status 429", "too often"),
        ("http", "status 502", "trouble of its own"),
        ("http", "malformed answer: no JSON (JSONDecodeError)", "web page"),
        ("http", "malformed answer: total.currency: missing", "total.currency"),
        ("http", "SSLError", "certificate"),
        ("http", "ConnectionError", "firewall"),
        ("demo", "ConnectionError", "myna shop demo"),
        ("http", "no answer in time", "too slowly"),
        ("http", "ReadTimeout", "too slowly"),
        ("http", "something else", "something else"),
    ],
)
def test_reasons_in_plain_words(adapter: str, reason: str, told: str) -> None:
    assert told in explain(reason, of(adapter))


def test_every_reason_that_the_network_gives_is_explained(
    stub_answers: Callable[[int], Any],
) -> None:
    for status in (200, 301, 401, 403, 404, 405, 429, 500, 502, 503):
        outcome = stub_answers(status)
        assert isinstance(outcome, Unavailable)
        assert "no usable answer" not in explain(outcome.reason, of("http")), outcome.reason


@pytest.fixture
def stub_answers(service: str, faults: Faults, http_shop: HttpShop) -> Callable[[int], Any]:
    def ask(status: int) -> Any:
        faults.set({"status": status})
        shop = HttpShop(service, TOKEN)
        outcome = shop.get_order("DH-20413")
        shop.close()
        return outcome

    return ask


@pytest.fixture
def myna(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[Facts], Any]:
    """Runs `myna shop check` with other facts."""
    monkeypatch.setenv("MYNA_HOME", str(tmp_path))
    for name in ("MYNA_SHOP_URL", "MYNA_SHOP_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def run(own: Facts) -> Any:
        monkeypatch.setattr(facts, "load_facts", lambda: own)
        return CliRunner().invoke(main, ["shop", "check"])

    return run


def test_the_command_with_a_shop_that_is_well(
    myna: Callable[[Facts], Any], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNA_SHOP_TOKEN", TOKEN)
    result = myna(of("http", service))
    assert result.exit_code == 0, result.output
    assert "All is well" in result.output
    assert TOKEN not in result.output


def test_the_command_finds_the_demo_that_runs(
    myna: Callable[[Facts], Any], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNA_SHOP_TOKEN", TOKEN)
    running = {"shop": {"pid": 1, "url": f"{service}/health"}}
    (settings.home() / "processes.json").write_text(json.dumps(running))
    assert myna(of("demo")).exit_code == 0


def test_the_command_with_a_wrong_secret(
    myna: Callable[[Facts], Any], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNA_SHOP_TOKEN", "wrong")
    result = myna(of("http", service))
    assert result.exit_code == 2
    assert "check MYNA_SHOP_TOKEN" in result.output
    assert "wrong" not in result.output.replace("Something is wrong", "")


def test_the_command_with_a_part_in_trouble(
    myna: Callable[[Facts], Any], woocommerce: FakeWooCommerce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNA_WOOCOMMERCE_KEY", KEY)
    monkeypatch.setenv("MYNA_WOOCOMMERCE_SECRET", SECRET)
    woocommerce.products[31]["price"] = ""
    result = myna(of("woocommerce", woocommerce.url))
    assert result.exit_code == 1
    assert "1 without a price in MYR: RC-180" in result.output


def test_the_command_without_a_secret(myna: Callable[[Facts], Any]) -> None:
    result = myna(of("http"))
    assert result.exit_code == 2
    assert "MYNA_SHOP_TOKEN is not set" in result.output


def test_woocommerce_without_encryption_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNA_WOOCOMMERCE_KEY", KEY)
    monkeypatch.setenv("MYNA_WOOCOMMERCE_SECRET", SECRET)
    with pytest.raises(settings.SettingError, match="https://"):
        bootstrap.connect(of("woocommerce", "http://kedai.example.com"))
    shop = bootstrap.connect(of("woocommerce", "https://kedai.example.com"))
    assert isinstance(shop, WooCommerceShop)
