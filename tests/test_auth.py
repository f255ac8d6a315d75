"""Who may ask: Digest as the device checks it, nonces, and Basic. Spec 0b, 2.7."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import md5
from random import Random
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import make_pbx
from ucmsim.authentication.auth import Account, judge
from ucmsim.authentication.nonces import Nonces, Verdict
from ucmsim.http.request import text

USER, PASSWORD = "cdrapi", "cdrapi123"


def hashed(*parts: str) -> str:
    """Return the MD5 of *parts* joined by colons."""
    return md5(":".join(parts).encode()).hexdigest()


def right_response(
    nonce: str, *, user: str, password: str, realm: str, method: str, uri: str, nc: str, cnonce: str, qop: str | None
) -> str:
    """Return the response of RFC 2617 for *qop*, or of RFC 2069 when there is none."""
    a1 = hashed(user, realm, password)
    a2 = hashed(method, uri, hashed("")) if qop == "auth-int" else hashed(method, uri)
    return hashed(a1, nonce, nc, cnonce, qop, a2) if qop else hashed(a1, nonce, a2)


def digest(
    nonce: str,
    *,
    user: str = USER,
    password: str = PASSWORD,
    realm: str = "asterisk",
    method: str = "GET",
    uri: str = "/cdrapi?format=json",
    nc: str = "00000001",
    cnonce: str = "0a4f113b",
    qop: str | None = "auth",
    raw: Mapping[str, str | None] = MappingProxyType({}),
) -> str:
    """Return a client's Authorization value; *raw* replaces fields as they are written, None leaves one out."""
    response = right_response(
        nonce, user=user, password=password, realm=realm, method=method, uri=uri, nc=nc, cnonce=cnonce, qop=qop
    )
    parts: dict[str, str | None] = {
        "username": f'"{user}"',
        "realm": f'"{realm}"',
        "nonce": f'"{nonce}"',
        "uri": f'"{uri}"',
        "algorithm": "MD5",
        "response": f'"{response}"',
        "opaque": f'"{nonce}"',
    }
    if qop:
        parts.update(qop=qop, nc=nc, cnonce=f'"{cnonce}"')
    parts.update(raw)
    return "Digest " + ", ".join(f"{name}={value}" for name, value in parts.items() if value is not None)


class Door:
    """A PBX with one account, and the nonces it has issued."""

    def __init__(
        self, *, user: str = USER, password: str = PASSWORD, basic: bool = False, realm: str = "asterisk", **nonces: Any
    ) -> None:
        self.account = Account(user, password, basic=basic, realm=realm)
        self.nonces = Nonces(Random(1), **nonces)

    def issue(self, wall: float = 0.0) -> str:
        return self.nonces.issue(wall)

    def ask(self, authorization: str | None, *, method: str = "GET", wall: float = 0.0) -> Verdict:
        return judge(authorization, method, self.account, self.nonces, wall)


@pytest.fixture
def door() -> Door:
    """A PBX as it comes: Digest only, unknown nonces refused."""
    return Door()


def refused(verdict: Verdict) -> bool:
    """Whether *verdict* is a fresh challenge without stale, and says why."""
    return not verdict.granted and not verdict.stale and bool(verdict.why)


def stale(verdict: Verdict) -> bool:
    """Whether *verdict* is a challenge that only the nonce is to blame for, and says why."""
    return not verdict.granted and verdict.stale and bool(verdict.why)


# The computation


def test_the_rfc_2617_response_opens(door):
    """With qop=auth the response covers nonce, nc, cnonce and qop."""
    assert door.ask(digest(door.issue())).granted


def test_the_rfc_2069_response_opens(door):
    """Without qop the response covers the nonce alone."""
    assert door.ask(digest(door.issue(), qop=None)).granted


def test_a_quoted_qop_and_algorithm_open_too(door):
    """Clients that quote every field are understood."""
    header = digest(door.issue(), raw={"algorithm": '"MD5"'}).replace("qop=auth", 'qop="auth"')
    assert door.ask(header.replace("nc=00000001", 'nc="00000001"')).granted


def test_the_method_of_the_request_counts(door):
    """A2 holds the real method: a response made for GET does not open a HEAD."""
    nonce = door.issue()
    assert refused(door.ask(digest(nonce, method="GET"), method="HEAD"))
    assert door.ask(digest(nonce, method="HEAD"), method="HEAD").granted
    assert door.ask(digest(nonce, method="POST", nc="00000002"), method="POST").granted


