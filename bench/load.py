"""The load generators: each asks one URL for some seconds and says what it got. Bounded in time and count."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.machine import Cores, tool
from bench.servers import PASSWORD, USER

CLIENTS = 8
_MOST = 100_000
_GRACE = 20.0
_TRIES = 3
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Got:
    """What a load generator got: answers, those of them that were wrong, and latencies in milliseconds."""

    answers: int
    wrong: int
    seconds: float
    p50: float
    p99: float


class NoSummary(Exception):
    """A load generator did not say what it got."""


def ab(url: str, _ca: Path, seconds: float, cores: Cores, version: str = "TLS1.3") -> Got:
    """Ask with a new TLS connection for every request; ab never resumes a session."""
    return _ab(["-f", version, "-t", str(round(seconds)), "-n", str(_MOST)], url, seconds, cores)


def ab_whole(url: str, _ca: Path, seconds: float, cores: Cores, *, a_second: int) -> Got:
    """Ask as `ab` does, for a number of answers: large ones that time cuts off cost the server and count for nothing."""
    return _ab(["-f", "TLS1.3", "-n", str(max(CLIENTS, round(a_second * seconds)))], url, seconds, cores)


def _ab(options: list[str], url: str, seconds: float, cores: Cores) -> Got:
    said = _output(["ab", "-q", *options, "-c", str(CLIENTS), url], seconds, cores)
    try:
        return Got(
            answers=int(_found(r"Complete requests:\s+(\d+)", said)),
            wrong=int(_found(r"Failed requests:\s+(\d+)", said))
            + int(_found(r"Non-2xx responses:\s+(\d+)", said, "0")),
            seconds=float(_found(r"Time taken for tests:\s+([\d.]+)", said)),
            p50=float(_found(r"\n\s+50%\s+(\d+)", said)),
            p99=float(_found(r"\n\s+99%\s+(\d+)", said)),
        )
    except LookupError as error:
        raise NoSummary(f"ab gave no summary: {said[-300:].strip()}") from error


def ab_old(url: str, ca: Path, seconds: float, cores: Cores) -> Got:
    """Ask as `ab` does, with TLS 1.2: the most that the personalities offer by default."""
    return ab(url, ca, seconds, cores, "TLS1.2")


def wrk(url: str, _ca: Path, seconds: float, cores: Cores) -> Got:
    """Ask over connections that stay open; wrk sometimes says nothing, then it is asked again."""
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{round(seconds)}s", "--timeout", "10s", "--latency", url]
    said = ""
    for _ in range(_TRIES):
        said = _output(command, seconds, cores)
        try:
            answers, took = re.search(r"(\d+) requests in ([\d.]+\w+)", said).groups()  # type: ignore[union-attr]
            errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
            return Got(
                answers=int(answers),
                wrong=int(_found(r"Non-2xx or 3xx responses: (\d+)", said, "0"))
                + sum(map(int, errors.groups() if errors else ())),
                seconds=_milliseconds(took) / 1000,
                p50=_milliseconds(_found(r"\n\s+50%\s+(\S+)", said)),
                p99=_milliseconds(_found(r"\n\s+99%\s+(\S+)", said)),
            )
        except (AttributeError, LookupError):
            continue
    raise NoSummary(f"wrk gave no summary in {_TRIES} tries: {said[-300:].strip()}")


def digest(url: str, ca: Path, seconds: float, cores: Cores) -> Got:
    """Ask as a Digest client does: a challenge on one new connection, the answer on the next."""
    program = str(Path(__file__).with_name("digest.py"))
    command = [sys.executable, program, url, str(ca), USER, PASSWORD, str(seconds), str(CLIENTS)]
    said = _output(command, seconds, cores)
    try:
        return Got(**json.loads(said))
    except (ValueError, TypeError) as error:
        raise NoSummary(f"the Digest client failed: {said[-300:].strip()}") from error


def _output(command: list[str], seconds: float, cores: Cores) -> str:
    command = [tool(command[0]) or command[0], *command[1:]]
    try:
        done = subprocess.run(cores.asking(command), capture_output=True, text=True, timeout=seconds + _GRACE)
    except subprocess.TimeoutExpired:
        return f"nothing within {seconds + _GRACE:.0f} seconds"
    return done.stdout or done.stderr


def _found(pattern: str, text: str, default: str | None = None) -> str:
    match = re.search(pattern, text)
    if match:
        return match[1]
    if default is None:
        raise LookupError(pattern)
    return default


def _milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if match is None:
        raise LookupError(text)
    return float(match[1]) * _UNITS[match[2]]
