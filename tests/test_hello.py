"""What is read of a TLS handshake: real ones, and anything else, which must not hurt."""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import at
from tests.test_socketplane import HELLO
from ucmsim.certificates.authority import Identity, self_signed
from ucmsim.journal.hello import Offered, offered, resumed
from ucmsim.journal.suites import GROUPS, SIGNATURES, SUITES, VERSIONS, named
from ucmsim.journal.visits import Visit


def hello(**changes: object) -> bytes:
    """Return the ClientHello of a context with *changes*."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # what a distribution builds into its Python differs
    for name, value in changes.items():
        getattr(context, name)(value) if callable(getattr(context, name)) else setattr(context, name, value)
    out = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="pbx.example.org").do_handshake()
    return out.read()


def test_a_client_hello_is_read() -> None:
    """Versions, cipher suites, groups, the host's name and ALPN are those of the context that made it."""
    found = offered(hello(set_alpn_protocols=["h2", "http/1.1"]))
    assert found is not None
    assert (found.name, found.alpn, found.resumes) == ("pbx.example.org", ("h2", "http/1.1"), False)
    assert found.as_json()["versions"] == ["1.3", "1.2"]
    assert {"TLS_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"} <= set(found.as_json()["ciphers"])
    assert "X25519" in found.as_json()["groups"]
    assert {"ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256", "rsa_pkcs1_sha256"} <= set(found.as_json()["signatures"])
    assert found.as_json()["certificate_signatures"] is None  # OpenSSL says nothing of certificates in particular


def made(*extensions: tuple[int, bytes]) -> bytes:
    """Return a ClientHello of TLS 1.2 with one cipher and these *extensions*."""
    listed = b"".join(kind.to_bytes(2) + len(data).to_bytes(2) + data for kind, data in extensions)
    body = b"\3\3" + bytes(32) + b"\0" + b"\0\2\xc0\x2b" + b"\1\0" + len(listed).to_bytes(2) + listed
    message = b"\1" + len(body).to_bytes(3) + body
    return b"\x16\3\1" + len(message).to_bytes(2) + message


def test_signatures_are_told_in_order_and_those_of_certificates_apart() -> None:
    """The one extension is about the handshake, the other about certificates; GREASE is left out, what has no name is a number."""
    of_handshake = bytes.fromhex("000a 0403 2a2a 0804 fe01 0301")
    of_certificates = bytes.fromhex("0004 0101 0201")
    found = offered(made((13, of_handshake), (50, of_certificates)))
    assert found is not None
    told = found.as_json()
    assert told["signatures"] == ["ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256", "0xfe01", "rsa_pkcs1_sha224"]
    assert told["certificate_signatures"] == ["rsa_pkcs1_md5", "rsa_pkcs1_sha1"]
    old = offered(made())
    assert old is not None
    assert (old.as_json()["signatures"], old.as_json()["certificate_signatures"]) == ([], None)


def test_every_signature_of_openssl_has_a_name() -> None:
    """What the interpreter's OpenSSL offers at its lowest level is told by name."""
    found = offered(hello(set_ciphers="ALL:@SECLEVEL=0"))
    assert found is not None
    assert not [name for name in found.as_json()["signatures"] if name.startswith("0x")]
    assert len(set(SIGNATURES.values())) == len(SIGNATURES)


def test_an_old_client_has_the_version_of_its_hello() -> None:
    """Without the extension of TLS 1.3 the version in the hello counts."""
    found = offered(hello(maximum_version=ssl.TLSVersion.TLSv1_2))
    assert found is not None
    assert found.as_json()["versions"] == ["1.2"]


