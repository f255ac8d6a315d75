"""What the rows of a shape say by quirk and by personality."""

from __future__ import annotations

import pytest

from tests.shaped import DEVICES, OLDER, UCM62XX, by_device, columns, rows, rows_of
from ucmsim.calls.shapes import BY_ID
from ucmsim.calls.stage import example
from ucmsim.personalities import PERSONALITIES


@pytest.mark.quirk("did-row")
def test_the_did_has_a_row_of_its_own_but_on_a_ucm62xx() -> None:
    """There an IVR's own row and that of who was dialled are all, in one session, as in each of its 155 groups."""
    for name in OLDER:
        found = rows("ivr-choice", name)
        assert columns(found, "lastapp", "lastdata", "disposition")[:2] == [
            ("ForkCDR", "ae", "NO ANSWER"), ("ForkCDR", "are", "ANSWERED"),
        ]  # fmt: skip
        assert rows("ivr-choice", name, did_row="own") == found
    for name in UCM62XX:
        found = rows("ivr-choice", name)
        assert columns(found, "lastapp", "dst", "dcontext", "action_type") == [
            ("ForkCDR", "7000", "ivr-1", "IVR[7000]"), ("Dial", "1001", "ivr-from-internal", "IVR[7000]"),
        ]  # fmt: skip
        assert found[0]["lastdata"] == "are"
        assert len({row["session"] for row in found}) == 1
        assert rows("ivr-choice", name, did_row="none") == found


@pytest.mark.quirk("did-row", "fork-rows")
def test_forked_parts_have_rows_or_none() -> None:
    """Without the first row, or without any of them."""
    assert [row["lastapp"] for row in rows("ivr-ring-group")] == ["ForkCDR", "ForkCDR", "Dial", "Dial", "Dial"]
    assert rows("ivr-ring-group", did_row="none")[0]["lastdata"] == "are"
    assert [row["lastapp"] for row in rows("ivr-ring-group", fork_rows="hidden")] == ["Dial", "Dial", "Dial"]
    assert len(rows("ivr", did_row="none")) == len(rows("ivr")) - 1 == 1


@pytest.mark.quirk("ring-group-entry")
def test_the_row_of_a_group_is_unbilled_or_billed() -> None:
    """It is ANSWERED in either way."""
    for value, billsec in (("unbilled", "0"), ("billed", "9")):
        (entry,) = [row for row in rows("ivr-ring-group", ring_group_entry=value) if row["dst"] == "6400"]
        assert (entry["disposition"], entry["duration"], entry["billsec"]) == ("ANSWERED", "9", billsec)
    told = {name: rows("ivr-choice", name)[-2]["billsec"] for name in DEVICES}
    assert told == by_device("0", "9")


@pytest.mark.quirk("ring-group-winner", "ring-group-loser")
def test_the_winner_is_billed_for_the_ringing_or_not() -> None:
    """The rows of the others end when it answers."""
    for value, billsec in (("whole", "434"), ("talk", "420")):
        found = {row["dst"]: row for row in rows("ring-group", ring_group_winner=value)}
        assert (found["1003"]["duration"], found["1003"]["billsec"]) == ("434", billsec)
        assert (found["1002"]["answer"], found["1002"]["disposition"]) == (found["1002"]["end"], "NO ANSWER")
    for device in PERSONALITIES:
        (won,) = [row for row in rows("ring-group", device.id) if row["dst"] == "1003"]
        assert (won["duration"], won["billsec"]) == ("434", "434" if device.generation == "G3" else "420")


@pytest.mark.quirk("ring-group-busy")
def test_the_row_of_a_busy_phone_of_a_group() -> None:
    """Both times are those of its start, or of its end; the duration is the same."""
    for value, same in (("start", "start"), ("end", "end")):
        (busy,) = [row for row in rows("ring-group", ring_group_busy=value) if row["disposition"] == "BUSY"]
        assert busy["answer"] == busy["end"]
        assert (busy["end"] == busy["start"]) is (same == "start")
        assert busy["duration"] == "7"


@pytest.mark.quirk("transfer-context", "ivr-exit-context", "transfer-row", "forward-row", "fax-row")
def test_contexts_and_actions_of_what_goes_elsewhere() -> None:
    """Each is the word that was seen or is assumed, or the plain one."""
    for value in ("from-internal-xfer", "from-internal"):
        assert rows("blind-transfer", transfer_context=value)[1]["dcontext"] == value
    for value in ("ivr-from-internal", "from-internal"):
        assert rows("ivr-choice", ivr_exit_context=value)[2]["dcontext"] == value
    for shape, quirk, word in (
        ("blind-transfer", "transfer_row", "TRANSFER"), ("forward-busy", "forward_row", "CFWD"), ("fax", "fax_row", "FAX"),
    ):  # fmt: skip
        for value in (word, "DIAL"):
            assert rows(shape, **{quirk: value})[-1]["action_type"] == value
        assert rows(shape)[-1]["action_type"] == word


