"""`python -m tests.traffic_invariants`: what holds in every history, checked over histories of many kinds.

What a row must say is worked out here, from the truth beside it and the rules of spec 5 and https-api 5.2, with none of
the projection. A check yields a sentence for everything that is not so.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from tests.worlds import Cells, World, world
from ucmsim.calls.events import Call, Role, What, cut, talks
from ucmsim.calls.trunks import carried
from ucmsim.instants import SECOND
from ucmsim.progress import watched
from ucmsim.store.truth import CallTruth, Truth
from ucmsim.tables import table

RATE = 8000
Check = Callable[[World], Iterator[str]]


# --- what happened ----------------------------------------------------------------------------------------------------


def _up_to(of: World, start: int, end: int) -> int:
    """Return when what began at *start* was over: at its *end*, or when the unit restarted."""
    at = bisect_right(of.restarts, start)
    return min(end, of.restarts[at]) if at < len(of.restarts) else end


def _overlaps(times: list[tuple[int, int, str]]) -> Iterator[str]:
    for (_, end, one), (start, _, other) in pairwise(sorted(times)):
        if start < end:
            yield f"{one} goes on until {end} and {other} begins at {start}"


def no_double_talk(of: World) -> Iterator[str]:
    """An extension talks in one story at a time."""
    talks: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for number, story in enumerate(of.stories):
        found: dict[str, list[int]] = defaultdict(list)
        for call in story:
            for who, since, until in _talking(call):
                over = _up_to(of, story[0].start, until)
                found[who] += [since, over] if since < over else []
        for who in [who for who, instants in found.items() if not instants]:
            del found[who]
        for who, instants in found.items():
            talks[who].append((min(instants), max(instants), f"story {number} ({story[0].shape})"))
    for who, times in talks.items():
        yield from (f"extension {who}: {said}" for said in _overlaps(times))


def _talking(call: Call) -> Iterator[tuple[str, int, int]]:
    """Yield every extension that is through in *call*, since when and until when: whoever is through, the caller is."""
    end = call.events[-1].at
    for at, event in enumerate(call.events):
        if event.what in (What.ANSWER, What.ENTER, What.PICK_UP):
            later = (one.at for one in call.events[at + 1 :] if one.what in (What.TRANSFER, What.PARK, What.HANG_UP))
            until = next(later, end)
            for party in (call.caller, event.to):
                if party is not None and party.role is Role.EXTENSION:
                    yield party.number, event.at, until


def no_more_than_channels(of: World) -> Iterator[str]:
    """A trunk carries no more than its channels: the caller's, and one for each number outside that is rung."""
    steps: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for story in of.stories:
        for call in story:
            used = [(call.caller.place, call.start)] if call.caller.role is Role.OUTSIDE else []
            used += [
                (event.to.place, event.at)
                for event in call.events
                if event.what is What.DIAL and event.to and event.to.role is Role.OUTSIDE
            ]
            for place, since in used:
                steps[place] += [(since, 1), (_up_to(of, story[0].start, call.events[-1].at), -1)]
    for number, trunk in enumerate(of.settings.trunks, 1):
        taken = 0
        for at, step in sorted(steps.pop(f"trunk_{number}", [])):
            taken += step
            if taken > trunk.channels:
                yield f"{trunk.name} has {taken} calls at {at}, and {trunk.channels} channels"
    yield from (f"there is no {place}" for place in steps)


