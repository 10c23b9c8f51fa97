"""A shop to try Myna with: orders on SQLite, and the HTTP service that stands for a merchant's.

This package's `service` is the one place under `myna.shop` that uses a web framework; nothing
else of `myna.shop` imports it.
"""
