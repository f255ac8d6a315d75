"""The keys of `api:`, which are those of the device's own page. The defaults are the device's. Spec 1."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainSerializer, PlainValidator

from ucmsim.acl import Entry, parse_entries
from ucmsim.settings.addresses import DEFAULT_PORT, Address, address
from ucmsim.settings.keys import FilePath, Keys, Printable, Secret, schema_text, text_due, wrong


class Unreadable(str):
    """An item of `permitted_ips` that the device could not read, kept because the quirk acl-unparsable says so."""

    __slots__ = ()


def _entries(value: object) -> tuple[Entry, ...] | Unreadable:
    if isinstance(value, Unreadable):
        return value
    text = text_due(value)
    try:
        return parse_entries(text)
    except ValueError as error:
        raise wrong(str(error)) from None


def readable(item: object) -> object:
    """Return *item*, marked `Unreadable` if it is text that is no access entry."""
    try:
        parse_entries(item) if isinstance(item, str) else None
    except ValueError:
        return Unreadable(item)
    return item


Permitted = Annotated[
    tuple[Entry, ...] | Unreadable,
    PlainValidator(_entries),
    PlainSerializer(lambda item: ",".join(map(str, item)) if isinstance(item, tuple) else item, return_type=str),
    schema_text(examples=["192.168.40.3/255.255.255.255"]),
]


class Api(Keys):
    """The device's own "API Configuration" page; the defaults are the device's. Spec 1."""

    enable: bool = Field(False, description="Enable; when false, nothing listens on the API port")
    tls_bind_address: address(DEFAULT_PORT) = Field(  # type: ignore[valid-type]
        Address("0.0.0.0", DEFAULT_PORT),  # noqa: S104 - the device's default
        description="TLS Bind Address, IP[:port]; port 0 lets the system choose",
        json_schema_extra={"default": f"0.0.0.0:{DEFAULT_PORT}"},
    )
    tls_private_key: FilePath | None = Field(None, description="TLS Private Key, PEM under 2 MB; null = minted")
    tls_cert: FilePath | None = Field(None, description="TLS Cert, PEM under 2 MB; null = minted")
    tls_authentication_name: Printable | None = Field(None, description="TLS Authentication Name; null = none at all")
    tls_authentication_password: Secret | None = Field(
        None, description="TLS Authentication Password", repr=False, json_schema_extra={"writeOnly": True}
    )
    permitted_ips: tuple[Permitted, ...] = Field(
        (), strict=False, description="Permitted IP(s), address/netmask entries; empty = everybody is denied"
    )

    @property
    def files(self) -> tuple[Path | None, Path | None]:
        """The files of the key and of the certificate."""
        return self.tls_private_key, self.tls_cert

    @property
    def place(self) -> Address | None:
        """Where it is to listen, None where it is disabled."""
        return Address(*self.tls_bind_address) if self.enable else None

    @property
    def given(self) -> bool:
        """Whether key and certificate are the user's own; either both are or none is."""
        return None not in self.files

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All access rules in order; none, and so everybody denied, when one of them is unreadable."""
        items = [item for item in self.permitted_ips if not isinstance(item, Unreadable)]
        return tuple(entry for item in items for entry in item) if len(items) == len(self.permitted_ips) else ()
