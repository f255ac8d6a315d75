"""A PBX in a file: what was, is again; and no file that is anything else touches a PBX."""

from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from random import Random
from stat import S_IMODE
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from tests import rawclient
from tests.controlling import GUIDE, LATENCY, PASSWORD, Control, api, fetched, shown
from tests.openfiles import open_below
from tests.processes import API, Process, config
from ucmsim.assembling import restoring
from ucmsim.assembling.assembly import Appliance
from ucmsim.assembling.snapshots import Snapshot, SnapshotError, writing
from ucmsim.client import ControlClient
from ucmsim.steps import finished

FIXED = {"start": "2026-03-04T12:00:00Z", "rate": 0}
CALL = {"shape": "answered", "from": "1001", "to": "3125550123", "talk": 30}
MAYBE = {"fault": "http.latency", "seconds": 0, "chance": 0.5, "name": "maybe"}


def made(control: Control, **settings: Any) -> tuple[dict[str, Any], str]:
    """Return a PBX with three rows, and its path."""
    given = {"history": GUIDE, "clock": FIXED, "api": api(), **settings}
    return control.create(name := control.name(), **given).json, f"/v1/pbxs/{name}"


def taken(control: Control, path: str, file: Path) -> dict[str, Any]:
    answer = control("POST", f"{path}/snapshot", {"file": str(file)})
    assert answer.status == 200, answer.data
    return dict(answer.json)


def restored(control: Control, path: str, file: Path) -> dict[str, Any]:
    answer = control("POST", f"{path}/restore", {"file": str(file)})
    assert answer.status == 200, answer.data
    return dict(answer.json)


def test_what_happens_then_is_what_would_have_happened(control: Control, tmp_path: Path) -> None:
    """Calls with their numbers and channels, pages, recordings, challenges, what chance decides, and the clock: all the same."""
    account = {"tls_authentication_name": "cdrapi", "tls_authentication_password": PASSWORD}
    pbx, path = made(control, faults=[MAYBE], api=api(**account), personality="ucm6510")  # whose rows have channels
    client: Any = SimpleNamespace(url=pbx["url"], username="cdrapi", password=PASSWORD)
    control("POST", f"{path}/calls", [{**CALL, "recorded": True}, CALL])
    control("PUT", f"{path}/clock", {"advance": 120})
    control("PUT", f"{path}/clock", {"step": 7.5, "time_zone": "Europe/Berlin"})
    control("POST", f"{path}/faults", {**MAYBE, "name": "later", "times": 9})
    own = Path(pbx["ca"]).parent / "spool" / "monitor" / "own.wav"
    own.write_bytes(b"a sound of one's own")
    os.utime(own, (1_300_000_000, 1_300_000_000))
    for _ in range(3):
        rawclient.get(client, "/cdrapi")

    def challenged() -> str:
        with requests.get(f"{pbx['url']}/cdrapi?format=JSON", verify=pbx["ca"], timeout=20) as answer:
            return answer.headers["WWW-Authenticate"]

    def goes_on() -> list[Any]:
        control("POST", f"{path}/calls", [CALL, {**CALL, "shape": "no-answer"}])
        control("PUT", f"{path}/clock", {"advance": 120})
        pages = [rawclient.get(client, "/cdrapi?format=JSON") for _ in range(4)]
        sound = rawclient.get(client, "/recapi?filedir=monitor&filename=own.wav")
        listing = rawclient.get(client, "/recapi?filedir=monitor")
        told = [control("GET", f"{path}/{what}").json for what in ("faults", "clock", "calls")]
        return [*pages, sound, listing, *told, *(challenged() for _ in range(3))]

    found = taken(control, path, file := tmp_path / "hq.zip")
    assert found == {"file": str(file), "bytes": file.stat().st_size, "rows": 5}
    assert S_IMODE(file.stat().st_mode) == 0o600
    first = goes_on()
    own.write_bytes(b"another")
    control("DELETE", f"{path}/faults")
    assert restored(control, path, file)["rows"] == 5
    assert goes_on() == first
    assert restored(control, path, file)["rows"] == 5
    assert goes_on() == first


