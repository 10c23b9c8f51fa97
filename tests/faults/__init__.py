"""The fault suite: customers and agents at work while processes, disks and clocks fail.

`python -m tests.faults` (`make test-faults`) runs the long form and prints a table;
`test_short.py` is the short form, which runs with all other tests. Nothing in the product knows of
it: `launcher.py` wraps the product from outside.
"""
