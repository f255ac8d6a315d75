"""The serving part: the same bytes from ucmsim and from nginx, under every kind of load, and what memory it took."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import load, rounds
from bench.machine import Cores, tool
from bench.proc import rss_mb
from bench.rounds import Contestant, Load
from bench.servers import PASSWORD, USER, Server, nginx, ucmsim

PAGE = "/cdrapi?format=json"
SMALL = "/cdrapi?format=json&numRecords=1"
_FILES = {"page.json": PAGE, "small.json": SMALL, "digest.json": SMALL}
_KEEP_ALIVE = 15
_LIMIT = 170.0


@dataclass(slots=True)
class Served:
    """What came of the serving part; *memory* is resident megabytes by server, *facts* what the servers agreed on."""

    loads: list[Load]
    memory: dict[str, float]
    facts: dict[str, str]


def measured(
    home: Path,
    history: Path,
    cores: Cores,
    *,
    count: int,
    seconds: float,
    notes: list[str],
    tell: Callable[[str], None],
) -> Served:
    """Start every server, see that the bodies are the same, run the rounds."""
    tell("starting the servers")
    with _servers(home, history, cores, notes) as (servers, other):
        facts = _agreed(servers, other)
        device, kept, digest = servers
        loads = _loads(device, kept, digest, other, facts, notes)
        tell("warming up")
        rounds.warm(loads, cores)
        rounds.run(loads, cores, count=count, seconds=seconds, limit=_LIMIT, notes=notes, tell=tell)
        everybody = [*servers, other] if other else servers
        return Served(loads, {server.name: rss_mb(server.pid) for server in everybody}, facts)


@contextmanager
def _servers(home: Path, history: Path, cores: Cores, notes: list[str]) -> Iterator[tuple[list[Server], Server | None]]:
    imported = {"import": str(history)}
    account = {"tls_authentication_name": USER, "tls_authentication_password": PASSWORD}
    with ExitStack() as stack:
        more = {"history": imported, "tls_max": "1.3"}
        device = stack.enter_context(ucmsim("ucmsim", home / "device", cores, **more))
        quirks = {"keep-alive": _KEEP_ALIVE}
        kept = stack.enter_context(ucmsim("ucmsim, keep-alive", home / "kept", cores, **more, quirks=quirks))
        digest = stack.enter_context(ucmsim("ucmsim, Digest", home / "digest", cores, **more, api=account))
        other = None
        if tool("nginx"):
            files = {name: device.fetch(path) for name, path in _FILES.items()}
            other = stack.enter_context(nginx(home / "nginx", cores, device, files))
        else:
            notes.append("nginx is not installed (Debian: nginx-light), so there is nothing to compare with.")
        yield [device, kept, digest], other


def _agreed(servers: list[Server], other: Server | None) -> dict[str, str]:
    """Return sizes and TLS parameters; raises `SystemExit` when two servers differ in them or in a body."""
    device, kept, _ = servers
    page, small = device.fetch(PAGE), device.fetch(SMALL)
    facts = {"page": f"{len(page)} B", "small": f"{len(small)} B", "tls": device.negotiated()}
    bodies = {"page from ucmsim, keep-alive": (kept.fetch(PAGE), page)}
    if other:
        bodies["page from nginx"] = (other.fetch("/page.json"), page)
        bodies["small from nginx"] = (other.fetch("/small.json"), small)
        if other.negotiated() != facts["tls"]:
            raise SystemExit(f"nginx agreed on {other.negotiated()}, ucmsim on {facts['tls']}")
    for what, (body, expected) in bodies.items():
        if body != expected:
            raise SystemExit(f"The {what} differs from that of ucmsim: {len(body)} bytes, not {len(expected)}")
    return facts


def _loads(
    device: Server, kept: Server, digest: Server, other: Server | None, facts: dict[str, str], notes: list[str]
) -> list[Load]:
    def nginx(file: str) -> Contestant | None:
        return Contestant(other, f"/{file}.json") if other else None

    page, small = f"page of 1000 rows, {facts['page']}", f"small, {facts['small']}"
    new, kept_open = "new connection each", "keep-alive"
    loads = [
        Load("page-new", f"{page}, {new}", "ab", load.ab, Contestant(device, PAGE), nginx("page")),
        Load("small-new", f"{small}, {new}", "ab", load.ab, Contestant(device, SMALL), nginx("small"), wanted=0.40),
        Load("small-new-1.2", f"{small}, {new}, TLS 1.2", "ab", load.ab_old, Contestant(device, SMALL), nginx("small")),
        Load("page-kept", f"{page}, {kept_open}", "wrk", load.wrk, Contestant(kept, PAGE), nginx("page")),
        Load("small-kept", f"{small}, {kept_open}", "wrk", load.wrk, Contestant(kept, SMALL), nginx("small")),
        Load("small-digest", f"{small}, Digest: two new connections", "digest.py", load.digest,
             Contestant(digest, SMALL), nginx("digest")),
    ]  # fmt: skip
    missing = {name for name in ("ab", "wrk") if tool(name) is None}
    packages = {"ab": "apache2-utils", "wrk": "wrk"}
    notes += [f"{name} is not installed (Debian: {packages[name]}), so its rows are left out." for name in missing]
    return [row for row in loads if row.tool not in missing]
