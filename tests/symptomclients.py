"""The clients that faults are shown to: each makes one request, and says in few words what its user sees.

What a program that uses the client can tell apart is told apart; the endings among which the kernel chooses are one.
"""

from __future__ import annotations

import http.client
import json
import re
import select
import ssl
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit
from zlib import crc32

import httpx
import requests

from tests.clients import FOLDER

PATIENCE = 1.5
"""Seconds that a client waits for the next byte; curl waits so long for everything."""

LONGEST = 20.0
"""Seconds after which a client that has said nothing is broken: none waits more than a few times for its patience."""

LOST = "connection lost"
"""The connection ended before the answer did. By RST or by FIN: where a client has sent what nobody reads, the kernel makes
the one of the other, and it is chance whether a client meets it at reading, at writing, or in its handshake."""

_LOST = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
_LOST_SAID = ("EOF occurred", "UNEXPECTED_EOF", "unexpected eof", "reset by peer", "SSL_ERROR_SYSCALL", "Broken pipe",
              "Server disconnected")  # fmt: skip


class Place(NamedTuple):
    """Where a PBX is asked, and the file of what is trusted there."""

    url: str
    ca: str


Client = Callable[[Place, str], str]
"""Asks for the target at a place; returns what comes of it."""


def judged(status: int, kind: str | None, body: bytes) -> str:
    """Return a response in few words: its status, its type, and what tells its body from others."""
    if status != 200:
        return str(status)
    if not body:
        return "200 empty"
    trouble = ""
    if "json" in (kind or "") or body.startswith(b"{"):
        try:
            json.loads(body)
        except UnicodeDecodeError:
            trouble = " not UTF-8"
        except ValueError:
            trouble = " no JSON"
    return f"200{trouble} {(kind or 'untyped').replace(' ', '')} {crc32(body)}"


def named(error: BaseException) -> str:
    """Return what a Python client's *error* is: its class, and what is behind it where that says more."""
    chain = list(_chain(error))
    said = [str(one) for one in chain]
    if any(isinstance(one, _LOST) for one in chain) or any(word in text for text in said for word in _LOST_SAID):
        return LOST
    reasons = [one.reason for one in chain if isinstance(one, ssl.SSLError) and one.reason]
    inner = [type(one).__name__ for one in chain if isinstance(one, http.client.HTTPException | TimeoutError)]
    more = [reason.lower().replace("_", " ") for reason in reasons[:1]] or inner[-1:]
    name = type(error).__name__
    return ": ".join([name, *(one for one in more if one != name and "Timeout" not in name)])


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield *error* and every error that it came from or holds."""
    todo: list[object] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            todo += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]


def with_requests(place: Place, target: str) -> str:
    """Ask with requests."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(place.url + target, verify=place.ca, timeout=PATIENCE)
        except requests.RequestException as error:
            return named(error)
        return judged(answer.status_code, answer.headers.get("Content-type"), answer.content)


@cache
def _trusting(ca: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)


def with_httpx(place: Place, target: str) -> str:
    """Ask with httpx, following redirects, which it does not by itself."""
    trusting = _trusting(place.ca)
    with httpx.Client(verify=trusting, trust_env=False, timeout=PATIENCE, follow_redirects=True) as client:
        try:
            answer = client.get(place.url + target)
        except httpx.HTTPError as error:
            return named(error)
        return judged(answer.status_code, answer.headers.get("Content-type"), answer.content)


def with_python(place: Place, target: str) -> str:
    """Ask with http.client."""
    at = urlsplit(place.url)
    connection = http.client.HTTPSConnection(at.hostname or "", at.port, timeout=PATIENCE, context=_trusting(place.ca))
    try:
        connection.request("GET", target)
        with connection.getresponse() as answer:
            return judged(answer.status, answer.getheader("Content-type"), answer.read())
    except (OSError, http.client.HTTPException) as error:
        return named(error)
    finally:
        connection.close()


def with_curl(place: Place, target: str) -> str:
    """Ask with curl, following redirects, which it does not by itself."""
    # Verbose, because only then it says whether a connection that came to nothing was refused or reset.
    told = ("-q", "-v", "--no-progress-meter", "-w", "%{stderr}told: %{http_code} %{content_type}\n")
    limits = ("--max-redirs", "3", "--max-time", str(2 * PATIENCE))
    how = ("-L", *limits, "--compressed", "--noproxy", "*", "--cacert", place.ca)
    ran = subprocess.run(["curl", *told, *how, place.url + target], capture_output=True, timeout=LONGEST)
    lines = ran.stderr.decode(errors="replace").splitlines()
    if ran.returncode:
        errors = [line for line in lines if re.match(r"curl: |\* *connect to .* failed: ", line)]
        if any(word in line for word in _LOST_SAID for line in errors):
            return LOST
        return ": ".join([f"exit {ran.returncode}", *openssl_reason(" ".join(errors))])
    status, _, kind = next(line for line in reversed(lines) if line.startswith("told: "))[6:].partition(" ")
    return judged(int(status), kind.strip() or None, ran.stdout)


def openssl_reason(said: str) -> list[str]:
    """Return the reason in what OpenSSL *said* in a line of its own form, nothing if it did not."""
    return re.findall(r"error:[0-9A-F]+:[^:]*:[^:]*:([^:]+?)(?=:|$| curl)", said)[:1]


class Told:
    """A client in a process of its own, which answers one line of JSON after another."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, place: Place, target: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"url": place.url + target, "ca": place.ca, "patience": PATIENCE}
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        readable, _, _ = select.select([self._process.stdout], [], [], LONGEST)
        line = self._process.stdout.readline() if readable else b""
        if not line:
            raise RuntimeError(f"{self._process.args!r} said nothing about {target} in {LONGEST:g} seconds")
        match json.loads(line):
            case {"error": ("ECONNRESET" | "EPIPE")}:
                return LOST
            case {"error": str(said)}:
                code, _, more = said.partition(" ")
                return ": ".join([code, *openssl_reason(more)]) if more.startswith("error:") else said
            case {"status": int(status), "type": kind, "body": body}:
                return judged(status, kind, b64decode(body))
        raise RuntimeError(f"{self._process.args!r} said {line!r}")

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


ALONE: Mapping[str, Client] = {
    "requests": with_requests, "httpx": with_httpx, "http.client": with_python, "curl": with_curl,
}  # fmt: skip
"""The clients that need nothing beside them."""
BESIDE: Mapping[str, tuple[str, ...]] = {
    "Node": ("node", str(FOLDER / "symptoms.js")), "treq": (sys.executable, str(FOLDER / "symptoms_treq.py")),
}  # fmt: skip
"""The commands of those that are processes."""
NAMES = (*ALONE, *BESIDE)


@contextmanager
def clients(names: tuple[str, ...] = NAMES) -> Iterator[dict[str, Client]]:
    """Yield the clients called so, as long as this lasts."""
    with ExitStack() as stack:
        found: dict[str, Client] = {}
        for name in names:
            if name in ALONE:
                found[name] = ALONE[name]
            else:
                found[name] = told = Told(*BESIDE[name])
                stack.callback(told.close)
        yield found
