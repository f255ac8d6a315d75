"""The PBX as a whole: the order of its checks, when what is settled, where faults come in. Spec 0b, 2.8, 2.9."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.asking import BAD_QUERY, TYPES, get, wire
from tests.makers import (
    ACCOUNT,
    BEGAN,
    CLIENT,
    GUIDE_CSV,
    PASSWORD,
    STRANGER,
    Client,
    another_row,
    at,
    header,
    ids,
    make_pbx,
    request,
)
from ucmsim.appliance.lookup import Lookup
from ucmsim.appliance.pbx import Pbx
from ucmsim.faults import FaultRefused
from ucmsim.http import pages
from ucmsim.http.reply import HangUp, Reply, Send, SendHead, Wait
from ucmsim.http.request import ApiRequest
from ucmsim.journal import Exchange

# The happy page


def test_the_guides_page_is_exact():
    """A plain /cdrapi answers 200 and the guide's three rows, byte for byte."""
    reply = get(make_pbx())
    assert (reply.status, reply.title, reply.rows, reply.note) == (200, "OK", 3, "")
    assert reply.body == GUIDE_CSV


def test_the_head_is_exact():
    """The head has the device's lines in the device's order and letter case, and the PBX clock's date."""
    assert get(make_pbx()).head == (
        b"HTTP/1.1 200 OK\r\n"
        b"Server: Asterisk/1.8.9.2\r\n"
        b"Date: Tue, 03 Dec 2013 17:46:50 GMT\r\n"
        b"Connection: close\r\n"
        b"Cache-Control: no-cache, no-store\r\n"
        b"Content-Length: 822\r\n"
        b"Content-type: text/csv\r\n"
        b"\r\n"
    )


def test_the_head_and_the_body_are_sent_and_the_connection_ends():
    """The steps are the head, the body, and the end of the connection."""
    first, second, third = get(make_pbx()).steps
    assert isinstance(first, SendHead)
    assert isinstance(second, Send)
    assert third == HangUp()


@pytest.mark.parametrize("form", ["csv", "xml", "json", "JSON"])
def test_each_format_has_its_content_type(form):
    """The Content-type follows the format, in any letter case."""
    reply = get(make_pbx(), f"/cdrapi?format={form}")
    assert header(reply, "Content-type") == TYPES[form.lower()]
    assert header(reply, "Content-Length") == str(len(reply.body))


def test_the_personality_decides_the_columns():
    """A G3 device answers JSON under cdr_root with 33 keys an entry."""
    entries = json.loads(get(make_pbx(personality="ucm6200"), "/cdrapi?format=json").body)["cdr_root"]
    assert [len(entry) for entry in entries] == [33, 33, 33]


def test_now_is_the_pbx_clocks():
    """endTime=now stands for the PBX clock at the moment of the request, in the PBX's time zone."""
    pbx = make_pbx()
    assert ids(get(pbx, "/cdrapi?endTime=now")) == ["62"]
    assert ids(get(pbx, "/cdrapi?endTime=now", seconds=4 * 3600)) == ["62", "63", "64"]
    assert ids(get(make_pbx(time_zone="UTC"), "/cdrapi?endTime=now")) == ["62", "63", "64"]


LADDER = [
    ("/nowhere?caler=5300", STRANGER, "DELETE", False, 404),
    (BAD_QUERY, STRANGER, "DELETE", False, 403),
    (BAD_QUERY, CLIENT, "DELETE", False, 501),
    (BAD_QUERY, CLIENT, "GET", False, 401),
    (BAD_QUERY, CLIENT, "GET", True, 200),
]


@pytest.mark.parametrize(("target", "peer", "method", "knows_password", "status"), LADDER)
def test_the_checks_come_in_order(target, peer, method, knows_password, status):
    """The path is judged before the address, then the method, then the credentials, then the parameters."""
    client = Client(make_pbx(api=ACCOUNT), peer=peer)
    ask = client.ask if knows_password else client.challenged
    assert ask(target, method).status == status


@pytest.mark.parametrize(
    ("target", "peer", "method", "status", "length"),
    [
        ("/nowhere", CLIENT, "GET", 404, 247),
        ("/cdrapi", STRANGER, "GET", 403, 234),
        ("/cdrapi", CLIENT, "DELETE", 501, 261),
        ("/cdrapi", CLIENT, "GET", 401, 210),
    ],
)
def test_an_error_is_a_page_of_known_length_and_says_why(target, peer, method, status, length):
    """Each error is the HTML page of the device, explained by a note that stays off the wire."""
    reply = get(make_pbx(api=ACCOUNT), target, method, peer=peer)
    assert (reply.status, len(reply.body), header(reply, "Content-type")) == (status, length, "text/html")
    assert reply.rows is None
    assert reply.note
    assert reply.note.encode() not in wire(reply)


