"""YAML files, read so that each text, list and entry knows its line.

Every scalar is kept as the text that stands in the file. YAML itself would take `no` for "false";
whether it would is kept in `Text.is_text`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from myna.trainer.findings import Finding, Place, error

_TEXT_TAG = "tag:yaml.org,2002:str"
_NULL_TAG = "tag:yaml.org,2002:null"


class Text(str):
    """A scalar; `line` is where its first character stands."""

    line: int
    is_text: bool
    """Whether YAML takes it for text; not, e.g., for an unquoted `no` or `12`."""


class Entries(dict[str, Any]):
    """A mapping; its keys are `Text`, so they know their lines."""

    line: int

    def line_of(self, key: str) -> int:
        """The line of an entry; that of the mapping if there is no such entry."""
        return next((found.line for found in self if found == key), self.line)  # type: ignore[attr-defined]


class Items(list[Any]):
    """A sequence."""

    line: int


def read(path: Path, root: Path) -> tuple[Any, list[Finding]]:
    """The content of a YAML file, and what is wrong with it as a file.

    Returns:
        `Entries`, `Items`, `Text` or None (nothing in it, or not readable), and findings.
    """
    name = path.relative_to(root).as_posix()
    findings: list[Finding] = []
    try:
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
        return (None if node is None else _value(node, name, findings)), findings
    except UnicodeDecodeError:
        what = "The file is not saved as UTF-8. Save it again with the encoding UTF-8."
        return None, [error("L001", Place(name, 1), what)]
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        return None, [error("L001", Place(name, mark.line + 1 if mark else 1), _explain(fault))]
    except (yaml.YAMLError, OSError, RecursionError) as fault:
        return None, [error("L001", Place(name, 1), f"The file cannot be read: {fault}")]


def _value(node: yaml.Node, name: str, findings: list[Finding]) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        entries = Entries()
        entries.line = line
        for key_node, value_node in node.value:
            key = _value(key_node, name, findings)
            if not isinstance(key, Text):
                continue
            if key in entries:
                what = f'"{key}" stands here a second time; only one counts. Join the two.'
                findings.append(error("L002", Place(name, key.line), what))
            entries[key] = _value(value_node, name, findings)
        return entries
    if isinstance(node, yaml.SequenceNode):
        items = Items(_value(item, name, findings) for item in node.value)
        items.line = line
        return items
    if node.tag == _NULL_TAG:
        return None
    text = Text(node.value)
    block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    # the content of a block begins below its "|"
    text.line = line + 1 if block else line
    text.is_text = node.tag == _TEXT_TAG
    return text


def _explain(fault: yaml.MarkedYAMLError) -> str:
    problem = fault.problem or ""
    if "'\\t'" in problem:
        return "There is a tab in this line. Indent with spaces only."
    if "mapping values are not allowed" in problem:
        return (
            'A colon is not understood here. Put the text in quotes ("…"),'
            " or check that the line is indented like the one above."
        )
    if "end of stream" in problem or "unexpected end" in problem:
        return "Something opened above is not closed: check quotes and brackets."
    return (
        "The file cannot be read from this line on. Check that it is indented like its neighbours"
        f" and that quotes and brackets are closed ({problem})."
    )
