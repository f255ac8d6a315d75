"""A spool with recordings and files of the user's, on a PBX, and what /recapi sends of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.makers import VOICES, crc_of
from tests.spools import WRITTEN, pbx_on, put, response
from ucmsim.appliance.pbx import Pbx
from ucmsim.http.reply import Bytes
from ucmsim.recording.audio import wav
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

DIRECTORIES = (
    "meetme", "monitor", "monitor/2013-11", "monitor/2013-12", "monitor/notes", "monitor_local",
    "voicemail", "voicemail/default", "voicemail/default/5000", "voicemail/default/5000/INBOX",
)  # fmt: skip

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
