"""/recapi with names of files: one file, a tar of several, types, quirks, and what is not found. Spec 6."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import recorded
from tests.makers import at, header, request, spool_of
from tests.recorded import CALL, DIRECTORIES, EPOCH, LOCAL, MEETME, MONTH, ROOM, SOUND, SPOOL, H, switched, tarred
from tests.spools import NOT_FOUND, PAGE, ask, csv, file, pbx_on, put, response, whole
from ucmsim.appliance.pbx import Pbx
from ucmsim.recording.retrieval import RecApi, Retrieval

root, pbx = recorded.root, recorded.pbx  # fixtures


@pytest.mark.parametrize(
    ("query", "content"),
    [
        (f"filename={CALL.name}", SOUND[CALL.name]),
        (f"filedir=monitor&filename={CALL.name}", SOUND[CALL.name]),
        (f"filename={CALL.name}&filedir=monitor", SOUND[CALL.name]),
        (f"filename={CALL.name}@", SOUND[CALL.name]),
        (f"filename=@@{CALL.name}@", SOUND[CALL.name]),
        (f"FileName={CALL.name}", SOUND[CALL.name]),
        (f"filename={CALL.name}&&", SOUND[CALL.name]),
        ("filedir=meetme&filename=room.wav", b"room"),
        ("filedir=meetme@&filename=room.wav", b"room"),
        ("filedir=./meetme/&filename=room.wav", b"room"),
        (f"filedir=meetme&filename={ROOM.name}", SOUND[ROOM.name]),
        ("filedir=monitor_local&filename=local.wav", b"local"),
        ("filename=a%2Bb.wav", b"plus"),
        ("filename=a%2bb.wav", b"plus"),
        ("filename=x%231.wav", b"hash"),
        ("filename=x#1.wav", b"hash"),
        ("filename=%C3%BC.wav", b"umlaut"),
        ("filename=ü.wav", b"umlaut"),
        ("filename=a,b.wav", b"comma"),
        ("filename=a%2Cb.wav", b"comma"),
        ("filename=2013-12/late.wav", b"late"),
        ("filename=2013-12%2Flate.wav", b"late"),
        ("filename=./2013-12//late.wav", b"late"),
        ("filedir=monitor/2013-12&filename=late.wav", b"late"),
        ("filename=late.wav", b"late"),
        ("filename=notes/late.wav", b"no month"),
        ("filename=twice.wav", b"December"),
        (f"filename={MONTH.name}", SOUND[MONTH.name]),
        (f"filename=2013-11/{MONTH.name}", SOUND[MONTH.name]),
        (f"filename=2013-11/{MONTH.name}@", SOUND[MONTH.name]),
        (f"filename=gone.wav@{CALL.name}", SOUND[CALL.name]),
        (f"filename={CALL.name}@a b.wav@../x", SOUND[CALL.name]),
        (f"filename={CALL.name}%00.txt", SOUND[CALL.name]),
        ("filename=a%2Bb.wav%", None),
        ("filedir=monitor/nowhere&filename=late.wav", None),
        ("filedir=meetme&filename=late.wav", None),
        ("filename=gone.wav", None),
        ("filename=gone.wav@neither.wav", None),
        ("filename=A%2BB.WAV", None),
        ("filename=2013-12", None),
        ("filename=.", None),
        ("filename=note.txt/", None),
        ("filename=note.txt/.", None),
        ("filename=2013-12/", None),
        ("filename=top.wav", None),
        ("filename=@", None),
        ("filename=", None),
        ("filename", None),
        ("filedir=", None),
        ("filedir", None),
        ("filedir=&filename=note.txt", None),
        ("filename=a+b.wav", None),
        ("filename=a b.wav", None),
        ("filename=a%20b.wav", None),
        ("filename=..hidden..wav", None),
        ("filename=../spool/top.wav", None),
        ("filename=../../etc/passwd", None),
        ("filename=/etc/passwd", None),
        ("filename=/note.txt", None),
        ("filename=back\\slash.wav", None),
        ("filename=bell%07.wav", None),
        ("filename=note.txt%0A", None),
        ("filename=note.txt%7F", None),
        ("filename=note.txt&filename=note.txt", None),
        ("filename=note.txt&FILENAME=unavail.gsm", None),
        ("filedir=monitor&filedir=meetme", None),
        ("filedir=meetme&filename=room.wav&filedir=meetme", None),
        ("filedir=meetme@monitor&filename=room.wav", None),
        ("filedir=meetme@monitor&filename=x.wav", None),
        ("filedir=@&filename=note.txt", None),
        ("filedir=../spool/meetme&filename=room.wav", None),
        ("filedir=/meetme&filename=room.wav", None),
    ],
)
def test_one_file(pbx: Pbx, query: str, content: bytes | None) -> None:
    """What is found is sent as it is, and of several the only one; all else is the 404 page."""
    assert whole(ask(pbx, query)) == (NOT_FOUND if content is None else file(content))


@pytest.mark.parametrize(
    ("query", "files"),
    [
        (f"filename={CALL.name}@2013-12/late.wav", [(CALL.name, SOUND[CALL.name]), ("late.wav", b"late")]),
        ("filename=twice.wav@2013-11/twice.wav", [("twice.wav", b"December"), ("twice.wav", b"November")]),
        ("filename=note.txt@gone.wav@a b.wav@@unavail.gsm@", [("note.txt", b"a note\n"), ("unavail.gsm", b"gsm")]),
        ("filename=unavail.gsm@note.txt", [("unavail.gsm", b"gsm"), ("note.txt", b"a note\n")]),
        ("filename=note.txt@note.txt@./note.txt", [("note.txt", b"a note\n")] * 3),
        (f"filedir=meetme&filename=room.wav@{ROOM.name}", [("room.wav", b"room"), (ROOM.name, SOUND[ROOM.name])]),
        ("filename=%C3%BC.wav@a,b.wav", [("ü.wav", b"umlaut"), ("a,b.wav", b"comma")]),
    ],
)
def test_several_files_are_a_tar(pbx: Pbx, query: str, files: list[tuple[str, bytes]]) -> None:
    """Named by their base names, in the order of the request, without what is missing or not allowed."""
    assert whole(ask(pbx, query)) == tarred(EPOCH, *files)


def test_the_tar_is_named_after_the_second_of_the_request(pbx: Pbx) -> None:
    """It is PBX time, cut to the second."""
    reply = pbx.answer(request("/recapi?filename=note.txt@unavail.gsm"), at(61.9))
    assert header(reply, "Content-Disposition") == 'attachment; filename="1386092871.tar"'


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (f"2013-12/{'n' * 248}", True),
        (f"2013-12/{'n' * 249}", True),
        (f"2013-12/{'n' * 500}.wav", True),
        (f"2013-12/{'n' * 248}/../../..", True),
        (f"2013-12/{'n' * 248} ..", True),
        (f"2013-12/{'n' * 247}", False),
        (f"./2013-12/{'n' * 248}", False),
        ("n" * 300, False),
    ],
)
def test_a_name_is_cut_after_256_bytes(pbx: Pbx, name: str, found: bool) -> None:
    """What is beyond them is as if it had not been sent, and cannot make the name a bad one."""
    assert len("2013-12/" + "n" * 248) == 256
    assert whole(ask(pbx, f"filename={name}")) == (file(b"longest", "text/plain") if found else NOT_FOUND)


def test_letters_of_several_bytes_are_cut_as_bytes(tmp_path: Path) -> None:
    """256 bytes of them are 128 letters, or one letter less and a half."""
    put(tmp_path, {f"monitor/d/{'é' * 127}": b"even"})
    (tmp_path / os.fsdecode(b"monitor/dd/" + "é".encode() * 126 + b"\xc3")).parent.mkdir()
    (tmp_path / os.fsdecode(b"monitor/dd/" + "é".encode() * 126 + b"\xc3")).write_bytes(b"half")
    pbx = pbx_on(tmp_path)
    assert ask(pbx, f"filename=d/{'é' * 200}").body == b"even"
    assert ask(pbx, f"filename=dd/{'é' * 200}").body == b"half"


TYPES = {
    "a.wav": "audio/x-wav", "a.WAV": "audio/x-wav", "a.gsm": "text/gsm", "a.txt": "text/txt", "a": "text/plain", "a.": "text/plain",
    "a.mp3": "audio/mpeg", "a.JPG": "image/jpeg", "a.html": "text/html", "a.htm": "text/html", "a.xml": "text/xml", "a.b.bin": "application/octet-stream",
    "a.Ogg": "text/Ogg", ".wav": "audio/x-wav", "a.ü": "text/ü", "a.cfg": "text/plain",
}  # fmt: skip


@pytest.mark.quirk("file-type")
@pytest.mark.parametrize("name", TYPES)
def test_the_type_of_a_file_is_by_its_name(tmp_path: Path, name: str) -> None:
    """A table of Asterisk's, else text/ and the extension; with the quirk only a WAV has a type."""
    put(tmp_path, {f"monitor/{name}": b"x"})
    plain = "audio/x-wav" if name.lower().endswith(".wav") else "application/octet-stream"
    for value, kind in (("by-name", TYPES[name]), ("octet-stream", plain)):
        assert whole(ask(pbx_on(tmp_path, quirks={"file-type": value}), f"filename={name}")) == file(b"x", kind)


