from __future__ import annotations

from pathlib import Path

import pytest
from rasa.shared.nlu.training_data.message import Message

from myna.nlu import normaliser
from myna.nlu.datafile import DataFileError
from myna.nlu.diacritics import DiacriticRestorer
from myna.nlu.lexicon import read_lexicon, read_lexicons
from myna.nlu.normaliser import TextNormaliser, forms_of

from .conftest import Build


def lexicon(folder: Path, content: str) -> Path:
    path = folder / "xx.yml"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("sp này bn z", "sản phẩm này bao nhiêu vậy"),
        ("kbn", "kbn"),  # whole words only
        ("bao nhiu vậy, bn?", "bao nhiêu vậy, bao nhiêu?"),
        ("z-z", "vậy-vậy"),
        ("", ""),
    ],
)
def test_forms_are_replaced(tmp_path: Path, text: str, normal: str) -> None:
    content = "words:\n  bao nhiêu: [bn, bao_nhiu]\n  vậy: [z]\n  sản phẩm: [sp]\n"
    assert read_lexicon(lexicon(tmp_path, content)).apply(text) == normal


def test_our_own_lexicons() -> None:
    found = read_lexicons()
    assert found["vi"].apply("ship bn z shop") == "giao hàng bao nhiêu vậy shop"
    assert found["ms"].apply("xde order") == "tidak ada pesanan"
    assert found["en"].apply("pls cancle") == "please cancel"


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("", 1, "empty"),
        ("- a\n", 1, "names with a colon"),
        ("word:\n  a: [b]\n", 1, 'only "words:"'),
        ("words:\n  a: b\n", 2, "a list is expected"),
        ("words:\n  a: []\n", 2, "a list is expected"),
        ("words:\n  a: [b]\n  [c, d]: [e]\n", 3, "a name is expected"),
        ("[words]: {}\n", 1, "a name is expected"),
        ("? {a: b}\n: [c]\n", 1, "a name is expected"),
        ("words:\n  a: [b, [c]]\n", 2, "empty or no text"),
        ("words:\n  a: [b]\n  a: [c]\n", 3, "twice"),
        ("words:\n  a: [b]\n  c: [b]\n", 3, 'already stands for "a"'),
        ("words:\n  a: [b\n", 3, "no YAML"),
        ("words:\n\ta: [b]\n", 2, "no YAML"),
    ],
)
def test_a_broken_lexicon_is_named_with_its_line(
    tmp_path: Path, content: str, line: int, what: str
) -> None:
    with pytest.raises(DataFileError, match=f"xx.yml:{line}: ") as caught:
        read_lexicon(lexicon(tmp_path, content))
    assert what in str(caught.value)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "xx.yml"
    path.write_bytes("words:\n  vậy: [z]\n".encode("utf-16"))
    with pytest.raises(DataFileError, match="UTF-8"):
        read_lexicon(path)


def test_missing_diacritics_are_restored_by_context() -> None:
    restorer = DiacriticRestorer().fit(
        ["tôi muốn hoàn tiền", "hoàn tiền đơn hàng", "hoãn giao hàng", "đơn của tôi"]
    )
    assert restorer.restore("toi muon hoan tien") == "tôi muốn hoàn tiền"
    assert restorer.restore("hoan giao hang") == "hoãn giao hàng"
    assert restorer.restore("đơn của toi") == "đơn của toi"  # typed with them
    assert restorer.restore("blorf") == "blorf"


@pytest.mark.parametrize(
    ("text", "metadata", "normal"),
    [
        ("khi nao don cua toi duoc giao", {"language": "vi"}, "khi nào đơn của tôi được giao"),
        ("phi ship bao nhieu", {"language": "vi"}, "phí ship bao nhiêu"),
        ("khi nao don", {"language": "en"}, "khi nao don"),
        ("khi nao don", None, "khi nao don"),
    ],
)
def test_component_sets_a_property_and_leaves_the_text(
    train: Build,
    messages: list[Message],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    text: str,
    metadata: dict[str, str] | None,
    normal: str,
) -> None:
    monkeypatch.setattr(normaliser, "read_lexicons", lambda: {})
    message = Message({"text": text, "metadata": metadata})
    (found,) = train(TextNormaliser, messages).process([message])
    assert found.get("text") == text
    assert forms_of(found) == (text, normal)
    assert "normal_text" not in found.output_properties


def test_a_changed_lexicon_is_a_reason_to_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(normaliser, "FOLDER", tmp_path)
    before = TextNormaliser.fingerprint_addon({})
    lexicon(tmp_path, "words:\n  a: [b]\n")
    assert TextNormaliser.fingerprint_addon({}) != before
