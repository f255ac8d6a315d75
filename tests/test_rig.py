"""The rig on a small scale: what it would say of many PBXs, said of few, and that it finds what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import create_default_context

import pytest

from tests.rig import Outcome, Plan, counted, morning, otherwise, played
from tests.tenants import Key, Tenant, rows_in


def test_a_few_collectors_get_every_row_of_their_tenants_and_no_other(tmp_path: Path) -> None:
    """And the metrics say what the collectors counted. Memory is looked at over minutes only, not here."""
    of = played(Plan(pbxs=6, collectors=3, seconds=8, rate=600), tmp_path)
    assert (of.errors, of.wrong_tenant, of.lost, of.miscounted) == ([], [], [], [])
    assert of.rows > 100
    assert of.rows_served > of.rows
    assert of.requests == 2 * of.pages
    assert len(of.memory) > 1


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
    wrong = METRICS.replace('{pbx="site-1"} 3.0', '{pbx="site-1"} 4.0').replace('status="200"} 1', 'status="500"} 1')
    assert list(otherwise(tenant, counted(wrong))) == [
        "site-1: ucmsim_rows_total is 4, and its client counted 3",
        "site-1: ucmsim_requests_total 200 is 0, and its client counted 1",
        "site-1: ucmsim_requests_total 500 is 1, and its client counted 0",
    ]


def outcome(**changes: object) -> Outcome:
    """Return what is good but for *changes*."""
    good = {
        "plan": Plan(), "started": 1.0, "stopped": 0.1, "polls": 50, "pages": 6, "requests": 12, "rows_served": 9, "rows": 9,
        "errors": [], "wrong_tenant": [], "lost": [], "shared_keys": 0, "miscounted": [], "memory": [100.0] * 300,
    }  # fmt: skip
    return Outcome(**{**good, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"errors": ["site-1: refused"]},
        {"wrong_tenant": ["site-1: 1"]},
        {"lost": ["site-1: 1"]},
        {"miscounted": ["site-1: rows"]},
        {"rows": 0},
        {"polls": 49},
        {"rows": 10, "shared_keys": 1},
        {"memory": [100.0 + at / 10 for at in range(300)]},
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
