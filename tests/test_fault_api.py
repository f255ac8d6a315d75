"""The api plane: what a request sees of the PBX, on the wire and in the journal."""

from __future__ import annotations

import socket
from hashlib import md5
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from tests.faulting import refused
from tests.faultwire import Open, Wire
from tests.makers import ACCOUNT, BEGAN, CLIENT, PASSWORD, USER, digest, make_pbx
from tests.rawclient import Ended, RawTls, talk
from tests.until import until
from ucmsim.pytest_plugin import Ucm, UcmFleet
from ucmsim.register import BY_ID


@pytest.mark.fault("api.deny")
def test_a_peer_is_denied():
    """By the 403 page without a challenge, or before TLS."""
    denying = Wire({"fault": "api.deny", "times": 1})
    assert [denying.ask().status for _ in range(2)] == [403, 200]
    assert [entry["kinds"] for entry in denying.journal] == [["api.deny"], []]
    assert not Wire({"fault": "api.deny", "how": "drop"}).pbx.admit(CLIENT, 0, BEGAN).serve


def test_deny_for_five_minutes():
    """The recipe: after the time to live everybody is served, and nothing is armed."""
    denying = Wire({"fault": "api.deny", "ttl": 300})
    statuses = []
    for _ in range(3):
        statuses.append(denying.ask().status)
        denying.clock.advance(150)
    assert statuses == [403, 403, 200]
    assert denying.pbx.faults.armed == {}


# Credentials


def logged_in(wire: Wire, first: Open | None = None, **account: str) -> Open:
    """Ask, answer the challenge, and return what comes of that."""
    challenged = first or wire.ask()
    reply = SimpleNamespace(headers=(("WWW-authenticate", challenged.header("WWW-authenticate")),))
    return wire.ask(headers=f"Authorization: {digest(reply, '/cdrapi', **account)}\r\n")  # type: ignore[arg-type]


def codes(wire: Wire) -> list[str | None]:
    """Return the refusals of the exchanges so far."""
    return [entry["refusal"] and entry["refusal"]["code"] for entry in wire.journal]


@pytest.mark.fault("api.credentials")
def test_credentials_change_in_mid_run():
    """From then on the old password is wrong and the new one right; cleared, it is the other way round again."""
    wire = Wire(api=ACCOUNT)
    assert logged_in(wire).status == 200
    wire.pbx.faults.arm({"fault": "api.credentials", "password": "new-secret"}, BEGAN)
    assert [logged_in(wire).status, logged_in(wire, password="new-secret").status] == [401, 200]
    wire.pbx.faults.clear()
    assert [logged_in(wire).status, logged_in(wire, password="new-secret").status] == [200, 401]
    assert "response-wrong" in codes(wire)
    assert "new-secret" not in str(wire.journal)


def test_a_user_name_can_change_alone():
    """Then the password is the old one."""
    wire = Wire({"fault": "api.credentials", "username": "other", "password": None}, api=ACCOUNT)
    assert [logged_in(wire).status, logged_in(wire, user="other").status] == [401, 200]
    assert codes(wire)[1] == "user-unknown"


def test_a_user_name_is_set_where_there_was_none():
    """Then the device begins to ask, as it would."""
    wire = Wire({"fault": "api.credentials", "username": "new", "password": "secret"})
    assert [wire.ask().status, logged_in(wire, user="new", password="secret").status] == [401, 200]
    assert Wire({"fault": "api.credentials"}).ask().status == 200


@pytest.mark.fault("api.nonce-lifetime")
@pytest.mark.parametrize(("seconds", "later", "status"), [(0, 0, 401), (10, 10, 200), (10, 11, 401)])
def test_a_nonce_expires_early(seconds, later, status):
    """At once, or after so many seconds; the new challenge calls the old nonce stale."""
    wire = Wire({"fault": "api.nonce-lifetime", "seconds": seconds}, api=ACCOUNT)
    first = wire.ask()
    wire.clock.advance(later)
    answer = logged_in(wire, first)
    assert answer.status == status
    assert ("stale=true" in (answer.header("WWW-authenticate") or "")) is (status == 401)
    assert codes(wire)[-1] == (None if status == 200 else "nonce-old")
    assert wire.journal[-1]["kinds"] == ["api.nonce-lifetime"]


