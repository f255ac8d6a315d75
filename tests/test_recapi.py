"""/recapi: requests in, whole replies out. What it lists, what it sends, and what it does not find. Spec 6."""

from __future__ import annotations

import errno
import os
import tarfile
from collections import Counter
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.asking import sent
from tests.makers import ACCOUNT, STRANGER, VOICES, Client, at, crc_of, header, request, spool_of
from tests.spools import NOT_FOUND, PAGE, WRITTEN, ask, csv, file, pbx_on, put, response, standing_in, whole
from ucmsim.appliance.pbx import Pbx
from ucmsim.http.reply import Bytes
from ucmsim.recording import beneath
from ucmsim.recording.audio import wav
from ucmsim.recording.retrieval import RecApi, Retrieval
from ucmsim.recording.tarball import Member, tar
from ucmsim.store.records import Recording

CALL = Recording("monitor", "auto-1414771234-1000-1004.wav", WRITTEN, samples=400)
MONTH = Recording("monitor/2013-11", "auto-1384000000-1000-1001.wav", WRITTEN, samples=80)
ROOM = Recording("meetme", "meetme-conf-rec-6300-1411501234.0-0.wav", WRITTEN, samples=80)
MESSAGE = Recording("voicemail/default/5000/INBOX", "msg0000.txt", WRITTEN, text="[message]\n")
SOUND = {
    one.name: b"".join(wav(VOICES, crc_of(one.path), one.samples).chunks())
    for one in (CALL, MONTH, ROOM)
    if one.samples
}

