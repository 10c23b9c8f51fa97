"""The held-out messages of this folder, measured as `myna bench entities` does."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from myna import cli
from myna.bench.entities import FOLDER, Score, bench_entities, format_entities, read_messages

LANGUAGES = ("vi", "ms", "en")


@pytest.fixture(scope="module")
def report():
    return bench_entities()


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_enough_messages(language):
    messages = read_messages(FOLDER / f"{language}.yml")
    assert len(messages) >= 120
    assert sum(not message.entities for message in messages) >= 20
    assert len({message.text for message in messages}) == len(messages)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["order_number", "phone", "email"])
def test_what_identifies_a_customer_is_found(report, kind, language):
    assert report.score(kind, language).f1 >= 0.97, format_entities(report)


@pytest.mark.parametrize("kind", ["code", "date", "money", "product", "city", "category"])
def test_the_rest_is_found(report, kind):
    assert report.score(kind).f1 >= 0.95, format_entities(report)


def test_a_message_takes_a_millisecond(report):
    assert report.as_json()["ms_per_message_median"] < 1


def test_score():
    assert Score(right=8, wrong=2, missed=2).f1 == 0.8
    assert Score().f1 == 1


def test_a_file_of_another_form_is_refused(tmp_path):
    path = tmp_path / "vi.yml"
    path.write_text("now: tomorrow\nmessages: [x]\n")
    with pytest.raises(ValueError, match=r"vi.yml: 'now' needs a time and a zone"):
        read_messages(path)
    path.write_text("messages: x\n")
    with pytest.raises(ValueError, match=r"vi.yml: there must be"):
        read_messages(path)
    with pytest.raises(ValueError, match="no messages"):
        bench_entities(tmp_path / "nowhere")


def test_wrong_spans_and_values_count(tmp_path):
    (tmp_path / "vi.yml").write_text(
        "now: 2026-11-26T10:00:00+07:00\n"
        'messages: ["đơn [DH-20413](order_number=DH-99999)",'
        ' "[gọi 0903123456](phone=+84903123456)"]\n'
    )
    report = bench_entities(tmp_path)
    assert (report.score("order_number").f1, report.score("phone").f1) == (0, 0)
    assert "missed phone=+84903123456" in format_entities(report)


def test_the_command_prints_a_table_or_json():
    shown = CliRunner().invoke(cli.main, ["bench", "entities"])
    assert shown.exit_code == 0
    assert "order_number" in shown.output
    result = json.loads(CliRunner().invoke(cli.main, ["bench", "entities", "--json"]).output)
    assert set(result["f1"]["phone"]) == {"all", *LANGUAGES}
    assert result["messages"] > 360
