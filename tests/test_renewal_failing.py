"""A universe that cannot take the place of another: the other comes back, or it is said that nothing is there, and it can be mended."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_twisted
from twisted.internet.defer import maybeDeferred
from twisted.internet.threads import deferToThread

from tests.controlling import GUIDE, api, fetched
from tests.makers import VOICES
from tests.openfiles import open_below
from tests.test_control_api import own, uploaded
from ucmsim.appliance.pbx import Pbx as Device
from ucmsim.assembling import renewal, restoring
from ucmsim.assembling.assembly import Appliance, Premises, assembling
from ucmsim.assembling.fileswap import FileSwap, settled
from ucmsim.assembling.living import Living
from ucmsim.assembling.statefolder import StateFolder
from ucmsim.certificates import keyring
from ucmsim.client import ControlRefused
from ucmsim.contract.answers import Pbx
from ucmsim.control.site import ControlService
from ucmsim.service.fleet import Fleet
from ucmsim.service.metrics import registry_of
from ucmsim.service.running import Running
from ucmsim.settings import Control
from ucmsim.sockets.listening import Listening
from ucmsim.store.history import History
from ucmsim.treqclient import TreqControlClient

SETTINGS = {
    "history": GUIDE,
    "clock": {"start": "2026-03-04T12:00:00Z", "rate": 0},
    "api": api(),
    "journal": {"spill": 100},
    "faults": [{"fault": "http.latency", "seconds": 0, "name": "slow"}],
}
OTHER = {**SETTINGS, "quirks": {"order": "desc"}, "tls_names": ["other.example"], "journal": {"spill": 99}}
CALL = {"shape": "answered", "from": "1001", "to": "1002", "ring": 1, "talk": 5}
NO_SPACE = OSError(errno.ENOSPC, "No space left on device")
SERVICE = "ucmsim.service.pbxservice.PbxService"


@dataclass
class Rig:
    """A fleet with one PBX, its control plane, and a snapshot of the PBX as it was before a call."""

    client: TreqControlClient
    url: str
    token: str
    fleet: Fleet
    file: Path
    home: Path

    async def told(self) -> dict[str, Any]:
        """Return what there is of the PBX by now: what is told of it, its rows, its events so far, and its files."""
        pbx = asdict(await self.client.pbx("hq"))
        events = [one.id for one in await self.client.journal("hq", kind="exchange")]
        files = sorted(path.name for path in self.home.iterdir() if not path.name.endswith(("-wal", "-shm")))
        ca = (self.home / "certificate.pem").read_bytes()
        told = {"pbx": pbx, "first": events[:1], "files": files, "certificate": ca, "page": await self.page()}
        return {**told, "open": open_below(self.home)}

    async def page(self) -> bytes:
        pbx = asdict(await self.client.pbx("hq"))
        return bytes(await deferToThread(fetched, pbx, "/cdrapi?format=CSV"))


@asynccontextmanager
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    from twisted.internet import reactor  # noqa: TID251 - the one of pytest-twisted

    clock: Any = reactor
    folder = StateFolder.open(tmp_path / "state")
    premises = Premises(folder, VOICES, 42)
    fleet = Fleet(reactor, lambda name, settings: assembling(name, settings, premises, clock.seconds()))
    control = ControlService(
        fleet, Control.model_validate({"bind": "127.0.0.1:0"}), folder, reactor,
        instance="this", seed=42, registry=registry_of(fleet),
    )  # fmt: skip
    fleet.startService()
    control.startService()
    try:
        url, token = control.described()["url"], control.described()["token"]
        client = TreqControlClient(reactor, url, token)
        await client.create_pbx("hq", SETTINGS)
        made = Rig(client, url, token, fleet, tmp_path / "hq.zip", tmp_path / "state" / "hq")
        (made.home / "spool" / "monitor" / "own.wav").write_bytes(b"a sound")
        await client.snapshot("hq", str(made.file))
        await client.place_call("hq", CALL)
        await client.change_clock("hq", {"advance": 60})
        await made.page()
        yield made
    finally:
        await maybeDeferred(control.stopService)
        if fleet.running:  # a test may have stopped it
            await maybeDeferred(fleet.stopService)
        folder.close()


def planted(
    patch: pytest.MonkeyPatch, place: Any, name: str, at: int = 1, *, forever: bool = False, of: str = ""
) -> None:
    """Let the call of *name* in *place* fail that is the one *at* that number, and all after it *forever*; only those *of* a file."""
    right, count = getattr(place, name), 0

    def wrong(*arguments: Any, **more: Any) -> Any:
        nonlocal count
        if of and arguments[0].name != of:
            return right(*arguments, **more)
        count += 1
        if count == at or (forever and count > at):
            raise NO_SPACE
        return right(*arguments, **more)

    patch.setattr(place, name, staticmethod(wrong) if of else wrong)


Plant = Callable[[pytest.MonkeyPatch], None]
Ask = Callable[[Rig], Awaitable[Any]]


async def reset(made: Rig) -> None:
    await made.client.reset("hq")


async def change(made: Rig) -> None:
    await made.client.put_pbx("hq", OTHER)


async def restore(made: Rig) -> None:
    await made.client.restore("hq", str(made.file))


def _at(place: Any, name: str, at: int = 1, **more: Any) -> Plant:
    return lambda patch: planted(patch, place, name, at, **more)


LEAVE = _at(Appliance, "leave")
RUN, TAKE = _at(Running, "__init__"), _at(Listening, "take")
OPEN = _at(History, "open", of="history.sqlite")
STEPS: list[tuple[str, Ask, Plant]] = [
    ("reset: letting go", reset, LEAVE),
    *((f"reset: move {number}", reset, _at(FileSwap, "_move", number)) for number in (1, 2, 3)),
    ("reset: the history", reset, OPEN),
    ("reset: the journal", reset, _at(renewal, "opened_journal")),
    ("reset: putting together", reset, _at(renewal, "put_together")),
    ("reset: remembering", reset, _at(Device, "remember")),
    ("reset: the TLS of it", reset, RUN),
    ("reset: the port", reset, TAKE),
    ("change: letting go", change, LEAVE),
    ("change: the journal", change, _at(renewal, "opened_journal", 2)),
    ("change: putting together", change, _at(renewal, "put_together")),
    ("change: what is placed ahead", change, _at(Living, "keep")),
    ("change: going on", change, _at(Device, "go_on")),
    ("change: the TLS of it", change, RUN),
    ("change: the port", change, TAKE),
    ("restore: letting go", restore, LEAVE),
    *((f"restore: move {number}", restore, _at(FileSwap, "_move", number)) for number in (1, 2, 3, 4)),
    ("restore: the history", restore, OPEN),
    ("restore: putting together", restore, _at(restoring, "put_together")),
    ("restore: its channels", restore, _at(Living, "count_channels")),
    ("restore: going on", restore, _at(Device, "go_on")),
    ("restore: the TLS of it", restore, RUN),
    ("restore: the port", restore, TAKE),
]


@pytest.mark.parametrize(("ask", "plant"), [step[1:] for step in STEPS], ids=[step[0] for step in STEPS])
@pytest_twisted.ensureDeferred
async def test_what_was_before_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask, plant: Plant
) -> None:
    """Whatever step fails: the same rows at the same address by the same certificate, and no file that was not there, nor one open; then it can be asked again."""
    async with rig(tmp_path) as made:
        before = await made.told()
        with monkeypatch.context() as patch:
            plant(patch)
            with pytest.raises(ControlRefused, match="No space left on device") as raised:
                await ask(made)
        assert (raised.value.status, raised.value.code, raised.value.field) == (500, "failed", None)
        assert "and goes on as before, after a restart; see to that, and ask again" in str(raised.value)
        assert await made.told() == before
        assert ((await made.client.status()).failures, (await made.client.readiness()).status) == ({}, "ready")
        assert [one.name for one in await made.client.faults("hq")] == ["slow"]
        await ask(made)
        assert (await made.client.pbx("hq")).url == before["pbx"]["url"]
        rows = (await made.page()).splitlines()
        assert len(rows) == (5 if ask is change else 4)


async def put(made: Rig) -> None:
    assert (await made.client.put_pbx("hq", SETTINGS)).changed == ()


async def patch_nothing(made: Rig) -> None:
    assert (await made.client.change_pbx("hq", {})).changed == ()


@pytest.mark.parametrize("ask", [reset, change, restore])
@pytest.mark.parametrize("mend", [put, patch_nothing, change, reset, restore])
@pytest_twisted.ensureDeferred
async def test_what_cannot_come_back_is_told_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask, mend: Ask
) -> None:
    """By status, readiness, answers and the PBX itself, until a document, a reset or a snapshot lets it listen where it did."""
    async with rig(tmp_path) as made:
        url, client = (await made.client.pbx("hq")).url, made.client
        with monkeypatch.context() as patch:
            if ask is change:
                planted(patch, renewal, "put_together", forever=True)
            else:
                planted(patch, History, "open", of="history.sqlite", forever=True)
            for asking in (ask, put):
                with pytest.raises(ControlRefused, match="nor go on as before") as raised:
                    await asking(made)
                assert (raised.value.status, raised.value.code) == (500, "failed")
            said = str(raised.value)
            assert said.endswith(f"then PUT it, reset it, or restore a snapshot; its files are in '{made.home}'")
            assert (await client.status()).failures == {"hq": said}
            assert (await client.readiness()).status == "failed"
            failed = await client.pbx("hq")
            assert (failed.url, failed.warnings[0], await client.pbxs()) == (None, said, [failed])
            for asked in (client.journal("hq"), client.calls("hq"), client.clock("hq"), client.faults("hq")):
                with pytest.raises(ControlRefused, match="nor go on as before"):
                    await asked
            with pytest.raises(OSError, match="refused"):
                await deferToThread(fetched, {**asdict(failed), "url": url})
        await mend(made)
        assert ((await client.status()).failures, (await client.readiness()).status) == ({}, "ready")
        mended: Pbx = await client.pbx("hq")
        assert (mended.url, said in mended.warnings) == (url, False)
        assert len((await made.page()).splitlines()) == (4 if mend in (reset, restore) else 5)
        assert [one.name for one in await client.faults("hq")] == ["slow"]


@pytest_twisted.ensureDeferred
async def test_what_cannot_come_back_can_be_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that is kept of it, and then everything is ready again."""
    async with rig(tmp_path) as made:
        with monkeypatch.context() as patch:
            planted(patch, History, "open", of="history.sqlite", forever=True)
            with pytest.raises(ControlRefused, match="nor go on as before"):
                await reset(made)
        await made.client.delete_pbx("hq")
        assert (made.home.exists(), (await made.client.readiness()).status) == (False, "ready")