FILES = {
    "monitor/note.txt": b"a note\n",
    "monitor/a+b.wav": b"plus",
    "monitor/a b.wav": b"blank",
    "monitor/x#1.wav": b"hash",
    "monitor/unavail.gsm": b"gsm",
    "monitor/ü.wav": b"umlaut",
    "monitor/a,b.wav": b"comma",
    "monitor/..hidden..wav": b"dots",
    "monitor/back\\slash.wav": b"backslash",
    "monitor/bell\a.wav": b"control",
    "monitor/2013-12/late.wav": b"late",
    "monitor/2013-12/twice.wav": b"December",
    "monitor/2013-11/twice.wav": b"November",
    "monitor/notes/late.wav": b"no month",
    f"monitor/2013-12/{'n' * 248}": b"longest",
    "monitor_local/local.wav": b"local",
    "meetme/room.wav": b"room",
    "top.wav": b"top",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spool of these tests, which leave it as it is."""
    return put(tmp_path_factory.mktemp("recapi") / "spool", FILES)


@pytest.fixture(scope="module")
def pbx(root: Path) -> Pbx:
    return pbx_on(root, CALL, MONTH, ROOM, MESSAGE)


def switched(root: Path, quirk: str, value: str | int) -> Pbx:
    """Return the same PBX with one quirk."""
    return pbx_on(root, CALL, MONTH, ROOM, MESSAGE, quirks={quirk: value}, time_zone="UTC")


def tarred(stamp: str | None, *files: tuple[str, bytes]) -> bytes:
    """Return the whole response that is a tar of *files*; `test_tarball` knows what that is."""
    body = b"".join(tar(Member(name, WRITTEN, Bytes(content)) for name, content in files).chunks())
    named = [f'Content-Disposition: attachment; filename="{stamp}.tar"'] if stamp else []
    return response(body, "Content-type: application/x-tar", *named)


EPOCH = "1386092810"


# Case 1: no parameter


DIRECTORIES = (
    "meetme", "monitor", "monitor/2013-11", "monitor/2013-12", "monitor/notes", "monitor_local",
    "voicemail", "voicemail/default", "voicemail/default/5000", "voicemail/default/5000/INBOX",
)  # fmt: skip


@pytest.mark.parametrize("query", [None, "", "&&", "x=1", "filename2=x"])
def test_without_parameters_the_directories_are_listed(pbx: Pbx, query: str | None) -> None:
    """All of them, one on a line, sorted, also when what is asked for means nothing."""
    assert whole(ask(pbx, query)) == csv("Directory", *DIRECTORIES)


@pytest.mark.quirk("spool-listing")
def test_the_list_of_directories_may_have_a_second_column(root: Path) -> None:
    """By default there is one; with the quirk Filename stays, empty."""
    assert whole(ask(switched(root, "spool-listing", "directory"))) == csv("Directory", *DIRECTORIES)
    wide = ("Directory,Filename", *(f"{name}," for name in DIRECTORIES))
    assert whole(ask(switched(root, "spool-listing", "directory-filename"))) == csv(*wide)


# Case 2: directories


MEETME = ("meetme,meetme-conf-rec-6300-1411501234.0-0.wav", "meetme,room.wav")
LOCAL = ("monitor_local,local.wav",)
VOICEMAIL = (
    "voicemail,default", "voicemail/default,5000", "voicemail/default/5000,INBOX", "voicemail/default/5000/INBOX,msg0000.txt",
)  # fmt: skip
MONITOR = (
    "monitor,..hidden..wav", "monitor,2013-11", "monitor,2013-12", "monitor,a b.wav", "monitor,a+b.wav", "monitor,a,b.wav",
    "monitor,auto-1414771234-1000-1004.wav", "monitor,back\\slash.wav", "monitor,bell\a.wav", "monitor,note.txt",
    "monitor,notes", "monitor,unavail.gsm", "monitor,x#1.wav", "monitor,ü.wav",
)  # fmt: skip
BELOW_MONITOR = (
    "monitor/2013-11,auto-1384000000-1000-1001.wav", "monitor/2013-11,twice.wav",
    "monitor/2013-12,late.wav", f"monitor/2013-12,{'n' * 248}", "monitor/2013-12,twice.wav", "monitor/notes,late.wav",
)  # fmt: skip
SPOOL = (
    ".,meetme", ".,monitor", ".,monitor_local", ".,top.wav", ".,voicemail",
    *MEETME, *MONITOR, *BELOW_MONITOR, *LOCAL, *VOICEMAIL,
)  # fmt: skip
H = "Directory,Filename"


@pytest.mark.parametrize(
    ("filedir", "lines"),
    [
        ("meetme", MEETME),
        ("monitor", (*MONITOR, *BELOW_MONITOR)),
        ("voicemail", VOICEMAIL),
        ("voicemail/default/5000", VOICEMAIL[2:]),
        ("monitor_local@meetme", (*LOCAL, *MEETME)),
        ("meetme@monitor_local@voicemail", (*MEETME, *LOCAL, *VOICEMAIL)),
        ("meetme@meetme", (*MEETME, *MEETME)),
        ("meetme@nowhere@monitor_local", (*MEETME, *LOCAL)),
        ("@meetme@@monitor_local@", (*MEETME, *LOCAL)),
        ("@", ()),
        ("nowhere", ()),
        ("nowhere@neither", ()),
        ("meetme/", MEETME),
        ("./voicemail//default/./5000/", VOICEMAIL[2:]),
        ("/meetme", ()),
        ("..", ()),
        ("meetme/../meetme", ()),
        ("a..b@meetme", MEETME),
        ("%2e%2e/spool/meetme", ()),
        ("meetme/room.wav", ()),
        ("MEETME", ()),
        ("meetme%00/../..", MEETME),
    ],
)
def test_contents_of_directories(pbx: Pbx, filedir: str, lines: tuple[str, ...]) -> None:
    """One header, then the entries of each directory and of those below it, in the order of the request."""
    assert whole(ask(pbx, f"filedir={filedir}")) == csv(H, *lines)


def test_the_spool_itself_is_listed_by_a_name_that_can_be_used_again(pbx: Pbx) -> None:
    """Its Directory is a dot, and so is the filedir that leads to it; every other Directory is a filedir too."""
    assert whole(ask(pbx, "filedir=.")) == csv(H, *SPOOL)
    assert whole(ask(pbx, "filedir=.&filename=top.wav")) == file(b"top")


def test_a_name_that_breaks_its_line_is_sent_raw(tmp_path: Path) -> None:
    """The device quotes nothing: not a comma, not a line feed, not a byte that is no text."""
    (tmp_path / "monitor").mkdir()
    (tmp_path / os.fsdecode(b'monitor/\xff,"\r\n\xc3\xbc.wav')).write_bytes(b"")
    assert ask(pbx_on(tmp_path), "filedir=monitor").body == b'Directory,Filename\nmonitor,\xff,"\r\n\xc3\xbc.wav\n'


@pytest.mark.quirk("listing")
def test_a_listing_may_be_flat(root: Path) -> None:
    """By default it descends; with the quirk it has the entries of the directory itself."""
    assert whole(ask(switched(root, "listing", "recursive"), "filedir=voicemail")) == csv(H, *VOICEMAIL)
    assert whole(ask(switched(root, "listing", "flat"), "filedir=voicemail@meetme")) == csv(H, VOICEMAIL[0], *MEETME)


@pytest.mark.quirk("listing-header")
@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("once", (H, *MEETME, *LOCAL)),
        ("each", (H, *MEETME, H, H, *LOCAL)),
    ],
)
def test_each_directory_may_have_a_header(root: Path, value: str, lines: tuple[str, ...]) -> None:
    """By default there is one header; with the quirk there is one before each, also where nothing follows."""
    pbx = switched(root, "listing-header", value)
    assert whole(ask(pbx, "filedir=meetme@nowhere@monitor_local")) == csv(*lines)
    assert whole(ask(pbx, "filedir=meetme")) == csv(H, *MEETME)
    assert whole(ask(pbx, "filedir=@")) == csv(H)
    assert whole(ask(pbx)) == csv("Directory", *DIRECTORIES)


@pytest.mark.quirk("listing-line-end")
@pytest.mark.parametrize(("value", "end"), [("lf", "\n"), ("crlf", "\r\n")])
def test_lines_of_a_listing_may_end_with_cr_too(root: Path, value: str, end: str) -> None:
    """By default a line feed ends them, in both kinds of listing."""
    pbx = switched(root, "listing-line-end", value)
    assert ask(pbx, "filedir=meetme").body.decode() == end.join([H, *MEETME, ""])
    assert ask(pbx).body.decode() == end.join(["Directory", *DIRECTORIES, ""])


@pytest.mark.quirk("listing-directory")
def test_the_directory_column_may_have_the_last_part_only(root: Path) -> None:
    """By default it can be used as filedir; with the quirk it is the last part of the path."""
    short = ("voicemail,default", "default,5000", "5000,INBOX", "INBOX,msg0000.txt")
    assert whole(ask(switched(root, "listing-directory", "path"), "filedir=voicemail")) == csv(H, *VOICEMAIL)
    assert whole(ask(switched(root, "listing-directory", "name"), "filedir=voicemail")) == csv(H, *short)
    assert ask(switched(root, "listing-directory", "name"), "filedir=.").body.startswith(
        b"Directory,Filename\n.,meetme\n"
    )


@pytest.mark.quirk("listing-order")
def test_the_newest_may_come_first(tmp_path: Path) -> None:
    """By default entries are sorted by name; with the quirk by time, and by name where that is the same."""
    put(tmp_path, {f"monitor/{name}": b"" for name in "abc"})
    os.utime(tmp_path / "monitor/b", (WRITTEN + 9, WRITTEN + 9))
    for value, names in (("name", "abc"), ("newest", "bac")):
        listed = ask(pbx_on(tmp_path, quirks={"listing-order": value}), "filedir=monitor")
        assert whole(listed) == csv(H, *(f"monitor,{name}" for name in names))


@pytest.mark.quirk("listing-entries")
def test_a_listing_names_directories_too_or_files_only(root: Path) -> None:
    """Below directories that are not named their files are, when it is recursive."""
    for value, lines in (("all", VOICEMAIL), ("files", [line for line in VOICEMAIL if line.endswith(".txt")])):
        assert whole(ask(switched(root, "listing-entries", value), "filedir=voicemail")) == csv(H, *lines)
    assert len(VOICEMAIL) > 1
    flat = pbx_on(root, MESSAGE, quirks={"listing-entries": "files", "listing": "flat"})
    assert whole(ask(flat, "filedir=voicemail")) == csv(H)


@pytest.mark.quirk("listing-quoting")
def test_fields_of_a_listing_are_quoted_or_not(tmp_path: Path) -> None:
    """By default a comma in a name makes one field more, and a quote is a character; quoted, a CSV reader gets them."""
    put(tmp_path, {f"monitor/x,y/{name}": b"" for name in ('a"b.wav', "c,d.wav", "e.wav")})
    raw = csv(H, 'monitor/x,y,a"b.wav', "monitor/x,y,c,d.wav", "monitor/x,y,e.wav")
    quoted = csv(H, '"monitor/x,y","a""b.wav"', '"monitor/x,y","c,d.wav"', '"monitor/x,y",e.wav')
    for value, lines in (("none", raw), ("rfc4180", quoted)):
        assert whole(ask(pbx_on(tmp_path, quirks={"listing-quoting": value}), "filedir=monitor/x,y")) == lines
    directories = ask(pbx_on(tmp_path, quirks={"listing-quoting": "rfc4180"}))
    assert whole(directories) == csv("Directory", "monitor", '"monitor/x,y"')


@pytest.mark.quirk("recapi-missing-directory")
@pytest.mark.parametrize(
    "filedir", ["nowhere", "meetme@nowhere", "../spool/meetme@meetme", "/meetme", "meetme/room.wav"]
)
def test_a_missing_directory_may_be_a_404(root: Path, filedir: str) -> None:
    """By default it lists nothing; with the quirk one that is missing is enough for a 404."""
    found = MEETME if "@" in filedir else ()
    assert whole(ask(switched(root, "recapi-missing-directory", "nothing"), f"filedir={filedir}")) == csv(H, *found)
    strict = switched(root, "recapi-missing-directory", 404)
    assert whole(ask(strict, f"filedir={filedir}")) == NOT_FOUND
    assert whole(ask(strict, "filedir=meetme@monitor_local@meetme")) == csv(H, *MEETME, *LOCAL, *MEETME)


@pytest.mark.quirk("content-type")
def test_a_listing_may_be_plain_text(root: Path) -> None:
    """Like all CSV of such a firmware; a file has the type of its own."""
    pbx = switched(root, "content-type", "plain")
    assert [header(ask(pbx, query), "Content-type") for query in (None, "filedir=meetme")] == ["text/plain"] * 2
    assert whole(ask(pbx, "filedir=meetme&filename=room.wav")) == file(b"room")


# Cases 3 and 4: files


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


# Methods and the checks before


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


# Types


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


# Quirks of files


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


# What is told on the side


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("filename=gone.wav", "there is no 'gone.wav'"),
        ("filename=a+b.wav", "'a b.wav' is not allowed: there is a space in it; a '+' that is meant must be sent as %2B"),
        ("filename=../x", "'../x' is not allowed: there are two dots in it"),
        ("filename=/x", "'/x' is not allowed: it begins with a slash or has a backslash"),
        ("filename=a%0Ab", "'a\nb' is not allowed: there is a control character in it"),
        ("filename=@", "no file is asked for"),
        ("filename=", "'filename' is empty"),
        ("filename=a&filename=b", "'filename' is given twice"),
        ("filedir=a@b&filename=c", "files are looked for in one directory, and 'filedir' names 2"),
        ("filedir=nowhere", "there is no directory 'nowhere'"),
        ("filedir=meetme@nowhere@nowhere", "there is no directory 'nowhere'"),
        ("filedir=../x", "a directory would lead out of the spool"),
        ("filename=gone.wav@note.txt@gone.wav", "there is no 'gone.wav'"),
        ("filename=1@2@3@4@5@6@7", "there is no '1'; there is no '2'; there is no '3'; there is no '4'; there is no '5'; and 2 more"),
        ("filename=note.txt", ""),
        ("filedir=meetme", ""),
        ("filname=note.txt", "'filname' is not a parameter of /recapi and is passed over; did you mean 'filename'?"),
        ("x=1&filename=note.txt&x=2", "'x' is not a parameter of /recapi and is passed over"),
        ("&filename=note.txt&", ""),
        ("x=1&filename=gone.wav", "'x' is not a parameter of /recapi and is passed over; there is no 'gone.wav'"),
        ("x=1&filename=@", "'x' is not a parameter of /recapi and is passed over; no file is asked for"),
        ("filename=a&filename=b&x=1", "'filename' is given twice; 'x' is not a parameter of /recapi and is passed over"),
        ("FILENAME=gone.wav", "there is no 'gone.wav'"),
        ("filename=monitor/2019-12/x.wav", "there is no 'monitor/2019-12/x.wav'; 'monitor' is filedir's default, so leave it out of the name"),
        ("filedir=meetme&filename=meetme/x.wav", "there is no 'meetme/x.wav'; 'meetme' is looked in already, so leave it out of the name"),
    ],
)  # fmt: skip
def test_what_is_not_found_is_explained(pbx: Pbx, query: str, said: str) -> None:
    """The log says what the wire does not."""
    assert ask(pbx, query).note == said


def test_names_of_no_parameter_are_told_as_the_register_has_it(tmp_path: Path) -> None:
    """Where one is answered with 404 the sentence is that of the refusal; letter case counts where the register says so."""
    pbx = pbx_on(tmp_path, quirks={"recapi-unknown-parameter": 404})
    assert ask(pbx, "filname=x&y=1").note == "'filname' is not a parameter of /recapi"
    pbx = pbx_on(tmp_path, quirks={"parameter-case": "exact"})
    said = "'FileName' is not a parameter of /recapi and is passed over; did you mean 'filename'?"
    assert ask(pbx, "FileName=x").note == said
    assert ask(pbx, "&".join(f"x{number}=1" for number in range(900))).note.count("passed over") == 5


def test_links_are_told(tmp_path: Path) -> None:
    """A link to a file or a directory is not followed, and the log says that this is why nothing is found."""
    pbx = pbx_on(put(tmp_path, {"monitor/a.wav": b"a"}))
    (tmp_path / "monitor/link.wav").symlink_to("a.wav")
    (tmp_path / "linked").symlink_to("monitor")
    for query, link in (
        ("filename=link.wav", "monitor/link.wav"),
        ("filedir=linked&filename=a.wav", "linked"),
        ("filedir=linked", "linked"),
    ):
        assert ask(pbx, query).note == f"'{link}' is a link, and links are not followed"
    assert ask(pbx, "filename=a.wav/b.wav").note == "there is no 'a.wav/b.wav'"


def test_what_cannot_be_read_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a 404 like what is missing, or lists nothing, and the log says why."""
    pbx = pbx_on(put(tmp_path, {"monitor/a.wav": b"a", "monitor/b.wav": b"b", "meetme/c.wav": b"c"}))
    usual = os.open

    def refusing(path: object, *args: Any, **more: Any) -> int:
        if path in {b"a.wav", b"meetme"}:
            raise PermissionError(errno.EACCES, "Permission denied")
        return usual(path, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(beneath, "os", standing_in(open=refusing))
    alone = ask(pbx, "filename=a.wav")
    assert (whole(alone), alone.note) == (NOT_FOUND, "'monitor/a.wav' cannot be read: Permission denied")
    other = ask(pbx, "filename=a.wav@b.wav")
    assert (whole(other), other.note) == (file(b"b"), "'monitor/a.wav' cannot be read: Permission denied")
    listed = ask(pbx, "filedir=meetme")
    assert (whole(listed), listed.note) == (csv(H), "'meetme' cannot be read: Permission denied")


# While it runs, and what it costs


FORM = b"POST /recapi HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"


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


def test_a_tar_that_is_named_by_a_date_has_local_time(root: Path) -> None:
    """It is the wall clock of the PBX's zone."""
    pbx = switched(root, "tar-name", "date")
    handler = RecApi(spool_of(pbx.history, root), pbx.quirks, ZoneInfo("America/Chicago"))
    asked = handler(request("/recapi?filename=note.txt@unavail.gsm"), at())
    assert isinstance(asked, Retrieval)
    assert dict(asked.content().headers)["Content-Disposition"] == 'attachment; filename="20131203114650.tar"'