@pytest.mark.parametrize("uri", ["/", "/other", "/cdrapi?caller=1,2&x=%41+b", "https://pbx:8443/cdrapi", "*", "é"])
def test_the_uri_of_the_header_is_hashed_and_nothing_more(door, uri):
    """The uri is taken as the client wrote it and is not compared with the request line."""
    assert door.ask(digest(door.issue(), uri=uri)).granted


def test_the_realm_of_the_server_counts(door):
    """What the client says about the realm is ignored; A1 is made with the server's own."""
    nonce = door.issue()
    assert refused(door.ask(digest(nonce, realm="elsewhere")))
    assert door.ask(digest(nonce, realm="asterisk").replace('realm="asterisk"', 'realm="elsewhere"')).granted


@pytest.mark.quirk("client-realm")
@pytest.mark.parametrize("named", ["asterisk", "Asterisk", "elsewhere", "a\\sterisk"])
def test_the_realm_that_is_named_may_be_checked(named):
    """Then it must be that of the challenge, letter for letter, once its quotes are taken off."""
    same = named.replace("\\", "") == "asterisk"
    for checked in (False, True):
        account = Account(USER, PASSWORD, realm_checked=checked)
        nonces = Nonces(Random(1))
        given = digest(nonces.issue(0.0), raw={"realm": f'"{named}"'})
        verdict = judge(given, "GET", account, nonces, 0.0)
        assert verdict.granted if same or not checked else refused(verdict)


@pytest.mark.quirk("user-case")
@pytest.mark.parametrize("user", ["cdrapi", "CDRAPI", "CdrApi", "cdrapi "])
def test_the_user_name_is_found_in_any_letter_case_or_exactly(user):
    """Its own spelling opens either way, another letter case where that does not count; the hash is of its own."""
    for exact in (False, True):
        account = Account(USER, PASSWORD, exact_user=exact)
        nonces = Nonces(Random(1))
        given = digest(nonces.issue(0.0), raw={"username": f'"{user}"'})
        opens = user == USER or (user.lower() == USER and not exact)
        verdict = judge(given, "GET", account, nonces, 0.0)
        assert verdict.granted if opens else refused(verdict)


@pytest.mark.quirk("realm")
@pytest.mark.parametrize("realm", ["asterisk", "Asterisk", "UCM6202", 'a "b" c', "é"])
def test_the_realm_of_the_quirk_is_hashed(realm):
    """A response is right when it was made with this realm, letter for letter, whatever the client calls it."""
    door = Door(realm=realm)
    others = {"asterisk", "Asterisk", "UCM6202"} - {realm}
    for other in others:
        assert refused(door.ask(digest(door.issue(), realm=other)))
    right = digest(door.issue(), realm=realm, raw={"realm": '"something"'})
    assert door.ask(right).granted


def test_an_upper_case_response_opens(door):
    """The response is compared in any letter case."""
    header = digest(door.issue())
    assert door.ask(
        re.sub(r'response="(\w+)"', lambda found: found[0].replace(found[1], found[1].upper()), header)
    ).granted


@pytest.mark.parametrize("scheme", ["Digest ", "digest ", "DIGEST "])
def test_the_scheme_is_read_in_any_letter_case(door, scheme):
    """`Digest` may be written in any letter case."""
    assert door.ask(scheme + digest(door.issue()).removeprefix("Digest ")).granted


def test_the_order_of_fields_and_unknown_ones_do_not_matter(door):
    """Fields may come in any order, with or without blanks, among others that the device does not know."""
    first, *others = digest(door.issue()).removeprefix("Digest ").split(", ")
    assert door.ask("Digest " + ",".join([*reversed(others), 'userhash="no"', "x=y", first])).granted


def test_an_empty_password_is_a_password():
    """A name without password means Digest with an empty password."""
    door = Door(password="")
    assert door.ask(digest(door.issue(), password="")).granted
    assert refused(door.ask(digest(door.issue(), password=PASSWORD)))


