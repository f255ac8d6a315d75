"""What clients see of each fault, and what the journal says: `python -m tests.symptoms` writes `docs/symptoms.md`.

Every fault is armed by itself with its defaults, but for the pauses, which are short; `--runs N` looks whether the table
comes out the same so many times.
"""

from __future__ import annotations

import argparse
import http.client
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

import requests

from tests.doc_tables import ROOT, table
from ucmsim.child import Child
from ucmsim.client import ControlClient
from ucmsim.faults import KINDS, Kind

PATIENCE = 1.5
"""Seconds that a client waits for the next byte; curl waits so long for everything."""

FIELDS: dict[str, dict[str, Any]] = {
    "tls.certificate": {"defect": "expired"}, "tcp.latency": {"seconds": 3}, "tcp.bandwidth": {"rate": 50_000},
    "tcp.slicer": {"bytes": 64, "seconds": 0}, "tcp.limit": {"connections": 0}, "tls.slow-flight": {"bytes": 200, "seconds": 3},
    "http.latency": {"seconds": 3}, "http.redirect": {"location": "/cdrapi?format=json"}, "http.drip": {"bytes": 300, "seconds": 3},
    "api.restart": {"seconds": 0.1}, "api.slow-database": {"seconds": 3}, "api.quirk": {"id": "json-root", "value": "cdr"},
    "api.personality": {"id": "ucm6200"}, "data.unfiltered": {"parameter": "caller"}, "data.late": {"seconds": 86400},
    "media.late": {"seconds": 86400}, "media.slow": {"bytes": 1000, "seconds": 3},
}  # fmt: skip
HISTORY = {"days": 1, "calls_per_day": 40}


class Place:
    """A PBX to ask: its URL, what to trust, and two of its recordings."""

    def __init__(self, url: str, ca: str) -> None:
        self.url, self.ca = url, ca
        self.pair = ""

    def target(self, kind: Kind) -> str:
        """Return what is asked for to see a fault of that *kind*."""
        if kind.plane == "media":
            return self.pair if "member" in kind.id else self.pair.partition("@")[0]
        return (
            "/cdrapi?format=json&caller=1000"
            if kind.id == "data.unfiltered"
            else "/cdrapi?format=json&offset=1&numRecords=20"
        )


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


def compared(seen: str, usual: str) -> str:
    """Return what was *seen* as it differs from the *usual*, so that nothing depends on which calls there are."""
    if seen == usual:
        return "as ever"
    if not seen.startswith("200 ") or seen == "200 empty":
        return seen
    (*words, made), (*same, was) = seen.split(), usual.split()
    new = " ".join(word for word in words[1:] if word not in same)
    said = ["200"] + ([new] if new else []) + ([] if made == was else ["another body"])
    return ", ".join(said)


LOST = ("EOF occurred", "UNEXPECTED_EOF", "reset by peer", "Connection aborted", "SSL_ERROR_SYSCALL", "unexpected eof")
"""What clients say of a connection that ended: by FIN or by RST, as it happens when nobody has read what came."""


def named(error: BaseException, said: str = "") -> str:
    text = f"{error!r} {error}"
    return "connection lost" if any(word in text for word in LOST) else f"{type(error).__name__} {said}".strip()


def with_requests(place: Place, target: str) -> str:
    try:
        answer = requests.get(place.url + target, verify=place.ca, timeout=PATIENCE)
        return judged(answer.status_code, answer.headers.get("Content-type"), answer.content)
    except requests.RequestException as error:
        return named(error)


def with_python(place: Place, target: str) -> str:
    at = urlsplit(place.url)
    connection = http.client.HTTPSConnection(
        at.hostname or "", at.port, timeout=PATIENCE, context=ssl.create_default_context(cafile=place.ca)
    )
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        return judged(answer.status, answer.getheader("Content-type"), answer.read())
    except ssl.SSLError as error:
        return named(error, error.reason or "")
    except (OSError, http.client.HTTPException) as error:
        return named(error)
    finally:
        connection.close()


def with_curl(place: Place, target: str) -> str:
    out = "/dev/stdout"
    command = [
        "curl",
        "-sS",
        "-L",
        "--max-redirs",
        "3",
        "--compressed",
        "--max-time",
        str(PATIENCE),
        "--cacert",
        place.ca,
    ]
    ran = subprocess.run(
        [*command, "-o", out, "-w", "%{stderr}%{http_code} %{content_type}\n", place.url + target], capture_output=True
    )
    if ran.returncode:
        lost = any(word in ran.stderr.decode() for word in LOST)
        return "connection lost" if lost else f"exit {ran.returncode}"
    status, _, kind = ran.stderr.decode().strip().splitlines()[-1].partition(" ")
    return judged(int(status), kind or None, ran.stdout)


