"""Names of the shop's products, so that they are recognised in messages."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from myna.shop.protocol import Shop

_REFRESH_SECONDS = 600.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProductName:
    """What a product is called."""

    sku: str
    """The shop's number of the product."""
    category: str
    """As the shop's catalogue names it."""
    names: Mapping[str, str]
    """One name per language; languages may be missing."""


class ProductNames(Protocol):
    """Where the names come from."""

    def names(self) -> Iterable[ProductName]:
        """All products, in no order; may be slow, and may raise."""


@dataclass(frozen=True)
class Listed:
    """Names that are known from the start."""

    products: tuple[ProductName, ...] = ()

    def names(self) -> tuple[ProductName, ...]:
        """See `ProductNames`."""
        return self.products


@dataclass(frozen=True)
class SoldBy:
    """What a shop sells, asked anew each time."""

    shop: Shop

    def names(self) -> tuple[ProductName, ...]:
        """See `ProductNames`.

        Raises:
            LookupError: the shop did not answer, or has no list of products.
        """
        products = self.shop.list_products()
        if not isinstance(products, tuple):
            raise LookupError(f"no list of products: {products}")
        return tuple(ProductName(each.sku, each.category, each.names) for each in products)


class RememberedNames:
    """Names fetched in the background, at once and then every ten minutes as long as they are used.

    Nobody waits for the shop: before the first answer there are no names, and while it is down
    there are the last ones.
    """

    def __init__(
        self,
        source: ProductNames,
        *,
        seconds: float = _REFRESH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._names: tuple[ProductName, ...] = ()
        self._due = clock()
        self._down = False
        self._fetching = False

    def wait(self, seconds: float) -> RememberedNames:
        """Gives the shop so long for its first answer; for the start of a process."""
        end = time.monotonic() + seconds
        while not self.names() and time.monotonic() < end:
            time.sleep(0.01)
        return self

    def names(self) -> tuple[ProductName, ...]:
        """The names as last fetched; the same object until others have come."""
        with self._lock:
            if self._clock() >= self._due and not self._fetching:
                self._fetching = True
                threading.Thread(target=self._fetch, daemon=True, name="product names").start()
        return self._names

    def _fetch(self) -> None:
        try:
            fetched = tuple(self._source.names())
        except Exception as fault:
            if not self._down:
                logger.warning("The shop's products cannot be fetched, trying on: %r", fault)
            self._down = True
        else:
            self._down = False
            if fetched != self._names:
                self._names = fetched
        with self._lock:
            self._due = self._clock() + self._seconds
            self._fetching = False
