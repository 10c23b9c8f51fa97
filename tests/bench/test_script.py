"""The messages of the benchmark are fair to both sides."""

from __future__ import annotations

from myna.bench.script import SCRIPT
from myna.bench.stock import stock_responses
from myna.settings import PROJECT


def test_the_script_is_trained_and_answered() -> None:
    """Sentences of the training data, so that both sides are certain of them."""
    examples = "".join(path.read_text() for path in (PROJECT / "data/nlu/en").glob("*.yml"))
    responses = stock_responses(PROJECT)
    for sentence, response in SCRIPT:
        assert f"- {sentence}\n" in examples
        assert response in responses
