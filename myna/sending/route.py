"""Which adapter carries what: one for phones, one for e-mail, as `shop.yml` says."""

from __future__ import annotations

from collections.abc import Mapping

from myna.sending.protocol import Outcome, Sender
from myna.shop.limits import MAX_MESSAGE, check_contact, check_key, check_text
from myna.shop.model import Contact, Declined, NotFound, NotOffered, Order, Refused, Unavailable
from myna.shop.protocol import Shop


class Routes:
    """A sender that leaves each kind of contact to the adapter for it.

    Args:
        by_contact: the adapters; a kind without one is not used.
    """

    def __init__(self, by_contact: Mapping[Contact, Sender]) -> None:
        self._by_contact = by_contact

    def reaches(self, order: Order, contact: Contact) -> bool:
        """See `Sender`."""
        sender = self._by_contact.get(contact)
        return sender is not None and sender.reaches(order, contact)

    def send(self, order: Order, contact: Contact, text: str, *, idempotency_key: str) -> Outcome:
        """See `Sender`."""
        check_contact(contact)
        check_key(idempotency_key)
        check_text(text, MAX_MESSAGE)
        if not getattr(order, contact):
            return NotFound("contact")
        sender = self._by_contact.get(contact)
        if sender is None:
            return NotOffered("messages")
        return sender.send(order, contact, text, idempotency_key=idempotency_key)


class ShopSender:
    """Through the shop's own system; the demo shop shows what it was given in its outbox."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def reaches(self, order: Order, contact: Contact) -> bool:
        """See `Sender`."""
        return bool(getattr(order, contact))

    def send(self, order: Order, contact: Contact, text: str, *, idempotency_key: str) -> Outcome:
        """See `Sender`."""
        sent = self._shop.send_message(order.number, contact, text, idempotency_key=idempotency_key)
        if isinstance(sent, Refused | Declined):  # no rule of a shop is about messages
            return Unavailable(f"the shop does not send it: {sent}")
        return sent