@pytest.mark.quirk("group-recording-name")
def test_the_recording_of_a_group_names_the_group_or_the_agent_too() -> None:
    """As older and as later firmware."""
    for value, name in (
        ("group", "auto-1661157839-07700900699-6400.wav@"),
        ("group-and-agent", "auto-1661157839#1003-07700900699-6400.wav@"),
    ):
        assert rows("ring-group", group_recording_name=value)[-1]["recordfiles"] == name


@pytest.mark.quirk("analogue-caller", "analogue-channel", "analogue-extension", "analogue-service")
def test_an_analogue_line_without_a_number() -> None:
    """Src is empty and dst is s; the channel is that of the port, channel_ext the port too or the trunk."""
    for value, channel, place in (("o1", "DAHDI/o1-1", "o1"), ("1", "DAHDI/1-1", "1")):
        for shown, extension in (("port", place), ("trunk", "trunk_3")):
            (row,) = rows("analogue", analogue_channel=value, analogue_extension=shown, chanext="extensions")
            assert (row["src"], row["dst"], row["clid"]) == ("", "s", '"" <>')
            assert (row["channel"], row["channel_ext"], row["dstanswer"]) == (channel, extension, "1001")
            assert (row["chanext"], row["src_trunk_name"], row["dcontext"]) == (extension, "pstn", "ext-did-3")
    assert [rows("analogue", analogue_service=value)[0]["service"] for value in ("p", "s")] == ["p", "s"]
    told = {name: columns(rows("analogue", name), "channel", "channel_ext", "service") for name in DEVICES}
    assert told == by_device([("DAHDI/1-1", "trunk_3", "s")], [("DAHDI/o1-1", "o1", "p")])


@pytest.mark.quirk("unregistered-row")
def test_a_phone_that_is_not_there_was_dialled_or_a_prompt_says_so() -> None:
    """A UCM62xx plays it, as none of its failures ends in Dial; other failures stay what they are."""
    told = {name: columns(rows("unregistered", name), "lastapp", "disposition") for name in DEVICES}
    assert told == by_device([("Dial", "FAILED")], [("Playback", "FAILED")])
    dialled, played = (rows("unregistered", unregistered_row=value)[0] for value in ("Dial", "Playback"))
    assert played == dialled | {"lastapp": "Playback", "lastdata": "ss-noservice"}
    for shape in ("failed", "congestion", "hung-up", "busy", "answered"):
        assert rows(shape, unregistered_row="Playback") == rows(shape)


@pytest.mark.quirk("inbound-context")
def test_a_call_from_outside_has_the_context_of_its_trunk_but_on_a_ucm62xx() -> None:
    """Both rows of a UCM62xx that were printed whole say did-local. Https-api 5.3."""
    told = {name: rows("answered", name, "Inbound")[0]["dcontext"] for name in DEVICES}
    assert told == by_device("ext-did-2", "did-local")


@pytest.mark.quirk("feature-context")
def test_the_contexts_of_a_queue_and_a_conference_are_plain_or_their_own() -> None:
    """The queue's own row and those of the room only; agents are extensions like others."""
    for value, queue, room in (("entry", "ext-did-2", "from-internal"), ("ext", "ext-queues", "ext-meetme")):
        found = rows("queue", feature_context=value)
        assert [row["dcontext"] for row in found] == ["ext-did-2", "from-internal", "from-internal", queue]
        assert {row["dcontext"] for row in rows("conference", feature_context=value)} == {room}
    assert rows("answered", feature_context="ext") == rows("answered")


@pytest.mark.quirk("follow-me-row", "queue-agent-row", "disa-action", "page-action", "callback-action")
def test_actions_that_nobody_has_seen_are_words_of_the_gui_or_others() -> None:
    """The words that the CDR page filters by, with the number of the feature; or without, or DIAL. Spec 5.5."""
    for shape, quirk, told in (
        ("follow-me", "follow_me_row", {"FOLLOWME": ["DIAL", "FOLLOWME"], "DIAL": ["DIAL", "DIAL"]}),
        ("queue", "queue_agent_row", {"QUEUE": ["DIAL", *["QUEUE[6500]"] * 3],
                                      "DIAL": ["DIAL", "DIAL", "DIAL", "QUEUE[6500]"]}),
        ("disa", "disa_action", {"numbered": ["DIAL", "DISA[7100]", "DISA[7100]"], "plain": ["DIAL", "DISA", "DISA"]}),
        ("paging", "page_action", {"numbered": ["PAGE[6700]"] * 3, "plain": ["PAGE"] * 3}),
        ("callback", "callback_action", {"CALLBACK": ["CALLBACK"] * 2, "DIAL": ["DIAL"] * 2}),
    ):  # fmt: skip
        for value, actions in told.items():
            assert [row["action_type"] for row in rows(shape, **{quirk: value})] == actions
        assert rows(shape) == rows(shape, **{quirk: next(iter(told))})


@pytest.mark.quirk("dialled-prefix", "recorded-prefix", "account-code")
def test_a_prefix_and_an_account_code_are_written_down() -> None:
    """The prefix is in dst and in the name of the recording, the code in accountcode; dstanswer is the number."""
    story = BY_ID["answered"].story(example()._replace(prefix="9", account="1234"), "Outbound")
    for value, dst in (("kept", "907700900699"), ("stripped", "07700900699")):
        (row,) = rows_of(story, dialled_prefix=value)
        assert (row["dst"], row["dstanswer"], row["accountcode"]) == (dst, "07700900699", "1234")
        assert row["recordfiles"] == "auto-1661157839-1001-907700900699.wav@"


