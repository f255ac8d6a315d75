"""What the journal takes of memory: `python -m tests.journal_memory` lets a million exchanges happen, and looks.

They are recorded by a PBX as those of real connections are, each with its connection, from credentials to marks; only the
sockets are left out. The exit code is 1 when the process has grown by more than it may.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.makers import CLIENT, at, make_pbx, request
from tests.test_socketplane import HELLO
from ucmsim.appliance.pbx import Pbx
from ucmsim.faults import Admission
from ucmsim.journal import Exchange
from ucmsim.journal.hello import offered

WANTED = 20.0
"""Megabytes (2^20 bytes) that a million exchanges may add at most."""


def play(pbx: Pbx, count: int, first: int = 0) -> None:
    """Let *count* exchanges happen, numbered from *first* on, each on a connection of its own, as a client in Python makes them."""
    asked = request(
        "/cdrapi?format=json&numRecords=1000&offset=0", user_agent="python-requests/2.32.5", accept="*/*", host="127.0.0.1:8443",
        accept_encoding="gzip, deflate", connection="keep-alive",
    )  # fmt: skip
    reply, hello = pbx.answer(asked, at()), offered(HELLO)
    for number in range(first, first + count):
        when = at(number / 10)
        visit = pbx.arrived(CLIENT, 32768 + number % 28000, Admission(), when.wall)
        visit.offered, visit.shaken, visit.version, visit.cipher = (
            hello,
            True,
            "TLSv1.2",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
        )
        one = Exchange(
            "hq", CLIENT, "GET", asked.target, reply.status, reply.rows, 1000 + number, 0.001 + number % 97 / 1e5, began=when,
            title=reply.title, reply_headers=reply.headers, head_bytes=186,
        )  # fmt: skip
        pbx.record(one, asked, visit, reply.served)
        visit.received, visit.sent, visit.acknowledged, visit.ended = (
            900 + number % 50,
            2000 + number,
            2000 + number,
            "the device closed it",
        )
        pbx.left(visit, when.wall + 0.01)


def resident() -> float:
    """Return the megabytes that this process has in memory now."""
    told = Path("/proc/self/status").read_text()
    return int(told.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> int:
    """Print how the process grows; return 1 when that is too much."""
    parser = argparse.ArgumentParser(description="Measure what the journal of so many exchanges takes of memory.")
    parser.add_argument("--exchanges", type=int, default=1_000_000)
    exchanges: int = parser.parse_args().exchanges
    pbx = make_pbx()
    play(pbx, 1)  # so that nothing counts that happens once
    before, began, grown = resident(), time.monotonic(), 0.0
    print(f"{before:.1f} MB before the first")
    done, step = 0, max(1, exchanges // 10)
    while done < exchanges:
        play(pbx, count := min(step, exchanges - done), done + 1)
        done += count
        grown = max(grown, resident() - before)
        kept = f"{len(pbx.journal)} events of {pbx.journal.size / 2**20:.1f} MB are kept"
        print(f"{done} exchanges: {resident() - before:+.1f} MB, {kept}, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{exchanges} exchanges have added {grown:.1f} MB at most; {WANTED:g} MB may be")
    return grown >= WANTED


if __name__ == "__main__":
    sys.exit(main())
