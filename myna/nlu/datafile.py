"""YAML files that components read themselves: lexicons and entity patterns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from myna.settings import PROJECT


class DataFileError(ValueError):
    """A data file cannot be used; the message names the file, the line and what to do."""

    def __init__(self, path: Path, line: int, what: str) -> None:
        name = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path.name
        super().__init__(f"{name}:{line}: {what}")
        self.path, self.line, self.what = path, line, what


Entry = tuple[str, int, list[tuple[str, int]]]
"""A key and its line, and the values listed behind it with their lines."""


def read_lists(path: Path, key: str) -> list[Entry]:
    """A file in which a mapping `key` has a list behind each name; all scalars are text.

    Raises:
        DataFileError: the file cannot be read or has another form.
    """
    root = _root(path)
    for name, line, node in _pairs(path, root):
        if name != key:
            raise DataFileError(path, line, f'only "{key}:" may stand here, not "{name}:".')
        return [(n, at, list(_items(path, n, value))) for n, at, value in _pairs(path, node)]
    raise DataFileError(path, 1, f'the file has to begin with "{key}:".')


def _root(path: Path) -> yaml.Node:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        raise DataFileError(path, 1, "save the file again with the encoding UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise DataFileError(path, line, f"this is no YAML: {error.problem}.") from None
    except (yaml.YAMLError, OSError) as error:
        raise DataFileError(path, 1, f"the file cannot be read: {error}") from None
    if node is None:
        raise DataFileError(path, 1, "the file is empty.")
    return node


def _pairs(path: Path, node: yaml.Node) -> Iterator[tuple[str, int, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1
        raise DataFileError(path, line, "names with a colon and a list behind are expected here.")
    seen: set[str] = set()
    for name, value in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            raise DataFileError(path, line, "a name is expected here.")
        if name.value in seen:
            raise DataFileError(path, line, f'"{name.value}" stands here twice; join the two.')
        seen.add(name.value)
        yield name.value, line, value


def _items(path: Path, name: str, node: yaml.Node) -> Iterator[tuple[str, int]]:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        what = f'behind "{name}:" a list is expected, such as [one, two].'
        raise DataFileError(path, line, what)
    for item in node.value:
        line = item.start_mark.line + 1
        if not isinstance(item, yaml.ScalarNode) or not item.value.strip():
            raise DataFileError(path, line, f'an entry of "{name}:" is empty or no text.')
        yield item.value, line
