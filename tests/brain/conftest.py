"""A small assistant with the project's own pipeline, behind the private channel."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import rasa.model_training
import yaml
from aiohttp import web
from rasa.core.agent import Agent
from rasa.core.channels.channel import register
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.utils.endpoints import EndpointConfig
from sanic import Sanic

from myna.brain.channel import BrainChannel
from myna.brain.nlg import CatalogueNLG
from myna.brain.protocol import OUTCOME_PATH, RESET_PATH, TURN_PATH
from myna.brain.tracker_store import SqlTrackerStore
from myna.database import Database
from myna.settings import PROJECT
from myna.texts import Catalogue
from tests.helpers import BRAIN_TOKEN, listening, serving

EXAMPLES = {
    "en": {
        "greet": ["hello there", "good morning", "hi team"],
        "do_it": ["please do it now", "do the thing", "run the job for me"],
        "say_and_do": ["talk and work", "tell me and work", "first talk then work"],
        "paint": ["I want to paint the wall", "paint my room", "start painting"],
        "book": ["book a painter", "make an appointment", "reserve a visit"],
        "inform": ["my order is DH-20413", "it is DH-20415", "DH-20417"],
        "faq/shipping_fee": ["how much is shipping", "what does delivery cost", "shipping fee"],
        "faq/return_policy": ["what is your return policy", "can I return something", "returns"],
    },
    "vi": {
        "greet": ["chào shop", "xin chào bạn", "chào buổi sáng"],
        "do_it": ["làm ngay giúp mình", "hãy làm việc đó đi"],
        "faq/shipping_fee": ["phí vận chuyển bao nhiêu", "giao hàng mất bao nhiêu tiền"],
    },
    "ms": {
        "greet": ["selamat pagi kedai", "apa khabar semua", "salam sejahtera"],
        "do_it": ["tolong buat sekarang", "sila lakukan kerja itu"],
        "faq/shipping_fee": ["berapa kos penghantaran", "berapakah caj pos"],
    },
}
RULES = """
version: "3.1"
rules:
- {rule: greet, steps: [{intent: greet}, {action: utter_greet}]}
- {rule: do, steps: [{intent: do_it}, {action: action_do}]}
- {rule: say and do, steps: [{intent: say_and_do}, {action: utter_wait}, {action: action_do}]}
- {rule: inform, steps: [{intent: inform}, {action: action_do}]}
- {rule: faq, steps: [{intent: faq}, {action: utter_faq}]}
- {rule: not understood, steps: [{intent: nlu_fallback}, {action: action_handle_fallback}]}
- {rule: nothing fits, steps: [{action: action_handle_fallback}]}
- {rule: handed over, steps: [{action: action_hand_over}]}
- {rule: paint, steps: [{intent: paint}, {action: paint_form}, {active_loop: paint_form}]}
- rule: painted
  condition: [{active_loop: paint_form}]
  steps:
  - {action: paint_form}
  - {active_loop: null}
  - slot_was_set: [{requested_slot: null}]
  - {action: utter_painted}
- {rule: book, steps: [{intent: book}, {action: book_form}, {active_loop: book_form}]}
- rule: booked
  condition: [{active_loop: book_form}]
  steps:
  - {action: book_form}
  - {active_loop: null}
  - slot_was_set: [{requested_slot: null}]
  - {action: utter_booked}