@pytest.mark.parametrize("user", ["a,b", "a=b", 'nonce=1", "c', "né", "with blank", "back\\slash"])
def test_commas_and_quotes_inside_quotes_are_text(user):
    """A quoted value may hold commas, equals signs and escaped quotes."""
    door = Door()
    door.account = Account(user, PASSWORD)
    header = digest(door.issue(), user=user, uri="/cdrapi?caller=1,nonce=2,realm=")
    escaped = user.replace("\\", "\\\\").replace('"', '\\"')
    assert door.ask(header.replace(f'username="{user}"', f'username="{escaped}"')).granted


# What is refused


@pytest.mark.parametrize("header", [None, ""])
def test_no_credentials_are_challenged(door, header):
    """The first request of a client is challenged without stale."""
    assert refused(door.ask(header))


def test_a_wrong_user_is_refused(door):
    """An unknown user gets a fresh challenge without stale, even with the response that is right for the known one."""
    assert refused(door.ask(digest(door.issue(), user="somebody")))
    assert refused(door.ask(digest(door.issue(), raw={"username": '"somebody"'})))


def test_a_wrong_password_is_refused(door):
    """A wrong response gets a fresh challenge without stale."""
    assert refused(door.ask(digest(door.issue(), password="guess")))


def test_a_wrong_password_does_not_use_up_the_nonce(door):
    """After a wrong response the right one opens, with the same nonce and count."""
    nonce = door.issue()
    assert refused(door.ask(digest(nonce, password="guess")))
    assert door.ask(digest(nonce)).granted


@pytest.mark.parametrize("response", ['""', '"0"', '"' + "0" * 32 + '"', "nonsense"])
def test_a_response_must_match_as_a_whole(door, response):
    """An empty, short or made-up response does not open."""
    assert refused(door.ask(digest(door.issue(), raw={"response": response})))


def test_the_beginning_of_a_right_response_does_not_open(door):
    """A response that is cut short is wrong."""
    header = digest(door.issue())
    cut = re.sub(r'response="(\w{8})\w+"', r'response="\1"', header)
    assert refused(door.ask(cut))


@pytest.mark.parametrize("field", ["realm", "nonce", "username", "uri", "response", "cnonce", "nc"])
@pytest.mark.parametrize("value", [None, '""'])
def test_a_required_field_must_be_there(door, field, value):
    """realm, nonce, username, uri and response are required, with qop=auth also cnonce and nc."""
    computed = {field: ""} if field in ("uri", "cnonce", "nc") else {}
    assert refused(door.ask(digest(door.issue(), raw={field: value}, **computed)))


@pytest.mark.parametrize("algorithm", ["MD5-sess", "SHA-256", '"SHA-256"', "MD4"])
def test_any_other_algorithm_is_refused(door, algorithm):
    """An algorithm, if one is named, must be MD5."""
    nonce = door.issue()
    assert refused(door.ask(digest(nonce, raw={"algorithm": algorithm})))
    assert door.ask(digest(nonce, raw={"algorithm": None})).granted


def test_auth_int_is_refused(door):
    """The device does not know qop=auth-int: neither its own response nor that of qop=auth opens."""
    assert refused(door.ask(digest(door.issue(), qop="auth-int")))
    assert refused(door.ask(digest(door.issue()).replace("qop=auth,", "qop=auth-int,")))


@pytest.mark.parametrize("nonce", ["zzz", "", " ", "-", '"', "g1234567", "xyz,"])
def test_a_nonce_that_is_no_number_is_refused(door, nonce):
    """An unparsable nonce gets a new challenge without stale."""
    assert refused(door.ask(digest(nonce)))


@pytest.mark.parametrize(
    "header", ["Bearer abc", "Digest", "Digestusername=x", "NTLM x", "Negotiate", "x", " ", ",", '"']
)
def test_any_other_scheme_is_refused(door, header):
    """Credentials must begin with `Digest `."""
    assert refused(door.ask(header))


@pytest.mark.parametrize("field", ["username", "nonce", "uri", "response", "algorithm", "qop", "nc", "cnonce", "realm"])
def test_the_sentence_quotes_nothing_that_was_sent(door, field):
    """Why somebody is refused goes to the log, and what a client sends must not forge lines there."""
    for value in ("forged", '"forged"', '"forged\r\nforged"'):
        verdict = door.ask(digest(door.issue(), password="guess", raw={field: value}))
        assert refused(verdict)
        assert "forged" not in verdict.why


# Nonces


