"""The trainers' tools: checks of the project's files (`myna lint`) and its trials (`myna test`).

The checks read every file leniently and report all that is wrong at once, each time with file, line
and what to do. They import no Rasa, so they are quick enough to run with every saved file.
"""
