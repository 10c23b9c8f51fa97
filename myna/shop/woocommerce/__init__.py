"""A shop on WooCommerce, through its REST API v3.

WooCommerce knows orders, refunds, products and customers. What it lacks without plugins (returns,
invoices, warranties, repairs, points, subscriptions) comes to `NotOffered`. Parcels are read from
what the Shipment Tracking and Advanced Shipment Tracking plugins leave in an order.

The API: https://woocommerce.github.io/woocommerce-rest-api-docs/
"""

from myna.shop.woocommerce.shop import WooCommerceShop

__all__ = ["WooCommerceShop"]
