"""Who may ask: the challenge, what answers it, and what the quirks make of both. Spec 2.7."""

from __future__ import annotations

from hashlib import md5

import pytest

from tests.asking import get
from tests.makers import ACCOUNT, PASSWORD, USER, Client, at, digest, header, header_names, make_pbx, nonce_of, request

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
