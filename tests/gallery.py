"""Clients that are shown the gallery of bad certificates, verifying and not.

Each connects to 127.0.0.1 and calls the PBX `HOST`, or by its address where its name says so.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import ssl
import subprocess
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from tests.clients import FOLDER
from tests.slowkey import slow_rsa_key
from ucmsim.certificates.defects import Defect
from ucmsim.certificates.defects.keybank import pem
from ucmsim.privatefile import put
from ucmsim.pytest_plugin import Ucm

HOST = "pbx.example.com"
ADDRESS = "127.0.0.1"
_LONGEST = 5.0


class Tried(NamedTuple):
    """Whether the client got an answer, and what it *said*: the status, or its error."""

    accepted: bool
    said: str


Client = Callable[[int, Path | None], Tried]
"""Makes one request to a port of this machine, trusting the file, or anybody without one."""


def python(port: int, ca: Path | None, *, host: str = HOST) -> Tried:
    """Ask with Python's own ssl."""
    if ca is None:  # not the default context, which would read every CA of the system
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context = ssl.create_default_context(cafile=ca)
    try:
        with (
            socket.create_connection((ADDRESS, port), timeout=_LONGEST) as tcp,
            context.wrap_socket(tcp, server_hostname=host) as tls,
        ):
            tls.sendall(b"GET /nothing HTTP/1.1\r\nHost: pbx\r\n\r\n")
            return Tried(accepted=True, said=tls.recv(12).decode()[-3:])
    except ssl.SSLCertVerificationError as error:
        return Tried(accepted=False, said=error.verify_message)
    except ssl.SSLError as error:
        return Tried(accepted=False, said=(error.reason or str(error)).lower().replace("_", " "))
    except OSError as error:
        return Tried(accepted=False, said=type(error).__name__)


def python_by_address(port: int, ca: Path | None) -> Tried:
    """Ask with Python's own ssl, which goes by the address then."""
    return python(port, ca, host=ADDRESS)


class _Named(HTTPAdapter):
    def __init__(self, **more: Any) -> None:
        self._more = {"server_hostname": HOST, **more}
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **{**kwargs, **self._more})


def _careless() -> ssl.SSLContext:
    context = create_urllib3_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def by_requests(port: int, ca: Path | None) -> Tried:
    """Ask with requests."""
    with requests.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # urllib3 warns of who verifies nothing
        session.trust_env = False
        # With a context of ours urllib3 does not read every CA of the system only to trust anybody.
        session.mount("https://", _Named() if ca else _Named(ssl_context=_careless()))
        try:
            answer = session.get(f"https://{ADDRESS}:{port}/nothing", verify=str(ca) if ca else False, timeout=_LONGEST)
        except requests.RequestException as error:
            said = re.search(r"certificate verify failed: ([^(]*)|\[SSL(?:: (\w+))?\]", str(error))
            return Tried(accepted=False, said=((said[1] or said[2] or "") if said else type(error).__name__).strip())
        return Tried(accepted=True, said=str(answer.status_code))


def curl(port: int, ca: Path | None, *more: str) -> Tried:
    """Ask with curl."""
    trust = ("--cacert", str(ca)) if ca else ("--insecure",)
    quiet = ("-sS", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*", "--max-time", str(_LONGEST))
    place = ("--resolve", f"{HOST}:{port}:{ADDRESS}", f"https://{HOST}:{port}/nothing")
    done = subprocess.run(["curl", *quiet, *trust, *more, *place], capture_output=True, text=True, timeout=30)
    said = done.stdout if done.returncode == 0 else f"{done.returncode}: {done.stderr.strip()}"
    return Tried(accepted=done.returncode == 0, said=said)


def curl_cert_status(port: int, ca: Path | None) -> Tried:
    """Ask with curl, which wants an OCSP response then."""
    return curl(port, ca, "--cert-status")


def curl_crlfile(port: int, ca: Path | None) -> Tried:
    """Ask with curl, which has the CA's list of what is revoked then."""
    assert ca is not None
    return curl(port, ca, "--crlfile", str(ca.with_name("crl.pem")))


class Node:
    """Node's https in a process of its own that answers one question after another."""

    def __init__(self) -> None:
        command = ["node", str(FOLDER / "gallery.js")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, port: int, ca: Path | None) -> Tried:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"port": port, "host": HOST, "ca": ca.read_text() if ca else None}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Tried(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


CLIENTS: Mapping[str, Client] = MappingProxyType(
    {"Python": python, "Python by address": python_by_address, "requests": by_requests, "curl": curl}
)
"""The clients that need nothing but themselves; Node wants a process."""


def program(name: str) -> bool:
    """Return whether the program *name* is there."""
    return shutil.which(name) is not None


def may_differ(row: Defect, client: str) -> str | None:
    """Return the rule by which *client* may do otherwise than a careful one, None if there is none.

    All clients here stand on OpenSSL.
    """
    return row.unless.get(client) or row.unless.get("OpenSSL")


@cache
def slow_key() -> bytes:
    """Return the key that takes seconds where it is made by the rules."""
    return pem(slow_rsa_key())


def give_slow_key(folder: Path) -> None:
    """Put the key that takes seconds into the *folder* of a PBX, where an earlier run would have left it."""
    put(folder / "defect-rsa-8192.pem", slow_key())


class Shown:
    """One PBX that shows a defect, and what it said of each connection."""

    def __init__(self, ucm: Ucm) -> None:
        self.ucm = ucm
        self.port = urlsplit(ucm.url).port or 0
        self.ca = Path(ucm.ca)
        self._read = 0

    @contextlib.contextmanager
    def showing(self, defect: str) -> Iterator[None]:
        """Show *defect* as long as this lasts."""
        with self.ucm.fault("tls.certificate", defect=defect):
            yield

    def verdict(self, client: Client, ca: Path | None) -> tuple[Tried, str]:
        """Return what *client* said, and the verdict of the PBX on its connection."""
        self._news()
        tried = client(self.port, ca)
        deadline = time.monotonic() + _LONGEST
        while not (found := re.findall(r"was shown \S+: (.*)", self._news(keep=True))):
            assert time.monotonic() < deadline, f"no verdict on {tried}"
            time.sleep(0.002)
        self._news()
        assert len(found) == 1, found
        return tried, found[0]

    def _news(self, *, keep: bool = False) -> str:
        log = self.ucm._log
        with log.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        if not keep:
            self._read += len(text)
        return "\n".join(line for line in text.decode().splitlines() if f" {self.ucm.name} " in line)
