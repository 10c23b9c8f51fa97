"""Rasa's response generator on Myna's catalogue: language and facts at run time."""

from __future__ import annotations

from typing import Any

from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from myna.texts import Catalogue


class CatalogueNLG(NaturalLanguageGenerator):
    """Answers in the conversation's language; named under `nlg:` in `endpoints.yml`."""

    def __init__(
        self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None
    ) -> None:
        self._catalogue = Catalogue()

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """The response as Rasa's output channels expect it.

        Raises:
            TextError: no such response, or a placeholder has no value. Rasa would log it and go
                on; the private channel's guard aborts the turn.
        """
        language = tracker.get_slot("language") or self._catalogue.facts.default_language
        turn = sum(isinstance(event, UserUttered) for event in tracker.events)
        told = {name: slot.value for name, slot in tracker.slots.items() if slot.value}
        values = {**told, **kwargs}
        text = self._catalogue.render(utter_action, language, turn=turn, **values)
        if text.text == _last_said(tracker, utter_action):
            # of a long conversation the memory gives the last turns only, so the count stands still
            text = self._catalogue.render(utter_action, language, turn=turn + 1, **values)
        return {
            "text": text.text,
            "buttons": [{"title": b.title, "payload": b.payload} for b in text.buttons],
            "utter_action": utter_action,
        }


def _last_said(tracker: DialogueStateTracker, response: str) -> str | None:
    """What a response said when it was given last."""
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered) and event.metadata.get("utter_action") == response:
            text: str | None = event.text
            return text
    return None
