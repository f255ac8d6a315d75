"""A ucmsim that may run on another machine, whose files nobody here can read, and whose PBXs clients reach at its own host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ucmsim.contract.answers import Pbx
from ucmsim.contract.operations import HERE
from ucmsim.overlay import GUIDE, over
from ucmsim.testing.chosen import default


@dataclass(frozen=True, slots=True)
class Remote:
    """The *host* of the control plane that is asked, and the *folder* in which the CA of each PBX is written down."""

    host: str
    folder: Path

    @classmethod
    def at(cls, url: str, folder: Path) -> Remote:
        """Return that of the control plane at *url*."""
        return cls(urlsplit(url).hostname or "", folder)

    def default(self) -> dict[str, Any]:
        """Return the default PBX of the fixtures; on another host it listens everywhere there, serves everybody, and is named so."""
        if self.host in HERE:
            return default()
        there = {"tls_bind_address": f"{self._everywhere}:0", "permitted_ips": ["0.0.0.0/0", "::/0"]}
        return over(default(), {"api": there, "tls_names": [self.host], "history": {"import": GUIDE}})

    def url(self, pbx: Pbx, settings: Mapping[str, Any]) -> str:
        """Return where *pbx*, which was made with *settings*, is for clients here; "" where nothing listens."""
        told = pbx.url or ""
        bound = settings["api"].get("tls_bind_address", "")
        if not told or self.host in HERE or not bound.startswith(("0.0.0.0", "[::]", "::")):  # noqa: S104
            return told
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{urlsplit(told).port}"

    def ca(self, pbx: Pbx) -> str:
        """Return the file of the CA of *pbx*, written here."""
        file = self.folder / f"{pbx.name}.pem"
        file.write_text(pbx.ca_pem, "ascii")
        return str(file)

    @property
    def _everywhere(self) -> str:
        try:
            return "[::]" if ip_address(self.host).version == 6 else "0.0.0.0"  # noqa: S104 - it is there to be reached
        except ValueError:
            return "0.0.0.0"  # noqa: S104
