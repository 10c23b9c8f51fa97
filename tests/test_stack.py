"""The environment of an installation beside another one; tests/stack starts real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from myna import settings
from myna.stack import environment


def test_settings_of_another_installation_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNA_DATABASE", "postgresql+asyncpg://live")
    monkeypatch.setenv("RASA_CACHE_DIRECTORY", "/live")
    monkeypatch.setenv("KEPT", "as it is")
    found = environment(tmp_path / "home", tmp_path)
    ours = {name: value for name, value in found.items() if name.startswith(("MYNA_", "RASA_"))}
    assert ours == {
        "MYNA_HOME": str(tmp_path / "home"),
        "MYNA_MODELS": str(tmp_path / "models"),
        "MYNA_PROJECT": str(tmp_path),
    }
    assert found["KEPT"] == "as it is"


def test_this_project_keeps_its_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNA_MODELS", str(tmp_path))
    assert environment(tmp_path / "home")["MYNA_MODELS"] == str(tmp_path)
    monkeypatch.delenv("MYNA_MODELS")
    assert environment(tmp_path / "home")["MYNA_MODELS"] == str(settings.PROJECT / "models")
