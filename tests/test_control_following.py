"""Both clients follow the journal: each event as it comes, what was dropped, and each way in which it ends."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_twisted
import requests

from tests.controlling import Control, api
from tests.strangers import Strangers, chunked, endless
from tests.until import until
from ucmsim.client import ControlNotFound, ControlUnreachable
from ucmsim.contract.answers import Entry
from ucmsim.contract.eventstream import lost
from ucmsim.pytest_plugin import Ucm
from ucmsim.treqclient import TreqControlClient

STREAM = b""": hello

id: 7
event: listening
data: {"id": 7, "kind": "listening", "pbx": "hq", "wall": "2026-03-01T00:00:00.000000+00:00",
data:  "pbx_clock": "2026-03-01T01:00:00.000000+00:00", "seconds": 2.5, "refusal": null, "faults": ["gone"],
data:  "kinds": ["tcp.refuse"], "marks": [], "listens": true, "address": "127.0.0.1"}

: still there

"""


@pytest_twisted.ensureDeferred
async def test_events_are_followed_until_the_stream_ends(stranger: Strangers) -> None:
    """Each event is an entry; comments keep the connection alive, and its end is that nobody answers any more."""
    found = stranger(endless(STREAM)).follow_journal("hq", after=6, fault="any")
    entry = await anext(found)
    assert (entry.id, entry.kind, entry.listens, entry.faults, entry.seconds) == (7, "listening", True, ("gone",), 2.5)
    assert (entry.pbx_clock, entry.raw["address"]) == (datetime(2026, 3, 1, 1, tzinfo=UTC), "127.0.0.1")
    with pytest.raises(ControlUnreachable, match="the stream of events has ended"):
        await anext(found)


@pytest_twisted.ensureDeferred
async def test_what_was_dropped_is_told(stranger: Strangers) -> None:
    """The comment of the stream that events are kept no more reaches who wants to know, before the event behind it."""
    told: list[int | Entry] = []
    found = stranger(endless(lost(7, 12).encode() + STREAM)).follow_journal("hq", after=4, dropped=told.append)
    told.append(await anext(found))
    assert told[0] == 7
    assert [one.id for one in told[1:] if isinstance(one, Entry)] == [7]
    assert (await anext(stranger(endless(lost(7, 12).encode() + STREAM)).follow_journal("hq", after=4))).id == 7


@pytest_twisted.ensureDeferred
async def test_following_ends_with_the_universe(client: TreqControlClient, ucm: Ucm) -> None:
    """A reset is no error: the control plane answers, and the next stream is that of the new journal."""
    requests.get(f"{ucm.url}/cdrapi", verify=ucm.ca, timeout=10)
    followed = client.follow_journal(ucm.name, after=0)
    assert (await anext(followed)).id == 1
    ucm.reset()
    assert [one.kind async for one in followed if one.kind == "listening"] == []


@pytest_twisted.ensureDeferred
async def test_ids_go_on_unless_the_journal_begins_anew(
    control: Control, client: TreqControlClient, tmp_path: Path
) -> None:
    """Other settings, and a snapshot that is restored, end the stream; its ids begin again after a reset only."""
    name = control.name()
    await client.create_pbx(name, {"history": {"days": 0}, "api": api()})
    written = await client.snapshot(name, str(tmp_path / "hq.zip"))
    for begins, anew in (
        (lambda: client.change_pbx(name, {"quirks": {"order": "desc"}}), False),
        (lambda: client.restore(name, written.file), False),
        (lambda: client.reset(name), True),
    ):
        pbx = await client.pbx(name)
        requests.get(f"{pbx.url}/cdrapi", verify=pbx.ca, timeout=10)
        until(lambda: len(control.client.journal_page(name).items) >= 2)
        last = (await client.journal_page(name)).last
        followed = client.follow_journal(name, after=last - 1)
        assert (await anext(followed)).id == last
        await begins()
        assert [one async for one in followed] == []
        assert (await client.journal_page(name)).last == (0 if anew else last)


@pytest_twisted.ensureDeferred
async def test_an_event_that_is_none(stranger: Strangers) -> None:
    """Is no event of this ucmsim."""
    for data in (b'data: {"id": 1}\n\n', b"data: <html>\n\n", b"data: %b\n\n" % (b"[" * 9999)):
        with pytest.raises(ControlUnreachable, match=r"is no control plane of this ucmsim \(an event that is none: "):
            await anext(stranger(endless(data)).follow_journal("hq"))


@pytest_twisted.ensureDeferred
async def test_a_stream_that_is_cut_is_no_end(stranger: Strangers) -> None:
    """It may lack something, in the middle of a chunk or before the last one."""
    cut = chunked(STREAM, over=False)
    for raw in (cut, cut[:-3]):
        followed = stranger(raw).follow_journal("hq")
        assert (await anext(followed)).id == 7
        with pytest.raises(ControlUnreachable, match="the stream of events has ended"):
            await anext(followed)
    assert [one.id async for one in stranger(chunked(STREAM)).follow_journal("hq")] == [7]


@pytest_twisted.ensureDeferred
async def test_following_may_be_refused(client: TreqControlClient) -> None:
    """Whoever may not follow is told so as by any other route."""
    with pytest.raises(ControlNotFound, match="there is no PBX 'nobody'"):
        await anext(client.follow_journal("nobody"))


@pytest_twisted.ensureDeferred
async def test_the_journal_is_followed_as_it_grows(client: TreqControlClient, ucm: Ucm) -> None:
    """What happened after an id first, then what happens; filters narrow both."""
    for number in (1, 2):
        requests.get(f"{ucm.url}/cdrapi?n={number}", verify=ucm.ca, timeout=10)
    followed = client.follow_journal(ucm.name, after=0, kind="exchange")
    assert [(await anext(followed)).target for _ in range(2)] == ["/cdrapi?n=1", "/cdrapi?n=2"]
    requests.get(f"{ucm.url}/cdrapi?n=3", verify=ucm.ca, timeout=10)
    third = await anext(followed)
    assert (third.target, third.status, third.refusal and third.refusal.code) == ("/cdrapi?n=3", 401, "no-credentials")
    assert ucm.journal(kind="exchange", after=third.id - 1) == [third]
    await followed.aclose()