def test_a_nonce_is_eight_hexadecimal_digits(door):
    """Nonces are 31-bit numbers, written with eight digits, each another."""
    issued = [door.issue() for _ in range(1000)]
    assert len(set(issued)) == 1000
    assert all(re.fullmatch(r"[0-7][0-9a-f]{7}", nonce) for nonce in issued)


def test_the_same_seed_issues_the_same_nonces():
    """Chance comes in from outside."""
    assert [Door().issue() for _ in range(2)] == [Door().issue() for _ in range(2)]


def test_a_nonce_is_reused_with_increasing_counts(door):
    """A client may keep a nonce as long as nc increases, by hexadecimal value, with gaps."""
    nonce = door.issue()
    for count in ("00000001", "00000002", "00000009", "0000000a", "00000010", "7fffffff"):
        assert door.ask(digest(nonce, nc=count)).granted


@pytest.mark.parametrize("count", ["00000005", "00000004", "00000001", "00000000"])
def test_a_count_that_does_not_increase_is_stale(door, count):
    """A replay is challenged with stale=true, and the nonce stays good for higher counts."""
    nonce = door.issue()
    assert door.ask(digest(nonce, nc="00000005")).granted
    assert stale(door.ask(digest(nonce, nc=count)))
    assert door.ask(digest(nonce, nc="00000006")).granted


def test_without_qop_a_nonce_is_good_once(door):
    """Reuse needs an increasing nc, and an RFC 2069 client has none."""
    nonce = door.issue()
    assert door.ask(digest(nonce, qop=None)).granted
    assert stale(door.ask(digest(nonce, qop=None)))


def test_a_nonce_lives_62_seconds(door):
    """At 62 seconds from its issue a nonce is good, later it is stale, however recently it was used."""
    nonce = door.issue(wall=1000.0)
    assert door.ask(digest(nonce, nc="00000001"), wall=1061.0).granted
    assert door.ask(digest(nonce, nc="00000002"), wall=1062.0).granted
    assert stale(door.ask(digest(nonce, nc="00000003"), wall=1062.5))


@pytest.mark.quirk("nonce-lifetime")
@pytest.mark.parametrize("lifetime", [1, 62, 86_400])
def test_a_nonce_lives_as_long_as_the_quirk_says(lifetime):
    """The sentence names the seconds."""
    door = Door(lifetime=lifetime)
    nonce = door.issue(wall=1000.0)
    assert door.ask(digest(nonce, nc="00000001"), wall=1000.0 + lifetime).granted
    late = door.ask(digest(nonce, nc="00000002"), wall=1000.5 + lifetime)
    assert stale(late)
    assert late.why == f"the nonce is older than {lifetime} seconds"


@pytest.mark.quirk("nonce-lifetime")
def test_a_nonce_may_live_for_ever():
    """Without a lifetime only the count makes it stale, and the table keeps its size."""
    door = Door(lifetime=None)
    nonce = door.issue(wall=0.0)
    assert door.ask(digest(nonce, nc="00000001"), wall=1e9).granted
    assert stale(door.ask(digest(nonce, nc="00000001"), wall=1e9))
    for _ in range(4096):
        door.issue(wall=1e9)
    assert len(door.nonces) == 4096
    assert refused(door.ask(digest(nonce, nc="00000002"), wall=1e9))


@pytest.mark.quirk("nonce-count")
@pytest.mark.parametrize("count", ["00000005", "00000001", "00000000", "1", "ffffffffffffffffff", "zz", "-1"])
def test_a_count_may_be_ignored(count):
    """Then any count is good, as often as it comes, even one that is no number; it is hashed all the same."""
    door = Door(counted=False)
    nonce = door.issue()
    assert door.ask(digest(nonce, nc="00000005")).granted
    assert door.ask(digest(nonce, nc=count)).granted
    assert door.ask(digest(nonce, nc=count)).granted
    assert refused(door.ask(digest(nonce, nc=count).replace(f"nc={count}", "nc=00000006")))


@pytest.mark.quirk("nonce-count")
def test_without_qop_a_nonce_is_good_again_where_counts_are_ignored():
    """An RFC 2069 client can use it until it is too old."""
    door = Door(counted=False)
    nonce = door.issue(wall=0.0)
    assert all(door.ask(digest(nonce, qop=None), wall=wall).granted for wall in (0.0, 1.0, 62.0))
    assert stale(door.ask(digest(nonce, qop=None), wall=62.5))


