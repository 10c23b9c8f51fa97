"""`myna bench turn`: one turn through the real stack beside stock Rasa on the same data.

Three lanes take the same messages, one after the other, each in a conversation of its own:

- `myna`: what `myna up` starts; from a customer's request to the live event that tells the
  customer's page that the answer stands in the log.
- `brain`: its `rasa run` alone, asked on the private channel; what is left of a turn is the hub's.
- `stock`: `rasa run` with Rasa's default pipeline and policies, its REST channel and its SQL
  tracker store; from the request to its answer, which Rasa gives after it has stored the turn.

The lanes alternate with every message, so what else the machine does meets all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import aiohttp
import yaml

from myna.brain.protocol import TURN_PATH, TurnRequest
from myna.settings import PROJECT
from myna.texts import Catalogue, Text, fact_values

LANGUAGE = "en"
"""The messages' language, and the one in which stock Rasa is given its answers."""

EPOCHS = 8
"""Of each of stock Rasa's trained components. Its own number is 100; fewer shorten the training
and change neither the size of the networks nor the time that a message takes."""

DEPTHS = (50, 200)
"""After how many turns of one conversation the cost of a turn is looked at again."""

CONVERSATIONS = 3
"""How many short conversations are held besides the long one."""

SCRIPT = (
    ("hello there", "utter_greet"),
    ("opening hours", "utter_opening_hours"),
    ("how much is shipping", "utter_faq/shipping_fee"),
    ("do you have cash on delivery", "utter_faq/cash_on_delivery"),
    ("what can you do", "utter_capabilities"),
    ("where is your shop", "utter_store_locations"),
    ("are you a bot", "utter_i_am_a_bot"),
    ("how long does a refund take", "utter_faq/refund_time"),
    ("thank you so much", "utter_welcome"),
    ("see you", "utter_goodbye"),
)
"""What the customer writes, over and over, and the response that is right: sentences that both
were trained on and that need no action, so that both sides do the same."""

RESULTS = PROJECT / "bench" / "results"
"""Where the JSON goes."""
_START_SECONDS = 240.0
_STOP_SECONDS = 20.0
_ANSWER_SECONDS = 60.0
_MEGABYTE = 1_000_000

_ACTIONS = "import sys; from rasa_sdk.endpoint import create_app as app; app('actions').run("
_ACTIONS += "'127.0.0.1', int(sys.argv[1]), workers=1)"
"""Rasa's action server; `rasa run actions` is the same, but would listen on every interface."""


class BenchError(RuntimeError):
    """The benchmark cannot be run; the message says what failed and ends with that log's end."""


class Sample(NamedTuple):
    """One message of one lane."""

    milliseconds: float
    right: bool
    """Whether it was answered with the response of `SCRIPT`."""


Turns = list[dict[str, Sample]]
"""One conversation: what each lane made of each message."""


@dataclass(frozen=True)
class Side:
    """One of the two systems, trained and running."""

    train_seconds: float
    """Of the whole command, importing Rasa included."""
    start_seconds: float
    """From the command to the first moment at which a message would be answered."""
    model: Path
    processes: Mapping[str, int]
    """Name and id of each process."""


