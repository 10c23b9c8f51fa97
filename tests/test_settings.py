import threading

import pytest

from myna import settings


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MYNA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MYNA_CHAT", raising=False)


def test_a_secret_is_made_once_and_private(tmp_path):
    assert settings.secret("chat") == settings.secret("chat")
    path = tmp_path / "home" / "secrets" / "chat"
    assert path.stat().st_mode & 0o077 == 0
    assert len(path.read_text()) > 30


def test_secrets_differ():
    assert settings.secret("chat") != settings.secret("brain")


def test_the_environment_wins(monkeypatch):
    monkeypatch.setenv("MYNA_CHAT", "given")
    assert settings.secret("chat") == "given"


def test_those_who_ask_at_once_get_the_same():
    found = set()
    threads = [
        threading.Thread(target=lambda: found.add(settings.secret("race"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