def rows_of_calls_that_happened(of: World) -> Iterator[str]:
    """Every row is of a call that happened, within its time; every call that was over has a row, but none that never was."""
    calls: dict[tuple[int, str], list[tuple[Call, int]]] = defaultdict(list)
    for story in of.stories:
        for call in story:
            over = _up_to(of, story[0].start, of.until)  # at the latest
            calls[call.start // SECOND, call.shape].append((call, over))
    written: set[tuple[int, str, str]] = set()
    for at, (row, truth) in enumerate(zip(of.rows, of.truths, strict=True)):
        second = int(row["uniqueid"].partition(".")[0])
        written.add((second, truth.shape, truth.caller))
        if not any(
            call.start <= truth.began
            and truth.ended <= min(call.events[-1].at, over)
            and truth.caller in (call.caller.number, call.begun or call.caller.number)
            for call, over in calls[second, truth.shape]
        ):
            yield f"row {at} is of no call that happened: {truth}"
    for key, found in calls.items():
        for call, over in found:
            if call.events[-1].at < over and (*key, call.caller.number) not in written:
                yield f"there is no row of {key} by {call.caller.number}"


def channels_of_truths(of: World) -> Iterator[str]:
    """By the truths beside the rows too a trunk has no more calls than channels; what fails takes none there."""
    spans: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for row, truth in zip(of.rows, of.truths, strict=True):
        came_in = "" if row["channel"].startswith("DAHDI/") else truth.trunk_in
        went_out = "" if row["disposition"] == "FAILED" else truth.trunk_out
        for way, trunk in (("in", came_in), ("out", went_out)):
            spans[trunk, row["uniqueid"], way] += [truth.began, truth.ended]
    for trunk in of.settings.trunks:
        taken = 0
        found = [instants for (name, _, _), instants in spans.items() if name == trunk.name]
        for at, step in sorted([*((min(span), 1) for span in found), *((max(span), -1) for span in found)]):
            taken += step
            if taken > trunk.channels:
                yield f"{trunk.name} has {taken} calls at {at}, and {trunk.channels} channels"


def talks_of_truths(of: World) -> Iterator[str]:
    """Plain talks of an extension do not overlap by the truths beside the rows either."""
    talks: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for at, truth in enumerate(of.truths):
        if truth.answered is not None and truth.shape in ("answered", "held"):
            for who in ("" if truth.trunk_in else truth.caller, "" if truth.trunk_out else truth.reached):
                talks[who].append((truth.answered, truth.ended, f"row {at}"))
    talks.pop("", None)
    for who, times in talks.items():
        yield from (f"extension {who}: {said}" for said in _overlaps(times))


# --- what is kept of calls --------------------------------------------------------------------------------------------


def calls_as_they_happened(of: World) -> Iterator[str]:
    """Of each call that began there is kept who talked how long and what trunks carried, whether it has rows or not.

    What was up when the unit restarted, or at the end of the history, was cut there.
    """
    kept: dict[tuple[int, str, str], list[CallTruth]] = defaultdict(list)
    for call in of.calls:
        kept[call.truth.began, call.truth.shape, call.truth.caller].append(call.truth)
    for story in of.stories:
        for call in story:
            over = _up_to(of, story[0].start, of.until)
            if call.start >= over:
                continue
            happened = cut(call, over)
            found = kept[call.start, call.shape, call.caller.number]
            stored = found.pop(0) if found else None
            if stored is None:
                yield f"nothing is kept of the {call.shape} of {call.start}"
                continue
            talked = [(talk.to.number, talk.since, talk.until) for talk in talks(happened)]
            if talked != [(talk.number, talk.since, talk.until) for talk in stored.talks]:
                yield f"the {call.shape} of {call.start} has talks {stored.talks} in place of {talked}"
            if tuple(carried(happened)) != stored.trunks:
                yield f"the {call.shape} of {call.start} has trunks {stored.trunks} in place of {[*carried(happened)]}"
            if (stored.ended, stored.ending == "cut") != (happened.events[-1].at, happened is not call):
                yield f"the {call.shape} of {call.start} was {stored.ending} at {stored.ended}"
    yield from (f"the {key[1]} of {key[0]} never happened" for key, left in kept.items() if left)


def rows_of_calls(of: World) -> Iterator[str]:
    """Every row is of one call that is kept, and lies within it."""
    rows: Counter[int] = Counter()
    for call in of.calls:
        for row in call.rows:
            rows[row.row] += 1
            cells, truth = of.rows[row.row - 1], of.truths[row.row - 1]
            if (row.acct_id, row.uniqueid, row.session) != (cells["AcctId"], cells["uniqueid"], cells["session"]):
                yield f"row {row.row} is told as AcctId {row.acct_id}, {row.uniqueid}, {row.session}"
            if (
                not call.truth.began <= truth.began <= truth.ended <= call.truth.ended
                or truth.shape != call.truth.shape
            ):
                yield f"row {row.row} is not within its call, {call.over}"
    for number in range(1, len(of.rows) + 1):
        if rows[number] != 1:
            yield f"row {number} is of {rows[number]} calls"


def carried_within_channels(of: World) -> Iterator[str]:
    """What trunks carried by the calls that are kept is no more at once than their channels."""
    steps: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for call in of.calls:
        for one in call.truth.trunks:
            steps[one.place] += [(one.since, 1), (one.until, -1)]
    for number, trunk in enumerate(of.settings.trunks, 1):
        taken = 0
        for at, step in sorted(steps[f"trunk_{number}"]):
            taken += step
            if taken > trunk.channels:
                yield f"{trunk.name} carried {taken} calls at {at}, and has {trunk.channels} channels"


# --- what is written of a leg -----------------------------------------------------------------------------------------

_FORM = "%Y-%m-%d %H:%M:%S"


_TOGETHER = ("ring-group", "ivr-ring-group", "queue", "queue-abandoned", "paging")
"""Shapes of which a feature rings the phones."""


def _whole(of: World, row: Cells, truth: Truth) -> bool:
    """Return whether the firmware bills the ringing too, from G3 on: who takes a group's call, a queue's, a page. Spec 7 #13."""
    together = of.generation >= "G3" and truth.shape in _TOGETHER
    return together and row["lastapp"] in ("Dial", "Page")


def _unbilled(of: World, row: Cells) -> bool:
    """Return whether a row bills nothing though it was answered: a ForkCDR, but on a UCM62xx. Spec 7 #12, https-api 5.2."""
    return row["lastapp"] == "ForkCDR" and of.settings.personality.model != "ucm6200"


def _began(of: World, row: Cells, truth: Truth) -> int | None:
    """Return when the leg began as the row has it; None where that is known to the second only.

    Before G3 a call that voicemail takes has one row, from the ringing on. https-api 5.2.
    """
    one_row = of.generation < "G3" and truth.shape == "voicemail"
    return None if one_row and truth.answered is not None else truth.began


def times(of: World) -> Iterator[str]:
    """The times start, answer and end are local, by disposition and generation. Spec 5.1; https-api 5.2."""
    zone, personality = of.settings.time_zone, of.settings.personality

    def local(instant: int) -> str:
        return datetime.fromtimestamp(instant // SECOND, zone).strftime(_FORM)

    for at, (row, truth) in enumerate(zip(of.rows, of.truths, strict=True)):
        began = _began(of, row, truth)
        start = local(int(row["uniqueid"].partition(".")[0]) * SECOND if began is None else began)
        end = answer = local(truth.ended)
        kind = row["disposition"]
        if truth.answered is not None:
            if not _unbilled(of, row):
                answer = start if _whole(of, row, truth) else local(truth.answered)
        elif personality.unanswered == "blank":
            answer = ""
        elif personality.unanswered == "busy-blank" and kind in ("BUSY", "FAILED"):
            answer = end = ""
        elif personality.unanswered == "stamped" and kind == "BUSY" and truth.shape in _TOGETHER:
            answer = end = start
        if (row["start"], row["answer"], row["end"]) != (start, answer, end):
            yield f"row {at} has {row['start']}, {row['answer']}, {row['end']} in place of {start}, {answer}, {end}"


def seconds(of: World) -> Iterator[str]:
    """What duration and billsec say are floors of what passed; some ForkCDR bill nothing, a group's winner rings on the bill."""
    for at, (row, truth) in enumerate(zip(of.rows, of.truths, strict=True)):
        began, duration, billsec = _began(of, row, truth), int(row["duration"]), int(row["billsec"])
        due = None if began is None else (truth.ended - began) // SECOND
        talked = 0 if truth.answered is None or _unbilled(of, row) else truth.talked // SECOND
        if _whole(of, row, truth) and truth.answered is not None:
            talked = (truth.ended - truth.began) // SECOND
        if due is not None and duration != due:
            yield f"row {at} has duration {duration} in place of {due}"
        if due is None and not talked <= duration <= 60 + 1 + talked:
            yield f"row {at} has duration {duration}: a mailbox takes a call within a minute, and had it for {talked}"
        if billsec != talked:
            yield f"row {at} has billsec {billsec} in place of {talked}"


def dispositions(of: World) -> Iterator[str]:
    """ANSWERED is what was answered; only then is there somebody who answered, and something to bill."""
    for at, (row, truth) in enumerate(zip(of.rows, of.truths, strict=True)):
        answered = truth.answered is not None
        if row["disposition"] not in ("ANSWERED", "NO ANSWER", "BUSY", "FAILED"):
            yield f"row {at} has disposition {row['disposition']}"
        if (row["disposition"] == "ANSWERED") != answered:
            yield f"row {at} is {row['disposition']}, and the leg was {'' if answered else 'not '}answered"
        if of.generation >= "G2" and row["dstanswer"] != (truth.reached if answered else ""):
            yield f"row {at} has dstanswer {row['dstanswer']} in place of {truth.reached if answered else 'none'}"
        if not answered and row["billsec"] != "0":
            yield f"row {at} bills {row['billsec']} seconds that nobody talked"


_BEGUN = ("api-call", "callback")
"""Calls that the PBX begins: firmware takes whom it calls first for the caller, also when that is over a trunk."""


def trunks(of: World) -> Iterator[str]:
    """The trunks of a row are those of the leg; a call between extensions has none. Spec 5.1, https-api 5.2."""
    if of.generation < "G3":
        return
    for at, (row, truth) in enumerate(zip(of.rows, of.truths, strict=True)):
        found, due = (row["src_trunk_name"], row["dst_trunk_name"]), (truth.trunk_in, truth.trunk_out)
        if truth.shape in _BEGUN and "/trunk_" in row["channel"]:
            due = (truth.trunk_in or truth.trunk_out, "")
        if found != due:
            yield f"row {at} has trunks {found} in place of {due}"
        kinds = {"Internal": ("", ""), "Inbound": (due[0], ""), "Outbound": ("", due[1])}
        through = all(found)  # External, or Outbound
        if through != (row["userfield"] == "External") and not (through and row["userfield"] == "Outbound"):
            yield f"row {at} is {row['userfield']} and has trunks {found}"
        if found != kinds.get(row["userfield"], found) and not through:
            yield f"row {at} is {row['userfield']} and has trunks {found}"


# --- how rows are counted and grouped ---------------------------------------------------------------------------------


def numbering(of: World) -> Iterator[str]:
    """Rows are written as legs end, and AcctId counts them: on and on, or from 1 each month. Spec 5.1, https-api 5.2."""
    number, month = 0, ""
    for at, (before, truth) in enumerate(zip((None, *of.truths), of.truths, strict=False)):
        if before and truth.ended < before.ended:
            yield f"row {at} ended before the one that was written before it"
        if truth.ended >= of.until:
            yield f"row {at} ended after the end of the history"
        now = datetime.fromtimestamp(truth.ended // SECOND, of.settings.time_zone).strftime("%Y-%m")
        if of.settings.personality.acctid == "monthly" and now > month:
            number = 0
        number, month = number + 1, max(now, month)
        if of.rows[at]["AcctId"] != str(number):
            yield f"row {at} has AcctId {of.rows[at]['AcctId']} in place of {number}"


def _boot(of: World, row: Cells) -> int:
    return bisect_right(of.restarts, int(row["uniqueid"].partition(".")[0]) * SECOND)


def uniqueids(of: World) -> Iterator[str]:
    """A uniqueid is one channel's, a channel of one boot has one; G3's sessions and they go together."""
    channels: dict[str, set[str]] = defaultdict(set)
    of_channel: dict[tuple[int, str], set[str]] = defaultdict(set)
    counted: dict[tuple[int, str], set[str]] = defaultdict(set)
    for row in of.rows:
        unique, boot = row["uniqueid"], _boot(of, row)
        channels[unique].add(row["channel"])
        counted[boot, unique.partition(".")[2]].add(unique)
        if not row["channel"].startswith("DAHDI/"):
            of_channel[boot, row["channel"]].add(unique)
    found = (("channels", channels), ("uniqueids of a channel", of_channel), ("uniqueids of a number", counted))
    for what, these in found:
        yield from (f"{key} has {len(many)} {what}: {sorted(many)}" for key, many in these.items() if len(many) > 1)


_COUNTED = re.compile(r"/(.+)-([0-9a-f]{8})$")


def counters(of: World) -> Iterator[str]:
    """Channels are counted as they are made, from 0 on in each boot; uniqueid counts the same, in steps."""
    step = 2 if of.settings.personality.technology == "PJSIP" else 1
    last: dict[int, tuple[int, int]] = {}
    made: dict[tuple[int, int], set[str]] = defaultdict(set)
    for row in sorted(of.rows, key=lambda row: tuple(map(int, row["uniqueid"].split(".")))):
        epoch, counter = map(int, row["uniqueid"].split("."))
        boot = _boot(of, row)
        before = last.get(boot, (0, -1))
        if counter < before[1] and epoch > before[0]:
            yield f"{row['uniqueid']} counts less than {before[0]}.{before[1]}, which was before it"
        last[boot] = epoch, max(counter, before[1])
        if (found := _COUNTED.search(row["channel"])) and int(found[2], 16) * step != counter:
            yield f"{row['channel']} and {row['uniqueid']} do not count the same"
        for channel in (row["channel"], row["dstchannel"]):
            if found := _COUNTED.search(channel):
                made[boot, int(found[2], 16)].add(channel)
    yield from (
        f"{len(names)} channels have the number {key}: {names}" for key, names in made.items() if len(names) > 1
    )
    yield from (f"boot {boot} begins to count at {first}" for boot, first in _firsts(of, made) if first > 10)


def _firsts(of: World, made: Mapping[tuple[int, int], object]) -> Iterator[tuple[int, int]]:
    """Yield the lowest number of each boot, but for the first, of which the history may have missed some."""
    for boot in range(1, len(of.restarts) + 1):
        numbers = [number for at, number in made if at == boot]
        if numbers:
            yield boot, min(numbers)


_SHOWN_NUMBER = re.compile(r"<([^<>]*)>$")


def sessions(of: World) -> Iterator[str]:
    """A session is one call's: its beginning, and who calls as clid shows it; all legs are written when it ends. Spec 5.7.

    Whoever fetches a parked call is told of in the session of the fetching. A helper's rows are in that of whom it helps.
    """
    if of.generation < "G3":
        return
    starts = {f"{call.start // SECOND}{call.start % SECOND}" for story in of.stories for call in story}
    last: dict[str, dict[str, int]] = defaultdict(dict)
    unique: dict[str, set[str]] = defaultdict(set)
    for at, (row, truth) in enumerate(zip(of.rows, of.truths, strict=True)):
        start, _, number = row["session"].partition("-")
        fetched = row["lastapp"] == "Park" and row["lastdata"] == "default"
        shown = _SHOWN_NUMBER.search(row["clid"])
        if start not in starts:
            yield f"row {at} is of session {row['session']}, and no such call happened"
        if not fetched and (shown is None or number != shown[1]):
            yield f"row {at} of session {row['session']} has clid {row['clid']}"
        if row["action_owner"] != row["src"]:
            yield f"row {at} of session {row['session']} is {row['action_owner']}'s, and called by {row['src']}"
        if not fetched:
            unique[row["uniqueid"]].add(row["session"])
        last[row["uniqueid"].partition(".")[0]][row["uniqueid"]] = truth.ended
    yield from (f"{key} is in sessions {sorted(many)}" for key, many in unique.items() if len(many) > 1)
    for story in of.stories:
        for call in story:
            end, written = call.events[-1].at, last.get(str(call.start // SECOND), {}).values()
            if end < _up_to(of, story[0].start, of.until) and written and end not in written:
                yield f"a call of {call.start} ({call.shape}) ended at {end}, and its last row is of {sorted(written)}"


def pages(of: World) -> Iterator[str]:
    """JSON pages have every row once, and a main_cdr the sums of its rows and no number of its own. Spec 4.4, 7 #11."""
    shown: Counter[tuple[str, ...]] = Counter()
    names = of.rows[0].keys() & of.entries[0][1][0].keys() if of.rows else set()
    for main, subs in of.entries:
        for sub in subs:
            shown[tuple(sub[name] for name in sorted(names))] += 1
        if main is None:
            continue
        for name in ("duration", "billsec"):
            if int(main[name]) != sum(int(sub[name]) for sub in subs):
                yield f"the main_cdr of {main['session']} has {name} {main[name]}, not the sum of its rows"
        if main["AcctId"] or main["disposition"] or {sub["session"] for sub in subs} != {main["session"]}:
            yield f"the main_cdr of {main['session']} is of {len(subs)} other rows, or has a number"
        if len(subs) == 1:
            yield f"the one row of {main['session']} has a main_cdr"
    stored = Counter(tuple(row[name] for name in sorted(names)) for row in of.rows)
    if shown != stored:
        yield f"{sum((stored - shown).values())} rows are on no page, {sum((shown - stored).values())} on too many"


# --- what is recorded -------------------------------------------------------------------------------------------------


def recordings(of: World) -> Iterator[str]:
    """Every name in recordfiles is a recording as long as the talk, and each in monitor is named by a row. Spec 5.8."""
    named: Counter[str] = Counter()
    for at, (row, truth) in enumerate(zip(of.rows, of.truths, strict=True)):
        names = row["recordfiles"].split("@")
        if names.pop():
            yield f"row {at} has {row['recordfiles']}, which ends with no @"
        for name in names:
            named[f"monitor/{name}"] += 1
            made = of.recordings.get(f"monitor/{name}")
            if made is None:
                yield f"row {at} names {name}, which there is not"
            elif made.samples != truth.talked * RATE // SECOND and named[f"monitor/{name}"] == 1:
                yield f"{name} has {made.samples} samples, and {truth.talked} us were talked"
    if of.generation >= "G2":
        in_monitor = {path for path in of.recordings if path.startswith("monitor/")}
        yield from (f"no row names {path}" for path in sorted(in_monitor - set(named)))
    elif named:
        yield f"{len(named)} recordings are named, by a generation without recordfiles"


def recorded_where_due(of: World) -> Iterator[str]:
    """What the unit was told to record, and was answered by somebody, has a recording of its caller and its second.

    On the channel of a helper nobody talks, and nothing is recorded.
    """
    found = {path.rpartition("/")[2].rpartition("-")[0] for path in of.recordings}
    told = {(call.start // SECOND, call.caller.number): call for story in of.stories for call in story}
    for at, (row, truth) in enumerate(zip(of.rows, of.truths, strict=True)):
        fetched = row["lastapp"] == "Park" and row["lastdata"] == "default"
        if truth.answered is None or not (row["lastapp"] == "Dial" or fetched):
            continue
        if truth.kind == "Helper" or truth.shape == "voicemail":
            continue
        call = told.get((int(row["uniqueid"].partition(".")[0]), truth.caller))
        due, rang = call is not None and call.recorded, truth.began
        if call is not None and call.pin:  # which is asked for before anybody is rung
            rang = next(event.at for event in call.events if event.what is What.DIAL)
        began = f"auto-{rang // SECOND + 1}-{row['src']}"
        if due != (began in found):
            yield f"row {at} was {'' if due else 'not '}to be recorded, and {began} is {'not ' if due else ''}there"


_MESSAGE = re.compile(r"voicemail/default/([^/]+)/(INBOX|Old)/msg(\d{4})\.(wav|txt)$")
_GREETING = re.compile(r"voicemail/default/[^/]+/(unavail|busy|greet)\.(gsm|wav)$")


def messages(of: World) -> Iterator[str]:
    """Messages are numbered from 0 on in each folder, with a text beside each; one for each leg that a mailbox had."""
    boxes: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(of.recordings):
        if found := _MESSAGE.match(path):
            boxes[found[1]][found[2]].append(f"{found[3]}.{found[4]}")
        elif path.startswith("voicemail/") and not _GREETING.match(path):
            yield f"{path} is neither a message nor a greeting"
    for box, folders in boxes.items():
        for folder, names in folders.items():
            due = [f"{at:04}.{end}" for at in range(len(names) // 2) for end in ("txt", "wav")]
            if names != due:
                yield f"mailbox {box} has {names} in {folder} in place of {due}"
    left = Counter(
        truth.reached for truth in of.truths
        if truth.shape in ("voicemail", "voicemail-direct") and truth.answered is not None
    )  # fmt: skip
    for box in left.keys() | boxes.keys():
        count = sum(map(len, boxes[box].values()))
        if count != 2 * left[box]:
            yield f"mailbox {box} has {count} files of {left[box]} messages"


def served(of: World) -> Iterator[str]:
    """What a row names is what `/recapi` sends: a head of 44 bytes, and two for each sample. Spec 6.5."""
    for name, size in of.served.items():
        made = of.recordings.get(f"monitor/{name}")
        due = 44 + 2 * made.samples if made else 0
        if size != due or not size:
            yield f"/recapi sends {size} bytes of {name} in place of {due}"


CHECKS: tuple[Check, ...] = (
    no_double_talk, no_more_than_channels, rows_of_calls_that_happened, channels_of_truths, talks_of_truths,
    calls_as_they_happened, rows_of_calls, carried_within_channels, times, seconds, dispositions,
    trunks, numbering, uniqueids, counters, sessions, pages, recordings, recorded_where_due, messages, served,
)  # fmt: skip


# --- the table --------------------------------------------------------------------------------------------------------


class Broken(NamedTuple):
    """What a check found in the world of a *seed*."""

    seed: int
    check: str
    said: str


_SHOWN = 20


def main() -> None:
    """Print a line a check; exit with 1 when one of them found anything."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.traffic_invariants", description="Check histories of many kinds, one a seed."
    )
    parser.add_argument("--seeds", type=int, default=200, metavar="N", help="check the seeds 1 to N (200)")
    parser.add_argument("--json", action="store_true", help="print an object")
    chosen = parser.parse_args()
    found: list[Broken] = []
    sums: Counter[str] = Counter()
    for seed in watched(range(1, chosen.seeds + 1), "checking histories", chosen.seeds):
        of = world(seed)
        sums.update(stories=len(of.stories), rows=len(of.rows), recordings=len(of.recordings), entries=len(of.entries))
        sums.update(
            fetched=len(of.served), restarts=len(of.restarts), groups=sum(main is not None for main, _ in of.entries)
        )
        found += [Broken(seed, check.__name__, said) for check in CHECKS for said in check(of)]
    counts = Counter(one.check for one in found)
    rows: list[dict[str, Any]] = [
        {"id": check.__name__, "what": (check.__doc__ or "").partition("\n")[0], "broken": counts[check.__name__]}
        for check in CHECKS
    ]
    if chosen.json:
        print(
            json.dumps(
                {"seeds": chosen.seeds, **sums, "checks": rows, "broken": [one._asdict() for one in found]}, indent=2
            )
        )
    else:
        cells = [(row["id"], str(row["broken"] or "holds"), row["what"]) for row in rows]
        print("\n".join(table(cells, None)))
        print(f"{chosen.seeds} histories: {', '.join(f'{count} {what}' for what, count in sums.items())}")
        for one in found[:_SHOWN]:
            print(f"seed {one.seed}, {one.check}: {one.said}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
