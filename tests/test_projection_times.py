"""How a firmware counts rows, and what it writes of times, durations and dispositions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.firmwares import BEGAN, G1, G2, G3, G3_PJSIP, cdr, column, leg, made
from ucmsim.instants import SECOND
from ucmsim.personalities import personality
from ucmsim.quirks import Value


@pytest.mark.quirk("acctid")
@pytest.mark.parametrize(("name", "usual"), [(G1, "continuous"), (G3_PJSIP, "monthly")])
def test_account_ids_count_on_or_begin_anew(name: str, usual: str) -> None:
    """AcctId is 1, 2, 3, ... for ever, or in each month; a UCM62xx has it by the month."""
    continuous, monthly = ([int(at) for at in column(made(name, "acctid", value), "AcctId")]
                           for value in ("continuous", "monthly"))  # fmt: skip
    assert continuous == list(range(1, len(continuous) + 1))
    anew = monthly.index(1, 1)
    assert monthly == [*range(1, anew + 1), *range(1, len(monthly) - anew + 1)]
    assert [int(at) for at in column(made(name), "AcctId")] == {"continuous": continuous, "monthly": monthly}[usual]


@pytest.mark.quirk("acctid-gaps")
@pytest.mark.parametrize(
    ("gap", "first"), [("none", [1, 2, 3, 4, 5, 6]), (2, [1, 3, 5, 7, 9, 11]), (3, [1, 2, 4, 5, 7, 8])]
)
def test_account_ids_may_have_gaps(gap: Value, first: list[int]) -> None:
    """None is missing, or every so many-th, to the end."""
    ids = [int(at) for at in column(made(G3, "acctid-gaps", gap), "AcctId")]
    assert ids[:6] == first
    assert gap == "none" or not any(at % int(gap) == 0 for at in ids)
    assert [at for at in range(1, ids[-1] + 1) if gap == "none" or at % int(gap)] == ids


@pytest.mark.quirk("acctid-gaps")
def test_gaps_are_counted_anew_with_the_month() -> None:
    """Where AcctId begins anew, the first gap is as far from the beginning as before."""
    row = personality(G3_PJSIP)
    ids = [int(at) for at in column(made(row.id, "acctid-gaps", 3), "AcctId")]
    assert ids[:4] == ids[ids.index(1, 1) :][:4] == [1, 2, 4, 5]


ENDED = "2026-02-01 00:00:01"
"""The instant, in Chicago, at which the legs that nobody answered were given up."""


@pytest.mark.quirk("unanswered")
@pytest.mark.parametrize("disposition", ["NO ANSWER", "BUSY", "FAILED"])
def test_a_call_that_nobody_took_has_no_answer_or_a_stamped_one(disposition: str) -> None:
    """Answer is blank, or the end; or both are blank when BUSY or FAILED. Each generation has its own way."""
    of = leg(disposition)
    told = {value: (cdr(of, unanswered=value)["answer"], cdr(of, unanswered=value)["end"])
            for value in ("blank", "stamped", "busy-blank")}  # fmt: skip
    emptied = (ENDED, ENDED) if disposition == "NO ANSWER" else ("", "")
    assert told == {"blank": ("", ENDED), "stamped": (ENDED, ENDED), "busy-blank": emptied}
    usual = {name: (cdr(of, name)["answer"], cdr(of, name)["end"]) for name in (G1, G2, G3, G3_PJSIP)}
    assert usual == {G1: told["blank"], G2: told["blank"], G3: told["stamped"], G3_PJSIP: told["busy-blank"]}


@pytest.mark.quirk("unanswered")
@pytest.mark.parametrize("value", ["blank", "stamped", "busy-blank"])
def test_an_answered_call_has_all_its_times(value: str) -> None:
    """No value of the quirk touches a call that was answered."""
    written = cdr(leg(), unanswered=value)
    assert (written["answer"], written["end"]) == (ENDED, "2026-02-01 00:00:12")


@pytest.mark.quirk("missing-time")
def test_a_missing_time_is_blank_or_zeros() -> None:
    """What the firmware leaves blank is the empty text, or a date that does not exist; other times stay."""
    busy, zeros = leg("BUSY"), "0000-00-00 00:00:00"
    assert [cdr(busy, G1, missing_time=value)["answer"] for value in ("blank", "zeros")] == ["", zeros]
    assert [cdr(busy, G1, missing_time=value)["end"] for value in ("blank", "zeros")] == [ENDED, ENDED]
    written = [cdr(busy, G3_PJSIP, missing_time=value) for value in ("blank", "zeros")]
    assert [(row["answer"], row["end"]) for row in written] == [("", ""), (zeros, zeros)]
    assert cdr(busy, G1)["answer"] == ""
    assert cdr(leg(), G1, missing_time="zeros") == cdr(leg(), G1)


@pytest.mark.quirk("duration-rounding")
def test_durations_are_floors_or_differences_of_what_is_displayed() -> None:
    """14.4 seconds from :58.07 to :12.47 are 14 both ways; 10.9 seconds from :01.57 to :12.47 are 10 or 11."""
    apart, displayed = (cdr(leg(), duration_rounding=value) for value in ("apart", "displayed"))
    assert (apart["start"], apart["answer"], apart["end"]) == ("2026-01-31 23:59:58", ENDED, "2026-02-01 00:00:12")
    assert (apart["duration"], apart["billsec"]) == ("14", "10")
    assert (displayed["duration"], displayed["billsec"]) == ("14", "11")
    assert cdr(leg()) == apart


@pytest.mark.quirk("busy-duration")
def test_a_busy_call_lasts_until_it_was_heard_or_no_time() -> None:
    """The duration of a BUSY row is how long it took, or zero; that of others stays."""
    assert [cdr(leg("BUSY"), busy_duration=value)["duration"] for value in ("rung", "zero")] == ["3", "0"]
    assert cdr(leg("BUSY"))["duration"] == "3"
    assert cdr(leg("NO ANSWER"), busy_duration="zero")["duration"] == cdr(leg("NO ANSWER"))["duration"] == "3"


@pytest.mark.quirk("failed-duration")
def test_a_failed_call_lasts_as_long_as_it_took_or_no_time() -> None:
    """The duration of a FAILED row is what passed, or zero; that of others stays."""
    failed = leg("FAILED", "Playback", lastdata="ss-noservice")
    assert [cdr(failed, failed_duration=value)["duration"] for value in ("passed", "zero")] == ["3", "0"]
    assert cdr(failed) == cdr(failed, failed_duration="passed")
    for of in (leg(), leg("NO ANSWER"), leg("BUSY")):
        assert cdr(of, failed_duration="zero") == cdr(of)


@pytest.mark.quirk("local-times")
def test_times_are_local_and_an_hour_comes_twice() -> None:
    """Two calls an hour apart begin at the same local time when clocks go back; uniqueid and file name tell them apart."""
    first = leg()
    second = int(datetime(2025, 11, 2, 6, 30, tzinfo=UTC).timestamp()) * SECOND
    at = [first._replace(call=first.call._replace(start=start), start=start, turn=start, end=start + 5 * SECOND)
          for start in (second, second + 3600 * SECOND)]  # fmt: skip
    rows = [cdr(one) for one in at]
    assert [row["start"] for row in rows] == ["2025-11-02 01:30:00"] * 2
    assert len({row["uniqueid"] for row in rows}) == len({row["recordfiles"] for row in rows}) == 2


@pytest.mark.quirk("congestion")
def test_congestion_is_a_failure_or_a_disposition_of_its_own() -> None:
    """Only a call that ended in congestion is told apart, and its other columns stay."""
    met, other = leg("FAILED", "Congestion", lastdata="10"), leg("FAILED", "Playback")
    assert [cdr(met, congestion=value)["disposition"] for value in ("FAILED", "CONGESTION")] == ["FAILED", "CONGESTION"]
    assert cdr(met)["disposition"] == cdr(other, congestion="CONGESTION")["disposition"] == "FAILED"
    assert cdr(met, G3_PJSIP, congestion="CONGESTION")["end"] == ""


@pytest.mark.quirk("session-microseconds")
def test_the_microseconds_of_a_session_are_padded_or_not() -> None:
    """67640 microseconds after the second are five digits, or six with a zero in front."""
    epoch = BEGAN // SECOND
    assert cdr(leg())["session"] == cdr(leg(), session_microseconds="unpadded")["session"] == f"{epoch}67640-1001"
    assert cdr(leg(), session_microseconds="padded")["session"] == f"{epoch}067640-1001"
