"""What is in mailboxes: greetings, new messages, and those that were heard. Spec 5.8, 6.5."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.filled import fill
from tests.makers import another_row, spool_of
from tests.spools import ask, pbx_on
from ucmsim.assembling.filling import recorded_greetings
from ucmsim.pytest_plugin import Ucm
from ucmsim.recording.audio import RATE, gsm
from ucmsim.settings import load_pbx
from ucmsim.store.history import History
from ucmsim.store.records import Record, Recording

NOW = datetime(2026, 3, 2, 23, tzinfo=UTC)
INBOX, OLD = "voicemail/default/1001/INBOX", "voicemail/default/1001/Old"


def greeted(**settings: Any) -> list[Recording]:
    """Return the greetings of a PBX with a thousand extensions."""
    chosen = {"extensions": {"first": 1000, "count": 1000}, "history": {"days": 3}, **settings}
    return list(recorded_greetings("hq", load_pbx(chosen, Path()), seed=1, until=NOW))


# --- greetings -----------------------------------------------------------------------------------------------------


@pytest.mark.quirk("greetings")
@pytest.mark.parametrize(
    ("value", "forms"), [("gsm-and-wav", {"gsm", "wav"}), ("gsm", {"gsm"}), ("wav", {"wav"}), ("none", set())]
)
def test_a_greeting_has_the_forms_of_the_unit(value: str, forms: set[str]) -> None:
    """About a third of the mailboxes have one, the same whatever the forms are, in the mailbox and not in a folder."""
    found = greeted(quirks={"greetings": value})
    usual = [one for one in greeted() if one.name.rpartition(".")[2] in forms]
    assert found == usual
    if not forms:
        return
    assert {one.name for one in found} == {f"unavail.{form}" for form in forms}
    boxes = [one.directory for one in found]
    assert 250 <= len(set(boxes)) <= 350
    assert len(boxes) == len(forms) * len(set(boxes))
    assert all(box.startswith("voicemail/default/1") and box.count("/") == 2 for box in boxes)
    since = (NOW - timedelta(days=3)).timestamp()
    assert all(since - 365 * 86_400 <= one.written < since for one in found)
    assert all(1 <= one.samples / RATE <= 30 for one in found)


def test_greetings_shift_nothing() -> None:
    """The calls are the same without them, and other settings of calls do not change greetings."""
    found = []
    for value in ("gsm-and-wav", "none"):
        history = History.open(Path(":memory:"), durable=False)
        fill(
            history, "hq", load_pbx({"history": {"days": 2}, "quirks": {"greetings": value}}, Path()), seed=1, until=NOW
        )
        found.append(list(history.rows()))
        history.close()
    assert found[0] == found[1]
    assert greeted(traffic={"live": True}, recording={"share": 0}) == greeted()


@pytest.mark.parametrize("seconds", [0, 0.001, 0.02, 0.5, 7.31])
def test_a_gsm_file_is_as_long_as_what_was_said(seconds: float) -> None:
    """In frames of a fiftieth of a second, each 33 bytes; a player finds silence in them."""
    samples = int(seconds * RATE)
    made = b"".join(gsm(samples).chunks())
    assert len(made) == gsm(samples).length == 33 * -(-samples // 160)
    sox = shutil.which("sox")
    if sox is None or not made:
        return
    command = [sox, "-t", "gsm", "-", "-t", "wav", "-b", "16", "-"]
    heard = subprocess.run(command, input=made, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(heard)) as sound:
        data = sound.readframes(1 << 30)
    assert len(data) == 2 * 160 * -(-samples // 160)
    assert max(abs(int.from_bytes(data[at : at + 2], "little", signed=True)) for at in range(0, len(data), 2)) < 64


def test_greetings_are_listed_and_served(tmp_path: Path) -> None:
    """Beside INBOX, as text/gsm and as a WAV; the sound of the one is as long as that of the other."""
    made = [one for one in greeted() if one.directory == greeted()[0].directory]
    pbx = pbx_on(tmp_path, *made)
    box = made[0].directory
    listed = ask(pbx, f"filedir={box}").body.decode().splitlines()
    assert listed == ["Directory,Filename", f"{box},unavail.gsm", f"{box},unavail.wav"]
    one, other = (ask(pbx, f"filedir={box}&filename=unavail.{form}") for form in ("gsm", "wav"))
    assert (dict(one.headers)["Content-type"], dict(other.headers)["Content-type"]) == ("text/gsm", "audio/x-wav")
    assert len(other.body) == 44 + 2 * made[0].samples
    assert 0 <= len(one.body) // 33 * 160 - made[0].samples < 160


# --- messages that were heard --------------------------------------------------------------------------------------

FROZEN: dict[str, Any] = {
    "personality": "ucm6510",
    "clock": {"start": "2026-03-02T14:00:00Z", "rate": 0},
    "history": {"days": 0},
    "time_zone": "UTC",
}


def got(ucm: Ucm, query: str) -> requests.Response:
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
    return requests.get(f"{ucm.url}/recapi?{query}", auth=login, verify=ucm.ca, timeout=20)


def messages(ucm: Ucm, folder: str) -> list[str]:
    """Return the sounds in a folder of mailbox 1001."""
    lines = got(ucm, f"filedir=voicemail/default/1001/{folder}").text.splitlines()[1:]
    return [line.partition(",")[2] for line in lines if line.endswith(".wav")]


def left(ucm: Ucm, *seconds: int) -> None:
    """Let messages of so many seconds be left in mailbox 1001, one after another."""
    for talk in seconds:
        ucm.place_call("voicemail", "3125550123", "1001", ring=10, talk=talk)
        ucm.clock.advance(60)


def heard(ucm: Ucm) -> None:
    """Let 1001 listen to messages."""
    ucm.place_call("voicemail-menu", "1001", "1002", talk=20)
    ucm.clock.advance(30)


@pytest.mark.quirk("heard-messages")
@pytest.mark.ucmsim(**FROZEN)
def test_heard_messages_go_to_old(ucm: Ucm) -> None:
    """They are numbered on there, sound as they did, and INBOX begins with msg0000 again; others' stay."""
    left(ucm, 3, 5)
    ucm.place_call("voicemail", "3125550123", "1003", ring=1, talk=2)
    ucm.clock.advance(10)
    assert (messages(ucm, "INBOX"), messages(ucm, "Old")) == (["msg0000.wav", "msg0001.wav"], [])
    sounds = [got(ucm, f"filedir={INBOX}&filename=msg000{at}.wav").content for at in (0, 1)]
    about = got(ucm, f"filedir={INBOX}&filename=msg0001.txt").text
    heard(ucm)
    assert (messages(ucm, "INBOX"), messages(ucm, "Old")) == ([], ["msg0000.wav", "msg0001.wav"])
    assert got(ucm, f"filedir={INBOX}&filename=msg0000.wav").status_code == 404
    assert [got(ucm, f"filedir={OLD}&filename=msg000{at}.wav").content for at in (0, 1)] == sounds
    assert got(ucm, f"filedir={OLD}&filename=msg0001.txt").text == about
    left(ucm, 7)
    heard(ucm)
    heard(ucm)
    left(ucm, 9)
    assert (messages(ucm, "INBOX"), messages(ucm, "Old")) == (["msg0000.wav"], [f"msg000{at}.wav" for at in (0, 1, 2)])
    assert len(got(ucm, f"filedir={OLD}&filename=msg0002.wav").content) == 44 + 7 * 2 * RATE
    assert got(ucm, "filedir=voicemail/default/1003/INBOX&filename=msg0000.wav").status_code == 200


