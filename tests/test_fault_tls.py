"""The tls plane: what clients of the real TLS see of each fault, and what the journal says."""

from __future__ import annotations

import ssl
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.appliances import assembled
from tests.faulting import refused
from tests.tlswire import NOW, Client, Server, client_context
from ucmsim.assembling.identities import ANOTHER
from ucmsim.certificates.authority import export, self_signed
from ucmsim.sockets.oldtls import old_context


def shown(fault: str, **fields: Any) -> Client:
    """Return a connection to a PBX with one fault."""
    return Server({"fault": fault, **fields}).connect()


def told(client: Client, fault: str) -> dict[str, Any]:
    """Return the journal's entry of the connection, which names the fault."""
    entry = client.lose()
    assert entry["kinds"] == [fault]
    return entry


def test_without_faults_the_stack_of_these_tests_answers():
    """A handshake in the newest version, and a page."""
    client = Server().connect()
    assert (client.shake(), client.tls.version()) == ("", "TLSv1.3")
    assert client.ask().startswith(b"HTTP/1.1 200 OK")


# In place of a handshake


@pytest.mark.fault("tls.alert")
@pytest.mark.parametrize(
    ("alert", "number", "said"),
    [
        ("unrecognized_name", 112, "UNRECOGNIZED_NAME"),
        (40, 40, "HANDSHAKE_FAILURE"),
        ("internal_error", 80, "INTERNAL_ERROR"),
    ],
)
def test_an_alert(alert, number, said):
    """The client reads the alert that was asked for, by name or number."""
    client = shown("tls.alert", alert=alert)
    assert said in client.shake()
    assert client.raw == bytes([21, 3, 1, 0, 2, 2, number])
    entry = told(client, "tls.alert")
    assert (entry["refusal"]["code"], entry["verdict"], entry["tls"]["version"]) == ("cut-by-fault", "refused", None)


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        ("unrecognised_name", "there is no alert 'unrecognised_name'; did you mean 'unrecognized_name'?"),
        ("112", "there is no alert '112'; RFC 8446, 6 names them, and a number is written without quotes"),
        (256, "256 is no alert; it is a name of RFC 8446, 6, or a whole number from 0 to 255"),
        (True, "true is no alert; it is a name of RFC 8446, 6, or a whole number from 0 to 255"),
        (None, "null is no alert; it is a name of RFC 8446, 6, or a whole number from 0 to 255"),
        ([40], "this is no alert; it is a name of RFC 8446, 6, or a whole number from 0 to 255"),
    ],
)
def test_an_alert_that_there_is_not(alert, said):
    """The objection is one, at the field itself, and names the nearest alert or what would be one."""
    ((field, told_of_it),) = refused({"fault": "tls.alert", "alert": alert}).items()
    assert (field, told_of_it.rstrip("; ")) == ("alert", said)


@pytest.mark.fault("tls.close")
@pytest.mark.parametrize(("ending", "calls"), [("fin", ["half-close"]), ("reset", ["abort"])])
def test_closed_after_the_client_hello(ending, calls):
    """Not a byte comes, and the socket is ended as asked."""
    client = shown("tls.close", ending=ending)
    assert "EOF" in client.shake()
    assert (client.raw, client.caller.socket.calls) == (b"", calls)
    assert told(client, "tls.close")["tls"]["offered"]


@pytest.mark.fault("tls.plain")
def test_plain_http():
    """The client finds that this is no TLS; the bytes are a response that is whole."""
    client = shown("tls.plain")
    assert client.shake() in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
    head, _, body = client.raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    told(client, "tls.plain")


@pytest.mark.fault("tls.garbage")
def test_garbage():
    """Bytes of the fault's own stream, the same for the same seed, that begin no record."""
    one, other = shown("tls.garbage", bytes=100), shown("tls.garbage", bytes=100)
    assert one.shake() == other.shake() != ""
    assert one.raw == other.raw
    assert (len(one.raw), one.raw[0]) == (100, 0x99)
    assert len(set(one.raw)) > 50
    told(one, "tls.garbage")


