"""Which rows, and which recordings, an exchange delivered whole: what of its body went out, and what a client can read of it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.faultwire import Wire
from tests.makers import another_row, guide_rows, make_pbx
from ucmsim.appliance.pbx import Pbx
from ucmsim.cdr.measuring import measured
from ucmsim.cdr.query import Format
from ucmsim.cdr.render import Layout, rendered
from ucmsim.http.extents import Files, Rows
from ucmsim.journal import Visit
from ucmsim.personalities import personality
from ucmsim.register import Quirks
from ucmsim.store.delivered import YOUNG
from ucmsim.store.deliveries import MOST, RECORD, Deliveries, Delivery, Sent
from ucmsim.store.history import History
from ucmsim.store.records import Recording
from ucmsim.store.schema import SCHEMA_VERSION
from ucmsim.store.settling import NAMED, Settling, runs, runs_of

FORMATS = pytest.mark.parametrize("form", list(Format), ids=lambda form: form.name)


def carried(pbx: Pbx, *rows: int) -> dict[int, list[tuple[int, bool]]]:
    """Return, for each of *rows* that was carried, which exchanges did and whether it left whole."""
    pbx.deliveries.flush()
    found = pbx.history.delivered.of_rows(rows or range(1, 100))
    return {row: [(one.exchange, one.whole) for one in carriers.named] for row, carriers in found.items()}


def whole(wire: Wire) -> list[int]:
    """Return the ids of the rows that have left whole at least once."""
    return sorted(row for row, found in carried(wire.pbx, *range(1, 2000)).items() if any(one for _, one in found))


def fetched(pbx: Pbx, *paths: str) -> dict[str, list[bool]]:
    """Return, for each file of *paths* that was carried, whether it left whole each time."""
    pbx.deliveries.flush()
    return {path: [one.whole for one in found] for path, found in pbx.history.delivered.of_files(paths).items()}


# --- rows ----------------------------------------------------------------------------------------------------------


@FORMATS
def test_page_delivers_each_of_its_rows(form: Format) -> None:
    """A page that goes out whole delivers every row of it, whatever its format, and the journal's id says which exchange it was."""
    wire = Wire()

    wire.ask(f"/cdrapi?format={form.name}&numRecords=2")
    wire.ask(f"/cdrapi?format={form.name}&offset=1")

    assert carried(wire.pbx) == {1: [(1, True)], 2: [(1, True), (2, True)], 3: [(2, True)]}


