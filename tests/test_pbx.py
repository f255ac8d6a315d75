"""The PBX as a whole: the order of its checks, what it answers, what it says on the side. Spec 0b, 2.5 to 2.9, 3.4."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import md5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.makers import (
    ACCOUNT,
    CLIENT,
    GUIDE_CSV,
    PASSWORD,
    START,
    STRANGER,
    USER,
    Client,
    another_row,
    at,
    digest,
    header,
    header_names,
    ids,
    make_pbx,
    nonce_of,
    request,
)
from ucmsim import pages
from ucmsim.clock import PbxClock
from ucmsim.errors import ConfigurationError
from ucmsim.faults import Admission, FaultRefused
from ucmsim.history import Record
from ucmsim.journal import Exchange
from ucmsim.pbx import Lookup, Pbx
from ucmsim.reader import RequestReader
from ucmsim.recordings import Recording
from ucmsim.reply import Content, HangUp, Reply, Send, SendHead, Wait
from ucmsim.request import AS_USUAL, ApiRequest, Reading

HEADER_LINE = GUIDE_CSV.partition(b"\n")[0] + b"\n"
EMPTY = {
    "csv": HEADER_LINE,
    "xml": b"<root>\n</root>\n",
    "json": b'{\n"cdr":\n[\n]\n}\n',
}
TYPES = {"csv": "text/csv", "xml": "text/xml", "json": "application/json"}


def get(pbx: Pbx, target: str = "/cdrapi", method: str = "GET", *, seconds: float = 0.0, **more: str) -> Reply:
    """Return what *pbx* answers to one request without credentials."""
    return pbx.answer(request(target, method, **more), at(seconds))


def sent(pbx: Pbx, raw: bytes) -> Reply:
    """Return what *pbx* answers to the bytes of one request, read as its quirks have it."""
    found = RequestReader(pbx.reading).feed(raw)
    assert found is not None, "the request is not complete"
    if isinstance(found, Content):
        return pbx.malformed(found, CLIENT, at())
    return pbx.answer(ApiRequest.of(CLIENT, found.head, found.form, pbx.reading), at())


def posted(form: bytes, target: str = "/cdrapi", *headers: str) -> bytes:
    """Return the bytes of a POST of *form*."""
    lines = [f"POST {target} HTTP/1.1", *headers, f"Content-Length: {len(form)}", "", ""]
    return "\r\n".join(lines).encode() + form


def wire(reply: Reply) -> bytes:
    """Return everything that *reply* puts on the wire."""
    return reply.head + reply.body


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


# The order of the checks: spec 2.9

BAD_QUERY = "/cdrapi?caler=5300"
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


# Who may connect: Permitted IPs, spec 1 and 2.8


def test_no_permitted_ips_deny_everybody():
    """With an empty list every address gets the 403 page, and the note says why."""
    reply = get(make_pbx(api={"permitted_ips": []}))
    assert reply.status == 403
    assert "blank Permitted IPs" in reply.note


@pytest.mark.parametrize(
    ("permitted", "peer", "status"),
    [
        (["192.0.2.0/255.255.255.0"], "192.0.2.9", 200),
        (["192.0.2.0/255.255.255.0"], "192.0.3.9", 403),
        (["192.0.2.0/24"], "::ffff:192.0.2.9", 200),
        (["192.0.2.0/24", "!192.0.2.9"], "192.0.2.9", 403),
        (["!192.0.2.9", "192.0.2.0/24"], "192.0.2.9", 200),
    ],
)
def test_the_last_entry_that_matches_decides(permitted, peer, status):
    """Address and netmask, mapped IPv4 addresses and inverted entries work at the PBX too."""
    assert get(make_pbx(api={"permitted_ips": permitted}), peer=peer).status == status


@pytest.mark.quirk("acl-denial")
def test_a_denied_peer_is_admitted_and_gets_the_page():
    """By default a denied peer may connect, and is told 403."""
    pbx = make_pbx()
    assert pbx.admit(STRANGER, 0).serve
    assert get(pbx, peer=STRANGER).status == 403


@pytest.mark.quirk("acl-denial")
def test_a_denied_peer_is_dropped_at_accept():
    """With acl-denial: drop the connection is not served, and the reason names the quirk."""
    admission = make_pbx(quirks={"acl-denial": "drop"}).admit(STRANGER, 0)
    assert not admission.serve
    assert STRANGER in admission.why
    assert "acl-denial" in admission.why


@pytest.mark.quirk("acl-denial")
def test_a_permitted_peer_is_not_dropped():
    """acl-denial: drop leaves permitted peers alone."""
    assert make_pbx(quirks={"acl-denial": "drop"}).admit(CLIENT, 0) == Admission()


@pytest.mark.quirk("acl-unparsable")
def test_an_unreadable_entry_is_refused_by_the_settings():
    """By default a Permitted IPs entry that the device could not read is an error."""
    with pytest.raises(ConfigurationError, match="nonsense"):
        make_pbx(api={"permitted_ips": ["127.0.0.0/8", "nonsense"]})


@pytest.mark.quirk("acl-unparsable")
def test_an_unreadable_entry_denies_everybody():
    """With acl-unparsable: deny-all one bad entry invalidates the list, as in Asterisk."""
    bad = {"permitted_ips": ["127.0.0.0/8", "nonsense"]}
    assert get(make_pbx(quirks={"acl-unparsable": "deny-all"}, api=bad)).status == 403


@pytest.mark.quirk("acl-blank")
@pytest.mark.parametrize(("quirks", "status"), [({}, 403), ({"acl-blank": "deny"}, 403), ({"acl-blank": "allow"}, 200)])
@pytest.mark.parametrize("peer", [CLIENT, STRANGER, "2001:db8::1"])
def test_blank_permitted_ips_deny_or_allow_everybody(quirks, status, peer):
    """The first contact fails until somebody is permitted, or nobody need be; a list that is not blank counts."""
    assert get(make_pbx(api={"permitted_ips": []}, quirks=quirks), peer=peer).status == status
    assert get(make_pbx(api={"permitted_ips": ["127.0.0.0/8"]}, quirks=quirks), peer=STRANGER).status == 403


@pytest.mark.quirk("acl-blank")
@pytest.mark.quirk("acl-denial")
@pytest.mark.parametrize(("blank", "served"), [("deny", False), ("allow", True)])
def test_blank_permitted_ips_count_at_accept_too(blank, served):
    """Where denied peers are dropped at accept, blank Permitted IPs drop everybody, or nobody."""
    pbx = make_pbx(api={"permitted_ips": []}, quirks={"acl-denial": "drop", "acl-blank": blank})
    assert pbx.admit(STRANGER, 0).serve is served


@pytest.mark.quirk("acl-blank")
def test_a_denial_by_fault_wins_over_blank_permitted_ips():
    """Where blank Permitted IPs allow everybody, api.deny denies all the same."""
    pbx = make_pbx(api={"permitted_ips": []}, quirks={"acl-blank": "allow"}, faults=[{"fault": "api.deny"}])
    assert get(pbx).status == 403


@pytest.mark.quirk("session-cap")
@pytest.mark.parametrize(
    ("quirks", "others", "served"),
    [
        ({}, 99, True),
        ({}, 100, False),
        ({"session-cap": 2}, 1, True),
        ({"session-cap": 2}, 2, False),
        ({"session-cap": "none"}, 100_000, True),
    ],
)
def test_the_session_cap_counts_open_connections(quirks, others, served):
    """The 101st connection is not served, or whichever the quirk says; the reason names the quirk."""
    admission = make_pbx(quirks=quirks).admit(CLIENT, others)
    assert admission.serve is served
    assert ("session-cap" in admission.why) is not served


# Who may ask: spec 2.7


def test_the_challenge_is_the_devices():
    """A 401 carries the Digest challenge before its Content-type, nonce and opaque being the same number."""
    reply = get(make_pbx(api=ACCOUNT))
    nonce = nonce_of(reply)
    assert header(reply, "WWW-authenticate") == (
        f'Digest algorithm=MD5, realm="asterisk", nonce="{nonce}", qop="auth", opaque="{nonce}"'
    )
    assert header_names(reply)[-2:] == ["WWW-authenticate", "Content-type"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_an_answered_challenge_opens(method):
    """The right name and password are let in with every method."""
    assert Client(make_pbx(api=ACCOUNT)).ask(method=method).status == 200


@pytest.mark.parametrize("account", [{"user": "nobody"}, {"password": "wrong"}])
def test_a_wrong_account_is_challenged_again(account):
    """A wrong name or password gets a fresh challenge without stale."""
    pbx = make_pbx(api=ACCOUNT)
    first, second = get(pbx), Client(pbx, **account).ask()
    assert second.status == 401
    assert "stale" not in (header(second, "WWW-authenticate") or "")
    assert nonce_of(second) != nonce_of(first)


@pytest.mark.parametrize("api", [{}, {"tls_authentication_password": PASSWORD}, {"tls_authentication_name": ""}])
def test_without_a_user_name_nobody_is_asked(api):
    """No user name means no authentication, with or without a password."""
    assert get(make_pbx(api=api)).status == 200


def test_a_user_name_without_a_password_is_a_digest_with_an_empty_one():
    """The challenge stays, and only the empty password answers it."""
    pbx = make_pbx(api={"tls_authentication_name": USER})
    assert get(pbx).status == 401
    assert Client(pbx, password="").ask().status == 200
    assert Client(pbx, password=PASSWORD).ask().status == 401


def test_a_nonce_ages_by_the_wall_clock():
    """62 seconds of wall-clock time after its issue a nonce is stale, even if the PBX clock stands still."""
    pbx = make_pbx(api=ACCOUNT, clock={"rate": 0})
    first = pbx.answer(request("/cdrapi"), pbx.clock.at(1000.0))
    late = pbx.answer(request("/cdrapi", authorization=digest(first, "/cdrapi")), pbx.clock.at(1062.5))
    assert late.status == 401
    assert (header(late, "WWW-authenticate") or "").endswith(", stale=true")


def test_a_nonce_count_is_spent_once():
    """The same credentials a second time are stale; with the next count they are not."""
    pbx = make_pbx(api=ACCOUNT)
    first = get(pbx)
    again = [get(pbx, authorization=digest(first, "/cdrapi", nc=nc)).status for nc in (1, 1, 2)]
    assert again == [200, 401, 200]


@pytest.mark.quirk("factory-account")
def test_the_factory_account_is_a_setting():
    """By default there is no user and nobody is asked; with the factory's name and password set only they open."""
    assert get(make_pbx()).status == 200
    factory = {"tls_authentication_name": "cdrapi", "tls_authentication_password": "cdrapi123"}
    pbx = make_pbx(api=factory)
    assert get(pbx).status == 401
    assert Client(pbx, user="cdrapi", password="cdrapi123").ask().status == 200
    assert Client(pbx, user="admin", password="admin").ask().status == 401