def bench_turn(
    turns: int = 20, *, epochs: int = EPOCHS, depths: Sequence[int] = DEPTHS
) -> dict[str, Any]:
    """Trains and starts both systems in temporary folders, measures, ends them.

    What runs already on this machine is left alone. Progress goes to standard error, the result
    also to `bench/results/turn.json`.

    Args:
        turns: turns in each window that is measured, at least 1.
        epochs: of each of stock Rasa's trained components (see `EPOCHS`).
        depths: further windows, beginning after so many turns of one conversation; none keeps
            the run short.

    Returns:
        `sides`: for `myna`, `brain` and `stock` the `windows` (`new`, `after_50` …) with `turns`
        measured, `median_ms` and `p95_ms`; `first_ms`, the first message after the start;
        `right`, the share of messages with the expected answer; and for `myna` and `stock` also
        `train_seconds`, `start_seconds`, `model_mb`, `memory_mb` (resident at the end, 10^6
        bytes; Myna's without the demo shop, which stands for the merchant's system) and
        `memory_mb_of` (each process; None where there is no /proc).
        `ratios`: what it takes Myna, divided by what it takes stock Rasa; those of the windows
        are medians and quartiles of the ratios of the messages, each pair measured side by side.

    Raises:
        BenchError: something could not be trained, started or asked.
        ValueError: `turns`, `epochs` or a depth is below 1.
    """
    if min(turns, epochs, *depths) < 1:
        raise ValueError("turns, epochs and depths have to be 1 or more")
    load = round(os.getloadavg()[0], 2)
    with _interruptible(), tempfile.TemporaryDirectory(prefix="myna-bench-") as name:
        folder = Path(name)
        with _myna(folder / "myna") as (ours, front, brain, token):
            with _stock(folder / "stock", epochs) as (stock, rest):
                _say("Measuring …")
                lanes: list[Lane] = [WebLane(front), BrainLane(brain, token), StockLane(rest)]
                first, conversations = asyncio.run(_converse(lanes, turns, depths))
                result = {
                    "what": "turn",
                    "rasa": version("rasa"),
                    "python": ".".join(map(str, sys.version_info[:3])),
                    "cores": os.cpu_count(),
                    "load_before": load,
                    "turns": turns,
                    "epochs": epochs,
                    **summary(conversations, turns, depths),
                }
                for lane, sample in first.items():
                    result["sides"][lane]["first_ms"] = round(sample.milliseconds, 1)
                result["sides"]["myna"] |= _costs(ours)
                result["sides"]["stock"] |= _costs(stock)
    result["ratios"] |= cost_ratios(result["sides"]["myna"], result["sides"]["stock"])
    write_result("turn", result)
    return result


def write_result(name: str, result: dict[str, Any]) -> Path:
    """Writes a benchmark's result to `bench/results/<name>.json`."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


# --- what was measured, as numbers and as a table


def summary(conversations: Sequence[Turns], turns: int, depths: Sequence[int]) -> dict[str, Any]:
    """The windows of each lane and their ratios, as `bench_turn` returns them.

    Args:
        conversations: the first turns of each are the window `new`; the last reaches as far as
            the greatest depth and `turns` more.
        turns: turns in a window.
        depths: where the further windows begin.
    """
    windows: dict[str, Turns] = {"new": [turn for each in conversations for turn in each[:turns]]}
    for depth in sorted(depths):
        windows[f"after_{depth}"] = list(conversations[-1][depth : depth + turns])
    everything = [turn for each in conversations for turn in each]
    sides: dict[str, Any] = {}
    for lane in everything[0]:
        sides[lane] = {
            "windows": {
                name: {
                    "turns": len(window),
                    "median_ms": round(statistics.median(t[lane].milliseconds for t in window), 1),
                    "p95_ms": round(percentile([t[lane].milliseconds for t in window], 95), 1),
                }
                for name, window in windows.items()
            },
            "right": round(sum(t[lane].right for t in everything) / len(everything), 4),
        }
    ratios = {
        name: {lane: _paired(window, lane) for lane in sides if lane != "stock"}
        for name, window in windows.items()
    }
    return {"sides": sides, "ratios": {"windows": ratios}}


def percentile(values: Iterable[float], percent: int) -> float:
    """The smallest value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def _paired(window: Turns, lane: str) -> dict[str, float]:
    ratios = [turn[lane].milliseconds / turn["stock"].milliseconds for turn in window]
    return {
        "median": round(statistics.median(ratios), 3),
        "quartile_1": round(percentile(ratios, 25), 3),
        "quartile_3": round(percentile(ratios, 75), 3),
    }


