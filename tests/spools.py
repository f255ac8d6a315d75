"""A user's files in a spool, a PBX that serves them, and what it answers, written out from the protocol."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.errorpages import error_page
from tests.makers import DEFECTS, another_row, at, make_pbx, request, spool_of
from ucmsim.appliance.pbx import Pbx
from ucmsim.http.reply import Reply
from ucmsim.store.records import Record, Recording

WRITTEN = 1386000000
"""When every file of `put` was written, in seconds of the epoch."""


def put(root: Path, files: Mapping[str, bytes]) -> Path:
    """Write *files*, by their paths, beneath *root*, and return it."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (WRITTEN, WRITTEN))
    return root


def standing_in(**changes: Callable[..., Any]) -> SimpleNamespace:
    """Return what `os` is to a module, with *changes*."""
    return SimpleNamespace(**{**vars(os), **changes})


def pbx_on(root: Path, *recordings: Recording, **settings: Any) -> Pbx:
    """Return the PBX of `make_pbx` whose spool is the folder *root* with those *recordings* beside it."""
    pbx = make_pbx(**settings)
    pbx.history.keep([Record(another_row(), recordings)])
    spool = spool_of(pbx.history, root)
    return Pbx(pbx.name, pbx.settings, pbx.history, spool, pbx.clock, seed=42, defects=DEFECTS)


def ask(pbx: Pbx, query: str | None = None, method: str = "GET", **more: Any) -> Reply:
    """Ask *pbx* for `/recapi` with that *query*; without one there is not even a question mark."""
    return pbx.answer(request("/recapi" if query is None else f"/recapi?{query}", method, **more), at())


def whole(reply: Reply) -> bytes:
    """Return every byte of *reply*, head and body."""
    return reply.head + reply.body


def response(body: bytes, *own: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """Return the whole response of the PBX at its start; *own* are the handler's header lines."""
    lines = [
        f"HTTP/1.1 {status}",
        "Server: Asterisk/1.8.9.2",
        "Date: Tue, 03 Dec 2013 17:46:50 GMT",
        "Connection: close",
        "Cache-Control: no-cache, no-store",
        f"Content-Length: {len(body) if length is None else length}",
        *own,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def csv(*lines: str) -> bytes:
    """Return the whole response that is a listing of *lines*."""
    return response("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"), "Content-type: text/csv")


def file(content: bytes, kind: str = "audio/x-wav") -> bytes:
    """Return the whole response that is one file."""
    return response(content, f"Content-type: {kind}")


PAGE = error_page("404 Not Found", "The requested URL was not found on this server.")
NOT_FOUND = response(PAGE, "Content-type: text/html", status="404 Not Found", length=247)
"""The whole 404."""
