import shutil

import pytest

from myna.facts import LANGUAGES, SHOP_FILE
from myna.texts import RESPONSES, Catalogue, TextError, read_texts


@pytest.fixture
def files(tmp_path):
    shutil.copytree(RESPONSES, tmp_path / "responses")
    shutil.copy(SHOP_FILE, tmp_path / "shop.yml")
    return tmp_path


@pytest.fixture
def catalogue(files, monkeypatch):
    monkeypatch.setattr("myna.texts._LOOK_AGAIN_AFTER", 0)
    return Catalogue(files / "responses", files / "shop.yml")


@pytest.fixture(scope="module")
def shipped():
    """The project's own texts, for tests that change nothing."""
    return Catalogue()


def test_every_language_has_every_text(catalogue):
    for language in LANGUAGES:
        assert set(catalogue.language(language).responses) == catalogue.names()


def test_facts_are_filled_in(catalogue):
    assert "30.000\u00a0₫" in catalogue.render("utter_faq/shipping_fee", "vi").text
    assert "RM8.00" in catalogue.render("utter_faq/shipping_fee", "ms").text


def test_hours_of_agents_elsewhere_name_their_clocks(catalogue, files):
    for language in ("vi", "en"):
        path = files / "responses" / language / "stores.yml"
        path.write_text("responses:\n  utter_opening_hours:\n  - text: '{agent_hours}'\n")
    assert catalogue.render("utter_opening_hours", "en").text == (
        "Monday – Saturday: 08:00–21:00, Sunday: 09:00–18:00, Public holidays: closed; Vietnam time"
    )
    assert catalogue.render("utter_opening_hours", "vi").text.endswith("Ngày lễ: nghỉ")


def test_variations_take_turns(catalogue):
    variations = len(catalogue.language("vi").responses["utter_greet"])
    texts = {catalogue.render("utter_greet", "vi", turn=turn).text for turn in range(variations)}
    assert len(texts) == variations > 1


def test_a_changed_fact_and_text_show_at_once(catalogue, files):
    shop = files / "shop.yml"
    shop.write_text(shop.read_text().replace("shipping_fee: 30000", "shipping_fee: 25000"))
    assert "25.000" in catalogue.render("utter_faq/shipping_fee", "vi").text
    path = files / "responses" / "en" / "stores.yml"
    path.write_text("responses:\n  utter_opening_hours:\n  - text: Always.\n")
    assert catalogue.render("utter_opening_hours", "en").text == "Always."


def test_a_broken_file_keeps_the_last_good_texts(catalogue, files, caplog):
    before = catalogue.render("utter_opening_hours", "en").text
    (files / "responses" / "en" / "stores.yml").write_text("responses: [")
    assert catalogue.render("utter_opening_hours", "en").text == before
    assert "en/stores.yml" in caplog.text


def test_a_missing_text_is_taken_from_the_default_language(catalogue, files):
    (files / "responses" / "ms" / "feedback.yml").write_text("responses: {}\n")
    vietnamese = catalogue.render("utter_complaint_received", "vi")
    assert catalogue.render("utter_complaint_received", "ms") == vietnamese


def test_what_is_missing_is_named(catalogue):
    with pytest.raises(TextError, match="utter_nonsense"):
        catalogue.render("utter_nonsense", "vi")
    with pytest.raises(TextError, match=r"\{total\}"):
        catalogue.render("utter_refund_follows", "vi")


def test_a_value_is_never_expanded_again(catalogue):
    text = catalogue.render(
        "utter_ask_contact", "en", order_number="{hotline} {0.__class__} %s"
    ).text
    assert "{hotline} {0.__class__} %s" in text


def test_no_attribute_of_a_value_is_reachable(catalogue, files):
    path = files / "responses" / "en" / "stores.yml"
    path.write_text("responses:\n  utter_opening_hours:\n  - text: '{shop_name.__class__}'\n")
    with pytest.raises(TextError):
        catalogue.render("utter_opening_hours", "en")


