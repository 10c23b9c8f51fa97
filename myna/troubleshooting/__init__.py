"""Guided troubleshooting: what trainers write in `data/troubleshooting/`, and walking through it.

Needs neither Rasa nor a shop.
"""
