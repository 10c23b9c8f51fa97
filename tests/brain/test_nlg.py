"""Rasa's answers come from the catalogue, in the conversation's language, with its facts."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot, TextSlot
from rasa.shared.core.trackers import DialogueStateTracker

from myna.brain.nlg import CatalogueNLG
from myna.texts import Catalogue, TextError


@pytest.fixture
def nlg(tmp_path: Path, catalogue: Catalogue) -> CatalogueNLG:
    for language in ("vi", "ms", "en"):
        folder = tmp_path / language
        folder.mkdir()
        words = catalogue._responses / language / "words.yml"
        (folder / "words.yml").write_text(words.read_text(encoding="utf-8"), encoding="utf-8")
        (folder / "all.yml").write_text(
            "responses:\n"
            f"  utter_number: [{{text: '{language} {{order_number}}'}}]\n"
            f"  utter_turns: [{{text: one}}, {{text: two}}]\n"
            f"  utter_fee: [{{text: '{{shipping_fee}}'}}]\n"
        )
    made = CatalogueNLG()
    made._catalogue = Catalogue(tmp_path)
    return made


def tracker(**slots: object) -> DialogueStateTracker:
    mappings: list[dict[str, object]] = [{}]
    made = DialogueStateTracker(
        "c",
        [
            TextSlot("language", mappings),
            TextSlot("order_number", mappings),
            AnySlot("proof", mappings),
        ],
    )
    for name, value in slots.items():
        made.update(SlotSet(name, value))
    return made


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
async def test_slots_and_values_fill_the_text(nlg: CatalogueNLG, language: str) -> None:
    told = tracker(language=language, order_number="DH-1")
    answer = await nlg.generate("utter_number", told, "brain")
    assert answer == {"text": f"{language} DH-1", "buttons": [], "utter_action": "utter_number"}
    answer = await nlg.generate("utter_number", told, "brain", order_number="DH-2")
    assert answer["text"] == f"{language} DH-2", "what the action says wins"


async def test_without_a_language(nlg: CatalogueNLG) -> None:
    answer = await nlg.generate("utter_number", tracker(order_number="DH-1"), "brain")
    assert answer["text"].startswith(nlg._catalogue.facts.default_language)


async def test_an_answer_is_not_repeated_word_by_word(nlg: CatalogueNLG) -> None:
    spoken = tracker(language="en")
    texts = []
    for _ in range(4):
        spoken.update(UserUttered("hi"))
        texts.append((await nlg.generate("utter_turns", spoken, "brain"))["text"])
    assert texts == ["two", "one", "two", "one"]


@pytest.mark.parametrize("name", ["utter_nothing", "utter_number"])
async def test_what_cannot_be_said_is_an_error(nlg: CatalogueNLG, name: str) -> None:
    with pytest.raises(TextError):
        await nlg.generate(name, tracker(language="en"), "brain")


async def test_a_long_conversation_hears_no_answer_twice_in_a_row() -> None:
    said: list[str] = []
    tracker = DialogueStateTracker.from_events("c", [UserUttered("?")] * 12)
    for _ in range(4):  # the memory is bounded: the count of messages stands still
        answer = await CatalogueNLG().generate("utter_out_of_scope", tracker, "brain")
        said.append(answer["text"])
        tracker.update(BotUttered(answer["text"], metadata={"utter_action": "utter_out_of_scope"}))
    assert all(earlier != later for earlier, later in itertools.pairwise(said))
