"""The client for Twisted programs: it does what the synchronous one does, and meets the same errors."""

from __future__ import annotations

import inspect
import pydoc
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
import requests
from treq.client import HTTPClient
from twisted.internet.defer import fail

from tests.controlling import GUIDE, LATENCY, Control
from tests.processes import Process, config
from tests.somebody import speaking
from tests.test_control_tls import top
from ucmsim.client import (
    ControlClient,
    ControlNotFound,
    ControlRefused,
    ControlTimeout,
    ControlUnauthorised,
    ControlUnreachable,
)
from ucmsim.contract.eventstream import lost
from ucmsim.contract.methods import ControlMethods
from ucmsim.pytest_plugin import Ucm
from ucmsim.treqclient import TreqControlClient


@pytest.fixture
def client(control: Control) -> TreqControlClient:
    return there(control.client.url, control.client.token)


def there(url: str, token: str = "token", **more: Any) -> TreqControlClient:
    from twisted.internet import reactor  # noqa: TID251 - the one of pytest-twisted

    return TreqControlClient(reactor, url, token, **more)


@pytest_twisted.ensureDeferred
async def test_it_answers_what_the_other_client_does(control: Control, client: TreqControlClient) -> None:
    """Both read the same values from the same routes."""
    name, other = control.name(), control.client
    made = await client.create_pbx(name, {"history": {"days": 0}})
    assert made == other.pbx(name) == await client.pbx(name)
    assert made in await client.pbxs()
    told, now = await client.status(), other.status()
    assert (replace(told, wall=now.wall), await client.health()) == (now, other.health())  # between them time went by
    assert await client.readiness() == other.readiness()
    clock = await client.change_clock(name, {"now": "2026-03-29T00:30:00Z", "rate": 0})
    assert clock == other.clock(name) == await client.clock(name)
    assert clock.now == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    fault = await client.arm_fault(name, LATENCY)
    assert [fault] == other.faults(name) == await client.faults(name)
    assert await client.change_fault(name, fault.name, {"times": 2}) == other.faults(name)[0]
    await client.disarm_fault(name, fault.name)
    await client.clear_faults(name)
    assert await client.faults(name) == []
    await client.delete_pbx(name)
    assert name not in (await client.status()).pbxs


@pytest_twisted.ensureDeferred
async def test_it_changes_what_there_is(control: Control, client: TreqControlClient, tmp_path: Path) -> None:
    """A PBX is asked for, changed, shown otherwise, written to a file, reset and restored, as by the other client."""
    name, other = control.name(), control.client
    made = await client.put_pbx(name, {"history": GUIDE})
    assert made.pbx == other.pbx(name)
    assert (await client.change_pbx(name, {"quirks": {"order": "desc"}})).changed == ("quirks.order",)
    assert await client.change_api(name, {"tls_authentication_name": "x"}) == other.api(name) == await client.api(name)
    assert (await client.show_identity(name, {"defect": "expired"})).defect == "expired"
    assert await client.show_identity(name) == other.identity(name) == await client.identity(name)
    assert await client.ledger(name) == other.ledger(name)
    written = await client.snapshot(name, str(tmp_path / "hq.zip"))
    assert (written.rows, await client.delete_cdrs(name)) == (3, 3)
    assert (await client.restore(name, written.file)).rows == 3
    assert await client.reset(name) == other.pbx(name)
    assert name in await client.metrics()
    assert await client.openapi() == other.openapi()


@pytest_twisted.ensureDeferred
async def test_lists_are_read_page_by_page(control: Control, client: TreqControlClient) -> None:
    """Calls and events come whole, however many pages that takes."""
    name = control.name()
    await client.create_pbx(name, {"history": {"days": 0}, "clock": {"start": "2026-03-02T14:00:00Z", "rate": 0}})
    call = {"shape": "answered", "from": "1001", "to": "1002", "talk": 2}
    assert (await client.place_call(name, call)).shape == "answered"
    assert len(await client.place_calls(name, [{**call, "from": f"100{at}"} for at in (3, 4, 5)])) == 3
    await client.change_clock(name, {"advance": 60})
    found = await client.calls(name, limit=1)
    assert found == control.client.calls(name)
    assert len(found) == 4
    assert await client.journal(name) == control.client.journal(name)
    assert (await client.journal_page(name, limit=1)).first == 1
    assert await client.delete_cdrs(name) == 4


