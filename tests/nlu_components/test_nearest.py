from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from random import Random

import pytest
from rasa.shared.nlu.training_data.message import Message

from myna.nlu.faq import FaqSelector
from myna.nlu.features import Forms, plain
from myna.nlu.intent import MOST_SEPARATE
from myna.nlu.nearest import NearestEntries

from .conftest import Build, flat

ENTRIES, EXAMPLES = 1000, 4


def many() -> list[tuple[str, str]]:
    """A thousand entries in three languages: in each, questions about words of its own."""
    chance = Random(5)
    frames = {
        "vi": "shop cho mình hỏi về {} với {} ạ",
        "ms": "saya nak tanya pasal {} dengan {}",
        "en": "could you tell me about {} and {} please",
    }
    syllables = [a + b for a in "bdghklmnprstv" for b in ("a", "e", "i", "o", "u", "an", "ing")]
    found = []
    for number in range(ENTRIES):
        words = ["".join(chance.sample(syllables, 3)) for _ in range(5)]
        for frame in frames.values():
            for _ in range(EXAMPLES):
                found.append((frame.format(*chance.sample(words, 2)), f"faq/entry_{number}"))
    return found


def test_the_nearest_entry_and_its_neighbours(tmp_path: Path) -> None:
    entries = [(plain(text), label) for text, label, _ in flat()]
    model = NearestEntries().fit([t for t, _ in entries], [label for _, label in entries])
    model.save(tmp_path)
    texts = [plain("phí vận chuyển bao nhiêu"), plain("bila pesanan sampai"), plain("漢字")]
    first, second, unknown = model.predict_many(texts)
    assert first[0][0] == "faq/shipping_fee"
    assert second[0][0] == "ask_order_status"
    assert sum(value for _, value in first) == pytest.approx(1, abs=1e-4)
    assert unknown[0][1] == pytest.approx(unknown[-1][1])  # says nothing
    loaded = NearestEntries.load(tmp_path).predict_many(texts)
    assert dict(loaded[0]) == pytest.approx(dict(first), abs=1e-4)


def test_a_thousand_entries_in_three_languages(train: Build) -> None:
    examples = many()
    chance = Random(1)
    held_out = set(chance.sample(range(len(examples)), 300))
    messages = [Message.build(t, n) for i, (t, n) in enumerate(examples) if i not in held_out]
    assert len({m.get("intent_response_key") for m in messages}) > MOST_SEPARATE
    start = time.process_time()
    selector = train(FaqSelector, messages)
    assert time.process_time() - start < 30

    tracemalloc.start()
    seconds, right = [], 0
    for number in sorted(held_out):
        text, name = examples[number]
        start = time.process_time()
        (result,) = selector.process([Message({"text": text})])
        seconds.append(time.process_time() - start)
        choice = result.get("response_selector")["default"]
        right += choice["response"]["intent_response_key"] == name
        assert len(choice["ranking"]) == 5
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert right > 0.95 * len(held_out)
    assert sorted(seconds)[len(seconds) // 2] < 0.02
    assert peak < 20e6  # for answering, beyond the model itself


def test_confidence_tells_right_from_wrong() -> None:
    examples = many()[: 200 * 3 * EXAMPLES]
    model = NearestEntries().fit([plain(t) for t, _ in examples], [n for _, n in examples])
    known: list[Forms] = [plain(text) for text, _ in examples[::7]]
    sure = [ranking[0][1] for ranking in model.predict_many(known)]
    vague = model.predict_many([plain("could you tell me about something please")])[0][0][1]
    assert min(sure) > vague
