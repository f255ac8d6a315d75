"""The device's API Configuration page over the control plane: what it tells, and what changes at once, and what does not."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import pytest

from tests import rawclient
from tests.controlling import GUIDE, LATENCY, PASSWORD, Control, api, fetched, shown
from ucmsim.certificates.authority import Identity, self_signed
from ucmsim.certificates.keyfiles import LIMIT
from ucmsim.pytest_plugin import UcmFleet

ACCOUNT = {"tls_authentication_name": "cdrapi", "tls_authentication_password": PASSWORD}
NAMES = ("localhost", "127.0.0.1")
KEYS = ("tls_private_key", "tls_cert")


def made(control: Control, **page: Any) -> tuple[dict[str, Any], str]:
    """Return a PBX that listens, and the path of its page."""
    told = control.create(name := control.name(), history=GUIDE, api=api(**page)).json
    return told, f"/v1/pbxs/{name}/api"


def own() -> Identity:
    """Return an identity as a user brings it."""
    return self_signed(NAMES, datetime.now(UTC))


def uploaded(identity: Identity) -> dict[str, str]:
    return dict(zip(KEYS, (identity.key_pem.decode(), identity.certificate_pem.decode()), strict=True))


def test_the_page_is_told_without_the_password(control: Control) -> None:
    """The seven settings as they are written, and of the password only that there is one."""
    _, path = made(control, **ACCOUNT)
    assert control("GET", path).json == {
        "enable": True, "tls_bind_address": "127.0.0.1:0", "tls_private_key": None, "tls_cert": None,
        "tls_authentication_name": "cdrapi", "permitted_ips": ["127.0.0.0/8"], "password_set": True,
    }  # fmt: skip
    assert control("PATCH", path, {"tls_authentication_password": None}).json["password_set"] is False


def test_permitted_ips_hold_at_once_and_nothing_else_changes(control: Control) -> None:
    """A client is denied and let in again; history, clock, faults with their counters and journal go on, warnings follow."""
    pbx, path = made(control)
    base = path.removesuffix("/api")
    control("PUT", f"{base}/clock", {"now": "2026-07-01T12:00:00Z", "rate": 0})
    control("POST", f"{base}/faults", {**LATENCY, "seconds": 0})
    rows = fetched(pbx)
    faults, clock = control("GET", f"{base}/faults").json, control("GET", f"{base}/clock").json
    assert control("PATCH", path, {"permitted_ips": ["192.0.2.0/24"]}).json["permitted_ips"] == ["192.0.2.0/24"]
    with pytest.raises(HTTPError, match="403"):
        fetched(pbx)
    assert control("GET", base).json["warnings"][-1] == "it listens on loopback, and permitted_ips denies 127.0.0.1"
    assert control("GET", f"{base}/faults").json["items"][0]["matched"] == 2
    control("PATCH", path, {"permitted_ips": ["127.0.0.1"]})
    assert fetched(pbx) == rows
    assert control("GET", f"{base}/clock").json == clock
    assert control("GET", f"{base}/faults").json["items"][0] == {**faults["items"][0], "matched": 3, "fired": 3}
    kinds = [(one["id"], one["kind"]) for one in control("GET", f"{base}/journal").json["items"]]
    assert kinds == [(at + 1, kind) for at, kind in enumerate(["exchange", "connection"] * 3)]


def test_where_denial_is_a_drop_it_holds_from_the_next_accept_on(control: Control) -> None:
    """With `acl-denial: drop` who is connected already is not asked again; who comes then is dropped."""
    told = control.create(name := control.name(), history=GUIDE, api=api(), quirks={"acl-denial": "drop"}).json
    context = ssl.create_default_context(cafile=told["ca"])
    place = urlsplit(told["url"])
    with socket.create_connection((place.hostname, place.port), timeout=20) as plain:
        control("GET", f"/v1/pbxs/{name}")  # by then it has been accepted
        control("PATCH", f"/v1/pbxs/{name}/api", {"permitted_ips": ["192.0.2.1"]})
        with pytest.raises((URLError, ConnectionError)):
            fetched(told)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
            tls.sendall(b"GET /cdrapi HTTP/1.1\r\n\r\n")
            assert tls.recv(12) == b"HTTP/1.1 403"


def test_credentials_hold_at_once_and_nonces_stay(control: Control) -> None:
    """The old password is refused and the new one taken, with a nonce that was issued before the change."""
    pbx, path = made(control, **ACCOUNT)
    client: Any = SimpleNamespace(url=pbx["url"])
    line = b"GET /cdrapi HTTP/1.1\r\n"
    challenge = rawclient.exchange(client, line + b"\r\n")
    answer = control("PATCH", path, {"tls_authentication_name": "vendor", "tls_authentication_password": "new secret"})
    assert (answer.json["tls_authentication_name"], answer.json["password_set"]) == ("vendor", True)

    def asked(user: str, password: str, nc: int) -> bytes:
        header = rawclient.digest_header("GET", "/cdrapi", user, password, challenge, nc)
        return rawclient.exchange(client, line + header + b"\r\n")[:12]

    assert asked("cdrapi", PASSWORD, 1) == b"HTTP/1.1 401"
    assert asked("vendor", "new secret", 2) == b"HTTP/1.1 200"


def test_the_password_never_comes_back(control: Control, ucm_fleet: UcmFleet) -> None:
    """Neither a new one nor one that is refused stands in an answer or in the log, and no private key does."""
    _, path = made(control, **ACCOUNT)
    base, secret = path.removesuffix("/api"), "another-not-for-everybody"
    identity = own()
    answers = [
        control("PATCH", path, {"tls_authentication_password": secret, "permitted_ips": ["127.0.0.1"]}),
        control("PATCH", path, {"tls_authentication_password": f"{secret}\x07"}),
        control("PATCH", path, {"tls_authentication_password": [secret]}),
        control("PATCH", path, {"tls_authentication_password": secret, "enable": "on"}),
        control("PATCH", path, {"tls_authentication_pasword": secret}),
        control("PATCH", path, uploaded(identity)),
        control("PATCH", path, {**uploaded(identity), "tls_cert": "-----BEGIN nothing"}),
        *(control("GET", of) for of in (path, base, "/v1/pbxs")),
    ]
    assert [answer.status for answer in answers] == [200, 400, 400, 400, 400, 200, 400, 200, 200, 200]
    told = b"".join(answer.data for answer in answers) + ucm_fleet.log.read_bytes()
    assert secret.encode() not in told
    assert identity.key_pem.splitlines()[1] not in told


def test_an_upload_is_shown_from_the_next_handshake_on(control: Control) -> None:
    """Key and certificate are kept beside the history, and null goes back to the certificate that was minted."""
    pbx, path = made(control)
    home, minted, identity = Path(pbx["ca"]).parent, shown(pbx), own()
    answer = control("PATCH", path, uploaded(identity))
    assert [answer.json[key] for key in KEYS] == [str(home / "private.pem"), str(home / "certificate.pem")]
    assert shown(pbx) == identity.certificate_pem.decode()
    assert (home / "private.pem").read_bytes() == identity.key_pem
    assert S_IMODE((home / "private.pem").stat().st_mode) == 0o600
    assert (home / "certificate.pem").read_bytes() == identity.certificate_pem
    fetched(pbx)  # its ca.pem is what a client must trust by now
    assert [control("PATCH", path, dict.fromkeys(KEYS)).json[key] for key in KEYS] == [None, None]
    assert shown(pbx) == minted
    fetched(pbx)


def test_files_are_taken_too(control: Control, tmp_path: Path) -> None:
    """A path is a path, as in sim.yaml; one of the two may be replaced by what belongs to the other."""
    pbx, path = made(control)
    identity = own()
    for key, text in uploaded(identity).items():
        (tmp_path / key).write_text(text)
    files = {key: str(tmp_path / key) for key in KEYS}
    assert control("PATCH", path, files).json.items() >= files.items()
    assert shown(pbx) == identity.certificate_pem.decode()
    renewed = self_signed(NAMES, datetime.now(UTC), key=identity.key).certificate_pem.decode()
    control("PATCH", path, {"tls_cert": renewed})
    assert shown(pbx) == renewed


@pytest.mark.parametrize(
    ("page", "field", "said"),
    [
        ({"tls_cert": uploaded(own())["tls_cert"]}, "tls_cert", "'tls_private_key' is missing; name both files"),
        ({**uploaded(own()), "tls_cert": uploaded(own())["tls_cert"]}, "tls_cert", "is not that of the certificate of"),
        ({**uploaded(own()), "tls_private_key": "a\nb"}, "tls_private_key", "the upload is not PEM; PEM is text with"),
        ({**uploaded(own()), "tls_cert": "-----BEGIN CERTIFICATE-----\nMII"}, "tls_cert", "a BEGIN line without its END"),
        ({**uploaded(own()), "tls_cert": "\n" * LIMIT}, "tls_cert", f"the upload has {LIMIT} bytes; the device takes"),
        ({**uploaded(own()), "tls_cert": "\ud800\n"}, "tls_cert", "is half a character, so this is no text"),
        ({"tls_private_key": "there.pem", "tls_cert": "there.pem"}, "tls_private_key", "there is no file '"),
        ({"tls_bind_address": "localhost"}, "tls_bind_address", "'localhost' does not begin with an IP address"),
        ({"permitted_ips": ["10.0.0.0/8", "10.0.0.0/99"]}, "permitted_ips[1]", "10.0.0.0/99"),
        ({"enable": None}, "enable", "there is nothing here; true or false is due"),
        ({"port": 1}, "port", "there is no key 'port' here; the keys are enable"),
        ({}, None, "there is nothing to change; give enable, tls_bind_address"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_changes(
    control: Control, page: dict[str, Any], field: str | None, said: str
) -> None:
    """The field is the page's, the sentence that of `ucmsim check`; what was right beside it is not taken either."""
    pbx, path = made(control)
    before, certificate = control("GET", path).json, shown(pbx)
    answer = control("PATCH", path, {**page, **({"tls_authentication_name": "x"} if page else {})})
    assert answer.told == (400, "invalid", field)
    assert said in answer.error["message"]
    assert control("GET", path).json == before
    assert shown(pbx) == certificate
    fetched(pbx)


