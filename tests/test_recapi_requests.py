"""How /recapi is asked: methods, forms, paths, checks before it, and the longest lists. Spec 2.5, 2.9, 6."""

from __future__ import annotations

import os
import tarfile
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests import recorded
from tests.asking import sent
from tests.makers import ACCOUNT, STRANGER, Client, at, header, request
from tests.recorded import CALL, DIRECTORIES, MEETME, H, switched
from tests.spools import NOT_FOUND, PAGE, ask, csv, file, pbx_on, put, response, standing_in, whole
from ucmsim.appliance.pbx import Pbx
from ucmsim.recording import beneath

root, pbx = recorded.root, recorded.pbx  # fixtures


@pytest.mark.parametrize(
    "query", [None, "filedir=meetme", f"filename={CALL.name}", "filename=note.txt@unavail.gsm", "filename=gone.wav"]
)
def test_head_is_the_head_alone(pbx: Pbx, query: str | None) -> None:
    """With the true Content-Length; only an error has its page all the same. Spec 2.5."""
    got, due = ask(pbx, query, "HEAD"), ask(pbx, query)
    assert got.head == due.head
    assert got.body == (PAGE if query == "filename=gone.wav" else b"")


def test_a_head_holds_no_file_open(pbx: Pbx) -> None:
    """The body that is not sent is not kept either."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    heads = [ask(pbx, "filename=note.txt", "HEAD") for _ in range(100)]
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert {header(head, "Content-Length") for head in heads} == {"7"}


@pytest.mark.parametrize(
    ("query", "form", "due"),
    [
        (None, b"filename=x%231.wav", file(b"hash")),
        ("filename=gone.wav", b"filedir=meetme&filename=room.wav", file(b"room")),
        (None, b"filedir=meetme", csv(H, *MEETME)),
        (None, b"filename=note.txt&filename=note.txt", NOT_FOUND),
        (None, b"filename=", NOT_FOUND),
        ("filename=note.txt", b"x=1", csv("Directory", *DIRECTORIES)),
        (None, b"filename=" + b"a@" * 507 + b"@", NOT_FOUND),
        (None, b"filename=" + b"a@" * 508, response(b"", status="413 Request Entity Too Large")),
    ],
)  # fmt: skip
def test_a_form_is_taken_like_a_query(pbx: Pbx, query: str | None, form: bytes, due: bytes) -> None:
    """It replaces the parameters of the URI, and may have 1024 bytes. Spec 0b."""
    assert whole(ask(pbx, query, "POST", form=form)) == due


def test_a_form_of_another_type_has_no_parameters(pbx: Pbx) -> None:
    """What is left is a request without any."""
    reply = ask(pbx, "filename=note.txt", "POST", form=b"filename=note.txt", content_type="application/json")
    assert whole(reply) == csv("Directory", *DIRECTORIES)


@pytest.mark.parametrize("target", ["/RecAPI?filedir=meetme", "/recapi/?filedir=meetme", "/%72ecapi/?filedir=meetme"])
def test_the_path_is_matched_loosely(pbx: Pbx, target: str) -> None:
    """In any letter case, and with one slash at its end."""
    assert whole(pbx.answer(request(target), at())) == csv(H, *MEETME)


def test_the_checks_come_first(root: Path) -> None:
    """A stranger, a method and missing credentials are told before anything is looked for. Spec 2.9."""
    pbx = pbx_on(root, CALL, api=ACCOUNT)
    for query in (None, "filedir=meetme", "filename=note.txt", "filename="):
        target = "/recapi" + (f"?{query}" if query else "")
        assert ask(pbx, query, peer=STRANGER).status == 403
        assert ask(pbx, query, "DELETE").status == 501
        assert ask(pbx, query).status == 401
        assert Client(pbx).ask(target).status == (404 if query == "filename=" else 200)


FORM = b"POST /recapi HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"


def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what is asked of the system from now on."""
    counts = Counter[str]()

    def counting(name: str) -> Callable[..., Any]:
        def counted(*args: Any, **more: Any) -> Any:
            counts[name] += 1
            return getattr(os, name)(*args, **more)

        return counted

    monkeypatch.setattr(beneath, "os", standing_in(**{name: counting(name) for name in ("open", "stat", "scandir")}))
    return counts


@pytest.mark.parametrize("kind", ["missing", "there", "the same"])
def test_ten_thousand_members_are_looked_up_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The work grows with the names, not with what is in the directory, and no descriptor is held for any of them."""
    many = 10_000
    names = ["a"] * many if kind == "the same" else [f"{number:05}" for number in range(many)]
    if kind != "missing":
        put(tmp_path, {f"monitor/{name}": name.encode() for name in set(names[:2000])})
    put(tmp_path, {f"monitor/2013-{month:02}/x": b"" for month in range(1, 4)})
    pbx = pbx_on(tmp_path, quirks={"form-limit": "none"})
    form = ("filename=" + "@".join(names)).encode()
    before = len(list(Path("/proc/self/fd").iterdir()))
    counts = counted(monkeypatch)
    reply = sent(pbx, FORM % len(form) + form)
    held = len(list(Path("/proc/self/fd").iterdir())) - before
    assert counts["scandir"] <= 1
    assert counts["open"] <= 20 * len(set(names)) + 10
    assert held == 0
    if kind == "missing":
        assert reply.status == 404
        assert reply.note.endswith("; and 9995 more")
        return
    monkeypatch.undo()
    with tarfile.open(fileobj=BytesIO(reply.body)) as archive:
        assert len(archive.getnames()) == (many if kind == "the same" else 2000)


@pytest.mark.quirk("form-limit")
def test_a_form_may_name_ten_thousand_files(tmp_path: Path) -> None:
    """By default it is too large; where the quirk lifts the limit, the last of them is found."""
    put(tmp_path, {"monitor/09999": b"last"})
    form = ("filename=" + "@".join(f"{number:05}" for number in range(10_000))).encode()
    for limit, due in (
        (1024, response(b"", status="413 Request Entity Too Large")),
        ("none", file(b"last", "text/plain")),
    ):
        assert whole(sent(pbx_on(tmp_path, quirks={"form-limit": limit}), FORM % len(form) + form)) == due


def test_a_request_line_is_cut(tmp_path: Path) -> None:
    """What is beyond its 4095 bytes is no part of the list. Spec 0b."""
    put(tmp_path, {"monitor/a": b"a", "monitor/z": b"z"})
    pbx = pbx_on(tmp_path)
    front = b"GET /recapi?filename="
    room = 4095 - len(front)
    assert (
        whole(sent(pbx, front + b"z@" * ((room - 1) // 2) + b"@" * 9 + b"a HTTP/1.1\r\n\r\n")).count(b"ustar")
        == (room - 1) // 2
    )
    assert whole(sent(pbx, front + b"@" * (room - 1) + b"az HTTP/1.1\r\n\r\n")) == file(b"a", "text/plain")
    assert whole(sent(pbx, front + b"@" * room + b"a HTTP/1.1\r\n\r\n")) == NOT_FOUND


@pytest.mark.quirk("plus")
def test_a_plus_may_stay_a_plus(root: Path) -> None:
    """By default it is a space, which no name may have."""
    raw = b"GET /recapi?filename=a+b.wav HTTP/1.1\r\n\r\n"
    assert whole(sent(switched(root, "plus", "space"), raw)) == NOT_FOUND
    assert whole(sent(switched(root, "plus", "plus"), raw)) == file(b"plus")