GOOD = f"filename={CALL.name}"
NOTE, GSM = ("note.txt", b"a note\n"), ("unavail.gsm", b"gsm")
CALLED = file(SOUND[CALL.name])


MARKS = {mark.args[0]: mark for mark in (
    pytest.mark.quirk("recapi-default-directory"),
    pytest.mark.quirk("recapi-many-directories"),
    pytest.mark.quirk("recapi-repeated-parameter"),
    pytest.mark.quirk("recapi-empty-parameter"),
    pytest.mark.quirk("recapi-unknown-parameter"),
    pytest.mark.quirk("parameter-case"),
    pytest.mark.quirk("recapi-empty-member"),
    pytest.mark.quirk("recapi-bad-name"),
    pytest.mark.quirk("recapi-name-limit"),
    pytest.mark.quirk("recapi-subdirectory"),
    pytest.mark.quirk("recapi-month-search"),
    pytest.mark.quirk("recapi-one-found"),
    pytest.mark.quirk("recapi-missing-member"),
    pytest.mark.quirk("recapi-not-found"),
    pytest.mark.quirk("recapi-cache-control"),
    pytest.mark.quirk("tar-name"),
    pytest.mark.quirk("tar-member-name"),
    pytest.mark.quirk("recapi-bad-directory"),
    pytest.mark.quirk("recapi-spool-directory"),
    pytest.mark.quirk("recapi-empty-list"),
    pytest.mark.quirk("recapi-same-file"),
    pytest.mark.quirk("wav-type"),
    pytest.mark.quirk("tar-type"),
)}  # fmt: skip