@FORMATS
@pytest.mark.parametrize("name", ["ucm6100", "ucm6510", "ucm6200"])
def test_row_is_whole_from_its_last_byte_on(form: Format, name: str) -> None:
    """However many bytes of a page go out, exactly those rows are whole whose text in the page has gone out with them."""
    layout = Layout.of(Quirks.of(personality(name), {}))
    rows = [
        another_row(AcctId=str(at), src=f"5{at:02}", session=f"s{at // 2}", lastapp="Dial,ä" if at == 3 else "Dial")
        for at in range(1, 7)
    ]
    data, extent = measured(form, layout, [(*row, at) for at, row in enumerate(rows, 1)])
    assert data == rendered(form, layout, rows)

    for count in range(len(data) + 1):
        part = data[:count].decode("utf-8", "ignore")
        there = {at for at in range(1, 7) if is_there(form, part, f"5{at:02}", at)}
        reached = set(extent.within(count)[0])
        assert reached <= there if form is Format.JSON else reached == there
    assert extent.within(len(data)) == ([1, 2, 3, 4, 5, 6], [])
    assert extent.within(len(data) - len(data) // 7)[1]


def is_there(form: Format, part: str, src: str, at: int) -> bool:
    """Return whether the row of who called from *src* is whole in *part* of a page."""
    if form is Format.CSV:
        return any(f",{src}," in line and line.endswith("\n") for line in part.splitlines(keepends=True))
    if form is Format.XML:
        return any(f"<src>{src}</src>" in piece for piece in part.split("</cdr>")[:-1])
    return f'"src": "{src}"' in part and part.index(f'"src": "{src}"') < part.rindex("}") if "}" in part else False


def test_rows_of_one_session_end_with_their_entry() -> None:
    """The rows below one main_cdr are whole together, when their entry is: no parser gives out half of an object."""
    layout = Layout.of(Quirks.of(personality("ucm6510"), {}))
    rows = [(*another_row(AcctId=str(at), session="s1" if at < 3 else "s2"), at) for at in range(1, 5)]

    data, extent = measured(Format.JSON, layout, rows)

    assert extent.ends[0] == extent.ends[1] < extent.ends[2] == extent.ends[3]
    assert data[: extent.ends[1]].endswith(b"}")
    assert extent.within(extent.ends[1]) == ([1, 2], [3, 4])
    assert extent.within(extent.ends[1] - 1) == ([], [1, 2, 3, 4])


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"fault": "http.truncate", "share": 1.0}, [1, 2, 3]),
        ({"fault": "http.truncate", "bytes": 0}, []),
        ({"fault": "http.truncate", "bytes": 400, "length": "missing"}, [1]),
        ({"fault": "http.truncate", "share": 1.0, "length": "small"}, [1]),
        ({"fault": "http.truncate", "share": 1.0, "ending": "reset"}, [1, 2, 3]),
        ({"fault": "http.twice"}, [1, 2, 3]),
        ({"fault": "http.chunked", "how": "right", "bytes": 50}, [1, 2, 3]),
        ({"fault": "http.chunked", "how": "unfinished"}, []),
        ({"fault": "http.chunked", "how": "bad-size"}, []),
        ({"fault": "http.chunked", "how": "wrong-size"}, []),
        ({"fault": "http.gzip"}, []),
        ({"fault": "http.status", "status": 503}, []),
        ({"fault": "http.status-line"}, []),
        ({"fault": "http.redirect", "location": "/elsewhere"}, []),
        ({"fault": "http.empty"}, []),
        ({"fault": "http.content-type", "value": "text/html"}, [1, 2, 3]),
        ({"fault": "data.duplicate"}, [1, 2, 3]),
        ({"fault": "data.reorder", "how": "reverse"}, [1, 2, 3]),
        ({"fault": "data.drop", "every": 1, "when": {"acctid": [63]}}, [1, 3]),
        ({"fault": "data.corrupt", "column": "billsec", "when": {"acctid": [63]}}, [1, 3]),
        ({"fault": "data.duration", "seconds": -5}, []),
        ({"fault": "data.column-missing", "column": "billsec"}, []),
        ({"fault": "data.column-extra", "column": "more"}, [1, 2, 3]),
        ({"fault": "data.null", "column": "billsec", "when": {"acctid": [64]}}, [1, 2]),
        ({"fault": "data.acctid-reset", "first": 62}, [1, 2, 3]),
        ({"fault": "data.acctid-reset", "first": 1}, []),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_what_a_fault_leaves_whole(fault: dict[str, Any], expected: list[int]) -> None:
    """Cut short, unreadable or altered rows are not delivered; whatever else a fault does to a page, the others are."""
    wire = Wire(fault)

    wire.ask()

    assert whole(wire) == expected


def test_rows_that_were_on_a_page_and_did_not_leave_are_told_as_such() -> None:
    """A row of a page that was cut before it is told with the exchange, and not whole; the next page delivers it."""
    wire = Wire({"fault": "http.truncate", "bytes": 400, "times": 1})

    wire.ask()
    wire.ask()

    assert carried(wire.pbx) == {
        1: [(1, True), (2, True)],
        2: [(1, False), (2, True)],
        3: [(1, False), (2, True)],
    }


def test_head_carries_nothing() -> None:
    """The answer to HEAD has the page's head and none of its rows, so that it delivers none and tells of none."""
    wire = Wire()

    wire.ask(method="HEAD")

    assert carried(wire.pbx) == {}


def test_stalled_page_delivers_what_came_before_the_stall() -> None:
    """A reply that stops for ever has delivered the rows before that, once its client has given up."""
    wire = Wire({"fault": "http.stall", "bytes": 400})

    opened = wire.open()
    assert carried(wire.pbx) == {}
    opened.vanish()

    assert carried(wire.pbx) == {1: [(1, True)], 2: [(1, False)], 3: [(1, False)]}


