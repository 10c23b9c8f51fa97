"""Setting pages up, and looking whether all is well: idempotent, and clear in what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from myna.channels.messenger import config, profile
from myna.channels.messenger.admin import FIELDS, Admin, Finding
from myna.channels.messenger.graph import Graph
from myna.channels.messenger.signature import offered
from myna.cli import main
from myna.facts import MessengerPage
from myna.settings import PROJECT, SettingError
from myna.texts import Catalogue

from .conftest import Line
from .fake import APP_ID, APP_SECRET, PAGE, TOKEN, FakeGraph, Rule, checks

NAMES = {
    "MYNA_MESSENGER_APP_SECRET": APP_SECRET,
    "MYNA_MESSENGER_VERIFY_TOKEN": "verify me",
    f"MYNA_MESSENGER_TOKEN_{PAGE}": TOKEN,
}


@pytest.fixture
def admin(line: Line, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Admin:
    """For the one page of the fake, with the channel listening."""
    monkeypatch.setenv("MYNA_PUBLIC_URL", line.url)
    known = line.messenger._config
    one = config.Config(
        **{**known.__dict__, "pages": {PAGE: known.pages[PAGE]}},
    )
    return Admin(one, catalogue, line.messenger.carriers["messenger"]._graph)  # type: ignore


async def run(admin: Admin, *, repair: bool) -> list[Finding]:
    return [finding async for finding in admin.check(repair=repair)]


def states(found: list[Finding]) -> list[str]:
    return [finding.state for finding in found]


async def test_everything_is_set_up_once(admin: Admin, line: Line) -> None:
    before = await run(admin, repair=False)
    assert states(before) == ["good", "bad", "good", "bad", "bad", "good"]
    assert all(one.todo for one in before if one.state == "bad")
    assert states(await run(admin, repair=True)) == ["good", "done", "good", "done", "done", "good"]
    asked = len(line.world.log)
    again = await run(admin, repair=True)
    assert states(again) == ["good"] * 6
    assert {method for method, _, _ in line.world.log[asked:]} == {"GET"}, "nothing is changed"
    assert set(line.world.pages[PAGE].subscribed) == set(FIELDS)
    assert line.world.callback["callback_url"] == line.url + "/webhooks/messenger"


async def test_the_profile_is_in_three_languages_and_signed(admin: Admin, line: Line) -> None:
    await run(admin, repair=True)
    found = line.world.pages[PAGE].profile
    locales = ["default", "vi_VN", "ms_MY", "en_US", "en_GB"]
    for name in ("greeting", "ice_breakers", "persistent_menu"):
        assert [one["locale"] for one in found[name]] == locales
    texts = {one["locale"]: one["text"] for one in found["greeting"]}
    assert "trợ lý tự động" in texts["vi_VN"]
    assert "pembantu automatik" in texts["ms_MY"]
    assert texts["default"] == texts["en_US"], "the page's own language"
    assert "{{user_first_name}}" in texts["en_US"], "which Messenger fills in"
    first = found["ice_breakers"][0]["call_to_actions"][0]
    assert offered("signs payloads", PAGE, first["payload"]) == "/ask_order_status"


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
def test_a_profile_fits_whatever_the_shop_is_called(catalogue: Catalogue, language: str) -> None:
    import copy

    other = copy.copy(catalogue)
    other._values = {
        spoken: {**values, "shop_name": "Nội thất và Gia dụng Lentera Home Việt Nam " * 4}
        for spoken, values in catalogue._values.items()
    }
    page = MessengerPage(id=PAGE, name="x", language=language)
    known = config.Config("x", "v26.0", APP_ID, {PAGE: page}, "a", "b", "c")
    checks.profile(profile.desired(known, other, PAGE))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"token_valid": False}, "not valid"),
        ({"scopes": ["pages_messaging"]}, "pages_manage_metadata"),
        ({"token_expires_at": 1_795_900_000}, "valid until 2026-11-28"),
    ],
)
async def test_a_token_that_will_not_do_is_named(
    admin: Admin, line: Line, change: dict[str, Any], told: str
) -> None:
    for name, value in change.items():
        setattr(line.world.pages[PAGE], name, value)
    found = await run(admin, repair=False)
    texts = [f"{one.text} {one.todo}" for one in found if one.state == "bad"]
    assert any(told in text or "Invalid OAuth" in text for text in texts)
    assert any("myna messenger setup" in text or "Troubles" in text for text in texts)


async def test_what_meta_has_granted_and_shop_yml_does_not_know_is_told(
    admin: Admin, line: Line
) -> None:
    line.world.pages[PAGE].human_agent = True
    found = await run(admin, repair=True)
    assert (found[-1].state, found[-1].todo) == ("bad", "Write human_agent: true in shop.yml.")


async def test_an_address_that_does_not_answer_is_told(
    admin: Admin, unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNA_PUBLIC_URL", f"http://127.0.0.1:{unused_port}")
    found = await run(admin, repair=True)
    assert states(found)[:2] == ["bad", "bad"]
    assert "does not answer" in found[0].text
    assert "verification failed" in found[1].text


async def test_a_meta_that_is_down_is_no_stack_trace(admin: Admin, line: Line) -> None:
    line.graph.rules = [Rule("html", path="")]
    found = await run(admin, repair=True)
    assert states(found) == ["good", "bad", "bad"]


async def test_meta_itself_wants_https(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    known = admin._config
    there = config.Config(**{**known.__dict__, "graph_url": "https://graph.facebook.com"})
    admin._config = there
    assert "https" in (await admin._address()).todo


# --- configuration


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop.yml of its own, and a home."""
    monkeypatch.setenv("MYNA_HOME", str(tmp_path / "home"))
    path = tmp_path / "shop.yml"
    path.write_text((PROJECT / "shop.yml").read_text())
    return path


