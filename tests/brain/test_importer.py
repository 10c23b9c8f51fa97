"""What the importer adds to Rasa's own."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import pytest
from rasa.shared.exceptions import RasaException
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from myna.brain.importer import Example, ExamplesReader, language_of


def importer(folder: Path) -> TrainingDataImporter:
    return TrainingDataImporter.load_from_config(
        str(folder / "config.yml"), str(folder / "domain.yml"), [str(folder / "data")]
    )


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("data/nlu/vi/orders.yml", "vi"),
        ("data/nlu/en/a.yml", "en"),
        ("data/nlu/shared/a.yml", None),
        ("data/nlu/vi.yml", None),
        ("vi/nlu/a.yml", None),
    ],
)
def test_the_folder_tells_the_language(path: str, language: str | None) -> None:
    assert language_of(path) == language


def test_the_domain_knows_every_response(project: Path) -> None:
    domain = importer(project).get_domain()
    assert {"utter_greet", "utter_ask_color", "utter_faq/shipping_fee"} <= set(domain.responses)
    assert "utter_greet" in domain.action_names_or_texts


def test_examples_carry_their_language(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("models"))
    for name, text in (("vi/a", "chào shop"), ("shared/a", "hello")):
        path = folder / "data" / "nlu" / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - {text}\n',
            encoding="utf-8",
        )
    languages = {
        example.get("text"): (example.get("metadata") or {}).get("language")
        for example in importer(folder).get_nlu_data().training_examples
    }
    assert languages["chào shop"] == "vi"
    assert languages["hello there"] == "en"
    assert languages["hello"] is None


def test_a_broken_domain_is_not_an_empty_one(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("models"))
    (folder / "domain.yml").write_text('version: "3.1"\nintents: 7\n')
    with pytest.raises(RasaException, match="domain"):
        importer(folder).get_domain()


def test_an_example_is_told_from_another_by_all_that_it_says() -> None:
    example = Example({"text": "chào shop", "intent": "greet", "metadata": {"language": "vi"}})
    same = Example({"intent": "greet", "text": "chào shop", "metadata": {"language": "vi"}})
    assert example == same
    assert len({example, same}) == 1
    same.set("metadata", {"language": "en"})
    assert example != same


def test_what_is_changed_in_a_copy_of_an_example_stays_there() -> None:
    example = Example({"text": "chào shop", "metadata": {"language": "vi"}})
    before = example.fingerprint()
    copied = copy.deepcopy(example)
    assert isinstance(copied, Message)
    assert copied == example
    copied.data["metadata"]["language"] = "en"
    copied.set("intent", "greet", add_to_output=True)
    assert copied != example
    assert example.data == {"text": "chào shop", "metadata": {"language": "vi"}}
    assert example.output_properties == {"text"}
    assert example.fingerprint() == before


PLAIN = (
    'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - chào shop\n    - hi [Myna](name)\n'
)


def read(path: Path, content: str) -> TrainingData:
    path.write_text(content, encoding="utf-8")
    return ExamplesReader().read(path)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace("version", "# a comment\nversion") + "- intent: faq/a\n  examples: '- b'\n",
        PLAIN + "- synonym: ship\n  examples: |\n    - giao\n",
        PLAIN.replace("greet", "no"),
        PLAIN + '- intent: bye\n  examples:\n  - text: "bye"\n    metadata: {tone: warm}\n',
    ],
)
def test_files_are_read_as_rasa_reads_them(tmp_path: Path, content: str) -> None:
    ours, theirs = read(tmp_path / "a.yml", content), load_data(str(tmp_path / "a.yml"))
    assert [each.data for each in ours.training_examples] == [
        each.data for each in theirs.training_examples
    ]
    assert ours.entity_synonyms == theirs.entity_synonyms
    assert len(ours.training_examples) > 1


@pytest.mark.parametrize(
    "content",
    [
        PLAIN + "  examples: |\n    - xin chào\n",
        PLAIN + "nlu: 7\n",
        PLAIN.replace("nlu:", "nlu"),
        PLAIN.replace("examples", "example"),
        PLAIN.replace("greet", "${INTENT}"),
    ],
)
def test_what_is_wrong_with_a_file_is_not_passed_over(tmp_path: Path, content: str) -> None:
    with pytest.raises(RasaException):
        read(tmp_path / "a.yml", content)
