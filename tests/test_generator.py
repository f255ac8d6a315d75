"""Generated calls: what must hold in every row, whatever the personality, and that chance decides all of it."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from tests.offices import generate, office_of
from ucmsim.calls import Firmware, Office
from ucmsim.calls.shapes import BY_ID
from ucmsim.calls.traffic import Traffic as Calls
from ucmsim.calls.world import CallWorld
from ucmsim.columns import GENERATIONS, NAMES
from ucmsim.instants import SECOND, microseconds
from ucmsim.personalities import PERSONALITIES, Personality, personality
from ucmsim.register import Quirks
from ucmsim.settings import Extensions, Recording, Traffic, Trunk
from ucmsim.store.records import Record as Written

Record = dict[str, str]

CHICAGO = ZoneInfo("America/Chicago")
SPRING = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
FORWARD = datetime(2026, 3, 8, 18, 0, tzinfo=UTC)
"""Ten hours after the clocks of Chicago went from 02:00 to 03:00."""
BACK = datetime(2026, 11, 1, 18, 0, tzinfo=UTC)
"""Eleven hours after the clocks of Chicago went from 02:00 back to 01:00."""
TRUNKS = (Trunk(name="carrier-a", channels=12), Trunk(name="carrier-b", channels=4))


Where = tuple[Office, Firmware]


PLAIN = ("answered", "held", "no-answer", "busy", "failed", "congestion", "hung-up", "unregistered")
"""Shapes of a call between two, which has one row."""
ALWAYS = Traffic(hourly=(1,) * 24, weekdays=(1,) * 7)
"""Calls come as often by night and on Sundays."""


def world(
    row: Personality,
    *,
    first: int = 1000,
    count: int = 50,
    trunks: tuple[Trunk, ...] = TRUNKS,
    traffic: Traffic | None = None,
) -> Where:
    office = office_of(Extensions(first=first, count=count), trunks, Recording(), traffic or Traffic(), CHICAGO)
    return office, Firmware.of(Quirks.of(row), CHICAGO)


def records(
    where: Where, *, until: datetime = SPRING, days: int = 30, calls_per_day: int = 60, seed: int = 42
) -> list[Record]:
    """Return the rows by column; "shape" is that of the truth."""
    made = generate(*where, Random(seed), Random(seed), until=until, days=days, calls_per_day=calls_per_day)
    return [named(record) for record in made]


def named(record: Written) -> Record:
    """Return the cells of *record* by column, and its "shape", which is that of the truth."""
    assert record.truth
    return dict(zip(NAMES, record.row, strict=True)) | {"shape": record.truth.shape}


@cache
def made_by(row: Personality) -> list[Record]:
    """Return thirty days of a personality, the same ones for every test."""
    return records(world(row))


def plain(row: Personality) -> list[Record]:
    """Return the rows of calls between two."""
    return [record for record in made_by(row) if record["shape"] in PLAIN]


MODERN = [row for row in PERSONALITIES if row.generation == "G3"]

every_personality = pytest.mark.parametrize("row", PERSONALITIES, ids=lambda row: row.id)
every_modern = pytest.mark.parametrize("row", MODERN, ids=lambda row: row.id)


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")


def local(epoch: int) -> str:
    """Return the wall clock of Chicago by the rules of 2026, worked out without a time zone library."""
    summer = (
        datetime(2026, 3, 8, 8, tzinfo=UTC) <= datetime.fromtimestamp(epoch, UTC) < datetime(2026, 11, 1, 7, tzinfo=UTC)
    )
    return f"{datetime.fromtimestamp(epoch, UTC) - timedelta(hours=5 if summer else 6):%Y-%m-%d %H:%M:%S}"


def direction(record: Record) -> str:
    """Return the kind of call as the device's own page tells it. Spec 5.1."""
    trunks = ("trunk" in record["channel_ext"]) + 2 * ("trunk" in record["dstchannel_ext"])
    return ("Internal", "Inbound", "Outbound", "External")[trunks]