@pytest.mark.quirk("blank-name")
@pytest.mark.parametrize("name", [None, ""])
@pytest.mark.parametrize(
    ("quirks", "status"), [({}, 200), ({"blank-name": "open"}, 200), ({"blank-name": "refuse"}, 401)]
)
def test_without_a_user_name_nobody_is_asked_or_everybody_refused(name, quirks, status):
    """The refusal is the challenge, which nothing answers: no name, no empty one, no Basic, whatever the password."""
    pbx = make_pbx(
        api={"tls_authentication_name": name, "tls_authentication_password": PASSWORD},
        quirks={"basic-auth": "accept", **quirks},
    )
    first = get(pbx)
    assert first.status == status
    if status == 401:
        assert nonce_of(first)
        assert len(first.body) == 210
        assert first.note == "no user name is set, so nobody is let in (quirk blank-name: refuse)"
        for user in ("", USER):
            assert Client(pbx, user=user, password=PASSWORD).ask().status == 401
        basic = "Basic OmNkcmFwaTEyMw=="  # :cdrapi123
        assert get(pbx, authorization=basic).status == 401


@pytest.mark.quirk("blank-name")
def test_an_unknown_path_is_not_refused_for_a_blank_name():
    """Even where everybody is refused, what does not exist is a 404."""
    assert get(make_pbx(quirks={"blank-name": "refuse"}), "/nowhere").status == 404


@pytest.mark.quirk("blank-password")
@pytest.mark.parametrize("password", [None, ""])
@pytest.mark.parametrize(
    ("quirks", "status"), [({}, 401), ({"blank-password": "digest"}, 401), ({"blank-password": "open"}, 200)]
)
def test_a_blank_password_is_an_empty_one_or_none_at_all(password, quirks, status):
    """A name without a password means Digest with an empty password, or that nobody is asked."""
    pbx = make_pbx(api={"tls_authentication_name": USER, "tls_authentication_password": password}, quirks=quirks)
    assert get(pbx).status == status
    assert Client(pbx, password="").ask().status == 200
    assert Client(pbx, password=PASSWORD).ask().status == status


@pytest.mark.quirk("blank-password")
def test_a_password_that_is_set_is_asked_for():
    """The quirk is about blank ones only."""
    assert get(make_pbx(api=ACCOUNT, quirks={"blank-password": "open"})).status == 401


def hashed(*parts: str) -> str:
    return md5(":".join(parts).encode()).hexdigest()


@pytest.mark.quirk("realm")
@pytest.mark.parametrize(
    ("quirks", "realm", "written"),
    [
        ({}, "asterisk", "asterisk"),
        ({"realm": "asterisk"}, "asterisk", "asterisk"),
        ({"realm": "Grandstream UCM6202"}, "Grandstream UCM6202", "Grandstream UCM6202"),
        ({"realm": 'the "box" \\ 1'}, 'the "box" \\ 1', r"the \"box\" \\ 1"),
        ({"realm": "Büro"}, "Büro", "Büro"),
    ],
)
def test_the_realm_is_that_of_the_quirk(quirks, realm, written):
    """It stands in the challenge, quoted, and passwords are hashed with it."""
    pbx = make_pbx(api=ACCOUNT, quirks=quirks)

    def answered(own: str) -> int:
        challenged = get(pbx)
        nonce = nonce_of(challenged)
        assert f'\r\nWWW-authenticate: Digest algorithm=MD5, realm="{written}", nonce='.encode() in challenged.head
        response = hashed(hashed(USER, own, PASSWORD), nonce, hashed("GET", "/cdrapi"))
        given = f'username="{USER}", realm="{written}", nonce="{nonce}", uri="/cdrapi", response="{response}"'
        return get(pbx, authorization=f"Digest {given}").status

    assert (answered(realm), answered(f"{realm}x")) == (200, 401)


@pytest.mark.quirk("nonce-lifetime")
@pytest.mark.parametrize(
    ("quirks", "good", "stale"),
    [
        ({}, 62, 62.1),
        ({"nonce-lifetime": 5}, 5, 5.1),
        ({"nonce-lifetime": 3600}, 3600, 3600.1),
        ({"nonce-lifetime": "none"}, 1e9, None),
    ],
)
def test_a_nonce_is_good_as_long_as_the_quirk_says(quirks, good, stale):
    """Seconds from its issue; later the challenge says stale=true, and the note how long it was good for."""
    pbx = make_pbx(api=ACCOUNT, quirks=quirks)
    first = get(pbx)
    assert get(pbx, authorization=digest(first, "/cdrapi"), seconds=good).status == 200
    if stale is not None:
        late = get(pbx, authorization=digest(first, "/cdrapi", nc=2), seconds=stale)
        assert (header(late, "WWW-authenticate") or "").endswith(", stale=true")
        assert late.note == f"the nonce is older than {good} seconds"


