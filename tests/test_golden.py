"""What goes over the wire is what the golden transcripts say, and a quirk changes those that its row names, no others.

`python -m tests.golden --write` makes them anew; what the change then is, git shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.golden.flips import NAMES, compressed, expanded, flips
from tests.golden.stage import GOLDEN, Stage
from ucmsim.personalities import PERSONALITIES, personality
from ucmsim.quirks import QUIRKS, ROWS, Quirk
from ucmsim.register import Quirks

Usual = Mapping[str, Mapping[str, str]]

SWITCHABLE = [row for row in QUIRKS if row.switchable]
ALL = tuple(row.id for row in PERSONALITIES)
UNSEEN = {
    ("lastdata-limit", "none"): (
        "no dial string without contacts is longer than 255 characters, however many phones ring",
        ("ucm6100-1.0.9", "ucm6510-1.0.2", "ucm6510-1.0.5"),
    ),
    ("stalled-reader", "kept"): (
        "whoever plays the scripts reads all that comes: tests/test_channel_waiting.py stops",
        ALL,
    ),
    ("heard-messages", "inbox"): ("nobody listens to messages in them: tests/test_mailboxes.py does", ALL),
    ("ami-recordings", "whole-channel"): ("no recording in them is begun over AMI: tests/test_monitored.py", ALL),
    ("ami-recordfiles", "named"): ("no recording in them is begun over AMI: tests/test_monitored.py", ALL),
    ("acctid-after-delete", "continue"): ("no script deletes rows: tests/test_deleted_rows.py does", ALL),
    ("missing-time", "zeros"): ("no time is missing where unanswered is stamped", ("ucm6100-1.0.18", "ucm6510-1.0.10")),
}
"""Values that change no transcript, why, and on which personalities."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = Stage(tmp_path_factory.mktemp("golden"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def usual(stage: Stage) -> Usual:
    """The transcripts of every personality without a quirk."""
    return {row.id: stage.play(row.id) for row in PERSONALITIES}


@pytest.mark.parametrize("name", [row.id for row in PERSONALITIES])
def test_a_personality_says_what_its_transcripts_say(usual: Usual, name: str) -> None:
    """Every byte on the wire is that of the golden transcript, and there is one for each script and no other."""
    written = {file.stem: file.read_text("ascii") for file in (GOLDEN / name).iterdir()}
    assert sorted(written) == sorted(NAMES)
    for script, transcript in usual[name].items():
        assert transcript == written[script], f"{name}: {script}"


def test_every_personality_has_a_set() -> None:
    """There is a folder of transcripts for each personality and for nothing else."""
    assert sorted(path.name for path in GOLDEN.iterdir() if path.is_dir()) == sorted(row.id for row in PERSONALITIES)


@pytest.mark.parametrize("row", SWITCHABLE, ids=[row.id for row in SWITCHABLE])
def test_a_quirk_changes_the_transcripts_that_its_row_names(stage: Stage, usual: Usual, row: Quirk) -> None:
    """Switched on each personality that shows it, every value changes some of those, and nothing changes any other."""
    found = list(flips(stage, row, usual))
    changed = set().union(*(flip.differ for flip in found))
    assert compressed(changed) == compressed(expanded(row.changes))
    for flip in found:
        device = personality(flip.personality)
        _, unseen_on = UNSEEN.get((row.id, flip.value), ("", ()))
        seen = row.shows(device.generation, Quirks.of(device).values) and device.id not in unseen_on
        assert bool(flip.differ) is seen, f"{row.id}: {flip.value} on {flip.personality}"


@pytest.mark.parametrize(
    ("quirk", "value"),
    [
        ("server", "Apache"),
        ("acl-unparsable", "deny-all"),
        ("columns", "G2"),
        ("order", "desc"),
        ("csv-line-end", "crlf"),
        ("recapi-cache-control", "omitted"),
        ("parameter-case", "any"),
        ("unanswered", "stamped"),
        ("recording-directory", "flat"),
    ],
)
def test_a_script_that_is_not_played_again_would_say_the_same(stage: Stage, quirk: str, value: str) -> None:
    """What was consulted neither on the way nor when the calls were written changes nothing, nor does the personality."""
    others = ("ucm6100-1.0.18", "ucm6510-1.0.10", "ucm6200-1.0.10")
    for name in (*others, "ucm6200-1.0.20"):
        stage.play(name, {quirk: value})
    assert stage.play(name, {quirk: value}) == stage.play(name, {quirk: value}, every=True)


def test_a_script_is_spared_where_the_quirks_say_what_they_said(stage: Stage) -> None:
    """Not the second personality with the same quirk, but for scripts that consult what the two differ in."""
    played = stage.play("ucm6510-1.0.10", {"server": "Other"})
    before = stage.spared
    other = stage.play("ucm6200-1.0.10", {"server": "Other"})
    assert 0 < stage.spared - before < len(NAMES)
    assert {name for name in NAMES if played[name] != other[name]}


def test_quirks_count_as_consulted_where_they_were(stage: Stage) -> None:
    """Those of a head everywhere, those of pages and of recordings where one was asked for, those of a call nowhere."""
    found = stage.consulted("ucm6200-1.0.20")
    assert {name for name, names in found.items() if "server" not in names} == {"acl-unreadable"}  # it does not start
    assert {name for name, names in found.items() if "csv-line-end" in names} >= {"page-csv", "rows-json"}
    assert {name for name, names in found.items() if "recapi-cache-control" in names} >= {"rec-file", "rec-tar"}
    assert not {"csv-line-end", "recapi-cache-control"} & found["auth-challenge"]
    assert "csv-line-end" not in found["rec-file"]
    assert not any(names & {row.id for row in ROWS} for names in found.values())


def test_every_value_that_is_not_seen_is_one() -> None:
    """The exceptions are values of rows that exist."""
    values = {(row.id, value) for row in SWITCHABLE for value in row.values}
    assert set(UNSEEN) <= values


@pytest.mark.parametrize("row", [row for row in QUIRKS if not row.switchable], ids=lambda row: row.id)
def test_a_row_that_cannot_be_switched_names_no_transcript(row: Quirk) -> None:
    """What nothing can switch here changes nothing here."""
    assert row.changes == ()


def test_every_transcript_is_changed_by_a_quirk_of_its_own_kind() -> None:
    """No transcript is there that only the quirks of the head, which change all of them, would notice."""
    named = [expanded(row.changes) for row in SWITCHABLE]
    telling = set().union(*(names for names in named if len(names) < len(NAMES) - 1))
    assert set(NAMES) - telling == set()


def test_patterns_come_back_from_the_names_they_stand_for() -> None:
    """Names are compressed to patterns that stand for them and nothing else."""
    for names in (NAMES, NAMES[:7], ("rows-csv", "rows-json", "rows-xml", "acl-blank")):
        assert expanded(compressed(names)) == set(names)
    with pytest.raises(AssertionError, match="no transcript is called nothing"):
        expanded(["nothing-*"])