def cost_ratios(ours: Mapping[str, Any], stock: Mapping[str, Any]) -> dict[str, float | None]:
    """Ours divided by stock Rasa's; None where one could not be measured."""
    names = ("train_seconds", "start_seconds", "model_mb", "memory_mb")
    return {
        name: round(ours[name] / stock[name], 3) if ours[name] and stock[name] else None
        for name in names
    }


def format_turn(result: dict[str, Any]) -> str:
    """The result of `bench_turn` as a table."""
    sides, ratios = result["sides"], result["ratios"]
    lines = [
        f"One message, Myna beside stock Rasa {result['rasa']} ({result['epochs']} epochs);"
        f" {result['cores']} cores, load {result['load_before']:.1f} before the run",
        _line("", "myna", "brain", "stock", "myna/stock", "brain/stock"),
    ]
    for name in sides["myna"]["windows"]:
        of = {lane: side["windows"][name] for lane, side in sides.items()}
        where = name.replace("_", " ") + (" turns" if "_" in name else " conversation")
        ratio = {lane: each["median"] for lane, each in ratios["windows"][name].items()}
        medians = [_number(of[lane]["median_ms"], 1) for lane in sides]
        shares = [_number(ratio[lane], 2) for lane in ("myna", "brain")]
        lines.append(_line(f"ms, {where}: median", *medians, *shares))
        lines.append(_line("   95 of 100 at most", *[_number(o["p95_ms"], 1) for o in of.values()]))
    for key, (label, digits) in {
        "first_ms": ("ms, first message after start", 0),
        "memory_mb": ("memory, MB", 0),
        "start_seconds": ("start, s", 1),
        "train_seconds": ("training, s", 1),
        "model_mb": ("model, MB", 1),
    }.items():
        values = [_number(side.get(key), digits) for side in sides.values()]
        lines.append(_line(label, *values, _number(ratios.get(key), 2)))
    lines.append(
        _line("answered as expected", *[f"{side['right']:.0%}" for side in sides.values()])
    )
    counts = {w["turns"] for w in sides["myna"]["windows"].values()}
    lines.append(
        f"{min(counts)} to {max(counts)} messages a window; ratios are medians over pairs of"
        " messages. brain: Myna's rasa run alone."
    )
    return "\n".join(lines)


def _line(label: str, *cells: str) -> str:
    widths = (9, 9, 9, 12, 13)
    return f"{label:37}" + "".join(
        f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=False)
    )


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


# --- the lanes


class Lane(Protocol):
    """One way of having a message answered."""

    name: str

    def conversation(self) -> contextlib.AbstractAsyncContextManager[Talk]:
        """Begins a new conversation, and ends it."""


class Talk(Protocol):
    """One conversation of a lane."""

    async def say(self, text: str, response: str) -> Sample:
        """Sends a message, waits for the answer and compares it with the expected response.

        Raises:
            BenchError: no answer, or none in time.
        """


class WebLane:
    """A customer on the website."""

    name = "myna"

    def __init__(self, front: str) -> None:
        self._url = f"{front}/api/v1/chat"

    @contextlib.asynccontextmanager
    async def conversation(self) -> AsyncIterator[Talk]:
        """A visitor with live events open."""
        cookies = aiohttp.CookieJar(unsafe=True)  # the host is a number
        async with aiohttp.ClientSession(cookie_jar=cookies) as http:
            async with http.post(f"{self._url}/session", json={"language": LANGUAGE}) as answer:
                answer.raise_for_status()
            forever = aiohttp.ClientTimeout(total=None)
            async with http.get(f"{self._url}/events", timeout=forever) as events:
                talk = _WebTalk(http, f"{self._url}/messages")
                listener = asyncio.create_task(talk.listen(events))
                try:
                    yield talk
                finally:
                    listener.cancel()


