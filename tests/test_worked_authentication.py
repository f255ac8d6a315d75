"""The worked examples of the protocol, whole: who asks, example 16."""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5
from typing import Any

import pytest

from tests.guide import ALL, CSV, NONE, STANDING, H, unauthorized
from tests.guideclient import Start, challenged, get, known, nonce_of, request
from tests.rawclient import exchange
from ucmsim.pytest_plugin import Ucm

pytestmark = pytest.mark.ucmsim(clock=STANDING)
settings = pytest.mark.ucmsim


def test_example_16(ucm: Ucm) -> None:
    """Without credentials there is a challenge; what answers it on a new connection gets the records."""
    refused = exchange(ucm, b"GET /cdrapi HTTP/1.1\r\nHost: 192.168.254.200:8443\r\n\r\n")
    assert refused == unauthorized(nonce_of(refused))
    assert exchange(ucm, request("/cdrapi", known(refused))) == ALL


def test_challenges_differ(ucm: Ucm) -> None:
    """Every challenge has a nonce of its own."""
    assert len({nonce_of(challenged(ucm)) for _ in range(5)}) == 5


def test_head_gets_the_challenge_page(ucm: Ucm) -> None:
    """From 400 on a page is sent even to HEAD."""
    refused = exchange(ucm, request("/cdrapi", method="HEAD"))
    assert refused == unauthorized(nonce_of(refused))


def test_nonce_count_must_increase(ucm: Ucm) -> None:
    """A nonce that is used again with the same count is stale; with a higher one it is good."""
    challenge = challenged(ucm)
    first, second = (request("/cdrapi", known(challenge, nc=nc)) for nc in (1, 2))
    assert exchange(ucm, first) == ALL
    refused = exchange(ucm, first)
    assert nonce_of(refused) != nonce_of(challenge)
    assert refused == unauthorized(nonce_of(refused), ", stale=true")
    assert exchange(ucm, second) == ALL


@pytest.mark.parametrize(
    "wrong",
    [{"password": "cdrapi124"}, {"user": "admin"}, {"method": "POST"}],
    ids=["password", "user", "method"],
)
def test_wrong_credentials(wrong: dict[str, Any], ucm: Ucm) -> None:
    """Wrong credentials are challenged anew, and not called stale."""
    challenge = challenged(ucm)
    refused = exchange(ucm, request("/cdrapi", known(challenge, **wrong)))
    assert nonce_of(refused) != nonce_of(challenge)
    assert refused == unauthorized(nonce_of(refused))


def test_digest_without_qop(ucm: Ucm) -> None:
    """Credentials without qop are computed as of old."""
    nonce = nonce_of(challenged(ucm))
    a1, a2 = (md5(text.encode()).hexdigest() for text in ("cdrapi:asterisk:cdrapi123", "GET:/cdrapi"))
    response = md5(f"{a1}:{nonce}:{a2}".encode()).hexdigest().upper()
    old = f'username="cdrapi", realm="asterisk", nonce="{nonce}", uri="/cdrapi", response="{response}"'
    assert exchange(ucm, request("/cdrapi", f"Authorization: digest {old}")) == ALL


def test_digest_uri_is_not_compared(ucm: Ucm) -> None:
    """The uri in the credentials need not be that of the request."""
    assert exchange(ucm, request("/cdrapi?caller=0-0", known(challenged(ucm), "/elsewhere"))) == NONE


def test_foreign_realm_is_not_looked_at(ucm: Ucm) -> None:
    """The realm that a client writes takes no part in the computation."""
    line = known(challenged(ucm)).replace('realm="asterisk"', 'realm="elsewhere"')
    assert exchange(ucm, request("/cdrapi", line)) == ALL


@pytest.mark.quirk("unknown-nonce")
def test_unknown_nonce_is_refused(ucm: Ucm) -> None:
    """A nonce that was never issued is challenged anew."""
    refused = exchange(ucm, request("/cdrapi", known(unauthorized("5f3a9c21"))))
    assert refused == unauthorized(nonce_of(refused))


@pytest.mark.quirk("unknown-nonce")
@settings(quirks={"unknown-nonce": "accept"})
def test_unknown_nonce_is_accepted(ucm: Ucm) -> None:
    """As Asterisk does it, a nonce that was never issued is good on first use, and stale on the second."""
    raw = request("/cdrapi", known(unauthorized("5f3a9c21")))
    assert exchange(ucm, raw) == ALL
    refused = exchange(ucm, raw)
    assert refused == unauthorized(nonce_of(refused), ", stale=true")


BASIC = f"Authorization: Basic {b64encode(b'cdrapi:cdrapi123').decode()}"


@pytest.mark.quirk("basic-auth")
def test_basic_is_refused(ucm: Ucm) -> None:
    """Basic credentials get the Digest challenge."""
    refused = exchange(ucm, request("/cdrapi", BASIC))
    assert refused == unauthorized(nonce_of(refused))


@pytest.mark.quirk("basic-auth")
@settings(quirks={"basic-auth": "accept"})
def test_basic_is_accepted(ucm: Ucm) -> None:
    """Some firmware took Basic, while its challenge was Digest all the same."""
    assert exchange(ucm, request("/cdrapi", BASIC)) == ALL
    refused = exchange(ucm, request("/cdrapi", f"Authorization: Basic {b64encode(b'cdrapi:wrong').decode()}"))
    assert refused == unauthorized(nonce_of(refused))
    assert get(ucm, "/cdrapi") == ALL


@pytest.mark.parametrize("name", [None, ""])
def test_without_name_nobody_is_asked(name: str | None, start: Start) -> None:
    """Without a user name there is no authentication, whatever credentials come."""
    api = {"tls_authentication_name": name, "tls_authentication_password": "cdrapi123"}
    ucm = start("\n".join([H, CSV[62], CSV[63], CSV[64], ""]), api=api)
    assert exchange(ucm, request("/cdrapi")) == ALL
    assert exchange(ucm, request("/cdrapi", "Authorization: Digest rubbish")) == ALL


@pytest.mark.parametrize("password", [None, ""])
def test_empty_password(password: str | None, start: Start) -> None:
    """A name without a password is a Digest over the empty password."""
    ucm = start("\n".join([H, CSV[62], CSV[63], CSV[64], ""]), api={"tls_authentication_password": password})
    assert get(ucm, "/cdrapi", password="") == ALL
    refused = get(ucm, "/cdrapi", password="cdrapi123")
    assert refused == unauthorized(nonce_of(refused))