@pytest.mark.quirk("nonce-count")
@pytest.mark.parametrize("field", ["cnonce", "nc"])
def test_what_is_hashed_must_be_there_though_counts_are_ignored(field):
    """With qop=auth neither the count nor the client's nonce can be left out."""
    door = Door(counted=False)
    assert refused(door.ask(digest(door.issue(), raw={field: None}, **{field: ""})))


@pytest.mark.quirk("nonce-count")
@pytest.mark.quirk("unknown-nonce")
def test_an_unknown_nonce_is_refused_though_counts_are_ignored():
    """That the count is not looked at does not make a made-up nonce good."""
    assert refused(Door(counted=False).ask(digest("12345678")))


@pytest.mark.quirk("blank-name")
@pytest.mark.parametrize("user", ["", USER])
def test_without_a_user_name_nothing_opens(user):
    """No credentials fit an account that has no name, Basic ones as little."""
    door = Door(user="", basic=True)
    assert refused(door.ask(digest(door.issue(), user=user)))
    assert refused(door.ask(basic(user, PASSWORD)))
    assert refused(door.ask(None))


def test_a_first_use_after_62_seconds_is_stale(door):
    """The age counts from the issue, not from the first use."""
    nonce = door.issue(wall=1000.0)
    assert stale(door.ask(digest(nonce), wall=1063.0))


def test_a_wrong_password_on_an_old_nonce_is_not_stale(door):
    """stale=true promises that the password was right."""
    nonce = door.issue(wall=0.0)
    assert refused(door.ask(digest(nonce, password="guess"), wall=100.0))
    assert refused(door.ask(digest(nonce, user="somebody"), wall=100.0))


@pytest.mark.quirk("unknown-nonce")
def test_an_unknown_nonce_is_refused(door):
    """Only issued nonces are accepted, even with a right response."""
    assert not door.ask(digest("12345678")).granted


@pytest.mark.quirk("unknown-nonce")
def test_an_unknown_nonce_is_accepted_on_first_use_where_the_quirk_says_so():
    """Then it is a nonce like any other: nc must increase, and 62 seconds after its first use it is stale."""
    door = Door(accept_unknown=True)
    assert door.ask(digest("12345678", nc="00000001"), wall=10.0).granted
    assert stale(door.ask(digest("12345678", nc="00000001"), wall=11.0))
    assert door.ask(digest("12345678", nc="00000002"), wall=72.0).granted
    assert stale(door.ask(digest("12345678", nc="00000003"), wall=73.0))


@pytest.mark.quirk("unknown-nonce")
def test_an_unknown_nonce_without_qop_is_accepted_once():
    """A client without nonce counts is let in on first use too."""
    door = Door(accept_unknown=True)
    assert door.ask(digest("12345678", qop=None)).granted
    assert stale(door.ask(digest("12345678", qop=None)))


@pytest.mark.quirk("unknown-nonce")
def test_accepting_unknown_nonces_still_wants_the_password():
    """A made-up nonce opens nothing by itself, and is not even remembered."""
    door = Door(accept_unknown=True)
    assert refused(door.ask(digest("12345678", password="guess")))
    assert len(door.nonces) == 0


@pytest.mark.quirk("nonce-table")
def test_the_table_holds_4096_nonces_and_drops_the_oldest(door):
    """The 4097th nonce pushes the first one out and leaves the second."""
    issued = [door.issue() for _ in range(4097)]
    assert len(door.nonces) == 4096
    assert not door.ask(digest(issued[0])).granted
    assert door.ask(digest(issued[1])).granted
    assert door.ask(digest(issued[-1])).granted


@pytest.mark.quirk("nonce-table")
@pytest.mark.parametrize("accept_unknown", [False, True])
@pytest.mark.parametrize("limit", [1, 3])
def test_the_table_holds_as_many_nonces_as_the_quirk_says(limit, accept_unknown):
    """Issued or accepted, one more pushes the oldest out; one that is used again pushes none."""
    door = Door(limit=limit, accept_unknown=accept_unknown)
    issued = [door.issue() for _ in range(limit)]
    assert [door.ask(digest(nonce)).granted for nonce in issued] == [True] * limit
    assert len(door.nonces) == limit
    if accept_unknown:
        assert door.ask(digest("12345678")).granted
    else:
        door.issue()
    assert len(door.nonces) == limit
    assert door.ask(digest(issued[0], nc="00000001")).granted is accept_unknown


