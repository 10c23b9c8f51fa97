"""What actions can utter is there in every language, and its placeholders are filled.

The actions' code is read for it: a response is named where it is uttered, with its values. (Every
text that a test of this folder causes is rendered besides, see `chat.Outcome`.)
"""

import ast
import re

import pytest

from actions import contact, general, orders, proof
from myna.bootstrap import catalogue
from myna.facts import LANGUAGES
from myna.settings import PROJECT
from myna.shop.model import ORDER_STATES, SHIPMENT_STATES

from .chat import DOMAIN, render_everywhere
from .fake_shop import a_parcel, an_order

SOURCES = sorted((PROJECT / "actions").glob("*.py"))
ORDER = orders.order_values(an_order(), "en", catalogue().facts)
PARCEL = {**orders.shipment_values(a_parcel(), an_order(), "en", catalogue().facts)}
CHOSEN = {
    "_refusal(order.state)": [orders._refusal(state) for state in ORDER_STATES],
    "_refusal(state)": [orders._refusal(state) for state in ORDER_STATES],
    "status_response(order)": [
        orders.status_response(an_order(state=state, payment_method=method))
        for state in ORDER_STATES
        for method in ("cod", "card")
    ],
    "self.invalid_contact": [
        form.invalid_contact for form in (proof.ProvenOrderForm, contact.ValidateContactForm)
    ],
    "f'utter_parcel_{shipment.state}'": [f"utter_parcel_{state}" for state in SHIPMENT_STATES],
}
"""Names that are chosen at run time."""


def utterances():
    """(response, names of the values it is given) of every call in the actions' code."""
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            if call.func.attr == "utter_message" and "response" in given:
                name = given.pop("response")
                names = (
                    [name.value] if isinstance(name, ast.Constant) else CHOSEN[ast.unparse(name)]
                )
                yield from ((each, frozenset(_names(given))) for each in names)
            elif call.func.attr == "render":
                yield call.args[0].value, frozenset(_names(given))


def _names(given):
    for key, value in given.items():
        if key is not None:
            yield key
        elif isinstance(value, ast.Dict):
            yield from _names(
                {k.value if k else None: v for k, v in zip(value.keys, value.values, strict=True)}
            )
        else:
            assert ast.unparse(value).startswith(("values", "shipment_values("))
            yield from ORDER


@pytest.mark.parametrize(("response", "given"), sorted(set(utterances()), key=str))
def test_every_placeholder_is_filled(response, given):
    render_everywhere(response, dict.fromkeys(given - {"buttons"}, "x"))


def test_no_response_named_in_the_code_is_left_out():
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    named = set(re.findall(r"\"(utter_\w+)\"", code)) - {"utter_action"}
    assert named == {n for n in named if n in catalogue().names()}
    uttered = {response for response, _ in utterances()}
    assert named <= uttered


def test_parcels_have_no_values_of_their_own():
    assert set(PARCEL) <= set(ORDER)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_them(language):
    responses = catalogue().language(language).responses
    assert {response for response, _ in utterances()} <= set(responses)


def test_the_domain_names_exactly_these_actions():
    defined = {
        value().name()
        for module in (contact, general, orders, proof)
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
        if not getattr(value, "__abstractmethods__", None) and hasattr(value, "run")
    }
    assert defined == set(DOMAIN["actions"])
