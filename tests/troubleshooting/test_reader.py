"""Mistakes in `data/troubleshooting/` are named with file and line."""

import logging
import os

import pytest

from myna.settings import PROJECT
from myna.troubleshooting.library import Library
from myna.troubleshooting.reader import read_guides

COMMON = """\
steps:
  socket: {vi: cắm, ms: pasang, en: plug}
dangers:
  fire:
    said: {vi: [khói], ms: [asap], en: [smoke]}
    advice: {vi: rút, ms: cabut, en: unplug}
replies:
  stop: {vi: [thôi], ms: [henti], en: [stop]}
  cannot: {vi: [chịu], ms: [tak reti], en: [cannot]}
  same: {vi: [vẫn vậy], ms: [sama], en: [same]}
  solved: {vi: [được rồi], ms: [dah ok], en: [works]}
  pick_up: {vi: [tới lấy], ms: [ambil], en: [fetch]}
  drop_off: {vi: [tự mang], ms: [hantar], en: [bring]}
"""
FAN = """\
name: {vi: quạt, ms: kipas, en: fan}
called: {vi: [quạt], ms: [kipas], en: [fan]}
products: [FN-1]
symptoms:
  still:
    title: {vi: Đứng im, ms: Diam, en: Still}
    said: {vi: [không quay], ms: [tak pusing], en: [not spinning]}
    steps: [socket, clean]
    then: person
steps:
  clean:
    vi: lau
    ms: lap
    en: clean
    choices:
    - {vi: có, ms: ya, en: "yes it is", steps: [wait]}
    - {vi: chưa, ms: tak, en: not yet}
  wait: {vi: chờ, ms: tunggu, en: wait}
"""


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "data" / "troubleshooting"
    folder.mkdir(parents=True)
    (folder / "common.yml").write_text(COMMON, encoding="utf-8")
    (folder / "fan.yml").write_text(FAN, encoding="utf-8")
    return tmp_path


def change(project, old, new, name="fan"):
    path = project / "data" / "troubleshooting" / f"{name}.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_our_own_guides_are_without_mistakes():
    guides, findings = read_guides(PROJECT)
    assert list(map(str, findings)) == []
    assert len(guides.devices) >= 8
    assert all(3 <= len(device.symptoms) <= 8 for device in guides.devices.values())


def test_every_device_is_recognised_by_what_it_is_called():
    guides, _ = read_guides(PROJECT)
    for name, device in guides.devices.items():
        assert {guides.device_in(word) for word in device.called} == {name}
        for symptom, each in device.symptoms.items():
            for phrase in each.said:
                assert device.symptom_in(phrase) == symptom, phrase


def test_a_good_project(project):
    guides, findings = read_guides(project)
    assert findings == []
    device = guides.devices["fan"]
    assert set(device.steps) == {"socket", "clean", "wait"}
    assert device.symptoms["still"].then == "person"
    assert [choice.steps for choice in device.steps["clean"].choices] == [("wait",), None]


def test_a_project_without_guides(tmp_path):
    guides, findings = read_guides(tmp_path)
    assert (guides.devices, findings) == ({}, [])


MISTAKES = {
    "unknown key": ("products:", "product:", 3, 'Did you mean "products"?'),
    "missing name": ("name: {vi: quạt, ms: kipas, en: fan}\n", "", 1, '"name:" is missing'),
    "missing language": ("    ms: lap\n", "", 12, 'The text in Malay ("ms:") is missing'),
    "no text": ("en: wait", "en: no", 18, "put it in quotes"),
    "unknown step": ("[socket, clean]", "[sockt, clean]", 8, 'Did you mean "socket"?'),
    "unknown step of an answer": ("steps: [wait]", "steps: [wiat]", 8, 'no step "wiat"'),
    "unused step": (", steps: [wait]", "", 18, 'No symptom uses the step "wait"'),
    "circle": ("steps: [wait]", "steps: [clean]", 8, "clean → clean"),
    "ending": ("then: person", "then: persn", 9, "repair or person"),
    "long button": ("Đứng im", "Quạt đứng im hoàn toàn luôn", 6, "at most 20 letters"),
    "no list": ("products: [FN-1]", "products: FN-1", 3, "is a list"),
    "no answers": ("    - {vi: có", "    - oops\n    - {vi: có", 16, "An answer is written like"),
    "broken": ("called: {", "called: {{", 3, "error L001"),
    "tab": ("  still:", "\tstill:", 5, "tab"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_line(project, name):
    old, new, line, words = MISTAKES[name]
    change(project, old, new)
    guides, findings = read_guides(project)
    assert guides.devices == {}
    found = [str(finding) for finding in findings]
    assert any(f"fan.yml:{line}: error" in each and words in each for each in found), found


def test_a_mistake_in_common(project):
    change(project, "  same: {", "  samee: {", "common")
    _, findings = read_guides(project)
    found = "\n".join(map(str, findings))
    assert 'common.yml:10: error L801: "samee:" is not known here. Did you mean "same"?' in found
    assert 'common.yml:8: error L801: "same:" is missing.' in found


def test_a_file_that_is_not_read(project):
    (project / "data" / "troubleshooting" / "lamp.yaml").write_text("name: x\n")
    (finding,) = read_guides(project)[1]
    assert str(finding).startswith("data/troubleshooting/lamp.yaml:1: error L801: The file is not")


def test_a_change_shows_without_a_restart(project, monkeypatch, caplog):
    monkeypatch.setattr("myna.troubleshooting.library._LOOK_AGAIN_AFTER", 0.0)
    library = Library(project)
    assert library.guides().device_in("my propeller") is None
    change(project, "en: [fan]", "en: [fan, propeller]")
    assert library.guides().device_in("my propeller") == "fan"
    with caplog.at_level(logging.ERROR):
        change(project, "then: person", "then: nobody")
        assert library.guides().device_in("my propeller") == "fan"
    assert "Keeping the last good guides" in caplog.text
    os.remove(project / "data" / "troubleshooting" / "fan.yml")
    assert library.guides().devices == {}
