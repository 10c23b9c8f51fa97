"""Each fault is found, with its line, and said in words that help."""

import subprocess
import sys
from random import Random

import pytest

from myna.settings import PROJECT
from myna.trainer.findings import Finding, alike, in_words
from myna.trainer.lint import lint_project

EN, VI, MS = (f"data/nlu/{language}/all.yml" for language in ("en", "vi", "ms"))
TEXTS = "responses/en/all.yml"
RULES = "data/rules/all.yml"
MOODS = "data/moods/en.yml"
GREET = "    - greet en one\n"


def test_the_small_project_is_clean(small):
    assert small.lint() == []


def test_our_own_project_is_clean():
    assert [str(finding) for finding in lint_project(PROJECT)] == []


FAULTS = {
    "example without a dash": (EN, GREET, "    greet en one\n", ["en/all.yml:5: error L104", "- "]),
    "dash without a space": (EN, GREET, "    -greet en one\n", ["en/all.yml:5: error L104"]),
    "bracket not closed": (EN, GREET, "    - [Hanoi](order_number\n", [":5: error L105", "Hanoi"]),
    "space between brackets": (EN, GREET, "    - at [H] (order_number)\n", [":5: error L105"]),
    "space within brackets": (EN, GREET, "    - at [H ](order_number)\n", [":5: error L105"]),
    "curly brackets": (EN, GREET, '    - at [H]{"entity": }\n', [":5: error L105", '"entity"']),
    "unknown entity": (
        EN,
        GREET,
        "    - at [H](order_numbr)\n",
        [":5: error L110", 'Did you mean "order_number"?'],
    ),
    "command": (EN, GREET, "    - /greet\n", [":5: error L106", "command"]),
    "twice, other case and accents": (
        VI,
        "    - greet vi one\n",
        "    - Gréet vi TWO!\n",
        ["vi/all.yml:6: warning L107", "greet vi two", "vi/all.yml:5"],
    ),
    "two meanings": (
        MS,
        "    - greet ms one\n",
        "    - ask order status, en one?\n",
        ["en/all.yml:15: error L108", "ms/all.yml:5", "ask_order_status", "greet"],
    ),
    "unknown intent": (
        EN,
        "intent: ask_order_status",
        "intent: ask_order_statsu",
        ["en/all.yml:13: error L109", 'Did you mean "ask_order_status"?'],
    ),
    "question without an entry": (
        EN,
        "- intent: faq/shipping_fee",
        "- intent: faq",
        ["en/all.yml:23: error L109", "faq/what_is_asked"],
    ),
    "forgotten |": (EN, "examples: |", "examples:", ["en/all.yml:4: error L003", '"|"']),
    "mistyped key": (EN, "- intent: greet", "- itent: greet", ["Did you mean", "L003", ":3:"]),
    "wrong top": (EN, "nlu:", "nlus:", ["en/all.yml:2: error L003", 'Did you mean "nlu"?']),
    "tab": (EN, GREET, "\t- greet\n", ["en/all.yml:5: error L001", "tab"]),
    "not indented": (EN, GREET, "  - greet en one\n", ["error L001", "indented"]),
    "quotes not closed": (TEXTS, '"en number?"', '"en number?', ["error L001"]),
    "colon in a text": (TEXTS, '"en number?"', "en: number: x", ["en/all.yml:10: error L001"]),
    "missing in a language": (
        TEXTS,
        '  utter_ask_order_number:\n  - text: "en number?"\n',
        "",
        ["responses/en/all.yml:1: error L201", "Vietnamese and Malay", "not in English"],
    ),
    "twice in a file": (
        TEXTS,
        "  utter_ask_order_number:",
        "  utter_greet:",
        ["en/all.yml:9: error L002", '"utter_greet"'],
    ),
    "unknown fact": (
        TEXTS,
        "{shop_name}",
        "{shop_nam}",
        ["en/all.yml:3: error L203", "{shop_nam}", 'Did you mean "shop_name"?'],
    ),
    "value that only actions hand over": (TEXTS, "{shop_name}", "{carrier}", ["L203", "carrier"]),
    "brace not closed": (TEXTS, "{shop_name}", "{shop_name", ["en/all.yml:3: error L211"]),
    "no text": (TEXTS, '- text: "en number?"', "- txt: x", ["en/all.yml:10: error L003", "text"]),
    "text that YAML takes for something else": (
        TEXTS,
        '"en number?"',
        "no",
        ["en/all.yml:10: error L003", "quotes"],
    ),
    "button to nowhere": (
        TEXTS,
        "payload: /ask_order_status",
        "payload: /ask_orderstatus",
        ["en/all.yml:5: error L204", 'Did you mean "ask_order_status"?'],
    ),
    "button to the questions as a whole": (
        TEXTS,
        "/faq/shipping_fee",
        "/faq",
        ["en/all.yml:7: error L204"],
    ),
    "button without a slash": (TEXTS, "/ask_order_status", "ask", [":5: error L204", '"/"']),
    "button with an unknown entity": (
        TEXTS,
        "/ask_order_status",
        """'/ask_order_status{"order": "x"}'""",
        [":5: error L204", '"order"'],
    ),
    "button with half of a value": (
        TEXTS,
        "/ask_order_status",
        "'/ask_order_status{order}'",
        [":5: error L204", "JSON"],
    ),
    "long button": (
        TEXTS,
        'title: "Order"',
        'title: "Tell me about my order"',
        ["en/all.yml:5: warning L205", "22", "20"],
    ),
    "button without payload": (
        TEXTS,
        "      payload: /faq/shipping_fee\n",
        "",
        [":7: error L003", "payload"],
    ),
    "title missing in a language": (
        TEXTS,
        '  ask_order_status: "en where is it"\n',
        "",
        ["domain.yml:4: error L206", "in English"],
    ),
    "title of nothing": (
        TEXTS,
        "  ask_order_status:",
        "  ask_order_stat:",
        ["error L213", 'Did you mean "ask_order_status"?'],
    ),
    "title with a value": (TEXTS, "en where is it", "where is {x}", ["en/all.yml:18: error L213"]),
    "word missing": (TEXTS, "  hotline:", "  hotlin:", ["error L214", "hotline"]),
    "answer that answers nothing": (
        TEXTS,
        "utter_faq/shipping_fee",
        "utter_faq/shiping_fee",
        ["en/all.yml:15: error L208", 'Did you mean "faq/shipping_fee"?'],
    ),
    "rule with an unknown intent": (
        RULES,
        "- intent: greet",
        "- intent: gret",
        ["rules/all.yml:5: error L301", 'Did you mean "greet"?'],
    ),
    "unknown action": (
        RULES,
        "- action: action_look_up_order",
        "- action: action_lookup_order",
        ["rules/all.yml:28: error L302", 'Did you mean "action_look_up_order"?'],
    ),
    "unknown response": (
        RULES,
        "- action: utter_greet",
        "- action: uter_greet",
        ["rules/all.yml:6: error L302", 'Did you mean "utter_greet"?'],
    ),
    "response of no file": (
        RULES,
        "- action: utter_greet",
        "- action: utter_greeet",
        ["rules/all.yml:6: error L303", 'Did you mean "utter_greet"?'],
    ),
    "unknown form": (
        RULES,
        "  - active_loop: order_form",
        "  - active_loop: order_frm",
        ["rules/all.yml:19: error L304", 'Did you mean "order_form"?'],
    ),
    "unknown slot": (
        RULES,
        "    - requested_slot: null",
        "    - requested_slt: null",
        ["rules/all.yml:27: error L305", 'Did you mean "requested_slot"?'],
    ),
    "unknown step": (
        RULES,
        "- intent: greet",
        "- intend: greet",
        ["rules/all.yml:5: error L310", 'Did you mean "intent"?'],
    ),
    "rule name twice": (
        RULES,
        "rule: a question",
        "rule: a greeting",
        ["rules/all.yml:7: error L306", "rules/all.yml:3"],
    ),
    "contradiction": (
        RULES,
        "- intent: nlu_fallback",
        "- intent: faq",
        ["rules/all.yml:11: error L307", "a question"],
    ),
    "story against a rule": (
        "data/stories/all.yml",
        "- action: utter_greet",
        "- action: action_look_up_order",
        ["stories/all.yml:5: error L314", "a greeting"],
    ),
    "intent that nothing answers": (
        RULES,
        "- intent: nlu_fallback",
        "- intent: greet",
        ["domain.yml:5: warning L308"],
    ),
    "rule without steps": (
        RULES,
        "  steps:\n  - intent: greet\n  - action: utter_greet\n",
        "",
        ["L003"],
    ),
    "intent of the domain without data": (
        "domain.yml",
        "  - greet\n",
        "  - greet\n  - goodbye\n",
        ["domain.yml:4: error L101", '"goodbye"'],
    ),
    "intent twice in the domain": (
        "domain.yml",
        "  - greet\n",
        "  - greet\n  - greet\n",
        ["domain.yml:4: error L002"],
    ),
    "action without code": (
        "domain.yml",
        "action_look_up_order",
        "action_look_up_ordr",
        ["domain.yml:29: error L402", 'Did you mean "action_look_up_order"?'],
    ),
    "code without action": (
        "actions/orders.py",
        '"action_look_up_order"',
        '"action_cancel"',
        ["actions/orders.py:4: error L403"],
    ),
    "broken code": (
        "actions/orders.py",
        "def run(self",
        "def run(self,,",
        ["orders.py:8: error L401"],
    ),
    "mapping of an unknown entity": (
        "domain.yml",
        "        entity: order_number",
        "        entity: order_numbr",
        ["domain.yml:22: error L309", 'Did you mean "order_number"?'],
    ),
    "mapping in an unknown form": (
        "domain.yml",
        "active_loop: order_form",
        "active_loop: oder_form",
        ["domain.yml:24: error L309", 'Did you mean "order_form"?'],
    ),
    "form of an unknown slot": (
        "domain.yml",
        "required_slots: [order_number]",
        "required_slots: [order_no]",
        ["domain.yml:27: error L309"],
    ),
    "slot that nobody asks for": (
        "domain.yml",
        "required_slots: [order_number]",
        "required_slots: [language]",
        ["domain.yml:27: error L312", "utter_ask_language"],
    ),
    "language that counts": (
        "domain.yml",
        "    influence_conversation: false\n    mappings",
        "    mappings",
        ["domain.yml:12: error L313", "influence_conversation: false"],
    ),
    "answers in the domain": (
        "domain.yml",
        "forms:",
        "responses:\n  utter_greet:\n  - text: hi\nforms:",
        ["domain.yml:25: error L311", "responses/"],
    ),
    "test that is an example": (
        "tests/nlu/en/all.yml",
        "greet en nine",
        "GREET en one!",
        ["tests/nlu/en/all.yml:5: error L501", "data/nlu/en/all.yml:5"],
    ),
    "test of an unknown intent": (
        "tests/nlu/en/all.yml",
        "intent: ask_order_status",
        "intent: ask_order_state",
        ["tests/nlu/en/all.yml:8: error L502", 'Did you mean "ask_order_status"?'],
    ),
    "intent without test": (
        "tests/nlu/ms/all.yml",
        "intent: ask_order_status",
        "intent: greet",
        ["domain.yml:4: warning L505", "in Malay"],
    ),
    "conversation with an unknown response": (
        "tests/conversations/en/test_all.yml",
        "utter_greet",
        "utter_gret",
        ["test_all.yml:5: error L504", 'Did you mean "utter_greet"?'],
    ),
    "conversation without a name": (
        "tests/conversations/en/test_all.yml",
        "- name: a greeting\n  steps",
        "- steps",
        ["test_all.yml:2: error L503", '"name:"'],
    ),
    "unknown step of a conversation": (
        "tests/conversations/en/test_all.yml",
        "- user: hi",
        "- usr: hi",
        ["test_all.yml:4: error L503"],
    ),
    "answer before a message": (
        "tests/conversations/en/test_all.yml",
        "  - user: hi\n",
        "",
        ["test_all.yml:4: error L503", "Before"],
    ),
    "no number in shop.yml": (
        "shop.yml",
        "return_days: 14",
        "return_days: fortnight",
        ["error L601", "terms → return_days: has to be a whole number"],
    ),
    "mistyped key in shop.yml": (
        "shop.yml",
        "  return_days:",
        "  return_dys:",
        ["error L601", "terms → return_days: is missing", "return_dys: is not known"],
    ),
    "unknown intent in shop.yml": (
        "shop.yml",
        "hand_over_topics: []",
        "hand_over_topics: [greet, ask_order_statos]",
        ["error L602", '"ask_order_statos" is not an intent', 'Did you mean "ask_order_status"?'],
    ),
    "unknown frequent question in shop.yml": (
        "shop.yml",
        "hand_over_topics: []",
        "hand_over_topics: [faq/shipping_fee, faq/shiping_fee]",
        ["L602", '"faq/shiping_fee" is not a frequent', 'Did you mean "faq/shipping_fee"?'],
    ),
    "no number in the service": (
        "shop.yml",
        "nudge_minutes: 3",
        "nudge_minutes: soon",
        ["error L601", "service → nudge_minutes: has to be a whole number"],
    ),
    "angry word without a weight": (
        MOODS,
        "en scam: 0.4",
        "en scam:",
        ["data/moods/en.yml:2: error L702: 'en scam' needs a weight from 0 to 1"],
    ),
    "weight of an angry word in percent": (
        MOODS,
        "en useless: 0.3",
        "en useless: 30",
        ["data/moods/en.yml:3: error L702: 'en useless' needs a weight from 0 to 1"],
    ),
    "angry words as a list": (
        MOODS,
        "  en scam: 0.4\n  en useless: 0.3\n",
        "- en scam\n- en useless\n",
        ["data/moods/en.yml:2: error L702: Each line of a list is 'word or phrase: weight'."],
    ),
    "angry word twice": (
        MOODS,
        "en useless: 0.3",
        "EN  Scam: 0.3",
        ["data/moods/en.yml:3: error L702: 'EN  Scam' stands in the lists a second time"],
    ),
    "the same angry word again": (
        MOODS,
        "en useless: 0.3",
        "en scam: 0.3",
        ["data/moods/en.yml:3: error L002"],
    ),
    "broken list of angry words": (
        MOODS,
        "  en useless",
        "\ten useless",
        ["data/moods/en.yml:3: error L001: There is a tab in this line."],
    ),
    "masked word": (
        MOODS,
        "en useless",
        "b***h",
        ["data/moods/en.yml:3: error L702: Masked words are noticed without a list"],
    ),
    "mistyped list of angry words": (
        MOODS,
        "anger:",
        "angr:",
        ["data/moods/en.yml:1: error L702: 'angr' is no list; there are anger"],
    ),
    "a list of angry words with a list for its name": (
        MOODS,
        "anger:",
        "[anger, b]:",
        ["data/moods/en.yml:1: error L702: '[anger, b]' is no list; there are anger"],
    ),
    "broken shop.yml": ("shop.yml", "name: Lentera", "name: : Lentera", ["shop.yml:4: error L001"]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault(small, name):
    path, old, new, expected = FAULTS[name]
    small.change(path, old, new)
    found = "\n".join(small.lint())
    for part in expected:
        assert part in found, found


def test_language_without_examples(small):
    small.change(MS, "- intent: greet", "- intent: ask_order_status")
    assert (
        'data/nlu/ms/all.yml:1: error L102: "greet" has no example sentences in Malay. Write some.'
        in small.lint()
    )


def test_few_examples(small):
    small.change(EN, GREET, "")
    (only,) = small.lint()
    assert only.startswith('data/nlu/en/all.yml:5: warning L103: "greet" has only 7')


def test_question_without_an_answer(small):
    for language in ("vi", "ms", "en"):
        path = f"responses/{language}/all.yml"
        small.change(
            path, f'  utter_faq/shipping_fee:\n  - text: "{language} {{shipping_fee}}"\n', ""
        )
    assert any("L207" in line and "utter_faq/shipping_fee" in line for line in small.lint())


def test_response_that_nothing_says(small):
    for language in ("vi", "ms", "en"):
        path = f"responses/{language}/all.yml"
        small.change(path, "titles:", '  utter_alone:\n  - text: "x"\ntitles:')
    (only,) = small.lint()
    assert "warning L210: Nothing says utter_alone" in only


def test_response_in_two_files(small):
    small.put("responses/en/more.yml", 'responses:\n  utter_greet:\n  - text: "x"\n')
    (only,) = small.lint()
    assert only.startswith("responses/en/more.yml:2: error L209: utter_greet stands in")


def test_title_missing_everywhere(small):
    for language in ("vi", "ms", "en"):
        title = f'  ask_order_status: "{language} where is it"\n'
        small.change(f"responses/{language}/all.yml", title, "")
    (only,) = small.lint()
    assert "domain.yml:4: warning L206" in only


def test_square_brackets_may_be_text(small):
    small.change(EN, GREET, "    - lan[at]example.com is my mail\n")
    assert small.lint() == []


def test_a_frequent_question_may_go_to_people(small):
    topics = "[greet, faq, faq/shipping_fee]"
    small.change("shop.yml", "hand_over_topics: []", f"hand_over_topics: {topics}")
    assert small.lint() == []


def test_a_language_without_angry_words_is_none_of_our_business(small):
    (small.root / MOODS).unlink()
    assert small.lint() == []


def test_angry_words_of_no_language(small):
    small.put("data/moods/english.yml", "anger:\n  x: 0.5\n")
    small.put("data/moods/vi.yaml", "anger:\n  x: 0.5\n")
    first, second = small.lint()
    assert first == (
        "data/moods/english.yml:1: error L701: The file is not read."
        " One for each language is: vi.yml, ms.yml, en.yml."
    )
    assert second.startswith("data/moods/vi.yaml:1: error L701")


def test_a_lexicon_without_faults(small):
    small.put("data/lexicons/en.yml", "words:\n  please: [pls, plz]\n")
    assert small.lint() == []


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        ("words:\n  a: b\n", '2: error L902: Behind "a:" a list is expected'),
        ("words:\n  [a, b]: [c]\n", "2: error L902: A name is expected"),
        ("words:\n  a: [b]\n  c: [b]\n", '3: error L902: "b" already stands for "a"'),
        ("words:\n  a: [b]\n  a: [c]\n", "3: error L002"),
        ("words:\n\ta: [b]\n", "2: error L001: There is a tab in this line."),
        ("", "1: error L902: The file is empty."),
    ],
)
def test_a_fault_in_a_lexicon(small, content, finding):
    small.put("data/lexicons/en.yml", content)
    (found,) = small.lint()
    assert found.startswith(f"data/lexicons/en.yml:{finding}")


