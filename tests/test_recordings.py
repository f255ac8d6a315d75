"""What a PBX records of made-up calls: which calls, under which names, how long; and what imported rows bring along."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from pathlib import Path
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from tests.filled import fill
from tests.makers import another_row, spool_of
from tests.offices import generate, office_of
from ucmsim.assembling.filling import Filled, import_file, made_up
from ucmsim.calls import Firmware
from ucmsim.calls.events import Call, Party
from ucmsim.calls.legs import Leg
from ucmsim.cdr.devicefile import write
from ucmsim.columns import AT, GENERATIONS, NAMES
from ucmsim.instants import SECOND
from ucmsim.personalities import PERSONALITIES, Personality, personality
from ucmsim.recording.paths import parts_of
from ucmsim.recording.recapi import Files, parse
from ucmsim.register import Quirks
from ucmsim.settings import Extensions, Traffic, Trunk, load_pbx
from ucmsim.settings import Recording as RecordingSettings
from ucmsim.store.history import History
from ucmsim.store.records import Record, Recording
from ucmsim.store.truth import Truth

CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2026, 3, 2, 23, tzinfo=UTC)
TRUNKS = (Trunk(name="carrier-a", channels=12),)
Kind = Literal["inbound", "outbound", "internal"]
EVERY_KIND: tuple[Kind, ...] = ("inbound", "outbound", "internal")
RATE = 8000

every_personality = pytest.mark.parametrize("row", PERSONALITIES, ids=lambda row: row.id)


def made_by(name: str, share: float = 1.0, kinds: tuple[Kind, ...] = EVERY_KIND, seed: int = 1) -> list[Record]:
    """Return a thousand calls of four days, of which a *share* of these *kinds* is recorded."""
    row = personality(name)
    recording = RecordingSettings(share=share, kinds=kinds)
    office = office_of(Extensions(first=1000, count=20), TRUNKS, recording, Traffic(), CHICAGO, seed)
    return list(
        generate(
            office, Firmware.of(Quirks.of(row), CHICAGO), Random(3), Random(4), until=NOW, days=4, calls_per_day=250
        )
    )


@cache
def usual(name: str) -> list[Record]:
    """Return the calls of a personality that records them all."""
    return made_by(name)


def cdr(record: Record) -> dict[str, str]:
    return dict(zip(NAMES, record.row, strict=True))


def told_of(record: Record) -> Truth:
    """Return the truth of a record, which every one that is made up has."""
    assert record.truth
    return record.truth


def kind_of(record: Record) -> str:
    """Return the kind of a call as `recording: kinds` names it: the unit takes what it began over a trunk for inbound."""
    begun = told_of(record).shape in ("api-call", "callback") and cdr(record)["channel_ext"].startswith("trunk")
    return "inbound" if begun else told_of(record).kind.lower()


def is_talk(record: Record) -> bool:
    """Return whether somebody answered, or fetched the call from where it was parked: no feature, no page, no helper."""
    row = cdr(record)
    fetched = (row["lastapp"], row["lastdata"]) == ("Park", "default")
    talked = row["disposition"] == "ANSWERED" and (row["lastapp"] == "Dial" or fetched)
    return talked and told_of(record).kind != "Helper"


GROUPS = {"ring-group": "6400", "ivr-ring-group": "6400", "queue": "6500"}
"""Shapes in which a group's phones ring: its number is in the name of the recording, and ringing is billed."""


def recorded_talks(records: list[Record]) -> set[int]:
    """Return which of *records* have a recording in `monitor`."""
    return {
        at for at, record in enumerate(records) if any(one.directory.startswith("monitor") for one in record.recordings)
    }


# Which calls


@every_personality
def test_every_call_that_is_answered_is_recorded(row: Personality) -> None:
    """By default there is one recording of each, and none of a call that nobody took."""
    records = usual(row.id)
    assert recorded_talks(records) == {at for at, record in enumerate(records) if is_talk(record)}
    assert all(record.recordings for record in records if cdr(record)["lastapp"] == "VoiceMail")
    assert not any(record.recordings for record in records if cdr(record)["disposition"] != "ANSWERED")


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_the_kinds_of_calls_that_are_recorded_can_be_chosen(kind: Kind) -> None:
    """Of one kind all answered calls are recorded, of the others none; messages are left all the same."""
    records = made_by("ucm6510", kinds=(kind,))
    assert recorded_talks(records) == {at for at, one in enumerate(records) if is_talk(one) and kind_of(one) == kind}
    assert any(record.recordings for record in records if cdr(record)["lastapp"] == "VoiceMail")
    met = [record for record in records if cdr(record)["lastapp"] == "MeetMe"]
    assert any(record.recordings for record in met) == (kind == "internal")