def test_dripped_page_counts_by_what_has_come() -> None:
    """Of a page that comes in drops a client that leaves has the rows whose bytes had come by then."""
    wire = Wire({"fault": "http.drip", "bytes": 200, "seconds": 1.0})

    opened = wire.open()
    wire.clock.advance(1)
    assert len(opened.body) == 400
    opened.vanish()

    assert whole(wire) == [1]


def test_same_acctid_twice_is_two_rows() -> None:
    """Rows are told apart by their ids: AcctIds can come twice."""
    pbx = make_pbx()
    pbx.history.extend([another_row(), another_row()])
    wire = Wire(pbx=pbx)

    wire.ask("/cdrapi?offset=3&numRecords=1")

    (row,) = carried(pbx)
    assert row == 4


@pytest.mark.parametrize("more", [0, 1, RECORD + 21])
def test_connection_that_is_lost_takes_back_what_had_not_left(more: int) -> None:
    """Bytes that were handed over and never left are taken from the exchange when the connection has ended.

    A record of TLS of which not all has come is as good as lost.
    """
    pbx = make_pbx()
    pbx.history.extend(another_row(AcctId=str(at)) for at in range(1000))
    wire = Wire(pbx=pbx)
    opened = wire.open("/cdrapi?format=CSV")
    sent = opened.visit.carried
    head = sent.head + 22
    written = head + sent.body + 22 * -(-sent.body // RECORD) + 24

    visit = Visit(
        carried=sent, version="TLSv1.3", written=written, sent=head + 3 * (RECORD + 22) + more, acknowledged=0
    )
    pbx.left(visit, 1.0)

    there = opened.body[: 3 * RECORD].count(b"\n") - 1
    assert (opened.body[: 3 * RECORD].endswith(b"\n"), whole(wire)) == (False, list(range(1, there + 1)))
    assert len(carried(pbx, *range(1, 1001))) == 1000


def test_peer_that_reset_a_whole_page_has_it() -> None:
    """What the kernel was handed counts, acknowledged or not, unless the exchange was cut short."""
    wire = Wire()
    sent = wire.ask().visit.carried

    assert Visit(carried=sent, written=5000, sent=5000, acknowledged=0).undelivered is None
    assert Visit(carried=sent, written=5000, sent=4976, acknowledged=0, version="TLSv1.3").undelivered is None
    assert Visit(carried=sent, written=5000).undelivered is None


def test_bytes_that_tls_never_got_were_not_delivered() -> None:
    """Of a page that was cut while it went out only what became bytes of TLS, and was acknowledged, was delivered."""
    pbx = make_pbx()
    pbx.history.extend(another_row(AcctId=str(at)) for at in range(1000))
    wire = Wire(pbx=pbx)
    pbx.faults.arm({"fault": "http.stall", "bytes": 100_000}, 0.0)
    opened = wire.open("/cdrapi?format=CSV&numRecords=1000")
    opened.vanish()
    sent = opened.visit.carried
    assert (sent.cut, sent.body) == (True, 100_000)

    acknowledged = sent.head + 29 + 2 * (RECORD + 29) + 5
    cipher = "ECDHE-ECDSA-AES256-GCM-SHA384"
    visit = Visit(
        carried=sent, version="TLSv1.2", cipher=cipher, written=acknowledged, sent=0, acknowledged=acknowledged
    )
    pbx.left(visit, 1.0)

    there = opened.body[: 2 * RECORD].count(b"\n") - 1
    assert whole(wire) == list(range(1, there + 1))


# --- recordings ----------------------------------------------------------------------------------------------------


@pytest.fixture
def recorded() -> Pbx:
    """A PBX with three recordings in the usual directory."""
    pbx = make_pbx()
    pbx.history.recordings.insert_all(Recording("monitor", f"{name}.wav", 1, 800) for name in "abc")
    return pbx


PATHS = ("monitor/a.wav", "monitor/b.wav", "monitor/c.wav")


def test_file_is_fetched_singly_or_in_a_tar(recorded: Pbx) -> None:
    """A recording counts as fetched by itself and as a member of a tar, and not by HEAD."""
    wire = Wire(pbx=recorded)

    wire.ask("/recapi?filename=a.wav")
    wire.ask("/recapi?filename=a.wav@b.wav")
    wire.ask("/recapi?filename=c.wav", method="HEAD")

    assert fetched(recorded, *PATHS) == {PATHS[0]: [True, True], PATHS[1]: [True]}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"fault": "http.truncate", "bytes": 3000}, {PATHS[0]: [True], PATHS[1]: [False]}),
        ({"fault": "http.truncate", "bytes": 2155}, {PATHS[0]: [False], PATHS[1]: [False]}),
        ({"fault": "http.truncate", "bytes": 2156}, {PATHS[0]: [True], PATHS[1]: [False]}),
        ({"fault": "media.missing", "when": {"recording": "b.wav"}}, {PATHS[0]: [True]}),
        ({"fault": "media.cut", "bytes": 5, "when": {"recording": "b.wav"}}, {PATHS[0]: [True], PATHS[1]: [False]}),
        ({"fault": "media.member-damaged", "member": 1}, {PATHS[0]: [False], PATHS[1]: [True]}),
        ({"fault": "media.page"}, {}),
    ],
    ids=str,
)
def test_files_that_faults_touch(recorded: Pbx, fault: dict[str, Any], expected: dict[str, list[bool]]) -> None:
    """A file is whole when its last byte went out and no fault gave it other bytes."""
    recorded.faults.arm(fault, 0.0)
    wire = Wire(pbx=recorded)

    wire.ask("/recapi?filename=a.wav@b.wav")

    assert fetched(recorded, *PATHS) == expected


