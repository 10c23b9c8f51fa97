"""`python -m tests.channels.messenger.play`: plays tests/conversations/ over Messenger.

`myna test --channel messenger` calls it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from myna import training
from myna.settings import PROJECT
from myna.trainer.conversations import read_conversations
from myna.trainer.play import play_all
from myna.trainer.trial import show

from .trial import MessengerCustomer, running_with_messenger


def main() -> int:
    """Plays what is asked for; 0 if all passed and the Graph API saw nothing wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", choices=("vi", "ms", "en"))
    parser.add_argument("-k", dest="name", default="")
    asked = parser.parse_args()
    training.train()
    conversations, findings = read_conversations(PROJECT)
    chosen = [
        c
        for c in conversations
        if asked.language in (None, c.language) and asked.name.lower() in c.name.lower()
    ]
    good = 0
    with (
        tempfile.TemporaryDirectory(prefix="myna-messenger-") as folder,
        running_with_messenger(Path(folder)) as (stack, remote),
    ):
        for outcome in play_all(chosen, lambda lang: MessengerCustomer(stack, remote, lang)):
            show(outcome)
            good += outcome.difference is None
        violations = remote.graph.world.violations
    print(f"{good} conversations passed over Messenger, {len(chosen) - good} failed.")
    for violation in violations:
        print(f"Graph: {violation}")
    return 0 if good == len(chosen) and not violations and not findings else 1


if __name__ == "__main__":
    sys.exit(main())
