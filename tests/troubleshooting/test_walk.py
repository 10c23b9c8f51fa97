"""From state to state."""

import copy
import json

import pytest

from myna.troubleshooting import walk
from myna.troubleshooting.model import Choice, Danger, Device, Guides, Step, Symptom


def texts(word):
    return {"vi": word, "ms": word, "en": word}


def a_device(**changes):
    steps = {name: Step(texts(name)) for name in ("plug", "clean", "wait")}
    steps["light"] = Step(
        texts("light?"),
        (
            Choice(texts("Yes"), ("wait",), "person"),
            Choice(texts("No"), None, None),
            Choice(texts("Off"), (), None),
        ),
    )
    values = {
        "name": texts("fan"),
        "called": ("fan",),
        "products": ("FN-1",),
        "symptoms": {
            "still": Symptom(texts("Still"), ("does not spin",), ("plug", "light", "clean")),
            "loud": Symptom(texts("Loud"), ("very loud",), ("clean",), "person"),
        },
        "steps": steps,
        **changes,
    }
    return Device(**values)


GUIDES = Guides(
    {"fan": a_device()},
    {"fire": Danger(("smoke",), ("no smoke",), texts("Unplug it"))},
    {
        "stop": ("never mind",),
        "cannot": ("cannot do",),
        "same": ("the same",),
        "solved": ("works",),
    },
)


def started():
    return walk.begin(GUIDES, "my fan does not spin")


def after(state, *answers):
    for answer in answers:
        state = walk.go_on(GUIDES, state, "", answer)
    return state


def test_the_first_message_tells_device_and_symptom():
    state = started()
    assert (state["device"], state["symptom"]) == ("fan", "still")
    assert walk.question(GUIDES, state) == "step"
    assert walk.step(GUIDES, state)[0] == "plug"


def test_a_product_names_its_device():
    assert walk.begin(GUIDES, "it is broken", "FN-1")["device"] == "fan"
    assert walk.begin(GUIDES, "it is broken", "XX-1")["device"] is None


@pytest.mark.parametrize(
    ("answer", "todo", "then"),
    [
        ("0", ["wait"], "person"),
        ("1", ["clean"], "repair"),
        ("2", [], "repair"),
    ],
)
def test_an_answer_chooses_what_is_tried_next(answer, todo, then):
    state = after(started(), "same", answer)
    assert (state["todo"], state["then"]) == (todo, then)
    assert state["tried"][-1] == {"step": "light", "result": answer}


@pytest.mark.parametrize("answer", ["3", "-1", "²", "x", "same"])
def test_what_is_no_answer_to_a_question_changes_nothing(answer):
    standing = after(started(), "same")
    if answer == "same":
        assert walk.go_on(GUIDES, standing, "the same") is None
    else:
        assert walk.go_on(GUIDES, standing, "", answer) is None


def test_the_title_of_an_answer_may_be_typed():
    standing = after(started(), "same")
    assert walk.go_on(GUIDES, standing, " no ")["todo"] == ["clean"]


def test_to_the_end():
    state = after(started(), "same", "1", "cannot")
    assert walk.question(GUIDES, state) == "closing"
    assert after(state, "repair")["outcome"] == "repair"
    assert walk.go_on(GUIDES, state, "oh now it works")["outcome"] == "solved"
    assert walk.go_on(GUIDES, state, "hm") is None


def test_a_step_that_was_tried_is_not_tried_again_for_another_symptom():
    state = after(started(), "same", "1", "same")
    again = walk.report_again(GUIDES, state, "it is very loud too")
    assert (again["symptom"], again["todo"], again["then"]) == ("loud", [], "person")


def test_the_same_symptom_again_reports_nothing_new():
    assert walk.report_again(GUIDES, started(), "the fan does not spin") is None


def test_states_are_left_as_they_are_and_are_plain_data():
    state = started()
    before = copy.deepcopy(state)
    after(state, "same")
    assert state == before == json.loads(json.dumps(state))


def test_a_step_that_a_trainer_has_deleted_is_passed_over():
    less = {name: step for name, step in GUIDES.devices["fan"].steps.items() if name != "plug"}
    changed = Guides({"fan": a_device(steps=less)}, GUIDES.dangers, GUIDES.replies)
    assert walk.step(changed, started())[0] == "light"


def test_a_device_or_symptom_that_is_gone_is_asked_for():
    gone = Guides({}, GUIDES.dangers, GUIDES.replies)
    assert walk.question(gone, started()) == "device"
    other = Guides({"fan": a_device(symptoms={})}, {}, GUIDES.replies)
    assert walk.question(other, started()) == "symptom"


@pytest.mark.parametrize(("text", "danger"), [("smoke!", True), ("no smoke", False)])
def test_danger(text, danger):
    outcome = walk.begin(GUIDES, f"my fan does not spin, {text}")["outcome"]
    assert (outcome == "danger") == danger


def test_the_summary_holds_all_that_was_tried():
    state = after(started(), "same", "1")
    told = walk.summary(GUIDES, state, "en")
    assert told == "fan: Still | my fan does not spin | [plug → same; light → No]"


def test_a_long_story_is_cut():
    state = walk.begin(GUIDES, "x" * 5000)
    for _ in range(20):
        state = walk.go_on(GUIDES, {**state, "asked": []}, "y" * 500)
    assert len(state["told"]) <= 300
