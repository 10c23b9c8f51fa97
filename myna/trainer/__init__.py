"""The trainers' tools: checks of the project's files (`myna lint`) and its trials (`myna test`).

The checks read every file leniently and report all that is wrong at once, each time with file, line
and what to do. They take about a second, so they can run with every saved file.
"""
