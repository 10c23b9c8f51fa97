from __future__ import annotations

import json
from pathlib import Path

import pytest

from myna.bench.nlu import Prediction, _mcc, bench_nlu, format_nlu, our_pipeline
from myna.bench.tsv import Row, TsvImporter, read_rows, write_rows

from .conftest import EXAMPLES


def rows(with_out_of_scope: bool = True) -> list[Row]:
    result = []
    for label, texts in EXAMPLES["en"].items():
        intent = "oos" if label == "out_of_scope" else label
        for text in texts:
            result.append(Row("test", "en", intent, text))
            if intent != "oos" or with_out_of_scope:
                result += [
                    Row("train", "en", intent, f"{word} {text}") for word in ("so", "well", "and")
                ]
    return result


def test_rows_survive_a_round_trip(tmp_path: Path) -> None:
    written = [
        Row("train", "en", "Refund?/x", '"quoted" [a](b) # c'),
        Row("test", "vi", "oos", "ơ"),
    ]
    write_rows(tmp_path / "a.tsv", written)
    assert read_rows(tmp_path / "a.tsv") == written


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("text\tintent\n", "line 1"),
        ("split\tlang\tintent\ttext\ntrain\ten\tx\n", "line 2"),
        ("split\tlang\tintent\ttext\ndev\ten\tx\ty\n", "line 2"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "a.tsv").write_text(content)
    with pytest.raises(ValueError, match=complaint):
        read_rows(tmp_path / "a.tsv")


def test_importer_takes_texts_and_labels_literally(tmp_path: Path) -> None:
    write_rows(
        tmp_path / "a.tsv",
        [
            Row("train", "en", "a/b/c", "[not](an_entity)"),
            Row("train", "en", "oos", "x"),
            Row("test", "en", "a/b/c", "unseen"),
        ],
    )
    data = TsvImporter(training_data_paths=[str(tmp_path / "a.tsv")]).get_nlu_data()
    found = [(e.get("text"), e.get_full_intent()) for e in data.intent_examples]
    assert found == [("[not](an_entity)", "a|b|c"), ("x", "out_of_scope")]
    assert not data.response_examples


def test_mcc_counts_rejection_as_a_class() -> None:
    predictions = [
        Prediction("a", "a", 0.9, 1.0),
        Prediction("b", "b", 0.8, 1.0),
        Prediction("(rejected)", "a", 0.3, 1.0),
    ]
    assert _mcc(predictions, 0.5) == pytest.approx(1)
    assert _mcc(predictions, 0.0) < 1


@pytest.mark.parametrize("with_out_of_scope", [True, False])
def test_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], with_out_of_scope: bool) -> None:
    write_rows(tmp_path / "small.tsv", rows(with_out_of_scope))
    result = bench_nlu(tmp_path / "small.tsv")
    assert capsys.readouterr().out == ""
    assert result["in_scope_accuracy"] == 1
    assert result["mcc_best"] >= result["mcc"]
    assert 0 <= result["threshold"] < 1
    assert result["train_seconds"] > 0
    assert result["ms_per_message_median"] > 0
    if with_out_of_scope:
        assert result["oos_recall"] == 1
    json.dumps(result)
    table = format_nlu(result)
    assert "accuracy in scope" in table
    assert "1.000" in table


def test_bench_refuses_what_it_cannot_measure(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.tsv", [Row("train", "en", "a", "b")])
    with pytest.raises(ValueError, match="train and test"):
        bench_nlu(tmp_path / "a.tsv")
    write_rows(tmp_path / "b.tsv", rows())
    with pytest.raises(ValueError, match="diet"):
        bench_nlu(tmp_path / "b.tsv", against="something")


def test_the_pipeline_is_that_of_the_project_with_as_many_layers_learned_as_asked() -> None:
    plain, deeper = our_pipeline(), our_pipeline(2)
    (ours,) = (c for c in deeper if c["name"] == "myna.nlu.intent.IntentClassifier")
    assert ours.pop("tuned_layers") == 2
    (other,) = (c for c in plain if c["name"] == "myna.nlu.intent.IntentClassifier")
    assert other.pop("tuned_layers") == 0
    assert plain == deeper
