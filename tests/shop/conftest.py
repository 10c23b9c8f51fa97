"""A seeded demo shop, directly and behind its HTTP service."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sanic import Sanic

from myna.shop.demo import schema
from myna.shop.demo.faults import Faults
from myna.shop.demo.seed import seed
from myna.shop.demo.service import create_app
from myna.shop.demo.store import DemoShop
from myna.shop.http import HttpShop
from myna.shop.woocommerce import WooCommerceShop
from myna.shop.woocommerce.client import WooClient

from . import fake_woocommerce
from .fake_woocommerce import FakeWooCommerce

pytest.register_assert_rewrite("tests.shop.contract")

TOKEN = "s3cret-token-of-the-shop"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

# without it, Sanic can start one application in a process and no second one
Sanic.test_mode = True


@contextmanager
def serving(app: Sanic) -> Iterator[str]:
    """The application on a free port, in a thread; yields its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    stop = asyncio.Event()

    async def run() -> None:
        server: Any = await app.create_server(
            sock=listener, return_asyncio_server=True, access_log=False
        )
        await server.startup()
        await server.start_serving()
        ready.set()
        await stop.wait()
        for connection in list(server.connections):
            connection.abort()
        await server.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        listener.close()


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "seeded.db"
    engine = schema.open_database(f"sqlite:///{path}")
    assert seed(engine, NOW)
    engine.dispose()
    return path


@pytest.fixture
def database(seeded_file: Path, tmp_path: Path) -> str:
    """The address of a database of its own."""
    return f"sqlite:///{shutil.copy(seeded_file, tmp_path / 'shop.db')}"


@pytest.fixture
def demo_shop(database: str) -> DemoShop:
    return DemoShop(schema.open_database(database))


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def service(database: str, faults: Faults) -> Iterator[str]:
    """The address of the service on `database`."""
    with serving(create_app(database, TOKEN, faults)) as address:
        yield address


@pytest.fixture
def connect() -> Iterator[Callable[..., HttpShop]]:
    """Makes clients that are closed at the end."""
    shops: list[HttpShop] = []

    def make(address: str, token: str = TOKEN, **options: Any) -> HttpShop:
        shops.append(HttpShop(address, token, **options))
        return shops[-1]

    yield make
    for shop in shops:
        shop.close()


@pytest.fixture
def http_shop(service: str, connect: Callable[..., HttpShop]) -> HttpShop:
    return connect(service)


@pytest.fixture
def woocommerce() -> Iterator[FakeWooCommerce]:
    with fake_woocommerce.serving(fake_woocommerce.stocked()) as woo:
        yield woo


@pytest.fixture
def woocommerce_shop(woocommerce: FakeWooCommerce) -> Iterator[WooCommerceShop]:
    client = WooClient(woocommerce.url, fake_woocommerce.KEY, fake_woocommerce.SECRET)
    shop = WooCommerceShop(client, prefix="KD-")
    yield shop
    shop.close()
