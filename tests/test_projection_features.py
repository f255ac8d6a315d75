"""What a firmware writes of voicemail and conferences."""

from __future__ import annotations

import pytest

from tests.firmwares import BEGAN, G1, G2, G3, G3_PJSIP, LEFT, MET, RUNG, cdr, column, firmware, leg, made, of_shape
from ucmsim.columns import AT, NAMES
from ucmsim.instants import SECOND


@pytest.mark.quirk("voicemail-row")
@pytest.mark.parametrize("name", [G3, G3_PJSIP])
def test_a_call_that_voicemail_takes_is_two_rows_or_one(name: str) -> None:
    """The one row was dialled, and answered by the mailbox: https-api 5.2. Messages are the same."""
    two, one = (made(name, "voicemail-row", value) for value in ("second", "none"))
    assert two == made(name)
    taken = {record.row[AT["session"]]: record for record in of_shape(two, "voicemail")
             if record.row[AT["action_type"]] == "VM"}  # fmt: skip
    rung = {record.row[AT["session"]]: record for record in of_shape(two, "voicemail")
            if record.row[AT["action_type"]] == "DIAL"}  # fmt: skip
    assert len(taken) == len(rung) > 10
    assert len(one) == len(two) - len(taken)
    acctid = 0 if name == G3_PJSIP else AT["AcctId"]
    by_session = {record.row[AT["session"]]: record for record in of_shape(one, "voicemail")}
    others = [[record.row[acctid + 1 :] for record in records if not of_shape([record], "voicemail")]
              for records in (one, two)]  # fmt: skip
    assert others[0] == others[1]
    for session, second in taken.items():
        whole = dict(zip(NAMES, by_session[session].row, strict=True))
        first, last = (dict(zip(NAMES, part.row, strict=True)) for part in (rung[session], second))
        assert by_session[session].recordings == second.recordings
        assert (whole["lastapp"], whole["lastdata"], whole["dstchannel"]) == ("Dial", first["lastdata"], "")
        assert (whole["start"], whole["answer"], whole["end"]) == (first["start"], last["answer"], last["end"])
        assert int(whole["duration"]) - int(first["duration"]) - int(last["duration"]) in {0, 1}
        same = {"billsec", "disposition", "dstanswer", "action_type", "uniqueid", "clid", "src", "dst", "recordfiles"}
        assert {column: whole[column] for column in same} == {column: last[column] for column in same}


@pytest.mark.quirk("voicemail-row")
@pytest.mark.parametrize("name", [G1, G2])
def test_older_firmware_may_have_a_second_row_too(name: str) -> None:
    """It writes one; with the other value, one that nobody answered and one of the mailbox, with the same messages."""
    one, two = (made(name, "voicemail-row", value) for value in ("none", "second"))
    assert one == made(name)
    taken = [record for record in of_shape(two, "voicemail") if record.row[AT["lastapp"]] == "VoiceMail"]
    assert column(of_shape(one, "voicemail"), "lastapp") == ["VoiceMail"] * len(taken)
    assert len(two) - len(one) == len(taken) > 10
    assert [record.recordings for record in two if record.recordings] == [
        record.recordings for record in one if record.recordings
    ]
    rung = {record.row[AT["uniqueid"]]: record for record in of_shape(two, "voicemail") if record not in taken}
    for record in taken:
        first, last = (dict(zip(NAMES, part.row, strict=True)) for part in (rung[record.row[AT["uniqueid"]]], record))
        assert (first["disposition"], first["lastapp"], first["billsec"]) == ("NO ANSWER", "Dial", "0")
        assert (last["disposition"], last["start"], last["lastdata"]) == (
            "ANSWERED",
            first["end"],
            f"{last['dst']}@default,n",
        )


@pytest.mark.quirk("one-row-lastapp")
def test_the_one_row_of_a_mailbox_was_dialled_or_left_a_message() -> None:
    """It has Dial and the dial string, or VoiceMail and the mailbox; where there are two rows nothing changes."""
    told = {value: [cdr(LEFT, name, voicemail_row="none", one_row_lastapp=value)[part]
                    for name in (G1, G3) for part in ("lastapp", "lastdata", "dstchannel")]
            for value in ("Dial", "VoiceMail")}  # fmt: skip
    plain, contact = "SIP/1001,60,", cdr(RUNG)["lastdata"]
    assert told == {
        "Dial": ["Dial", plain, "", "Dial", contact, ""],
        "VoiceMail": ["VoiceMail", "1001@default,n", ""] * 2,
    }
    assert [cdr(LEFT, name, voicemail_row="none")["lastapp"] for name in (G1, G2, G3, G3_PJSIP)] == [
        *["VoiceMail"] * 2, *["Dial"] * 2,
    ]  # fmt: skip
    for value in ("Dial", "VoiceMail"):
        assert cdr(LEFT, voicemail_row="second", one_row_lastapp=value)["lastapp"] == "VoiceMail"
        assert cdr(RUNG, one_row_lastapp=value) == cdr(RUNG)


