"""What the customer writes in the benchmark of a turn."""

from __future__ import annotations

LANGUAGE = "en"
"""The messages' language, and the one in which stock Rasa is given its answers."""

SCRIPT = (
    ("hello there", "utter_greet"),
    ("opening hours", "utter_opening_hours"),
    ("how much is shipping", "utter_faq/shipping_fee"),
    ("do you have cash on delivery", "utter_faq/cash_on_delivery"),
    ("what can you do", "utter_capabilities"),
    ("where is your shop", "utter_store_locations"),
    ("are you a bot", "utter_i_am_a_bot"),
    ("how long does a refund take", "utter_faq/refund_time"),
    ("thank you so much", "utter_welcome"),
    ("see you", "utter_goodbye"),
)
"""What is written, over and over, and the response that is right: sentences that both sides were
trained on and that need no action, so that both do the same."""