def quirk(name: str, usual: str | int, other: str | int, query: str, usually: bytes, otherwise: bytes) -> Any:
    """Return the case that *query* is answered *usually* in one way, and with the other value *otherwise*."""
    values = {usual: usually, other: otherwise}
    return pytest.param(name, query, values, marks=MARKS[name], id=f"{name}-{other}-{query[:40]}")


@pytest.mark.parametrize(
    ("name", "query", "values"),
    [
        quirk("recapi-default-directory", "monitor", "monitor_local", "filename=local.wav", NOT_FOUND, file(b"local")),
        quirk("recapi-default-directory", "monitor", "meetme", "filename=room.wav", NOT_FOUND, file(b"room")),
        quirk("recapi-default-directory", "monitor", "meetme", GOOD, CALLED, NOT_FOUND),
        quirk("recapi-default-directory", "monitor", "meetme", f"filedir=monitor&{GOOD}", CALLED, CALLED),
        quirk("recapi-default-directory", "monitor", "../spool/meetme", "filename=room.wav", NOT_FOUND, NOT_FOUND),
        quirk("recapi-default-directory", "monitor", "monitor/notes", "filename=late.wav", file(b"late"), file(b"no month")),
        quirk("recapi-many-directories", 404, "search", "filedir=meetme@monitor&filename=room.wav", NOT_FOUND, file(b"room")),
        quirk("recapi-many-directories", 404, "search", f"filedir=meetme@..@monitor&{GOOD}@room.wav", NOT_FOUND,
              tarred(EPOCH, (CALL.name, SOUND[CALL.name]), ("room.wav", b"room"))),
        quirk("recapi-many-directories", 404, "search", "filedir=meetme@monitor&filename=late.wav", NOT_FOUND, file(b"late")),
        quirk("recapi-many-directories", 404, "search", "filedir=meetme@monitor&filename=gone.wav", NOT_FOUND, NOT_FOUND),
        quirk("recapi-many-directories", 404, "search", "filedir=@&filename=note.txt", NOT_FOUND, NOT_FOUND),
        quirk("recapi-repeated-parameter", 404, "first", f"{GOOD}&filename=note.txt", NOT_FOUND, CALLED),
        quirk("recapi-repeated-parameter", 404, "first", "filedir=meetme&filedir=monitor", NOT_FOUND, csv(H, *MEETME)),
        quirk("recapi-empty-parameter", 404, "ignore", f"filedir=&{GOOD}", NOT_FOUND, CALLED),
        quirk("recapi-empty-parameter", 404, "ignore", "filename=&filedir=meetme", NOT_FOUND, csv(H, *MEETME)),
        quirk("recapi-empty-parameter", 404, "ignore", "filename", NOT_FOUND, csv("Directory", *DIRECTORIES)),
        quirk("recapi-unknown-parameter", "ignore", 404, f"{GOOD}&x=1", CALLED, NOT_FOUND),
        quirk("recapi-unknown-parameter", "ignore", 404, f"{GOOD}&", CALLED, NOT_FOUND),
        quirk("recapi-unknown-parameter", "ignore", 404, GOOD, CALLED, CALLED),
        quirk("parameter-case", "any", "exact", f"FileName={CALL.name}", CALLED, csv("Directory", *DIRECTORIES)),
        quirk("recapi-empty-member", "ignore", 404, f"{GOOD}@", CALLED, NOT_FOUND),
        quirk("recapi-empty-member", "ignore", 404, "filedir=meetme@", csv(H, *MEETME), NOT_FOUND),
        quirk("recapi-empty-member", "ignore", 404, GOOD, CALLED, CALLED),
        quirk("recapi-bad-name", "skip", 404, f"{GOOD}@a b.wav", CALLED, NOT_FOUND),
        quirk("recapi-bad-name", "skip", 404, f"filename=../x@{CALL.name}", CALLED, NOT_FOUND),
        quirk("recapi-bad-name", "skip", 404, f"{GOOD}@gone.wav", CALLED, CALLED),
        quirk("recapi-name-limit", 256, "none", f"filename=2013-12/{'n' * 249}", file(b"longest", "text/plain"), NOT_FOUND),
        quirk("recapi-name-limit", 256, 8, "filename=note.txt.wav", NOT_FOUND, file(b"a note\n", "text/txt")),
        quirk("recapi-name-limit", 256, 1, "filename=note.txt", file(b"a note\n", "text/txt"), NOT_FOUND),
        quirk("recapi-subdirectory", "accept", "refuse", "filename=2013-12/late.wav", file(b"late"), NOT_FOUND),
        quirk("recapi-subdirectory", "accept", "refuse", f"{GOOD}@2013-12/late.wav",
              tarred(EPOCH, (CALL.name, SOUND[CALL.name]), ("late.wav", b"late")), CALLED),
        quirk("recapi-month-search", "search", "none", "filename=late.wav", file(b"late"), NOT_FOUND),
        quirk("recapi-month-search", "search", "none", "filename=2013-12/late.wav", file(b"late"), file(b"late")),
        quirk("recapi-one-found", "file", "tar", f"{GOOD}@gone.wav", CALLED, tarred(EPOCH, (CALL.name, SOUND[CALL.name]))),
        quirk("recapi-one-found", "file", "tar", f"{GOOD}@a b.wav", CALLED, tarred(EPOCH, (CALL.name, SOUND[CALL.name]))),
        quirk("recapi-one-found", "file", "tar", f"{GOOD}@", CALLED, CALLED),
        quirk("recapi-missing-member", "skip", 404, f"{GOOD}@gone.wav", CALLED, NOT_FOUND),
        quirk("recapi-missing-member", "skip", 404, "filename=note.txt@gone.wav@unavail.gsm", tarred(EPOCH, NOTE, GSM), NOT_FOUND),
        quirk("recapi-missing-member", "skip", 404, "filename=note.txt@a b.wav@unavail.gsm", *[tarred(EPOCH, NOTE, GSM)] * 2),
        quirk("recapi-not-found", 404, 200, "filename=gone.wav", NOT_FOUND, response(PAGE, "Content-type: text/html")),
        quirk("recapi-not-found", 404, 200, "filename=", NOT_FOUND, response(PAGE, "Content-type: text/html")),
        quirk("recapi-cache-control", "sent", "omitted", GOOD, CALLED, CALLED.replace(b"Cache-Control: no-cache, no-store\r\n", b"")),
        quirk("recapi-cache-control", "sent", "omitted", "filename=note.txt@unavail.gsm", tarred(EPOCH, NOTE, GSM),
              tarred(EPOCH, NOTE, GSM).replace(b"Cache-Control: no-cache, no-store\r\n", b"")),
        quirk("recapi-cache-control", "sent", "omitted", "filedir=meetme", *[csv(H, *MEETME)] * 2),
        quirk("recapi-cache-control", "sent", "omitted", "filename=gone.wav", NOT_FOUND, NOT_FOUND),
        quirk("tar-name", "epoch", "date", "filename=note.txt@unavail.gsm", tarred(EPOCH, NOTE, GSM), tarred("20131203174650", NOTE, GSM)),
        quirk("tar-name", "epoch", "none", "filename=note.txt@unavail.gsm", tarred(EPOCH, NOTE, GSM), tarred(None, NOTE, GSM)),
        quirk("tar-member-name", "base", "path", "filename=note.txt@late.wav", tarred(EPOCH, NOTE, ("late.wav", b"late")),
              tarred(EPOCH, ("monitor/note.txt", b"a note\n"), ("monitor/2013-12/late.wav", b"late"))),
        quirk("recapi-bad-directory", "nothing", 404, "filedir=../spool/meetme@monitor_local", csv(H, *LOCAL), NOT_FOUND),
        quirk("recapi-bad-directory", "nothing", 404, "filedir=/meetme", csv(H), NOT_FOUND),
        quirk("recapi-bad-directory", "nothing", 404, "filedir=a b\\c", csv(H), csv(H)),
        quirk("recapi-bad-directory", "nothing", 404, "filedir=./meetme", *[csv(H, *MEETME)] * 2),
        quirk("recapi-spool-directory", "spool", "missing", "filedir=.&filename=top.wav", file(b"top"), NOT_FOUND),
        quirk("recapi-spool-directory", "spool", "missing", "filedir=.@..", csv(H, *SPOOL), csv(H)),
        quirk("recapi-empty-list", "nothing", 404, "filedir=@", csv(H), NOT_FOUND),
        quirk("recapi-empty-list", "nothing", 404, "filename=@@", NOT_FOUND, NOT_FOUND),
        quirk("recapi-same-file", "twice", "once", "filename=note.txt@note.txt", tarred(EPOCH, NOTE, NOTE), file(*NOTE[1:], "text/txt")),
        quirk("recapi-same-file", "twice", "once", "filename=note.txt@unavail.gsm@./note.txt", tarred(EPOCH, NOTE, GSM, NOTE), tarred(EPOCH, NOTE, GSM)),
        quirk("wav-type", "audio/x-wav", "audio/wav", GOOD, CALLED, CALLED.replace(b"audio/x-wav", b"audio/wav")),
        quirk("wav-type", "audio/x-wav", "audio/wav", "filename=note.txt", *[file(b"a note\n", "text/txt")] * 2),
        quirk("tar-type", "application/x-tar", "text/plain", "filename=note.txt@unavail.gsm", tarred(EPOCH, NOTE, GSM),
              tarred(EPOCH, NOTE, GSM).replace(b"application/x-tar", b"text/plain")),
    ],
)  # fmt: skip
def test_a_quirk_of_files(root: Path, name: str, query: str, values: Mapping[str | int, bytes]) -> None:
    """Each value of a row is answered as its statement has it, to the byte."""
    for value, due in values.items():
        assert whole(ask(switched(root, name, value), query)) == due, value