OWN = r"31255501\d\d"
"""A caller ID that an extension has of its own."""


def shown(record: Record) -> str:
    """Return the number that clid shows."""
    return record["clid"].rpartition("<")[2].removesuffix(">")


def counter(record: Record) -> int:
    """Return what the caller's channel is counted as; the end of a helper is told after it."""
    return int(record["channel"].rpartition("-")[2].partition(";")[0], 16)


DIGEST = """
import hashlib
from datetime import datetime
from random import Random
from test_generator import SPRING, generate, world
from ucmsim.personalities import personality
made = generate(*world(personality("ucm6200")), Random(7), Random(7), until=SPRING, days=3, calls_per_day=100)
print(hashlib.sha256(repr(list(made)).encode()).hexdigest())
"""


def test_same_arguments_give_the_same_bytes_in_every_process() -> None:
    """Two processes with different hash seeds, and this one, generate the same rows and recordings."""
    digests = set()
    for hash_seed in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": str(Path(__file__).parent),
            "TZ": "Asia/Tokyo",
        }
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout.strip())
    made = list(generate(*world(personality("ucm6200")), Random(7), Random(7), until=SPRING, days=3, calls_per_day=100))
    assert any(record.recordings for record in made)
    assert digests == {hashlib.sha256(repr(made).encode()).hexdigest()}


def test_another_seed_gives_other_calls() -> None:
    """The seed decides names, numbers and times."""
    one, other = (records(world(personality("ucm6510")), days=1, seed=seed) for seed in (1, 2))
    assert {record["clid"] for record in one} != {record["clid"] for record in other}
    assert [record["start"] for record in one] != [record["start"] for record in other]


def test_the_global_chance_is_left_alone() -> None:
    """Neither the global random generator nor Faker's shared one moves."""
    code = """
import random
random.seed(5); due = random.random()
from datetime import datetime
from test_generator import SPRING, generate, world
from ucmsim.personalities import personality
from faker.generator import random as shared
shared.seed(6); shared_due = shared.random()
random.seed(5); shared.seed(6)
list(generate(*world(personality("ucm6510")), random.Random(1), random.Random(1), until=SPRING, days=1, calls_per_day=5))
assert random.random() == due and shared.random() == shared_due
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_importing_the_package_imports_no_faker_and_no_twisted() -> None:
    """The costly import waits until calls are made up."""
    code = "import sys, ucmsim.calls; sys.exit(any(name in sys.modules for name in ('faker', 'twisted')))"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("days", "calls_per_day"), [(0, 400), (30, 0), (0, 0)])
def test_no_days_or_no_calls_give_no_rows(days: int, calls_per_day: int) -> None:
    """A history of nothing is empty."""
    assert records(world(personality("ucm6100")), days=days, calls_per_day=calls_per_day) == []


def test_an_instant_without_zone_is_an_error() -> None:
    """The machine's own zone never decides what is generated."""
    with pytest.raises(TypeError):
        records(world(personality("ucm6100")), until=datetime(2026, 1, 1))


@every_personality
def test_calls_are_as_many_as_were_asked_for_on_average(row: Personality) -> None:
    """Those between two have a row each, one that voicemail takes two at the most; no two share a channel."""
    made = made_by(row)
    calls = Counter((record["uniqueid"], record["channel"], record["shape"]) for record in made)
    assert len({channel for _, channel, _ in calls}) == len(calls)
    assert 0.9 < len(calls) / (30 * 60) < 1.1
    assert {count for (_, _, shape), count in calls.items() if shape in PLAIN} == {1}
    voicemail = 2 if GENERATIONS[row.generation].grouped else 1
    assert {count for (_, _, shape), count in calls.items() if shape == "voicemail"} == {voicemail}


