"""The whole real installation (`myna up`), whose processes are killed while customers write.

Here the brain is Rasa with the trained model, and the shop the demo shop. Nothing is wrapped.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import time
from contextlib import closing
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from myna import settings
from myna.child import wait_for
from myna.stack import Stack
from myna.stack import running as installation
from tests.faults.customers import Act, Customer
from tests.faults.evidence import Evidence, History, read_real_brain, settled_hub
from tests.faults.place import Place, wait_until
from tests.faults.prepare import ACCOUNTS, prepared
from tests.faults.runner import Result, conclude, judged
from tests.faults.traffic import Traffic

NAME = "whole stack"
MESSAGES = 500
_CUSTOMERS = 16
_PAUSE = 2.5  # seconds; the gate lets thirty messages of a conversation in, in a minute
_LATE_SECONDS = 75.0
_READY_SECONDS = 180.0  # for the model to be loaded, on a busy machine
_PROCESSES = ("shop", "actions", "brain", "front")
_SHOP_FAULTS: tuple[dict[str, Any], ...] = (
    {"delay_s": 8},
    {"status": 500},
    {"drop": True, "after": True},
    {},
    {},
)
_SAID = {
    "vi": (
        "đơn hàng của tôi tới đâu rồi vậy",
        "đơn DH-20413 đâu rồi shop",
        "0903 123 456",
        "phí ship bao nhiêu vậy",
        "mấy giờ cửa hàng đóng cửa vậy shop",
        "cho mình gặp nhân viên với ạ",
        "qxzvw brrtk",
        "cảm ơn shop nha",
    ),
    "ms": (
        "nak tanya status order MY-10482",
        "012-345 6789",
        "parcel saya dah sampai mana ya",
        "kedai buka sampai pukul berapa hari ahad",
        "nak cakap dengan staf boleh",
        "wrong@example.com",
        "terima kasih",
    ),
    "en": (
        "where is my order MY-10482",
        "aisyah@example.com",
        "what time do you open on saturday?",
        "how much is shipping",
        "can i talk to a person please",
        "blorf zint quax",
        "thanks a lot",
    ),
}
_CANCELLING = ("mình muốn hủy đơn DH-20427", "minh.tran@example.com")
_PATIENCE = 5.0  # seconds


class Shopper(Customer):
    """A customer who says what customers of the demo shop say."""

    def acts(self) -> list[tuple[Act, float]]:
        """What this customer does, and how often."""
        return [
            (self._speak_up, 10),
            (self._speak_on, 1),
            (self._ask_for_code, 1),
            (self.press, 2),
            (self.repeat, 1),
            (self.look, 1),
            (self.rate, 0.5),
        ]

    async def _speak_up(self) -> None:
        await self.write(self._rng.choice(_SAID[self._language]))

    async def _speak_on(self) -> None:
        """Before there is an answer."""
        for _ in range(3):
            await self._speak_up()

    async def _ask_for_code(self) -> None:
        """So that the shop has something to do that must not be done twice."""
        for text in _CANCELLING:
            before = (await self.write(text)).seq or 0
            await wait_until(partial(self._has_news, before), _PATIENCE)
        offered = [m["buttons"] for m in self.live.messages.values() if m["buttons"]]
        if offered:
            await self.choose(offered[-1][0])

    def _has_news(self, before: int) -> bool:
        return self.live.last > before


async def run(folder: Path, seed: int, messages: int = MESSAGES) -> Result:
    """Runs the scenario.

    Args:
        folder: empty; for state and logs.
        seed: of everything that is chosen.
        messages: at least so many are accepted.
    """
    home = folder / "home"
    home.mkdir()
    url = f"sqlite:///{home / 'hub.db'}"
    prepared(url, {**os.environ, "PYTHONPATH": str(settings.PROJECT)}, folder)
    with installation(home, shop_faults=True) as stack:
        began = time.monotonic()
        hub = sa.create_engine(url, future=True)
        place = Place(random.Random(seed), hub, [stack.url], ACCOUNTS)
        traffic = Traffic(place, messages, _CUSTOMERS, _PAUSE, Shopper)
        async with traffic.going_on():
            kills = await _make_trouble(stack, place, traffic)
            await traffic.end()
            await traffic.hear_of_all(_LATE_SECONDS)
            histories, outbox, _ = await settled_hub(place.hub, traffic.patience)
            await traffic.read_on(histories)
        place.over = True
        hub.dispose()
        outcomes, complaints = read_real_brain(home / "brain.db")
        complaints += _shop_complaints(home / "shop.db", histories)
        evidence = Evidence(histories, outcomes, outbox=outbox, complaints=complaints)
        return judged(conclude(NAME, place, traffic, evidence, kills, began))


async def _make_trouble(stack: Stack, place: Place, traffic: Traffic) -> int:
    """Kills each process in turn, and lets the shop be slow or broken; how often it killed."""
    kills = 0
    names, shop_faults = cycle(_PROCESSES), cycle(_SHOP_FAULTS)
    while not traffic.enough or kills < 2 * len(_PROCESSES):
        await asyncio.to_thread(stack.shop, "POST", "/__faults", next(shop_faults))
        await asyncio.sleep(place.rng.uniform(2, 6))
        with place.fault():
            await asyncio.to_thread(_kill, stack, next(names))
        kills += 1
    await asyncio.to_thread(stack.shop, "POST", "/__faults", {})
    return kills


def _kill(stack: Stack, name: str) -> None:
    """Kills a process, and waits until its supervisor has started it again and all is ready."""
    victim = stack.processes()[name]["pid"]
    stack.kill(name)
    while (now := stack.processes()[name])["pid"] == victim:
        time.sleep(0.1)
    wait_for(now["url"], stack.process, stack.home / "up.log", _READY_SECONDS)
    stack.wait_ready(_READY_SECONDS)


def _shop_complaints(path: Path, histories: dict[str, History]) -> list[str]:
    """What the shop did more than once, or for nobody."""
    with closing(sqlite3.connect(path)) as shop:
        keys = [key for (key,) in shop.execute("SELECT key FROM outcomes")]
        (sent,) = shop.execute("SELECT count(*) FROM outbox").fetchone()
    said = {
        f"{name}:{row.burst or row.seq}"
        for name, history in histories.items()
        for row in history.messages
        if row.author == "customer"
    }
    complaints = [f"the shop did {key} for nobody" for key in keys if _message(key) not in said]
    codes = sum(key.startswith("code:") for key in keys)
    if sent != codes:
        complaints.append(f"the shop sent {sent} codes for {codes} messages")
    return complaints


def _message(key: str) -> str:
    """The message for which something was done, in the key that makes it happen once."""
    return key.partition(":")[2]
