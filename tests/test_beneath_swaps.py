"""What is swapped between two calls of the system, or at any time by another thread, leads nowhere outside a folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests import folders
from tests.folders import CANARY, INSIDE, PATH, descriptors, names, read, swapping
from tests.spools import ask, pbx_on, put
from ucmsim.http.reply import CutShort, Send
from ucmsim.recording import beneath
from ucmsim.recording.beneath import FileLater

root = folders.root  # a fixture


def swap_for_link(root: Path, place: Path) -> Callable[[], None]:
    """Return what puts a link to the same place outside *root* where *place* is."""

    def swap() -> None:
        place.rename(place.with_name("moved away"))
        place.symlink_to(root.parent / "outside" / place.relative_to(root))

    return swap


def swap_for_other(root: Path, place: Path) -> Callable[[], None]:
    """Return what puts a link in and the true one back again, so that a check before and one after see nothing."""

    def swap() -> None:
        swap_for_link(root, place)()
        place.unlink()
        place.with_name("moved away").rename(place)

    return swap


def reads_the_file(root: Path) -> bytes:
    return read(root, PATH) or b""


def reads_it_later(root: Path) -> bytes:
    file = beneath.opened(root, PATH)
    try:
        return b"".join(FileLater(root, PATH, file.identity, 0, file.length).chunks()) if file else b""
    except CutShort:
        return b""


def lists_everything(root: Path) -> bytes:
    found, waiting = [], [()]
    while waiting:
        path = waiting.pop()
        inside = list(beneath.entries(root, path, dated=True))
        found += [entry.name for entry in inside]
        waiting += [(*path, entry.name) for entry in inside if entry.is_directory]
    return "\n".join(found).encode()


def asks_for_directories(root: Path) -> bytes:
    return CANARY if beneath.is_directory(root, ("monitor", "canary")) else b""


def asks_a_pbx(root: Path) -> bytes:
    """Have the file served alone, as a member of a tar, and in a listing."""
    pbx, path = pbx_on(root), "/".join(PATH[1:])
    got = b""
    for query in (f"filename={path}", f"filename={path}@{path}", "filename=a.wav", "filedir=monitor@.", None):
        with suppress(CutShort):
            for piece in (
                piece for step in ask(pbx, query).steps if isinstance(step, Send) for piece in step.body.chunks()
            ):
                got += piece
    return got


PLACES = [PATH[: depth + 1] for depth in range(len(PATH))]


@pytest.mark.parametrize("swap", [swap_for_link, swap_for_other])
@pytest.mark.parametrize("place", PLACES, ids="/".join)
@pytest.mark.parametrize("act", [reads_the_file, reads_it_later, lists_everything, asks_for_directories, asks_a_pbx])
def test_a_swap_between_any_two_system_calls_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Path], bytes],
    place: tuple[str, ...], swap: Callable[[Path, Path], Callable[[], None]],
) -> None:  # fmt: skip
    """Before or after each call a part of the path becomes a link to outside: what comes is what was inside, or nothing."""
    before = descriptors()
    number, moments, swapped = 0, 1, 0
    seen: set[bytes] = set()
    while number < moments:
        folder = tmp_path / str(number)
        put(folder / "outside", {"/".join(PATH): CANARY, "monitor/canary/x": CANARY, "monitor/2013-12/canary": CANARY})
        root = put(folder / "spool", {"/".join(PATH): INSIDE})
        watched = swapping(monkeypatch, swap(root, root.joinpath(*place)), at=number)
        with watched as calls:
            got = act(root)
        moments = max(moments, 2 * len(calls))
        swapped += watched.done
        assert CANARY not in got
        seen.add(got)
        number += 1
    assert swapped == moments >= 4
    assert descriptors() == before
    if act in (reads_the_file, reads_it_later):
        assert INSIDE in seen
        assert seen <= {INSIDE, b""}


def test_the_check_can_fail(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that follows links at the last step reads the canary at one of these swaps."""
    monkeypatch.setattr(beneath, "_FILE", os.O_RDONLY)
    patched = pytest.MonkeyPatch()
    with swapping(patched, swap_for_link(root, root.joinpath(*PATH)), before="open of a.wav"):
        assert read(root, PATH) == CANARY


@pytest.mark.parametrize("place", PLACES, ids="/".join)
def test_a_race_leads_nowhere(root: Path, place: tuple[str, ...]) -> None:
    """While another thread swaps a part of the path for a link and back, all that is ever read is what was inside."""
    at = root.joinpath(*place)
    aside, link = at.with_name("aside"), at.with_name("link")
    link.symlink_to(root.parent / "outside" / "/".join(place))
    go, over = threading.Event(), threading.Event()

    def race() -> None:
        go.wait()
        for _ in range(400):
            at.rename(aside)
            link.rename(at)
            at.rename(link)
            aside.rename(at)
        over.set()

    racer = threading.Thread(target=race)
    racer.start()
    got: set[bytes | None] = set()
    listed: set[str] = set()
    go.set()
    while not over.is_set():
        got.add(read(root, PATH))
        listed |= names(root, PATH[:2])
    racer.join()
    assert got <= {INSIDE, None}
    assert listed <= {"a.wav", "aside", "link"}
    assert read(root, PATH) == INSIDE