@every_personality
def test_older_generations_leave_later_columns_empty(row: Personality) -> None:
    """A column that the generation does not have holds nothing; those of its own are in use."""
    shown = GENERATIONS[row.generation].columns
    used = {name for record in made_by(row) for name, value in record.items() if value} - {"shape"}
    assert used == set(shown) - {"chanext", "dstchanext"}


def stopped_at_start(row: Personality, record: Record) -> bool:
    """Return whether *record* is that of a busy phone of a group, whose end says when it began. Spec 5.6."""
    together = record["shape"] in ("ring-group", "ivr-ring-group", "queue", "queue-abandoned", "paging")
    return row.unanswered == "stamped" and together and record["disposition"] == "BUSY"


@every_personality
def test_durations_are_floors_of_what_passed(row: Personality) -> None:
    """The durations are at most one second below the displayed difference, and sometimes are. Spec 7 #14."""
    off = Counter[str]()
    for record in made_by(row):
        assert int(record["billsec"]) <= int(record["duration"])
        if record["end"] and not stopped_at_start(row, record):
            passed = instant(record["end"]) - instant(record["start"])
            off[f"duration {(passed - timedelta(seconds=int(record['duration']))).total_seconds():g}"] += 1
        if record["disposition"] == "ANSWERED":
            talked = instant(record["end"]) - instant(record["answer"])
            off[f"billsec {(talked - timedelta(seconds=int(record['billsec']))).total_seconds():g}"] += 1
    known = {"duration 0", "duration 1", "billsec 0", "billsec 1"}
    assert known <= set(off) <= known | {"duration 3600", "duration 3601"}  # over the hour that spring leaves out


@every_personality
def test_what_stands_in_answer_and_end_depends_on_the_disposition(row: Personality) -> None:
    """Answered rows have both; the others what the personality's column *unanswered* says. Spec 5.1, https-api 5.2."""
    seen = set()
    for record in made_by(row):
        answer, end, disposition = record["answer"], record["end"], record["disposition"]
        seen.add(disposition)
        match row.unanswered, disposition:
            case _, "ANSWERED":
                assert record["start"] <= answer <= end
            case "blank", _:
                assert answer == ""
                assert end
            case ("stamped", _) | ("busy-blank", "NO ANSWER"):
                assert answer == end != ""
            case _:
                assert row.unanswered == "busy-blank"
                assert answer == end == ""
    assert seen == {"ANSWERED", "NO ANSWER", "BUSY", "FAILED"}


@every_personality
def test_only_answered_rows_are_billed_and_name_who_answered(row: Personality) -> None:
    """Billsec and dstanswer are those of answered rows; dstchannel that of a phone or a trunk that was rung."""
    failing = {"failed": "Playback", "congestion": "Congestion", "hung-up": "Hangup"}
    failing["unregistered"] = "Playback" if row.model == "ucm6200" else "Dial"
    for record in made_by(row):
        answered = record["disposition"] == "ANSWERED"
        assert answered or record["billsec"] == "0"
        number = record["dst"].removeprefix("9") if record["shape"] == "prefix" else record["dst"]
        assert record["dstanswer"] == (number if answered and row.generation != "G1" else "")
        asks = record["shape"] == "callback" and record["lastapp"] == "Hangup"
        assert (record["disposition"] == "FAILED") == (record["shape"] in failing or asks)
        assert record["lastapp"] == failing.get(record["shape"], record["lastapp"])
        rung = record["lastapp"] in {"Dial", "Page"} or (record["lastapp"], record["lastdata"]) == ("Park", "default")
        never = record["shape"] == "forward-always" and not answered
        one_row = record["shape"] == "voicemail" and answered
        if record["disposition"] == "FAILED" or never or one_row:
            rung = False
        assert (record["dstchannel"] != "") == rung