@pytest.mark.quirk("nonce-count")
@pytest.mark.parametrize(
    ("quirks", "statuses"),
    [
        ({}, [200, 401, 401, 200]),
        ({"nonce-count": "checked"}, [200, 401, 401, 200]),
        ({"nonce-count": "ignored"}, [200, 200, 200, 200]),
    ],
)
def test_a_nonce_count_must_increase_or_is_not_looked_at(quirks, statuses):
    """The same count again, and a lower one, are stale, or as good as any."""
    pbx = make_pbx(api=ACCOUNT, quirks=quirks)
    first = get(pbx)
    replies = [get(pbx, authorization=digest(first, "/cdrapi", nc=nc)) for nc in (2, 2, 1, 3)]
    assert [reply.status for reply in replies] == statuses
    assert all("stale=true" in (header(reply, "WWW-authenticate") or "") for reply in replies if reply.status == 401)


@pytest.mark.quirk("unknown-nonce")
@pytest.mark.parametrize(("quirks", "status"), [({}, 401), ({"unknown-nonce": "accept"}, 200)])
def test_a_foreign_nonce_is_refused_or_accepted(quirks, status):
    """A nonce that another PBX issued opens only where the quirk says so."""
    elsewhere = get(make_pbx(name="elsewhere", api=ACCOUNT))
    pbx = make_pbx(api=ACCOUNT, quirks=quirks)
    assert get(pbx, authorization=digest(elsewhere, "/cdrapi")).status == status


@pytest.mark.quirk("basic-auth")
@pytest.mark.parametrize(("quirks", "status"), [({}, 401), ({"basic-auth": "accept"}, 200)])
def test_basic_credentials_are_refused_or_accepted(quirks, status):
    """Basic credentials open only where the quirk says so."""
    basic = "Basic Y2RyYXBpOmNkcmFwaTEyMw=="  # cdrapi:cdrapi123
    assert get(make_pbx(api=ACCOUNT, quirks=quirks), authorization=basic).status == status


def test_the_same_seed_issues_the_same_nonces():
    """Nonces follow the seed and the name of the PBX."""
    one, other = (get(make_pbx(api=ACCOUNT)) for _ in range(2))
    assert nonce_of(one) == nonce_of(other)
    assert nonce_of(one) != nonce_of(get(make_pbx(api=ACCOUNT, seed=43)))
    assert nonce_of(one) != nonce_of(get(make_pbx(api=ACCOUNT, name="branch")))


# HEAD and POST: spec 2.5


@pytest.mark.parametrize("target", ["/cdrapi", "/cdrapi?format=json", BAD_QUERY])
def test_head_is_the_same_head_and_no_body(target):
    """HEAD answers as GET does, true Content-Length included, and sends nothing after the head."""
    head, whole = get(make_pbx(), target, "HEAD"), get(make_pbx(), target)
    assert head.head == whole.head
    assert head.body == b""


@pytest.mark.parametrize(("target", "peer"), [("/nowhere", CLIENT), ("/cdrapi", STRANGER), ("/cdrapi", CLIENT)])
def test_head_gets_the_body_of_an_error(target, peer):
    """From 400 on the page is sent to HEAD too."""
    pbx = make_pbx(api=ACCOUNT)
    reply = get(pbx, target, "HEAD", peer=peer)
    assert reply.status >= 400
    assert len(reply.body) == int(header(reply, "Content-Length") or 0) > 0


def test_a_forms_parameters_replace_those_of_the_uri():
    """POST looks at the form alone."""
    posted = request("/cdrapi?caller=nobody", "POST", form=b"format=json&numRecords=1")
    reply = make_pbx().answer(posted, at())
    assert [row["AcctId"] for row in json.loads(reply.body)["cdr"]] == ["62"]


def test_a_form_of_another_type_is_no_parameters_at_all():
    """Another content type counts as an empty form: all records, as CSV."""
    posted = request("/cdrapi?format=json", "POST", form=b"format=xml", content_type="text/plain")
    assert make_pbx().answer(posted, at()).body == GUIDE_CSV


def test_a_form_with_an_error_gets_the_empty_container():
    """The grammar of a form is that of a query."""
    reply = make_pbx().answer(request("/cdrapi", "POST", form=b"format=xml&caller="), at())
    assert (reply.status, reply.body) == (200, EMPTY["xml"])


@pytest.mark.parametrize(("length", "status"), [(1024, 200), (1025, 413)])
def test_a_form_may_have_1024_bytes(length, status):
    """A longer form is a 413 without a page; one of 1024 bytes is read."""
    reply = make_pbx().answer(request("/cdrapi", "POST", form=b"caller=".ljust(length, b"5")), at())
    assert reply.status == status
    assert (reply.body == b"") is (status == 413)


def test_a_large_form_is_challenged_first():
    """Credentials are asked for before a form is judged."""
    assert make_pbx(api=ACCOUNT).answer(request("/cdrapi", "POST", form=b"x" * 2000), at()).status == 401


# How requests are read: quirks of spec 2.2, 2.5, 2.6


def test_the_reading_of_a_pbx_without_quirks_is_the_usual_one():
    """What a reader does by itself is what the register says by default."""
    assert make_pbx().reading == Reading() == AS_USUAL


@pytest.mark.quirk("header-limit")
@pytest.mark.parametrize(
    ("quirks", "limit"),
    [({}, 100), ({"header-limit": 1}, 1), ({"header-limit": 100}, 100), ({"header-limit": 2000}, 2000)],
)
def test_headers_up_to_the_limit_are_taken(quirks, limit):
    """One more is answered with the page Too many headers, and the note says how many there may be."""
    pbx = make_pbx(quirks=quirks)
    lines = [b"X-%d: y\r\n" % number for number in range(limit + 1)]
    assert sent(pbx, b"GET /cdrapi HTTP/1.1\r\n" + b"".join(lines[:-1]) + b"\r\n").body == GUIDE_CSV
    refused = sent(pbx, b"GET /cdrapi HTTP/1.1\r\n" + b"".join(lines) + b"\r\n")
    assert (refused.status, len(refused.body), refused.note) == (413, 246, f"there are more than {limit} headers")


@pytest.mark.quirk("header-limit")
@pytest.mark.parametrize("value", ["none", 10**9])
def test_without_a_limit_thousands_of_headers_are_taken(value):
    """The limit can be lifted, as old Asterisk has none."""
    pbx = make_pbx(quirks={"header-limit": value})
    assert sent(pbx, b"GET /cdrapi HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n").body == GUIDE_CSV


@pytest.mark.quirk("form-limit")
@pytest.mark.parametrize(
    ("quirks", "limit"),
    [({}, 1024), ({"form-limit": 12}, 12), ({"form-limit": 1024}, 1024), ({"form-limit": 50_000}, 50_000)],
)
def test_a_form_up_to_the_limit_is_read(quirks, limit):
    """A longer one is answered by its announcement with 413 and no page."""
    pbx = make_pbx(quirks=quirks)
    assert sent(pbx, posted(b"caller=".ljust(limit, b"5"))).body == EMPTY["csv"]
    refused = sent(pbx, posted(b"caller=".ljust(limit + 1, b"5")))
    assert (refused.status, refused.body, refused.note) == (413, b"", f"the form is longer than {limit} bytes")


