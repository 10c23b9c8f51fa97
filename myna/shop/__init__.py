"""The shop: orders and what can be done with them, and adapters to the systems that hold them."""
