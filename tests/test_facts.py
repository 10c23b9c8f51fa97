import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from myna.facts import SHOP_FILE, FactsError, load_facts

FORMAT = load_facts().order_number


@pytest.mark.parametrize(
    "text",
    ["DH-20413", "dh 20413", "DH20413", "dh.20413", "#DH20413", "# dh-20413", "Dh – 20413"],
)
def test_an_order_number_as_people_write_it(text):
    assert FORMAT.canonical(text) == "DH-20413"
    ((start, end, number),) = FORMAT.find(f"đơn {text} đâu rồi")
    assert number == "DH-20413"
    assert f"đơn {text} đâu rồi"[start:end] == text


@pytest.mark.parametrize("text", ["DH-2041", "DH-204133", "XDH-20413", "20413", "AB-20413", ""])
def test_no_order_number(text):
    assert FORMAT.canonical(text) is None


def test_bare_digits_may_stand_for_each_prefix():
    assert FORMAT.candidates(" #20413 ") == ["DH-20413", "MY-20413"]
    assert FORMAT.candidates("204") == []


@given(st.text(max_size=60))
def test_any_text_is_searched_without_harm(text):
    for start, end, number in FORMAT.find(text):
        assert FORMAT.canonical(text[start:end]) == number


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("2311051ABC2DEF", "Shopee"),
        ("576812345678901234", "TikTok Shop"),
        ("312345678901234", "Lazada"),
    ],
)
def test_marketplace_numbers(number, name):
    found = load_facts().marketplace_of(f"đơn {number} nhé")
    assert found is not None
    assert (found[0].name, found[1]) == (name, number)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"accent": "green"}, "accent"),
        ({"opening_hours": {"monday": "08:00–20:00"}}, "mon-fri"),
        ({"opening_hours": {"mon": "8am"}}, "08:30"),
        ({"default_language": "de"}, "default_language"),
        ({"stores": [{"city": {"vi": "x"}, "market": "VN", "address": "", "phone": ""}]}, "ms, en"),
        ({"surprise": 1}, "surprise"),
        ({"markets": {}}, "under markets"),
        ({"marketplaces": [{"name": "X", "patterns": ["("], "help": {}}]}, "regular expression"),
    ],
)
def test_a_mistake_is_named_with_file_and_field(tmp_path, change, complaint):
    path = tmp_path / "shop.yml"
    shop = {**yaml.safe_load(SHOP_FILE.read_text()), **change}
    path.write_text(yaml.safe_dump(shop, allow_unicode=True))
    with pytest.raises(FactsError, match=r"shop\.yml") as error:
        load_facts(path)
    assert complaint in str(error.value)


@pytest.mark.parametrize("content", [None, "a: [", b"\xff"])
def test_a_file_that_cannot_be_read(tmp_path, content):
    path = tmp_path / "shop.yml"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.write_text(content)
    with pytest.raises(FactsError, match=r"shop\.yml"):
        load_facts(path)
