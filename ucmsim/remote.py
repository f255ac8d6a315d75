"""PBXs as clients here reach them: a ucmsim may run on another machine, whose files nobody here can read, and whose PBXs are at its own host."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ucmsim.contract.answers import Pbx
from ucmsim.contract.operations import HERE
from ucmsim.errors import UcmsimError
from ucmsim.privatefile import PUBLIC, put


@dataclass(frozen=True, slots=True)
class Reached:
    """Where clients here reach the PBX called *name*, and whom they trust there, which is a file here.

    *url* is "" where nothing listens, *password* None where nobody knows it here.
    """

    name: str
    url: str
    user: str | None
    password: str | None = field(repr=False)
    ca: str


@dataclass(frozen=True, slots=True)
class Remote:
    """The *host* of the control plane that is asked, and the *folder* in which a CA is written down that cannot be read here."""

    host: str
    folder: Path

    @classmethod
    def at(cls, url: str, folder: Path) -> Remote:
        """Return that of the control plane at *url*."""
        return cls(urlsplit(url).hostname or "", folder)

    @property
    def here(self) -> bool:
        """Whether it is at this machine's own address."""
        return self.host in HERE

    def settings(self) -> dict[str, Any]:
        """Return with which settings a PBX is reached from here: none; on another host it listens everywhere there, serves everybody, and is named so."""
        if self.here:
            return {}
        api = {"tls_bind_address": f"{self._any_address}:0", "permitted_ips": ["0.0.0.0/0", "::/0"]}
        return {"api": api, "tls_names": [self.host]}

    def reached(self, pbx: Pbx, password: str | None = None) -> Reached:
        """Return *pbx* as clients here reach it."""
        return Reached(pbx.name, self._url(pbx), pbx.username, password, self._ca(pbx))

    def _url(self, pbx: Pbx) -> str:
        told = pbx.url or ""
        if not told or self.here or not _everywhere(pbx):
            return told
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{urlsplit(told).port}"

    def _ca(self, pbx: Pbx) -> str:
        """Return the file of its CA: its own, where that is here, and says the same, else one that is written here.

        Raises `UcmsimError` where that cannot be written.
        """
        if self.here and has_ca(pbx):
            return pbx.ca
        file = self.folder / f"{pbx.name}.pem"
        try:
            put(file, pbx.ca_pem.encode(), PUBLIC)
        except OSError as error:
            raise UcmsimError(
                f"the CA of PBX '{pbx.name}' cannot be written to {file}: {error.strerror or error}"
            ) from None
        return str(file)

    @property
    def _any_address(self) -> str:
        try:
            return "[::]" if ip_address(self.host).version == 6 else "0.0.0.0"  # noqa: S104 - it is there to be reached
        except ValueError:
            return "0.0.0.0"  # noqa: S104


def _everywhere(pbx: Pbx) -> bool:
    """Return whether *pbx* listens on all addresses of its machine, of which it can tell none but the nearest."""
    from ucmsim.settings.addresses import DEFAULT_PORT, parse_address  # which imports pydantic

    bound = pbx.settings.get("api", {}).get("tls_bind_address")
    return bound is None or parse_address(bound, DEFAULT_PORT).everywhere


def has_ca(pbx: Pbx) -> bool:
    """Return whether the file of its CA that *pbx* tells is on this machine, and is that."""
    try:
        return Path(pbx.ca).read_text("ascii") == pbx.ca_pem
    except (OSError, ValueError):
        return False
