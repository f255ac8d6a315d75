"""What clients see of each fault, and what the journal says: `python -m tests.symptoms` writes `docs/symptoms.md`.

Every fault is armed by itself with its defaults, but for the pauses, which are longer than clients wait. Each client has a
PBX of its own, so that they ask at the same time and none meets the fault of another.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import combinations
from typing import Any, NamedTuple
from urllib.parse import quote

import requests

from tests.doc_tables import ROOT, table
from tests.symptomclients import LONGEST, NAMES, PATIENCE, Client, Place, clients
from ucmsim.child import Child
from ucmsim.client import ControlClient
from ucmsim.faults import KINDS, Kind, Moment

PAGE = ROOT / "docs" / "symptoms.md"
PAUSE = 3 * PATIENCE
"""Seconds that faults pause, so that every client has given up: Node's timer begins anew while its request waits to be written,
and in a handshake it gives up after twice its patience."""
TELLS = 15.0
"""Seconds in which the journal must tell of what a client met, counted from when it has gone."""

FIELDS: dict[str, dict[str, Any]] = {
    "tls.certificate": {"defect": "expired"}, "tcp.latency": {"seconds": PAUSE}, "tcp.bandwidth": {"rate": 50_000},
    "tcp.slicer": {"bytes": 64, "seconds": 0}, "tcp.limit": {"connections": 0},
    "tls.slow-flight": {"bytes": 200, "seconds": PAUSE}, "http.latency": {"seconds": PAUSE},
    "http.redirect": {"location": "/cdrapi?format=json"}, "http.drip": {"bytes": 300, "seconds": PAUSE},
    "api.restart": {"seconds": 0.1}, "api.slow-database": {"seconds": PAUSE},
    "api.quirk": {"id": "json-root", "value": "cdr"}, "api.personality": {"id": "ucm6200"},
    "data.unfiltered": {"parameter": "caller"}, "data.late": {"seconds": 86400}, "media.late": {"seconds": 86400},
    "media.slow": {"bytes": 1000, "seconds": PAUSE},
}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "personality": "ucm6510",
    "history": {"days": 1, "calls_per_day": 200},
    "api": {"enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"]},
}


class Cell(NamedTuple):
    """What one client *saw* of one fault, and what the journal *told*."""

    saw: str
    told: str


Cells = dict[tuple[str, str], Cell]
"""The cell of each fault, by its kind, and client."""


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


def told(entries: Iterable[Mapping[str, Any]], kind: Kind) -> str:
    """Return what the journal says of a fault of that *kind*, "" if nothing; an exchange before its connection."""
    closes = getattr(kind.record, "moment", None) is Moment.LISTEN
    found = [one for one in entries if kind.id in one["kinds"] and (one["kind"] == "listening") == closes]
    if not found:
        return ""
    entry = min(found, key=lambda one: one["kind"] != "exchange")
    match entry["kind"]:
        case "exchange":
            became = str(entry["reply"]["status"] or "no reply")
        case "connection":
            became = entry["verdict"]
        case _:
            became = "port open" if entry["listens"] else "port closed"
    return "; ".join([kind.id, became, *([entry["refusal"]["code"]] if entry["refusal"] else [])])


class Bench:
    """One client, and the PBX that it has for itself."""

    def __init__(self, control: ControlClient, name: str, client: Client) -> None:
        self._control, self._name, self._client = control, name, client
        pbx = control.create_pbx(name, SETTINGS)
        self._place = Place(pbx.url or "", pbx.ca)
        self._recordings = self._shortest(3)
        self._usual: dict[str, str] = {}

    def cell(self, kind: Kind) -> Cell:
        """Show a fault of that *kind* to the client."""
        target = self._target(kind)
        if target not in self._usual:
            self._usual[target] = usual = self._client(self._place, target)
            if not usual.startswith("200 "):
                raise RuntimeError(f"without a fault {target} was {usual!r}, which is nothing to compare with")
        before = self._control.journal_page(self._name, limit=1).last
        self._control.arm_fault(self._name, {"fault": kind.id, **FIELDS.get(kind.id, {})})
        try:
            saw = compared(self._client(self._place, target), self._usual[target])
        finally:
            self._control.clear_faults(self._name)
        return Cell(saw, self._told(kind, before))

    def _shortest(self, count: int) -> list[str]:
        """Return the names of some recordings, those that are downloaded soonest among the last dozen.

        Of the first, some become a day old in the meantime, which is when media.late shows them.
        """
        base, ca = f"{self._place.url}/recapi?filedir=monitor", self._place.ca
        listed = requests.get(base, verify=ca, timeout=LONGEST).text.splitlines()[1:]
        # A number abroad has a plus, which in a query is a space.
        names = [quote(name) for name in sorted(line.partition(",")[2] for line in listed)[-12:]]

        def size(name: str) -> int:
            return int(requests.head(f"{base}&filename={name}", verify=ca, timeout=LONGEST).headers["Content-Length"])

        return sorted(sorted(names, key=size)[:count])

    def _target(self, kind: Kind) -> str:
        """Return what is asked for to see a fault of that *kind*."""
        if kind.plane == "media":
            names = self._recordings if "member" in kind.id else self._recordings[:1]
            return f"/recapi?filedir=monitor&filename={'@'.join(names)}"
        rows = "caller=1000" if kind.id == "data.unfiltered" else "offset=1&numRecords=20"
        return f"/cdrapi?format=json&{rows}"

    def _told(self, kind: Kind, before: int) -> str:
        """Return what the journal says, which can be a while after the client has gone."""
        until = time.monotonic() + TELLS
        while True:
            said = told([one.raw for one in self._control.journal(self._name, after=before)], kind)
            if said or time.monotonic() >= until:
                return said or "nothing"
            time.sleep(0.02)


Tell = Callable[[str], None]


def shown(kinds: Sequence[Kind] = KINDS, names: tuple[str, ...] = NAMES, tell: Tell = lambda _: None) -> Cells:
    """Return the matrix of *kinds* and the clients of those *names*, from PBXs of its own."""
    done: list[Kind] = []

    def column(bench: Bench) -> list[Cell]:
        found = []
        for kind in kinds:
            found.append(bench.cell(kind))
            done.append(kind)
            tell(f"{len(done)} of {len(kinds) * len(names)} cells")
        return found

    child = Child()
    try:
        where = child.ready["control"]
        control = ControlClient(where["url"], where["token"])
        with clients(names) as asking, ThreadPoolExecutor(len(names)) as pool:
            benches = [Bench(control, f"symptoms-{at}", client) for at, client in enumerate(asking.values())]
            columns = list(pool.map(column, benches))
    finally:
        child.stop()
    return {
        (kind.id, name): cell
        for name, found in zip(names, columns, strict=True)
        for kind, cell in zip(kinds, found, strict=True)
    }


def differing(first: Cells, other: Cells) -> Iterator[str]:
    """Yield a sentence for each cell that is not the same in both matrices."""
    for (kind, client), cell in first.items():
        now = other[kind, client]
        if now.saw != cell.saw:
            yield f"{kind}, {client}: saw {cell.saw!r} first, and then {now.saw!r}"
        if now.told != cell.told:
            yield f"{kind}, {client}: the journal told {cell.told!r} first, and then {now.told!r}"


def journal(cells: Cells, kind: str) -> str:
    """Return what the journal told of a *kind* of fault: what it did of most clients, and of whom it told otherwise."""
    said = {client: cell.told for (one, client), cell in cells.items() if one == kind}
    most = max(said.values(), key=list(said.values()).count)
    others = [f"{client}: {text.removeprefix(f'{kind}; ')}" for client, text in said.items() if text != most]
    return f"{most} ({', '.join(others)})" if others else most


def alike(cells: Cells) -> Iterator[str]:
    """Yield a sentence for every two faults that the journal does not tell apart."""
    said = {kind: journal(cells, kind) for kind, _ in cells}
    for one, other in combinations(said, 2):
        if said[one] == said[other]:
            yield f"the journal says the same of {one} and {other}: {said[one]!r}"


def page(cells: Cells) -> str:
    """Return the text of `docs/symptoms.md`."""
    names = tuple(dict.fromkeys(client for _, client in cells))
    kinds = dict.fromkeys(kind for kind, _ in cells)
    rows = ([f"`{kind}`", *(cells[kind, name].saw for name in names), journal(cells, kind)] for kind in kinds)
    return f"{HEAD}\n{table(('fault', *names, 'journal'), rows)}\n"


@contextmanager
def telling(run: str) -> Iterator[Tell]:
    """Yield what shows on a terminal how far *run* is."""
    is_shown = sys.stderr.isatty()

    def tell(far: str) -> None:
        if is_shown:
            sys.stderr.write(f"\r{run}: {far} ")

    yield tell
    if is_shown:
        sys.stderr.write("\n")


def main() -> int:
    """Write the page; return 1 when a cell is not the same in every run, or the journal does not tell faults apart."""
    parser = argparse.ArgumentParser(description="Write docs/symptoms.md: what clients see of each fault.")
    parser.add_argument(
        "--runs", type=int, default=1, help="how often to make the matrix, to see whether it is the same"
    )
    runs: int = parser.parse_args().runs
    first: Cells = {}
    wrong: list[str] = []
    for number in range(1, runs + 1):
        began = time.monotonic()
        with telling(f"run {number} of {runs}") as tell:
            cells = shown(tell=tell)
        first = first or cells
        found = [f"run {number}: {one}" for one in differing(first, cells)]
        summary = f"run {number} of {runs}: {len(cells)} cells in {time.monotonic() - began:.0f} s, {len(found)} differ"
        print(*found, summary, sep="\n", flush=True)
        wrong += found
    indistinct = list(alike(first))
    kinds = len({kind for kind, _ in first})
    print(*indistinct, f"{kinds} faults, {len(indistinct)} pairs that the journal does not tell apart", sep="\n")
    PAGE.write_text(page(first))
    return bool(wrong or indistinct)


HEAD = f"""# Symptoms

What clients see of each fault, armed with its defaults, and with a value where one must be given (pauses are of {PAUSE:g} seconds), and what the journal says of it:
its kind, then of an exchange the status that it was to have, of a connection how the handshake was taken, of the port
that it closed, and the code of a refusal; in brackets where it says otherwise of a client. No two faults have the same there.

A client makes one request on a new connection and waits {PATIENCE:g} seconds for the next byte, curl twice that for everything. It says
the status, and what else is not as without a fault; *as ever* is the page or recording that comes without one: what is
wrong with it then stands in its rows. Of an error it says the class or code that a program sees, and what OpenSSL said.
*Connection lost* is every end of a connection before that of the answer, by FIN or by RST, met when connecting, in the
handshake, at writing or at reading: where both sides send at once, it is the kernel's timing which of them a client gets.

httpx and curl are told to follow redirects, which requests and treq do by themselves. Node and http.client do not. Node's
`timeout` is an event, at which the program gives up; in a handshake it comes after twice the time. `make symptoms` writes this page, and `python -m tests.symptoms --runs 20`
fails when a cell is not the same in 20 runs.
"""


if __name__ == "__main__":
    sys.exit(main())
