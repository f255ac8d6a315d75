"""Writes into the register which transcripts each of its rows changes."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.golden.flips import compressed, flips
from tests.golden.stage import ROOT, Stage
from ucmsim.personalities import PERSONALITIES
from ucmsim.quirks import QUIRKS, Quirk

REGISTER = ROOT / "ucmsim" / "quirks.py"
WIDTH = 120
"""Columns of a line of the register."""

INDENT = " " * 10
"""What the second line of a row begins with."""

SHARE = 12
"""Rows that a process flips at a time."""


def measured() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the id of each row that can be switched and the patterns of what it changes; on every core there is."""
    rows = [row for row in QUIRKS if row.switchable]
    with ProcessPoolExecutor() as pool:
        for found in pool.map(_changes, [rows[first : first + SHARE] for first in range(0, len(rows), SHARE)]):
            yield from found


def rewritten(source: str, changes: Mapping[str, tuple[str, ...]]) -> str:
    """Return the *source* of the register with those *changes* in place of the ones it has."""
    lines = source.splitlines()
    for call in reversed(list(_rows(ast.parse(source)))):
        patterns = changes.get(ast.literal_eval(call.args[0]), ())
        old = next((word.value for word in call.keywords if word.arg == "changes"), None)
        if patterns == (ast.literal_eval(old) if old else ()):
            continue
        assert call.end_lineno is not None
        assert call.end_col_offset is not None
        first, last, begin, end = call.end_lineno, call.end_lineno, call.end_col_offset - 1, call.end_col_offset - 1
        if old is not None:
            assert old.end_lineno is not None
            assert old.end_col_offset is not None
            first, last, begin, end = old.lineno, old.end_lineno, old.col_offset, old.end_col_offset
        before, after = lines[first - 1][:begin], lines[last - 1][end:]
        above = []
        if old is None:
            above, before = [f"{before},"], f"{INDENT}changes="
        lines[first - 1 : last] = [*above, *_wrapped(before, patterns, after)]
    return "\n".join(lines) + "\n"


def _rows(tree: ast.Module) -> Iterator[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Quirk"]
    yield from sorted(named, key=lambda call: call.lineno)


def _wrapped(before: str, patterns: tuple[str, ...], after: str) -> list[str]:
    """Return the lines of a tuple of *patterns* that begins after *before*, each as long as may be."""
    words = [f'"{pattern}"' for pattern in patterns]
    if len(words) == 1:
        words[0] += ","
    lines, line = [], f"{before}({words[0] if words else ''}"
    indent = " " * (len(before) + 1)
    for word in words[1:]:
        line += ","
        if len(line) + 1 + len(word) + len(after) + 1 > WIDTH:
            lines.append(line)
            line = indent + word
        else:
            line += f" {word}"
    return [*lines, f"{line}){after}"]


def _changes(rows: list[Quirk]) -> list[tuple[str, tuple[str, ...]]]:
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        usual = {row.id: stage.play(row.id) for row in PERSONALITIES}
        found = [(row.id, compressed(set().union(*(flip.differ for flip in flips(stage, row, usual))))) for row in rows]
        stage.close()
    return found