CLIENTS: dict[str, Callable[[Place, str], str]] = {"requests": with_requests, "Python": with_python, "curl": with_curl}


def told(entries: list[dict[str, Any]], kind: Kind) -> str:
    """Return what the journal says of a fault of that *kind*, "" if nothing; an exchange before its connection."""
    found = [entry for entry in entries if kind.id in entry["kinds"]]
    found.sort(key=lambda entry: entry["kind"] != "exchange")
    if not found:
        return ""
    entry = found[0]
    became = {
        "exchange": lambda: str(entry["reply"]["status"] or "no reply"),
        "connection": lambda: entry["verdict"],
        "listening": lambda: "port open" if entry["listens"] else "port closed",
    }
    said = [kind.id, became[entry["kind"]]()]
    said += [entry["refusal"]["code"]] if entry["refusal"] else []
    return "; ".join(said)


def rows(control: ControlClient, name: str, place: Place) -> Iterator[list[str]]:
    """Yield a row of the table for each fault."""
    usual: dict[tuple[str, str], str] = {}
    for kind in KINDS:
        seen, before, target = [], _last(control, name), place.target(kind)
        for called, client in CLIENTS.items():
            if (called, target) not in usual:
                usual[called, target] = client(place, target)
            control.arm_fault(name, {"fault": kind.id, **FIELDS.get(kind.id, {})})
            seen.append(compared(client(place, target), usual[called, target]))
            control.clear_faults(name)
            time.sleep(0.1)
        yield [f"`{kind.id}`", *seen, _awaited(control, name, before, kind)]
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{kind.id:<30}")


def _awaited(control: ControlClient, name: str, before: int, kind: Kind) -> str:
    """Return what the journal says, which can be a while after the client has gone."""
    until = time.monotonic() + 4
    while not (said := told(_entries(control, name, before), kind)) and time.monotonic() < until:
        time.sleep(0.2)
    return said or "nothing came"


def _entries(control: ControlClient, name: str, after: int) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = control._ask("GET", f"/v1/pbxs/{name}/journal?after={after}&limit=100")["items"]
    return answer


def _last(control: ControlClient, name: str) -> int:
    return int(control._ask("GET", f"/v1/pbxs/{name}/journal?limit=1").get("last") or 0)


def made() -> str:
    """Return the table, from a PBX of its own."""
    child = Child()
    try:
        where = child.ready["control"]
        control = ControlClient(where["url"], where["token"])
        api = {"enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"]}
        pbx = control.create_pbx("symptoms", {"personality": "ucm6510", "history": HISTORY, "api": api})
        place = Place(pbx["url"], pbx["ca"])
        listed = requests.get(place.url + "/recapi?filedir=monitor", verify=place.ca, timeout=10).text.splitlines()[1:]
        names = sorted(line.partition(",")[2] for line in listed)[:3]
        place.pair = f"/recapi?filedir=monitor&filename={'@'.join(names)}"
        return table(("fault", *CLIENTS, "journal"), rows(control, "symptoms", place))
    finally:
        child.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description="Write docs/symptoms.md: what clients see of each fault.")
    parser.add_argument(
        "--runs", type=int, default=1, help="how often the table is made, to see whether it is the same"
    )
    tables = [made() for _ in range(parser.parse_args().runs)]
    differing = {line for other in tables[1:] for line in set(other.splitlines()) ^ set(tables[0].splitlines())}
    for line in sorted(differing):
        sys.stdout.write(f"not the same every time: {line}\n")
    page = Path(ROOT / "docs" / "symptoms.md")
    page.write_text(f"{HEAD}\n{tables[0]}\n")
    return bool(differing)


HEAD = f"""# Symptoms

What clients see of each fault, armed with its defaults (pauses are of a second or more), and what the journal says of it:
its kind, then of an exchange the status that it was to have, of a connection how the handshake was taken, of the port that it closed, and the code of
a refusal. *As ever* is the page or recording that comes without a fault: what is wrong with it then stands in its rows. Clients wait {PATIENCE:g} seconds; *Python* is `http.client`, curl's words are its exit codes. `make symptoms` writes this page.
"""


if __name__ == "__main__":
    sys.exit(main())
