"""The component that puts anger into the pipeline."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.training_data.message import Message

from myna.nlu.mood import ANGER, MoodDetector
from myna.nlu.parse import Reader

from .conftest import Build


def _write(folder: Path, content: str) -> None:
    (folder / "vi.yml").write_text(content, encoding="utf-8")


def test_the_lists_are_part_of_the_model(
    train: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "moods"
    folder.mkdir()
    _write(folder, "anger:\n  lừa đảo: 0.6\n")
    component = train(MoodDetector, [], folder=str(folder))
    shutil.rmtree(folder)
    calm, angry = component.process([Message({"text": "chào"}), Message({"text": "lua dao"})])
    assert (calm.get(ANGER), angry.get(ANGER)) == (0.0, 0.6)
    assert ANGER in angry.output_properties


def test_a_malformed_list_stops_the_training(train: Build, tmp_path: Path) -> None:
    _write(tmp_path, "anger:\n  a: much\n")
    with pytest.raises(RasaException, match=r"data/moods/vi\.yml:2: 'a' needs a weight"):
        train(MoodDetector, [], folder=str(tmp_path))


def test_a_change_of_a_list_is_a_reason_to_train_again(tmp_path: Path) -> None:
    config = {"folder": str(tmp_path)}
    without = MoodDetector.fingerprint_addon(config)
    _write(tmp_path, "anger:\n  a: 0.5\n")
    before = MoodDetector.fingerprint_addon(config)
    _write(tmp_path, "anger:\n  a: 0.6\n")
    after = MoodDetector.fingerprint_addon(config)
    assert len({without, before, after}) == 3
    _write(tmp_path, "anger:\n  a: 0.5\n")
    assert MoodDetector.fingerprint_addon(config) == before


def test_the_pipeline_tells_it(reader: Reader) -> None:
    calm, angry = reader.read(["đơn hàng của mình đâu rồi", "đơn hàng đâu rồi, đồ lừa đảo!!"])
    assert calm.get(ANGER) == 0.0
    assert angry.get(ANGER) >= 0.6
    assert angry.get("intent")["name"] == "ask_order_status"
