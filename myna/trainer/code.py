"""What the Python code says about names: actions it defines, responses it sends, values it fills.

The code is read, not run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import myna
from myna.trainer.findings import Finding, Place, error

_RESPONSE = re.compile(r"utter_[\w/]+")
_PACKAGE = Path(myna.__file__).parent
_SILENT = ("trainer", "bench")  # parts of the package that never speak to a customer


@dataclass
class Code:
    """Names found in `actions/` and in the package."""

    actions: dict[str, Place] = field(default_factory=dict)
    """Rasa's name of an action → the class that defines it."""
    responses: set[str] = field(default_factory=set)
    """Responses named in full."""
    beginnings: set[str] = field(default_factory=set)
    """Beginnings of names that are put together, e.g. `utter_order_`."""
    values: set[str] = field(default_factory=set)
    """Names of values that are handed to responses, with many others that are not."""
    findings: list[Finding] = field(default_factory=list)

    def says(self, response: str) -> bool:
        """Whether the code sends this response."""
        return response in self.responses or response.startswith(tuple(self.beginnings))


def read_code(root: Path) -> Code:
    """Reads `actions/` of the project and the installed package."""
    code = Code()
    for path in sorted((root / "actions").glob("*.py")):
        name = path.relative_to(root).as_posix()
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError) as fault:
            place = Place(name, getattr(fault, "lineno", None) or 1)
            what = "Python cannot read this file from here on; ask whoever programs."
            code.findings.append(error("L401", place, what))
            continue
        _read_names(tree, code)
        for action, line in _actions(tree):
            code.actions[action] = Place(name, line)
    package = _package()
    code.responses |= package.responses
    code.beginnings |= package.beginnings
    code.values |= package.values
    return code


@cache
def _package() -> Code:
    """What the package itself says: it does not change while we run."""
    code = Code()
    for path in sorted(_PACKAGE.rglob("*.py")):
        if path.relative_to(_PACKAGE).parts[0] not in _SILENT:
            _read_names(ast.parse(path.read_text(encoding="utf-8")), code)
    return code


def _read_names(tree: ast.Module, code: Code) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _RESPONSE.fullmatch(node.value):
                code.responses.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            beginning = node.values[0] if node.values else None
            if isinstance(beginning, ast.Constant) and _RESPONSE.fullmatch(str(beginning.value)):
                code.beginnings.add(str(beginning.value))
        elif isinstance(node, ast.keyword) and node.arg:
            code.values.add(node.arg)
        elif isinstance(node, ast.Dict):
            code.values.update(str(k.value) for k in node.keys if isinstance(k, ast.Constant))
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            code.values.add(str(node.slice.value))


def _actions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Name and line of each class whose method `name` returns a name."""
    constants = {
        target.id: statement.value.value
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name == "name":
                for statement in ast.walk(method):
                    value = statement.value if isinstance(statement, ast.Return) else None
                    if isinstance(value, ast.Constant) and isinstance(value.value, str):
                        yield value.value, node.lineno
                    elif isinstance(value, ast.Name) and value.id in constants:
                        yield str(constants[value.id]), node.lineno
