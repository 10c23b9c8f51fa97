"""Meta's Graph API for Messenger on loopback, as strict as the original, with faults on demand.

What is documented by Meta is marked nowhere; subcodes and limits that are not are marked *assumed*.
"""

from .faults import Rule
from .server import FakeGraph
from .world import APP_ID, APP_SECRET, PAGE, TOKEN, VERIFY_TOKEN, World

__all__ = [
    "APP_ID",
    "APP_SECRET",
    "PAGE",
    "TOKEN",
    "VERIFY_TOKEN",
    "FakeGraph",
    "Rule",
    "World",
]
