"""The hub: the log of every conversation, who owns it, and the turns of the brain.

Neither Rasa nor Sanic is imported here: channels and brain are reached through plain data.
"""