def test_names_are_those_of_openssl() -> None:
    """Each suite of the interpreter's OpenSSL that is in the table has its name there; what has none is a number."""
    context = ssl.create_default_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    found = {suite["id"] & 0xFFFF: suite["name"] for suite in context.get_ciphers()}
    assert {number: SUITES[number] for number in found.keys() & SUITES.keys()} == {
        number: found[number] for number in found.keys() & SUITES.keys()
    }
    assert len(found.keys() & SUITES.keys()) > 20
    assert named([0x0303, 0x7F12], VERSIONS) == ["1.2", "0x7f12"]
    assert GROUPS[0x0017] == "P-256"


def test_grease_is_left_out() -> None:
    """Numbers that mean nothing (RFC 8701) would make two hellos of one client differ."""
    body = bytes.fromhex("0303") + bytes(32) + b"\0" + bytes.fromhex("0006 1a1a 1301 caca".replace(" ", "")) + b"\1\0"
    message = b"\1" + len(body).to_bytes(3) + body
    found = offered(b"\x16\3\1" + len(message).to_bytes(2) + message)
    assert found == Offered((0x0303,), (0x1301,))


@given(st.binary(max_size=200), st.integers(0, len(HELLO) - 1), st.binary(max_size=8))
def test_anything_may_come(data: bytes, at: int, put: bytes) -> None:
    """Whatever bytes are there, reading them raises nothing."""
    spoilt = HELLO[:at] + put + HELLO[at + len(put) :]
    for one in (data, b"\x16\3\1" + data, spoilt, HELLO[:at]):
        offered(one)
        resumed(one)
        resumed(one.replace(b"\1", b"\2", 2))


@pytest.fixture
def server(tmp_path: Path) -> ssl.SSLContext:
    identity: Identity = self_signed(["pbx"], datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = tmp_path / "server.pem"
    file.write_bytes(identity.key_pem + identity.certificate_pem)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_resumption_is_seen(server: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    """The server's first flight tells whether a session is resumed, in TLS 1.2 and 1.3 alike."""
    server.maximum_version = version
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    session, told = None, []
    for _ in range(2):
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        asking = client.wrap_bio(to_client, to_server, session=session)
        answering = server.wrap_bio(to_server, to_client, server_side=True)
        with suppress(ssl.SSLWantReadError):
            asking.do_handshake()
        first = to_server.read()
        to_server.write(first)
        with suppress(ssl.SSLWantReadError):
            answering.do_handshake()
        flight = to_client.read()
        to_client.write(flight)
        found = offered(first)
        assert found is not None
        told.append((found.resumes, resumed(flight), answering.session_reused))
        for side in (asking, answering) * 2:
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
        answering.write(b"x")
        assert asking.read() == b"x"
        session = asking.session
    assert [(one, two) for one, two, _ in told] == [(False, False), (True, True)]


@pytest.mark.parametrize(("version", "seen"), [("1.2", True), ("1.3", False)])
def test_a_session_by_its_identifier_is_seen_where_it_means_one(version: str, seen: bool) -> None:
    """A client of TLS 1.2 without tickets, such as curl, brings one so; one of TLS 1.3 sends an identifier that means nothing."""
    versions = {"1.2": b"\2\3\3", "1.3": b"\4\3\4\3\3"}[version]
    whole = made((43, versions))
    at = whole.index(bytes(32)) + 32
    body = whole[9:at] + b"\x20" + b"s" * 32 + whole[at + 1 :]
    message = b"\1" + len(body).to_bytes(3) + body
    found = offered(b"\x16\3\1" + len(message).to_bytes(2) + message)
    assert found is not None
    assert (found.resumes, found.ciphers) == (seen, (0xC02B,))
    before = offered(whole)
    assert before is not None
    assert not before.resumes


def test_what_the_device_has_resumed_was_brought() -> None:
    """The identifier of a client that speaks TLS 1.3 too is known for a session when it is resumed."""
    visit = Visit(offered=offered(made()), shaken=True, resumed=True)
    assert visit.as_entry("hq", at())["tls"]["offered"]["resumes"]
    visit.resumed = False
    assert not visit.as_entry("hq", at())["tls"]["offered"]["resumes"]