@pytest_twisted.ensureDeferred
async def test_refusals_are_the_same(control: Control, client: TreqControlClient) -> None:
    """Status, code and field, by the same classes."""
    with pytest.raises(ControlRefused, match="there is no personality") as raised:
        await client.create_pbx(control.name(), {"personality": "ucm9999"})
    assert (raised.value.status, raised.value.code, raised.value.field) == (400, "invalid", "personality")
    with pytest.raises(ControlUnauthorised):
        await there(control.client.url, "wrong").status()
    for name in ("nobody", "a/b", "../status", "?", "\u00e4", ".."):
        with pytest.raises(ControlNotFound):
            await client.pbx(name)
    with pytest.raises(ControlNotFound, match="there is no PBX 'nobody'"):
        await anext(client.follow_journal("nobody"))


@pytest_twisted.ensureDeferred
async def test_who_asks_with_the_wrong_scheme_is_told_at_once(control: Control, tmp_path: Path) -> None:
    """TLS for who speaks none, and none for who speaks TLS; both clients ask whether the other scheme was meant."""
    url = control.client.url.replace("http:", "https:")
    said = "^the control plane at https://.* cannot be reached: .*; does it speak http://\\?$"
    with pytest.raises(ControlUnreachable, match=said):
        await there(url).status()
    with pytest.raises(ControlUnreachable, match=said):
        ControlClient(url, "token").status()
    with Process(tmp_path, "--config", config(tmp_path, top=top())) as process:
        url = process.report()["control"]["url"].replace("https:", "http:")
        said = "^the control plane at http://.* cannot be reached: .*; does it speak https://\\?$"
        with pytest.raises(ControlUnreachable, match=said):
            await there(url).status()
        with pytest.raises(ControlUnreachable, match=said):
            ControlClient(url, "token").status()


