"""`/v1/pbxs/{pbx}/calls`: pages of what really happened, and calls that are placed, one or a batch."""

from __future__ import annotations

import http.client
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.until import until
from ucmsim.asking.callquery import LONGEST_PAGE, sought
from ucmsim.asking.wishes import together, wished_each
from ucmsim.client import ControlClient, ControlError
from ucmsim.contract.fields import FieldRefused
from ucmsim.errors import UcmsimError
from ucmsim.pytest_plugin import Ucm, UcmFactory, UcmFleet
from ucmsim.store.ledger import Sought

BEGAN = datetime(2026, 3, 2, 14, tzinfo=UTC)
EMPTY: dict[str, Any] = {
    "personality": "ucm6510",
    "clock": {"start": "2026-03-02T14:00:00Z", "rate": 0},
    "history": {"days": 0},
    "time_zone": "UTC",
}
SECOND = 1_000_000


def asked(fleet: UcmFleet, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Return status and JSON of a request to the control plane."""
    place = urlsplit(fleet.control.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    headers = {"Authorization": f"Bearer {fleet.control.token}"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    told = response.status, json.loads(response.read())
    connection.close()
    return told


def call(caller: str = "1001", callee: str = "1002", **how: Any) -> dict[str, Any]:
    return {"shape": "answered", "from": caller, "to": callee, "talk": 10, **how}


# --- what is told of it --------------------------------------------------------------------------------------------


@pytest.mark.ucmsim(**EMPTY)
def test_a_placed_call_is_told_by_when_it_began_and_its_rows_to_come(ucm_fleet: UcmFleet, ucm: Ucm) -> None:
    """The ledger has it so, of a story of several calls the first; rows are those that the story writes."""
    shapes = [
        {"shape": "answered", "talk": 300}, {"shape": "no-answer"}, {"shape": "attended-transfer", "target": "1003"},
        {"shape": "blind-transfer", "target": "1004"}, {"shape": "busy"}, {"shape": "voicemail"},
    ]  # fmt: skip
    _, told = asked(
        ucm_fleet, "POST", f"/v1/pbxs/{ucm.name}/calls", [{"from": "1001", "to": "1002", **one} for one in shapes]
    )
    placed = told["items"]
    assert len({one["began"] for one in placed}) == len(placed)

    ucm.clock.advance(3600)

    _, found = asked(ucm_fleet, "GET", f"/v1/pbxs/{ucm.name}/ledger")
    calls = {one["began"]: one for one in found["items"]}
    assert [calls[one["began"]]["shape"] for one in placed] == [one["shape"] for one in placed]
    assert sum(one["rows"] for one in placed) == sum(len(one["rows"]) for one in calls.values())
    assert all(one["rows"] >= len(calls[one["began"]]["rows"]) for one in placed)
    assert calls[placed[0]["began"]]["call"] == len(calls)


@pytest.mark.parametrize("live", [False, True])
def test_calls_that_are_placed_one_by_one_are_found_again(ucm_factory: UcmFactory, live: bool) -> None:
    """Also where later ones are over earlier, among live traffic, and behind a change of settings while they are to come."""
    more = {"traffic": {"live": live}, "history": {"days": 0, "calls_per_day": 2000}}
    ucm = ucm_factory(**{**EMPTY, **more})
    talks = {60: 0, 30: 0, 10: 0, 50: 600, 20: 600}
    placed = [
        ucm.place_call("answered", "1001", "1002", ring=1, talk=talk, delay=delay) for talk, delay in talks.items()
    ]
    assert len({one.began for one in placed}) == len(talks)
    assert ucm.control.change_pbx(ucm.name, {"journal": {"entries": 50}}).changed
    ucm.clock.advance(3600)
    for one, talk in zip(placed, talks, strict=True):
        (found,) = ucm.control.calls(ucm.name, began=one.began)
        assert [account.rows[0].row for account in ucm.ledger(began=one.began)] == [found.rows[0].row]
        assert (found.began, found.talks[0].until - found.talks[0].since) == (one.began, talk * SECOND)
        assert len(found.rows) == one.rows
    assert ucm.control.calls(ucm.name, began=placed[0].began - 1) == []


@pytest.mark.ucmsim(**{**EMPTY, "clock": {"start": "9999-11-20T12:00:00Z", "rate": 0}})
@pytest.mark.parametrize("when", [{"delay": 86_400 * 20}, {"at": "9999-12-10T12:00:00Z"}])
def test_a_call_that_would_begin_too_late_is_refused_by_the_key_that_says_when(ucm: Ucm, when: dict[str, Any]) -> None:
    """Who gave a delay is told nothing of an instant."""
    with pytest.raises(ControlError, match=r"^calls begin before 9999-11-30") as error:
        ucm.place_call("answered", "1001", "1002", **when)
    assert error.value.field == next(iter(when))


# --- a batch -------------------------------------------------------------------------------------------------------


@pytest.mark.ucmsim(**EMPTY)
def test_a_batch_is_answered_by_what_each_would_be(ucm_fleet: UcmFleet, ucm: Ucm) -> None:
    """In the order of the list, whatever the order of the calls."""
    later = (BEGAN + timedelta(seconds=30)).isoformat()
    status, told = asked(ucm_fleet, "POST", f"/v1/pbxs/{ucm.name}/calls", [call(at=later), call("1003", "3125550123")])
    assert (status, told["next"]) == (201, None)
    assert [(one["kind"], one["begins"]) for one in told["items"]] == [
        ("Internal", later), ("Outbound", BEGAN.isoformat()),
    ]  # fmt: skip
    ucm.clock.advance(120)
    assert [one.caller for one in ucm.calls] == ["1003", "1001"]


@pytest.mark.ucmsim(**EMPTY)
def test_a_batch_of_the_fixture(ucm: Ucm) -> None:
    """It takes instants as such."""
    made = ucm.place_calls([call(at=BEGAN + timedelta(minutes=at), talk=1) for at in range(300)])
    assert len(made) == 300
    ucm.clock.advance(timedelta(hours=6))
    assert [one.began for one in ucm.calls] == [
        int((BEGAN + timedelta(minutes=at)).timestamp()) * SECOND for at in range(300)
    ]


@pytest.mark.ucmsim(**EMPTY)
def test_a_batch_with_a_call_that_cannot_be_places_none(ucm: Ucm) -> None:
    """The index of each that is wrong is named, whether its form is wrong or there is no such extension."""
    with pytest.raises(ControlError) as caught:
        ucm.place_calls([call(), call(talk=-1), {"shape": "answered"}, call()])
    said = "[1].talk: 'talk' is a number of seconds from 0 to 86400, not -1; [2].from: a call needs 'from', a text; no call was placed"
    assert (caught.value.status, caught.value.field, str(caught.value)) == (400, "[1].talk", said)
    with pytest.raises(ControlError) as caught:
        ucm.place_calls([call(), call("1", "2"), call(shape="ivr"), call(at=BEGAN - timedelta(hours=1)), call(ring=-1)])
    assert caught.value.field == "[1].from"
    for part in (
        "[4].ring: 'ring' is a number",
        "[1].from: neither '1' nor '2' is",
        "[2].shape: a call of shape 'ivr' is",
        "[3].at: that is in the",
    ):
        assert part in str(caught.value)
    ucm.clock.advance(600)
    assert ucm.calls == []


@pytest.mark.ucmsim(**EMPTY)
def test_of_many_calls_that_cannot_be_the_first_ten_are_told(ucm: Ucm) -> None:
    """And how many more there are; yesterday is the past until the clock is set back, and then its calls happen."""
    yesterday = BEGAN - timedelta(days=1)
    calls = [call(at=yesterday + timedelta(seconds=86 * at), talk=1) for at in range(1000)]
    with pytest.raises(ControlError) as caught:
        ucm.place_calls(calls)
    past = f"that is in the past of the PBX's world, which has come to {BEGAN.isoformat()}; "
    past += "leave 'at' out for a call now, or set the clock back first"
    told = [*(f"[{at}].at: {past}" for at in range(10)), "and 990 more", "no call was placed"]
    assert (caught.value.field, str(caught.value)) == ("[0].at", "; ".join(told))
    ucm.clock.set(yesterday)
    assert len(ucm.place_calls(calls)) == 1000
    ucm.clock.advance(hours=24)
    assert ucm.clock.now == BEGAN
    assert [one.began for one in ucm.calls] == [int(yesterday.timestamp() + 86 * at) * SECOND for at in range(1000)]


@pytest.mark.ucmsim(**EMPTY)
def test_a_batch_of_no_call_is_refused(ucm: Ucm) -> None:
    """Who sends none has lost them on the way."""
    with pytest.raises(ControlError) as caught:
        ucm.place_calls([])
    said = "there is no call in the list; send one or more"
    assert (caught.value.status, caught.value.field, str(caught.value)) == (400, None, said)


def test_a_pbx_that_is_not_there_is_told_from_those_that_are(ucm_fleet: UcmFleet, ucm: Ucm) -> None:
    """The nearest name, if one is near, else every name."""
    others = [str(name) for name in ucm_fleet.control.status().pbxs]  # those of tests before may be there still
    due = f"there {'is' if len(others) == 1 else 'are'} {', '.join(others)}"
    for name, hint in ((f"{ucm.name}x", f"did you mean '{ucm.name}'?"), ("zzz", due)):
        with pytest.raises(ControlError) as caught:
            ucm_fleet.control.calls(name)
        assert (caught.value.status, str(caught.value)) == (404, f"there is no PBX '{name}'; {hint}")


@pytest.mark.ucmsim(**EMPTY)
def test_a_number_without_quotes_is_told_to_be_quoted(ucm_fleet: UcmFleet, ucm: Ucm) -> None:
    """It is a text, with the zeros in front; the fixture takes what Python calls a number as well."""
    status, told = asked(ucm_fleet, "POST", f"/v1/pbxs/{ucm.name}/calls", {**call(), "from": 1001})
    assert (status, told["error"]["field"]) == (400, "from")
    assert told["error"]["message"] == "'from' is a text, and 1001 is a number; quote it: \"1001\""
    ucm.place_call("answered", 1001, 1002, talk=1)
    ucm.place_calls([{"shape": "answered", "from": 1003, "to": 1004, "talk": 1}])
    ucm.clock.advance(60)
    assert [(one.caller, one.dialled) for one in ucm.calls] == [("1001", "1002"), ("1003", "1004")]


def test_what_is_no_object_in_a_batch_is_told_by_its_index() -> None:
    """The field is the place in the list alone."""
    _, *refused = wished_each([call(), "answered", [call()]], BEGAN)
    assert all(isinstance(one, FieldRefused) for one in refused)
    caught = together({at: one for at, one in enumerate(refused, 1) if isinstance(one, FieldRefused)})
    assert caught.field == "[1]"
    assert str(caught) == "[1]: a call is a JSON object; [2]: a call is a JSON object; no call was placed"


@pytest.mark.ucmsim(**EMPTY)
@pytest.mark.parametrize("body", ["answered", 3, None, True])
def test_a_body_is_a_call_or_a_list_of_them(ucm_fleet: UcmFleet, ucm: Ucm, body: Any) -> None:
    """Anything else is told so."""
    place = urlsplit(ucm_fleet.control.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    headers = {"Authorization": f"Bearer {ucm_fleet.control.token}"}
    connection.request("POST", f"/v1/pbxs/{ucm.name}/calls", json.dumps(body), headers)
    response = connection.getresponse()
    error = json.loads(response.read())["error"]
    connection.close()
    assert (response.status, error["message"]) == (400, "the body must be a JSON object, or a list of them")


# --- pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.ucmsim(**EMPTY)
def test_pages_hold_every_call_once_in_the_order_in_which_they_ended(ucm_fleet: UcmFleet, ucm: Ucm) -> None:
    """What ends between two pages comes at the end, whenever it began; the last page has no next."""
    path = f"/v1/pbxs/{ucm.name}/calls"
    ucm.place_calls([call(at=BEGAN + timedelta(seconds=at), talk=1) for at in range(5)])
    ucm.place_call("answered", "1003", "1004", talk=60)
    ucm.clock.advance(30)
    status, first = asked(ucm_fleet, "GET", f"{path}?limit=2")
    assert (status, [one["call"] for one in first["items"]], first["next"]) == (200, [1, 2], 2)
    ucm.clock.advance(60)
    _, second = asked(ucm_fleet, "GET", f"{path}?limit=2&after=2")
    _, third = asked(ucm_fleet, "GET", f"{path}?limit=2&after={second['next']}")
    assert [one["call"] for one in second["items"] + third["items"]] == [3, 4, 5, 6]
    assert (third["items"][-1]["caller"], third["next"]) == ("1003", None)
    assert asked(ucm_fleet, "GET", f"{path}?after=6")[1] == {"items": [], "next": None}
    for limit in (1, 2, 4, 6, LONGEST_PAGE):
        assert ucm_fleet.control.calls(ucm.name, limit=limit) == ucm.calls
    assert len(ucm.calls) == 6


@pytest.mark.ucmsim(**EMPTY)
def test_a_call_tells_which_cdrs_are_its_own(ucm_fleet: UcmFleet, ucm: Ucm) -> None:
    """By AcctId, uniqueid and session, as they stand in the CDR, by which it can be asked for again."""
    ucm.place_calls([call(), call("1003", "1004", shape="forward-busy")])
    ucm.clock.advance(60)
    everything = ucm.calls
    assert [[row.acctid for row in one.rows] for one in everything] == [["2"], ["1", "3"]]
    sessions = [{row.session for row in one.rows} for one in everything]
    assert set.isdisjoint(*sessions)
    for (session,), one in zip(sessions, everything, strict=True):
        assert ucm_fleet.control.calls(ucm.name, session=session) == [one]
        assert ucm_fleet.control.calls(ucm.name, uniqueid=one.rows[0].uniqueid, limit=1) == [one]
    assert ucm_fleet.control.calls(ucm.name, session="nobody's") == []
    assert {one.shape for one in ucm_fleet.control.calls(ucm.name, shape="answered")} == {"answered"}


@pytest.mark.ucmsim(**EMPTY)
def test_calls_can_be_asked_for_by_when_they_ended(ucm_fleet: UcmFleet, ucm: Ucm) -> None:
    """Since an instant, that included, until another, that not; a zone may be any, its + sent as such by the client."""
    ucm.place_calls([call(ring=0, talk=60 * at) for at in (1, 2, 3, 4)])
    ucm.clock.advance(600)
    control: ControlClient = ucm_fleet.control
    ends = {at: (BEGAN + timedelta(minutes=at)).isoformat() for at in (2, 4)}
    found = [one.call for one in control.calls(ucm.name, since=ends[2], until=ends[4])]
    assert found == [2, 3]
    assert len(control.calls(ucm.name, since="2026-03-02T15:02:00+01:00")) == 3
    assert len(control.calls(ucm.name, until=ends[2])) == 1


REFUSED = [
    ({"limit": ["0"]}, "limit", "'limit' is a whole number from 1 to 10000, not '0'"),
    ({"limit": ["10001"]}, "limit", "'limit' is a whole number from 1 to 10000, not '10001'"),
    ({"limit": ["+1"]}, "limit", "'limit' is a whole number from 1 to 10000, not '+1'"),
    ({"limit": [""]}, "limit", "'limit' is a whole number from 1 to 10000, not ''"),
    ({"limit": ["1_0"]}, "limit", "'limit' is a whole number from 1 to 10000, not '1_0'"),
    ({"limit": ["\u0663"]}, "limit", "'limit' is a whole number from 1 to 10000, not '\u0663'"),
    ({"after": ["-1"]}, "after", "'after' is a whole number from 0 to 9223372036854775807, not '-1'"),
    ({"after": ["9" * 19]}, "after", "'after' is a whole number from 0 to 9223372036854775807, not '9999999999999999999'"),
    ({"after": ["9" * 9999]}, "after", "'after' is a whole number from 0 to 9223372036854775807, not '9999999999999999999999999999999999999999...'"),
    ({"since": ["yesterday"]}, "since", "'yesterday' is not an ISO instant; write an ISO instant with its zone, such as 2026-03-29T00:30:00Z"),
    ({"since": ["2026-03-29T00:30:00 01:00"]}, "since",
     "'2026-03-29T00:30:00 01:00' has a blank in place of its +; in a URL send %2B: 2026-03-29T00:30:00%2B01:00"),
    ({"until": ["2026-03-29T00:30:00"]}, "until", "'2026-03-29T00:30:00' has no zone, so it is no instant; write an ISO instant with its zone, such as 2026-03-29T00:30:00Z"),
    ({"limit": ["1", "2"]}, "limit", "'limit' is given 2 times"),
    ({"shape": ["anwsered"]}, "shape", "there is no shape 'anwsered'; did you mean 'answered'?"),
    ({"sesion": ["1"]}, "sesion", "'sesion' is no parameter of this list; did you mean 'session'?"),
    ({"q": ["1"]}, "q", "'q' is no parameter of this list; there are limit, after, began, since, until, session, uniqueid, shape"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "field", "said"), REFUSED)
def test_a_query_that_cannot_be_answered_says_why(query: dict[str, list[str]], field: str, said: str) -> None:
    """Nothing is passed over: a mistyped filter would find everything."""
    with pytest.raises(FieldRefused) as caught:
        sought(query)
    assert isinstance(caught.value, UcmsimError)
    assert (caught.value.field, str(caught.value)) == (field, said)


def test_no_query_asks_for_the_first_thousand() -> None:
    """From the beginning, of everything."""
    assert sought({}) == Sought(after=0, limit=1000)


@pytest.mark.ucmsim(**EMPTY)
def test_a_bad_query_is_a_400_that_names_the_parameter(ucm_fleet: UcmFleet, ucm: Ucm) -> None:
    """Also over HTTP, and bytes that are no text are no reason to fail."""
    for query, field in (("limit=", "limit"), ("limit=1&limit=1", "limit"), ("%ff=1", "\ufffd")):
        status, told = asked(ucm_fleet, "GET", f"/v1/pbxs/{ucm.name}/calls?{query}")
        assert (status, told["error"]["code"], told["error"]["field"]) == (400, "invalid", field)
    assert asked(ucm_fleet, "GET", f"/v1/pbxs/{ucm.name}/calls?session=%ff")[1]["items"] == []


@pytest.mark.parametrize("path", ["calls?limit=10000", "journal"])
def test_whoever_asks_while_a_pbx_is_deleted_gets_an_answer_or_is_told_that_it_is_gone(
    ucm_fleet: UcmFleet, path: str
) -> None:
    """Nothing fails: what was begun is finished."""
    ucm = ucm_fleet.start({**EMPTY, "history": {"days": 1, "calls_per_day": 300}})
    statuses: list[int] = []

    def ask() -> None:
        while 404 not in statuses:
            statuses.append(asked(ucm_fleet, "GET", f"/v1/pbxs/{ucm.name}/{path}")[0])

    asking = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
    for one in asking:
        one.start()
    until(lambda: len(statuses) >= 5)
    ucm_fleet.stop(ucm)
    for one in asking:
        one.join(30)
    assert {200, 404} <= set(statuses) <= {200, 404, 503}  # asked before, meanwhile, and after