# --- how it is kept ------------------------------------------------------------------------------------------------


def test_runs_are_written_and_read() -> None:
    """Ids are kept as runs, and come back as they were."""
    assert runs([1, 2, 3, 7, 9, 10]) == "1-3,7,9-10"
    assert runs_of("1-3,7,9-10") == [(1, 3), (7, 7), (9, 10)]


def test_scattered_rows_take_one_line() -> None:
    """A page whose rows are not neighbours in the store is one row of the table, with its runs."""
    pbx = make_pbx()
    pbx.history.extend([another_row(src="5311"), another_row(), another_row(src="5311")])
    wire = Wire(pbx=pbx)

    wire.ask("/cdrapi?caller=5311")
    wire.ask("/cdrapi")

    assert carried(pbx) == {row: [(1, True)] * (row in (4, 6)) + [(2, True)] for row in range(1, 7)}
    found = pbx.history._database.execute("SELECT exchange, whole, first, last, rows FROM delivery").fetchall()
    assert found == [(1, 1, 4, 6, "4,6"), (2, 1, 1, 6, "")]


def test_deliveries_survive_a_restart(tmp_path: Path) -> None:
    """What was delivered stands in the history's file, and is there when that is opened again."""
    path = tmp_path / "history.sqlite"
    history = History.open(path, durable=True)
    history.extend(guide_rows())
    history.delivered.write([Delivery(7, 1.5, "192.0.2.1", Sent(Rows((1, 2), (10, 20)), 10), cut=True)])
    history.close()

    again = History.open(path, durable=True)
    found = again.delivered.of_rows([1, 2, 3])
    again.close()

    assert {row: [one.as_json() for one in carriers.named] for row, carriers in found.items()} == {
        1: [{"exchange": 7, "wall": "1970-01-01T00:00:01.500000+00:00", "peer": "192.0.2.1", "whole": True}],
        2: [{"exchange": 7, "wall": "1970-01-01T00:00:01.500000+00:00", "peer": "192.0.2.1", "whole": False}],
    }


def test_history_of_the_version_before_is_opened(tmp_path: Path) -> None:
    """A history that knows no deliveries gets the tables for them, and keeps its rows."""
    path = tmp_path / "history.sqlite"
    made = History.open(path, durable=False)
    made.extend(guide_rows())
    made.close()
    database = sqlite3.connect(path)
    database.executescript(
        "DROP TABLE delivery; DROP TABLE fetch; DROP TABLE recorded; DROP TABLE counted; DROP INDEX recording_sound; "
        "DROP TABLE reach; DROP INDEX call_delivered; ALTER TABLE call DROP COLUMN delivered; PRAGMA user_version = 5;"
    )
    database.close()

    history = History.open(path, durable=False)

    assert history._database.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert (len(history), dict(history.delivered.of_rows([1, 2, 3]))) == (3, {})
    history.close()