def test_a_share_of_the_calls_is_recorded() -> None:
    """None, half or all of them; a larger share has every recording of a smaller one."""
    none, third, half, every = (recorded_talks(made_by("ucm6510", share)) for share in (0, 0.3, 0.5, 1))
    assert not none
    assert third < half < every
    assert 0.4 < len(half) / len(every) < 0.6


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_the_kinds_do_not_decide_which_half_is_recorded(kind: Kind) -> None:
    """Of one kind alone the same calls are recorded as of that kind among all."""
    records = made_by("ucm6510", 0.5)
    of_all = {at for at in recorded_talks(records) if kind_of(records[at]) == kind}
    assert recorded_talks(made_by("ucm6510", 0.5, (kind,))) == of_all != set()


def test_nothing_but_messages_is_recorded_of_no_kinds() -> None:
    """Without kinds there is no recording of a call or a conference, whatever the share."""
    records = made_by("ucm6510", kinds=())
    assert {one.directory.split("/")[0] for record in records for one in record.recordings} == {"voicemail"}


@every_personality
@pytest.mark.parametrize(
    ("share", "kinds"),
    [(0, EVERY_KIND), (0.5, EVERY_KIND), (1, ()), (1, ("inbound",)), (0.5, ("internal", "outbound"))],
)
def test_what_is_recorded_changes_no_call(row: Personality, share: float, kinds: tuple[Kind, ...]) -> None:
    """Under another share, or other kinds, rows differ in recordfiles and the dial string alone, and messages not at all."""
    about = {AT["recordfiles"], AT["lastdata"]}
    for mine, other in zip(made_by(row.id, share, kinds), usual(row.id), strict=True):
        assert {at for at, (this, that) in enumerate(zip(mine.row, other.row, strict=True)) if this != that} <= about
        assert cdr(mine)["lastdata"] == cdr(other)["lastdata"] or (
            row.generation == "G3" and cdr(mine)["lastapp"] in ("Dial", "Page")
        )
        assert cdr(mine)["recordfiles"] in {"", cdr(other)["recordfiles"]}
        assert set(mine.recordings) <= set(other.recordings)
        if cdr(other)["lastapp"] == "VoiceMail":
            assert mine.recordings == other.recordings


# Names and lengths


