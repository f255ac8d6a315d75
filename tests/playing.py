"""Plays a page of the documentation: writes the files that it shows, types what it types, and compares what it sees.

A comment in front of a block says what the block is: ``<!-- file: sim.yaml -->`` writes it, ``<!-- goes on -->`` lets
a console block run on in the background until the page ends. Every other console block is typed line by line. A line
``...`` stands for any lines, and one that ends in `` ...`` for its beginning. What differs from run to run (times of day,
ports of clients, how long it took, the folder) is made equal first.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

from tests.processes import free_port

LIMIT = 120.0
"""Seconds that a command may take."""
FOLDER = "/path/to/billing"
"""The folder that the pages are typed in."""
_BLOCK = re.compile(
    r"(?:^<!-- (?P<what>[^>]*) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_VARIES: Mapping[str, str] = MappingProxyType({
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000 \[": "<log> [",
    r"\d\d:\d\d:\d\d\.\d{3}Z": "<time>",
    r"127\.0\.0\.1:[1-6]\d{4}\b": "<client>",
    r"\b[\d.]+ ms\b": "<ms>",
    r"\b\d+\.\d+ s\b": "<s>",
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+0\d:00)?": "<instant>",
    r"\b[0-9a-f]{16}\b|\b[0-9a-f]{64}\b": "<id>",
    r"^call \d+ begins|^  rows   \d+|with \d+ rows": "<so many>",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Typed:
    """A *command* and what is seen of it; *goes_on* says that it is still running afterwards."""

    command: str
    seen: tuple[str, ...]
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A file of the page."""

    name: str
    text: str


def steps(page: str) -> Iterator[Typed | File]:
    """Yield what a reader of *page* does, in order."""
    for block in _BLOCK.finditer(page):
        what, text = block["what"] or "", block["text"]
        if what.startswith("file: "):
            yield File(what.removeprefix("file: "), text)
        elif block["language"] == "console":
            for typed in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                lines = typed.splitlines()
                ends = next(at for at, line in enumerate(lines) if not line.endswith("\\"))
                yield Typed("\n".join(lines[: ends + 1]), tuple(lines[ends + 1 :]), what == "goes on")


def differs(seen: tuple[str, ...], printed: list[str]) -> str:
    """Return what is otherwise in what was *printed*, "" if it is as the page has *seen* it."""
    left, skipping = list(printed), False
    for line in seen:
        if line == "...":
            skipping = True
            continue
        while left and skipping and not _same(line, left[0]):
            del left[0]
        if not left or not _same(line, left[0]):
            found = f"there is {left[0]!r}" if left else "nothing more is printed"
            return f"the page has {line!r}, and {found}"
        del left[0]
        skipping = False
    return "" if skipping or not left else f"the page ends, and there is {left[0]!r}"


def _same(line: str, printed: str) -> bool:
    begun = line.removesuffix(" ...")
    return printed.startswith(begun) if begun != line else printed == line


class Sandbox:
    """A folder in which a page is played; the ports that pages name are free ones here."""

    def __init__(self, folder: Path, ports: tuple[int, ...] = (8443, 8444)) -> None:
        self._folder = folder
        self._ports = {str(port): str(free_port()) for port in ports}
        self._ends = ExitStack()
        paths = (Path(sys.executable).parent, os.environ["PATH"])
        self._environment = {**os.environ, "PATH": ":".join(map(str, paths)), "HOME": str(folder), "COLUMNS": "160"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def do(self, step: Typed | File) -> str:
        """Do a *step* of a page; return what is otherwise than it says, "" for nothing."""
        match step:
            case File(name, text):
                path = self._folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self._here(text))
                return ""
            case Typed(command, seen, goes_on=True):
                return self._begun(command, seen)
            case Typed(command, seen):
                ran = subprocess.run(
                    ["bash", "-c", self._here(command)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    timeout=LIMIT,
                    cwd=self._folder,
                    env=self._environment,
                )
                return differs(self._levelled(seen), self._printed(ran.stdout))

    def _begun(self, command: str, seen: tuple[str, ...]) -> str:
        out = self._folder / "out"
        with out.open("wb") as stream:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {self._here(command)}"],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                cwd=self._folder,
                env=self._environment,
            )
        self._ends.callback(_ended, process)
        until = time.monotonic() + LIMIT
        while said := differs((*self._levelled(seen), "..."), self._printed(out.read_text())):
            if process.poll() is not None or time.monotonic() > until:
                return said
            time.sleep(0.05)
        return ""

    def _here(self, text: str) -> str:
        text = text.replace(FOLDER, str(self._folder)).replace("control: {}", 'control: {bind: "127.0.0.1:8444"}')
        return re.sub("|".join(self._ports), lambda found: self._ports[found[0]], text)

    def _printed(self, text: str) -> list[str]:
        text = text.replace(str(self._folder), FOLDER)
        for told, here in self._ports.items():
            text = text.replace(f":{here}", f":{told}").replace(f" {here}", f" {told}")
        return list(self._levelled(tuple(text.splitlines())))

    @staticmethod
    def _levelled(lines: tuple[str, ...]) -> tuple[str, ...]:
        text = "\n".join(lines)
        for varies, same in _VARIES.items():
            text = re.sub(varies, same, text, flags=re.MULTILINE)
        return tuple(line.rstrip() for line in text.splitlines())


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
