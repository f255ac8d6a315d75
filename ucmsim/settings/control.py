"""The keys of `control:`, and the file in the state folder in which its token stands."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from ucmsim.settings.addresses import DEFAULT_CONTROL_PORT, Address, address, name_or_address
from ucmsim.settings.keys import FilePath, Keys, Printable

TOKEN_FILE = "control-token"  # noqa: S105 - where it stands, not what it is
TLS_FOLDER = "control_tls"
"""Where its key and certificates stand in the state folder; no PBX can be called so."""


class ControlTls(Keys):
    """TLS of the control plane: with the user's own files, or with a certificate that is minted for *names*."""

    certificate: FilePath | None = Field(None, description="PEM file under 2 MB; null = minted")
    key: FilePath | None = Field(None, description="PEM file under 2 MB; null = minted")
    names: tuple[Annotated[str, AfterValidator(name_or_address)], ...] = Field(
        (), strict=False, description="names and addresses of this machine for the minted certificate"
    )


class Control(Keys):
    """The control plane: a bearer token, and TLS where it does not listen on loopback."""

    bind: address(DEFAULT_CONTROL_PORT) = Field(  # type: ignore[valid-type]
        Address("127.0.0.1", DEFAULT_CONTROL_PORT),
        description="address and port; elsewhere than on loopback only with a token and tls",
        json_schema_extra={"default": f"127.0.0.1:{DEFAULT_CONTROL_PORT}"},
    )
    token: Annotated[Printable, Field(min_length=8)] | None = Field(
        None, description="bearer token, 8 characters at least; null = minted at each start", repr=False
    )
    tls: ControlTls | None = Field(None, description="{} = HTTPS with a minted certificate; null = plain HTTP")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of a minted certificate, its CN first."""
        own = () if self.bind.everywhere else (self.bind.host,)
        given = self.tls.names if self.tls else ()
        return tuple(dict.fromkeys((*own, *given, "localhost", "127.0.0.1", "::1")))

    @property
    def scheme(self) -> str:
        """How its URL begins."""
        return "http" if self.tls is None else "https"
