"""Benchmarks: each returns a dictionary for JSON and has a function that makes it a table."""


class BenchError(RuntimeError):
    """The benchmark cannot be run; the message says what failed, with the end of its log if any."""