def test_port_and_identity_stay(control: Control, tmp_path: Path) -> None:
    """Account, Permitted IPs and all other settings are those of the file; address, key and certificate those of the PBX."""
    _, path = made(control, quirks={"order": "desc"}, api=api(permitted_ips=["127.0.0.1"]), tls_names=["a.example"])
    taken(control, path, file := tmp_path / "hq.zip")
    there, other = made(control, tls_names=["b.example"], api=api(tls_bind_address="127.0.0.2:0"), history={"days": 0})
    certificate = shown(there)
    back = restored(control, other, file)
    assert (back["url"], back["rows"], shown(there)) == (there["url"], 3, certificate)
    settings = back["settings"]
    assert (settings["quirks"], settings["tls_names"]) == ({"order": "desc"}, ["b.example"])
    assert settings["api"]["tls_bind_address"] == "127.0.0.2:0"
    assert settings["api"]["permitted_ips"] == ["127.0.0.1"]
    said = f"the snapshot is that of PBX '{path.rpartition('/')[2]}' with seed 42: its recordings sound different here"
    assert said in back["warnings"]
    rows = fetched(there, "/cdrapi?format=CSV").splitlines()
    assert [row.partition(b",")[0] for row in rows] == [b"AcctId", b"64", b"63", b"62"]


def test_the_journal_goes_on(control: Control, tmp_path: Path) -> None:
    """What was delivered after the snapshot is not known to the rows any more; the journal tells of all of it."""
    pbx, path = made(control, history={"days": 0})
    control("POST", f"{path}/calls", CALL)
    control("PUT", f"{path}/clock", {"advance": 120})
    fetched(pbx)
    taken(control, path, file := tmp_path / "hq.zip")
    fetched(pbx)
    before = control("GET", f"{path}/journal").json["items"]
    restored(control, path, file)
    (row,) = control("GET", f"{path}/ledger").json["items"][0]["rows"]
    assert [one["exchange"] for one in row["deliveries"]] == [1]
    fetched(pbx)
    after = control("GET", f"{path}/journal").json["items"]
    assert after[: len(before)] == before
    assert [one["id"] for one in after] == [1, 2, 3, 4, 5, 6]
    assert [one["connection"] for one in after if one["kind"] == "connection"] == [1, 2, 3]


def test_calls_that_are_up_are_cut(control: Control, tmp_path: Path) -> None:
    """They go on in the PBX that is written; where it is restored they are told as cut."""
    _, path = made(control, history={"days": 0})
    control("POST", f"{path}/calls", {**CALL, "talk": 600})
    control("PUT", f"{path}/clock", {"advance": 60})
    taken(control, path, file := tmp_path / "hq.zip")
    control("PUT", f"{path}/clock", {"advance": 600})
    assert [one["ending"] for one in control("GET", f"{path}/calls").json["items"]] == ["hung up"]
    restored(control, path, file)
    assert control("GET", f"{path}/clock").json["now"] == "2026-03-04T12:01:00+00:00"
    control("PUT", f"{path}/clock", {"advance": 600})
    assert [one["ending"] for one in control("GET", f"{path}/calls").json["items"]] == ["cut"]


def test_a_snapshot_takes_the_place_of_another_and_of_nothing_else(control: Control, tmp_path: Path) -> None:
    """Where it cannot be written the field is named, and nothing is left there."""
    _, path = made(control)
    file = tmp_path / "hq.zip"
    assert taken(control, path, file)["bytes"] == taken(control, path, file)["bytes"]
    (precious := tmp_path / "precious.txt").write_text("mine")
    (tmp_path / "folder").mkdir()
    for name, said in [
        (str(precious), f"'{precious}' is there already and is no snapshot; name another file"),
        (str(tmp_path / "folder"), f"'{tmp_path / 'folder'}' is a folder; name a file in it"),
        (str(tmp_path / "nowhere" / "x"), f"there is no folder '{tmp_path / 'nowhere'}'"),
        ("hq.zip", "an absolute path is due; give one such as /tmp/hq.zip"),
        ("/tmp/a\nb", "an absolute path is due; give one such as /tmp/hq.zip"),
        (3, "an absolute path is due; give one such as /tmp/hq.zip"),
    ]:
        answer = control("POST", f"{path}/snapshot", {"file": name})
        assert answer.told == (400, "invalid", "file")
        assert answer.error["message"] == said
    assert control("POST", f"{path}/snapshot", {"fil": "/x"}).told == (400, "invalid", "fil")
    assert control("POST", f"{path}/restore", {}).told == (400, "invalid", "file")
    assert precious.read_text() == "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "hq.zip", "precious.txt"]