@pytest.mark.fault("tls.oversize")
def test_a_record_that_is_too_long():
    """Its header announces more than 2^14 + 2048 bytes."""
    client = shown("tls.oversize")
    assert client.shake() in (
        "PACKET_LENGTH_TOO_LONG",
        "DATA_LENGTH_TOO_LONG",
        "ENCRYPTED_LENGTH_TOO_LONG",
        "EXCESSIVE_MESSAGE_SIZE",
    )
    assert int.from_bytes(client.raw[3:5]) == len(client.raw) - 5 == 20_000
    told(client, "tls.oversize")


@pytest.mark.fault("tls.scripted")
@pytest.mark.parametrize(
    ("version", "suite", "number", "cipher"),
    [
        ("ssl3", "rc4-md5", b"\3\0", b"\0\4"),
        ("1.2", "3des", b"\3\3", b"\0\x0a"),
        ("1.0", "export-rc4-40", b"\3\1", b"\0\3"),
    ],
)
def test_a_scripted_server_hello(version, suite, number, cipher):
    """It settles on what OpenSSL has no more; the client refuses, and its alert is in the journal."""
    client = shown("tls.scripted", version=version, suite=suite)
    assert client.shake() in (
        "UNSUPPORTED_PROTOCOL",
        "WRONG_SSL_VERSION",
        "WRONG_CIPHER_RETURNED",
        "UNKNOWN_CIPHER_RETURNED",
    )
    assert client.raw[9:11] == client.raw[1:3] == number
    assert client.raw[44:46] == cipher
    entry = told(client, "tls.scripted")
    assert (entry["verdict"], entry["alert"]) == ("refused", 70 if version == "ssl3" else 47)


def test_a_scripted_hello_waits_for_the_client():
    """The connection stays open until the client ends it, or the inactivity limit does."""
    client = shown("tls.scripted")
    client.shake()
    assert client.caller.socket.calls == []
    client.server.clock.advance(31)
    assert client.caller.socket.calls == ["close"]
    client.lose()


# How it goes


@pytest.mark.fault("tls.slow-flight")
def test_a_slow_flight():
    """The first flight comes piece by piece; once the client has answered it all goes as fast as ever."""
    client = shown("tls.slow-flight", bytes=200, seconds=1)
    assert client.shake() == "waits"
    sizes = [len(client.raw)]
    while client.shake() == "waits":
        client.server.clock.advance(1)
        client.pump()
        sizes.append(len(client.raw))
    assert len(sizes) > 4
    assert max(after - before for before, after in pairwise(sizes)) <= 400
    assert client.ask().startswith(b"HTTP/1.1 200 OK")
    told(client, "tls.slow-flight")


