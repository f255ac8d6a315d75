"""What a PBX shows in a handshake, over the control plane: told as it is on the wire, and changed from the next one on."""

from __future__ import annotations

import base64
import socket
import ssl
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.controlling import LATENCY, Control, api, fetched, shown
from tests.until import until
from ucmsim.certificates.authority import Authority, Identity, self_signed
from ucmsim.certificates.defects import DEFECTS

NAMES = ("pbx.example.com", "127.0.0.1")


def made(control: Control, **settings: Any) -> tuple[dict[str, Any], str]:
    """Return a PBX that listens, and the path of its identity."""
    told = control.create(name := control.name(), **{"api": api(), **settings}).json
    return told, f"/v1/pbxs/{name}/identity"


def own() -> Identity:
    """Return an identity with a chain, as a user brings it."""
    now = datetime.now(UTC)
    authority = Authority.mint("mine", now)
    issued = authority.issue(NAMES, now)
    return Identity(issued.key, issued.certificate, (authority.certificate,), authority.certificate)


def pair(identity: Identity) -> dict[str, str]:
    return {"certificate": identity.certificate_pem.decode(), "key": identity.key_pem.decode()}


def fingerprint(pem: str) -> str:
    return sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def test_the_good_one_is_told_as_it_is_on_the_wire(control: Control) -> None:
    """Certificate, subject, names, validity and fingerprint, and the file of the CA."""
    pbx, path = made(control, tls_names=["pbx.example.com"])
    certificate = x509.load_pem_x509_certificate(shown(pbx).encode())
    assert control("GET", path).json == {
        "defect": None, "given": False, "certificate": shown(pbx), "subject": "CN=127.0.0.1",
        "names": ["127.0.0.1", "pbx.example.com", "localhost", "::1"],
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "sha256": fingerprint(shown(pbx)), "ca": pbx["ca"],
    }  # fmt: skip


def test_a_defect_is_shown_from_the_next_handshake_on(control: Control) -> None:
    """Who verifies refuses it, and the journal tells the defect and the verdict as with a fault; with {} all is good again."""
    pbx, path = made(control)
    base, good = path.removesuffix("/identity"), control("GET", path).json
    told = control("PUT", path, {"defect": "expired"})
    assert (told.status, told.json["defect"], told.json["sha256"]) == (200, "expired", fingerprint(shown(pbx)))
    assert datetime.fromisoformat(told.json["not_after"]) < datetime.now(UTC)
    assert control("GET", path).json == told.json
    with pytest.raises(URLError, match="certificate has expired"):
        fetched(pbx)
    connections = control("GET", f"{base}/journal?kind=connection").json["items"]
    assert [(one["tls"]["defect"], one["faults"]) for one in connections] == [("expired", [])] * 2
    assert connections[1]["verdict"] == "refused"
    assert connections[1]["alert"] == 45  # certificate_expired
    assert control("PUT", path, {}).json == good
    fetched(pbx)
    (last,) = control("GET", f"{base}/journal?kind=connection&last=1").json["items"]
    assert last["tls"]["defect"] is None
    control("PUT", path, {"defect": "expired"})
    assert control("PUT", path, {"defect": None}).json == good


@pytest.mark.parametrize("profile", ["modern", "device"])
def test_every_defect_is_told(control: Control, profile: str) -> None:
    """Whatever is broken of it, what it shows is told, and what it does not say is null."""
    _, path = made(control, tls_profile=profile)
    odd = set()
    for row in DEFECTS:
        if not row.available or row.slow:
            continue
        told = control("PUT", path, {"defect": row.id})
        assert told.status == 200, (row.id, told.data)
        assert told.json["defect"] == row.id
        if None in told.json.values():
            odd.add(row.id)
        if told.json["certificate"]:
            leaf = told.json["certificate"].partition("-----END")[0].partition("CERTIFICATE-----")[2]
            assert sha256(base64.b64decode(leaf)).hexdigest() == told.json["sha256"]
    assert 0 < len(odd) < len(DEFECTS) / 4


def test_a_fault_goes_before_it(control: Control) -> None:
    """While the fault is armed its defect is shown, and that of the identity after that."""
    pbx, path = made(control)
    faults = f"{path.removesuffix('/identity')}/faults"
    control("PUT", path, {"defect": "expired"})
    expired = shown(pbx)
    control("POST", faults, {"fault": "tls.certificate", "defect": "wrong-host", "name": "mine"})
    assert x509.load_pem_x509_certificate(shown(pbx).encode()).not_valid_after_utc > datetime.now(UTC)
    assert control("GET", path).json["defect"] == "expired"
    control("DELETE", f"{faults}/mine")
    assert shown(pbx) == expired