def test_a_snapshot_is_not_written_into_what_is_written(control: Control, tmp_path: Path) -> None:
    """It would pack itself, without end; another PBX's folder is no better, which may be written into this one's. A link does not help."""
    info, path = made(control)
    state = Path(info["ca"]).parent.parent
    (tmp_path / "linked").symlink_to(state)
    for place in (state / info["name"] / "spool", state, tmp_path / "linked" / info["name"]):
        answer = control("POST", f"{path}/snapshot", {"file": str(place / "hq.zip")})
        assert answer.told == (400, "invalid", "file")
        due = f"'{place}/hq.zip' is in the state folder, which belongs to what is written; name a file elsewhere"
        assert answer.error["message"] == due


@pytest.mark.parametrize("name", ["a" * 300, "a/" * 3000 + "hq.zip"])
def test_a_path_that_the_system_does_not_take_is_refused(control: Control, tmp_path: Path, name: str) -> None:
    """As any other place where nothing can be written."""
    _, path = made(control)
    answer = control("POST", f"{path}/snapshot", {"file": f"{tmp_path}/{name}"})
    assert answer.told == (400, "invalid", "file")
    assert answer.error["message"].endswith("cannot be written: File name too long; name another file")


def test_a_file_that_grows_is_as_long_as_it_was(tmp_path: Path) -> None:
    """Whoever puts a file into the spool may go on writing it."""
    file, history, spool = outline(tmp_path)
    (spool / "a.wav").write_bytes(bytes(2 << 20))
    with (spool / "a.wav").open("ab") as growing:
        for _ in writing(file, {}, history, spool, outside=tmp_path / "state"):
            growing.write(bytes(1 << 20))
            growing.flush()

    snapshot = Snapshot.of(file)
    size = snapshot.members["spool/a.wav"]["bytes"]
    assert 2 << 20 <= size < 6 << 20
    assert size < (spool / "a.wav").stat().st_size


def rewritten(file: Path, change: Callable[[dict[str, bytes]], None], compression: int = zipfile.ZIP_STORED) -> None:
    """Write the zip *file* again with other members."""
    with zipfile.ZipFile(file) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    change(members)
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def told(members: dict[str, bytes], /, **changes: Any) -> None:
    """Let `snapshot.json` say something else."""
    members["snapshot.json"] = json.dumps({**json.loads(members["snapshot.json"]), **changes}).encode()


def also(name: str) -> Callable[[dict[str, bytes]], None]:
    """Let there be one more member, and let `snapshot.json` say so."""

    def change(members: dict[str, bytes]) -> None:
        listed = json.loads(members["snapshot.json"])["members"]
        digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        told(members, members=[*listed, {"name": name, "bytes": 0, "sha256": digest, "written": 0}])
        members[name] = b""

    return change


def replaced(members: dict[str, bytes], history: bytes) -> None:
    """Let there be another *history*, as if it had been written so."""
    from hashlib import sha256

    members["history.sqlite"] = history
    listed = json.loads(members["snapshot.json"])["members"]
    listed[0] |= {"bytes": len(history), "sha256": sha256(history).hexdigest()}
    told(members, members=listed)


