"""The one door between Myna and a shop's own system."""

from __future__ import annotations

from typing import Protocol

from myna.shop.model import Contact, NotFound, Order, Refused, Sent, Unavailable, Uncertain


class IdempotencyKeyReused(ValueError):
    """A key came again with another operation or other parameters: a mistake in the caller."""


class Shop(Protocol):
    """What a shop's system must be able to do.

    Calls block and may come from several threads at once; asynchronous callers use
    `asyncio.to_thread`. What a shop can run into is returned, not raised: `Unavailable` means
    certainly not done, `Uncertain` means that it may have been done.

    `get_order` and `health` are safe: they change nothing and may be repeated at will. The other
    calls carry an idempotency key, chosen by the caller, new for each thing that is to happen
    once (the id of the customer's message will do). The same key with the same parameters gives
    the first outcome again, whatever became of the order since, and nothing is done twice, also
    when both calls come at once. The same key with another operation or other parameters raises
    `IdempotencyKeyReused`. `Unavailable` and `Uncertain` are no outcomes: after them the same key
    tries again. Keys are 1-200 visible ASCII characters and live at least a day; a key or a text
    out of bounds raises ValueError.
    """

    def get_order(self, number: str) -> Order | NotFound | Unavailable:
        """The order with this number, in the shop's canonical form (`DH-20413`)."""

    def cancel_order(
        self, number: str, *, reason: str, idempotency_key: str
    ) -> Order | NotFound | Refused | Unavailable | Uncertain:
        """Cancels the whole order and returns it as it then is.

        Args:
            number: the order, in the shop's canonical form.
            reason: for the shop's people, at most 500 characters.
            idempotency_key: see the class.

        Returns:
            `Refused` if the order's state does not allow it, which includes `cancelled`.
        """

    def send_message(
        self, number: str, contact: Contact, text: str, *, idempotency_key: str
    ) -> Sent | NotFound | Unavailable | Uncertain:
        """Sends a text to the contact that the shop has on record for the order.

        Args:
            number: the order, in the shop's canonical form.
            contact: `phone` (SMS or the like) or `email`.
            text: plain text, at most 2,000 characters.
            idempotency_key: see the class.

        Returns:
            `NotFound("contact")` if the order has no such contact.
        """

    def health(self) -> bool:
        """Whether the shop answers at present."""