"""
HIDDEN = {"influence_conversation": False}


def asked_in(form: str, slot: str) -> dict[str, Any]:
    """A slot that is filled with whatever is typed when the form asks for it."""
    when = [{"active_loop": form, "requested_slot": slot}]
    return {"type": "text", **HIDDEN, "mappings": [{"type": "from_text", "conditions": when}]}


DOMAIN = {
    "version": "3.1",
    "intents": [
        *("greet", "do_it", "say_and_do", "paint", "book", "inform", "faq", "nlu_fallback")
    ],
    "entities": [
        {name: HIDDEN}
        for name in ("language", "order_number", "marketplace_order", "phone", "email", "code")
    ],
    "slots": {
        **{
            name: {"type": "text", **HIDDEN, "mappings": [{"type": "from_entity", "entity": name}]}
            for name in ("language", "order_number")
        },
        "contact": {
            "type": "text",
            **HIDDEN,
            "mappings": [{"type": "from_entity", "entity": name} for name in ("phone", "email")],
        },
        "proof": {"type": "any", "mappings": [{"type": "custom"}]},
        "second_matter": {"type": "any", **HIDDEN, "mappings": [{"type": "custom"}]},
        "course": {"type": "any", **HIDDEN, "mappings": [{"type": "custom"}]},
        "color": asked_in("paint_form", "color"),
        "day": asked_in("book_form", "day"),
    },
    "forms": {
        "paint_form": {"required_slots": ["color"]},
        "book_form": {"required_slots": ["day"]},
    },
    "actions": ["action_do", "action_handle_fallback", "action_hand_over", "validate_book_form"],
    "session_config": {"session_expiration_time": 30, "carry_over_slots_to_new_session": False},
}
RESPONSES: dict[str, Any] = {
    "utter_greet": [
        {"text": "Hi from {shop_name}", "buttons": [{"title": "Do it", "payload": "/do_it"}]}
    ],
    "utter_ask_color": [{"text": "Which colour?"}],
    "utter_wait": [{"text": "One moment."}],
    "utter_ask_day": [{"text": "Which day?"}],
    "utter_booked": [{"text": "Booked for {day}."}],
    "utter_painted": [{"text": "Painted {color}."}],
    "utter_second_matter": [{"text": "As to “{matter}”:"}],
    "utter_faq/shipping_fee": [{"text": "Shipping is {shipping_fee}."}],
    "utter_faq/return_policy": [{"text": "{return_days} days."}],
    "utter_unfillable": [{"text": "{nothing_has_this}"}],
}


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small assistant, laid out as the project is."""
    folder = tmp_path_factory.mktemp("assistant")
    files = {
        "domain.yml": yaml.safe_dump(DOMAIN),
        "data/rules/all.yml": RULES,
    }
    for language, intents in EXAMPLES.items():
        blocks = [
            {"intent": name, "examples": "".join(f"- {text}\n" for text in texts)}
            for name, texts in intents.items()
        ]
        files[f"data/nlu/{language}/all.yml"] = yaml.safe_dump({"version": "3.1", "nlu": blocks})
        words = PROJECT / "responses" / language / "words.yml"
        files[f"responses/{language}/words.yml"] = words.read_text(encoding="utf-8")
        own = {
            name: [
                {**variation, "text": f"[{language}] {variation['text']}"} for variation in texts
            ]
            for name, texts in RESPONSES.items()
        }
        files[f"responses/{language}/all.yml"] = yaml.safe_dump({"responses": own})
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copy(PROJECT / "config.yml", folder / "config.yml")
    return folder


