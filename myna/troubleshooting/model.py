"""What the files in `data/troubleshooting/` hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from myna.troubleshooting.matching import Phrases, says

Texts = dict[str, str]
"""Language → text."""
Ending = Literal["repair", "person"]
"""What is offered when no step has helped."""
Result = Literal["stop", "cannot", "same", "solved"]
"""What a customer says of a step: wants no more, could not do it, no change, it works."""

ENDINGS: tuple[Ending, ...] = ("repair", "person")
RESULTS: tuple[Result, ...] = ("stop", "cannot", "same", "solved")
"""Of two that fit equally the first counts."""


@dataclass(frozen=True)
class Choice:
    """An answer to a step that is a question."""

    title: Texts
    steps: tuple[str, ...] | None
    """What is tried from here on; None: the steps go on."""
    then: Ending | None
    """How it ends instead; None: as the symptom says."""


@dataclass(frozen=True)
class Step:
    """One thing to do or to look at."""

    text: Texts
    choices: tuple[Choice, ...] = ()
    """Not empty: the step is a question with these answers."""


@dataclass(frozen=True)
class Symptom:
    """What can be wrong with a device."""

    title: Texts
    """A few words, for a button."""
    said: tuple[str, ...]
    """How customers put it, in all languages."""
    steps: tuple[str, ...]
    """What is tried, in this order."""
    then: Ending = "repair"
    """What is offered when nothing has helped."""


@dataclass(frozen=True)
class Device:
    """A kind of product with its troubles."""

    name: Texts
    """To stand within a sentence."""
    called: tuple[str, ...]
    """How customers call it, in all languages."""
    products: tuple[str, ...]
    """The shop's numbers (SKU) of such products."""
    symptoms: dict[str, Symptom]
    steps: dict[str, Step]
    """Its own, and those that all devices share."""

    @cached_property
    def _said(self) -> Phrases:
        return Phrases({name: symptom.said for name, symptom in self.symptoms.items()})

    def symptom_in(self, text: str) -> str | None:
        """The symptom that a text speaks of."""
        return self._said.best(text)


@dataclass(frozen=True)
class Danger:
    """What must not be tried out: stop using it, and a person at once."""

    said: tuple[str, ...]
    unless: tuple[str, ...]
    """Phrases that only look like it."""
    advice: Texts


@dataclass(frozen=True)
class Guides:
    """All that is known of devices and their troubles."""

    devices: dict[str, Device] = field(default_factory=dict)
    dangers: dict[str, Danger] = field(default_factory=dict)
    replies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What customers type instead of pressing a button: name of the reply → phrases."""

    @cached_property
    def _called(self) -> Phrases:
        return Phrases({name: device.called for name, device in self.devices.items()})

    @cached_property
    def _results(self) -> Phrases:
        return Phrases({name: self.replies.get(name, ()) for name in RESULTS})

    def device_in(self, text: str) -> str | None:
        """The device that a text speaks of."""
        return self._called.best(text)

    def device_of(self, sku: str) -> str | None:
        """The device that a product is."""
        return next((name for name, each in self.devices.items() if sku in each.products), None)

    def danger_in(self, text: str) -> Danger | None:
        """The danger that a text speaks of."""
        return next(
            (each for each in self.dangers.values() if says(text, each.said, each.unless)), None
        )

    def result_in(self, text: str) -> str | None:
        """What a text says of a step: one of `RESULTS`."""
        return self._results.best(text)

    def reply_in(self, text: str, *names: str) -> str | None:
        """Which of some other replies a text gives."""
        return Phrases({name: self.replies.get(name, ()) for name in names}).best(text)