@pytest.mark.quirk("form-limit")
@pytest.mark.parametrize("value", ["none", 10**9])
def test_without_a_limit_long_forms_are_read(value):
    """A list of a thousand ranges, too long for a URI, can be sent by POST."""
    ranges = b",".join(b"%d-%d" % (at * 10**9, at * 10**9 + 5) for at in range(1, 999))
    form = b"caller=" + ranges + b",5300-5300"
    assert len(form) > 20_000
    assert sent(make_pbx(quirks={"form-limit": value}), posted(form)).body == GUIDE_CSV


@pytest.mark.quirk("post")
@pytest.mark.parametrize(
    ("quirks", "methods"),
    [({}, "GET, HEAD, POST"), ({"post": "accept"}, "GET, HEAD, POST"), ({"post": "refuse"}, "GET, HEAD")],
)
def test_a_form_is_taken_or_the_method_refused(quirks, methods):
    """POST is answered like GET, or with the page of every other method; the note lists what there is."""
    pbx = make_pbx(quirks=quirks)
    reply = sent(pbx, posted(b"numRecords=0"))
    if "POST" in methods:
        assert (reply.status, reply.body) == (200, EMPTY["csv"])
    else:
        assert reply.head == get(pbx, method="PUT").head
        assert (reply.status, reply.body) == (501, get(pbx, method="PUT").body)
    assert get(pbx, method="PUT").note == f"the method is none of {methods}"
    assert [get(pbx, method=method).status for method in ("GET", "HEAD")] == [200, 200]


@pytest.mark.quirk("post")
@pytest.mark.parametrize(("value", "waits"), [("accept", True), ("refuse", False)])
def test_a_form_that_is_refused_is_not_waited_for(value, waits):
    """Where POST is no method, its headers are enough for the answer, however long the form may be."""
    reader = RequestReader(make_pbx(quirks={"post": value}).reading)
    assert (reader.feed(posted(b"caller=5300")[:-1]) is None) is waits


@pytest.mark.quirk("post")
@pytest.mark.parametrize(("target", "peer", "status"), [("/nowhere", CLIENT, 404), ("/cdrapi", STRANGER, 403)])
def test_path_and_address_are_judged_before_the_method(target, peer, status):
    """A POST that is refused comes no further than any other wrong method."""
    pbx = make_pbx(api=ACCOUNT, quirks={"post": "refuse"})
    assert get(pbx, target, "POST", peer=peer).status == status
    assert get(pbx, method="POST").status == 501


@pytest.mark.quirk("post-parameters")
@pytest.mark.parametrize(
    ("target", "form", "replaced", "joined"),
    [
        ("/cdrapi?format=xml", b"numRecords=0", EMPTY["csv"], EMPTY["xml"]),
        ("/cdrapi?numRecords=0&format=xml", b"", GUIDE_CSV, EMPTY["xml"]),
        ("/cdrapi?caller=nobody", b"caller=5300", GUIDE_CSV, GUIDE_CSV),
        ("/cdrapi?format=json", b"format=json&numRecords=0", EMPTY["json"], EMPTY["csv"]),
        ("/cdrapi?", b"numRecords=0&format=xml", EMPTY["xml"], EMPTY["xml"]),
        ("/cdrapi", b"numRecords=0&format=xml", EMPTY["xml"], EMPTY["xml"]),
    ],
)
def test_a_form_replaces_the_query_or_follows_it(target, form, replaced, joined):
    """Behind the query its parameters are like any others: lists go on, a second format is one too many."""
    for quirks, body in (
        ({}, replaced),
        ({"post-parameters": "replace"}, replaced),
        ({"post-parameters": "join"}, joined),
    ):
        assert sent(make_pbx(quirks=quirks), posted(form, target)).body == body


@pytest.mark.quirk("post-parameters")
@pytest.mark.parametrize(("value", "body"), [("replace", GUIDE_CSV), ("join", EMPTY["xml"])])
def test_a_form_of_another_type_leaves_nothing_or_the_query(value, body):
    """It has no parameters; joined to those of the URI these remain."""
    raw = posted(b"format=json", "/cdrapi?format=xml&numRecords=0", "Content-Type: application/json")
    assert sent(make_pbx(quirks={"post-parameters": value}), raw).body == body


@pytest.mark.quirk("post-parameters")
def test_parameters_join_in_their_order():
    """Those of the URI come first."""
    found = RequestReader().feed(posted(b"c=3&a=4", "/cdrapi?a=1&b=2"))
    asked = ApiRequest.of(CLIENT, found.head, found.form, Reading(joins=True))
    assert asked.params == (("a", "1"), ("b", "2"), ("c", "3"), ("a", "4"))


@pytest.mark.quirk("path-match")
@pytest.mark.parametrize(
    ("path", "loose", "exact"),
    [
        ("/cdrapi", 200, 200),
        ("/cdrapi?format=json", 200, 200),
        ("/%63drapi", 200, 200),
        ("/CDRAPI", 200, 404),
        ("/cdrapi/", 200, 404),
        ("/cdrapi/?format=json", 200, 404),
        ("/CdrApi/", 200, 404),
        ("/%43drapi", 200, 404),
        ("/recapi", 200, 200),
        ("/RecAPI/", 200, 404),
        ("/cdrapi//", 404, 404),
        ("/cdrapis", 404, 404),
        ("cdrapi", 404, 404),
    ],
)
def test_paths_match_loosely_or_exactly(path, loose, exact):
    """In any letter case and with one slash at the end, or only as they are; escapes are decoded either way."""
    raw = f"GET {path} HTTP/1.1\r\n\r\n".encode()
    for quirks, status in (({}, loose), ({"path-match": "loose"}, loose), ({"path-match": "exact"}, exact)):
        assert sent(make_pbx(quirks=quirks), raw).status == status


@pytest.mark.quirk("unknown-path")
@pytest.mark.parametrize(
    ("target", "peer", "method", "knows_password", "first", "last"),
    [
        ("/nowhere", STRANGER, "DELETE", False, 404, 403),
        ("/nowhere", CLIENT, "DELETE", False, 404, 501),
        ("/nowhere", CLIENT, "GET", False, 404, 401),
        ("/nowhere", CLIENT, "GET", True, 404, 404),
        ("nowhere", CLIENT, "GET", False, 404, 401),
        ("/cdrapi", CLIENT, "GET", True, 200, 200),
    ],
)
def test_an_unknown_path_is_looked_for_first_or_last(target, peer, method, knows_password, first, last):
    """Nothing is checked before its 404, or everything is; the page is the same."""
    for quirks, status in (({}, first), ({"unknown-path": "first"}, first), ({"unknown-path": "last"}, last)):
        client = Client(make_pbx(api=ACCOUNT, quirks=quirks), peer=peer)
        reply = (client.ask if knows_password else client.challenged)(target, method)
        assert reply.status == status
        assert (header(reply, "WWW-authenticate") is not None) is (status == 401)
        assert (len(reply.body) == 247) is (status == 404)


@pytest.mark.quirk("unknown-path")
def test_a_form_is_not_judged_on_an_unknown_path():
    """That it is too large would be said by what serves the path."""
    pbx = make_pbx(quirks={"unknown-path": "last"})
    assert sent(pbx, posted(b"x" * 2000, "/nowhere")).status == 404
    assert sent(pbx, posted(b"x" * 2000)).status == 413