@pytest.fixture(scope="session")
def agent(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Agent:
    """Rasa with the trained assistant and its trackers in a SQLite file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RASA_MAX_CACHE_SIZE", "0")
        patch.setenv("RASA_TELEMETRY_ENABLED", "false")
        trained = rasa.model_training.train(
            str(project / "domain.yml"),
            str(project / "config.yml"),
            [str(project / "data")],
            str(project / "models"),
        )
    assert trained.model
    nlg = CatalogueNLG()
    nlg._catalogue = Catalogue(project / "responses")
    trackers = tmp_path_factory.mktemp("trackers") / "brain.db"
    return Agent.load(
        trained.model,
        generator=nlg,
        tracker_store=SqlTrackerStore(host=f"sqlite:///{trackers}"),
    )


class ActionServer:
    """Runs what the test says, and misbehaves as it says."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        """Names of the actions that were called."""
        self.trackers: list[dict[str, Any]] = []
        self.faults: list[Callable[[], web.StreamResponse] | None] = []
        """What the next calls get instead of an answer; None: they get none at all."""
        self.events: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = [{"text": "done"}]
        self.delay = 0.0
        self.busy = self.busiest = 0
        """How many actions run at this moment, and how many ever did at once."""
        self.validate: Callable[[Any], Any] = lambda value: value
        """What `validate_book_form` makes of the day it is told."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """`POST /webhook`."""
        body = await request.json()
        self.ran.append(body["next_action"])
        self.trackers.append(body["tracker"])
        if self.faults:
            fault = self.faults.pop(0)
            if fault is None:
                await asyncio.sleep(60)
            assert fault
            return fault()
        if body["next_action"] == "validate_book_form":
            return web.json_response({"events": self._validated(body), "responses": []})
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await asyncio.sleep(self.delay)
        self.busy -= 1
        return web.json_response({"events": self.events, "responses": self.responses})

    def _validated(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        day = body["tracker"]["slots"]["day"]
        value = None if day is None else self.validate(day)
        return [{"event": "slot", "name": "day", "value": value}]


@pytest.fixture
async def actions(agent: Agent) -> AsyncIterator[ActionServer]:
    server = ActionServer()
    async with listening(server.handle) as url:
        point_at(agent, url)
        yield server


def point_at(agent: Agent, url: str) -> None:
    """Lets the agent find its actions elsewhere, as if it had just been loaded."""
    agent.action_endpoint = EndpointConfig(f"{url}/webhook")
    agent.processor.action_endpoint = agent.action_endpoint
    store = agent.tracker_store
    assert isinstance(store, FailSafeTrackerStore)
    store._on_tracker_store_error = None
    inner = store._tracker_store
    assert isinstance(inner, SqlTrackerStore)
    inner._database = Database(inner._database.url)  # its lock belongs to the loop of one test


class BrainClient:
    """The hub's side of the private channel."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url, self.http = url, http
        self.number = 0

    async def post(self, path: str, body: Any, token: str | None = BRAIN_TOKEN) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        async with self.http.post(self.url + path, json=body, headers=headers) as response:
            return response.status, await response.json()

    def request(self, conversation: str, text: str | None = None, **more: Any) -> dict[str, Any]:
        """A turn's request with the next message id."""
        self.number += 1
        customer = {
            "channel": "web",
            "proof": more.pop("proof", None),
            "failed_proofs": 0,
            "guarded_orders": [],
            "customer_id": None,
            "people_available": True,
        }
        return {
            "conversation": conversation,
            "message": f"{conversation}:{self.number}",
            "text": text,
            "parts": [],
            "choice": None,
            "language": "en",
            "customer": customer,
            **more,
        }

    async def turn(self, conversation: str, text: str | None = None, **more: Any) -> Any:
        """A turn that is answered."""
        status, body = await self.post(TURN_PATH, self.request(conversation, text, **more))
        assert status == 200, body
        return body

    async def burst(self, conversation: str, *parts: str) -> Any:
        """Several messages that one turn answers."""
        return await self.turn(conversation, "\n".join(parts), parts=list(parts))

    async def choose(self, conversation: str, payload: str, title: str = "Title") -> Any:
        """The customer presses a button."""
        return await self.turn(conversation, choice={"payload": payload, "title": title})

    async def reset(self, conversation: str) -> tuple[int, Any]:
        return await self.post(RESET_PATH, {"conversation": conversation})

    async def outcome(self, conversation: str, message: str) -> tuple[int, Any]:
        return await self.post(OUTCOME_PATH, {"conversation": conversation, "message": message})


@pytest.fixture
async def brain_client(agent: Agent, actions: ActionServer) -> AsyncIterator[BrainClient]:
    app = Sanic("brain_of_tests", configure_logging=False)
    app.ctx.agent = agent
    register([BrainChannel(BRAIN_TOKEN)], app, "/webhooks/")
    async with serving(app) as url, aiohttp.ClientSession() as http:
        yield BrainClient(url, http)


@pytest.fixture
async def other_process(agent: Agent, brain_client: BrainClient) -> AsyncIterator[BrainClient]:
    """The same brain on the same memory, as a second process would run it."""
    app = Sanic("second_brain_of_tests", configure_logging=False)
    app.ctx.agent = agent
    register([BrainChannel(BRAIN_TOKEN)], app, "/webhooks/")
    async with serving(app) as url:
        yield BrainClient(url, brain_client.http)


@pytest.fixture
def conversation(request: pytest.FixtureRequest) -> str:
    """A conversation of this test's own."""
    return f"c-{abs(hash(request.node.nodeid))}"
