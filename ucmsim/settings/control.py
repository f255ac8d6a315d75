"""The keys of `control:`, and the file in the state folder in which its token stands."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from pydantic import Field, field_validator

from ucmsim.settings.addresses import DEFAULT_CONTROL_PORT, Address, address
from ucmsim.settings.keys import Keys, Printable, wrong

TOKEN_FILE = "control-token"  # noqa: S105 - where it stands, not what it is


class Control(Keys):
    """The control plane: loopback only, bearer token."""

    bind: address(DEFAULT_CONTROL_PORT) = Field(  # type: ignore[valid-type]
        Address("127.0.0.1", DEFAULT_CONTROL_PORT),
        description="loopback address and port",
        json_schema_extra={"default": f"127.0.0.1:{DEFAULT_CONTROL_PORT}"},
    )
    token: Annotated[Printable, Field(min_length=8)] | None = Field(
        None, description="bearer token, 8 characters at least; null = minted at each start", repr=False
    )

    @field_validator("bind")
    @classmethod
    def _loopback(cls, bind: Address) -> Address:
        if not ip_address(bind.host).is_loopback:
            raise wrong(
                f"the control plane cannot listen on {bind.host}", "it listens on loopback, e.g. 127.0.0.1:8444"
            )
        return bind