@pytest.mark.parametrize(("target", "peer", "method", "_knows", "status"), LADDER[:3])
def test_only_a_401_challenges(target, peer, method, _knows, status):
    """Before the credentials are looked at there is no WWW-authenticate."""
    assert header(get(make_pbx(api=ACCOUNT), target, method, peer=peer), "WWW-authenticate") is None


@pytest.mark.parametrize("path", ["/cdrapi", "/cdrapi/", "/CDRAPI", "/CdrApi/", "/%63drapi", "/cdrapi%2F"])
def test_a_path_is_compared_as_the_device_does(path):
    """Letter case does not matter, one trailing slash is taken, and the path is decoded first."""
    assert get(make_pbx(), path).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "*",
        "cdrapi",
        "/cdrapi//",
        "//cdrapi",
        "/cdrapi/x",
        "/cdrapis",
        "/cdr",
        "/recapi/x",
        "/recapis",
        "/rec",
        "/httpstatus",
    ],
)
def test_other_paths_are_not_found(path):
    """Whatever is neither exactly /cdrapi nor /recapi is a 404, known Asterisk pages included."""
    assert get(make_pbx(), path).status == 404


@pytest.mark.parametrize("method", ["get", "Get", "head", "post"])
def test_methods_are_read_in_any_letter_case(method):
    """A method in lower case is the same method."""
    assert get(make_pbx(), method=method).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW", "GETS", "PO\u017fT"])
def test_other_methods_are_not_implemented(method):
    """Whatever is not GET, HEAD or POST is a 501."""
    assert get(make_pbx(), method=method).status == 501


# Moments: what is settled when


def looked_up(pbx: Pbx, target: str = "/cdrapi") -> Lookup:
    """Return the work that *pbx* hands to its worker."""
    decided = pbx.decide(request(target), at())
    assert isinstance(decided, Lookup)
    return decided


def test_a_page_is_a_lookup_and_everything_else_a_reply():
    """Only what reads the history goes to the worker; a refused request does not."""
    pbx = make_pbx(api=ACCOUNT)
    assert isinstance(looked_up(make_pbx()), Lookup)
    for target in ("/nowhere", "/cdrapi"):
        assert isinstance(pbx.decide(request(target), at()), Reply)
    assert isinstance(make_pbx().decide(request(BAD_QUERY), at()), Reply)


def test_rows_added_after_the_decision_are_not_on_the_page():
    """A page shows the history as it was when it was asked for; the next request sees the rest."""
    pbx = make_pbx()
    lookup = looked_up(pbx)
    pbx.history.extend([another_row(AcctId="65"), another_row(AcctId="1", start="2013-12-01 00:00:00")])
    assert ids(lookup.reply()) == ["62", "63", "64"]
    assert ids(get(pbx)) == ["1", "62", "63", "64", "65"]


def test_a_fault_armed_after_the_decision_does_not_act():
    """Faults are settled when the request is decided, not when its page is ready."""
    pbx = make_pbx()
    lookup = looked_up(pbx)
    pbx.faults.arm({"fault": "http.latency", "seconds": 3}, BEGAN)
    assert lookup.reply() == get(make_pbx())


def test_a_fault_disarmed_after_the_decision_still_acts():
    """What was settled stays settled."""
    pbx = make_pbx(faults=[{"fault": "http.latency", "seconds": 3}])
    lookup = looked_up(pbx)
    pbx.faults.clear()
    assert lookup.reply().steps[0] == Wait(3)


def test_a_lookup_may_run_twice():
    """The worker's part changes nothing: done again it yields the same."""
    lookup = looked_up(make_pbx())
    assert lookup.reply() == lookup.reply()


def test_the_date_is_that_of_the_decision():
    """The Date header is PBX time when the request is decided."""
    assert header(get(make_pbx(), seconds=3600), "Date") == "Tue, 03 Dec 2013 18:46:50 GMT"


# The seams where faults come in


def test_an_http_fault_is_applied_to_the_rendered_page():
    """Latency stands before the head, and the page behind it is whole."""
    slow, good = get(make_pbx(faults=[{"fault": "http.latency", "seconds": 3}])), get(make_pbx())
    assert slow.steps == (Wait(3), *good.steps)
    assert (slow.headers, slow.faults) == (good.headers, ("http-latency",))


@pytest.mark.parametrize(("target", "peer", "status"), [("/nowhere", CLIENT, 404), ("/cdrapi", STRANGER, 403)])
def test_an_http_fault_is_applied_to_error_pages(target, peer, status):
    """Error pages are replies like any other."""
    reply = get(make_pbx(faults=[{"fault": "http.latency", "seconds": 3}]), target, peer=peer)
    assert (reply.status, reply.steps[0]) == (status, Wait(3))