def test_correction_takes_the_place_of_what_was_said_before() -> None:
    """A correction replaces what is written of the same exchange, whether that is written yet or not."""
    history = make_pbx().history
    first = Delivery(3, 1.0, "192.0.2.1", Sent(Rows((1, 2), (RECORD, 20_000)), 20_000), cut=False, body=20_000)

    less = first.out_of(RECORD, 5000, 0)
    assert less is not None
    history.delivered.write([first])
    history.delivered.write([less])
    history.delivered.write([Delivery(4, 2.0, "192.0.2.1", first.sent, cut=False), less])

    found = history.delivered.of_rows([1, 2])
    assert {row: [(one.exchange, one.whole) for one in carriers.named] for row, carriers in found.items()} == {
        1: [(3, True), (4, True)],
        2: [(3, False), (4, True)],
    }


def test_row_that_was_carried_very_often_is_counted() -> None:
    """Of very many exchanges that carried a row the first are told, whole ones and others, and all that are whole are counted."""
    history = make_pbx().history
    spoilt = [Delivery(at, at, "192.0.2.1", Sent(Rows((1, 2), (5, 9)), 5), cut=True) for at in range(1, 101)]
    every = [Delivery(at, at, "192.0.2.1", Sent(Rows((1, 2), (5, 9)), 9), cut=False) for at in range(101, 201)]

    history.delivered.write([*spoilt, *every])

    found = history.delivered.of_rows([1, 2])
    assert (found[1].whole, [one.exchange for one in found[1].named]) == (200, list(range(1, NAMED + 1)))
    assert found[2].whole == 100
    assert [one.exchange for one in found[2].named] == [*range(1, NAMED + 1), *range(101, 101 + NAMED)]