class _WebTalk:
    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._answers: asyncio.Queue[tuple[float, dict[str, Any]]] = asyncio.Queue()

    async def listen(self, events: aiohttp.ClientResponse) -> None:
        """Notes when each message of the assistant arrived."""
        kind = ""
        while line := (await events.content.readline()).decode():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ").strip()
            elif line.startswith("data: ") and kind == "message":
                moment = time.perf_counter()
                message = json.loads(line.removeprefix("data: "))
                if message["author"] != "customer":
                    self._answers.put_nowait((moment, message))

    async def say(self, text: str, response: str) -> Sample:
        body = {"echo_id": str(uuid.uuid4()), "text": text}
        start = time.perf_counter()
        async with self._http.post(self._url, json=body) as answer:
            content = await answer.json()
        if "message" not in content:
            raise BenchError(f"The front server refused a message: {content}")
        while True:
            try:
                moment, message = await asyncio.wait_for(self._answers.get(), _ANSWER_SECONDS)
            except TimeoutError:
                raise BenchError(f"Myna did not answer '{text}'.") from None
            if message["seq"] > content["message"]["seq"]:
                return Sample((moment - start) * 1000, message["response"] == response)


class BrainLane:
    """The hub's question to the brain, without the hub."""

    name = "brain"

    def __init__(self, url: str, token: str) -> None:
        self._url = url + TURN_PATH
        self._headers = {"Authorization": f"Bearer {token}"}

    @contextlib.asynccontextmanager
    async def conversation(self) -> AsyncIterator[Talk]:
        """A conversation that the hub does not know."""
        async with aiohttp.ClientSession(headers=self._headers) as http:
            yield _BrainTalk(http, self._url)


class _BrainTalk:
    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._conversation = f"bench-{uuid.uuid4().hex}"

    async def say(self, text: str, response: str) -> Sample:
        request: TurnRequest = {
            "conversation": self._conversation,
            "message": uuid.uuid4().hex,
            "text": text,
            "choice": None,
            "language": LANGUAGE,
            "customer": {
                "channel": "web",
                "proof": None,
                "failed_proofs": 0,
                "locked_orders": [],
            },
        }
        answer, milliseconds = await _post(self._http, self._url, request)
        if not isinstance(answer, dict) or answer.get("status") != "answered":
            raise BenchError(f"The brain did not answer '{text}': {answer}")
        return Sample(milliseconds, [m["response"] for m in answer["messages"]] == [response])


class StockLane:
    """Rasa's own REST channel."""

    name = "stock"

    def __init__(self, url: str) -> None:
        self._url = f"{url}/webhooks/rest/webhook"
        self._texts = {
            name: {variation["text"] for variation in variations}
            for name, variations in stock_responses(Catalogue()).items()
        }

    @contextlib.asynccontextmanager
    async def conversation(self) -> AsyncIterator[Talk]:
        """A new sender."""
        async with aiohttp.ClientSession() as http:
            yield _StockTalk(http, self._url, self._texts)


class _StockTalk:
    def __init__(
        self, http: aiohttp.ClientSession, url: str, texts: Mapping[str, set[str]]
    ) -> None:
        self._http, self._url, self._texts = http, url, texts
        self._sender = f"bench-{uuid.uuid4().hex}"

    async def say(self, text: str, response: str) -> Sample:
        body = {"sender": self._sender, "message": text}
        answer, milliseconds = await _post(self._http, self._url, body)
        right = len(answer) == 1 and answer[0].get("text") in self._texts[response]
        return Sample(milliseconds, right)


async def _post(http: aiohttp.ClientSession, url: str, body: object) -> tuple[Any, float]:
    """The decoded answer and the milliseconds it took."""
    timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
    start = time.perf_counter()
    try:
        async with http.post(url, json=body, timeout=timeout) as response:
            answer = await response.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise BenchError(f"{url} did not answer: {type(error).__name__}") from error
    return answer, (time.perf_counter() - start) * 1000


async def _converse(
    lanes: Sequence[Lane], turns: int, depths: Sequence[int]
) -> tuple[dict[str, Sample], list[Turns]]:
    """Holds all conversations; returns the very first messages and those that count."""
    warm_up = await _conversation(lanes, len(SCRIPT))
    lengths = [turns] * CONVERSATIONS + [max(depths, default=0) + turns]
    return warm_up[0], [await _conversation(lanes, length) for length in lengths]


