"""What can be asked of the control plane: a table with a row for each route, and functions that ask, without doing it.

An `Asked` is a request and what reads its answer; whoever asks over several pages yields one after another and is sent the
answers. `ucmsim.client` and `ucmsim.treqclient` only carry them out, so that they cannot differ. Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from ucmsim.contract import answers
from ucmsim.contract.answers import Page
from ucmsim.contract.errors import ControlTimeout, ControlUnreachable, refused
from ucmsim.contract.mapped import read, reader
from ucmsim.errors import listed

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

__tracebackhide__ = True
"""A test that fails in here is shown by pytest where its own code asked."""
HERE = ("localhost", "127.0.0.1", "::1")
"""Hosts of control planes whose files are those of this machine, and which the certificates of all PBXs name."""
MOST_CALLS, MOST_ACCOUNTED, MOST_EVENTS = 5000, 1000, 1000
"""Calls, calls of the ledger, which are told with all their rows, and events of the journal that are asked for at once."""
_AS_IT_IS = "/%:@!$&'()*+,;="
"""Beside letters and digits, what stands in a path as it was written."""
SILENCE = 60.0
"""Seconds after which a stream that says nothing, not even that it lives, is given up."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """One request: *method*, *target* with its query, and *body* as JSON, None for none.

    *reading* reads the answer, which has a status below 400, or the one that is answered *also*.
    """

    method: str
    target: str
    body: bytes | None
    reading: Callable[[bytes], T]
    also: int = 0

    def at(self, url: str) -> str:
        """Return what is asked for of the control plane at *url*, which may stand behind a path of its own."""
        return quote(urlsplit(url).path.rstrip("/"), safe=_AS_IT_IS) + self.target

    def headers(self, token: str) -> dict[str, str]:
        """Return the headers that go with it."""
        typed = {} if self.body is None else {"Content-Type": "application/json"}
        return {"Authorization": f"Bearer {token}", **typed}

    def answered(self, url: str, status: int, data: bytes) -> T:
        """Return what the answer says that came with *status* from *url*; raises `ControlError`."""
        try:
            if status < 400 or status == self.also:
                return self.reading(data)
            match json.loads(data):
                case {"error": {"code": str(code), "message": str(message), "field": str() | None as field}}:
                    raise refused(status, code, message, field)
        except (ValueError, RecursionError) as error:
            raise _stranger(url, f"status {status}: {error}") from error
        raise _stranger(url, f"status {status}")


def _stranger(url: str, why: str) -> ControlUnreachable:
    return ControlUnreachable(f"what answers at {url} is no control plane of this ucmsim ({why})")


def unreachable(url: str, error: Exception) -> ControlUnreachable:
    """Return what is raised where *error* kept the control plane at *url* from answering."""
    said = error.strerror if isinstance(error, ConnectionRefusedError) and error.strerror else error
    hint = "does ucmsim run?" if isinstance(error, ConnectionRefusedError) else _hint(url, str(error))
    return ControlUnreachable(f"the control plane at {url} cannot be reached: {said}" + (f"; {hint}" if hint else ""))


def _hint(url: str, said: str) -> str:
    """Return what to do, or to ask, where the error that was *said* is of TLS, or of HTTP for who speaks it."""
    if url.startswith("https:"):
        if _OTHER_NAME in said.lower():
            return (
                "ask it by a name that its certificate has, which are those of control: tls: names in its configuration"
            )
        if any(one in said.lower().replace("_", " ") for one in _UNTRUSTED):
            return "trust the CA that its start tells of: ca=FILE, --ca FILE, or UCMSIM_CONTROL_CA"
        return "does it speak http://?" if any(one in said for one in _NO_TLS) else ""
    return "was it just stopped, or does it speak https://?" if any(one in said for one in _ENDED) else ""


_OTHER_NAME = "mismatch"
"""What the standard library and service-identity say of a certificate for another name."""
_UNTRUSTED = ("certificate verify failed",)
"""What OpenSSL says of a certificate that nobody vouches for."""
_NO_TLS = "wrong version number", "record layer failure"
"""What OpenSSL says of an answer that is no TLS, older and newer."""
_ENDED = "closed connection without response", "Connection was closed cleanly"
"""What the standard library and Twisted say where who speaks TLS hangs up on HTTP."""


def late(url: str, asked: Asked[Any], seconds: float) -> ControlTimeout:
    """Return what is raised where no answer to what was *asked* of *url* came within *seconds*."""
    done = "what was asked of it may be done all the same, now or later, so look before you ask again; or "
    return ControlTimeout(
        f"the control plane at {url} has not answered within {seconds:g} seconds: "
        f"{'' if asked.method == 'GET' else done}allow it more time"
    )


def objection(url: str, token: str) -> str:
    """Return why nobody can be asked at *url* with that *token*, "" if somebody can; it does not say the token."""
    return url_objection(url) or token_objection(token)


def token_objection(token: str) -> str:
    """Return why *token* cannot be that of a control plane, "" if it can; it does not say it."""
    if token and token.isprintable():
        return ""
    wrong = "holds what none can, such as the end of a line" if token else "is empty"
    return f"the control token {wrong}; it is in <state>/control-token and in the ready report: give it without what stands around it"


def url_objection(url: str) -> str:
    """Return why *url* cannot be that of a control plane, "" if it can."""
    try:
        place = urlsplit(url)
        named = place.hostname and place.hostname.isprintable() and " " not in place.hostname
        (place.hostname or "").encode("idna")
        if place.scheme in ("http", "https") and named and place.port != 0:
            return _beyond(place)
    except ValueError:  # no port, half an IPv6 address, or a name with a part that is empty or too long
        pass
    return f"'{url}' is no URL of a control plane; it begins with http://, such as http://127.0.0.1:8444"


def _beyond(place: SplitResult) -> str:
    """Return what *place* has that the URL of a control plane has not, as a sentence that does not say it; "" if nothing."""
    parts = {"user name or password": "@" in place.netloc, "query": place.query, "fragment": place.fragment}
    said = listed(name for name, there in parts.items() if there)
    return f"the URL of a control plane has no {said}; leave it out" if any(parts.values()) else ""


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """One route: its *id*, which is also the name of the clients' method, *method*, *path*, and the form of its answer.

    *body* names the argument that is its body, "" for none; *query* whether it takes parameters. It is answered with
    *status*, and with the one that is *also* an answer and no refusal, if there is one.
    """

    id: str
    method: str
    path: str
    form: type[T]
    body: str = ""
    query: bool = False
    status: int = 200
    also: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names in its path."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.path) if name)

    def ask(self, *names: str, body: object = None, query: Mapping[str, Any] | None = None) -> Asked[T]:
        """Return the request with *names* in its path; what is None in the *query* is left out.

        An instant may be a datetime in both.
        """
        path = self.path.format(**{key: quote(name, safe="") for key, name in zip(self.names, names, strict=True)})
        given = urlencode({key: _text(value) for key, value in (query or {}).items() if value is not None})
        data = json.dumps(body, default=_told).encode() if self.body else None
        return Asked(self.method, f"{path}?{given}" if given else path, data, self._read, self.also)

    def _read(self, data: bytes) -> T:
        if self.form is str:
            return self.form(data.decode())  # type: ignore[call-arg]
        return read(self.form, json.loads(data) if data else None)


def _text(value: object) -> object:
    return _told(value) if isinstance(value, datetime) else value


def _told(value: object) -> str:
    """Return a *value* that JSON has no form for as text; raises `TypeError` where that is no datetime."""
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} is a {type(value).__name__}, which is neither JSON nor a datetime")
    return value.isoformat()


# fmt: off
HEALTH = Operation("health", "GET", "/healthz", answers.Health)
READINESS = Operation("readiness", "GET", "/readyz", answers.Readiness, also=503)
METRICS = Operation("metrics", "GET", "/metrics", str)
STATUS = Operation("status", "GET", "/v1/status", answers.Status)
OPENAPI: Operation[Mapping[str, Any]] = Operation("openapi", "GET", "/v1/openapi.json", Mapping[str, Any])  # type: ignore[type-abstract]
PBXS = Operation("pbxs", "GET", "/v1/pbxs", Page[answers.Pbx])
CREATE_PBX = Operation("create_pbx", "POST", "/v1/pbxs", answers.Pbx, body="settings", status=201)
PBX = Operation("pbx", "GET", "/v1/pbxs/{pbx}", answers.Pbx)
PUT_PBX = Operation("put_pbx", "PUT", "/v1/pbxs/{pbx}", answers.PbxChange, body="settings", also=201)
CHANGE_PBX = Operation("change_pbx", "PATCH", "/v1/pbxs/{pbx}", answers.PbxChange, body="changes")
DELETE_PBX = Operation("delete_pbx", "DELETE", "/v1/pbxs/{pbx}", type(None), status=204)
RESET = Operation("reset", "POST", "/v1/pbxs/{pbx}/reset", answers.Pbx)
API = Operation("api", "GET", "/v1/pbxs/{pbx}/api", answers.Api)
CHANGE_API = Operation("change_api", "PATCH", "/v1/pbxs/{pbx}/api", answers.Api, body="changes")
IDENTITY = Operation("identity", "GET", "/v1/pbxs/{pbx}/identity", answers.Identity)
SHOW_IDENTITY = Operation("show_identity", "PUT", "/v1/pbxs/{pbx}/identity", answers.Identity, body="identity")
CLOCK = Operation("clock", "GET", "/v1/pbxs/{pbx}/clock", answers.Clock)
CHANGE_CLOCK = Operation("change_clock", "PUT", "/v1/pbxs/{pbx}/clock", answers.Clock, body="change")
CALLS = Operation("calls", "GET", "/v1/pbxs/{pbx}/calls", Page[answers.Call], query=True)
PLACE_CALL = Operation("place_call", "POST", "/v1/pbxs/{pbx}/calls", answers.PlacedCall, body="call", status=201)
PLACE_CALLS = Operation("place_calls", "POST", "/v1/pbxs/{pbx}/calls", Page[answers.PlacedCall], body="calls", status=201)
DELETE_CDRS = Operation("delete_cdrs", "DELETE", "/v1/pbxs/{pbx}/cdrs", answers.Deleted)
LEDGER = Operation("ledger", "GET", "/v1/pbxs/{pbx}/ledger", Page[answers.LedgerCall], query=True)
FAULTS = Operation("faults", "GET", "/v1/pbxs/{pbx}/faults", Page[answers.Fault], query=True)
ARM_FAULT = Operation("arm_fault", "POST", "/v1/pbxs/{pbx}/faults", answers.Fault, body="fault", status=201)
CLEAR_FAULTS = Operation("clear_faults", "DELETE", "/v1/pbxs/{pbx}/faults", type(None), status=204)
CHANGE_FAULT = Operation("change_fault", "PATCH", "/v1/pbxs/{pbx}/faults/{name}", answers.Fault, body="changes")
DISARM_FAULT = Operation("disarm_fault", "DELETE", "/v1/pbxs/{pbx}/faults/{name}", type(None), status=204)
JOURNAL = Operation("journal", "GET", "/v1/pbxs/{pbx}/journal", answers.JournalPage, query=True)
SNAPSHOT = Operation("snapshot", "POST", "/v1/pbxs/{pbx}/snapshot", answers.Snapshot, body="file")
RESTORE = Operation("restore", "POST", "/v1/pbxs/{pbx}/restore", answers.Pbx, body="file")
OPERATIONS: tuple[Operation[Any], ...] = (
    HEALTH, READINESS, METRICS, STATUS, OPENAPI, PBXS, CREATE_PBX, PBX, PUT_PBX, CHANGE_PBX, DELETE_PBX, RESET, API,
    CHANGE_API, IDENTITY, SHOW_IDENTITY, CLOCK, CHANGE_CLOCK, CALLS, PLACE_CALL, PLACE_CALLS, DELETE_CDRS, LEDGER,
    FAULTS, ARM_FAULT, CLEAR_FAULTS, CHANGE_FAULT, DISARM_FAULT, JOURNAL, SNAPSHOT, RESTORE,
)
# fmt: on


class _Paged(Protocol[T_co]):
    """A page of a list."""

    @property
    def items(self) -> tuple[T_co, ...]: ...
    @property
    def next(self) -> int | None: ...


Asking = Generator[Asked[Any], Any, T]
"""Yields requests, is sent what their answers say, and returns what comes of all."""


def all_calls(pbx: str, which: Mapping[str, Any]) -> Asking[tuple[answers.Call, ...]]:
    """Ask for all calls that *which* leaves; `limit` is the size of a page."""
    return _all(CALLS, pbx, {"limit": MOST_CALLS, **which})


def all_in_ledger(pbx: str, which: Mapping[str, Any]) -> Asking[tuple[answers.LedgerCall, ...]]:
    """Ask for all calls of the ledger that *which* leaves; `limit` is the size of a page."""
    return _all(LEDGER, pbx, {"limit": MOST_ACCOUNTED, **which})


def all_events(pbx: str, filters: Mapping[str, Any]) -> Asking[tuple[answers.Entry, ...]]:
    """Ask for all events that *filters* leave, or as many as their `limit` says."""
    if "limit" in filters:
        page = yield JOURNAL.ask(pbx, query=filters)
        return tuple(page.items)
    return (yield from _all(JOURNAL, pbx, {"limit": MOST_EVENTS, **filters}))


def _all(operation: Operation[Any], pbx: str, which: Mapping[str, Any]) -> Asking[tuple[Any, ...]]:
    found: list[Any] = []
    after: Mapping[str, Any] = {}
    while True:
        page: _Paged[Any] = yield operation.ask(pbx, query={**which, **after})
        found += page.items
        if page.next is None:
            return tuple(found)
        after = {"after": page.next}


def following(pbx: str, after: int | None, filters: Mapping[str, Any]) -> tuple[Asked[Any], dict[str, str]]:
    """Return what asks for the events of the journal as they happen, and the header that makes it so."""
    return JOURNAL.ask(pbx, query={**filters, "after": after}), {"Accept": "text/event-stream"}


def events_of(url: str) -> Callable[[str], answers.Entry]:
    """Return what reads the data of an event that comes from *url*; raises `ControlUnreachable` where that is none."""
    entry = reader(answers.Entry)

    def event(data: str) -> answers.Entry:
        try:
            return entry(json.loads(data))
        except (ValueError, RecursionError) as error:
            raise _stranger(url, f"an event that is none: {error}") from error

    return event


def with_name(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the body that begins a PBX called *name* with *settings*."""
    return {**settings, "name": name}
