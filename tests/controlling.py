"""The control plane of a fleet, asked byte by byte: for the tests of all its routes."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from ucmsim.pytest_plugin import UcmFleet

NAMES = count(1)
LATENCY = {"fault": "http.latency", "seconds": 0.25}
GUIDE = {"import": str(Path(__file__).parent.parent / "fixtures" / "guide-2013.csv")}
PASSWORD = "not-for-everybody"


@dataclass(frozen=True)
class Answer:
    """What came back on the wire."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        assert self.headers["Content-Type"] == "application/json"
        return json.loads(self.data)

    @property
    def error(self) -> dict[str, Any]:
        """The error, which must have the one shape."""
        assert set(self.json) == {"error"}
        error = self.json["error"]
        assert set(error) == {"code", "message", "field"}
        assert error["code"]
        assert error["message"]
        return dict(error)

    @property
    def told(self) -> tuple[int, str, str | None]:
        """Status, code and field of an error."""
        return self.status, self.error["code"], self.error["field"]


class Control:
    """The control plane of a session's fleet, asked byte by byte."""

    def __init__(self, fleet: UcmFleet) -> None:
        self.client = fleet.control
        self._made: list[str] = []

    def __call__(self, method: str, path: str, body: Any = None, *, token: str | None = "right") -> Answer:
        """Ask; a *body* that is no bytes is sent as JSON, *token* None sends none."""
        place = urlsplit(self.client.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        headers = {} if token is None else {"Authorization": f"Bearer {token.replace('right', self.client.token)}"}
        try:
            connection.request(method, path, body if isinstance(body, bytes | None) else json.dumps(body), headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def name(self) -> str:
        """Return a name for a PBX that goes with the test."""
        self._made.append(f"control-{next(NAMES)}")
        return self._made[-1]

    def create(self, name: str | None = None, **settings: Any) -> Answer:
        """Create a PBX over the API; its history is empty unless said otherwise."""
        return self("POST", "/v1/pbxs", {"name": name or self.name(), "history": {"days": 0}, **settings})

    def clean(self) -> None:
        for name in self._made:
            self("DELETE", f"/v1/pbxs/{name}")


def fetched(pbx: Mapping[str, Any], target: str = "/cdrapi") -> bytes:
    """Return what a PBX that asks for no password answers to a client that trusts its CA and nobody else."""
    context = ssl.create_default_context(cafile=pbx["ca"])
    with urlopen(f"{pbx['url']}{target}", timeout=20, context=context) as answer:
        return bytes(answer.read())


def shown(pbx: Mapping[str, Any]) -> str:
    """Return the certificate that a PBX shows, as PEM."""
    place = urlsplit(pbx["url"])
    return ssl.get_server_certificate((place.hostname or "", place.port or 443))


def api(**more: Any) -> dict[str, Any]:
    """Return the API page of a PBX that listens."""
    return {"enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"], **more}
