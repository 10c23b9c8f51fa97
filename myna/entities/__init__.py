"""What has a fixed form in a message: order numbers, contacts, money, dates, places, products.

Needs no Rasa, so that logs are masked (`myna/masking.py`) by what also understands messages.
"""
