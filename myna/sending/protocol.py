"""The port through which one-time codes leave."""

from __future__ import annotations

from typing import Protocol

from myna.shop.model import Contact, NotFound, NotOffered, Order, Sent, Unavailable, Uncertain

Outcome = Sent | NotFound | NotOffered | Unavailable | Uncertain
"""`NotFound("contact")`: the order has none of this kind. `Unavailable`: certainly not sent.
`Uncertain`: perhaps sent."""


class Sender(Protocol):
    """Sends texts to the contact that an order has on record, and to no other address.

    Calls block for some seconds at most, and may come from several threads at once. A call that
    is repeated with the same key and text may reach the customer twice, never with another text.
    """

    def reaches(self, order: Order, contact: Contact) -> bool:
        """Whether the order has such a contact, and there is a way to it."""

    def send(self, order: Order, contact: Contact, text: str, *, idempotency_key: str) -> Outcome:
        """Sends a plain text.

        Args:
            order: whose contact.
            contact: the phone or the e-mail.
            text: at most 2,000 characters.
            idempotency_key: 1-200 visible ASCII characters, new for each message.

        Raises:
            ValueError: text or key out of these bounds.
        """