async def _conversation(lanes: Sequence[Lane], turns: int) -> Turns:
    """One conversation on each lane at once; who is asked first changes with every message."""
    taken: Turns = []
    async with contextlib.AsyncExitStack() as stack:
        talks = [(lane, await stack.enter_async_context(lane.conversation())) for lane in lanes]
        for number in range(turns):
            text, response = SCRIPT[number % len(SCRIPT)]
            first = number % len(talks)
            samples = {
                lane.name: await talk.say(text, response)
                for lane, talk in talks[first:] + talks[:first]
            }
            taken.append({lane.name: samples[lane.name] for lane in lanes})
    return taken


# --- the two systems


@contextlib.contextmanager
def _myna(folder: Path) -> Iterator[tuple[Side, str, str, str]]:
    """What `myna up` starts, on a home of its own; with the addresses of front and brain, and the
    brain's token."""
    home, models = folder / "home", folder / "models"
    home.mkdir(parents=True)
    port = _free_port()
    # nothing of an installation that this shell may be set up for
    own = {name: value for name, value in os.environ.items() if not name.startswith("MYNA_")}
    environment = own | {
        "MYNA_PROJECT": str(PROJECT),
        "MYNA_HOME": str(home),
        "MYNA_MODELS": str(models),
        "MYNA_PORT": str(port),
        "RASA_CACHE_DIRECTORY": str(folder / "cache"),
    }
    command = [sys.executable, "-m", "myna.cli"]
    _say("Training Myna …")
    train_seconds = _finish([*command, "train"], environment, PROJECT, folder / "train.log")
    front = f"http://127.0.0.1:{port}"
    _say("Starting Myna …")
    begun = time.perf_counter()
    with _running([*command, "up"], environment, PROJECT, folder / "up.log") as supervisor:
        _wait_for(f"{front}/healthz", supervisor, folder / "up.log")
        start_seconds = time.perf_counter() - begun
        processes = json.loads((home / "processes.json").read_text())
        ids = {name: process["pid"] for name, process in processes.items()}
        (model,) = models.glob("*.tar.gz")
        token = (home / "secrets" / "brain").read_text()
        side = Side(train_seconds, start_seconds, model, {"up": supervisor.pid, **ids})
        yield side, front, processes["brain"]["url"], token


@contextlib.contextmanager
def _stock(folder: Path, epochs: int) -> Iterator[tuple[Side, str]]:
    """Stock Rasa and a plain action server; with Rasa's address."""
    port, actions_port = _free_port(), _free_port()
    write_stock_project(folder, epochs, f"http://127.0.0.1:{actions_port}/webhook")
    environment = {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "RASA_CACHE_DIRECTORY": str(folder / "cache"),
    }
    rasa = [sys.executable, "-m", "rasa"]
    _say(f"Training stock Rasa, {epochs} epochs (a few minutes) …")
    train_seconds = _finish([*rasa, "train", "--force"], environment, folder, folder / "train.log")
    (model,) = (folder / "models").glob("*.tar.gz")
    url = f"http://127.0.0.1:{port}"
    run = [*rasa, "run", "--interface", "127.0.0.1", "--port", str(port), "--model", str(model)]
    actions = [sys.executable, "-c", _ACTIONS, str(actions_port)]
    _say("Starting stock Rasa …")
    begun = time.perf_counter()
    with (
        _running(actions, environment, PROJECT, folder / "actions.log") as server,
        _running(run, environment, folder, folder / "run.log") as brain,
    ):
        _wait_for(f"http://127.0.0.1:{actions_port}/health", server, folder / "actions.log")
        _wait_for(f"{url}/webhooks/rest/", brain, folder / "run.log")
        seconds = time.perf_counter() - begun
        yield Side(train_seconds, seconds, model, {"rasa": brain.pid, "actions": server.pid}), url


