"""What is asked, of which PBX: one script a transcript. Their names are what `Quirk.changes` names.

A script is short and about one thing, so that a quirk which changes it is about that thing too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PEER = "127.0.0.1"
STRANGER = "127.0.0.99"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request on a connection of its own, with credentials when there is a challenge; the challenge is not told.

    A *form* is announced as of *form_type*.
    """

    target: str
    method: str = "GET"
    peer: str = PEER
    headers: tuple[str, ...] = ()
    form: str | None = None
    form_type: str = "application/x-www-form-urlencoded"

    def raw(self, more: bytes = b"") -> bytes:
        """Return the bytes of the request with *more* header lines."""
        form = (self.form or "").encode()
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: pbx", "Connection: close", *self.headers]
        if self.form is not None:
            lines += [f"Content-Type: {self.form_type}", f"Content-Length: {len(form)}"]
        return "".join(f"{line}\r\n" for line in lines).encode() + more + b"\r\n" + form


@dataclass(frozen=True, slots=True)
class Follow:
    """A request for the first call's recording that the listing before it names."""


@dataclass(frozen=True, slots=True)
class Connect:
    """A connection of *peer* while so many *others* are open; the one before it is left."""

    peer: str = PEER
    others: int = 0


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes on the connection."""

    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The end of what the client sends; it still listens."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds of both clocks."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Login:
    """A GET on the connection with credentials for the last challenge, or that so many *back*.

    They can name another *user*, *realm*, *nonce* or *uri*; user and realm are hashed as they should be all the same.
    """

    target: str
    nc: int = 1
    nonce: str = ""
    uri: str = ""
    qop: bool = True
    user: str = ""
    realm: str = ""
    back: int = 0
    algorithm: str = ""


@dataclass(frozen=True, slots=True)
class Basic:
    """A GET on the connection with these Basic credentials, encoded."""

    target: str
    encoded: bytes


Step = Ask | Follow | Connect | Send | End | Wait | Login | Basic


@dataclass(frozen=True, slots=True)
class Script:
    """*steps* on a PBX with the history *world*; *api* are settings of its API page that are not the usual ones."""

    name: str
    world: str
    steps: tuple[Step, ...]
    api: Mapping[str, Any] = field(default_factory=dict)


def _asks(name: str, *targets: str, world: str = "imported", **more: Any) -> Script:
    return Script(name, world, tuple(Ask(target) for target in targets), **more)


def _cdr(name: str, *queries: str) -> Script:
    return _asks(name, *(f"/cdrapi?{query}" for query in queries))


def _rec(name: str, *queries: str, world: str = "imported") -> Script:
    return _asks(name, *(f"/recapi?{query}" for query in queries), world=world)


_GET = b"GET /nothing HTTP/1.1\r\nHost: pbx\r\n\r\n"
_MANY = "".join(f"X-{number}: y\r\n" for number in range(101)).encode()
_SOME = "".join(f"X-{number}: y\r\n" for number in range(60)).encode()
_GONE = "/recapi?filedir=monitor&filename=gone.wav"
"""What needs credentials; few quirks change its 404."""
_SOUND = "/recapi?filedir=monitor&filename=x%231.wav"
"""What is there, where a 404 would not tell one path from another; only recapi-cache-control changes it."""
_CALL = "auto-1386169209-07700900699-6400.wav"
_MONTH = "auto-1386252001-%2B4930123-9441632960401.wav"


def _transport() -> Iterator[Script]:
    world = "imported"
    yield Script("conn-cap", world, (Connect(others=60), Send(_GET), Connect(others=100), Send(_GET)))
    yield Script("conn-silence", world, (Connect(), Send(_GET[:9]), Wait(20), Wait(20), Connect(), Send(_GET)))
    yield Script("conn-timeout", world, (Connect(), Send(_GET[:-2]), Wait(20), Wait(20)))
    yield Script("conn-cut", world, (Connect(), Send(_GET[:-4]), End()))
    yield Script("conn-kept", world, (Connect(), Send(_GET), Wait(5), Send(_GET), Wait(16)))
    yield Script("http-bare-header", world, (Connect(), Send(_GET[:-2] + b"no colon\r\n\r\n")))
    yield Script("http-line-end", world, (Connect(), Send(_GET.replace(b"\r\n", b"\n"))))
    yield Script("http-headers", world, (
        Connect(), Send(_GET[:-2] + _SOME + b"\r\n"), Connect(), Send(_GET[:-2] + _MANY + b"\r\n"),
    ))  # fmt: skip
    yield Script("http-lines", world, (
        Connect(), Send(_GET.replace(b" ", b" " * 1100, 1)), Connect(), Send(_GET.replace(b" ", b" " * 4100, 1)),
    ))  # fmt: skip
    yield Script("http-request-line", world, (
        Connect(), Send(_GET.replace(b"1.1", b"9.9")), Connect(), Send(_GET.replace(b"Host", b"X")), Ask(_GONE, "get"),
    ))  # fmt: skip
    yield _asks("http-paths", _SOUND.replace("recapi", "RecAPI"), _SOUND.replace("?", "/?"), "/cdrapi/x", "/foo")
    yield _asks("http-static", "/static", "/STATIC/x", "/httpstatus")
    yield _asks("http-escape", "/nothing%2")
    yield Script("http-methods", world, (
        Ask(_SOUND, "DELETE"), Ask(_SOUND, "HEAD"), Ask("/foo", "HEAD"),
        Connect(), Send(b"GET\r\n\r\n"),
    ))  # fmt: skip
    yield Script("http-form", world, (
        Ask("/cdrapi?callee=5300", "POST", form="caller=5302&format=json"),
        Ask("/cdrapi", "POST", form="caller=5302&format=json&callee=" + "5301," * 39 + "5301"),
        Ask("/cdrapi", "POST", form="format=json&caller=" + "5302," * 300),
    ))  # fmt: skip
    yield Script("http-form-type", world, (
        Ask("/recapi", "POST", form="filename=gone.wav", form_type="text/plain"),
    ))  # fmt: skip
    yield _cdr("http-plus", "format=json&numRecords=1&startTime=2013-12-03T20:01:41+00:00",
               "format=json&numRecords=1&startTime=2013-12-03T20:01:41%2B00:00")  # fmt: skip


def _access() -> Iterator[Script]:
    world = "imported"
    one = _GONE
    yield Script("acl-denied", world, (
        Connect(STRANGER), Send(Ask(one).raw()), Connect(), Send(_GET),
    ))  # fmt: skip
    yield Script("acl-blank", world, (Ask(one), Ask("/foo")), {"permitted_ips": []})
    yield Script("acl-unreadable", world, (Ask(one), Ask("/foo")), {"permitted_ips": ["127.0.0.0/28", "no address"]})
    yield Script("auth-challenge", world, (Connect(), Send(Ask(one).raw()), Connect(), Login(one)))
    yield Script("auth-basic", world, (Connect(), Basic(one, b"Y2RyYXBpOmNkcmFwaTEyMw==")))
    yield Script("auth-nameless", world, (Connect(), Send(Ask(one).raw())), {"tls_authentication_name": None})
    yield Script("auth-no-password", world, (
        Connect(), Send(Ask(one).raw()), Connect(), Login(one),
    ), {"tls_authentication_password": None})  # fmt: skip
    yield Script("auth-old-nonce", world, (
        Connect(), Send(Ask(one).raw()), Wait(40), Connect(), Login(one), Wait(40), Connect(), Login(one, 2),
    ))  # fmt: skip
    yield Script("auth-nonce-count", world, (
        Connect(), Send(Ask(one).raw()), Connect(), Login(one, 2), Connect(), Login(one, 2),
    ))  # fmt: skip
    yield Script("auth-without-qop", world, (
        Connect(), Send(Ask(one).raw()), Connect(), Login(one, qop=False),
    ))  # fmt: skip
    yield Script("auth-other-uri", world, (
        Connect(), Send(Ask(one).raw()), Connect(), Login(one, uri="/cdrapi"),
    ))  # fmt: skip
    yield Script("auth-realm", world, (
        Connect(), Send(Ask(one).raw()), Connect(), Login(one, realm="elsewhere"),
    ))  # fmt: skip
    yield Script("auth-algorithm", world, (
        Connect(), Send(Ask(one).raw()), Connect(), Login(one, algorithm="SHA-256"),
    ))  # fmt: skip
    yield Script("auth-user-case", world, (
        Connect(), Send(Ask(one).raw()), Connect(), Login(one, user="CdrApi"),
    ))  # fmt: skip
    yield Script("auth-nonce-table", world, (
        Connect(), Send(Ask(one).raw()), Connect(), Send(Ask(one).raw()), Connect(), Login(one, back=1),
    ))  # fmt: skip
    yield Script("auth-unknown-nonce", world, (
        Connect(), Send(Ask(one).raw()), Connect(), Login(one, 1, "0badcafe"),
    ))  # fmt: skip


def _query() -> Iterator[Script]:
    yield _cdr("query-csv", "numRecords=2")
    yield _asks("query-no-parameters", "/cdrapi")
    yield _cdr("query-format-case", "numRecords=1&format=JSON")
    yield _cdr("query-wrong-format", "format=yaml", "format=json&format=xml&numRecords=1")
    yield _cdr("query-name-case", "numrecords=1&FORMAT=json")
    yield _cdr("query-unknown-name", "format=json&numRecords=1&sstartTime=2013-12-04")
    yield _cdr("query-repeated", "format=json&minDur=5&minDur=3")
    yield _cdr("query-repeated-list", "format=json&caller=5302&caller=5303")
    yield _cdr("query-empty-value", "format=json&numRecords=1&caller=")
    yield _cdr("query-empty-time", "format=json&numRecords=1&startTime=")
    yield _cdr("query-ampersand", "format=json&caller=5302&", "format=json&&caller=5302", "")
    yield _cdr("query-empty-item", "format=json&caller=5302,,5303")
    yield _cdr("query-trailing-comma", "format=json&caller=5302,")
    yield _cdr("query-hyphens", "format=json&caller=5302,5300-5301-")
    yield _cdr("query-characters", "format=json&caller=5302,O'Brien")
    yield _cdr("query-bad-number", "format=json&numRecords=1x", "format=json&numRecords=-1")
    yield _cdr(
        "query-wildcards", "format=json&callee=Front_Desk", "format=json&callee=front@", "format=json&caller=_302"
    )
    yield _cdr("query-pattern", "format=json&caller=302@", "format=json&caller=5302,53-@")
    yield _cdr("query-literal", "format=json&caller=Anonymous")
    yield _cdr("query-reversed-range", "format=json&caller=5303-5302")
    yield _cdr("query-large-number", "format=json&numRecords=1&maxDur=99999999999999999999")
    yield _cdr("query-zero-range", "format=json&caller=0-0")
    yield _cdr("query-range", "format=json&caller=5302-5303", "format=json&minDur=2&caller=5300-5300")
    yield _cdr("query-open-range", "format=json&caller=5303-", "format=json&caller=-5299")
    yield _cdr("query-limit", "format=json&numRecords=5000&caller=5302", "format=json&numRecords=0")
    yield _cdr("query-offset", "format=json&numRecords=1&offset=1")
    yield _cdr("query-page-of-rows", "format=json&numRecords=2&offset=4")
    yield _cdr("query-sessions", "format=json&numRecords=5&offset=4")
    yield _cdr("query-answeredby", "format=json&answeredby=5301", "format=json&answeredby=Front_Desk")
    yield _cdr("query-durations", "format=json&minDur=5&maxDur=6")
    yield _cdr("query-times", "format=json&startTime=2013-12-03T14:02:00&endTime=2013-12-03T14:02:23")
    yield _cdr("query-date", "format=json&startTime=2013-12-04T12:00:00&endTime=2013-12-05")
    yield _cdr("query-time-of-day", "format=json&numRecords=1&startTime=00:00")
    yield _cdr("query-fraction", "format=json&startTime=2013-12-03T11:46:40.5&endTime=2013-12-03T11:46:41",
               "format=json&startTime=2013-12-03T11:46:40.500&endTime=2013-12-03T11:46:41")  # fmt: skip
    yield _cdr("query-date-zone", "format=json&numRecords=1&startTime=2013-12-04Z")
    yield _cdr(
        "query-epoch", "format=json&numRecords=1&startTime=1386100901000", "format=json&numRecords=1&endTime=NOW"
    )
    yield _cdr("query-impossible-time", "format=json&numRecords=1&endTime=2013-11-40T00:00")
    yield _cdr("query-space", "format=json&startTime=2013-12-04%2009:00:05&endTime=2013-12-04T09:00:05")
    yield _cdr("query-nothing", "format=json&caller=1", "format=xml&caller=1", "format=csv&caller=1")
    yield _asks("query-failure", "/cdrapi?format=json", world="failing")


def _pages() -> Iterator[Script]:
    for form in ("csv", "json", "xml"):
        yield _cdr(f"page-{form}", f"format={form}")
        yield _asks(f"rows-{form}", f"/cdrapi?format={form}", world="made-up")
    yield _asks("clock-corrected", "/cdrapi?format=csv", world="corrected")
    yield _asks("shapes-csv", "/cdrapi?format=csv", world="shapes")
    yield _asks("shapes-json", "/cdrapi?format=json", world="shapes")


def _recordings() -> Iterator[Script]:
    yield Script("rec-directories", "imported", (Ask("/recapi"),))
    yield _rec("rec-list", "filedir=monitor")
    yield _rec("rec-list-several", "filedir=meetme@monitor_local@nowhere")
    yield _rec("rec-list-odd", "filedir=.", "filedir=../monitor", "filedir=@")
    yield _rec("rec-list-missing", "filedir=nowhere")
    yield _rec("rec-list-made-up", "filedir=monitor@meetme@voicemail", world="made-up")
    yield Script("rec-made-up-file", "made-up", (Ask("/recapi?filedir=monitor"), Follow()))
    yield _rec("rec-file", f"filename={_CALL}", f"filedir=monitor&filename={_CALL}")
    yield _rec("rec-user-file", "filename=x%231.wav", "filename=a%2Bb.wav")
    yield _rec("rec-plus", "filename=a+b.wav")
    yield _rec("rec-bad-name", f"filename=../x@a%20b.wav@{_CALL}", "filename=../../etc/passwd")
    yield _rec("rec-empty-member", f"filename={_CALL}@")
    yield _rec("rec-one-of-two", f"filename={_CALL}@gone.wav")
    yield _rec("rec-some-of-three", "filename=note.txt@gone.wav@raw")
    yield _rec("rec-missing", "filename=gone.wav")
    yield _rec("rec-month", f"filename={_MONTH}")
    yield _rec("rec-month-named", f"filename=2013-12/{_MONTH}")
    yield _rec("rec-long-name", f"filename=2022-07/{'n' * 246}.wav")
    yield _rec("rec-tar", f"filename={_CALL}@2013-12/{_MONTH}")
    yield _rec("rec-same-file", "filename=note.txt@note.txt")
    yield _rec("rec-type", "filename=unavail.gsm", "filename=raw")
    yield _rec("rec-default-directory", "filename=local.wav")
    yield _rec("rec-two-directories", "filedir=meetme@monitor&filename=room.wav")
    yield _rec("rec-repeated", f"filename={_CALL}&filename=note.txt")
    yield _rec("rec-empty-value", f"filedir=&filename={_CALL}")
    yield _rec("rec-unknown-name", f"filename={_CALL}&x=1")
    yield _rec("rec-name-case", f"FileName={_CALL}")
    yield Script("rec-head", "imported", (Ask(f"/recapi?filename={_CALL}", "HEAD"),))
    yield Script("rec-form", "imported", (Ask("/recapi", "POST", form=f"filename={_CALL}"),))


SCRIPTS = tuple(
    script for group in (_transport, _access, _query, _pages, _recordings) for script in group()
)  # fmt: skip
"""Every script, in the order of the protocol."""
