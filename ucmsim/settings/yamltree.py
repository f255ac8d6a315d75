"""YAML as people mean it: plain values, the line of every key, and the traps of YAML 1.1 named instead of sprung.

Knows nothing of what the keys mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from ucmsim.errors import ConfigurationError, Problem

Path = tuple[str | int, ...]

MOST_VALUES = 50_000
"""Values that are read at the most; only aliases of aliases make more."""

_PLAIN_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)$")
_TEXT_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")


@dataclass(slots=True)
class Tree:
    """The values of a document, where each of them stands, and how it was written."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)
    problems: list[tuple[Path, int, str, str]] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of *path*, or of the nearest key above it that is written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def line_of(self, key: str) -> int:
        """Return the line of the dotted *key*, as `line` does."""
        return next((line for path, line in reversed(self.lines.items()) if _within(key, dotted(path))), 1)


def _within(key: str, above: str) -> bool:
    """Return whether *key* is that of *above*, or of something in it."""
    return key.startswith(above) and (not above or key[len(above) :][:1] in ("", ".", "["))


def parse(text: str, file: str) -> tuple[Tree, list[Problem]]:
    """Return the tree of the YAML *text* and what is wrong with it as YAML."""
    tree = Tree()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        wrong = " ".join(str(part) for part in (error.context, error.problem) if part)
        right = (
            "quote what begins with !" if error.context == "while scanning a tag" else "check indentation and quotes"
        )
        return tree, [Problem("", f"this is not YAML: {wrong}", right, file, line)]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        said = f"this is not YAML: the character {_code(error.character)} is not allowed"
        return tree, [Problem("", said, "take it out, or write it as an escape in double quotes", file, line)]
    except (yaml.YAMLError, ValueError) as error:
        return tree, [Problem("", f"this is not YAML: {' '.join(str(error).split())}", "", file, 1)]
    except RecursionError:
        return tree, [Problem("", "this is not YAML that can be read: it is nested too deeply", "", file, 1)]
    if node is not None:
        try:
            _Reader(tree).read(node, ())
        except RecursionError:
            return Tree(), [
                Problem(
                    "", "this is not YAML that can be read: it is nested too deeply", "", file, node.start_mark.line + 1
                )
            ]
    found = [Problem(dotted(path), wrong, right, file, line) for path, line, wrong, right in tree.problems]
    return tree, found


def value_in(text: str, file: str) -> Any:
    """Return the value of the YAML *text* of *file*; raises `ConfigurationError` with all that is wrong with it as YAML."""
    tree, problems = parse(text, file)
    if problems:
        raise ConfigurationError(problems)
    return tree.value


def dotted(path: Path) -> str:
    """Return *path* as it is shown to people: ``pbxs.hq.trunks[0].name``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _code(character: object) -> str:
    return f"U+{ord(character):04X}" if isinstance(character, str) and len(character) == 1 else repr(character)


class _Reader:
    """Turns nodes into values, noting lines and traps in the tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._open: set[int] = set()
        self._left = MOST_VALUES

    def read(self, node: yaml.Node, path: Path) -> None:
        self._tree.value = self._value(node, path)

    def _value(self, node: yaml.Node, path: Path) -> Any:
        self._tree.lines.setdefault(path, node.start_mark.line + 1)
        self._left -= 1
        if self._left < 0:
            if self._left == -1:
                self._note(path, node, f"there are more than {MOST_VALUES} values", "do aliases multiply here?")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open:
            self._note(path, node, "this alias contains itself", "write the value out")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self._value(item, (*path, at)) for at, item in enumerate(node.value)]
            return self._mapping(node, path)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._note(path, key_node, "a key must be a word", "write 'key: value'")
                continue
            key, line = key_node.value, key_node.start_mark.line + 1
            here = (*path, key)
            if key in values:
                first = self._tree.lines[here]
                self._tree.problems.append(
                    (here, line, f"the key '{key}' stands twice (first on line {first})", "keep one of them")
                )
                continue
            self._tree.lines[here] = line
            values[key] = self._value(value_node, here)
        return values

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        text: str = node.value
        if half := next((letter for letter in text if "\ud800" <= letter <= "\udfff"), None):
            self._note(path, node, f"{_code(half)} is half a character", "write the whole character")
            text = text.encode("utf-8", "replace").decode()
        self._tree.written[path] = text
        if node.tag in _TEXT_TAGS:
            return text
        if node.tag.startswith("!"):
            tag = node.tag.rstrip(",")
            self._note(path, node, f"YAML reads the ! of {tag} as a mark of its own", f'quote it: "{tag}"')
            return None
        if node.tag == "tag:yaml.org,2002:null":
            return None
        try:
            value = yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, ValueError, KeyError) as error:
            self._note(path, node, f"'{text}' cannot be read: {error}", f'quote it if it is text: "{text}"')
            return None
        if isinstance(value, int) and not isinstance(value, bool) and not _PLAIN_INT.match(text):
            self._note(path, node, f"YAML reads {text} as the number {value}", f'quote it if it is text: "{text}"')
        return value

    def _note(self, path: Path, node: yaml.Node, wrong: str, right: str) -> None:
        self._tree.problems.append((path, node.start_mark.line + 1, wrong, right))