@every_personality
def test_shares_are_plausible(row: Personality) -> None:
    """All kinds and dispositions occur, most calls are answered, and most happen by day on working days."""
    calls = {record["channel"]: record for record in reversed(made_by(row))}.values()
    kinds = Counter(direction(record) for record in calls)
    turns = Counter(BY_ID[record["shape"]].turns for record in calls)
    assert all(kinds[kind] > len(calls) / 5 for kind in ("Internal", "Inbound", "Outbound"))
    assert 0.6 < turns["ANSWERED"] / len(calls) < 0.8
    assert 0.15 < turns["NO ANSWER"] / len(calls) < 0.3
    starts = [instant(record["start"]) for record in calls]
    assert sum(7 <= start.hour < 19 for start in starts) > 0.8 * len(starts)
    assert sum(start.weekday() < 5 for start in starts) > 0.85 * len(starts)


@every_personality
def test_rows_end_in_order_and_before_the_present(row: Personality) -> None:
    """Rows come in the order of their ends, none of which reaches the instant that was asked for."""
    ends = [record["end"] for record in made_by(row) if record["end"] and not stopped_at_start(row, record)]
    assert ends == sorted(ends)
    assert ends[-1] <= local(int(SPRING.timestamp()))
    assert min(record["start"] for record in made_by(row)) >= local(int((SPRING - timedelta(days=30)).timestamp()))


@pytest.mark.quirk("acctid")
@every_personality
def test_account_ids_count_on_or_begin_anew_each_month(row: Personality) -> None:
    """AcctIds are 1, 2, 3, ... in the order of writing; on a UCM62xx they are so in each local month."""
    made = made_by(row)
    ids = [int(record["AcctId"]) for record in made]
    if row.model != "ucm6200":
        assert ids == list(range(1, len(made) + 1))
        return
    restart = ids.index(1, 1)
    assert ids == [*range(1, restart + 1), *range(1, len(made) - restart + 1)]
    assert (made[restart - 1]["end"] or made[restart - 1]["start"]) < "2026-03-01"
    assert (made[restart]["end"] or made[restart]["start"]) >= "2026-02-28 23:59"


@pytest.mark.quirk("acctid")
def test_the_month_of_an_account_id_is_the_local_one() -> None:
    """A month begins at local midnight, hours after it began in UTC."""
    until = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
    made = records(world(personality("ucm6200")), until=until, days=1, calls_per_day=3000)
    first = next(at for at, record in enumerate(made) if at and record["AcctId"] == "1")
    assert all(record["end"] < "2026-04-01" for record in made[:first])
    assert all(record["end"] >= "2026-04-01" for record in made[first:] if record["end"])
    assert any(record["start"] >= "2026-03-31 20:00" for record in made[:first])


@every_personality
def test_who_and_where(row: Personality) -> None:
    """Numbers, channels, contexts and names of calls between two fit each other, and nobody calls himself."""
    technology, modern = row.technology, row.generation == "G3"
    for record in plain(row):
        src, dst, place, target = (record[name] for name in ("src", "dst", "channel_ext", "dstchannel_ext"))
        kind = direction(record)
        assert src != dst
        assert record["userfield"] == ("EXT" if row.generation == "G1" else kind)
        assert re.fullmatch(rf"{technology}/{place}-[0-9a-f]{{8}}", record["channel"])
        form = rf"{technology}/{target}-[0-9a-f]{{8}}"
        if kind == "Outbound" and not modern:
            form = re.escape(f"{technology}/{target}/{dst}")
        assert re.fullmatch(rf"({form})?", record["dstchannel"])
        assert record["clid"].startswith('"')
        caller = shown(record)
        assert caller == src or (kind == "Outbound" and re.fullmatch(OWN, caller))
        for number, side, outside in ((src, place, "Inbound"), (dst, target, "Outbound")):
            if kind == outside:
                withheld = number == "anonymous" and outside == "Inbound"
                assert withheld or re.fullmatch(r"(\+1|001)?\d{3}55501\d\d", number)
            else:
                assert number == side
                assert 1000 <= int(number) < 1050
        trunk = (place if kind == "Inbound" else target).removeprefix("trunk_")
        inbound = "did-local" if row.model == "ucm6200" else f"ext-did-{trunk}"
        context = {"Inbound": inbound}.get(kind, "from-internal")
        assert record["dcontext"] == (f"outbound-route-{trunk}" if kind == "Outbound" and modern else context)
        if row.generation != "G1":
            assert record["clid"] == f'"{record["caller_name"]}" <{caller}>'


