"""Who may import whom. The reasons stand in docs/architecture.md, Directions."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
SERVICE = {
    "myna/shop/demo/service.py",
    "myna/shop/demo/page.py",
}  # the demo shop is a server itself
FORBIDDEN = {
    "myna/hub": {"rasa", "rasa_sdk", "sanic", "myna.channels", "myna.desk", "myna.nlu"},
    "myna/shop": {"rasa", "rasa_sdk", "sanic", "myna.hub", "myna.brain"},
    "myna/clients.py": {"rasa", "rasa_sdk", "sanic", "myna.hub"},
    "myna/texts.py": {"rasa", "sanic", "myna.hub"},
    "myna/facts.py": {"rasa", "sanic", "myna.hub"},
    "myna/brain/protocol.py": {"rasa", "rasa_sdk", "sanic", "myna.hub", "myna.texts"},
    "myna/channels": {"rasa", "rasa_sdk", "myna.desk", "sqlalchemy"},
    "myna/desk": {"rasa", "rasa_sdk", "myna.channels", "sqlalchemy"},
    "myna/nlu": {"myna.hub", "myna.shop.demo", "sanic"},
    "actions": {"requests", "aiohttp", "sqlalchemy", "sanic", "myna.hub", "myna.channels"},
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name, package):
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("place", FORBIDDEN)
def test_nothing_is_imported_from_where_it_must_not(place):
    root = PROJECT / place
    paths = sorted(root.rglob("*.py")) if root.is_dir() else [root]
    assert paths
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in paths
        if str(path.relative_to(PROJECT)) not in SERVICE
        for name in imports(path)
        if any(within(name, package) for package in FORBIDDEN[place])
    ]
    assert not wrong


def test_the_contract_of_the_brain_needs_nothing():
    found = set(imports(PROJECT / "myna/brain/protocol.py"))
    assert {name.split(".")[0] for name in found} <= {"__future__", "typing"}


def test_only_those_who_put_it_together_know_channels_and_desk():
    # the command line has the channels' own commands
    allowed = {"myna/front.py", "myna/up.py", "myna/cli.py"}
    wrong = [
        f"{path} imports {name}"
        for path in sorted((PROJECT / "myna").rglob("*.py"))
        if (place := str(path.relative_to(PROJECT))) not in allowed
        for name in imports(path)
        for part in ("channels", "desk")
        if within(name, f"myna.{part}") and not place.startswith(f"myna/{part}/")
    ]
    assert not wrong
