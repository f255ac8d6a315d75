"""What the log says of /recapi where the wire says nothing: what is not found, and why. Spec 6."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests import recorded
from tests.recorded import H
from tests.spools import NOT_FOUND, ask, csv, file, pbx_on, put, standing_in, whole
from ucmsim.appliance.pbx import Pbx
from ucmsim.recording import beneath

root, pbx = recorded.root, recorded.pbx  # fixtures


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