@pytest_twisted.ensureDeferred
async def test_nobody_there(busy: int) -> None:
    """A port on which nobody listens, one that never answers, and what is no URL are the same error as elsewhere."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        said = f"^the control plane at {url} cannot be reached: .*Connection refused; does ucmsim run\\?$"
        with pytest.raises(ControlUnreachable, match=said):
            await there(url).status()
        with pytest.raises(ControlUnreachable, match=said):
            ControlClient(url, "token").status()
    with pytest.raises(ControlUnreachable, match=r"has not answered within 0\.2 seconds"):
        await there(f"http://127.0.0.1:{busy}", timeout=0.2).status()
    with pytest.raises(ControlUnreachable, match="is no URL of a control plane"):
        await there("127.0.0.1:8444").status()


@pytest.fixture
def somebody() -> Iterator[Callable[[bytes], TreqControlClient]]:
    """Somebody else: give him a body, get a client of his."""
    with speaking(framed=False) as serve:
        yield lambda body: there(serve(200, body))


EVENT = (
    b'data: {"id": %d, "kind": "listening", "pbx": "hq", "wall": "2026-03-01T00:00:00+00:00", "seconds": 0,\n'
    b'data: "pbx_clock": "2026-03-01T00:00:00+00:00", "refusal": null, "faults": [], "kinds": [], "marks": []}\n\n'
)


@pytest_twisted.ensureDeferred
async def test_events_are_followed_until_the_stream_ends(somebody: Callable[[bytes], TreqControlClient]) -> None:
    """Each event is an entry, and the end of the stream that nobody answers any more."""
    found = somebody(b": hello\n\n" + EVENT % 7 + EVENT % 8).follow_journal("hq", after=6)
    assert [(await anext(found)).id, (await anext(found)).id] == [7, 8]
    with pytest.raises(ControlUnreachable, match="the stream of events has ended"):
        await anext(found)


@pytest_twisted.ensureDeferred
async def test_what_was_dropped_is_told(somebody: Callable[[bytes], TreqControlClient]) -> None:
    """The comment of the stream that events are kept no more reaches who wants to know."""
    told: list[int] = []
    found = somebody(lost(7, 12).encode() + EVENT % 12).follow_journal("hq", after=4, dropped=told.append)
    assert (await anext(found)).id == 12
    assert told == [7]
    await found.aclose()


@pytest_twisted.ensureDeferred
async def test_the_journal_is_followed_as_it_grows(client: TreqControlClient, ucm: Ucm) -> None:
    """What happened after an id first, then what happens, and the connection goes with the loop."""
    requests.get(f"{ucm.url}/cdrapi?n=1", verify=ucm.ca, timeout=10)
    found = []
    followed = client.follow_journal(ucm.name, after=0, kind="exchange")
    async for entry in followed:
        found.append(entry.target)
        if len(found) == 2:
            break
        requests.get(f"{ucm.url}/cdrapi?n=2", verify=ucm.ca, timeout=10)
    await followed.aclose()
    assert found == ["/cdrapi?n=1", "/cdrapi?n=2"]


@pytest_twisted.ensureDeferred
async def test_following_ends_with_the_universe(client: TreqControlClient, ucm: Ucm) -> None:
    """A reset is no error: the control plane answers, and the next stream is that of the new journal."""
    from twisted.internet.threads import deferToThread

    followed = client.follow_journal(ucm.name, after=0)
    await deferToThread(requests.get, f"{ucm.url}/cdrapi", verify=ucm.ca, timeout=10)
    assert (await anext(followed)).id == 1
    reset = client.reset(ucm.name)
    assert [one.kind async for one in followed if one.kind == "listening"] == []
    await reset


@pytest_twisted.ensureDeferred
async def test_an_event_that_is_none(somebody: Callable[[bytes], TreqControlClient]) -> None:
    """Is no event of this ucmsim."""
    for data in (b'data: {"id": 1}\n\n', b"data: <html>\n\n"):
        with pytest.raises(ControlUnreachable, match=r"is no control plane of this ucmsim \(an event that is none: "):
            await anext(somebody(data).follow_journal("hq"))


@pytest_twisted.ensureDeferred
async def test_who_is_not_answered_in_time(busy: int) -> None:
    """A stream of events that does not begin is given up as anything else is."""
    with pytest.raises(ControlTimeout, match=r"has not answered within 0\.2 seconds: allow it more time$"):
        await anext(there(f"http://127.0.0.1:{busy}", timeout=0.2).follow_journal("hq"))


@pytest_twisted.ensureDeferred
async def test_a_mistake_of_a_program_is_no_network(client: TreqControlClient) -> None:
    """What the caller's own HTTP client does wrong is not told as a control plane that cannot be reached."""

    class Wrong(HTTPClient):
        def request(self, *_arguments: Any, **_more: Any) -> Any:
            return fail(AttributeError("no such thing"))

    with pytest.raises(AttributeError, match="no such thing"):
        await there("http://127.0.0.1:1", http=Wrong(None)).status()


@pytest_twisted.ensureDeferred
async def test_somebody_else_answers(somebody: Callable[[bytes], TreqControlClient]) -> None:
    """What is not ucmsim is told as such."""
    with pytest.raises(ControlUnreachable, match="is no control plane of this ucmsim"):
        await somebody(b"<html>").status()


def _methods(kind: type) -> dict[str, list[inspect.Parameter]]:
    found = {name: method for name, method in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
    return {name: list(inspect.signature(method).parameters.values()) for name, method in found.items()}


@pytest.mark.parametrize("client", [ControlClient, TreqControlClient])
def test_help_says_what_each_method_does(client: type) -> None:
    """In both clients, by the same words."""
    for name in _methods(client):
        said = pydoc.plain(pydoc.render_doc(getattr(client, name)))
        assert str(inspect.getdoc(getattr(ControlMethods, name))).splitlines()[0] in said


def test_both_clients_have_the_same_methods() -> None:
    """With the same parameters, of the same kinds, types and defaults."""
    assert _methods(TreqControlClient) == _methods(ControlClient)
