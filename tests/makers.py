"""Makes a whole PBX in memory, requests to it, and the credentials it asks for, so that a test is one line to arrange.

The Digest is computed here from RFC 2617 and nothing of the product, so that the two can only agree where both are
right. No Twisted.
"""

from __future__ import annotations

import re
import sqlite3
import weakref
from datetime import UTC, datetime, timedelta
from hashlib import md5
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

from ucmsim.appliance.pbx import Pbx
from ucmsim.cdr.devicefile import READERS, BadLine
from ucmsim.clock import PbxClock, When
from ucmsim.columns import AT, Row
from ucmsim.http.reply import Reply
from ucmsim.http.request import AS_USUAL, ApiRequest, Head, data
from ucmsim.recording.audio import Voices
from ucmsim.recording.spool import Spool
from ucmsim.settings import load_pbx
from ucmsim.store.history import History

VOICES = Voices(Random(7))
"""One bank for all spools: it takes a while to build."""

CLIENT = "127.0.0.1"
"""A peer that the Permitted IPs of `make_pbx` let pass."""
STRANGER = "192.0.2.66"
"""A peer that they do not."""

USER, PASSWORD = "cdrapi", "cdrapi123"
ACCOUNT = {"tls_authentication_name": USER, "tls_authentication_password": PASSWORD}
"""Settings under `api:` for a PBX that authenticates; without them it does not."""

GUIDE_CSV = (files("ucmsim") / "data" / "guide-2013.csv").read_bytes()
"""The three rows of the vendor's guide, as a G1 device sends them."""

BEGAN = 1_386_092_810.0
"""Wall-clock second at which every PBX of `make_pbx` starts; its clock starts at the same instant."""
START = datetime(2013, 12, 3, 17, 46, 50, tzinfo=UTC)

DEFECTS = ("expired", "wrong-host")


class _InMemory(History):
    """A history that closes its database when nobody holds it any more."""

    def __init__(self, database: sqlite3.Connection) -> None:
        super().__init__(database)
        weakref.finalize(self, database.close)


def guide_rows() -> tuple[Row, ...]:
    """Return the three rows of the guide."""
    found = list(READERS["csv"]([GUIDE_CSV.decode()]))
    bad = [line for line in found if isinstance(line, BadLine)]
    assert not bad, bad
    return tuple(found)


_GUIDE = guide_rows()


def another_row(**values: str) -> Row:
    """Return the last row of the guide with *values* instead of its own."""
    changed = list(_GUIDE[-1])
    for name, value in values.items():
        changed[AT[name]] = value
    return tuple(changed)


def make_pbx(*, name: str = "hq", seed: int = 42, **changes: Any) -> Pbx:
    """Return a PBX with the rows of the guide that serves 127.0.0.0/8 and asks for no password.

    *changes* are settings as under `pbxs.<name>`; those of `api` are laid over the defaults key by key.
    """
    api = {"enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"]}
    settings = load_pbx({**changes, "api": {**api, **changes.get("api", {})}}, Path())
    history = _InMemory.open(Path(":memory:"), durable=False)
    history.extend(_GUIDE)
    clock = PbxClock.starting(settings.clock.start or START, settings.clock.rate, BEGAN)
    return Pbx(name, settings, history, spool_of(history), clock, seed=seed, defects=DEFECTS)


def spool_of(history: History, root: Path = Path("/nowhere")) -> Spool:
    """Return the spool with the recordings of *history*, and the files in *root*, which need not exist."""
    return Spool(root, history.recordings, VOICES, crc_of)


def crc_of(path: str) -> int:
    """Return a number that depends on *path* alone."""
    return crc32(path.encode())


def at(seconds: float = 0.0) -> When:
    """Return the moment that many *seconds* after the start, on both clocks."""
    return When(BEGAN + seconds, START + timedelta(seconds=seconds))


def request(
    target: str, method: str = "GET", *, peer: str = CLIENT, form: bytes | None = None, **headers: str
) -> ApiRequest:
    """Return a request for *target*; a *form* is announced as browsers do, *headers* have `_` for their hyphens."""
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    if form is not None:
        lines = {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(form)), **lines}
    head = Head(data(method), data(target), tuple((data(name), data(value)) for name, value in lines.items()))
    readable = form is not None and 0 < AS_USUAL.form_length(head) <= 1024
    return ApiRequest.of(peer, head, form if readable else None)


def digest(
    challenged: Reply, target: str, method: str = "GET", *, user: str = USER, password: str = PASSWORD, nc: int = 1
) -> str:
    """Return the Authorization value that answers the challenge in the reply *challenged*."""
    nonce, count, cnonce = nonce_of(challenged), f"{nc:08x}", "0a4f113b"
    a1, a2 = _hashed(user, "asterisk", password), _hashed(method, target)
    fields = {
        "username": f'"{user}"',
        "realm": '"asterisk"',
        "nonce": f'"{nonce}"',
        "uri": f'"{target}"',
        "response": f'"{_hashed(a1, nonce, count, cnonce, "auth", a2)}"',
        "qop": "auth",
        "nc": count,
        "cnonce": f'"{cnonce}"',
    }
    return "Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())


def nonce_of(challenged: Reply) -> str:
    """Return the nonce in the challenge of the reply *challenged*."""
    found = re.search(r'nonce="([0-9a-f]{8})"', header(challenged, "WWW-authenticate") or "")
    assert found, challenged.headers
    return found[1]


class Client:
    """Somebody with an account on *pbx*: asks, answers the challenge, and gets the reply to that."""

    def __init__(self, pbx: Pbx, *, peer: str = CLIENT, **account: str) -> None:
        self.pbx, self.peer, self.account = pbx, peer, account

    def challenged(self, target: str = "/cdrapi", method: str = "GET", *, seconds: float = 0.0) -> Reply:
        """Ask without credentials; return what comes back."""
        return self.pbx.answer(request(target, method, peer=self.peer), at(seconds))

    def ask(self, target: str = "/cdrapi", method: str = "GET", *, seconds: float = 0.0) -> Reply:
        """Ask, and once more with credentials if there is a challenge; return the last reply."""
        first = self.challenged(target, method, seconds=seconds)
        if first.status != 401:
            return first
        value = digest(first, target, method, **self.account)
        return self.pbx.answer(request(target, method, peer=self.peer, authorization=value), at(seconds))


def header(reply: Reply, name: str) -> str | None:
    """Return the value of the first header spelled exactly *name*."""
    return next((value for key, value in reply.headers if key == name), None)


def header_names(reply: Reply) -> list[str]:
    """Return the names of the head of *reply* in order."""
    return [name for name, _ in reply.headers]


def ids(reply: Reply) -> list[str]:
    """Return the AcctId of every row in a CSV *reply*."""
    return [line.split(",")[0] for line in reply.body.decode().splitlines()[1:]]


def _hashed(*parts: str) -> str:
    return md5(":".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
