"""Where things are, and the secrets."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from myna import settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "MYNA_PORT",
        "MYNA_HOST",
        "MYNA_DATABASE",
        "MYNA_BRAIN",
        "MYNA_MODELS",
        "MYNA_PUBLIC_URL",
        "MYNA_TRUSTED_PROXIES",
        "MYNA_REDIS_URL",
        "MYNA_WEBHOOKS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MYNA_HOME", str(tmp_path / "new" / "home"))
    return tmp_path / "new" / "home"


def test_the_home_is_made(home: Path) -> None:
    assert settings.home() == home
    assert home.is_dir()


def test_defaults(home: Path) -> None:
    assert settings.port() == 8080
    assert settings.host() == "127.0.0.1"
    assert settings.hub_database() == f"sqlite:///{home / 'hub.db'}"
    assert settings.models() == settings.PROJECT / "models"
    assert settings.public_url() == "http://localhost:8080"
    assert settings.trusted_proxies() == ()
    assert settings.redis_url() is None
    assert settings.webhooks() == ()
    assert (settings.PROJECT / "shop.yml").exists()


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "MYNA_PORT": "8099",
        "MYNA_HOST": "0.0.0.0",
        "MYNA_DATABASE": "postgresql+asyncpg://x/y",
        "MYNA_MODELS": str(tmp_path),
        "MYNA_BRAIN": "given",
    }.items():
        monkeypatch.setenv(name, value)
    assert settings.port() == 8099
    assert settings.host() == "0.0.0.0"
    assert settings.hub_database() == "postgresql+asyncpg://x/y"
    assert settings.models() == tmp_path
    assert settings.secret("brain") == "given"
    assert not (settings.home() / "secrets").exists()


def test_a_secret_is_made_once_and_only_for_us(home: Path) -> None:
    first = settings.secret("brain")
    assert len(first) >= 32
    assert settings.secret("brain") == first
    assert settings.secret("chat") != first
    assert stat.S_IMODE((home / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "secrets" / "brain").stat().st_mode) == 0o600


def test_a_secret_of_others_is_never_made_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.given_secret("token") is None
    settings.keep_secret("token", "first")
    settings.keep_secret("token", "second\n")
    assert settings.given_secret("token") == "second"
    assert stat.S_IMODE((home / "secrets" / "token").stat().st_mode) == 0o600
    assert [path.name for path in (home / "secrets").iterdir()] == ["token"]
    monkeypatch.setenv("MYNA_TOKEN", "given")
    assert settings.given_secret("token") == "given"


@pytest.mark.parametrize("url", ["https://graph.example/", "http://127.0.0.1:9", "http://[::1]:9"])
def test_where_the_graph_api_is(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert settings.graph_url() == "https://graph.facebook.com"
    monkeypatch.setenv("MYNA_GRAPH_URL", url)
    assert settings.graph_url() == url.rstrip("/")


@pytest.mark.parametrize("url", ["http://graph.example", "x", "http://localhost.example"])
def test_tokens_do_not_go_in_the_clear(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("MYNA_GRAPH_URL", url)
    with pytest.raises(settings.SettingError, match="MYNA_GRAPH_URL"):
        settings.check()


def test_many_who_ask_at_once_get_the_same_secret(home: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(settings.secret, ["brain"] * 64))
    assert len(found) == 1
    assert [path.name for path in (home / "secrets").iterdir()] == ["brain"], "no drafts are left"


def test_many_processes_get_the_same_secret(home: Path) -> None:
    command = [sys.executable, "-c", "from myna import settings; print(settings.secret('brain'))"]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=settings.PROJECT)
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in started}) == 1


def test_rasa_sends_nothing_home() -> None:
    assert settings.rasa_environment()["RASA_TELEMETRY_ENABLED"] == "false"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("https://chat.shop.vn", "https://chat.shop.vn"),
        ("https://Chat.Shop.vn/", "https://chat.shop.vn"),
        ("https://chat.shop.vn:443", "https://chat.shop.vn"),
        ("http://chat.shop.vn:443", "http://chat.shop.vn:443"),
        ("http://192.168.1.5:8080", "http://192.168.1.5:8080"),
        ("http://[2001:db8::1]:80", "http://[2001:db8::1]"),
    ],
)
def test_the_public_address_as_browsers_write_it(
    monkeypatch: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    monkeypatch.setenv("MYNA_PUBLIC_URL", given)
    assert settings.public_url() == meant


@pytest.mark.parametrize(
    "given",
    [
        "chat.shop.vn",
        "ftp://chat.shop.vn",
        "https://",
        "https://chat.shop.vn/chat",
        "https://chat.shop.vn?x",
        "https://me:pw@chat.shop.vn",
        "https://chat.shop.vn:99999",
        "https://chat.shop.vn:port",
        "https://chat shop.vn",
    ],
)
def test_a_public_address_that_is_none(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("MYNA_PUBLIC_URL", given)
    with pytest.raises(settings.SettingError, match=r"^MYNA_PUBLIC_URL: .*without a path"):
        settings.public_url()


@pytest.mark.parametrize("given", ["x", "-1", "80.5", "٨٠", "65536"])
def test_a_port_that_is_none(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("MYNA_PORT", given)
    with pytest.raises(settings.SettingError, match=r"^MYNA_PORT: .* e\.g\. 8080"):
        settings.port()


def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNA_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,2001:db8::/32,")
    assert [str(network) for network in settings.trusted_proxies()] == [
        "127.0.0.1/32",
        "10.0.0.0/8",
        "2001:db8::/32",
    ]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("10.0.0.1, proxy.internal", "'proxy.internal'"),
        ("10.0.0.1/8", "10.0.0.1/8 has host bits set"),
        ("0.0.0.0/0", "trusts everybody"),
        ("::/0", "trusts everybody"),
        ("::ffff:10.0.0.1", "Write it as IPv4, e.g. 10.0.0.1."),
    ],
)
def test_trusted_proxies_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, given: str, says: str
) -> None:
    monkeypatch.setenv("MYNA_TRUSTED_PROXIES", given)
    with pytest.raises(settings.SettingError, match=r"^MYNA_TRUSTED_PROXIES: ") as error:
        settings.trusted_proxies()
    assert says in str(error.value)


def test_the_address_of_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNA_REDIS_URL", "rediss://:pw@redis:6379/1")
    assert settings.redis_url() == "rediss://:pw@redis:6379/1"
    monkeypatch.setenv("MYNA_REDIS_URL", "")
    assert settings.redis_url() is None
    monkeypatch.setenv("MYNA_REDIS_URL", ":pw@redis:6379")
    with pytest.raises(settings.SettingError, match=r"^MYNA_REDIS_URL: .*redis://") as error:
        settings.redis_url()
    assert "pw" not in str(error.value)


def test_the_addresses_of_webhooks(monkeypatch: pytest.MonkeyPatch) -> None:
    erp, crm = "https://erp.shop.example:8443/myna?token=1%2C2", "http://[::1]:9000"
    idn, mixed = "http://tên-miền.vn/", "HTTPS://user:pw@crm/a_b"
    monkeypatch.setenv("MYNA_WEBHOOKS", f" {erp},{crm} ,, {idn},{mixed}, {erp},")
    assert settings.webhooks() == (erp, crm, idn, mixed), "each once"


@pytest.mark.parametrize(
    "given",
    [
        "erp.shop.example/secret",
        "ftp://erp.shop.example/secret",
        "https:/erp.shop.example/secret",
        "https:///secret",
        "https://:80/secret",
        "https://erp.shop.example:99999/secret",
        "https://erp.shop.example:0/secret",
        "https://erp.shop.example:secret/",
        "https://[::1/secret",
        "https://erp..example/secret",
        f"https://{'x' * 64}.example/secret",
        "https://erp.shop.example/a secret",
        "https://erp.shop.example/a\tsecret",
        "https://erp.shop.example/a\u00a0secret",
    ],
)
def test_an_address_of_a_webhook_that_is_none(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("MYNA_WEBHOOKS", f"https://crm.example/, {given}")
    with pytest.raises(settings.SettingError, match=r"^MYNA_WEBHOOKS: address 2 of 2 ") as error:
        settings.webhooks()
    assert "e.g. https://erp.shop.example/myna" in str(error.value)
    assert "secret" not in str(error.value), "an address may carry one"


def test_an_address_of_a_webhook_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    start = "https://erp.shop.example/"
    monkeypatch.setenv("MYNA_WEBHOOKS", start.ljust(500, "x"))
    assert len(settings.webhooks()[0]) == 500
    monkeypatch.setenv("MYNA_WEBHOOKS", start.ljust(501, "x"))
    with pytest.raises(settings.SettingError, match=r"has 501 characters; it may have 500\.$"):
        settings.webhooks()