@pytest.mark.quirk("unknown-path")
@pytest.mark.parametrize(("value", "statuses"), [("first", [404, 403, 200]), ("last", [403, 200, 200])])
def test_a_fault_of_the_api_stands_where_the_checks_are(value, statuses):
    """What is armed for one request is still there after an unknown path that nothing checks, and not after another."""
    deny, slow = {"fault": "api.deny", "times": 1}, {"fault": "http.latency", "seconds": 3}
    pbx = make_pbx(quirks={"unknown-path": value}, faults=[deny, slow])
    replies = [get(pbx, target) for target in ("/nowhere", "/cdrapi", "/cdrapi")]
    assert [reply.status for reply in replies] == statuses
    denied = ("api-deny", "http-latency")
    assert [reply.faults for reply in replies] == [
        denied if status == 403 else ("http-latency",) for status in statuses
    ]


NOTHING_STATIC = (
    b'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\r\n'
    b"<html><head>\r\n"
    b"<title>403 Access Denied</title>\r\n"
    b"</head><body>\r\n"
    b"<h1>Access Denied</h1>\r\n"
    b"<p>Sorry, I cannot let you do that, Dave.</p>\r\n"
    b"<hr />\r\n"
    b"<address>Asterisk Server</address>\r\n"
    b"</body></html>\r\n"
)


@pytest.mark.quirk("static-path")
@pytest.mark.parametrize(
    ("path", "loose", "exact"),
    [
        ("/static", 403, 403),
        ("/static/", 403, 403),
        ("/static/index.html", 403, 403),
        ("/static//x/y?z", 403, 403),
        ("/STATIC/x", 403, 404),
        ("/statics", 404, 404),
        ("/x/static", 404, 404),
        ("static", 404, 404),
        ("/httpstatus", 404, 404),
    ],
)
def test_static_content_is_nowhere_or_denied(path, loose, exact):
    """It is an unknown path, or denied to everybody before anything else is looked at."""
    closed = {**ACCOUNT, "permitted_ips": []}
    raw = f"GET {path} HTTP/1.1\r\n\r\n".encode()
    usual = sent(make_pbx(api=closed), raw)
    assert usual.status == 404
    assert wire(sent(make_pbx(api=closed, quirks={"static-path": 404}), raw)) == wire(usual)
    for match, status in (("loose", loose), ("exact", exact)):
        reply = sent(make_pbx(api=closed, quirks={"static-path": 403, "path-match": match}), raw)
        assert (reply.status, reply.title) == ((403, "Access Denied") if status == 403 else (404, "Not Found"))
        assert reply.body == (NOTHING_STATIC if status == 403 else usual.body)


@pytest.mark.quirk("static-path")
@pytest.mark.quirk("unknown-path")
def test_static_content_is_denied_before_other_paths_are_checked():
    """It has a handler of its own, to whom nobody's credentials matter."""
    pbx = make_pbx(api=ACCOUNT, quirks={"static-path": 403, "unknown-path": "last"})
    assert [get(pbx, path).status for path in ("/static/x", "/nowhere")] == [403, 401]


@pytest.mark.quirk("request-line")
@pytest.mark.parametrize(
    ("raw", "strict"),
    [
        (b"GET /cdrapi HTTP/1.1\r\nHost: pbx\r\n\r\n", 200),
        (b"GET /cdrapi HTTP/1.1\r\nHOST:pbx\r\n\r\n", 200),
        (b"GET  /cdrapi \t HTTP/1.1 \r\nHost: pbx\r\n\r\n", 200),
        (b"GET /cdrapi HTTP/1.0\r\n\r\n", 200),
        (b"GET /cdrapi HTTP/1.1\r\n\r\n", 400),
        (b"GET /cdrapi HTTP/1.1\r\nHost:\r\n\r\n", 400),
        (b"GET /cdrapi HTTP/9.9\r\nHost: pbx\r\n\r\n", 400),
        (b"GET /cdrapi http/1.1\r\nHost: pbx\r\n\r\n", 400),
        (b"GET /cdrapi HTTP/1.1 x\r\nHost: pbx\r\n\r\n", 400),
        (b"GET /cdrapi\r\nHost: pbx\r\n\r\n", 400),
        (b"GET /cdrapi?caller=" + b"5" * 9000 + b" HTTP/1.1\r\nHost: pbx\r\n\r\n", 400),
        (b"get /cdrapi HTTP/1.1\r\nHost: pbx\r\n\r\n", 501),
        (b"Head /cdrapi HTTP/1.1\r\nHost: pbx\r\n\r\n", 501),
    ],
)
def test_a_request_line_is_read_leniently_or_strictly(raw, strict):
    """Where it is strict a wrong version and a missing Host are no request, and a method in lower case is unknown."""
    for quirks, status in (({}, 200), ({"request-line": "lenient"}, 200), ({"request-line": "strict"}, strict)):
        reply = sent(make_pbx(quirks=quirks), raw)
        assert reply.status == status
        assert len(reply.body) == {400: 219, 501: 261}.get(status, len(reply.body))
        assert ("request-line: strict" in reply.note) is (status == 400)


@pytest.mark.quirk("bad-escape")
@pytest.mark.parametrize(
    ("raw", "refused"),
    [
        (b"GET /cdrapi?format=xml%2 HTTP/1.1\r\n\r\n", True),
        (b"GET /cdrapi?format=xml%zz HTTP/1.1\r\n\r\n", True),
        (b"GET /cdrapi?format=xml%25%2&a HTTP/1.1\r\n\r\n", True),
        (b"GET /cdrapi?% HTTP/1.1\r\n\r\n", True),
        (b"GET /nowhere% HTTP/1.1\r\n\r\n", True),
        (b"GET /nowhere%\0 HTTP/1.1\r\n\r\n", True),
        (posted(b"format=xml%2"), True),
        (posted(b"format=xml", "/cdrapi?%"), True),
        (posted(b"%", "/cdrapi", "Content-Type: text/plain"), False),
        (b"GET /cdrapi?format=%78%6D%6c HTTP/1.1\r\nX: %\r\n\r\n", False),
        (b"GET /cdrapi?format=xml%252 HTTP/1.1\r\n\r\n", False),
    ],
)
def test_a_bad_escape_is_kept_or_refused(raw, refused):
    """A % in target or form that no two hexadecimal digits follow stays, or gets the page Invalid Request."""
    usual = sent(make_pbx(), raw)
    assert usual.status in (200, 404)
    for value in ("kept", "refused"):
        reply = sent(make_pbx(quirks={"bad-escape": value}), raw)
        if refused and value == "refused":
            assert (reply.status, len(reply.body)) == (400, 219)
            assert "bad-escape: refused" in reply.note
        else:
            assert wire(reply) == wire(usual)


@pytest.mark.quirk("bad-escape")
def test_a_bad_escape_that_is_kept_is_a_percent_sign():
    """It reaches the parameter as it was sent."""
    assert get(make_pbx(), "/cdrapi?caler%2=1").note.startswith("'caler%2' is not a parameter")


@pytest.mark.quirk("post-type")
@pytest.mark.parametrize(
    ("kind", "form", "any_type"),
    [
        ("application/x-www-form-urlencoded", EMPTY["xml"], EMPTY["xml"]),
        ("text/plain", GUIDE_CSV, EMPTY["xml"]),
        ("application/json", GUIDE_CSV, EMPTY["xml"]),
    ],
)
def test_a_body_of_another_type_is_nothing_or_a_form(kind, form, any_type):
    """It has no parameters, so that everything is found, or those that a form would have."""
    raw = posted(b"format=xml&numRecords=0", "/cdrapi", f"Content-Type: {kind}")
    for quirks, body in (({}, form), ({"post-type": "form"}, form), ({"post-type": "any"}, any_type)):
        assert sent(make_pbx(quirks=quirks), raw).body == body