@pytest_twisted.ensureDeferred
async def test_another_address_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It listens where it did, and nobody listens at the address that it was to have."""
    async with rig(tmp_path) as made:
        before, moved = await made.told(), {**OTHER, "api": api(tls_bind_address="127.0.0.2:0")}
        with monkeypatch.context() as patch:
            planted(patch, renewal, "put_together")
            with pytest.raises(ControlRefused, match="goes on as before"):
                await made.client.put_pbx("hq", moved)
        assert await made.told() == before
        assert ((await made.client.put_pbx("hq", moved)).pbx.url or "").startswith("https://127.0.0.2:")
        with pytest.raises(OSError, match="refused"):
            await deferToThread(fetched, before["pbx"])


NAMED = {"tls_names": ["other.example"]}


@pytest.mark.parametrize("by", ["page", "names"])
@pytest_twisted.ensureDeferred
async def test_a_certificate_that_cannot_be_kept_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """The sentence says which file and why; the own port, which is closed for all addresses, is given back, and no file is another."""
    async with rig(tmp_path) as made:
        before = await made.told()
        kept = {file.name: file.read_bytes() for file in made.home.glob("*.pem")}
        everywhere = {"tls_bind_address": f"0.0.0.0:{urlsplit(before['pbx']['url']).port}"}

        async def widen() -> None:
            if by == "page":
                await made.client.change_api("hq", {**everywhere, **uploaded(own())})
            else:
                await made.client.change_pbx("hq", {"api": everywhere, **NAMED})

        with monkeypatch.context() as patch:
            planted(patch, keyring, "beside", of="certificate.pem")
            with pytest.raises(ControlRefused) as raised:
                await widen()
        assert (raised.value.status, raised.value.code, raised.value.field) == (500, "failed", None)
        assert str(raised.value) == (
            "PBX 'hq' goes on as before, because its new certificate could not be kept: "
            f"'{made.home / 'certificate.pem'}' cannot be written: No space left on device; "
            "ucmsim must be able to read and write the state folder"
        )
        assert await made.told() == before
        assert {file.name: file.read_bytes() for file in made.home.glob("*.pem")} == kept
        await widen()
        assert (await made.client.pbx("hq")).url == before["pbx"]["url"]
        assert await made.page() == before["page"]


@pytest.mark.parametrize("came", [(), ("spool",), ("spool", "history")], ids=["nothing", "a part", "all"])
def test_a_process_that_was_killed_meanwhile(tmp_path: Path, came: tuple[str, ...]) -> None:
    """What gave way comes back, all of it, unless all that came is there already, and nothing is left beside it."""
    database, spool = tmp_path / "history.sqlite", tmp_path / "spool"
    for what, beside in (("old", ""), ("new", ".restored")):
        database.with_name(database.name + beside).write_text(what)
        (folder := spool.with_name(spool.name + beside)).mkdir()
        (folder / f"{what}.wav").touch()
    swap = FileSwap()
    swap.away(database, spool)
    for place in (spool, database):
        if place.stem in came:
            swap.put(place.with_name(f"{place.name}.restored"), place)
    settled(database, spool)
    what = "new" if "history" in came else "old"
    assert (database.read_text(), [path.name for path in spool.iterdir()]) == (what, [f"{what}.wav"])
    left = {path.name for path in tmp_path.iterdir() if not path.name.endswith(".restored")}
    assert left == {"history.sqlite", "spool"}


def test_what_could_not_be_discarded_is_not_what_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a swap before has left aside does not come back when a process is killed in the next."""
    database, journal, spool = (tmp_path / name for name in ("history.sqlite", "journal.sqlite", "spool"))
    database.write_text("now")
    journal.write_text("now")
    for folder, name in ((spool, "now.wav"), (tmp_path / "spool.before", "long ago.wav")):
        folder.mkdir()
        (folder / name).touch()
    planted(monkeypatch, FileSwap, "_move", 2)
    with pytest.raises(OSError, match="No space"):
        FileSwap().away(database, journal, spool)
    settled(database, journal, spool)
    assert (database.read_text(), [path.name for path in spool.iterdir()]) == ("now", ["now.wav"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.sqlite", "journal.sqlite", "spool"]