@every_personality
def test_some_extensions_have_a_caller_id_of_their_own(row: Personality) -> None:
    """One of ten, each the same one in all its outbound calls and none in others; src is the extension all the same."""
    told: dict[str, set[str]] = {}
    for record in plain(row):
        if direction(record) == "Outbound":
            told.setdefault(record["src"], set()).add(shown(record))
        else:
            assert shown(record) == record["src"]
    own = {src: numbers for src, numbers in told.items() if numbers != {src}}
    assert 2 <= len(own) <= 5
    assert all(len(numbers) == 1 for numbers in own.values())


@every_modern
def test_trunk_names_stand_on_the_side_of_the_trunk(row: Personality) -> None:
    """Inbound rows name the trunk they came by, outbound rows the one they left by, and both trunks are used."""
    names = {"trunk_1": "carrier-a", "trunk_2": "carrier-b"}
    for record in made_by(row):
        assert record["src_trunk_name"] == names.get(record["channel_ext"], "")
        assert record["dst_trunk_name"] == names.get(record["dstchannel_ext"], "")
    for column in ("src_trunk_name", "dst_trunk_name"):
        assert {record[column] for record in made_by(row)} == {"carrier-a", "carrier-b", ""}


@every_personality
def test_unique_ids_hold_the_instant_and_rise_with_the_channels(row: Personality) -> None:
    """The epoch of uniqueid is the call's start in UTC; its counter and the channel's rise from call to call."""
    step = 2 if row.technology == "PJSIP" else 1
    made = [counter(record) for record in made_by(row)]
    assert [int(record["uniqueid"].partition(".")[2]) for record in made_by(row)] == [step * at for at in made]
    assert min(made) == 0
    counted = []
    for record in plain(row):
        epoch = int(record["uniqueid"].partition(".")[0])
        assert local(epoch) == record["start"]
        counted.append((counter(record), epoch))
    assert [epoch for _, epoch in sorted(counted)] == sorted(epoch for _, epoch in counted)


@every_modern
def test_sessions_hold_the_instant_and_the_caller(row: Personality) -> None:
    """A session is the epoch of uniqueid, microseconds without leading zeros, a hyphen, who clid shows. Https-api 5.2."""
    lengths = set()
    for record in made_by(row):
        moment, _, caller = record["session"].partition("-")
        epoch = record["uniqueid"].partition(".")[0]
        assert record["action_owner"] == record["src"]
        helper = record["channel"].startswith("Local/")  # is in the session of the call that it helps
        if record["shape"] != "parked" and not helper:  # who fetches a call has a session of his own
            assert caller == shown(record)
            assert moment.startswith(epoch)
        assert str(int(moment[len(epoch) :])) == moment[len(epoch) :]
        lengths.add(len(moment) - len(epoch))
    assert {5, 6} <= lengths <= {1, 2, 3, 4, 5, 6}


@every_modern
def test_voicemail_takes_some_unanswered_calls_as_a_second_row(row: Personality) -> None:
    """Two rows with one session and uniqueid: the extension did not answer, its mailbox did. Spec 5.6."""
    calls: dict[str, list[Record]] = {}
    for record in made_by(row):
        calls.setdefault(record["session"], []).append(record)
    pairs = [rows for rows in calls.values() if rows[0]["shape"] == "voicemail"]
    assert 0.03 < len(pairs) / len(calls) < 0.1
    assert {direction(rung) for rung, _ in pairs} == {"Internal", "Inbound"}
    for rung, taken in pairs:
        assert (rung["disposition"], rung["action_type"]) == ("NO ANSWER", "DIAL")
        assert (taken["disposition"], taken["action_type"], taken["lastapp"]) == ("ANSWERED", "VM", "VoiceMail")
        assert taken["lastdata"] == f"{rung['dst']}@default,{'u' if row.model == 'ucm6200' else 'n'}"
        assert taken["start"] == taken["answer"] == rung["end"]
        for name in ("uniqueid", "channel", "src", "dst", "clid", "dcontext", "userfield", "channel_ext"):
            assert rung[name] == taken[name]