@pytest.mark.quirk("line-limit")
@pytest.mark.parametrize(
    ("quirks", "read"),
    [({}, 4095), ({"line-limit": 4095}, 4095), ({"line-limit": 64}, 64), ({"line-limit": "none"}, 0)],
)
def test_a_list_is_cut_where_its_line_is(quirks, read):
    """The one item that matches stands behind what may be read, or before it."""
    for length in (60, 4000, 8000):
        start = b"GET /cdrapi?caller="
        raw = start + b"1," * ((length - len(start)) // 2) + b"5300 HTTP/1.1\r\n\r\n"
        found = sent(make_pbx(quirks=quirks), raw).body == GUIDE_CSV
        assert found is (not read or raw.index(b" HTTP") <= read)


@pytest.mark.quirk("range-requests")
@pytest.mark.parametrize("target", ["/cdrapi", "/recapi?filename=auto-1.wav"])
@pytest.mark.parametrize(
    "asked", [{"range": "bytes=0-3"}, {"range": "bytes=-1"}, {"range": "bytes=9-,0-1", "if_range": "x"}]
)
def test_a_range_is_answered_with_the_whole(target, asked):
    """Range headers, and encodings that a client would take, change no byte of the answer."""
    pbx = make_pbx()
    pbx.history.keep([Record(another_row(), [Recording("monitor", "auto-1.wav", int(START.timestamp()), samples=800)])])
    whole = get(pbx, target)
    assert whole.status == 200
    reply = get(pbx, target, accept_encoding="gzip, deflate, br", **asked)
    assert wire(reply) == wire(whole)
    assert header(reply, "Content-Length") == str(len(whole.body))
    assert not {"Accept-Ranges", "Content-Encoding", "ETag", "Last-Modified"} & set(header_names(reply))


PLUS = {"src": "+5300", "AcctId": "65"}


@pytest.mark.quirk("plus")
@pytest.mark.parametrize(
    ("query", "space", "plus"),
    [
        ("caller=%2B5300", ["65"], ["65"]),
        ("caller=+5300", [], ["65"]),
        ("startTime=2013-12-03T20:02:00%2B00:00&caller=5300", ["64"], ["64"]),
        ("startTime=2013-12-03T20:02:00+00:00&caller=5300", [], ["64"]),
        ("caller=53%20", [], []),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_plus_is_a_space_or_itself(query, space, plus, method):
    """In a query and in a form an offset or a number must be written with %2B, or may have its plus."""
    raw = posted(query.encode()) if method == "POST" else f"GET /cdrapi?{query} HTTP/1.1\r\n\r\n".encode()
    for quirks, found in (({}, space), ({"plus": "space"}, space), ({"plus": "plus"}, plus)):
        pbx = make_pbx(quirks=quirks)
        pbx.history.extend([another_row(**PLUS)])
        reply = sent(pbx, raw)
        assert (ids(reply), bool(reply.note)) == (found, found == [])


@pytest.mark.quirk("plus")
@pytest.mark.parametrize(("is_space", "params"), [(True, (("a b", "c d+"),)), (False, (("a+b", "c+d+"),))])
def test_a_plus_in_a_name(is_space, params):
    """Names are decoded like values."""
    found = RequestReader().feed(b"GET /cdr+api?a+b=c+d%2B HTTP/1.1\r\n\r\n")
    asked = ApiRequest.of(CLIENT, found.head, None, Reading(plus_is_space=is_space))
    assert (asked.params, asked.path) == (params, "/cdr api" if is_space else "/cdr+api")


# Refusals: told on the side, never on the wire

REFUSED = [
    "caller=53;00",
    "startTime=2013-07-01 00:00",
    "startTime=2013-13-40T25:00",
    "offset=-1",
    "minDur=1.5",
    "caller=5300-5301-",
    "caller=",
    "caller=,5300",
    "caller=5300,,5303",
    "caler=5300",
    "caller=5300&",
    "caller=5300&&callee=5301",
    "=x",
    "minDur=5&minDur=10",
]


@pytest.mark.parametrize("form", ["csv", "xml", "json"])
@pytest.mark.parametrize("query", REFUSED)
def test_a_refused_request_gets_the_empty_container(query, form):
    """Every error of spec 3.4 answers 200 and the container of the format; the note explains it."""
    reply = get(make_pbx(), f"/cdrapi?format={form}&{query}")
    assert (reply.status, reply.title, reply.body) == (200, "OK", EMPTY[form])
    assert header(reply, "Content-type") == TYPES[form]
    assert reply.rows == 0
    assert reply.note


def test_an_empty_container_is_the_personalitys():
    """A G3 device's empty JSON stands under cdr_root, and its header line has 32 names."""
    pbx = make_pbx(personality="ucm6200")
    assert get(pbx, "/cdrapi?format=json&caler=5300").body == b'{\n"cdr_root":\n[\n]\n}\n'
    assert get(pbx, BAD_QUERY).body.count(b",") == 31


@pytest.mark.parametrize("query", ["format=yaml", "format=json&format=json", "format="])
def test_a_wrong_format_gets_the_csv_header(query):
    """Where the format itself is wrong the container is that of CSV."""
    reply = get(make_pbx(), f"/cdrapi?{query}")
    assert (reply.status, reply.body) == (200, EMPTY["csv"])
    assert reply.note


def test_a_mistyped_parameter_is_hinted_at():
    """The note says which parameter was probably meant."""
    assert "did you mean 'caller'?" in get(make_pbx(), BAD_QUERY).note


def test_an_empty_result_is_no_refusal():
    """A request that finds nothing has no note."""
    reply = get(make_pbx(), "/cdrapi?caller=nobody")
    assert (reply.body, reply.rows, reply.note) == (EMPTY["csv"], 0, "")


@settings(deadline=None)
@given(query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
def test_no_note_is_ever_on_the_wire(query):
    """Whatever is asked, the answer is 200 and what it says on the side is not in its bytes."""
    reply = get(make_pbx(), f"/cdrapi?{query}")
    assert reply.status == 200
    assert not reply.note or reply.note.encode() not in wire(reply)
    assert len(reply.body) == int(header(reply, "Content-Length") or -1)


@pytest.mark.parametrize("form", ["csv", "xml", "json"])
def test_a_failing_database_gets_the_empty_container(form):
    """E10: when the database fails the device answers as if nothing were there, and the note says what happened."""
    pbx = make_pbx()
    pbx.history.close()
    reply = get(pbx, f"/cdrapi?format={form}")
    assert (reply.status, reply.body, reply.rows) == (200, EMPTY[form], 0)
    assert "database" in reply.note


# Quirks of the page and of the head


@pytest.mark.quirk("order")
@pytest.mark.parametrize(("quirks", "order"), [({}, ["62", "63", "64"]), ({"order": "desc"}, ["64", "63", "62"])])
def test_rows_come_oldest_or_newest_first(quirks, order):
    """The quirk order turns the page around."""
    assert ids(get(make_pbx(quirks=quirks))) == order


@pytest.mark.quirk("answeredby")
@pytest.mark.parametrize(("quirks", "found"), [({}, ["62", "63", "64"]), ({"answeredby": "unknown"}, [])])
def test_answeredby_is_a_filter_or_an_unknown_parameter(quirks, found):
    """The filter answeredby finds the extension that answered, or refuses the request."""
    reply = get(make_pbx(quirks=quirks), "/cdrapi?answeredby=5301")
    assert ids(reply) == found
    assert bool(reply.note) is (not found)


@pytest.mark.quirk("group-shift")
def test_groups_may_be_shifted():
    """With group-shift: one a G3 page starts its groups one row early."""
    quirks, sessions = {"group-shift": "one"}, ("a", "a", "b")
    rows = [another_row(AcctId=str(70 + at), session=name) for at, name in enumerate(sessions)]
    pages_of = {}
    for chosen in ({}, quirks):
        pbx = make_pbx(personality="ucm6510", quirks=chosen)
        pbx.history.extend(rows)
        entries = json.loads(get(pbx, "/cdrapi?format=json&offset=3").body)["cdr_root"]
        pages_of[bool(chosen)] = [sum(key.startswith("sub_cdr") for key in entry) for entry in entries]
    assert pages_of == {False: [2, 0], True: [0, 2]}


@pytest.mark.quirk("server")
@pytest.mark.parametrize(
    ("changes", "server"),
    [
        ({}, "Asterisk/1.8.9.2"),
        ({"personality": "ucm6200"}, "Asterisk/13.38.3"),
        ({"quirks": {"server": "Asterisk/11.25.3"}}, "Asterisk/11.25.3"),
        ({"personality": "ucm6200", "quirks": {"server": "personality"}}, "Asterisk/13.38.3"),
    ],
)
def test_the_server_header_is_the_personalitys_or_the_quirks(changes, server):
    """Pages and errors alike show the Server of the personality, or the one that was chosen."""
    pbx = make_pbx(**changes)
    assert header(get(pbx), "Server") == header(get(pbx, "/nowhere"), "Server") == server


@pytest.mark.quirk("head-order")
@pytest.mark.parametrize(
    ("changes", "last"),
    [
        ({}, ["Content-Length", "Content-type"]),
        ({"personality": "ucm6200"}, ["Content-type", "Content-Length"]),
        ({"quirks": {"head-order": 13}}, ["Content-type", "Content-Length"]),
        ({"personality": "ucm6200", "quirks": {"head-order": 11}}, ["Content-Length", "Content-type"]),
    ],
)
def test_the_head_order_is_the_personalitys_or_the_quirks(changes, last):
    """Content-Length stands before the handler's lines up to Asterisk 11, and last from 13 on."""
    names = header_names(get(make_pbx(**changes)))
    assert names == ["Server", "Date", "Connection", "Cache-Control", *last]


SIGNED = {
    400: b"rubbish\r\n",
    401: b"GET /cdrapi HTTP/1.1\r\n\r\n",
    404: b"GET /nowhere HTTP/1.1\r\n\r\n",
    413: b"GET /cdrapi HTTP/1.1\r\n" + b"X: y\r\n" * 101,
    501: b"BREW /cdrapi HTTP/1.1\r\n\r\n",
}


@pytest.mark.quirk("error-signature")
@pytest.mark.parametrize("status", SIGNED)
@pytest.mark.parametrize("signature", ["Asterisk Server", "UCM6510", '<b>"R&D"</b> é'])
def test_error_pages_are_signed(status, signature):
    """The address line of every page is the quirk's, raw, and Content-Length counts it."""
    usual = sent(make_pbx(api=ACCOUNT), SIGNED[status])
    reply = sent(make_pbx(api=ACCOUNT, quirks={"error-signature": signature}), SIGNED[status])
    assert usual.status == reply.status == status
    line = f"<address>{signature}</address>".encode()
    assert usual.body.count(b"<address>Asterisk Server</address>") == 1
    assert reply.body == usual.body.replace(b"<address>Asterisk Server</address>", line)
    assert header(reply, "Content-Length") == str(len(reply.body))


@pytest.mark.quirk("error-signature")
@pytest.mark.parametrize(
    ("target", "quirks"),
    [
        ("/recapi?filename=gone.wav", {}),
        ("/recapi?filename=gone.wav", {"recapi-not-found": 200}),
        ("/cdrapi?caler=1", {"error-status": 400}),
    ],
)
def test_pages_that_a_handler_answers_with_are_signed_too(target, quirks):
    """Whoever finds the error, the PBX signs the page."""
    reply = get(make_pbx(quirks={"error-signature": "PBX", **quirks}), target)
    assert reply.body.endswith(b"<hr />\r\n<address>PBX</address>\r\n</body></html>\r\n")


@pytest.mark.quirk("error-signature")
def test_the_form_that_is_too_large_has_no_page_to_sign():
    """Its 413 stays empty, and so does what is no error."""
    pbx = make_pbx(quirks={"error-signature": "PBX"})
    assert sent(pbx, posted(b"x" * 2000)).body == b""
    assert get(pbx).body == GUIDE_CSV


@pytest.mark.quirk("extra-line")
@pytest.mark.parametrize(
    ("quirks", "between"), [({}, b""), ({"extra-line": "none"}, b""), ({"extra-line": "one"}, b"\r\n")]
)
@pytest.mark.parametrize(
    "raw",
    [
        b"GET /cdrapi HTTP/1.1\r\n\r\n",
        b"HEAD /cdrapi HTTP/1.1\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\n\r\n",
        b"GET\r\n",
        posted(b"x" * 2000),
    ],
    ids=["page", "head", "error", "malformed", "empty"],
)
def test_nothing_or_one_more_line_stands_between_head_and_body(quirks, between, raw):
    """One more empty line follows every head, and Content-Length does not count it."""
    reply, usual = sent(make_pbx(quirks=quirks), raw), sent(make_pbx(), raw)
    assert wire(reply) == usual.head + between + usual.body
    assert reply.headers == usual.headers


@pytest.mark.quirk("extra-line")
def test_behind_an_extra_line_the_body_ends_early():
    """A client that goes by Content-Length gets two bytes too many in front, and misses the last two."""
    head, _, rest = wire(get(make_pbx(quirks={"extra-line": "one"}))).partition(b"\r\n\r\n")
    assert b"\r\nContent-Length: 822\r\n" in head
    assert rest[:822] == b"\r\n" + GUIDE_CSV[:-2]


def keeps(asked: ApiRequest, **quirks: str | int) -> bool:
    """Return whether the reply keeps the connection; the Connection header must say the same."""
    reply = make_pbx(quirks={name.replace("_", "-"): value for name, value in quirks.items()}).answer(asked, at())
    assert ("Connection" in header_names(reply)) is not reply.keeps
    return reply.keeps


@pytest.mark.quirk("keep-alive")
def test_a_connection_is_closed_after_one_request():
    """By default, and with none, the reply closes even if the client would go on."""
    assert not keeps(request("/cdrapi", connection="keep-alive"))
    assert not keeps(request("/cdrapi"), keep_alive="none")


@pytest.mark.quirk("keep-alive")
def test_a_connection_is_kept_where_the_quirk_says_so():
    """With keep-alive the reply leaves the connection open, error pages included."""
    assert keeps(request("/cdrapi"), keep_alive=15)
    assert keeps(request("/cdrapi", connection="Keep-Alive"), keep_alive=15)
    assert keeps(request("/nowhere"), keep_alive=15)


@pytest.mark.quirk("keep-alive")
@pytest.mark.parametrize("value", ["close", "Close"])
def test_a_client_that_says_close_is_closed(value):
    """Connection: close wins over the quirk."""
    assert not keeps(request("/cdrapi", connection=value), keep_alive=15)


@pytest.mark.quirk("keep-alive")
def test_a_connection_with_unread_bytes_is_closed():
    """A body that nobody reads would be taken for the next request."""
    assert not keeps(request("/cdrapi", "PUT", content_length="3"), keep_alive=15)
    assert not keeps(request("/cdrapi", "POST", form=b"x" * 2000), keep_alive=15)


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
    pbx.faults.arm({"fault": "http.latency", "seconds": 3})
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
    """The totals add up what was recorded."""
    pbx = make_pbx()
    for target in ("/cdrapi", BAD_QUERY, "/nowhere"):
        reply = get(pbx, target)
        one = Exchange("hq", CLIENT, "GET", target, reply.status, reply.rows, len(reply.body), 0.1, reply.note)
        assert pbx.record(one, request(target)) == one
    assert (pbx.totals.exchanges, pbx.totals.rows, pbx.totals.refused) == (3, 3, 2)


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


# The PBX clock


@pytest.mark.parametrize(
    ("rate", "seconds", "shows"), [(1.0, 90, "11:48:20"), (0.0, 90, "11:46:50"), (60.0, 90, "13:16:50")]
)
def test_the_pbx_clock_runs_at_its_rate(rate, seconds, shows):
    """The clock runs with the wall, stands still, or runs ahead of it."""
    clock = PbxClock.starting(datetime(2013, 12, 3, 11, 46, 50, tzinfo=UTC), rate, 1000.0)
    when = clock.at(1000.0 + seconds)
    assert (when.wall, f"{when.pbx:%H:%M:%S}") == (1000.0 + seconds, shows)


def test_a_clock_without_a_start_begins_with_the_wall():
    """start: now is the wall's own time."""
    assert PbxClock.starting(None, 1.0, 1_386_092_810.0).at(1_386_092_810.0).pbx == datetime(
        2013, 12, 3, 17, 46, 50, tzinfo=UTC
    )


def test_a_clock_stops_at_the_end_of_time():
    """A fast clock stays in the year 9999 instead of failing."""
    clock = PbxClock.starting(datetime(9999, 12, 31, tzinfo=UTC), 100_000, 0.0)
    assert clock.at(1e9).pbx.year == 9999


@pytest.mark.quirk("head-error-body")
@pytest.mark.parametrize(("value", "length"), [("sent", 247), ("omitted", 0)])
def test_head_of_what_is_refused_gets_the_page_or_its_head_only(value: str, length: int) -> None:
    """Content-Length is that of the page either way; below 400 there is no body, and GET always has it."""
    pbx = make_pbx(quirks={"head-error-body": value})
    refused = pbx.answer(request("/nowhere", "HEAD"), at())
    assert (refused.status, header(refused, "Content-Length"), len(refused.body)) == (404, "247", length)
    assert pbx.answer(request("/cdrapi", "HEAD"), at()).body == b""
    assert len(pbx.answer(request("/nowhere"), at()).body) == 247


# What credentials may be like


@pytest.mark.quirk("digest-without-qop")
@pytest.mark.parametrize(("value", "status"), [("accept", 200), ("refuse", 401)])
def test_credentials_without_qop_are_computed_as_in_rfc_2069_or_are_none(value: str, status: int) -> None:
    """A right response without qop is let in, or challenged anew; with qop it is let in either way."""
    pbx = make_pbx(
        api=ACCOUNT,
        quirks={"digest-without-qop": value},
    )
    first = pbx.answer(request("/cdrapi"), at())
    nonce = nonce_of(first)
    a1, a2 = (md5(text.encode()).hexdigest() for text in (f"{USER}:asterisk:{PASSWORD}", "GET:/cdrapi"))
    response = md5(f"{a1}:{nonce}:{a2}".encode()).hexdigest()
    old = f'Digest username="{USER}", realm="asterisk", nonce="{nonce}", uri="/cdrapi", response="{response}"'
    assert pbx.answer(request("/cdrapi", authorization=old), at()).status == status
    again = pbx.answer(request("/cdrapi"), at())
    new = digest(again, "/cdrapi", user=USER, password=PASSWORD)
    assert pbx.answer(request("/cdrapi", authorization=new), at()).status == 200


@pytest.mark.quirk("digest-uri")
@pytest.mark.parametrize(("value", "status"), [("unchecked", 200), ("checked", 401)])
def test_the_uri_of_the_credentials_is_compared_or_not(value: str, status: int) -> None:
    """Credentials for one target serve for another, as in Asterisk, or for their own only."""
    pbx = make_pbx(api=ACCOUNT, quirks={"digest-uri": value})

    def asked(target: str) -> int:
        value = digest(pbx.answer(request(target), at()), "/cdrapi", user=USER, password=PASSWORD)
        return pbx.answer(request(target, authorization=value), at()).status

    assert asked("/cdrapi?numRecords=1") == status
    assert asked("/cdrapi") == 200


@pytest.mark.quirk("client-realm")
@pytest.mark.parametrize(("value", "status"), [("ignored", 200), ("checked", 401)])
def test_the_realm_that_credentials_name_is_compared_or_not(value: str, status: int) -> None:
    """The response is made with the realm of the challenge; what the credentials call it may differ, or not."""
    pbx = make_pbx(api=ACCOUNT, quirks={"client-realm": value})
    given = digest(pbx.answer(request("/cdrapi"), at()), "/cdrapi").replace('realm="asterisk"', 'realm="Asterisk"')
    reply = pbx.answer(request("/cdrapi", authorization=given), at())
    assert (reply.status, "client-realm: checked" in reply.note) == (status, status == 401)
    assert Client(pbx).ask().status == 200


@pytest.mark.quirk("user-case")
@pytest.mark.parametrize(("value", "status"), [("any", 200), ("exact", 401)])
def test_the_user_name_is_compared_in_any_letter_case_or_exactly(value: str, status: int) -> None:
    """What is hashed is the PBX's own spelling: a client that hashes another one is refused either way."""
    pbx = make_pbx(api=ACCOUNT, quirks={"user-case": value})
    given = digest(pbx.answer(request("/cdrapi"), at()), "/cdrapi").replace(f'"{USER}"', f'"{USER.upper()}"')
    assert pbx.answer(request("/cdrapi", authorization=given), at()).status == status
    assert Client(pbx, user=USER.upper()).ask().status == 401
    assert Client(pbx).ask().status == 200


@pytest.mark.quirk("nonce-table")
@pytest.mark.parametrize(("quirks", "kept"), [({}, 4096), ({"nonce-table": 1}, 1), ({"nonce-table": 5}, 5)])
def test_so_many_challenges_can_be_answered(quirks: dict[str, int], kept: int) -> None:
    """The challenge after the last that fits takes the place of the oldest."""
    pbx = make_pbx(api=ACCOUNT, quirks=quirks)
    challenges = [pbx.answer(request("/cdrapi"), at()) for _ in range(kept + 1)]
    oldest, second = (request("/cdrapi", authorization=digest(one, "/cdrapi")) for one in challenges[:2])
    assert pbx.answer(second, at()).status == 200
    assert pbx.answer(oldest, at()).status == 401


@pytest.mark.quirk("head")
@pytest.mark.parametrize(("value", "status"), [("accept", 200), ("refuse", 501)])
def test_head_is_taken_or_not(value, status):
    """Refused, it is a method like PUT; GET and POST are not touched."""
    pbx = make_pbx(quirks={"head": value})
    assert get(pbx, "/cdrapi", "HEAD").status == status
    assert [get(pbx, "/cdrapi", method).status for method in ("GET", "POST", "PUT")] == [200, 200, 501]


@pytest.mark.quirk("method-check")
@pytest.mark.parametrize(("value", "statuses"), [("first", [501, 501]), ("last", [401, 501])])
def test_a_method_is_judged_before_or_after_the_credentials(value, statuses):
    """Either way it is 501 for who has an account, and 403 for a stranger."""
    client = Client(make_pbx(quirks={"method-check": value}, api=ACCOUNT))
    assert [client.challenged("/cdrapi", "DELETE").status, client.ask("/cdrapi", "DELETE").status] == statuses
    assert Client(client.pbx, peer=STRANGER).challenged("/cdrapi", "DELETE").status == 403
