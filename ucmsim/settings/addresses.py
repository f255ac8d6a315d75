"""Where something listens: an IP address and a port, as a setting is written."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Any, NamedTuple

from pydantic import PlainValidator

from ucmsim.settings.keys import AS_TEXT, schema_text, text_due, wrong

DEFAULT_PORT = 8443
DEFAULT_CONTROL_PORT = 8444


class Address(NamedTuple):
    """An IP address and a port to listen on; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def nearby(self) -> str:
        """The host by which a client on this machine gets there, as it stands in a URL."""
        host = ("::1" if ":" in self.host else "127.0.0.1") if self.everywhere else self.host
        return f"[{host}]" if ":" in host else host

    @property
    def everywhere(self) -> bool:
        """Whether this is the address of all interfaces."""
        return ip_address(self.host).is_unspecified


_PORT_FORM = "write IP or IP:port, such as 0.0.0.0:8443, 127.0.0.1:0 or [::1]:8443"


def parse_address(value: object, default_port: int) -> Address:
    """Return the address that the text *value* spells."""
    if bare := re.fullmatch(r":?([0-9]{1,5})", "" if isinstance(value, bool) else str(value)):
        raise wrong(f"{bare[0]} is a port without an IP address", f"write both, such as 127.0.0.1:{bare[1]}")
    text = text_due(value)
    match = re.fullmatch(r"(?:\[(?P<v6>[^\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[^:]*))?", text)
    host = (match["v6"] if match["v6"] is not None else match["host"]) if match else text
    port = match["port"] if match else None
    try:
        host = str(ip_address(host))
    except ValueError:
        raise wrong(f"'{text}' does not begin with an IP address", _PORT_FORM) from None
    if port is not None and not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        raise wrong(f"'{port}' is not a port: ports are whole numbers from 0 to 65535", _PORT_FORM)
    return Address(host, default_port if port is None else int(port))


def address(default_port: int) -> Any:
    """Return the type of ``IP[:port]`` settings."""

    def parse(value: object) -> Address:
        return value if isinstance(value, Address) else parse_address(value, default_port)

    return Annotated[Address, PlainValidator(parse), AS_TEXT, schema_text(examples=["127.0.0.1:8443"])]


_LABEL = re.compile(r"[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?", re.ASCII)


def name_or_address(text: str) -> str:
    """Return the DNS name or the IP address that *text* is; raises what a model raises."""
    try:
        return str(ip_address(text))
    except ValueError:
        pass
    labels = text.removeprefix("*.").removesuffix(".").split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise wrong(f"'{text}' is neither a DNS name nor an IP address", "write one such as pbx.example.com")
    return text
