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
    for name in ("MYNA_PORT", "MYNA_HOST", "MYNA_DATABASE", "MYNA_BRAIN", "MYNA_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MYNA_HOME", str(tmp_path / "new" / "home"))
    return tmp_path / "new" / "home"


def test_the_home_is_made(home: Path) -> None:
    assert settings.home() == home
    assert home.is_dir()


def test_defaults(home: Path) -> None:
    assert settings.port() == 8080
    assert settings.host() == "127.0.0.1"
    assert settings.hub_database() == f"sqlite+aiosqlite:///{home / 'hub.db'}"
    assert settings.models() == settings.PROJECT / "models"
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
