"""A whole project in a few lines, to be broken one line at a time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from myna.settings import PROJECT
from myna.trainer.lint import lint_project

DOMAIN = """\
version: "3.1"
intents:
  - greet
  - ask_order_status
  - nlu_fallback
  - faq
entities:
  - language:
      influence_conversation: false
  - order_number
slots:
  language:
    type: text
    influence_conversation: false
    mappings:
      - type: from_entity
        entity: language
  order_number:
    type: text
    mappings:
      - type: from_entity
        entity: order_number
        conditions:
          - active_loop: order_form
forms:
  order_form:
    required_slots: [order_number]
actions:
  - action_look_up_order
"""

ACTIONS = '''\
"""Actions."""


class LookUp:
    def name(self):
        return "action_look_up_order"

    def run(self, dispatcher):
        dispatcher.utter_message(response="utter_order_found", carrier="GHN")
        dispatcher.utter_message(response=f"utter_parcel_{1}", count=2)
'''

RULES = """\
version: "3.1"
rules:
- rule: a greeting
  steps:
  - intent: greet
  - action: utter_greet
- rule: a question
  steps:
  - intent: faq
  - action: utter_faq
- rule: not understood
  steps:
  - intent: nlu_fallback
  - action: utter_greet
- rule: order status, begin
  steps:
  - intent: ask_order_status
  - action: order_form
  - active_loop: order_form
- rule: order status, end
  condition:
  - active_loop: order_form
  steps:
  - action: order_form
  - active_loop: null
  - slot_was_set:
    - requested_slot: null
  - action: action_look_up_order
"""

STORIES = """\
version: "3.1"
stories:
- story: two greetings
  steps:
  - intent: greet
  - action: utter_greet
  - intent: greet
  - action: utter_greet
"""

RESPONSES = """\
responses:
  utter_greet:
  - text: "LANG {shop_name}"
    buttons:
    - title: "Order"
      payload: /ask_order_status
    - title: "Fee"
      payload: /faq/shipping_fee
  utter_ask_order_number:
  - text: "LANG number?"
  utter_order_found:
  - text: "LANG {order_number} {carrier}"
  utter_parcel_shipped:
  - text: "LANG {count}"
  utter_faq/shipping_fee:
  - text: "LANG {shipping_fee}"
titles:
  ask_order_status: "LANG where is it"
  faq/shipping_fee: "LANG fee"
words:
  holidays: LANG holidays
  closed: LANG closed
  hotline: LANG hotline
  email: LANG email
"""

CONVERSATIONS = """\
conversations:
- name: a greeting
  steps:
  - user: hi
  - bot: utter_greet
"""

MOODS = """\
anger:
  LANG scam: 0.4
  LANG useless: 0.3
"""

NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight"]


KEYWORDS = """\
damaged:
  en: [broken, cracked]
faulty:
  en: [not working]
"""


def _nlu(language: str, words: list[str]) -> str:
    blocks = (
        f"- intent: {intent}\n  examples: |\n"
        + "".join(f"    - {intent.replace('/', ' ')} {language} {word}\n" for word in words)
        for intent in ("greet", "ask_order_status", "faq/shipping_fee")
    )
    return 'version: "3.1"\nnlu:\n' + "".join(blocks)


class Small:
    """The project; `put`, `change` and `lint` it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.put("domain.yml", DOMAIN)
        self.put("actions/orders.py", ACTIONS)
        self.put("data/rules/all.yml", RULES)
        self.put("data/stories/all.yml", STORIES)
        shutil.copy(PROJECT / "shop.yml", root / "shop.yml")
        for language in ("vi", "ms", "en"):
            self.put(f"data/nlu/{language}/all.yml", _nlu(language, NUMBERS))
            self.put(f"tests/nlu/{language}/all.yml", _nlu(language, ["nine"]))
            self.put(f"responses/{language}/all.yml", RESPONSES.replace("LANG", language))
            self.put(f"tests/conversations/{language}/test_all.yml", CONVERSATIONS)
            self.put(f"data/moods/{language}.yml", MOODS.replace("LANG", language))
        self.put("data/keywords/reason.yml", KEYWORDS)

    def put(self, path: str, content: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(content, encoding="utf-8")

    def change(self, path: str, old: str, new: str) -> None:
        content = (self.root / path).read_text(encoding="utf-8")
        assert old in content
        self.put(path, content.replace(old, new, 1))

    def lint(self) -> list[str]:
        return [str(finding) for finding in lint_project(self.root)]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)