def test_a_lexicon_of_no_language(small):
    small.put("data/lexicons/english.yml", "words:\n  a: [b]\n")
    (found,) = small.lint()
    assert found.startswith("data/lexicons/english.yml:1: error L901: The file is not read.")


def test_composed_and_decomposed_letters_are_the_same(small):
    small.change(VI, "greet vi one", "đơn của tôi")
    small.change(VI, "greet vi two", "đơn của tôi")
    assert any("L107" in line for line in small.lint())


def test_files_that_are_no_use(small):
    small.put("data/nlu/fr/all.yml", "nlu:\n")
    small.put("data/all.yml", "nlu:\n")
    small.put("data/nlu/shared/cities.yml", "nlu:\n\t- x")
    small.put("config.yml", "pipeline: [")
    small.put("data/nlu/en/more.yaml", "nlu:\n")
    small.put("data/rules/list.yml", "- rule\n")
    (small.root / "responses/en/latin.yml").write_bytes("words:\n  x: é\n".encode("latin-1"))
    found = "\n".join(small.lint())
    assert "data/nlu/fr/all.yml:1: error L003: Move the file into data/nlu/<language>/" in found
    assert "data/all.yml:1: error L003: Move the file" in found
    assert "data/nlu/shared/cities.yml:2: error L001" in found
    assert "config.yml:1: error L001" in found
    assert "data/nlu/en/more.yaml:1: error L003" in found
    assert "data/rules/list.yml:1: error L003" in found
    assert "responses/en/latin.yml:1: error L001: The file is not saved as UTF-8." in found


