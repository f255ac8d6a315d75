"""Holds against each other what the collectors of tenants have, what really happened, and what ucmsim counted of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import accumulate

from prometheus_client.parser import text_string_to_metric_families

from tests.tenants import Key, Tenant
from ucmsim.client import ControlClient
from ucmsim.instants import microseconds


def counted(text: str) -> dict[tuple[str, str], float]:
    """Return what the metrics *text* tells of each PBX: by name of the metric, with the status of requests, and the PBX."""
    found: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if "pbx" in sample.labels and not sample.name.endswith("_created"):
                key = (" ".join(filter(None, (sample.name, sample.labels.get("status")))), sample.labels["pbx"])
                found[key] = found.get(key, 0) + sample.value
    return found


def otherwise(tenant: Tenant, told: Mapping[tuple[str, str], float]) -> Iterator[str]:
    """Yield what ucmsim counted otherwise than the collector of *tenant* did."""
    due: dict[str, int] = {
        "ucmsim_rows_total": tenant.taken,
        "ucmsim_rows_delivered_total": tenant.taken,
        "ucmsim_bytes_total": tenant.octets,
        "ucmsim_connections_total": tenant.statuses.total(),
        **{f"ucmsim_requests_total {status}": count for status, count in tenant.statuses.items()},
    }
    others = (name for name, pbx in told if pbx == tenant.name and "_requests_total " in name and name not in due)
    for name, count in {**due, **dict.fromkeys(others, 0)}.items():
        if told.get((name, tenant.name), 0) != count:
            yield f"{tenant.name}: {name} is {told.get((name, tenant.name), 0):g}, and its client counted {count}"


def late(tenant: Tenant) -> Iterator[str]:
    """Yield the rows of *tenant* that a poll missed: one came that was written later, and they came with a later poll.

    AcctIds are in the order of writing, and a row that is looked for came with the first poll after it was written, since
    no call is as long as the look-back.
    """
    latest = list(accumulate(tenant.latest, max))
    for key, came in tenant.rows.items():
        due = bisect_left(latest, int(key.acct_id))
        if due < came.poll:
            yield f"{tenant.name}: {key} came with poll {came.poll}, and poll {due} had a later one"


def written(control: ControlClient, name: str, stood: datetime, all_over: float) -> set[Key]:
    """Return the rows that the PBX *name* had written when its clock *stood*.

    Calls are told once they are over: *all_over* seconds later all are that were up.
    """
    control.change_clock(name, {"advance": all_over})
    now = microseconds(stood)
    return {
        Key(row.acctid or "", row.uniqueid or "", row.session or "")
        for call in control.calls(name)
        for row in call.rows
        if row.ended < now
    }