def test_no_session_is_resumed_while_a_defect_is_shown(control: Control) -> None:
    """Who resumes a session never looks at the certificate; without a defect sessions are resumed."""
    pbx, path = made(control)
    place = urlsplit(pbx["url"])
    context = ssl.create_default_context(cafile=pbx["ca"])
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def resumed(session: ssl.SSLSession | None) -> tuple[bool | None, ssl.SSLSession | None]:
        with (
            socket.create_connection((place.hostname, place.port), timeout=20) as plain,
            context.wrap_socket(plain, session=session) as tls,
        ):
            tls.sendall(b"GET /cdrapi HTTP/1.1\r\n\r\n")
            tls.recv(1)
            return tls.session_reused, tls.session

    _, session = resumed(None)
    assert resumed(session)[0] is True
    control("PUT", path, {"defect": "expired"})
    reused, again = resumed(session)
    assert reused is False
    assert resumed(again)[0] is False
    control("PUT", path, {})
    assert resumed(resumed(None)[1])[0] is True


def test_another_certificate_is_shown_with_its_chain(control: Control) -> None:
    """It is shown and nothing of it is kept; files, settings and CA of the PBX stay."""
    pbx, path = made(control)
    home, identity, good = Path(pbx["ca"]).parent, own(), control("GET", path).json
    files = {file.name: file.read_bytes() for file in home.glob("*.pem")}
    told = control("PUT", path, pair(identity)).json
    assert (told["defect"], told["certificate"], told["names"]) == (
        None, identity.certificate_pem.decode(), ["pbx.example.com", "127.0.0.1"],
    )  # fmt: skip
    context = ssl.create_default_context(cadata=identity.trust.public_bytes(Encoding.PEM).decode())
    place = urlsplit(pbx["url"])
    with (
        socket.create_connection((place.hostname, place.port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="pbx.example.com") as tls,
    ):
        assert tls.getpeercert(binary_form=True) == identity.certificate.public_bytes(Encoding.DER)
    assert {file.name: file.read_bytes() for file in home.glob("*.pem")} == files
    assert control("GET", path.replace("identity", "api")).json["tls_cert"] is None
    assert control("PUT", path, {}).json == good
    fetched(pbx)


def test_identity_stays_over_a_reset_and_a_change_of_the_page(control: Control) -> None:
    """Neither a new universe nor the device's page takes away what is shown instead."""
    pbx, path = made(control, faults=[LATENCY])
    base = path.removesuffix("/identity")
    told = control("PUT", path, {"defect": "expired"}).json
    control("POST", f"{base}/reset")
    assert control("GET", path).json == told
    assert fingerprint(shown(pbx)) == told["sha256"]
    identity = own()
    told = control("PUT", path, pair(identity)).json
    control("PATCH", f"{base}/api", {"tls_authentication_name": "vendor"})
    control("POST", f"{base}/reset")
    assert control("GET", path).json == told
    assert fingerprint(shown(pbx)) == told["sha256"]


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"defect": "expird"}, "defect", "there is no defect 'expird'; did you mean 'expired'?"),
        ({"defect": "ssl3"}, "defect", "the defect 'ssl3' cannot be shown"),
        ({"defect": 3}, "defect", "text is due; give the id of a defect"),
        ({"defct": "expired"}, "defct", "there is no key 'defct' here; did you mean 'defect'?"),
        ({"certificate": pair(own())["certificate"]}, "key", "'key' is missing; give both"),
        ({"key": "x"}, "certificate", "'certificate' is missing; give both"),
        ({**pair(own()), "defect": "expired"}, "certificate", "'certificate' does not go with 'defect'"),
        ({**pair(own()), "key": pair(own())["key"]}, "certificate", "is not that of the certificate of 'pbx.example.com'"),
        ({**pair(own()), "key": "none\ud800"}, "key", "is half a character, so this is no text"),
        ({**pair(own()), "certificate": None}, "certificate", "text is due; give it as PEM"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(control: Control, body: dict[str, Any], field: str, said: str) -> None:
    """And the good certificate stays."""
    pbx, path = made(control)
    if body.get("defect") == "ssl3":
        body = {"defect": next(row.id for row in DEFECTS if not row.available)}
        said = f"the defect '{body['defect']}' cannot be shown"
    good = shown(pbx)
    answer = control("PUT", path, body)
    assert answer.told == (400, "invalid", field)
    assert said in answer.error["message"]
    assert shown(pbx) == good


def test_the_old_profile_takes_rsa_keys_only(control: Control) -> None:
    """Its ciphers serve with no other."""
    pbx, path = made(control, tls_profile="device")
    assert control("PUT", path, pair(own())).told == (400, "invalid", "key")
    identity = self_signed(NAMES, datetime.now(UTC), rsa_bits=2048)
    assert control("PUT", path, pair(identity)).status == 200
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    place = urlsplit(pbx["url"])
    with (
        socket.create_connection((place.hostname, place.port), timeout=20) as plain,
        context.wrap_socket(plain) as tls,
    ):
        assert tls.getpeercert(binary_form=True) == identity.certificate.public_bytes(Encoding.DER)


def test_one_that_ends_is_good_until_then(control: Control) -> None:
    """The same certificate is taken, and when the PBX clock is past its end told as expired; then who verifies by it refuses."""
    pbx, path = made(control)
    base, good = path.removesuffix("/identity"), control("GET", path).json
    soon = control("PUT", path, {"valid_for": 2}).json
    assert (soon["defect"], soon["subject"], soon["names"]) == (None, good["subject"], good["names"])
    assert fingerprint(shown(pbx)) == soon["sha256"] != good["sha256"]
    ends, now = (
        datetime.fromisoformat(soon["not_after"]),
        datetime.fromisoformat(control("GET", f"{base}/clock").json["now"]),
    )
    assert timedelta(0) < ends - now <= timedelta(seconds=2)
    until(lambda: control("GET", path).json["defect"] == "expired")
    assert {**control("GET", path).json, "defect": None} == soon
    assert datetime.fromisoformat(control("GET", f"{base}/clock").json["now"]) > ends
    assert fingerprint(shown(pbx)) == soon["sha256"]
    with pytest.raises(URLError, match="certificate has expired"):
        fetched(pbx)
    (last,) = control("GET", f"{base}/journal?kind=connection&last=1").json["items"]
    assert (last["tls"]["defect"], last["verdict"], last["alert"]) == ("expired", "refused", 45)
    assert control("PUT", path, {}).json == good
    fetched(pbx)


def test_the_end_goes_by_the_pbx_clock(control: Control) -> None:
    """A clock that stands still never reaches it, one that is set behind it has."""
    _, path = made(control)
    clock = f"{path.removesuffix('/identity')}/clock"
    control("PUT", clock, {"now": "2026-03-03T12:00:00Z", "rate": 0})
    told = control("PUT", path, {"valid_for": 60}).json
    assert told["not_after"] == "2026-03-03T12:01:00+00:00"
    control("PUT", clock, {"now": "2026-03-03T12:01:00Z"})
    assert control("GET", path).json["defect"] is None
    control("PUT", clock, {"now": "2026-03-03T12:01:01Z"})
    assert control("GET", path).json == {**told, "defect": "expired"}


@pytest.mark.parametrize("value", [0, "5", True, None, 86_401])
def test_no_time_is_no_validity(control: Control, value: object) -> None:
    """From a second to a day, and with nothing beside it."""
    _, path = made(control)
    assert control("PUT", path, {"valid_for": value}).status == 400
    assert control("PUT", path, {"valid_for": 5, "defect": "expired"}).status == 400


def test_what_was_given_is_shown_again_by_its_certificate(control: Control) -> None:
    """Its key is kept: the chain as it was told is enough, after a defect and after a reset; that of nobody is refused."""
    pbx, path = made(control)
    mine, stranger = own(), own()
    told = control("PUT", path, pair(mine)).json
    assert (told["given"], told["certificate"]) == (True, pair(mine)["certificate"])
    assert control("PUT", path, {"defect": "expired"}).json["given"] is False
    control("POST", f"{path.removesuffix('/identity')}/reset")
    assert control("PUT", path, {"certificate": told["certificate"]}).json == told
    assert fingerprint(shown(pbx)) == told["sha256"]
    refused = control("PUT", path, {"certificate": pair(stranger)["certificate"]})
    assert (refused.told, "that was shown before" in refused.error["message"]) == ((400, "invalid", "key"), True)


def test_what_ends_is_shown_again_with_its_end(control: Control) -> None:
    """One that was shown for a while is expired from its end on, also where something else was shown in between."""
    _, path = made(control)
    clock = f"{path.removesuffix('/identity')}/clock"
    control("PUT", clock, {"now": "2026-03-03T12:00:00Z", "rate": 0})
    told = control("PUT", path, {"valid_for": 60}).json
    control("PUT", path, {"defect": "self-signed"})
    assert control("PUT", path, {"certificate": told["certificate"]}).json == told
    control("PUT", clock, {"now": "2026-03-03T12:01:01Z"})
    assert control("GET", path).json == {**told, "defect": "expired"}
