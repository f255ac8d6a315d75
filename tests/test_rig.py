"""The rig on a small scale: what it would say of many PBXs, said of few, and that it finds what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import create_default_context

import pytest

from tests.reconciling import counted, late, otherwise
from tests.rig import Outcome, Plan, morning, played
from tests.tenants import Came, Key, Tenant, rows_in
from tests.weighing import LEAST, Sample, Weighed, kept_pages, remembered, weight_of_a_challenge
from ucmsim.journal.marks import NONCES
from ucmsim.store.schema import CACHE


def test_a_few_collectors_get_every_row_of_their_tenants_and_no_other(tmp_path: Path) -> None:
    """And the metrics say what the collectors counted. Memory is looked at over minutes only, not here."""
    of = played(Plan(pbxs=6, collectors=3, seconds=8, rate=600), tmp_path)
    assert (of.errors, of.wrong_tenant, of.lost, of.late, of.miscounted) == ([], [], [], [], [])
    assert of.rows > 100
    assert of.rows_served > of.rows
    assert of.requests == 2 * of.pages
    first, last = of.memory.samples[0], of.memory.samples[-1]
    assert all(before < after for before, after in zip(first[1:4], last[1:4], strict=True))
    assert min(first.resident, first.pages) > 0


def test_the_rig_begins_on_a_tuesday_at_nine() -> None:
    """Of the week before, whatever day it is."""
    for day in range(1, 15):
        today = datetime(2026, 11, day, 12, tzinfo=UTC)
        begin = morning(today)
        assert (begin.weekday(), begin.hour) == (1, 9)
        assert timedelta(0) < today - begin < timedelta(days=8)


@pytest.fixture
def tenant() -> Tenant:
    found = Tenant(
        "site-1", "https://127.0.0.1:1", "tenant-1", "secret of 1", create_default_context(), datetime(2026, 3, 3)
    )
    found.statuses.update([401, 200])
    found.taken, found.octets = 3, 700
    return found


METRICS = """# HELP ucmsim_rows_total rows
# TYPE ucmsim_rows_total counter
ucmsim_rows_total{pbx="site-1"} 3.0
# HELP ucmsim_rows_delivered_total rows
# TYPE ucmsim_rows_delivered_total counter
ucmsim_rows_delivered_total{pbx="site-1"} 3.0
# HELP ucmsim_bytes_total bytes
# TYPE ucmsim_bytes_total counter
ucmsim_bytes_total{pbx="site-1"} 700.0
# HELP ucmsim_connections_total connections
# TYPE ucmsim_connections_total counter
ucmsim_connections_total{pbx="site-1"} 2.0
# HELP ucmsim_requests_total requests
# TYPE ucmsim_requests_total counter
ucmsim_requests_total{path="/cdrapi",pbx="site-1",status="401"} 1.0
ucmsim_requests_total{path="/cdrapi",pbx="site-1",status="200"} 1.0
"""


def test_what_ucmsim_counts_otherwise_is_found(tenant: Tenant) -> None:
    """The check can fail: for a count that differs, and one that is missing."""
    assert list(otherwise(tenant, counted(METRICS))) == []
    wrong = METRICS.replace('rows_total{pbx="site-1"} 3.0', 'rows_total{pbx="site-1"} 4.0').replace(
        'status="200"} 1', 'status="500"} 1'
    )
    assert list(otherwise(tenant, counted(wrong))) == [
        "site-1: ucmsim_rows_total is 4, and its client counted 3",
        "site-1: ucmsim_requests_total 200 is 0, and its client counted 1",
        "site-1: ucmsim_requests_total 500 is 1, and its client counted 0",
    ]


def test_row_that_a_poll_missed_is_late(tenant: Tenant) -> None:
    """A poll that has a row that was written later should have had it; which polls come to nothing does not matter."""
    tenant.latest = [0, 12, 0, 12, 15]
    tenant.rows = {Key(str(acct), "", ""): Came("", poll) for acct, poll in ((11, 1), (12, 1), (13, 4), (15, 4))}
    assert list(late(tenant)) == []
    tenant.rows[Key("10", "", "")] = Came("", 3)
    assert list(late(tenant)) == [
        "site-1: Key(acct_id='10', uniqueid='', session='') came with poll 3, and poll 1 had a later one"
    ]


def memory(challenge: float = 100.0, **grown: float) -> Weighed:
    """Return the memory of 300 seconds in each of which 10 rows and 10 responses came, and *grown* was added to the rest."""
    each = {"resident": 0.0, "rows": 10.0, "responses": 10.0, "challenges": 0.0, "pages": 0.0, **grown}
    return Weighed([Sample(**{name: at * more for name, more in each.items()}) for at in range(300)], challenge)


def test_memory_that_is_flat_or_rises_by_what_is_remembered() -> None:
    """Within a bound the PBX remembers challenges, and SQLite pages of its history: so much may be added."""
    assert memory().flat
    assert memory(resident=5 * 100, challenges=5).flat
    assert memory(resident=5 * 100 + 4096, challenges=5, pages=4096).flat
    assert memory(resident=-1000).flat
    rises = memory(resident=596, challenges=5, pages=96)
    assert (rises.rise, rises.due, rises.least) == (120 * 596, 120 * 596, 120 * 20 * LEAST)


def test_memory_that_keeps_the_smallest_thing_of_each_row_and_response_is_not_flat() -> None:
    """What grows beyond what is remembered is found, however much the process takes up beside that."""
    assert not memory(resident=20 * LEAST).flat
    assert memory(resident=20 * LEAST - 1).flat
    assert not memory(resident=5 * 100 + 20 * LEAST, challenges=5).flat
    large = memory(resident=20 * LEAST).samples
    assert not Weighed([one._replace(resident=one.resident + 2**40) for one in large], 100.0).flat
    assert list(memory(resident=20 * LEAST).lines())[-1] == (
        "  48 B of each row and response would be 0.11 MB: not flat"
    )


def test_what_is_remembered_is_weighed_and_has_a_bound(tmp_path: Path) -> None:
    """A challenge takes some hundred bytes; of a history no more counts than SQLite keeps."""
    assert 100 < weight_of_a_challenge() < 1000
    assert remembered([3, NONCES + 7]) == 3 + NONCES
    for name, size in (("a", 1000), ("b", CACHE * 1024 + 5)):
        (tmp_path / name).write_bytes(b"." * size)
    assert kept_pages(tmp_path.iterdir()) == 1000 + CACHE * 1024


def outcome(**changes: object) -> Outcome:
    """Return what is good but for *changes*."""
    good = {
        "plan": Plan(), "started": 1.0, "stopped": 0.1, "polls": 50, "pages": 6, "requests": 12, "rows_served": 9, "rows": 9,
        "errors": [], "wrong_tenant": [], "lost": [], "late": [], "shared_keys": 0, "miscounted": [], "memory": memory(),
    }  # fmt: skip
    return Outcome(**{**good, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"errors": ["site-1: refused"]},
        {"wrong_tenant": ["site-1: 1"]},
        {"lost": ["site-1: 1"]},
        {"late": ["site-1: 1"]},
        {"miscounted": ["site-1: rows"]},
        {"rows": 0},
        {"polls": 49},
        {"rows": 10, "shared_keys": 1},
        {"memory": memory(resident=20 * LEAST)},
    ],
    ids="-".join,
)
def test_nothing_that_is_wrong_is_good(wrong: dict[str, object]) -> None:
    """Each thing alone makes it bad."""
    assert outcome().good
    assert not outcome(**wrong).good


def test_rows_of_an_entry_are_read_without_their_sums() -> None:
    """What the device calls `main_cdr` is no row."""
    one, two = {"AcctId": "1"}, {"AcctId": "2"}
    entry = {"cdr": "x", "main_cdr": {"AcctId": "1"}, "sub_cdr_1": one, "sub_cdr_2": two}
    assert list(rows_in([one, entry])) == [one, one, two]
    assert Key("1", "u", "s") != Key("1", "u", "")