def test_an_api_fault_changes_what_the_request_sees():
    """A denial by fault is the 403 page to a permitted peer, and the note names the fault."""
    denied, real = get(make_pbx(faults=[{"fault": "api.deny"}])), get(make_pbx(), peer=STRANGER)
    assert wire(denied) == wire(real)
    assert "api.deny" in denied.note
    assert denied.faults == ("api-deny",)


@pytest.mark.parametrize(("target", "method", "status"), [("/nowhere", "GET", 404), ("/cdrapi", "PUT", 403)])
def test_a_denial_by_fault_stands_where_the_access_list_does(target, method, status):
    """Unknown paths stay 404, wrong methods and missing credentials are not looked at."""
    assert get(make_pbx(api=ACCOUNT, faults=[{"fault": "api.deny"}]), target, method).status == status


def test_a_request_that_could_not_be_read_gets_its_page_and_its_faults():
    """The device's page for malformed bytes is dressed like any other, and http faults apply to it."""
    pbx = make_pbx(faults=[{"fault": "http.latency", "seconds": 3}, {"fault": "api.deny"}])
    reply = pbx.malformed(pages.INVALID_REQUEST, CLIENT, at())
    assert (reply.status, len(reply.body), reply.faults) == (400, 219, ("http-latency",))
    assert reply.steps[0] == Wait(3)


def test_a_request_that_could_not_be_read_has_no_path():
    """A fault for a path does not act on bytes that never became a request."""
    pbx = make_pbx(faults=[{"fault": "http.latency", "seconds": 3, "when": {"path": "/cdrapi"}}])
    assert pbx.malformed(pages.TIMEOUT, CLIENT, at()).steps[0] == SendHead()


def test_a_wrong_fault_stops_the_pbx_from_being_made():
    """Faults of the settings are armed at the start, and a wrong one is not passed over."""
    with pytest.raises(FaultRefused, match=r"http\.latncy"):
        make_pbx(faults=[{"fault": "http.latncy"}])


# What is counted


def test_exchanges_rows_and_refusals_are_counted():
    """What was recorded adds up."""
    pbx = make_pbx()
    for target in ("/cdrapi", BAD_QUERY, "/nowhere"):
        reply = get(pbx, target)
        one = Exchange(
            "hq", CLIENT, "GET", target, reply.status, reply.rows, len(reply.body), 0.1, refusal=reply.refusal
        )
        delivered = None if reply.rows is None else 0  # nothing of it was sent
        assert pbx.record(one, request(target)) == replace(one, delivered=delivered)
    counts = pbx.books.counts
    assert (counts.requests.total(), counts.rows, counts.refusals.total()) == (3, 3, 2)


def test_parameters_are_looked_through_only_where_one_could_be_quoted():
    """A form may have a quarter of a million of them, and whoever sent it need not have been let in."""

    def untouchable():
        raise AssertionError("they were looked at")
        yield

    one = Exchange("hq", CLIENT, "POST", "/cdrapi", 401, None, 210, 0.1, "there are no credentials yet", ended="gone")
    asked = ApiRequest(CLIENT, "POST", "/cdrapi", "/cdrapi", untouchable())  # type: ignore[arg-type]
    assert make_pbx(api=ACCOUNT).record(one, asked) == one


def test_how_an_exchange_ended_is_told_without_the_password():
    """A sentence about a file may quote its name, and that may be what must not be told."""
    pbx = make_pbx(api=ACCOUNT)
    for name, told in ((f"{PASSWORD}.wav", "'***' is gone"), ("auto-1.wav", "'monitor/auto-1.wav' is gone")):
        one = Exchange("hq", CLIENT, "GET", "/recapi", 200, None, 0, 0.1, ended=f"'monitor/{name}' is gone")
        assert pbx.record(one, request(f"/recapi?filename={name}")).ended == told


@pytest.mark.quirk("method-check")
@pytest.mark.parametrize(("value", "statuses"), [("first", [501, 501]), ("last", [401, 501])])
def test_a_method_is_judged_before_or_after_the_credentials(value, statuses):
    """Either way it is 501 for who has an account, and 403 for a stranger."""
    client = Client(make_pbx(quirks={"method-check": value}, api=ACCOUNT))
    assert [client.challenged("/cdrapi", "DELETE").status, client.ask("/cdrapi", "DELETE").status] == statuses
    assert Client(client.pbx, peer=STRANGER).challenged("/cdrapi", "DELETE").status == 403