def test_a_folder_that_is_gone_leaves_the_recordings(tmp_path: Path) -> None:
    """They are served, and what a user had there is not found."""
    pbx = pbx_on(tmp_path / "gone", CALL, MONTH)
    assert whole(ask(pbx)) == csv("Directory", "monitor", "monitor/2013-11")
    assert whole(ask(pbx, "filedir=monitor/2013-11")) == csv(H, f"monitor/2013-11,{MONTH.name}")
    assert whole(ask(pbx, GOOD)) == CALLED
    assert whole(ask(pbx, "filename=note.txt")) == NOT_FOUND


def test_what_is_no_file_is_not_found(tmp_path: Path) -> None:
    """A pipe is listed, and nobody waits for it."""
    put(tmp_path, {"monitor/a": b""})
    os.mkfifo(tmp_path / "monitor/pipe")
    pbx = pbx_on(tmp_path)
    assert whole(ask(pbx, "filedir=monitor")) == csv(H, "monitor,a", "monitor,pipe")
    assert whole(ask(pbx, "filename=pipe")) == NOT_FOUND


def test_a_tar_that_is_named_by_a_date_has_local_time(root: Path) -> None:
    """It is the wall clock of the PBX's zone."""
    pbx = switched(root, "tar-name", "date")
    handler = RecApi(spool_of(pbx.history, root), pbx.quirks, ZoneInfo("America/Chicago"))
    asked = handler(request("/recapi?filename=note.txt@unavail.gsm"), at())
    assert isinstance(asked, Retrieval)
    assert dict(asked.content().headers)["Content-Disposition"] == 'attachment; filename="20131203114650.tar"'
