"""The one door between Myna and a shop's own system."""

from __future__ import annotations

from typing import Protocol

from myna.shop.model import (
    Absent,
    CatalogueFile,
    Contact,
    Customer,
    DeliveryChange,
    Invoice,
    LoyaltyAccount,
    NotDone,
    NotFound,
    Order,
    OrderSummary,
    Product,
    Refund,
    Repair,
    RepairRequest,
    Return,
    ReturnRequest,
    Sent,
    Subscription,
    Unavailable,
    Warranty,
    Who,
)


class IdempotencyKeyReused(ValueError):
    """A key came again with another operation or other parameters: a mistake in the caller."""


class Shop(Protocol):
    """What a shop's system must be able to do.

    Calls block and may come from several threads at once; asynchronous callers use
    `asyncio.to_thread`. What a shop can run into is returned, not raised: `Unavailable` means
    certainly not done, `Uncertain` means that it may have been done, `NotOffered` that this shop's
    system has no such thing and a person has to see to it.

    Calls without an idempotency key are safe: they change nothing and may be repeated at will. The
    others carry an idempotency key, chosen by the caller, new for each thing that is to happen
    once (the id of the customer's message will do). The same key with the same parameters gives
    the first outcome again, whatever became of the order since, and nothing is done twice, also
    when both calls come at once. The same key with another operation or other parameters raises
    `IdempotencyKeyReused`. `Unavailable` and `Uncertain` are no outcomes: after them the same key
    tries again. Keys are 1-200 visible ASCII characters and live at least a day; a key or a text
    out of bounds raises ValueError.
    """

    def get_order(self, number: str) -> Order | NotFound | Unavailable:
        """The order with this number, in the shop's canonical form (`DH-20413`)."""

    def cancel_order(self, number: str, *, reason: str, idempotency_key: str) -> Order | NotDone:
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
    ) -> Sent | NotDone:
        """Sends a text to the contact that the shop has on record for the order.

        Args:
            number: the order, in the shop's canonical form.
            contact: `phone` (SMS or the like) or `email`.
            text: plain text, at most 2,000 characters.
            idempotency_key: see the class.

        Returns:
            `NotFound("contact")` if the order has no such contact.
        """

    def list_orders(self, who: Who) -> tuple[OrderSummary, ...] | Absent:
        """Orders of a customer, newest first, at most twenty; empty if there are none."""

    def change_delivery(
        self, number: str, change: DeliveryChange, *, idempotency_key: str
    ) -> Order | NotDone:
        """Changes where, to whom or when an order is delivered, and returns it as it then is.

        Returns:
            `Refused` if the order's state does not allow it, `Declined("marketplace")` if only the
            marketplace can.
        """

    def get_invoice(self, number: str) -> Invoice | Absent:
        """The invoice of an order; one that is not issued yet has no number."""

    def send_invoice(
        self, number: str, contact: Contact, *, idempotency_key: str
    ) -> Sent | NotDone:
        """Sends the invoice to the contact that the shop has on record for the order.

        Returns:
            `Declined("not_issued")` if there is none yet, `NotFound("contact")` if the order has
            no such contact.
        """

    def open_return(
        self, number: str, request: ReturnRequest, *, idempotency_key: str
    ) -> Return | NotDone:
        """Opens a return, and says how the items travel.

        Whether the shop's terms allow it is asked before, of `myna.shop.eligibility`; the shop
        has the last word.

        Returns:
            `Refused` if the order's state does not allow it, `NotFound("item")` if the order has
            no such items, `Declined` with `too_late`, `already_open`, `not_returnable`,
            `marketplace`, or `out_of_stock` (the product it is exchanged for).
        """

    def list_returns(self, number: str) -> tuple[Return, ...] | Absent:
        """All returns of an order, newest first."""

    def list_refunds(self, number: str) -> tuple[Refund, ...] | Absent:
        """All refunds of an order, newest first, after returns and after a cancellation."""

    def list_warranties(self, number: str) -> tuple[Warranty, ...] | Absent:
        """The warranty of every piece of an order that has one."""

    def get_warranty(self, serial: str) -> Warranty | Absent:
        """The warranty of the piece with this serial number, else `NotFound("serial")`."""

    def find_warranties(self, who: Who, product: str = "") -> tuple[Warranty, ...] | Absent:
        """The warranties of what a customer bought, newest first: for those who lost the slip.

        Args:
            who: the customer.
            product: only of products with such a name (any language, mistyped or not) or SKU.
        """

    def book_repair(self, request: RepairRequest, *, idempotency_key: str) -> Repair | NotDone:
        """Books a repair, and says how the piece gets there.

        Returns:
            `NotFound` with `serial`, `order` or `item`; `Declined("already_open")` if the piece is
            being repaired.
        """

    def get_repair(self, number: str) -> Repair | Absent:
        """The repair with this number, else `NotFound("repair")`."""

    def list_repairs(self, who: Who) -> tuple[Repair, ...] | Absent:
        """Repairs of a customer, newest first."""

    def search_products(
        self, text: str, *, language: str, limit: int = 5
    ) -> tuple[Product, ...] | Absent:
        """Products whose name, category or SKU is like the text, best first; empty if none is.

        Args:
            text: what a customer typed, at most 200 characters; mistyped, without diacritics.
            language: in which language most likely.
            limit: 1-20.
        """

    def get_product(self, sku: str) -> Product | Absent:
        """The product with this SKU, else `NotFound("product")`."""

    def list_products(self) -> tuple[Product, ...] | Absent:
        """Everything that is sold, ordered by SKU."""

    def get_catalogue(self, language: str) -> CatalogueFile | Absent:
        """The catalogue with prices as a file, in this language or else another."""

    def get_loyalty(self, who: Who) -> LoyaltyAccount | Absent:
        """A customer's points, else `NotFound("account")`."""

    def list_subscriptions(self, who: Who) -> tuple[Subscription, ...] | Absent:
        """A customer's subscriptions, those that end next first."""

    def renew_subscription(self, number: str, *, idempotency_key: str) -> Subscription | NotDone:
        """Renews a subscription by one interval, or asks for its payment (`payment_url`).

        Returns:
            `NotFound("subscription")`, or `Declined("not_renewable")` if it was cancelled.
        """

    def get_customer(self, customer_id: str) -> Customer | Absent:
        """A customer who is logged in at the shop, else `NotFound("customer")`."""

    def health(self) -> bool:
        """Whether the shop answers at present."""