@pytest.mark.parametrize("row", [row for row in PERSONALITIES if row.generation < "G3"], ids=lambda row: row.id)
def test_older_firmware_writes_one_row_of_a_call_that_voicemail_takes(row: Personality) -> None:
    """It began with the ringing, was answered when the mailbox took it, and ended in VoiceMail."""
    taken = [record for record in made_by(row) if record["shape"] == "voicemail"]
    assert {record["lastapp"] for record in taken} == {"VoiceMail"}
    assert 0.03 < len(taken) / len(made_by(row)) < 0.1
    assert {direction(record) for record in taken} == {"Internal", "Inbound"}
    for record in taken:
        assert (record["disposition"], record["dstchannel"]) == ("ANSWERED", "")
        assert record["lastdata"] == f"{record['dst']}@default,n"
        rung = instant(record["answer"]) - instant(record["start"])
        assert timedelta(seconds=59) < rung <= timedelta(seconds=61)
        assert int(record["duration"]) - int(record["billsec"]) in {60, 61}
        assert 0 < int(record["billsec"]) <= Traffic().phases.message.longest


def test_every_firmware_sees_the_same_calls() -> None:
    """Who calls whom, when, and how it turns out is chance; a personality decides only what is written about it."""
    told = ("src", "dst", "start", "channel_ext", "dstchannel_ext")
    seen = []
    for row in PERSONALITIES:
        # Who calls where the API began it, and whether the DID has a row, is the firmware's matter.
        same = [record for record in made_by(row) if record["lastdata"] != "ae" and record["shape"] != "api-call"]
        first_rows = {record["channel"].rpartition("-")[2]: record for record in reversed(same)}
        seen.append({made: [record[name] for name in told] for made, record in first_rows.items()})
    assert all(calls == seen[0] for calls in seen)


@every_personality
def test_some_internal_calls_are_a_conference(row: Personality) -> None:
    """One opens the room and stays to its end, some of the others join and leave before. Spec 5.6."""
    made = records(world(row, traffic=Traffic(shapes={"conference": 50})))
    met = [record for record in made if record["lastapp"] == "MeetMe"]
    assert 0 < len(met) < len(made) / 5
    for record in met:
        assert (record["lastdata"], record["disposition"], record["dstchannel"]) == ("6300,", "ANSWERED", "")
        assert record["action_type"] == ("CONFERENCE[6300]" if row.generation == "G3" else "")
        assert record["start"] == record["answer"]


def test_one_conference_at_a_time_is_in_the_room() -> None:
    """However many call at once, not more than the three of one conference are in the room together."""
    often = Traffic(shapes={"conference": 1000}, phones={"conference": (2, 2)})
    made = records(world(personality("ucm6510"), traffic=often), days=1, calls_per_day=5000)
    met = [(record["start"], record["end"]) for record in made if record["lastapp"] == "MeetMe"]
    together = [sum(start < moment < end for start, end in met) for moment, _ in met]
    assert 2 <= max(together) < 3 < len(met)


@pytest.mark.parametrize(("first", "gone"), [(6290, "MeetMe"), (6495, "Queue"), (7000, "ReadExten"), (7090, "DISA")])
def test_an_extension_takes_the_number_of_a_feature(first: int, gone: str) -> None:
    """Where 6300 is an extension there is no conference room, and so on."""
    often = Traffic(shapes={"conference": 100, "queue": 100, "ivr": 100, "disa": 100})
    usual, without = (
        records(world(personality("ucm6510"), first=at, count=20, traffic=often), days=2, calls_per_day=300)
        for at in (1000, first)
    )
    assert gone in {record["lastapp"] for record in usual}
    assert gone not in {record["lastapp"] for record in without}