def test_nothing_there_at_all(tmp_path):
    found = [str(finding) for finding in lint_project(tmp_path)]
    assert "domain.yml:1: error L003: The file is missing." in found
    assert "shop.yml:1: error L601: The file is missing; it describes the shop." in found


def test_errors_come_first_and_all_at_once(small):
    small.change(EN, GREET, "")
    small.change(RULES, "- action: utter_faq", "- action: utter_x")
    small.change(TEXTS, "{shop_name}", "{shp_name}")
    severities = [line.split()[1] for line in small.lint()]
    assert severities == ["error", "error", "warning"]


def test_wording():
    assert str(Finding("L1", "error", "a.yml", 3, "Wrong.")) == "a.yml:3: error L1: Wrong."
    assert in_words(["en"]) == "English"
    assert in_words(["en", "vi", "ms"]) == "Vietnamese, Malay and English"
    assert alike("utter_gret", {"utter_greet", "utter_bye"}) == ' Did you mean "utter_greet"?'
    assert alike("qqqq", {"utter_greet"}) == ""


@pytest.mark.parametrize(("broken", "status"), [(False, 0), (True, 1)])
def test_command(small, broken, status):
    if broken:
        small.change(RULES, "- action: utter_faq", "- action: utter_x")
    done = subprocess.run(
        [sys.executable, "-m", "myna.cli", "lint"],
        env={"MYNA_PROJECT": str(small.root), "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    assert done.stdout.endswith(f"{int(broken)} errors, 0 warnings.\n")
    assert done.stderr == ""


SLIPS = [
    lambda line, random: "  " + line,
    lambda line, random: line.strip(),
    lambda line, random: line.split(":")[0] + ":",
    lambda line, random: line.replace("- ", ""),
    lambda line, random: line[: random.randrange(len(line) + 1)],
    lambda line, random: line.replace(": ", ": [", 1) + "]",
    lambda line, random: line + "\n- [a, {b: c}]",
    lambda line, random: line + "\n- ",
]


@pytest.mark.parametrize("seed", range(60))
def test_no_slip_of_the_keyboard_ends_in_a_stack_trace(small, seed):
    random = Random(seed)
    files = sorted(path for path in small.root.rglob("*") if path.is_file())
    for _ in range(3):
        path = random.choice(files)
        lines = path.read_text(encoding="utf-8").split("\n")
        number = random.randrange(len(lines))
        lines[number] = random.choice(SLIPS)(lines[number], random)
        path.write_text("\n".join(lines), encoding="utf-8")
    assert all(str(finding) for finding in lint_project(small.root))


@pytest.mark.parametrize(
    ("path", "content", "finding"),
    [
        (
            "places.yml",
            "terms: {}\n",
            "places.yml:1: error L801: The file is not read. There are: ",
        ),
        ("vi/city.yml", "terms: {}\n", "vi/city.yml:1: error L801"),
        ("city.yml", "terms:\n\tcity: {}\n", "city.yml:2: error L001: There is a tab"),
        ("city.yml", "terms: {}\nterms: {}\n", "city.yml:2: error L002"),
        ("city.yml", "terms:\n  town: {}\n", "city.yml:2: error L802: 'town' is no kind of term"),
        (
            "date.yml",
            "terms:\n  holiday:\n    VN Lunar New Yaer: [tết]\n",
            'date.yml:3: error L803: "Lunar New Yaer" is no holiday of VN. Did you mean "Lunar New',
        ),
    ],
)
def test_terms_and_patterns_of_entities(small, path, content, finding):
    small.put(f"data/patterns/{path}", content)
    (found,) = small.lint()
    assert found.startswith(f"data/patterns/{finding}")


def test_good_terms_and_patterns_of_entities(small):
    small.put("data/patterns/date.yml", "terms:\n  holiday:\n    09-02: [quốc khánh]\n")
    assert small.lint() == []
