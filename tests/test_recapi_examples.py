"""The worked examples 19 to 24 of the protocol, whole: every byte of a response as it leaves a TLS socket.

What is expected is written out from the protocol, the tar from POSIX. The PBX clock stands still, so that Date and the
name of a tar are known.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.errorpages import error_page
from tests.rawclient import digest_header, exchange, get
from tests.spools import WRITTEN, put
from ucmsim.pytest_plugin import Ucm, UcmFleet

SETTINGS = {
    "personality": "ucm6100-1.0.9",
    "clock": {"start": "2013-12-03T20:10:00Z", "rate": 0},
}
EPOCH = 1386101400


def wav(seconds: int) -> bytes:
    """Return a WAV as Asterisk writes it, of so many seconds of a tone."""
    sound = struct.pack("<4h", 0, 8000, 0, -8000) * 2000 * seconds
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", 36 + len(sound), b"WAVE")
        + form
        + struct.pack("<4sI", b"data", len(sound))
        + sound
    )


ONE, TWO = "auto-1414771234-1000-1004.wav", "auto-1414775678-1001-1003.wav"
FIRST, SECOND = wav(1), wav(3)


@pytest.fixture(scope="module")
def ucm(ucm_fleet: UcmFleet) -> Iterator[Ucm]:
    """A PBX into whose spool a user has put the two recordings of the guide."""
    started = ucm_fleet.start(SETTINGS)
    put(Path(started.ca).with_name("spool"), {f"monitor/{ONE}": FIRST, f"monitor/{TWO}": SECOND, "monitor/a b.wav": FIRST,
                                              "meetme/x.wav": FIRST})  # fmt: skip
    yield started
    ucm_fleet.stop(started)


def head(status: str, length: int, *own: str) -> bytes:
    lines = (
        f"HTTP/1.1 {status}",
        "Server: Asterisk/1.8.9.2",
        "Date: Tue, 03 Dec 2013 20:10:00 GMT",
        "Connection: close",
        "Cache-Control: no-cache, no-store",
        f"Content-Length: {length}",
        *own,
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def listing(*lines: str) -> bytes:
    body = "".join(f"{line}\n" for line in lines).encode()
    return head("200 OK", len(body), "Content-type: text/csv") + body


def sound(content: bytes) -> bytes:
    return head("200 OK", len(content), "Content-type: audio/x-wav") + content


def member(name: str, content: bytes) -> bytes:
    """Return a member of a ustar archive. POSIX.1-1988, 10.1.1."""
    fields = [
        (name.encode(), 100), (b"0000644\0", 8), (b"0000000\0", 8), (b"0000000\0", 8), (b"%011o\0" % len(content), 12),
        (b"%011o\0" % WRITTEN, 12), (b" " * 8, 8), (b"0", 1), (b"", 100), (b"ustar\0", 6), (b"00", 2), (b"root", 32), (b"root", 32),
        (b"", 8), (b"", 8), (b"", 155), (b"", 12),
    ]  # fmt: skip
    block = b"".join(value.ljust(size, b"\0") for value, size in fields)
    assert len(block) == 512
    block = block[:148] + b"%06o\0 " % sum(block) + block[156:]
    return block + content + bytes(-len(content) % 512)


def archive(*members: bytes) -> bytes:
    """Return the response that is a tar of *members*, which ends as GNU tar ends it."""
    body = b"".join(members) + bytes(1024)
    body += bytes(-len(body) % 10240)
    named = f'Content-Disposition: attachment; filename="{EPOCH}.tar"'
    return head("200 OK", len(body), "Content-type: application/x-tar", named) + body


NOT_FOUND = head("404 Not Found", 247, "Content-type: text/html") + error_page(
    "404 Not Found", "The requested URL was not found on this server."
)
MONITOR = ("Directory,Filename", "monitor,a b.wav", f"monitor,{ONE}", f"monitor,{TWO}")
BOTH = archive(member(ONE, FIRST), member(TWO, SECOND))

EXAMPLES = (
    ("case 1", "/recapi", listing("Directory", "meetme", "monitor", "voicemail", "voicemail/default")),
    ("19", "/recapi?filedir=monitor", listing(*MONITOR)),
    ("case 2", "/recapi?filedir=monitor@meetme@voicemail/default", listing(*MONITOR, "meetme,x.wav")),
    ("20", f"/recapi?filename={ONE}", sound(FIRST)),
    ("case 3", f"/recapi?filedir=monitor&filename={TWO}", sound(SECOND)),
    ("21", f"/recapi?filename={ONE}@{TWO}", BOTH),
    ("21, the second is missing", f"/recapi?filename={ONE}@auto-1414775678-1001-1009.wav", sound(FIRST)),
    ("21, both are missing", "/recapi?filename=auto-1-1000-1004.wav@auto-2-1001-1003.wav", NOT_FOUND),
    ("22", f"/recapi?filename={ONE}@", sound(FIRST)),
    ("23", "/recapi?filename=../../etc/passwd", NOT_FOUND),
    ("23", "/recapi?filename=a%20b.wav", NOT_FOUND),
    ("23", "/recapi?filename=", NOT_FOUND),
    ("23", "/recapi?filedir=monitor&filedir=meetme", NOT_FOUND),
    ("24", "/recapi?filedir=meetme@monitor&filename=x.wav", NOT_FOUND),
)
examples = pytest.mark.parametrize(
    ("target", "whole"), [pytest.param(target, whole, id=f"{number}:{target}") for number, target, whole in EXAMPLES]
)


@examples
def test_example(target: str, whole: bytes, ucm: Ucm) -> None:
    """Each example is answered as the protocol has it, to the byte."""
    assert get(ucm, target) == whole


@examples
def test_example_as_a_form(target: str, whole: bytes, ucm: Ucm) -> None:
    """A form with the same parameters gets the same."""
    form = target.partition("?")[2]
    line = (
        f"POST /recapi HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n"
    )
    challenge = exchange(ucm, f"{line}\r\n{form}".encode())
    assert challenge.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    known = digest_header("POST", "/recapi", ucm.username or "", ucm.password or "", challenge)
    assert exchange(ucm, line.encode() + known + f"\r\n{form}".encode()) == whole


@examples
def test_example_without_a_body(target: str, whole: bytes, ucm: Ucm) -> None:
    """HEAD gets the same head; only the page of an error follows it."""
    challenge = exchange(ucm, f"HEAD {target} HTTP/1.1\r\n\r\n".encode())
    known = digest_header("HEAD", target, ucm.username or "", ucm.password or "", challenge)
    front, gap, _ = whole.partition(b"\r\n\r\n")
    due = NOT_FOUND if whole is NOT_FOUND else front + gap
    assert exchange(ucm, f"HEAD {target} HTTP/1.1\r\n".encode() + known + b"\r\n") == due


def test_without_credentials_there_is_only_the_challenge(ucm: Ucm) -> None:
    """What does not exist is not told from what does."""
    for _, target, _ in EXAMPLES:
        assert get(ucm, target, auth=False).startswith(b"HTTP/1.1 401 Unauthorized\r\n")