@pytest.mark.quirk("voicemail-reason")
@pytest.mark.parametrize("name", [G1, G2, G3, G3_PJSIP])
def test_what_voicemail_is_told_ends_with_one_letter(name: str) -> None:
    """It is u on a UCM62xx, and the n of the other capture elsewhere."""
    told = [cdr(LEFT, name, voicemail_reason=value)["lastdata"] for value in ("option-u", "option-n")]
    assert told == ["1001@default,u", "1001@default,n"]
    assert cdr(LEFT, name)["lastdata"] == f"1001@default,{'u' if name == G3_PJSIP else 'n'}"
    assert cdr(RUNG, name, voicemail_reason="option-n") == cdr(RUNG, name)


@pytest.mark.quirk("voicemail-text")
@pytest.mark.parametrize("name", [G1, G2, G3, G3_PJSIP])
def test_a_text_stands_beside_a_message_or_not(name: str) -> None:
    """The sound is the same and rows are no others; without texts there are only messages less."""
    written, none = (firmware(name, voicemail_text=value).recordings(LEFT, 3) for value in ("written", "none"))
    assert written == firmware(name).recordings(LEFT, 3)
    assert [one.name for one in written] == ["msg0003.wav", "msg0003.txt"]
    assert none == written[:1]
    few = made(name, "voicemail-text", "none")
    assert [record.row for record in few] == [record.row for record in made(name)]
    assert [record.recordings for record in few] == [record.recordings[:1] for record in made(name)]


@pytest.mark.quirk("voicemail-row")
@pytest.mark.parametrize("value", ["second", "none"])
def test_account_ids_have_no_gap_where_a_row_is_not_written(value: str) -> None:
    """AcctId counts the rows that are written."""
    records = made(G3, "voicemail-row", value)
    assert column(records, "AcctId") == [str(at) for at in range(1, len(records) + 1)]


@pytest.mark.quirk("voicemail-uniqueid")
@pytest.mark.parametrize(("name", "step"), [(G3, 1), (G3_PJSIP, 2)])
def test_the_row_of_a_mailbox_shares_a_uniqueid_or_has_its_own(name: str, step: int) -> None:
    """Both rows have the caller's channel; or the second has the next one, made when the mailbox took the call."""
    began, later = BEGAN // SECOND, BEGAN // SECOND + 60
    shared, own = ([cdr(of, name, voicemail_uniqueid=value)["uniqueid"] for of in (RUNG, LEFT)]
                   for value in ("shared", "own"))  # fmt: skip
    assert shared == [cdr(of, name)["uniqueid"] for of in (RUNG, LEFT)] == [f"{began}.{6 * step}"] * 2
    assert own == [f"{began}.{6 * step}", f"{later}.{7 * step}"]


@pytest.mark.quirk("voicemail-uniqueid")
def test_a_uniqueid_of_its_own_is_nobody_elses() -> None:
    """With the quirk every row of a call that was rung has another uniqueid; without it two rows share one."""
    own, shared = (column(of_shape(made(G3, "voicemail-uniqueid", value), "answered", "no-answer", "voicemail"), "uniqueid")
                   for value in ("own", "shared"))  # fmt: skip
    assert len(set(own)) == len(own) > len(set(shared))


@pytest.mark.quirk("conference-action")
def test_the_action_of_a_conference_has_a_number_or_not() -> None:
    """It is the word with the room's number in brackets, or the word alone."""
    told = [cdr(MET, conference_action=value)["action_type"] for value in ("numbered", "plain")]
    assert told == ["CONFERENCE[6300]", "CONFERENCE"]
    assert cdr(MET) == cdr(MET, conference_action="numbered")
    assert cdr(leg(), conference_action="plain") == cdr(leg())


@pytest.mark.quirk("conference-channel")
@pytest.mark.parametrize("name", [G1, G2, G3, G3_PJSIP])
def test_a_conference_has_no_second_channel_or_a_pseudo_one(name: str) -> None:
    """The column is blank, or has the channel that was made beside the caller's."""
    told = [cdr(MET, name, conference_channel=value)["dstchannel"] for value in ("blank", "pseudo")]
    assert told == ["", "DAHDI/pseudo-7"]
    assert cdr(MET, name) == cdr(MET, name, conference_channel="blank")
    for of in (leg(), LEFT, leg("FAILED", "Playback")):
        assert cdr(of, name, conference_channel="pseudo") == cdr(of, name)
