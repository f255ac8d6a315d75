"""An exchange of the journal as a curl command that makes its request again, as it is pasted into a shell. Pure.

What was masked stays masked, and what the journal does not have is said in a comment, so that nobody takes another
request for the same.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ucmsim.journal.lines import CUT, HEADER, TARGET
from ucmsim.secrecy import HIDDEN

Entry = Mapping[str, Any]

_BY_CURL = ("authorization", "content-length", "host", "proxy-authorization", "expect")
"""Headers that curl makes by itself, or that others of its options are for."""
_HOST = re.compile(r"[A-Za-z0-9.\[\]:-]+")
_SPECIAL = re.compile(r'[\\$`"}]')
_ENTERED = '"${UCM_PASSWORD:?}"'  # a shell stops, and says so, where it is not set


@dataclass(frozen=True, slots=True)
class Place:
    """Where the PBX is asked again: its *url*, the file that its *ca* is in, its *username*; "" where that is not known.

    Then a request's own Host and the variables ``UCM_CA`` and ``UCM_USER`` say it; these win over what is known, for a
    shell on another machine. ``UCM_PASSWORD`` has to be set. *ca_due* is what a shell says, and stops, that has no *ca* either.
    """

    url: str = ""
    ca: str = ""
    username: str = ""
    ca_due: str = ""


def curl(entry: Entry, place: Place = Place()) -> str:
    """Return the exchange *entry* as a command, behind a comment where it is not the whole request."""
    request = entry["request"]
    words = ["curl", "--http1.0" if request["version"] == "HTTP/1.0" else "--http1.1"]
    words.append(f"--cacert {_variable('UCM_CA', place.ca, place.ca_due)}")
    scheme = (_header(request, "authorization") or "").partition(" ")[0].lower()
    if scheme in ("digest", "basic") or (entry["check"] == "authentication" and not scheme):
        words.append(f"--{scheme or 'digest'} --user {_variable('UCM_USER', place.username)}:{_ENTERED}")
    words += _method(request)
    words += (f"--header {shlex.quote(line)}" for line in _lines(request, place))
    words.append(_url(request, place))
    lacks = ", ".join(lacking(request, by_curl=True))
    return (f"# not the whole request: {lacks}\n" if lacks else "") + " ".join(words)


def _variable(name: str, value: str, due: str = "") -> str:
    """Return what a shell makes the variable *name* of; where it is not set *value*, or without one the end, and what is *due*."""
    if not (value or due):
        return f'"${name}"'
    escaped = _SPECIAL.sub(r"\\\g<0>", value or due)
    return f'"${{{name}:{"-" if value else "?"}{escaped}}}"'


def _method(request: Mapping[str, Any]) -> list[str]:
    method, form = request["method"], request["form"]
    if form:
        return [f"--request {shlex.quote(method)} --data-raw {shlex.quote(form)}"]
    return {"GET": [], "HEAD": ["--head"]}.get(method, [f"--request {shlex.quote(method)}"])


def _lines(request: Mapping[str, Any], place: Place) -> Iterator[str]:
    """Yield the request's headers as curl wants them: one that ends in a colon leaves curl's own out."""
    there = {name.lower() for name, _ in request["headers"]}
    host = _header(request, "host")
    if host is None:
        yield "Host:"
    elif host != _authority(request, place):
        yield f"Host: {host}"
    yield from (f"{name}:" for name in ("User-Agent", "Accept") if name.lower() not in there)
    if request["form"] and "content-type" not in there:
        yield "Content-Type:"
    for name, value in request["headers"]:
        if name.lower() not in _BY_CURL and value != HIDDEN:
            yield f"{name}: {value}" if value else f"{name};"


def _url(request: Mapping[str, Any], place: Place) -> str:
    target, authority = request["target"], _authority(request, place)
    base = f"https://{authority}" if authority else '"https://$UCM_HOST"'
    if not target.startswith("/"):
        return f"--request-target {shlex.quote(target)} {base}/"
    # --path-as-is and --globoff, so that nothing of it is changed on the way.
    return f"--path-as-is --globoff {base}{shlex.quote(target)}"


def _authority(request: Mapping[str, Any], place: Place) -> str:
    """Return the host and port to connect to, "" where nobody knows."""
    if place.url:
        return urlsplit(place.url).netloc
    host = _header(request, "host") or ""
    return host if _HOST.fullmatch(host) else ""


def lacking(request: Mapping[str, Any], *, by_curl: bool = False) -> Iterator[str]:
    """Yield what of the *request* of an event the journal does not have, and is not made anew *by_curl*."""
    scheme = (_header(request, "authorization") or "").partition(" ")[0].lower()
    for part in ("target", "form"):
        if HIDDEN in request[part]:
            yield f"the {part} has something masked"
        if len(request[part]) > TARGET and request[part].endswith(CUT):
            yield f"the {part} is cut"
    if by_curl and scheme and scheme not in ("digest", "basic"):
        yield "Authorization is left out"
    for name, value in request["headers"]:
        anew = by_curl and name.lower() in _BY_CURL
        if not anew and HIDDEN in value:
            yield f"{name} is {'left out' if value == HIDDEN else 'masked'}"
        elif not anew and len(value) > HEADER and value.endswith(CUT):
            yield f"{name} is cut"
    if more := request.get("headers_left_out"):
        yield f"{more} more header{'' if more == 1 else 's'} left out"


def _header(request: Mapping[str, Any], name: str) -> str | None:
    return next((value for key, value in request["headers"] if key.lower() == name), None)