def triggered(members: dict[str, bytes]) -> None:
    """Let the history act by itself."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        (file := Path(folder) / "x").write_bytes(members["history.sqlite"])
        database = sqlite3.connect(file)
        database.execute("CREATE TRIGGER evil AFTER INSERT ON cdr BEGIN DELETE FROM cdr; END")
        database.commit()
        database.close()
        replaced(members, file.read_bytes())


def spoilt(members: dict[str, bytes]) -> None:
    data = bytearray(members["history.sqlite"])
    data[5000] ^= 1
    members["history.sqlite"] = bytes(data)


AT = {"world": "2026-03-04T12:00:00+00:00", "rate": 0, "corrections": []}
ARMED = {"spec": MAYBE, "age": 1.5, "matched": 0, "fired": 0, "drawn": None, "chance": Random(1).getstate()}
HOSTILE: list[tuple[str, Callable[[dict[str, bytes]], None], str]] = [
    ("newer", lambda members: told(members, format=2, version="9.9"), "is a snapshot of format 2, and this ucmsim knows format 1; use the version that wrote it, 9.9"),
    ("foreign", lambda members: told(members, kind="backup"), "is no snapshot of ucmsim: its snapshot.json does not say so"),
    ("without", lambda members: members.pop("snapshot.json") and None, "is no snapshot of ucmsim: there is no snapshot.json in it"),
    ("garbage", lambda members: members.update({"snapshot.json": b"[" * 100_000}), "is no snapshot of ucmsim: its snapshot.json does not say so"),
    ("outside", also("spool/../../evil"), "holds 'spool/../../evil', which no snapshot does"),
    ("absolute", also("/etc/evil"), "holds '/etc/evil', which no snapshot does"),
    ("elsewhere", also("private.pem"), "holds 'private.pem', which no snapshot does"),
    ("backslash", also("spool/..\\evil"), "which no snapshot does"),
    ("unsaid", lambda members: members.update({"spool/monitor/x": b"x"}), "does not hold what its snapshot.json says"),
    ("missing", lambda members: members.pop("history.sqlite") and None, "does not hold what its snapshot.json says"),
    ("spoilt", spoilt, "is damaged: history.sqlite is not what was written"),
    ("triggers", triggered, "holds no history: triggers or views"),
    ("another", lambda members: replaced(members, b"no database" * 500), "holds no history that can be opened: file is not a database"),
    ("settings", lambda members: told(members, settings={"personality": "ucm9999"}), "holds settings that cannot be used: personality: "),
    ("faults", lambda members: told(members, faults=[{"spec": {"fault": "nonsense"}}]), "does not hold what a snapshot holds"),
    ("clock", lambda members: told(members, clock={"world": "now", "rate": 0, "corrections": []}), "does not hold what a snapshot holds"),
    ("endless", lambda members: told(members, clock={**AT, "rate": math.inf}), "does not hold what a snapshot holds: its clock cannot be set: rate: "),
    ("faster", lambda members: told(members, clock={**AT, "rate": 100_001}), "does not hold what a snapshot holds: its clock cannot be set: rate: "),
    ("last", lambda members: told(members, clock={**AT, "world": "9999-12-31T23:59:59+00:00"}), "its clock cannot be set: now: "),
    ("ages", lambda members: told(members, faults=[{**ARMED, "age": math.inf}]), "does not hold what a snapshot holds"),
    ("chance", lambda members: told(members, nonces={"issued": [], "chance": [3, [1, 2], None]}), "does not hold what a snapshot holds"),
    ("members", lambda members: told(members, members=[{"name": "history.sqlite"}]), "does not say what it holds"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), [one[1:] for one in HOSTILE], ids=[one[0] for one in HOSTILE])
def test_what_is_no_snapshot_touches_nothing(
    control: Control, tmp_path: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    """The answer says why; the PBX, who is connected to it, and its folder stay as they are."""
    pbx, path = made(control)
    client: Any = SimpleNamespace(url=pbx["url"])
    home = Path(pbx["ca"]).parent
    taken(control, path, file := tmp_path / "hq.zip")
    rewritten(file, change)
    before = {place: place.stat().st_mtime_ns for place in home.rglob("*")}
    with rawclient.RawTls(client) as connected:
        answer = control("POST", f"{path}/restore", {"file": str(file)})
        assert answer.told == (400, "invalid", "file")
        assert answer.error["message"].startswith(f"'{file}' ")
        assert said in answer.error["message"]
        connected.send(b"GET /cdrapi?format=CSV HTTP/1.1\r\n\r\n")
        assert len(rawclient.body(connected.read().data).splitlines()) == 4
    assert {place: place.stat().st_mtime_ns for place in home.rglob("*")} == before
    assert control("GET", path).json == pbx
    assert not (tmp_path.parent / "evil").exists()


def test_a_history_that_is_none_is_not_left_open(appliance: Appliance, tmp_path: Path) -> None:
    """What was looked at and refused holds no file, as long as anybody has the error."""
    file = tmp_path / "hq.zip"
    finished(restoring.taking(appliance, restoring.state_of(appliance, 0.0), file))
    rewritten(file, lambda members: replaced(members, b"no database" * 500))
    with pytest.raises(SnapshotError, match="holds no history that can be opened: file is not a database") as raised:
        finished(restoring.restored(appliance, file, 0.0))

    assert (open_below(appliance.home), raised.type) == (["history.sqlite"], SnapshotError)


def test_a_part_of_a_snapshot_touches_nothing(control: Control, tmp_path: Path) -> None:
    """Wherever it was cut off, and whatever else is in its place."""
    pbx, path = made(control)
    taken(control, path, file := tmp_path / "hq.zip")
    whole = file.read_bytes()
    for data in (
        b"",
        whole[:100],
        whole[: len(whole) // 2],
        whole[:-1],
        whole[:-30],
        b"PK\x05\x06" + bytes(18),
        b"x" * 999,
    ):
        file.write_bytes(data)
        answer = control("POST", f"{path}/restore", {"file": str(file)})
        assert answer.told == (400, "invalid", "file")
    file.unlink()
    os.mkfifo(file)
    for name in (file, tmp_path, tmp_path / "nothing"):
        assert control("POST", f"{path}/restore", {"file": str(name)}).told == (400, "invalid", "file")
    assert control("GET", path).json == pbx
    fetched(pbx)


def test_a_bomb_is_not_unpacked(control: Control, tmp_path: Path) -> None:
    """Packed members are refused, and so is a zip that says that it holds more than there is in it."""
    pbx, path = made(control)
    taken(control, path, file := tmp_path / "hq.zip")
    rewritten(file, also("spool/monitor/x"), zipfile.ZIP_DEFLATED)
    answer = control("POST", f"{path}/restore", {"file": str(file)})
    assert answer.error["message"] == f"'{file}' holds packed or encrypted members, which no snapshot does"
    assert control("GET", path).json == pbx


def test_twice_the_same_name(control: Control, tmp_path: Path) -> None:
    """Which of two were meant nobody knows."""
    _, path = made(control)
    taken(control, path, file := tmp_path / "hq.zip")
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("history.sqlite", b"")
    answer = control("POST", f"{path}/restore", {"file": str(file)})
    assert answer.error["message"] == f"'{file}' has two members of one name"


def test_a_fault_that_was_armed_is_armed_again(control: Control, tmp_path: Path) -> None:
    """Also one that keeps the port closed, or goes by itself."""
    pbx, path = made(control)
    control("POST", f"{path}/faults", {**LATENCY, "ttl": 3600, "name": "for-an-hour"})
    control("POST", f"{path}/faults", {"fault": "tcp.refuse", "name": "shut"})
    faults = control("GET", f"{path}/faults").json
    taken(control, path, file := tmp_path / "hq.zip")
    control("DELETE", f"{path}/faults")
    fetched(pbx)
    restored(control, path, file)
    assert [one["name"] for one in control("GET", f"{path}/faults").json["items"]] == ["for-an-hour", "shut"]
    assert [one.get("ttl") for one in control("GET", f"{path}/faults").json["items"]] == [3600, None]
    assert faults["items"][0] == control("GET", f"{path}/faults").json["items"][0]
    with pytest.raises(OSError, match="refused"):
        fetched(pbx)
    control("DELETE", f"{path}/faults/shut")
    fetched(pbx)


def test_a_pbx_with_kept_state(tmp_path: Path) -> None:
    """In a state folder with a journal on disk; what is restored is what the next start finds."""
    top = {"state": "state", "control": {"bind": "127.0.0.1:0"}}
    file = config(tmp_path, top=top, api=API, clock=FIXED, journal={"spill": 100})
    with Process(tmp_path, "--config", file) as process:
        report = process.report()
        hq, control = report["pbxs"]["hq"], ControlClient(report["control"]["url"], report["control"]["token"])
        control.place_call("hq", CALL)
        control.change_clock("hq", {"advance": 60})
        snapshot = control.snapshot("hq", str(tmp_path / "hq.zip"))
        assert snapshot.rows == 4
        control.delete_cdrs("hq")
        assert control.restore("hq", str(tmp_path / "hq.zip")).rows == 4
        assert len(fetched(hq, "/cdrapi?format=CSV").splitlines()) == 5
        assert process.stop() == 143
    kept = tmp_path / "state" / "hq"
    assert sorted(one.name for one in kept.iterdir() if "sqlite" in one.name or "spool" in one.name) == [
        "history.sqlite", "journal.sqlite", "spool",
    ]  # fmt: skip
    with Process(tmp_path, "--config", file) as process:
        report = process.report()
        assert ControlClient(report["control"]["url"], report["control"]["token"]).pbx("hq").rows == 4


def outline(folder: Path) -> tuple[Path, Path, Path]:
    """Return where a snapshot is to be written, a history of three pieces, and a spool with a file of one and an empty one."""
    (history := folder / "history").write_bytes(bytes(3 << 20))
    (spool := folder / "spool").mkdir()
    (spool / "a.wav").write_bytes(bytes(1000))
    (spool / "b.wav").touch()
    return folder / "hq.zip", history, spool


def test_a_snapshot_is_written_piece_by_piece(tmp_path: Path) -> None:
    """Others have their turn between two of them; until the last the file is not there."""
    file, history, spool = outline(tmp_path)
    steps = [file.exists() for _ in writing(file, {}, history, spool, outside=tmp_path / "state")]

    assert steps == [False] * 6
    assert file.exists()


def test_of_a_snapshot_that_is_given_up_nothing_is_left(tmp_path: Path) -> None:
    """Neither the file nor what was to become it."""
    file, history, spool = outline(tmp_path)
    steps = writing(file, {}, history, spool, outside=tmp_path / "state")
    next(steps)
    steps.close()

    assert sorted(one.name for one in tmp_path.iterdir()) == ["history", "spool"]


def test_what_a_killed_process_was_writing_goes_with_the_next(tmp_path: Path) -> None:
    """It is as large as a snapshot, and each time it had another name."""
    file, history, spool = outline(tmp_path)
    code = """