@pytest.mark.quirk("heard-messages")
@pytest.mark.ucmsim(**{**FROZEN, "quirks": {"heard-messages": "inbox"}})
def test_heard_messages_may_stay(ucm: Ucm) -> None:
    """Then INBOX numbers on, and there is no Old."""
    left(ucm, 3)
    heard(ucm)
    left(ucm, 3)
    assert (messages(ucm, "INBOX"), messages(ucm, "Old")) == (["msg0000.wav", "msg0001.wav"], [])


def test_the_calls_of_a_history_move_messages_too() -> None:
    """What is stored is what a firmware left: nothing twice, nothing lost, and no gap in a folder."""
    stories = []
    for value in ("old", "inbox"):
        history = History.open(Path(":memory:"), durable=False)
        settings = {
            "history": {"days": 10},
            "extensions": {"first": 1000, "count": 12},
            "quirks": {"heard-messages": value},
        }
        fill(history, "hq", load_pbx(settings, Path()), seed=1, until=NOW)
        at = [path for path in history.recordings.directories() if path.count("/") == 3]
        found = {path: [name for name, _ in history.recordings.within(path)] for path in at}
        for names in found.values():
            assert names == [f"msg{at:04}.{form}" for at in range(len(names) // 2) for form in ("txt", "wav")]
        stories.append((list(history.rows()), sum(map(len, found.values())), {path.rpartition("/")[2] for path in at}))
        history.close()
    assert stories[0][:2] == stories[1][:2]
    assert (stories[0][2], stories[1][2]) == ({"INBOX", "Old"}, {"INBOX"})


def of(directory: str, *numbers: int) -> list[Recording]:
    return [
        recording
        for at in numbers
        for recording in (
            Recording(directory, f"msg{at:04}.wav", at, 8000 * at),
            Recording(directory, f"msg{at:04}.txt", at, text=f"of {at}"),
        )
    ]


def names(history: History, directory: str) -> list[tuple[str, int]]:
    return [(name, at) for name, at in history.recordings.within(directory) if name.endswith(".wav")]


def test_a_full_folder_loses_its_oldest(history: History) -> None:
    """Of two folders that hold more than one may, the newest stay, numbered from 0 without a gap."""
    recordings = history.recordings
    recordings.insert_all([*of(OLD, 1, 2, 3, 4), *of(INBOX, 7, 8, 9), Recording(OLD, "unavail.wav", 1, 1)])
    recordings.move(INBOX, OLD, most=5)
    assert names(history, INBOX) == []
    assert names(history, OLD) == [
        ("msg0000.wav", 3), ("msg0001.wav", 4), ("msg0002.wav", 7), ("msg0003.wav", 8), ("msg0004.wav", 9), ("unavail.wav", 1),
    ]  # fmt: skip
    found = recordings.find(OLD, "msg0003.txt")
    assert found is not None
    assert (found.text, recordings.next_message(OLD), recordings.next_message(INBOX)) == ("of 8", 5, 0)


def test_nothing_is_moved_from_an_empty_folder(history: History) -> None:
    """Nor is what is no message."""
    recordings = history.recordings
    recordings.insert_all([*of(OLD, 3), Recording(INBOX, "note.wav", 1, 1)])
    recordings.move(INBOX, OLD)
    assert (names(history, INBOX), names(history, OLD)) == ([("note.wav", 1)], [("msg0003.wav", 3)])


def test_a_message_keeps_its_sound_wherever_it_goes(history: History) -> None:
    """Moved twice it is still what was recorded first; what comes to its old place does not change it."""
    spool = spool_of(history)
    history.keep([Record(another_row(), of(INBOX, 1))])
    heard = spool.find((*INBOX.split("/"), "msg0001.wav"))
    assert heard is not None
    sound = b"".join(heard.body.chunks())
    history.keep([Record(another_row(), of(INBOX, 2), moved=(INBOX, OLD)), Record(another_row(), of(INBOX, 1))])
    history.keep([Record(another_row(), moved=(OLD, "voicemail/default/1001/Work"))])
    moved = spool.find(("voicemail", "default", "1001", "Work", "msg0000.wav"))
    assert moved is not None
    assert b"".join(moved.body.chunks()) == sound
    assert len(sound) == 44 + 16_000
