"""A client of the control plane for synchronous programs: standard library only, no Twisted."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

__tracebackhide__ = True
"""A test that fails in here is shown by pytest where its own code asked."""
_PAGE = 5000
"""Calls that are asked for at once."""


class ControlError(Exception):
    """The control plane said no: its *status*, its *code* for programs, and the *field* at fault, if one is."""

    def __init__(self, status: int, code: str, message: str, field: str | None) -> None:
        # Of several problems each begins with its field, the first with this one.
        super().__init__(f"{message} ({field})" if field and not message.startswith(f"{field}: ") else message)
        self.status, self.code, self.field = status, code, field


class ControlUnreachable(ControlError):
    """Nothing answers at the control plane's address, or what answers is not ucmsim."""

    def __init__(self, message: str) -> None:
        super().__init__(0, "unreachable", message, None)


def url_objection(url: str) -> str:
    """Return why *url* cannot be that of a control plane, "" if it can."""
    try:
        place = urlsplit(url)
        if place.scheme == "http" and place.hostname and place.port != 0:
            return ""
    except ValueError:  # no port, or half an IPv6 address
        pass
    return f"'{url}' is no URL of a control plane; it begins with http://, such as http://127.0.0.1:8444"


@dataclass(frozen=True, slots=True)
class ControlClient:
    """Talks to the control plane at *url* with its *token*; every call may raise `ControlError`.

    *timeout* is in seconds.
    """

    url: str
    token: str = field(repr=False)
    timeout: float = 60.0

    def status(self) -> dict[str, Any]:
        """Return instance, version and the names of the PBXs."""
        return self._ask("GET", "/v1/status")

    def pbxs(self) -> list[dict[str, Any]]:
        """Return every PBX."""
        return list(self._ask("GET", "/v1/pbxs")["items"])

    def pbx(self, name: str) -> dict[str, Any]:
        """Return the PBX called *name*."""
        return self._ask("GET", f"/v1/pbxs/{quote(name, safe='')}")

    def create_pbx(self, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Start a PBX with *settings* as in sim.yaml; return it with its url and ca."""
        return self._ask("POST", "/v1/pbxs", {**settings, "name": name})

    def delete_pbx(self, name: str) -> None:
        """Stop the PBX called *name* and forget its state."""
        self._ask("DELETE", f"/v1/pbxs/{quote(name, safe='')}")

    def clock(self, pbx: str) -> dict[str, Any]:
        """Return what the clock of *pbx* shows: now and local as ISO texts, and its rate."""
        return self._ask("GET", f"/v1/pbxs/{quote(pbx, safe='')}/clock")

    def change_clock(self, pbx: str, change: Mapping[str, Any]) -> dict[str, Any]:
        """Move the clock of *pbx*: now (ISO), advance or step (seconds), rate, time_zone; return what it then shows."""
        return self._ask("PUT", f"/v1/pbxs/{quote(pbx, safe='')}/clock", change)

    def faults(self, pbx: str) -> list[dict[str, Any]]:
        """Return the faults armed on *pbx* with their counters."""
        return list(self._ask("GET", f"/v1/pbxs/{quote(pbx, safe='')}/faults")["items"])

    def arm_fault(self, pbx: str, fault: Mapping[str, Any]) -> dict[str, Any]:
        """Arm *fault* on *pbx*; return it with its name."""
        return self._ask("POST", f"/v1/pbxs/{quote(pbx, safe='')}/faults", fault)

    def change_fault(self, pbx: str, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change what *changes* says of the fault called *name* on *pbx*; return it as it is then."""
        return self._ask("PATCH", f"/v1/pbxs/{quote(pbx, safe='')}/faults/{quote(name, safe='')}", changes)

    def clear_faults(self, pbx: str) -> None:
        """Disarm every fault on *pbx*."""
        self._ask("DELETE", f"/v1/pbxs/{quote(pbx, safe='')}/faults")

    def disarm_fault(self, pbx: str, name: str) -> None:
        """Disarm the fault called *name* on *pbx*."""
        self._ask("DELETE", f"/v1/pbxs/{quote(pbx, safe='')}/faults/{quote(name, safe='')}")

    def calls(self, pbx: str, **which: str | int) -> list[dict[str, Any]]:
        """Return what really happened in each call of *pbx* that is over, page by page until there is no more.

        *which* narrows it: since, until (ISO), session, uniqueid, shape, after (a call); limit is the size of a page.
        """
        found: list[dict[str, Any]] = []
        which = {"limit": _PAGE, **which}
        while True:
            page = self._ask("GET", f"/v1/pbxs/{quote(pbx, safe='')}/calls?{urlencode(which)}")
            found += page["items"]
            if page["next"] is None:
                return found
            which["after"] = page["next"]

    def place_call(self, pbx: str, call: Mapping[str, Any]) -> dict[str, Any]:
        """Let a call happen on *pbx*; return its shape, kind, beginning and end."""
        return self._ask("POST", f"/v1/pbxs/{quote(pbx, safe='')}/calls", call)

    def place_calls(self, pbx: str, calls: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Let calls happen on *pbx*, all of them or none; return what `place_call` does of each."""
        return list(self._ask("POST", f"/v1/pbxs/{quote(pbx, safe='')}/calls", calls)["items"])

    def delete_cdrs(self, pbx: str) -> int:
        """Delete every CDR of *pbx*; return how many there were."""
        return int(self._ask("DELETE", f"/v1/pbxs/{quote(pbx, safe='')}/cdrs")["deleted"])

    def journal_page(self, pbx: str, filters: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        """Return events of *pbx*: items, next (an id to put into `after`, or None), first and last (ids).

        *filters* are those of `GET /v1/pbxs/{pbx}/journal`.
        """
        asked = urlencode({name: value for name, value in filters.items() if value is not None})
        return self._ask("GET", f"/v1/pbxs/{quote(pbx, safe='')}/journal?{asked}")

    def journal(self, pbx: str, **filters: Any) -> list[dict[str, Any]]:
        """Return every event of *pbx* that *filters* leave, in order, however many pages that takes."""
        found: list[dict[str, Any]] = []
        asked: dict[str, Any] = {"limit": 1000, **filters}
        while True:
            page = self.journal_page(pbx, asked)
            found += page["items"]
            if page["next"] is None or "limit" in filters:
                return found
            asked["after"] = page["next"]

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | Sequence[Any] | None = None) -> dict[str, Any]:
        if said := url_objection(self.url):
            raise ControlUnreachable(said)
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=self.timeout)
        headers = {"Authorization": f"Bearer {self.token}", "Connection": "close"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            data = response.read()
            answer: Any = json.loads(data) if data else {}
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            hint = "; does ucmsim run?" if isinstance(error, ConnectionRefusedError) else ""
            raise ControlUnreachable(f"the control plane at {self.url} cannot be reached: {error}{hint}") from error
        finally:
            connection.close()
        match answer:
            case {"error": {"code": str(code), "message": str(message), "field": str() | None as field}} if (
                response.status >= 400
            ):
                raise ControlError(response.status, code, message, field)
            case dict() if response.status < 400:
                return answer
        raise ControlUnreachable(f"what answers at {self.url} is no control plane of ucmsim (status {response.status})")
