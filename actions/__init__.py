"""Rasa's custom actions, one module a topic.

An action reads slots, calls one service, and returns slots and the names of responses. It holds no
sentences and opens no connections of its own.
"""