@pytest.mark.fault("api.realm")
def test_a_realm_that_no_response_is_right_for():
    """The challenge has it, and a client that hashes it is told why in the journal."""
    wire = Wire({"fault": "api.realm", "realm": "branch"}, api=ACCOUNT)
    first = wire.ask()
    assert 'realm="branch"' in (first.header("WWW-authenticate") or "")
    nonce = (first.header("WWW-authenticate") or "").partition('nonce="')[2][:8]
    value = _of_the_branch(nonce)
    assert wire.ask(headers=f"Authorization: {value}\r\n").status == 401
    refusal = wire.journal[-1]["refusal"]
    assert refusal["code"] == "response-wrong"
    assert refusal["hint"] == (
        "a fault has the challenge name that realm, and the PBX hashes 'asterisk': nothing is right for it"
    )


def _of_the_branch(nonce: str) -> str:
    """Return the credentials of a client that takes the realm of the challenge."""
    hashed = [md5(text.encode()).hexdigest() for text in (f"{USER}:branch:{PASSWORD}", "GET:/cdrapi")]
    response = md5(f"{hashed[0]}:{nonce}:00000001:abc:auth:{hashed[1]}".encode()).hexdigest()
    return (
        f'Digest username="{USER}", realm="branch", nonce="{nonce}", uri="/cdrapi", qop=auth, nc=00000001, '
        f'cnonce="abc", response="{response}"'
    )


# The port


@pytest.mark.fault("api.cap")
def test_the_cap_counts_as_reached():
    """However few there are, a connection is closed at accept."""
    pbx = Wire({"fault": "api.cap", "times": 1}).pbx
    admission = pbx.admit(CLIENT, 0, BEGAN)
    assert (admission.serve, admission.refusal.code.slug, admission.faults) == (False, "session-cap", ("api-cap",))
    assert pbx.admit(CLIENT, 0, BEGAN).serve