@pytest.mark.parametrize(("until", "gap"), [(FORWARD, 1), (BACK, -1)], ids=["spring", "autumn"])
def test_local_texts_follow_the_clock_change(until: datetime, gap: int) -> None:
    """Start, answer and end are the wall clock at each instant; durations are what really passed."""
    made = records(world(personality("ucm6510"), traffic=ALWAYS), until=until, days=1, calls_per_day=3000)
    rung = [record for record in made if record["shape"] in PLAIN]
    hours = set()
    for record in rung:
        epoch, duration, billsec = (int(record[name].split(".")[0]) for name in ("uniqueid", "duration", "billsec"))
        assert record["start"] == local(epoch)
        assert record["end"] in {local(epoch + duration + late) for late in (0, 1)}
        if record["disposition"] == "ANSWERED":
            assert record["answer"] in {local(epoch + duration - billsec + late) for late in (-1, 0, 1)}
        passed = instant(record["end"]) - instant(record["start"])
        hours.add(round((passed.total_seconds() - duration) / 3600))
    assert hours <= {0, gap}
    starts = Counter((record["start"][11:13], int(record["uniqueid"][:10]) // 3600) for record in rung)
    both = {"01": 1, "02": 0} if gap == 1 else {"01": 2, "02": 1}
    assert {clock: sum(hour == clock for hour, _ in starts) for clock in both} == both


def test_guide_form_of_an_internal_call() -> None:
    """The oldest personality writes internal calls as the guide's sample rows have them. Spec 4.2."""
    inside = next(
        record
        for record in plain(personality("ucm6100-1.0.9"))
        if direction(record) == "Internal" and record["dstchannel"]
    )
    made = int(inside["uniqueid"].partition(".")[2])
    assert inside["channel"] == f"SIP/{inside['src']}-{made:08x}"
    assert inside["dstchannel"] == f"SIP/{inside['dst']}-{made + 1:08x}"
    assert (inside["lastapp"], inside["lastdata"]) == ("Dial", f"SIP/{inside['dst']},60,")
    assert (inside["amaflags"], inside["userfield"], inside["service"]) == ("DOCUMENTATION", "EXT", "s")


@pytest.mark.parametrize(
    ("count", "trunks", "kinds"),
    [(1, TRUNKS, {"Inbound", "Outbound"}), (2, (), {"Internal"}), (1, (), set())],
    ids=["one extension", "no trunks", "nobody to call"],
)
def test_small_worlds(count: int, trunks: tuple[Trunk, ...], kinds: set[str]) -> None:
    """A world without a partner for a kind of call has none of that kind."""
    made = records(world(personality("ucm6200"), count=count, trunks=trunks), days=2)
    assert {direction(record) for record in made} == kinds


@every_personality
def test_calls_that_are_not_over_in_time_have_no_row(row: Personality) -> None:
    """However near to the present calls begin, what is written ended before it, and the rest is not written."""
    office, firmware = world(row, traffic=ALWAYS)
    end = microseconds(SPRING)
    made = []
    for seed in (1, 2, 3, 4):
        stories = Calls(office, 3000, Random(seed), Random(seed)).stories(end - 4 * 3600 * SECOND, end)
        written = CallWorld(firmware, stories).records(end)
        made += [named(record) for record in written]
    present = local(int(SPRING.timestamp()))
    assert all(record["end"] < present for record in made)
    answered = [record for record in made if record["shape"] == "answered"]  # a row each
    late, before = (
        sum(record["start"] > local(int(SPRING.timestamp()) - seconds) for record in answered)
        for seconds in (300, 3600)
    )
    assert 0 < late < before / 12