@pytest.mark.parametrize(
    "content",
    [
        "responses:\n  utter_x: text\n",
        "responses:\n  utter_x:\n  - txt: a\n",
        "responses:\n  utter_x:\n  - text: 7\n",
        "responses:\n  utter_x:\n  - text: a\n    buttons: [{title: 7, payload: /a}]\n",
        "responses:\n  utter_x:\n  - text: a\n    buttons: [{title: x}]\n",
        "responses:\n  utter_x:\n  - text: 'up to {discount off'\n",
        "responses:\n  utter_x:\n  - text: 'a } b'\n",
        "responses:\n  utter_x:\n  - text: '{total:>9999999999}'\n",
        "responses:\n  utter_x:\n  - text: '{total!r}'\n",
        "responses: [utter_x]\n",
        "titles: [a]\n",
        "words: closed\n",
        "a: [",
        "- a\n",
        "just text",
    ],
)
def test_a_file_of_another_form_is_named(tmp_path, content):
    folder = tmp_path / "en"
    folder.mkdir()
    (folder / "orders.yml").write_text(content)
    with pytest.raises(TextError, match=r"en/orders\.yml"):
        read_texts(folder)


def test_a_text_defined_twice_is_named(tmp_path):
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("responses:\n  utter_x:\n  - text: x\n")
    with pytest.raises(TextError, match="second time"):
        read_texts(tmp_path)


def test_bytes_that_are_no_text_are_named(tmp_path):
    (tmp_path / "a.yml").write_bytes(b"\xff\xfe")
    with pytest.raises(TextError, match=r"a\.yml"):
        read_texts(tmp_path)


def test_braces_that_are_meant(catalogue, files):
    path = files / "responses" / "en" / "stores.yml"
    path.write_text("responses:\n  utter_opening_hours:\n  - text: '{{a}} {shop_name}'\n")
    assert catalogue.render("utter_opening_hours", "en").text == "{a} Lentera Home"


@pytest.mark.parametrize(
    "text", ["{total.__class__}", "{total[0]}", "{0}", "{}", "{total.a.b}", "{unknown}"]
)
def test_what_cannot_be_filled_is_an_error_of_ours(catalogue, files, text):
    path = files / "responses" / "en" / "stores.yml"
    path.write_text(f"responses:\n  utter_opening_hours:\n  - text: '{text}'\n")
    with pytest.raises(TextError):
        catalogue.render("utter_opening_hours", "en", total="x")


def test_a_language_nobody_knows(catalogue):
    expected = catalogue.render("utter_opening_hours", "vi")
    assert catalogue.render("utter_opening_hours", "xx") == expected


def test_a_broken_shop_file_keeps_the_last_good_facts(catalogue, files, caplog):
    (files / "shop.yml").write_text("name: x\n")
    assert "RM8.00" in catalogue.render("utter_faq/shipping_fee", "ms").text
    assert "shop.yml" in caplog.text
    shutil.copy(SHOP_FILE, files / "shop.yml")
    assert "RM8.00" in catalogue.render("utter_faq/shipping_fee", "ms").text


def test_a_file_that_is_just_being_replaced(catalogue, files):
    shop = (files / "shop.yml").read_text()
    (files / "shop.yml").unlink()
    assert "30.000" in catalogue.render("utter_faq/shipping_fee", "vi").text
    (files / "shop.yml").write_text(shop.replace("shipping_fee: 30000", "shipping_fee: 25000"))
    assert "25.000" in catalogue.render("utter_faq/shipping_fee", "vi").text


def test_buttons_are_filled_and_payloads_left_alone(catalogue, files):
    path = files / "responses" / "en" / "stores.yml"
    path.write_text(
        "responses:\n  utter_opening_hours:\n  - text: a\n"
        "    buttons: [{title: 'Ask {shop_name}', payload: '/inform{\"a\": \"b\"}'}]\n"
    )
    [button] = catalogue.render("utter_opening_hours", "en").buttons
    assert (button.title, button.payload) == ("Ask Lentera Home", '/inform{"a": "b"}')


HUBS_OWN = {
    "utter_handed_over": {"position": 2, "wait": "5 min"},
    "utter_handed_over_first": {},
    "utter_left_for_people": {"reference": "CS-1", "due": "noon", "next_opening": "noon"},
    "utter_queue_too_long": {"reference": "CS-1", "due": "noon", "next_opening": "noon"},
    "utter_back_to_bot": {},
    "utter_requeued": {},
    "utter_still_waiting": {},
    "utter_agent_joined": {"agent": "Linh"},
    "utter_idle_closed": {},
    "utter_resolved": {},
    "utter_withheld_note": {},
    "utter_brain_unavailable": {},
    "utter_empty_message": {},
    "utter_message_too_long": {},
}


@pytest.mark.parametrize("name", HUBS_OWN)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hubs_own_sentences_need_no_brain(shipped, language, name):
    text = shipped.render(name, language, **HUBS_OWN[name])
    assert text.name == name
    assert "{" not in text.text
