"""The servers that are measured: started on a free loopback port, ended by their own pid."""

from __future__ import annotations

import json
import os
import select
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

from bench.machine import Cores, tool
from bench.proc import cpu_ms

START_LIMIT = 60.0
"""Seconds that a server may take until it accepts."""
STOP_LIMIT = 10.0
USER, PASSWORD = "bench", "bench123"

_POLL = 0.002


class NotStarted(Exception):
    """A server did not come up; the text ends with what it said."""


@dataclass(slots=True)
class Server:
    """A running server. *certificate* and *key* are the files it serves with; a client trusts *ca*.

    It *accepted* after so many seconds, told that it was *ready* after so many (0 if it never tells), and had used
    *start_cpu* milliseconds by then.
    """

    name: str
    pid: int
    port: int
    accepted: float = 0.0
    ready: float = 0.0
    start_cpu: float = 0.0
    ca: Path = Path()

    @property
    def certificate(self) -> Path:
        return self.ca.with_name("certificate.pem")

    @property
    def key(self) -> Path:
        return self.ca.with_name("private.pem")

    @property
    def spool(self) -> Path:
        """The spool of a ucmsim."""
        return self.ca.with_name("spool")

    def url(self, path: str) -> str:
        return f"https://127.0.0.1:{self.port}{path}"

    def fetch(self, path: str) -> bytes:
        """Return the body at *path*, fetched once over verified TLS."""
        context = ssl.create_default_context(cafile=self.ca)
        return _got(HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context), path)

    def negotiated(self) -> str:
        """Return version and cipher that a default client gets."""
        context = ssl.create_default_context(cafile=self.ca)
        with (
            socket.create_connection(("127.0.0.1", self.port), 20) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as tls,
        ):
            cipher = tls.cipher()
            return f"{tls.version()} {cipher[0] if cipher else '-'}"


@contextmanager
def ucmsim(
    name: str, home: Path, cores: Cores, *, history: dict[str, Any], state: Path | None = None, **more: Any
) -> Iterator[Server]:
    """Run a ucmsim with one PBX for anybody on loopback, as `sim.yaml` would with *history* and *more* keys of a PBX.

    Without *state* it keeps nothing.
    """
    api = {"enable": True, "permitted_ips": ["127.0.0.0/8"], **more.pop("api", {})}
    port = _free_port()
    pbx = {
        "personality": "ucm6200",
        "api": {**api, "tls_bind_address": f"127.0.0.1:{port}"},
        "history": history,
        **more,
    }
    home.mkdir()
    configuration = home / "sim.yaml"
    kept = {} if state is None else {"state": str(state)}
    configuration.write_text(json.dumps({"seed": 42, **kept, "pbxs": {"bench": pbx}}))
    report, told = os.pipe()
    watched, alive = os.pipe()
    # -P: the working folder is no place to import from.
    command = [sys.executable, "-P", "-m", "twisted", "ucmsim", "--config", str(configuration)]
    command += ["--ready-file", f"/dev/fd/{told}", "--parent-pipe", str(watched)]
    began = time.monotonic()
    try:
        with _running(cores.serving(command), home, inherits=(told, watched)) as process:
            os.close(told)
            os.close(watched)
            accepted = _accepted(process, port, home)
            ready = json.loads(_told(report, home))
            told_at = time.monotonic()
            ca = Path(ready["pbxs"]["bench"]["ca"])
            yield Server(name, process.pid, port, accepted - began, told_at - began, cpu_ms(process.pid), ca)
    finally:
        os.close(report)
        os.close(alive)


@contextmanager
def bare_web(home: Path, cores: Cores) -> Iterator[Server]:
    """Run Twisted's own web server on an empty folder: the least that a Twisted server takes to start."""
    home.mkdir()
    port = _free_port()
    command = [sys.executable, "-P", "-m", "twisted", "web", "--path", str(home)]
    command += ["--listen", f"tcp:{port}:interface=127.0.0.1"]
    began = time.monotonic()
    with _running(cores.serving(command), home) as process:
        accepted = _accepted(process, port, home) - began
        used = cpu_ms(process.pid)
        _got(HTTPConnection("127.0.0.1", port, timeout=20), "/")
        yield Server("bare twisted web", process.pid, port, accepted, start_cpu=used)


@contextmanager
def nginx(home: Path, cores: Cores, twin: Server, files: dict[str, bytes]) -> Iterator[Server]:
    """Run nginx with one worker on *files*, with the certificate and the key of *twin*."""
    pages = home / "pages"
    pages.mkdir(parents=True)
    for name, data in files.items():
        (pages / name).write_bytes(data)
    for source, name in ((twin.certificate, "certificate.pem"), (twin.key, "private.pem"), (twin.ca, "ca.pem")):
        copy = home / name
        copy.touch(0o600)
        copy.write_bytes(source.read_bytes())
    port = _free_port()
    # Only root may name a user; a worker of root's own reads the private temporary folder.
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(_NGINX.format(user=user, home=home, port=port))
    command = [tool("nginx") or "nginx", "-p", str(home), "-e", str(home / "error.log"), "-c", str(home / "nginx.conf")]
    began = time.monotonic()
    with _running(cores.serving(command), home) as process:
        accepted = _accepted(process, port, home) - began
        yield Server("nginx", process.pid, port, accepted, ca=home / "ca.pem")


_NGINX = """\
{user}
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log {home}/access.log;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    types {{ }}
    default_type application/json;
    keepalive_timeout 15;
    keepalive_requests 10000000;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {home}/certificate.pem;
        ssl_certificate_key {home}/private.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        root {home}/pages;
        location = /digest.json {{
            add_header WWW-Authenticate 'Digest algorithm=MD5, realm="nginx", nonce="1", qop="auth"' always;
            if ($http_authorization = "") {{ return 401; }}
        }}
    }}
}}
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(command: list[str], home: Path, inherits: tuple[int, ...] = ()) -> Iterator[subprocess.Popen[bytes]]:
    # Its temporary files go with ours, however it ends.
    environment = {**os.environ, "TMPDIR": str(home)}
    with (home / "output").open("wb") as output:
        process = subprocess.Popen(
            command,
            pass_fds=inherits,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home,
            env=environment,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _accepted(process: subprocess.Popen[bytes], port: int, home: Path) -> float:
    """Return the moment at which a connection to *port* was first accepted."""
    until = time.monotonic() + START_LIMIT
    while (now := time.monotonic()) < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(_POLL)
        else:
            return now
    raise NotStarted(_last_words(home))


def _told(report: int, home: Path) -> bytes:
    """Return the line that the ready report is."""
    data, until = b"", time.monotonic() + START_LIMIT
    while not data.endswith(b"\n"):
        readable, _, _ = select.select([report], [], [], max(0.0, until - time.monotonic()))
        piece = os.read(report, 65536) if readable else b""
        if not piece:
            raise NotStarted(_last_words(home))
        data += piece
    return data


def _last_words(home: Path) -> str:
    files = [home / "output", home / "error.log"]
    return "a server did not start:\n" + "\n".join(
        file.read_text(errors="replace")[-2000:] for file in files if file.exists()
    )


def _got(connection: HTTPConnection, path: str) -> bytes:
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        reply = connection.getresponse()
        if reply.status != 200:
            raise NotStarted(f"GET {path} was answered {reply.status}")
        return reply.read()
    finally:
        connection.close()