import os, signal, sys
from pathlib import Path
from ucmsim.assembling.snapshots import writing
file, history, spool = map(Path, sys.argv[1:])
for _ in writing(file, {}, history, spool, outside=Path("/nowhere")):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", code, *map(str, (file, history, spool))], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob(".ucmsim-*.new"))) == 1
    finished(writing(file, {}, history, spool, outside=tmp_path / "state"))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["history", "hq.zip", "spool"]


def test_two_pbxs_that_write_to_one_file_are_not_in_each_others_way(tmp_path: Path) -> None:
    """By turns: each has written a whole snapshot, and the file is that of the last."""
    file, history, spool = outline(tmp_path)
    (other := tmp_path / "other").write_bytes(bytes(2 << 20))
    last = writing(file, {"pbx": "last"}, history, spool, outside=tmp_path / "state")
    first = writing(file, {"pbx": "first"}, other, spool, outside=tmp_path / "state")
    found = []
    for _ in zip_longest(last, first):
        if file.exists() and not found:
            found.append(Snapshot.of(file).state["pbx"])

    assert [*found, Snapshot.of(file).state["pbx"]] == ["first", "last"]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["history", "hq.zip", "other", "spool"]


def test_a_snapshot_may_have_as_long_a_name_as_files_have(tmp_path: Path) -> None:
    """What is not at its place yet needs no longer one."""
    _, history, spool = outline(tmp_path)
    finished(writing(tmp_path / ("x" * 255), {}, history, spool, outside=tmp_path / "state"))
    assert Snapshot.of(tmp_path / ("x" * 255)).members.keys() >= {"history.sqlite"}
