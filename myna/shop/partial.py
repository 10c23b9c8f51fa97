"""What a shop answers whose system has only orders: a base for adapters that offer a part."""

from __future__ import annotations

from myna.shop.model import (
    Absent,
    CatalogueFile,
    Contact,
    Customer,
    DeliveryChange,
    Invoice,
    LoyaltyAccount,
    NotDone,
    NotOffered,
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
    Warranty,
    Who,
)


class PartialShop:
    """A `Shop` without `get_order` and `health`, which offers nothing else either."""

    def cancel_order(self, number: str, *, reason: str, idempotency_key: str) -> Order | NotDone:
        """See `Shop`."""
        return NotOffered("cancellation")

    def send_message(
        self, number: str, contact: Contact, text: str, *, idempotency_key: str
    ) -> Sent | NotDone:
        """See `Shop`."""
        return NotOffered("messages")

    def list_orders(self, who: Who) -> tuple[OrderSummary, ...] | Absent:
        """See `Shop`."""
        return NotOffered("order_lists")

    def change_delivery(
        self, number: str, change: DeliveryChange, *, idempotency_key: str
    ) -> Order | NotDone:
        """See `Shop`."""
        return NotOffered("delivery_changes")

    def get_invoice(self, number: str) -> Invoice | Absent:
        """See `Shop`."""
        return NotOffered("invoices")

    def send_invoice(
        self, number: str, contact: Contact, *, idempotency_key: str
    ) -> Sent | NotDone:
        """See `Shop`."""
        return NotOffered("invoices")

    def open_return(
        self, number: str, request: ReturnRequest, *, idempotency_key: str
    ) -> Return | NotDone:
        """See `Shop`."""
        return NotOffered("returns")

    def list_returns(self, number: str) -> tuple[Return, ...] | Absent:
        """See `Shop`."""
        return NotOffered("returns")

    def list_refunds(self, number: str) -> tuple[Refund, ...] | Absent:
        """See `Shop`."""
        return NotOffered("refunds")

    def list_warranties(self, number: str) -> tuple[Warranty, ...] | Absent:
        """See `Shop`."""
        return NotOffered("warranty")

    def get_warranty(self, serial: str) -> Warranty | Absent:
        """See `Shop`."""
        return NotOffered("warranty")

    def find_warranties(self, who: Who, product: str = "") -> tuple[Warranty, ...] | Absent:
        """See `Shop`."""
        return NotOffered("warranty")

    def book_repair(self, request: RepairRequest, *, idempotency_key: str) -> Repair | NotDone:
        """See `Shop`."""
        return NotOffered("repairs")

    def get_repair(self, number: str) -> Repair | Absent:
        """See `Shop`."""
        return NotOffered("repairs")

    def list_repairs(self, who: Who) -> tuple[Repair, ...] | Absent:
        """See `Shop`."""
        return NotOffered("repairs")

    def search_products(
        self, text: str, *, language: str, limit: int = 5
    ) -> tuple[Product, ...] | Absent:
        """See `Shop`."""
        return NotOffered("products")

    def get_product(self, sku: str) -> Product | Absent:
        """See `Shop`."""
        return NotOffered("products")

    def list_products(self) -> tuple[Product, ...] | Absent:
        """See `Shop`."""
        return NotOffered("products")

    def get_catalogue(self, language: str) -> CatalogueFile | Absent:
        """See `Shop`."""
        return NotOffered("catalogue")

    def get_loyalty(self, who: Who) -> LoyaltyAccount | Absent:
        """See `Shop`."""
        return NotOffered("loyalty")

    def list_subscriptions(self, who: Who) -> tuple[Subscription, ...] | Absent:
        """See `Shop`."""
        return NotOffered("subscriptions")

    def renew_subscription(self, number: str, *, idempotency_key: str) -> Subscription | NotDone:
        """See `Shop`."""
        return NotOffered("subscriptions")

    def get_customer(self, customer_id: str) -> Customer | Absent:
        """See `Shop`."""
        return NotOffered("customers")