def refuses(ucm: Ucm) -> bool:
    """Return whether the port of *ucm* refuses a connection."""
    place = urlsplit(ucm.url)
    try:
        socket.create_connection((place.hostname, place.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.fault("api.disabled", "api.restart")
def test_disabled_and_restarted_on_real_sockets(ucm_fleet: UcmFleet) -> None:
    """Disabled, the port refuses and what is connected is cut; restarted in a request, it comes back by itself."""
    ucm = ucm_fleet.start({"api": {"tls_authentication_name": None}})
    with RawTls(ucm) as waiting:
        fault = ucm.fault("api.disabled")
        assert waiting.read().ended is Ended.RESET
    assert refuses(ucm)
    fault.disarm()
    assert not refuses(ucm)
    ucm.fault("api.restart", seconds=0.5, times=1)
    with RawTls(ucm) as waiting:
        assert talk(ucm, b"GET /cdrapi HTTP/1.1\r\n\r\n").ended is Ended.RESET
        assert waiting.read().ended is Ended.RESET
    assert refuses(ucm)
    until(lambda: not refuses(ucm), 10)
    assert talk(ucm, b"GET /cdrapi HTTP/1.1\r\n\r\n").data.startswith(b"HTTP/1.1 200")
    ucm_fleet.stop(ucm)


def test_a_reply_that_a_fault_cuts_short_is_not_the_clients_doing(ucm: Ucm) -> None:
    """The exchange under way on another connection is told as cut by a fault, and no client is said to have gone."""
    slow = ucm.fault("http.latency", seconds=60, name="slow")
    with RawTls(ucm) as waiting:
        waiting.send(b"GET /nowhere HTTP/1.1\r\n\r\n")
        until(lambda: slow.fired)
        ucm.fault("api.disabled", name="off")
        assert waiting.read().ended is Ended.RESET
    (entry,) = ucm.journal(kind="exchange")
    assert (entry.ended, entry.faults) == ("a fault cut the connection", ("off", "slow"))


def test_a_restart_forgets_the_nonces():
    """The request is reset, the port is closed for the time, and an old nonce is unknown afterwards."""
    wire = Wire(api=ACCOUNT)
    first, second = wire.ask(), wire.ask()
    wire.pbx.faults.arm({"fault": "api.restart", "seconds": 2, "times": 1}, BEGAN)
    cut = logged_in(wire, first)
    assert (cut.raw, cut.ended) == (b"", "reset")
    assert [wire.pbx.port(BEGAN + later)[0].is_open for later in (0, 1.9, 2)] == [False, False, True]
    assert logged_in(wire, second).status == 401
    assert codes(wire)[2:] == ["cut-by-fault", "nonce-unknown"]
    assert wire.journal[2]["kinds"] == ["api.restart"]


def test_a_restart_in_the_third_request():
    """The recipe: challenges are not counted, and none of them is what the PBX goes down in."""
    wire = Wire({"fault": "api.restart", "seconds": 30, "when": {"nth": [3]}, "times": 1}, api=ACCOUNT)
    assert [logged_in(wire).status for _ in range(2)] == [200, 200]
    challenged = wire.ask()
    assert (challenged.status, wire.pbx.port(BEGAN)[0].is_open) == (401, True)
    assert (logged_in(wire, challenged).ended, wire.pbx.port(BEGAN)[0].is_open) == ("reset", False)
    armed = wire.pbx.faults.armed["api-restart"]
    assert (armed.matched, armed.fired) == (3, 1)


def test_a_restart_is_over_when_its_fault_is_taken_away():
    """Cleared, or disarmed, the port is open at once: a fault that is gone does not bite."""
    for take_away in (lambda book: book.clear(), lambda book: book.disarm("api-restart")):
        wire = Wire({"fault": "api.restart", "seconds": 3600})
        wire.ask()
        assert not wire.pbx.port(BEGAN + 1)[0].is_open
        take_away(wire.pbx.faults)
        assert wire.pbx.port(BEGAN + 1)[0].is_open


def test_a_restart_is_over_whatever_else_is_armed():
    """Neither another fault that acted on its request keeps the port closed, nor one that has its name by now."""
    wire = Wire({"fault": "api.restart", "seconds": 3600}, {"fault": "api.realm"})
    wire.ask()
    wire.pbx.faults.disarm("api-restart")
    assert wire.pbx.port(BEGAN + 1)[0].is_open
    wire.pbx.faults.arm({"fault": "api.restart", "seconds": 3600}, BEGAN + 1)
    assert wire.pbx.port(BEGAN + 1)[0].is_open


def test_faces_are_not_kept_without_end():
    """However many values a quirk is given in turn, each is seen as it is."""
    wire = Wire({"fault": "api.quirk", "id": "server", "value": "x/0"})
    for number in range(100):
        wire.pbx.faults.change("api-quirk", {"value": f"x/{number}"}, BEGAN)
        assert wire.ask().header("Server") == f"x/{number}"
    assert len(wire.pbx._faces._others) <= 32


# The database


@pytest.mark.fault("api.slow-database")
def test_a_slow_database_is_slow_for_searches():
    """A page takes longer; what is refused, and recordings, do not."""
    wire = Wire({"fault": "api.slow-database", "seconds": 3})
    assert wire.ask("/cdrapi?caler=1").status == wire.ask("/recapi").status == 200
    opened = wire.open()
    assert opened.raw == b""
    wire.clock.advance(3)
    assert opened.status == 200


@pytest.mark.fault("api.locked-database")
@pytest.mark.parametrize(("quirk", "status"), [({}, 200), ({"database-failure": 500}, 500)])
def test_a_locked_database_is_answered_as_the_device_does(quirk, status):
    """With an empty container, or its page, as the quirk has it; the journal says what happened."""
    wire = Wire({"fault": "api.locked-database"}, quirks=quirk)
    opened = wire.ask()
    assert opened.status == status
    assert opened.body.count(b"\n") == 1 or status == 500
    (entry,) = wire.journal
    assert entry["refusal"]["sentence"] == "the database failed: database is locked"
    assert entry["refusal"]["hint"] == "nothing is wrong with the request: wait, and take an empty page for no end"
    assert entry["kinds"] == ["api.locked-database"]


# Another register


@pytest.mark.fault("api.quirk")
@pytest.mark.parametrize(
    ("quirk", "value", "target"),
    [("json-layout", "compact", "/cdrapi?format=json"), ("server", "x/1", "/cdrapi"),
     ("page-limit", 1, "/cdrapi"), ("content-type", "plain", "/cdrapi"), ("listing-line-end", "lf", "/recapi"),
     ("order", "desc", "/cdrapi")],
)  # fmt: skip
def test_a_quirk_is_flipped_for_a_request(quirk, value, target):
    """It is answered to the byte as by a PBX of that quirk, and the next one as ever."""
    row = BY_ID[quirk]
    value = next(one for one in row.values if one != make_pbx().quirks[quirk]) if row.values else value
    wire = Wire({"fault": "api.quirk", "id": quirk, "value": value, "times": 1})
    other = Wire(quirks={quirk: value})
    assert wire.ask(target).raw == other.ask(target).raw
    good = Wire()
    assert wire.ask(target).raw == good.ask(target).raw


@pytest.mark.parametrize(
    ("quirk", "value", "field", "said"),
    [
        ("keep-alive", 15, "id", "before a request is decided"),
        ("acctid", "monthly", "id", "about how rows are written"),
        ("ordr", "desc", "id", "did you mean 'order'?"),
        ("order", "sideways", "value", "is not a value of"),
        ("page-limit", "many", "value", ""),
        ("api-enabled", "x", "id", "api.enable"),
    ],
)
def test_a_quirk_that_cannot_be_flipped_says_why(quirk, value, field, said):
    """What is settled earlier or later, what there is not, and what a row does not take."""
    found = refused({"fault": "api.quirk", "id": quirk, "value": value})
    assert said in next(iter(found.values()))
    assert list(found) == [field] or quirk == "api-enabled"


@pytest.mark.fault("api.personality")
def test_another_model_answers():
    """Server, columns and JSON are those of the other model; the rows are the same calls."""
    wire = Wire({"fault": "api.personality", "id": "ucm6200", "times": 1})
    other = Wire(personality="ucm6200-1.0.20")
    for target in ("/cdrapi?format=json", "/cdrapi?format=json"):
        assert (wire.ask(target).raw == other.ask(target).raw) is (
            wire.pbx.faults.armed["api-personality"].matched == 1
        )


@pytest.mark.parametrize(
    ("when", "query", "acts"),
    [
        ({"acctid": [64]}, "numRecords=1", True),
        ({"acctid": [62]}, "numRecords=1", False),
        ({"page": [3]}, "offset=2", True),
    ],
)
def test_conditions_are_about_what_is_asked_under_the_other_register(when, query, acts):
    """The page, and the rows on it, are those that come, and not those that would have come."""
    wire = Wire(
        {"fault": "api.quirk", "id": "order", "value": "desc"}, {"fault": "api.quirk", "id": "page-limit", "value": 1},
        {"fault": "data.duration", "seconds": -7, "when": when},
    )  # fmt: skip
    assert (b",-7," in wire.ask(f"/cdrapi?{query}").body) is acts


def test_faults_of_this_plane_come_together():
    """A denial holds under another register too, and the last of two values wins."""
    wire = Wire(
        {"fault": "api.quirk", "id": "server", "value": "a/1"}, {"fault": "api.quirk", "id": "server", "value": "b/2"},
        {"fault": "api.deny"},
    )  # fmt: skip
    assert (wire.ask().status, wire.ask().header("Server")) == (403, "b/2")