@pytest.mark.quirk("nonce-table")
def test_use_does_not_make_a_nonce_younger(door):
    """The oldest is dropped, even when it was used a moment ago."""
    oldest = door.issue()
    for _ in range(4095):
        door.issue()
    assert door.ask(digest(oldest)).granted
    door.issue()
    assert not door.ask(digest(oldest, nc="00000002")).granted


@pytest.mark.quirk("unknown-nonce")
def test_unknown_nonces_do_not_grow_the_table():
    """Accepted nonces count towards the 4096 too."""
    door = Door(accept_unknown=True)
    for at in range(1, 4200):
        assert door.ask(digest(f"{at:08x}")).granted
    assert len(door.nonces) == 4096


# Basic


def basic(user: str, password: str) -> str:
    """Return the Authorization value of a Basic client."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.quirk("basic-auth")
def test_basic_is_refused_by_default(door):
    """A Basic client with the right password gets the Digest challenge."""
    assert refused(door.ask(basic(USER, PASSWORD)))


@pytest.mark.quirk("basic-auth")
def test_basic_is_accepted_where_the_quirk_says_so():
    """Then the right password opens, Digest too, and a wrong one does not."""
    door = Door(basic=True)
    assert door.ask(basic(USER, PASSWORD)).granted
    assert door.ask(basic(USER, PASSWORD).replace("Basic", "bAsIc")).granted
    assert door.ask(digest(door.issue())).granted
    assert refused(door.ask(basic(USER, "guess")))
    assert refused(door.ask(basic("somebody", PASSWORD)))
    assert refused(door.ask(basic(USER, "")))


@pytest.mark.quirk("basic-auth")
@pytest.mark.parametrize("password", ["with:colon", "", "né", " "])
def test_a_basic_password_is_what_follows_the_first_colon(password):
    """Colons, letters beyond ASCII and nothing at all are passwords."""
    assert Door(basic=True, password=password).ask(basic(USER, password)).granted


# Garbage


@given(st.binary(max_size=200))
def test_garbage_behind_digest_is_refused(garbage):
    """Whatever bytes follow `Digest `, the answer is a challenge and never an exception."""
    assert refused(Door(accept_unknown=True).ask(text(b"Digest " + garbage)))


@given(
    st.lists(st.sampled_from([*digest("12345678").split('"'), '"', "\\", ",", "=", "nonce=", "0x", "nc=-1", "\xff"]))
)
def test_shuffled_pieces_of_a_header_never_raise(pieces):
    """Well-known words in a senseless order are judged like anything else."""
    assert isinstance(Door(accept_unknown=True).ask("Digest " + "".join(pieces)), Verdict)


@pytest.mark.quirk("basic-auth")
@given(st.binary(max_size=60))
def test_garbage_behind_basic_is_refused(garbage):
    """Whatever bytes follow `Basic `, the answer is a challenge and never an exception."""
    assert refused(Door(basic=True).ask(text(b"Basic " + garbage)))


@given(st.binary(max_size=60))
def test_any_other_garbage_is_refused(garbage):
    """An Authorization header may hold anything."""
    assert refused(Door(basic=True).ask(text(b"x" + garbage)))


@pytest.mark.quirk("digest-algorithm")
@pytest.mark.parametrize("algorithm", ["MD5-sess", "SHA-256", "nonsense"])
def test_another_algorithm_may_be_taken_for_md5(algorithm):
    """With the quirk its name is not looked at; the response is that of MD5 all the same."""
    door, lenient = Door(), Door()
    lenient.account = replace(lenient.account, any_algorithm=True)
    for one, granted in ((door, False), (lenient, True)):
        assert one.ask(digest(one.issue(), raw={"algorithm": algorithm})).granted is granted
    assert not lenient.ask(digest(lenient.issue(), raw={"algorithm": algorithm, "response": '"0"'})).granted
    for value, taken in (("md5", False), ("any", True)):
        pbx = make_pbx(quirks={"digest-algorithm": value})
        assert Account.of(pbx.settings.api, pbx.quirks).any_algorithm is taken
