"""Gathers a report over the control plane and writes it: page by page, so that it takes little memory however long a run was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from zipfile import ZIP_DEFLATED, ZipFile

from ucmsim import __version__
from ucmsim.client import ControlClient
from ucmsim.contract.answers import Pbx, Status
from ucmsim.contract.mapped import written
from ucmsim.report.findings import Finding, findings
from ucmsim.report.page import page
from ucmsim.report.scrubbing import Scrubber
from ucmsim.report.summary import Summary

_EVENTS, _CALLS = 1000, 500
"""Events, and calls, that are asked for at once."""


class Watch(Protocol):
    """Passes items through, and shows how far *what* has come."""

    def __call__(
        self,
        items: Iterable[Mapping[str, Any]],
        what: str,
        total: float | None = None,
        reached: Callable[[Mapping[str, Any]], float] | None = None,
    ) -> Iterator[Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one *run*, and its figures."""

    run: Mapping[str, Any]
    summaries: tuple[Summary, ...]
    findings: tuple[Finding, ...]

    @property
    def is_good(self) -> bool | None:
        """Whether nothing that was looked at went wrong; None where nothing did, but events were dropped unseen."""
        if any(one.level == "bad" for one in self.findings):
            return False
        return None if any(one.dropped for one in self.summaries) else True

    def as_json(self) -> dict[str, Any]:
        """Return it in figures."""
        return {
            **self.run,
            "good": self.is_good,
            "findings": [asdict(one) for one in self.findings],
            "pbxs": {one.name: _figures(one) for one in self.summaries},
        }


def bundle(
    client: ControlClient,
    names: Sequence[str],
    out: Path,
    scrubber: Scrubber,
    watch: Watch,
    *,
    outcome: Mapping[str, Any] | None = None,
) -> Report:
    """Write the report of the PBXs *names* to *out*, in whose place nothing is left if it fails; raises `ControlError`.

    *outcome* is what came of a scenario that was played, as JSON.
    """
    with _whole(out) as path, ZipFile(path, "w", ZIP_DEFLATED) as archive:
        status, summaries, settings = client.status(), [], {}
        for name in names:
            pbx = client.pbx(name)
            settings[name] = json.dumps(scrubber.settings(_settings(pbx)), indent=2)
            archive.writestr(f"{name}/settings.json", settings[name])
            summaries.append(_gathered(client, name, archive, scrubber, watch))
        found = tuple(finding for summary in summaries for finding in findings(summary))
        report = Report(scrubber.value(_run(status)), tuple(summaries), found)
        archive.writestr("run.json", json.dumps(report.as_json(), indent=2))
        played = None if outcome is None else scrubber.value(outcome)
        if played is not None:
            archive.writestr("outcome.json", json.dumps(played, indent=2))
        archive.writestr("report.html", _encoded(page(report.run, summaries, found, settings, played)))
    return report


def _gathered(client: ControlClient, name: str, archive: ZipFile, scrubber: Scrubber, watch: Watch) -> Summary:
    """Return the summary of one PBX, whose journal and ledger go into *archive* as they come."""
    summary = Summary(name)
    last = client.journal_page(name, limit=1)
    with archive.open(f"{name}/journal.jsonl", "w", force_zip64=True) as journal:
        events = watch(_events(client, name, last.last), f"journal of {name}", last.last, lambda event: event["id"])
        for event in map(scrubber.value, events):
            summary.event(event)
            journal.write(_encoded(f"{json.dumps(event, ensure_ascii=False)}\n"))
    summary.counted(last.marks)
    summary.dropped = max(0, last.last - summary.events)  # ids count from 1 all that there ever were
    with archive.open(f"{name}/ledger.json", "w", force_zip64=True) as ledger:
        ledger.write(b"[")
        between = b"\n"
        for call in map(scrubber.value, watch(_calls(client, name), f"ledger of {name}")):
            summary.call(call)
            ledger.write(between + _encoded(json.dumps(call, ensure_ascii=False)))
            between = b",\n"
        ledger.write(b"\n]\n")
    return summary


def _events(client: ControlClient, name: str, last: int) -> Iterator[Mapping[str, Any]]:
    """Yield the events up to the id *last*: what happens meanwhile would have no end."""
    after: int | None = 0
    while after is not None and after < last:
        found = client.journal_page(name, after=after, limit=_EVENTS)
        yield from (entry.raw for entry in found.items if entry.id <= last)
        after = found.next


def _calls(client: ControlClient, name: str) -> Iterator[Mapping[str, Any]]:
    after: int | None = 0
    while after is not None:
        found = client.ledger_page(name, after=after, limit=_CALLS)
        yield from map(written, found.items)
        after = found.next


def _encoded(text: str) -> bytes:
    """Return *text* in UTF-8; what is none, because a client sent no UTF-8, as JSON escapes it."""
    return text.encode("utf-8", "backslashreplace")


def _run(status: Status) -> dict[str, Any]:
    """Return what is told of the process, and when."""
    versions = {"ucmsim": status.version, **status.versions}
    if status.version != __version__:
        versions["ucmsim that made the report"] = __version__
    made = datetime.now(UTC).isoformat(" ", "seconds")
    return {"made": made, "instance": status.instance, "seed": status.seed, "versions": versions}


def _settings(pbx: Pbx) -> dict[str, Any]:
    return {"name": pbx.name, "url": pbx.url, "username": pbx.username, "rows": pbx.rows, "settings": pbx.settings}


def _figures(summary: Summary) -> dict[str, Any]:
    calls, counts = summary.calls, summary.counts
    return {
        "calls": {"never": calls["never"], "once": calls["once"], "again": calls["again"], "without_rows": calls[""]},
        "rows": {how: summary.rows[how] for how in ("never", "once", "again")},
        "recordings": {how: summary.recordings[how] for how in ("whole", "cut", "vain", "never", "unnamed")},
        "marks": dict(summary.marks),
        "defects": [{"defect": name, "verdict": word, "connections": n} for (name, word), n in summary.defects.items()],
        "refusals": {code: one.count for code, one in summary.refusals.items()},
        "faults": [{"name": name, "kind": kind, "fired": n} for (name, kind), n in summary.faults.items()],
        "requests": [
            {"path": path, "status": int(status), "count": n} for (path, status), n in counts.requests.items()
        ],
        "connections": counts.connections,
        "events": {"told": summary.events, "dropped": summary.dropped, "first": summary.first, "last": summary.last},
    }


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """Give a place beside *out* to write to, which is put in its place when all of it is written."""
    beside = out.with_name(f".{out.name}.part")
    try:
        yield beside
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