def kept(history: History, table: str = "delivery") -> int:
    """Return how many rows a table has."""
    return int(history._database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def pulled(*rows: int, at: int, whole: int = 10**6) -> Delivery:
    """Return what one of many exchanges delivered: those of *rows* that end within *whole* bytes, ten each."""
    sent = Sent(Rows(rows, tuple(range(10, 10 * len(rows) + 1, 10))), min(whole, 10 * len(rows)))
    return Delivery(at, float(at), "192.0.2.1", sent, cut=False)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_not_kept_is_told_all_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was pulled, however often: the exchanges that are told, and all that are counted, are those of a store that keeps each."""
    chance = Random(seed)
    deliveries = []
    for at in range(1, 1500):
        newest = 1 + at // 150
        first = chance.choice((1, max(1, newest - 5), chance.randint(1, newest)))
        rows = [row for row in range(first, newest + 1) if at % 3 or chance.random() < 0.7] or [newest]
        deliveries.append(pulled(*rows, at=at, whole=chance.choice((10**6, 10**6, 25))))
    found = []
    for young in (40, 10**9):
        monkeypatch.setattr("ucmsim.store.delivered.YOUNG", young)
        history = make_pbx().history
        for at in range(0, len(deliveries), 7):
            written = deliveries[at : at + 7]
            corrected = replace(written[0], sent=replace(written[0].sent, read=10), corrects=True)
            history.delivered.write(written)
            history.delivered.write([corrected] if at % 5 == 0 else [])
        found.append((history.delivered.of_rows(range(1, 20)), history.delivered.of_rows([2, 3, 7])))
        found.append(kept(history))
    assert found[0] == found[2]
    assert found[1] < found[3] / 2


def test_what_is_kept_goes_by_the_rows_and_not_by_the_exchanges() -> None:
    """A client that pulls the same again and again for ever adds nothing but a count to the store."""
    history = make_pbx().history
    for at in range(5 * YOUNG):
        history.delivered.write([pulled(1, 2, 3, at=at)])
    assert kept(history) == NAMED + YOUNG
    assert history.delivered.of_rows([3])[3].whole == 5 * YOUNG
    assert kept(history, "counted") == 2

    history.delivered.forget()
    assert (history.delivered.of_rows([3]), kept(history, "counted")) == ({}, 0)


def test_fetches_that_are_told_no_more_are_not_kept() -> None:
    """Of a file the first fetches are told, whole ones and others, and no more are kept for ever."""
    history = make_pbx().history
    paths = ("monitor/a.wav", "monitor/b.wav")

    for at in range(3 * YOUNG):
        read = 20 if at % 2 else 10
        history.delivered.write([Delivery(at, float(at), "192.0.2.1", Sent(Files(paths, (10, 20)), read), cut=False)])

    found = history.delivered.of_files(paths)
    assert [one.exchange for one in found[paths[0]]] == list(range(NAMED))
    assert [one.exchange for one in found[paths[1]]] == list(range(2 * NAMED))
    assert kept(history, "fetch") == NAMED + 2 * NAMED + YOUNG


def test_delivery_is_told_of_the_rows_that_are_new_to_it() -> None:
    """Of a page of which nearly all is known well enough the rest is told, and the others are counted."""
    settling = Settling(1, 12)
    for _ in range(NAMED):
        assert settling.settle([(1, 4), (7, 9)], whole=True) == [1, 2, 3, 4, 7, 8, 9]
    assert settling.settle([(2, 12)], whole=True) == [5, 6, 10, 11, 12]
    assert settling.settle([(2, 4)], whole=False) == [2, 3, 4]
    assert {row: change for row, change in settling.steps.items() if change} == {2: 1, 5: -1, 7: 1, 10: -1}


def test_what_cannot_be_written_waits() -> None:
    """A write that fails loses nothing: the same is written the next time."""
    written: list[int] = []
    fails = [sqlite3.OperationalError("disk I/O error")]

    def write(deliveries: Any) -> None:
        if fails:
            raise fails.pop()
        written.extend(one.exchange for one in deliveries)

    waiting = Deliveries(write)
    waiting.add(Delivery(1, 1.0, "192.0.2.1", Sent(Files(("a",), (1,)), 1), cut=False))
    with pytest.raises(sqlite3.OperationalError):
        waiting.flush()
    waiting.add(Delivery(2, 1.0, "192.0.2.1", Sent(Files(("a",), (1,)), 1), cut=False))
    waiting.flush()

    assert (written, len(waiting)) == ([1, 2], 0)


def test_what_comes_while_it_is_written_waits() -> None:
    """However much comes while the worker writes is for the next time, and nothing is written twice."""
    written: list[int] = []

    def write(deliveries: Any) -> None:
        written.extend(one.exchange for one in deliveries)
        for number in range(len(written), MOST + 3):
            waiting.add(Delivery(number, 1.0, "192.0.2.1", Sent(Files(("a",), (1,)), 1), cut=False))

    waiting = Deliveries(write)
    for number in range(3):
        waiting.add(Delivery(number, 1.0, "192.0.2.1", Sent(Files(("a",), (1,)), 1), cut=False))
    waiting.flush()
    waiting.flush()

    assert written == [*range(MOST + 3)]


def test_what_could_not_be_written_is_bounded_too() -> None:
    """Where writing goes on failing the oldest go as well."""

    def write(_deliveries: Any) -> None:
        for number in range(MOST // 2, MOST + 1):
            waiting.add(Delivery(number, 1.0, "192.0.2.1", Sent(Files(("a",), (1,)), 1), cut=False))
        raise sqlite3.OperationalError("disk I/O error")

    waiting = Deliveries(write)
    for number in range(MOST // 2):
        waiting.add(Delivery(number, 1.0, "192.0.2.1", Sent(Files(("a",), (1,)), 1), cut=False))
    with pytest.raises(sqlite3.OperationalError):
        waiting.flush()

    assert len(waiting) == MOST // 2


def test_what_waits_is_bounded() -> None:
    """Where nobody writes, the oldest go: memory does not grow."""
    waiting = Deliveries(lambda _: None)
    for number in range(MOST + 1):
        waiting.add(Delivery(number, 1.0, "192.0.2.1", Sent(Files(("a",), (1,)), 1), cut=False))

    assert len(waiting) == MOST // 2


def test_history_of_one_among_hundreds_keeps_few_pages_in_memory(tmp_path: Path) -> None:
    """SQLite would keep 2 MB of each, which 500 PBXs fill within minutes."""
    history = History.open(tmp_path / "history.sqlite", durable=False)
    (kept,) = history._database.execute("PRAGMA cache_size").fetchone()
    history.close()
    assert kept == -128  # a negative number is of KiB