def write_stock_project(folder: Path, epochs: int, actions: str) -> None:
    """A Rasa project with our examples, rules and stories, and all else as Rasa has it.

    Args:
        folder: is created.
        epochs: of each trained component.
        actions: address of the action server.
    """
    folder.mkdir(parents=True)
    shutil.copytree(PROJECT / "data", folder / "data", ignore=shutil.ignore_patterns("*.md"))
    domain = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
    domain["responses"] = stock_responses(Catalogue())
    files = {
        "config.yml": stock_config(epochs),
        "domain.yml": domain,
        "credentials.yml": {"rest": None},
        "endpoints.yml": {
            "action_endpoint": {"url": actions},
            "tracker_store": {"type": "SQL", "dialect": "sqlite", "db": str(folder / "rasa.db")},
        },
    }
    for name, content in files.items():
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (folder / name).write_text(text, encoding="utf-8")


def stock_config(epochs: int) -> dict[str, Any]:
    """The configuration that Rasa uses where a project has none, as one of `rasa init` has."""
    source = resources.files("rasa.engine.recipes.config_files") / "default_config.yml"
    config: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    for component in [*config["pipeline"], *config["policies"]]:
        if "epochs" in component:
            component["epochs"] = epochs
    return config | {"assistant_id": "stock"}


def stock_responses(catalogue: Catalogue) -> dict[str, list[dict[str, Any]]]:
    """Our texts in one language as a domain has them: facts filled in, slots left to Rasa."""
    texts = catalogue.language(LANGUAGE)
    facts = fact_values(catalogue.facts, LANGUAGE, texts.words)

    def variation(text: Text) -> dict[str, Any]:
        slots = {name: f"{{{name}}}" for name in text.placeholders()}
        filled = text.filled({**slots, **facts})
        buttons = [{"title": b.title, "payload": b.payload} for b in filled.buttons]
        return {"text": filled.text} | ({"buttons": buttons} if buttons else {})

    return {name: [variation(each) for each in found] for name, found in texts.responses.items()}


def _costs(side: Side) -> dict[str, Any]:
    memory = {name: resident_megabytes(pid) for name, pid in side.processes.items()}
    counted = [value for name, value in memory.items() if name != "shop"]
    known = [value for value in counted if value is not None]
    return {
        "train_seconds": round(side.train_seconds, 1),
        "start_seconds": round(side.start_seconds, 1),
        "model_mb": round(side.model.stat().st_size / _MEGABYTE, 2),
        "memory_mb": round(sum(known), 1) if len(known) == len(counted) else None,
        "memory_mb_of": memory,
    }


def resident_megabytes(pid: int) -> float | None:
    """Resident memory of a process in 10^6 bytes; None where there is no /proc."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / _MEGABYTE, 1)


# --- processes


@contextlib.contextmanager
def _running(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process with all that it starts, ended whatever happens."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a group of its own, so that its children can be ended too
        )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _finish(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
) -> float:
    """Runs a command to its end; returns the seconds it took."""
    begun = time.perf_counter()
    with _running(command, environment, folder, log) as process:
        code = process.wait()
    if code:
        raise BenchError(f"'{' '.join(command[1:])}' failed:\n{_tail(log)}")
    return time.perf_counter() - begun


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits until an address answers 200."""

    async def answers() -> None:
        async with aiohttp.ClientSession() as http:
            while process.poll() is None:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    limit = aiohttp.ClientTimeout(total=5)
                    async with http.get(url, timeout=limit) as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.05)
        raise BenchError(f"A process ended while it was starting:\n{_tail(log)}")

    try:
        asyncio.run(asyncio.wait_for(answers(), _START_SECONDS))
    except TimeoutError:
        raise BenchError(f"{url} did not answer in time:\n{_tail(log)}") from None


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """A request to terminate ends this process as an exception, so that nothing stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-3000:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
