"""Both clients do what the routes do: the same values from the same routes, and the same errors."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_twisted

from tests.bothclients import CLIENTS, Connect
from tests.controlling import GUIDE, LATENCY, Control, api
from ucmsim.client import ControlError, ControlNotFound, ControlRefused, ControlUnauthorised
from ucmsim.treqclient import TreqControlClient


@pytest_twisted.ensureDeferred
async def test_client_does_what_the_routes_do(control: Control, client: TreqControlClient) -> None:
    """Each method of the client is a route."""
    name = control.name()
    made = await client.create_pbx(name, {"history": {"days": 0}})
    assert await client.pbx(name) == made
    assert name in (await client.status()).pbxs
    assert made in await client.pbxs()
    assert (await client.change_clock(name, {"now": "2026-03-29T00:30:00Z", "rate": 0})).rate == 0
    assert (await client.clock(name)).now == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    fault = await client.arm_fault(name, LATENCY)
    assert await client.faults(name) == [fault]
    assert await client.change_fault(name, fault.name, {"times": 2}) == (await client.faults(name))[0]
    await client.disarm_fault(name, fault.name)
    await client.clear_faults(name)
    assert await client.faults(name) == []
    await client.delete_pbx(name)
    assert name not in (await client.status()).pbxs


@pytest_twisted.ensureDeferred
async def test_client_changes_what_there_is(control: Control, client: TreqControlClient, tmp_path: Path) -> None:
    """A PBX is asked for, changed, shown otherwise, written to a file, reset and restored, and its ledger is read."""
    name = control.name()
    settings = {"history": GUIDE, "clock": {"start": "2026-03-02T14:00:00Z", "rate": 0}, "api": api()}
    made, again = await client.put_pbx(name, settings), await client.put_pbx(name, settings)
    assert (made.created, again.created, again.changed, again.pbx) == (True, False, (), made.pbx)
    changed = await client.change_pbx(name, {"quirks": {"order": "desc"}})
    assert (changed.changed, changed.pbx.settings["quirks"]) == (("quirks.order",), {"order": "desc"})
    assert await client.change_api(name, {"tls_authentication_name": "cdrapi"}) == await client.api(name)
    page = await client.api(name)
    assert (page.tls_authentication_name, page.password_set) == ("cdrapi", False)
    good = await client.identity(name)
    assert (await client.show_identity(name, {"defect": "expired"})).defect == "expired"
    assert await client.show_identity(name) == good
    assert (await client.place_call(name, {"shape": "answered", "from": "1001", "to": "1002", "talk": 2})).rows == 1
    await client.change_clock(name, {"advance": 60})
    (call,) = await client.ledger(name, shape="answered", delivered="never")
    assert (call.delivered, call.rows[0].deliveries, call.rows[0].caller) == (0, (), "1001")
    written = await client.snapshot(name, str(tmp_path / "hq.zip"))
    assert (Path(written.file), written.bytes, written.rows) == (
        tmp_path / "hq.zip",
        (tmp_path / "hq.zip").stat().st_size,
        4,
    )
    assert await client.delete_cdrs(name) == 4
    assert (await client.reset(name)).rows == 3
    assert (await client.restore(name, written.file)).rows == 4
    assert f'ucmsim_connections_open{{pbx="{name}"}}' in await client.metrics()


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("many", [1, 2, 5000])
async def test_lists_are_read_page_by_page(control: Control, client: TreqControlClient, many: int) -> None:
    """Calls and events come whole, however many pages that takes."""
    name = control.name()
    await client.create_pbx(name, {"history": {"days": 0}, "clock": {"start": "2026-03-02T14:00:00Z", "rate": 0}})
    call = {"shape": "answered", "from": "1001", "to": "1002", "talk": 2}
    placed = await client.place_calls(name, [{**call, "from": f"100{at}"} for at in (3, 4, 5)])
    assert [one.shape for one in placed] == ["answered"] * 3
    await client.change_clock(name, {"advance": 60})
    assert [one.caller for one in await client.calls(name, limit=many)] == ["1003", "1004", "1005"]
    accounted = await client.ledger(name, limit=min(many, 1000))
    assert [one.call for one in accounted] == [one.call for one in await client.calls(name)]
    for at, one in enumerate(placed):
        assert await client.calls(name, began=one.began, limit=many) == [(await client.calls(name))[at]]
        assert await client.ledger(name, began=one.began) == [accounted[at]]
    assert (await client.ledger_page(name, limit=1)).items == tuple(accounted[:1])
    events = await client.journal(name)
    assert events == list((await client.journal_page(name)).items)
    assert await client.journal(name, limit=1) == events[:1]


@pytest_twisted.ensureDeferred
async def test_both_read_the_same(control: Control) -> None:
    """From every route that tells something."""
    name, (one, other) = control.name(), (make(control.client.url, control.client.token) for make in CLIENTS.values())
    await one.create_pbx(name, {"history": GUIDE, "clock": {"rate": 0}})
    await one.arm_fault(name, LATENCY)
    for ask in ("health", "readiness", "openapi", "pbxs"):
        assert await getattr(one, ask)() == await getattr(other, ask)()
    for ask in (
        "pbx",
        "api",
        "identity",
        "clock",
        "calls",
        "ledger",
        "ledger_page",
        "faults",
        "journal",
        "journal_page",
    ):
        assert await getattr(one, ask)(name) == await getattr(other, ask)(name)
    told, now = await one.status(), await other.status()
    assert replace(told, wall=now.wall) == now  # between them time went by
    assert name in await one.metrics()
    assert name in await other.metrics()


@pytest_twisted.ensureDeferred
async def test_client_names_a_field_once(control: Control, client: TreqControlClient) -> None:
    """The field stands in the sentence or behind it, also where several things are wrong."""
    with pytest.raises(ControlError) as raised:
        await client.create_pbx(control.name(), {"persnality": "ucm6100"})
    said = "there is no key 'persnality' here; did you mean 'personality'? (persnality)"
    assert (str(raised.value), raised.value.field) == (said, "persnality")
    with pytest.raises(ControlError) as raised:
        await client.create_pbx(control.name(), {"persnality": "ucm6100", "time_zone": 5})
    assert str(raised.value).count("persnality: ") == 1
    assert not str(raised.value).endswith(")")


@pytest_twisted.ensureDeferred
async def test_client_raises_what_it_is_told(control: Control, client: TreqControlClient) -> None:
    """An error has the status, the code, the message and the field."""
    with pytest.raises(ControlRefused, match=r"there is no personality 'ucm9999'.*\(personality\)$") as raised:
        await client.create_pbx(control.name(), {"personality": "ucm9999"})
    assert (raised.value.status, raised.value.code, raised.value.field) == (400, "invalid", "personality")
    with pytest.raises(ControlNotFound, match=r"there is no PBX 'nobody'; there (are .*,.*|is [^,]*)$") as raised:
        await client.pbx("nobody")
    assert (raised.value.status, raised.value.code, raised.value.field) == (404, "not-found", None)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("name", ["a/b", "a b", "../status", "?", "\u00e4", ".."])
async def test_client_quotes_names(client: TreqControlClient, name: str) -> None:
    """Whatever is asked for as a name is a name, and no other path."""
    with pytest.raises(ControlError) as raised:
        await client.pbx(name)
    assert raised.value.status == 404


@pytest_twisted.ensureDeferred
async def test_client_with_the_wrong_token(control: Control, connect: Connect) -> None:
    """A wrong token is an error with its status."""
    with pytest.raises(ControlUnauthorised) as raised:
        await connect(control.client.url, "wrong").status()
    assert (raised.value.status, raised.value.code) == (401, "unauthorized")


@pytest_twisted.ensureDeferred
async def test_instants_may_be_datetimes(control: Control, client: TreqControlClient) -> None:
    """In what is sent and in what narrows a list; one without a zone is refused as its text is, what is no instant by name."""
    name, noon = control.name(), datetime(2026, 3, 2, 12, tzinfo=UTC)
    await client.create_pbx(name, {"history": {"days": 0}, "clock": {"start": noon, "rate": 0}})
    call = {"shape": "answered", "from": "1001", "to": "1002", "talk": 2}
    soon, later = noon + timedelta(minutes=5), noon + timedelta(hours=1)
    assert (await client.place_call(name, {**call, "at": soon})).begins == soon
    assert (await client.change_clock(name, {"now": later})).now == later
    await client.place_call(name, call)
    await client.change_clock(name, {"advance": 600})
    assert [len(await client.calls(name, since=noon + timedelta(hours=at))) for at in (0, 1, 2)] == [1, 1, 0]
    with pytest.raises(ControlRefused) as raised:
        await client.change_clock(name, {"now": datetime(2026, 3, 2, 12)})
    assert raised.value.field == "now"
    with pytest.raises(TypeError, match=r"^datetime\.timedelta\(seconds=5\) is a timedelta, which is neither JSON nor"):
        await client.change_clock(name, {"advance": timedelta(seconds=5)})
