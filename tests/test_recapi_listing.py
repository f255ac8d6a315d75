"""/recapi without a file: the directories there are, and what is in them, by every quirk of a listing. Spec 6."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import recorded
from tests.makers import header
from tests.recorded import BELOW_MONITOR, DIRECTORIES, LOCAL, MEETME, MESSAGE, MONITOR, SPOOL, VOICEMAIL, H, switched
from tests.spools import NOT_FOUND, WRITTEN, ask, csv, file, pbx_on, put, whole
from ucmsim.appliance.pbx import Pbx

root, pbx = recorded.root, recorded.pbx  # fixtures


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
