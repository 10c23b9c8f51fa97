"""What stock Rasa is given."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from myna.bench.stock import (
    stock_config,
    stock_environment,
    stock_responses,
    write_stock_project,
)
from myna.facts import LANGUAGES
from myna.settings import PROJECT, QUIET


def test_stock_rasa_gets_our_data_and_its_own_components(tmp_path: Path) -> None:
    folder = tmp_path / "stock"
    write_stock_project(folder, PROJECT, 7, "http://127.0.0.1:1/webhook")
    config = yaml.safe_load((folder / "config.yml").read_text())
    assert not any("." in part["name"] for part in config["pipeline"] + config["policies"])
    assert {"DIETClassifier", "ResponseSelector"} <= {part["name"] for part in config["pipeline"]}
    assert {"TEDPolicy", "UnexpecTEDIntentPolicy", "MemoizationPolicy", "RulePolicy"} == {
        part["name"] for part in config["policies"]
    }
    trained = [part for part in config["pipeline"] + config["policies"] if "epochs" in part]
    assert [part["epochs"] for part in trained] == [7, 7, 7, 7]
    assert "importers" not in config
    for part in ("rules", "stories", "nlu"):
        ours = sorted(path.name for path in (PROJECT / "data" / part).rglob("*.yml"))
        assert sorted(path.name for path in (folder / "data" / part).rglob("*.yml")) == ours
    assert "nlg" not in yaml.safe_load((folder / "endpoints.yml").read_text())


def test_stock_texts_have_facts_and_keep_slots(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "shop.yml", tmp_path)
    for language in LANGUAGES:
        (tmp_path / "responses" / language).mkdir(parents=True)
        words = f"responses/{language}/words.yml"
        shutil.copy(PROJECT / words, tmp_path / words)
    text: dict[str, Any] = {"text": "{shop_name}: {order_number}"}
    text["buttons"] = [{"title": "Yes, {assistant_name}", "payload": "/affirm"}]
    content = yaml.safe_dump({"responses": {"utter_a": [text]}})
    (tmp_path / "responses/en/a.yml").write_text(content)
    shop = yaml.safe_load((PROJECT / "shop.yml").read_text())
    assert stock_responses(tmp_path)["utter_a"] == [
        {
            "text": f"{shop['name']}: {{order_number}}",
            "buttons": [{"title": f"Yes, {shop['assistant_name']}", "payload": "/affirm"}],
        }
    ]


def test_without_a_number_the_epochs_are_rasas_own() -> None:
    trained = [part for part in stock_config(None)["pipeline"] if "epochs" in part]
    assert [part["epochs"] for part in trained] == [100, 100]


def test_stock_rasa_runs_at_its_own_speed_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    found = stock_environment(tmp_path, PROJECT)
    assert "OMP_NUM_THREADS" not in found
    assert "TF_ENABLE_ONEDNN_OPTS" not in found
    assert found["RASA_TELEMETRY_ENABLED"] == "false"
    assert found["MYNA_HOME"] == str(tmp_path / "home")