@every_personality
def test_a_recording_is_as_long_as_the_talk(row: Personality) -> None:
    """Its samples are those of the talk, parts of a second included, so that its seconds are billsec, but for groups."""
    rests = Counter[bool]()
    for record in usual(row.id):
        for one in record.recordings:
            if not one.text:
                assert one.samples == told_of(record).talked * RATE // SECOND
                if told_of(record).shape not in GROUPS:
                    assert str(one.samples // RATE) == cdr(record)["billsec"]
                rests[one.samples % RATE > 0] += 1
    assert rests[True] > 100


@every_personality
def test_a_recording_is_named_for_the_second_after_the_leg_began(row: Personality) -> None:
    """auto-epoch-caller-callee.wav, the callee a group's number, in monitor, or in the month below it. Spec 5.8."""
    for record in usual(row.id):
        # A call with a PIN is named later: tests/test_shapes_quirks.py.
        if not is_talk(record) or told_of(record).shape == "pin-group":
            continue
        (one,), told = record.recordings, cdr(record)
        epoch, shape = told_of(record).began // SECOND + 1, told_of(record).shape
        assert one.name == f"auto-{epoch}-{told['src']}-{GROUPS.get(shape, told['dst'])}.wav"
        if shape == "answered":
            assert told["uniqueid"].startswith(f"{epoch - 1}.")
        month = datetime.fromtimestamp(epoch, CHICAGO).strftime("%Y-%m")
        assert one.directory == (f"monitor/{month}" if row.id == "ucm6200-1.0.20" else "monitor")
        assert one.written == epoch_of(told["end"])


def epoch_of(local: str) -> int:
    """Return the instant of a wall clock in Chicago, in winter."""
    return int(datetime.strptime(f"{local} -0600", "%Y-%m-%d %H:%M:%S %z").timestamp())


@every_personality
def test_recordfiles_names_the_recording(row: Personality) -> None:
    """The column, where the generation has it, is the path from monitor on and an @; all else has none."""
    shown = "recordfiles" in GENERATIONS[row.generation].columns
    named = 0
    for record in usual(row.id):
        paths = [one.path for one in record.recordings if one.path.startswith("monitor/")]
        told = cdr(record)["recordfiles"]
        assert told == ("".join(f"{path.removeprefix('monitor/')}@" for path in paths) if shown else "")
        named += bool(told)
    assert named == (len(recorded_talks(usual(row.id))) if shown else 0)


@every_personality
def test_a_message_is_left_in_the_mailbox_that_took_the_call(row: Personality) -> None:
    """Each mailbox counts its messages from msg0000 on in the order in which they ended, a text beside every WAV.

    It begins anew when its owner has heard them.
    """
    boxes: dict[str, list[list[Recording]]] = {}
    for record in usual(row.id):
        if record.moved:
            inbox, old = record.moved
            assert (inbox, old) == (f"voicemail/default/{cdr(record)['src']}/INBOX", inbox.replace("INBOX", "Old"))
            assert boxes[inbox][-1]
            boxes[inbox].append([])
        for one in record.recordings:
            if one.directory.startswith("voicemail"):
                assert one.directory == f"voicemail/default/{cdr(record)['dst']}/INBOX"
                boxes.setdefault(one.directory, [[]])[-1].append(one)
    times = list(chain.from_iterable(boxes.values()))
    assert max(map(len, times)) >= 6
    assert len(times) > len(boxes)
    for left in times:
        names = [f"msg{at:04}.{kind}" for at in range(len(left) // 2) for kind in ("wav", "txt")]
        assert [one.name for one in left] == names
        assert [one.written for one in left] == sorted(one.written for one in left)
        assert [bool(one.text) for one in left] == [False, True] * (len(left) // 2)


MAILBOX = Party("1004", "", "1004")
LEFT = Leg(
    Call("Inbound", Party("3125550123", "Ann Lee", "trunk_1", "carrier-a"), MAILBOX, 0, 26), MAILBOX,
    1386092810 * SECOND, 1386092810 * SECOND, 1386092817 * SECOND + 900_000, "ANSWERED", "VoiceMail", "VM",
)  # fmt: skip
"""A message that was left at 17:46:50 UTC on the third of December 2013."""


def test_the_text_beside_a_message_is_that_of_asterisk() -> None:
    """The lines, their order and the form of the date are those of app_voicemail."""
    row = personality("ucm6510")
    wav, txt = Firmware.of(Quirks.of(row), CHICAGO).recordings(LEFT, 12)
    assert wav == Recording("voicemail/default/1004/INBOX", "msg0012.wav", 1386092817, 63200)
    assert (txt.path, txt.written, txt.samples) == ("voicemail/default/1004/INBOX/msg0012.txt", 1386092817, 0)
    assert txt.text == (
        ";\n; Message Information file\n;\n[message]\norigmailbox=1004\ncontext=ext-did-1\nmacrocontext=\nexten=1004\n"
        'rdnis=unknown\npriority=1\ncallerchan=SIP/trunk_1-0000001a\ncallerid="Ann Lee" <3125550123>\n'
        "origdate=Tue Dec  3 05:46:50 PM UTC 2013\norigtime=1386092810\ncategory=\nflag=\nduration=7\n"
    )


@pytest.mark.parametrize(
    ("epoch", "said"), [(1386028800, "12:00:00 AM"), (1386072000, "12:00:00 PM"), (1386035999, "01:59:59 AM")]
)
def test_the_date_of_a_message_has_twelve_hours(epoch: int, said: str) -> None:
    """Midnight and noon are twelve."""
    row = personality("ucm6510")
    leg = LEFT._replace(start=epoch * SECOND, turn=epoch * SECOND, end=(epoch + 5) * SECOND)
    _, txt = Firmware.of(Quirks.of(row), CHICAGO).recordings(leg, 0)
    assert f"origdate=Tue Dec  3 {said} UTC 2013\n" in txt.text


def test_a_full_mailbox_takes_no_message() -> None:
    """The last of 9999 is msg9998; after it the call is still answered, and nothing is left."""
    row = personality("ucm6510")
    firmware = Firmware.of(Quirks.of(row), CHICAGO)
    assert [one.name for one in firmware.recordings(LEFT, 9998)] == ["msg9998.wav", "msg9998.txt"]
    assert firmware.recordings(LEFT, 9999) == ()


@every_personality
def test_a_conference_is_recorded_once(row: Personality) -> None:
    """Who opens the room has the recording of it all; those who join in the meantime have none. Spec 5.8."""
    met = sorted((cdr(record)["start"], record) for record in usual(row.id) if cdr(record)["lastapp"] == "MeetMe")
    opened = [record for _, record in met if record.recordings]
    assert 0 < len(opened) < len(met)
    open_until = ""
    for start, record in met:
        told = cdr(record)
        if not record.recordings:
            assert told["end"] <= open_until
            continue
        assert start >= open_until
        open_until = told["end"]
        (one,) = record.recordings
        epoch = told["uniqueid"].partition(".")[0]
        assert one.path == f"meetme/meetme-conf-rec-6300-{told['uniqueid']}-{epoch}.wav"
        assert (str(one.samples // RATE), told["recordfiles"]) == (told["billsec"], "")


@every_personality
def test_the_text_that_is_stored_holds_no_surprise(row: Personality) -> None:
    """Every path is made of letters, digits, + and - . _ /, so that a listing and a query can hold it as it is."""
    found = [*usual(row.id), *made_by(row.id, seed=2)]  # among whose people one with a + calls often
    paths = [one.path for record in found for one in record.recordings]
    assert {path.split("/")[0] for path in paths} == {"monitor", "meetme", "voicemail"}
    assert all(re.fullmatch(r"[A-Za-z0-9._/+-]+", path) for path in paths)
    assert any("+" in path for path in paths)


# Stored


def asked_for(history: History, recordfiles: str) -> list[Recording]:
    """Return the recordings that `/recapi?filename=` finds for what a client read in *recordfiles*."""
    asked = parse((("filename", recordfiles),), Quirks.of(personality("ucm6510")))
    assert isinstance(asked, Files)
    assert asked.skipped == ()
    found = [history.recordings.find("/".join(("monitor", *name[:-1])), name[-1]) for name in asked.names]
    assert None not in found
    return [one for one in found if one is not None]


@every_personality
def test_everything_that_recordfiles_names_is_there(history: History, row: Personality) -> None:
    """A filled history finds, under the literal value of the column, as many samples as billsec has seconds."""
    fill(history, "hq", load_pbx({"personality": row.id, "history": {"days": 3}}, Path()), seed=1, until=NOW)
    named = [written for written in history.rows() if written[AT["recordfiles"]]]
    assert bool(named) == (row.generation != "G1")
    for written in named:
        (one,) = asked_for(history, written[AT["recordfiles"]])
        grouped = "&" in written[AT["lastdata"]] or one.name.endswith(("-6400.wav", "-6500.wav"))
        assert one.samples // RATE <= int(written[AT["billsec"]])
        assert grouped or str(one.samples // RATE) == written[AT["billsec"]]


def test_recordings_are_stored_with_their_rows(history: History) -> None:
    """A history holds every recording of what was made up, each once, where it was recorded if nobody moves it."""
    quirks = {"heard-messages": "inbox", "greetings": "none"}
    settings = load_pbx({"personality": "ucm6200", "history": {"days": 3}, "quirks": quirks}, Path())
    fill(history, "hq", settings, seed=1, until=NOW)
    recordings = [one for record in made_up("hq", settings, seed=1, until=NOW) for one in record.recordings]
    assert len({one.path for one in recordings}) == len(recordings) == len(history.recordings)
    assert all(history.recordings.find(one.directory, one.name) == one for one in recordings)


def test_the_same_parties_in_the_same_second_share_a_file(history: History) -> None:
    """The device opens the file anew: the talk that ended last is what both rows lead to."""
    first, last = (
        Recording("monitor", "auto-1772148614-1001-1002.wav", 1772148614, samples) for samples in (8000, 400)
    )
    rows = [another_row(recordfiles=f"{one.name}@") for one in (first, last)]
    history.keep([Record(rows[0], (first,)), Record(rows[1], (last,))])
    assert len(history.recordings) == 1
    assert [asked_for(history, row[AT["recordfiles"]]) for row in history.rows()] == [[last], [last]]


def test_nothing_is_stored_of_what_cannot_be_stored_whole(history: History) -> None:
    """Rows and recordings of the same batch, and of those before it, go together."""

    def records() -> Iterator[Record]:
        yield from usual("ucm6510")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        history.keep(records())
    assert (len(history), len(history.recordings), history.high_water) == (0, 0, 0)
    assert history.keep(usual("ucm6510")) == len(history) == len(usual("ucm6510"))


PRINT = """
import sys
from datetime import datetime
from pathlib import Path
from ucmsim.assembling.filling import made_up
from ucmsim.settings import load_pbx
settings = load_pbx({"personality": sys.argv[1], "history": {"days": 2}, "recording": {"share": 0.5}}, Path())
print(repr(list(made_up("hq", settings, seed=9, until=datetime.fromisoformat(sys.argv[2])))))
"""


@pytest.mark.parametrize("name", ["ucm6100", "ucm6200"])
def test_two_processes_make_up_and_record_the_same(name: str) -> None:
    """Seed, name, settings and a fixed start decide every row and every recording."""
    command = [sys.executable, "-c", PRINT, name, NOW.isoformat()]
    one, other = (subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2))
    assert one == other
    assert "auto-" in one


def test_another_seed_records_other_calls() -> None:
    """Which half of the calls is recorded is chance of its own, and follows from the seed."""
    settings = load_pbx({"personality": "ucm6510", "history": {"days": 2}, "recording": {"share": 0.5}}, Path())
    one, again, other = (
        [bool(record.recordings) for record in made_up("hq", settings, seed=seed, until=NOW)] for seed in (1, 1, 2)
    )
    assert one == again != other


# Imported


def imported(history: History, folder: Path, *rows: dict[str, str], form: str = "json") -> Filled:
    """Import rows like the guide's last one, each with its own values."""
    text = "".join(str(piece) for piece in write(form, GENERATIONS["G3"], [another_row(**values) for values in rows]))
    file = folder / f"calls.{form}"
    file.write_text(text, "utf-8")
    return import_file(history, file, zone=CHICAGO)


def stored(history: History) -> set[str]:
    """Return the path of every recording."""
    return {f"{at}/{name}" for at in history.recordings.directories() for name, _ in history.recordings.within(at)}


@pytest.mark.parametrize("form", ["csv", "json", "xml"])
def test_an_imported_row_brings_its_recording(history: History, tmp_path: Path, form: str) -> None:
    """It lies where the column says, is as long as billsec, and was written when the call ended."""
    name = "2022-08/auto-1661157307-07700900699-203.wav"
    values = {"recordfiles": f"{name}@", "billsec": "30", "end": "2022-08-22 03:35:37"}
    assert imported(history, tmp_path, values, form=form) == Filled(1)
    assert asked_for(history, f"{name}@") == [
        Recording("monitor/2022-08", "auto-1661157307-07700900699-203.wav", 1661157337, 30 * RATE)
    ]


def test_several_names_bring_several_recordings(history: History, tmp_path: Path) -> None:
    """Names are parted by @, with or without one at the end, doubled or not; # is a letter of a name."""
    told = "a.wav@2022-08/auto-1#203-01632960096-6400.wav@@2022-09/a.wav"
    assert imported(history, tmp_path, {"recordfiles": told, "billsec": "4"}) == Filled(1)
    assert stored(history) == {
        "monitor/a.wav",
        "monitor/2022-08/auto-1#203-01632960096-6400.wav",
        "monitor/2022-09/a.wav",
    }
    assert [one.samples for one in asked_for(history, told)] == [4 * RATE] * 3


@pytest.mark.parametrize("told", ["", "@", "@@@"])
def test_a_row_without_names_brings_none(history: History, tmp_path: Path, told: str) -> None:
    """An empty list has no recordings, and is not worth a warning."""
    assert imported(history, tmp_path, {"recordfiles": told}) == Filled(1)
    assert stored(history) == set()


HOSTILE = [
    "..", ".", "../x", "../../etc/passwd", "a/../../x", "a/..", "./a", "a/./b", "a/.", "/", "/etc/passwd", "//", "//etc",
    "a//b", "a/", "a//", "\\x", "a\\..\\b", "a,b.wav", "a b.wav", "a\nb.wav", "a\rb", "a\tb", " ", "a..b", "\x7f", "\x85",
    "\u2028", "\u202e", "x" * 256, "x" * 5000, "x/" * 2500 + "x", "é" * 128,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:20]))
def test_a_name_that_no_device_writes_is_left_out(history: History, tmp_path: Path, name: str) -> None:
    """What leads out, is too long, is refused by /recapi or breaks a line has no recording; its neighbours and its row have."""
    done = imported(history, tmp_path, {"recordfiles": f"a.wav@{name}@2022-08/b.wav@"})
    said = "calls.json: names in recordfiles that no device can have written: 1"
    assert done == Filled(1, warnings=[said])
    assert stored(history) == {"monitor/a.wav", "monitor/2022-08/b.wav"}
    (row,) = history.rows()
    assert row[AT["recordfiles"]] == f"a.wav@{name}@2022-08/b.wav@"


def test_whatever_is_imported_stays_within_monitor_and_on_one_line(history: History, tmp_path: Path) -> None:
    """The listing of a spool with hostile neighbours has two fields a line, and everything in it can be asked for."""
    good = [
        "a.wav",
        "2022-08/b.wav",
        "deep/er/c.wav",
        "x" * 255,
        "naïve.wav",
        "a'b\"c.wav",
        "-rf",
        "~",
        "%2e%2e",
        "CON",
    ]
    imported(history, tmp_path, {"recordfiles": "@".join(good + HOSTILE)})
    spool = spool_of(history)
    lines = [f"{'/'.join(path)},{name}" for path, name in spool.listing((), recursive=True)]
    assert len("\n".join(lines).splitlines()) == len(lines) == len(set(lines))
    assert {line.count(",") for line in lines} == {1}
    files = {line.replace(",", "/") for line in lines} & {f"monitor/{name}" for name in good}
    assert files == {f"monitor/{name}" for name in good} == stored(history)
    assert all(line.startswith(("monitor", ",monitor")) for line in lines)
    assert all(".." not in "/".join(path) for path in spool.directories())
    assert all(spool.find(parts_of(path)) for path in files)


@pytest.mark.parametrize(
    ("billsec", "seconds"),
    [("0", 0), ("-5", 0), ("268434", 268434), ("268435", 268435), ("268436", 268435), (str(2**63 - 1), 268435)],
)
def test_a_recording_has_a_length_that_a_wav_can_have(
    history: History, tmp_path: Path, billsec: str, seconds: int
) -> None:
    """A negative billsec is no time, and one beyond four gigabytes of sound is the most there can be."""
    imported(history, tmp_path, {"recordfiles": "a.wav@", "billsec": billsec})
    (one,) = asked_for(history, "a.wav")
    assert one.samples == seconds * RATE
    assert 36 + 2 * one.samples < 2**32


@pytest.mark.parametrize(
    ("end", "start", "written"),
    [
        ("2013-12-03 14:00:10", "2013-12-03 14:00:00", 1386100810),
        ("", "2013-12-03 14:00:00", 1386100800),
        ("0000-00-00 00:00:00", "2013-12-03 14:00:00", 0),
        ("soon", "", 0),
        ("", "", 0),
    ],
)
def test_a_recording_was_written_when_the_call_ended(
    history: History, tmp_path: Path, end: str, start: str, written: int
) -> None:
    """Without an end it is the start, and without a time that can be read the beginning of time."""
    imported(history, tmp_path, {"recordfiles": "a.wav@", "end": end, "start": start})
    (one,) = asked_for(history, "a.wav")
    assert one.written == written


def test_what_is_exported_brings_its_recordings_back(history: History, tmp_path: Path) -> None:
    """The calls of one history, written as a device file and read into another, have recordings of the same names."""
    records = usual("ucm6200")
    file = tmp_path / "calls.json"
    file.write_text("".join(str(piece) for piece in write("json", GENERATIONS["G3"], [one.row for one in records])))
    assert len(json.loads(file.read_text())["cdr_root"]) == len(records)
    assert import_file(history, file, zone=CHICAGO) == Filled(len(records))
    billed = {one.path: int(cdr(record)["billsec"]) for record in records for one in record.recordings}
    before = [one for record in records for one in record.recordings if one.directory.startswith("monitor")]
    for one in before:
        found = history.recordings.find(one.directory, one.name)
        assert found == one._replace(samples=billed[one.path] * RATE)
    assert len(history.recordings) == len(before)