@pytest.mark.fault("tls.versions")
@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3"])
def test_one_version_only(version):
    """It is really spoken; a client that does not know it is refused."""
    names = {"1.0": "TLSv1", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3"}
    client = shown("tls.versions", low=version, high=version)
    assert client.shake() == ""
    assert client.tls.version() == names[version]
    assert client.ask().startswith(b"HTTP/1.1 200 OK")
    assert told(client, "tls.versions")["tls"]["version"] == names[version]
    other = "1.3" if version != "1.3" else "1.2"
    strict = Server({"fault": "tls.versions", "low": version, "high": version}).connect(
        client_context(low=other, high=other)
    )
    assert strict.shake() != ""


def test_versions_are_in_order():
    """The lowest above the highest leaves none."""
    assert "let it be below" in refused({"fault": "tls.versions", "low": "1.3", "high": "1.2"})["low"]


@pytest.mark.fault("tls.ciphers")
@pytest.mark.parametrize(
    ("suite", "ciphers", "agreed"),
    [
        (
            "static-rsa",
            "DEFAULT:kRSA:@SECLEVEL=0",
            ("AES256-GCM-SHA384", "AES128-GCM-SHA256", "AES256-CCM8", "AES256-CCM"),
        ),
        ("null", "eNULL:@SECLEVEL=0", ("ECDHE-ECDSA-NULL-SHA",)),
        ("dhe-1024", "DEFAULT:kDHE:@SECLEVEL=0", ("DHE-RSA-AES256-GCM-SHA384",)),
    ],
)
def test_weak_ciphers_really_work(suite, ciphers, agreed):
    """A client that takes them gets its page; a client of today's defaults that does not know them is refused."""
    client = Server({"fault": "tls.ciphers", "suite": suite}).connect(client_context(ciphers=ciphers))
    assert client.shake() == ""
    assert client.tls.cipher()[0] in agreed
    assert client.ask().startswith(b"HTTP/1.1 200 OK")
    assert told(client, "tls.ciphers")["tls"]["cipher"] in agreed
    modern = Server({"fault": "tls.ciphers", "suite": suite}).connect(client_context(ciphers="ECDHE+AESGCM:!aNULL"))
    assert modern.shake() != ""


@pytest.mark.fault("tls.client-certificate")
@pytest.mark.parametrize(("required", "served"), [(False, True), (True, False)])
def test_a_client_certificate_is_demanded(required, served):
    """Who has none gets its page, unless one is required."""
    client = Server({"fault": "tls.client-certificate", "required": required}).connect(client_context(high="1.2"))
    assert (client.shake() == "") is served
    if served:
        assert client.ask().startswith(b"HTTP/1.1 200 OK")
    refusal = told(client, "tls.client-certificate")["refusal"]
    assert refusal is None if served else refusal["hint"] == "a client certificate is asked for: give the client one"


@pytest.mark.parametrize(
    ("fault", "client", "code", "hint"),
    [
        ({"fault": "tls.ciphers", "suite": "null"}, {}, "handshake-failed", "none of the ciphers"),
        (
            {"fault": "tls.ciphers", "suite": "dhe-1024"},
            {"ciphers": "kDHE:@SECLEVEL=2"},
            "client-alert",
            "too weak for it, or unknown",
        ),
        ({"fault": "tls.versions", "high": "1.1"}, {"low": "1.2"}, "handshake-failed", "compare the versions"),
    ],
)
def test_what_a_handshake_failed_of_is_told(fault, client, code, hint):
    """The hint is about what was missed: a cipher, its strength, a version."""
    found = Server(fault).connect(client_context(**client))
    assert found.shake()
    refusal = told(found, fault["fault"])["refusal"]
    assert (refusal["code"], hint in refusal["hint"]) == (code, True), refusal


@pytest.mark.fault("tls.rotation")
def test_certificates_take_turns():
    """One a connection, round and round, each of them good and for another key."""
    server = Server({"fault": "tls.rotation", "certificates": 3})
    seen = []
    for _ in range(6):
        client = server.connect()
        assert client.shake() == ""
        seen.append(client.tls.getpeercert(binary_form=True))
        told(client, "tls.rotation")
    assert len(set(seen)) == 3
    assert seen[:3] == seen[3:]
    assert seen[0] == export(server._identity(None).certificate, "der")


def test_faults_of_the_handshake_come_together():
    """What several faults ask for holds at once."""
    server = Server(
        {"fault": "tls.versions", "low": "1.2", "high": "1.2"}, {"fault": "tls.ciphers", "suite": "static-rsa"}
    )
    client = server.connect(client_context(ciphers="DEFAULT:kRSA:@SECLEVEL=0"))
    assert (client.shake(), client.tls.version()) == ("", "TLSv1.2")
    assert client.lose()["kinds"] == ["tls.versions", "tls.ciphers"]


@pytest.mark.parametrize("first", ["tls.rotation", "tls.ciphers"])
def test_weak_ciphers_work_with_every_certificate(first):
    """Those that want an RSA key get one, in whatever order the faults are armed: of a good certificate and a bad one."""
    faults = {
        "tls.rotation": {"fault": "tls.rotation"},
        "tls.ciphers": {"fault": "tls.ciphers", "suite": "static-rsa"},
        "tls.certificate": {"fault": "tls.certificate", "defect": "expired", "when": {"nth": [3]}},
    }
    server = Server(faults.pop(first), *faults.values())
    seen = set()
    for _ in range(3):
        client = server.connect(client_context(ciphers="DEFAULT:kRSA:@SECLEVEL=0"))
        assert (client.shake(), client.tls.cipher()[0][:3]) == ("", "AES")
        seen.add(client.tls.getpeercert(binary_form=True))
    assert len(seen) == 3


def test_what_is_not_shown_is_not_told():
    """Where the ClientHello is answered with something else nobody sees a certificate, and no verdict is passed on it."""
    expired = {"fault": "tls.certificate", "defect": "expired"}
    for faults in ((expired, {"fault": "tls.alert"}), ({"fault": "tls.alert"}, expired)):
        client = Server(*faults).connect()
        client.shake()
        entry = client.lose()
        assert (entry["tls"]["defect"], sorted(entry["kinds"])) == (None, ["tls.alert", "tls.certificate"])


def test_what_comes_in_place_of_a_handshake_comes_slowly_too():
    """The answer to the ClientHello is the first flight, and the end waits for it."""
    client = Server(
        {"fault": "tls.garbage", "bytes": 300}, {"fault": "tls.slow-flight", "bytes": 100, "seconds": 1}
    ).connect()
    client.shake()
    sizes = []
    for _ in range(4):
        client.pump()
        sizes.append((len(client.raw), list(client.caller.socket.calls)))
        client.server.clock.advance(1)
    assert sizes == [(100, []), (200, []), (300, []), (300, ["half-close"])]
    client.lose()


def test_old_firmware_asks_for_a_client_certificate():
    """Also where it can do without."""
    identity = self_signed(["localhost"], NOW, rsa_bits=2048)
    for asks, mode in (("", ssl.CERT_NONE), ("optional", ssl.CERT_OPTIONAL), ("required", ssl.CERT_REQUIRED)):
        assert (
            old_context(
                identity, ("1.2", "1.2"), tickets=False, asks=asks, ca=export(identity.trust, "der")
            ).verify_mode
            is mode
        )


def test_cleared_the_handshake_is_good_again():
    """The next connection has the good certificate and the newest version; the port never closed."""
    server = Server(
        {"fault": "tls.versions", "high": "1.1"},
        {"fault": "tls.rotation"},
        {"fault": "tls.alert", "when": {"nth": [2]}},
    )
    first = server.connect()
    assert (first.shake(), first.tls.version()) == ("", "TLSv1.1")
    assert server.connect().shake() != ""
    server.pbx.faults.clear()
    last = server.connect()
    assert (last.shake(), last.tls.version()) == ("", "TLSv1.3")
    assert last.tls.getpeercert(binary_form=True) == export(server._identity(None).certificate, "der")


def test_an_assembled_pbx_has_the_other_identities(tmp_path):
    """Made when they are first shown, by the CA that clients trust, and the same from then on; of a defect as well."""
    wall = NOW.timestamp()
    with assembled(tmp_path, {"history": {"days": 0}}, wall) as appliance:
        names = ((None, True), (f"{ANOTHER}1", True), (f"{ANOTHER}1", False), (f"{ANOTHER}2", False))
        rsa, other, one, two = (appliance.identity(name, wall, for_rsa=for_rsa) for name, for_rsa in names)
        assert len({each.certificate.serial_number for each in (rsa, other, one, two)}) == 4
        assert appliance.identity(None, wall, for_rsa=True) is rsa
        assert [isinstance(each.key, RSAPrivateKey) for each in (rsa, other, one, two)] == [True, True, False, False]
        bad, for_rsa = (appliance.identity("expired", wall, for_rsa=rsa) for rsa in (False, True))
        keys = [load_pem_private_key(each.key_pem, None) for each in (bad, for_rsa)]
        assert [isinstance(key, RSAPrivateKey) for key in keys] == [False, True]
        good = appliance.identity(None, wall)
        assert {each.trust for each in (rsa, one, two)} == {good.trust}
