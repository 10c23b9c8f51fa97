"""Fixtures of the action tests (tests/actions is taken by the actions helper)."""
