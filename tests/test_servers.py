"""The servers for tests: real, separate for each test, and none stays behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from redis import Redis

from myna.settings import PROJECT
from tests.test_child import LINUX, ended


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with (
        closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("round", [1, 2])
def test_every_test_has_an_empty_database(postgres_database: str, round: int) -> None:
    query(postgres_database, "CREATE TABLE kept (word TEXT)")
    assert query(postgres_database, "SELECT lower('ĐƯỜNG')") == [("đường",)]


def test_redis_answers(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        assert redis.ping()


@LINUX
def test_postgres_ends_when_the_tests_are_killed() -> None:
    program = """
import time
from tests.servers import postgres_server
with postgres_server() as url:
    print(url, flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout
        [[folder]] = query(tests.stdout.readline().strip(), "SHOW data_directory")
        data = Path(str(folder))
        pid = int((data / "postmaster.pid").read_text().split()[0])
        tests.kill()
    assert ended(pid)
    shutil.rmtree(data.parent)  # a killed run cannot do it