def with_page(shop: Path, **more: Any) -> Any:
    from myna.facts import load_facts

    page = {"id": PAGE, "name": "Lentera Home", "language": "vi", **more}
    shop.write_text(shop.read_text() + f"\nmessenger: {{app_id: {APP_ID}, pages: [{page}]}}\n")
    return load_facts(shop)


def test_without_pages_the_channel_is_off(catalogue: Catalogue) -> None:
    assert config.load(catalogue.facts) is None


def test_a_page_without_secrets_is_refused_by_their_names(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = with_page(shop)
    with pytest.raises(SettingError, match=r"MYNA_MESSENGER_APP_SECRET.*MYNA_MESSENGER_TOKEN_100"):
        config.load(facts)
    for name, value in NAMES.items():
        monkeypatch.setenv(name, value)
    known = config.load(facts)
    assert known
    assert APP_SECRET not in repr(known)


@pytest.mark.parametrize(
    "url", ["http://graph.facebook.com", "ftp://x", "http://127.0.0.1.evil.example"]
)
def test_tokens_go_over_tls_or_stay_on_this_machine(
    shop: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    for name, value in {**NAMES, "MYNA_GRAPH_URL": url}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match="MYNA_GRAPH_URL"):
        config.load(with_page(shop))


def test_ids_of_conversations_are_of_our_pages_only(line: Line) -> None:
    known = line.messenger._config
    assert known.conversation(PAGE, "1") == f"fb.{PAGE}.1"
    for page, user in (
        (PAGE, "x"),
        (PAGE, ""),
        (PAGE, "1" * 20),
        ("1", "1"),
        (PAGE, "٣"),
        (PAGE, "1\n"),
    ):
        assert known.conversation(page, user) is None
    for wrong in ("c1", "fb.1", "fb.12345.", "fb.12345.6.7"):
        with pytest.raises(ValueError, match="no conversation"):
            config.parties(wrong)


def test_the_commands_say_what_is_missing(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("setup", "check", "status"):
        told = CliRunner().invoke(main, ["messenger", command])
        assert told.exit_code == 2
        assert "names no Page" in told.output


async def test_graph_asks_another_version_if_told_to(graph: FakeGraph) -> None:
    old = Graph(graph.url, "v21.0", APP_SECRET)
    with pytest.raises(Exception, match="deprecated"):
        await old.get("me", TOKEN)
    await old.close()