def test_two_uploads_of_just_under_two_megabytes_are_taken(control: Control) -> None:
    """The device's limit is that of each file, whatever JSON makes of its line ends."""
    pbx, path = made(control)
    texts = {key: f"{'#' * 63}\n" * ((LIMIT - len(text) - 1) // 64) + text for key, text in uploaded(own()).items()}
    assert all(LIMIT - 65 <= len(text) < LIMIT for text in texts.values())
    assert control("PATCH", path, texts).status == 200
    assert shown(pbx) in texts["tls_cert"]
    assert control("PATCH", path, b" " * (5 << 20)).told == (413, "too-large", None)


def test_a_disabled_api_is_closed_and_comes_back(control: Control) -> None:
    """Nothing listens, who is connected is cut, and there is no URL; then there is one again."""
    pbx, path = made(control)
    base, place = path.removesuffix("/api"), urlsplit(pbx["url"])
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        control("GET", base)  # by then it has been accepted
        assert control("PATCH", path, {"enable": False}).json["enable"] is False
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((place.hostname, place.port), timeout=20)
    told = control("GET", base).json
    assert (told["url"], told["warnings"][0]) == (
        None, "api.enable is false, so nothing listens on the API port; the device's default is the same",
    )  # fmt: skip
    control("PATCH", path, {"enable": True})
    back = control("GET", base).json
    assert len(fetched(back, "/cdrapi?format=CSV").splitlines()) == 4


def test_another_address_is_bound_and_named_in_the_certificate(control: Control) -> None:
    """Who is connected stays so; the old port is closed; the certificate is for the same key and CA, and for the new address."""
    pbx, path = made(control)
    base, old = path.removesuffix("/api"), urlsplit(pbx["url"])
    with socket.create_connection((old.hostname, old.port), timeout=20) as connection:
        control("GET", base)  # by then it has been accepted
        control("PATCH", path, {"tls_bind_address": "127.0.0.2:0"})
        with ssl.create_default_context(cafile=pbx["ca"]).wrap_socket(connection, server_hostname="127.0.0.1") as tls:
            tls.sendall(b"GET /cdrapi HTTP/1.1\r\n\r\n")
            assert tls.recv(12) == b"HTTP/1.1 200"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((old.hostname, old.port), timeout=20)
    moved = control("GET", base).json
    assert moved["url"].startswith("https://127.0.0.2:")
    fetched(moved)


def test_its_own_port_is_not_in_the_way(control: Control) -> None:
    """From one address to all of them with the same port, and back."""
    pbx, path = made(control)
    port = urlsplit(pbx["url"]).port
    for bind in (f"0.0.0.0:{port}", f"127.0.0.1:{port}"):
        assert control("PATCH", path, {"tls_bind_address": bind}).json["tls_bind_address"] == bind
        assert control("GET", path.removesuffix("/api")).json["url"] == pbx["url"]
        fetched(pbx)


def test_a_busy_address_leaves_the_old_port_open(control: Control, busy: int) -> None:
    """The answer is 409 with the field, and nothing of the change holds."""
    pbx, path = made(control)
    before = control("GET", path).json
    answer = control("PATCH", path, {"tls_bind_address": f"127.0.0.1:{busy}", "permitted_ips": []})
    assert answer.told == (409, "bind", "tls_bind_address")
    assert control("GET", path).json == before
    fetched(pbx)


def test_its_own_port_is_had_again_where_the_other_cannot_be(control: Control) -> None:
    """Somebody else has the port at another address, so that all addresses cannot be had, and the old one is open again."""
    pbx, path = made(control)
    port = urlsplit(pbx["url"]).port
    with socket.create_server(("127.0.0.3", port)):
        answer = control("PATCH", path, {"tls_bind_address": f"0.0.0.0:{port}"})
        assert answer.told == (409, "bind", "tls_bind_address")
        fetched(pbx)


def test_a_fault_keeps_the_port_closed_wherever_it_is_moved(control: Control) -> None:
    """The port opens at the new address when the fault goes."""
    pbx, path = made(control)
    base = path.removesuffix("/api")
    control("POST", f"{base}/faults", {"fault": "tcp.refuse", "name": "shut"})
    control("PATCH", path, {"tls_bind_address": "127.0.0.2:0"})
    moved = urlsplit(control("GET", base).json["url"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((moved.hostname, moved.port), timeout=20)
    control("DELETE", f"{base}/faults/shut")
    fetched({**pbx, "url": moved.geturl()})
    listens = [one["listens"] for one in control("GET", f"{base}/journal?kind=listening").json["items"]]
    assert listens == [False, True]


def test_the_old_profile_takes_rsa_keys_only(control: Control) -> None:
    """As `ucmsim check` says of files."""
    told = control.create(name := control.name(), tls_profile="device", api=api()).json
    answer = control("PATCH", f"/v1/pbxs/{name}/api", uploaded(own()))
    assert answer.told == (400, "invalid", "tls_private_key")
    identity = self_signed(NAMES, datetime.now(UTC), rsa_bits=2048)
    assert control("PATCH", f"/v1/pbxs/{name}/api", uploaded(identity)).status == 200
    assert Path(told["ca"]).read_bytes() == identity.certificate_pem


def test_what_is_on_the_page_stays_over_a_reset(control: Control) -> None:
    """They are settings: a new universe is made by them, behind the same port and with the same upload."""
    pbx, path = made(control)
    identity = own()
    control("PATCH", path, {**uploaded(identity), "permitted_ips": ["127.0.0.1"], **ACCOUNT})
    page = control("GET", path).json
    told = control("POST", path.removesuffix("/api") + "/reset").json
    assert (told["url"], control("GET", path).json) == (pbx["url"], page)
    assert shown(pbx) == identity.certificate_pem.decode()


def test_a_port_is_kept_while_the_api_is_disabled(control: Control) -> None:
    """Enabled again it listens where it did, by either route; elsewhere only where somebody else has the port by now."""
    pbx, path = made(control)
    base = path.removesuffix("/api")
    control("PATCH", path, {"enable": False})
    assert control("GET", base).json["url"] is None
    control("PATCH", path, {"enable": True})
    assert control("GET", base).json["url"] == pbx["url"]
    fetched(pbx)
    control("PATCH", base, {"api": {"enable": False}})
    control("PATCH", base, {"quirks": {"order": "desc"}})
    assert control("PATCH", base, {"api": {"enable": True}}).json["pbx"]["url"] == pbx["url"]
    fetched(pbx)
    control("PATCH", path, {"enable": False})
    place = urlsplit(pbx["url"])
    with socket.create_server((place.hostname, place.port)):
        assert control("PATCH", path, {"enable": True}).status == 200
        assert control("GET", base).json["url"] not in (None, pbx["url"])
