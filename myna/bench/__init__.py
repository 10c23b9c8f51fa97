"""Benchmarks: each returns a dictionary for JSON and has a function that makes it a table."""