@pytest.mark.quirk("parked-call", "parked-row", "ivr-row")
def test_a_parked_call_is_in_two_sessions_or_one() -> None:
    """The leg that was fetched has the session of who fetched it, or of the caller; the slot answered in between."""
    for value, sessions in (("two-sessions", ["07700900699", "07700900699", "1003", "1003"]), ("one", None)):
        found = rows("parked", parked_call=value)
        ends = [row["session"].partition("-")[2] for row in found]
        assert ends == (sessions or ["07700900699"] * 3 + ["1003"])
        assert columns(found, "lastapp", "disposition")[1] == ("Park", "ANSWERED")
    assert columns(rows("ivr"), "lastapp", "disposition", "billsec")[-1] == ("ReadExten", "ANSWERED", "23")


@pytest.mark.quirk("external-calls", "disa-row")
def test_a_call_from_trunk_to_trunk_is_external_or_outbound() -> None:
    """DISA has a row of its own before it."""
    for value, direction in (("external", "External"), ("outbound", "Outbound")):
        found = rows("disa", external_calls=value)
        assert columns(found, "lastapp", "userfield") == [
            ("ForkCDR", "Inbound"), ("DISA", "Inbound"), ("Dial", direction),
        ]  # fmt: skip
        assert found[-1]["src_trunk_name"] == found[-1]["dst_trunk_name"] == "carrier-b"


def test_a_call_by_disa_goes_on_to_somebody_else() -> None:
    """Nobody calls himself."""
    row = rows("disa")[-1]
    assert (row["src"], row["dst"]) == ("07700900699", "07700900123")


@pytest.mark.quirk("voicemail-row", "one-row-lastapp")
def test_a_mailbox_that_is_called_has_one_row_of_its_own() -> None:
    """Nothing rang before it that would be told with it, however a firmware tells of that."""
    usual = rows("voicemail-direct")
    assert columns(usual, "lastapp", "action_type", "disposition") == [("VoiceMail", "VM", "ANSWERED")]
    for value in ("Dial", "VoiceMail"):
        assert rows("voicemail-direct", voicemail_row="none", one_row_lastapp=value) == usual


@pytest.mark.quirk("feature-codes", "queue-row", "paging-row")
def test_what_a_feature_has_as_rows() -> None:
    """A code and a queue have a row or none; a page has one for each phone."""
    assert [row["dst"] for row in rows("feature-code")] == ["*77"]
    assert rows("feature-code", feature_codes="none") == []
    assert [row["lastapp"] for row in rows("queue")] == ["ForkCDR", "Dial", "Dial", "Queue"]
    assert [row["lastapp"] for row in rows("queue", queue_row="none")] == ["ForkCDR", "Dial", "Dial"]
    assert columns(rows("queue-abandoned"), "lastapp", "disposition")[-1] == ("Queue", "NO ANSWER")
    assert columns(rows("paging"), "dst", "disposition") == [
        ("1004", "BUSY"), ("1002", "ANSWERED"), ("1003", "ANSWERED"),
    ]  # fmt: skip


@pytest.mark.quirk("dialled-prefix", "outbound-caller-id")
def test_an_outside_line_is_dialled_with_the_prefix_of_the_trunk() -> None:
    """Or with a 9; clid is the trunk's caller ID, and the carrier is told the number alone. Spec 5.6."""
    for prefix, dst in (("", "907700900699"), ("0", "007700900699")):
        (row,) = rows_of(BY_ID["prefix"].story(example()._replace(prefix=prefix)))
        assert (row["dst"], row["dstanswer"]) == (dst, "07700900699")
        assert row["lastdata"].startswith("SIP/07700900699@trunk_2,")
        assert row["clid"] == '"Example Ltd" <01632960401>'


@pytest.mark.quirk("account-code", "pin-code")
def test_account_codes_and_pins_stand_in_accountcode() -> None:
    """Those that were dialled; a PIN only where its group says so, and the time that it took is time of the call."""
    (code,), (pin,) = rows("account-code"), rows("pin-group")
    assert (code["accountcode"], code["duration"], code["billsec"]) == ("1234", "434", "420")
    assert (pin["accountcode"], pin["duration"], pin["billsec"]) == ("1234", "440", "420")
    assert pin["start"] == code["start"]
    seconds = [row["recordfiles"].partition("-")[2].partition("-")[0] for row in (code, pin)]
    # Spec 5.8: one second after the leg to the trunk began, so a PIN that took 5.6 s lies before.
    assert seconds == ["1661157839", "1661157844"]
    (hidden,) = rows("pin-group", pin_code="hidden")
    assert hidden == pin | {"accountcode": ""}
    assert rows("account-code", pin_code="hidden") == [code]
    (other,) = rows_of(BY_ID["account-code"].story(example()._replace(account="0042")))
    assert other["accountcode"] == "0042"
