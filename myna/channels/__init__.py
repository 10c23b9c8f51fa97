"""Channels: each authenticates and translates, and does nothing else."""
