"""The control plane elsewhere than on loopback: only with a token of one's own and TLS, and then for who trusts it."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from tests.processes import API, Process, config, failed
from tests.simfiles import only, settings
from ucmsim.certificates.authority import Authority
from ucmsim.cli import main
from ucmsim.client import ControlClient, ControlUnauthorised, ControlUnreachable
from ucmsim.control.site import LARGEST
from ucmsim.errors import ConfigurationError

TOKEN = "a-token-of-my-own"


def top(**control: Any) -> dict[str, Any]:
    return {"state": "state", "control": {"bind": "0.0.0.0:0", "token": TOKEN, "tls": {}, **control}}


@pytest.mark.parametrize(
    ("control", "said"),
    [
        ("bind: 0.0.0.0:8444", "without a token of your own and TLS; add 'token: ...' and 'tls: {}', or let it listen"),
        ("bind: 0.0.0.0:8444, tls: {}", "without a token of your own; add 'token: ...', or let it listen on loopback"),
        ("bind: 192.0.2.7, token: 12345678a", "192.0.2.7 without TLS; add 'tls: {}', or let it listen on loopback"),
        ("bind: '[::]:8444', token: 12345678a, tls: null", "on :: without TLS; add 'tls: {}'"),
    ],
)
def test_what_is_missing_is_said(control: str, said: str) -> None:
    """Elsewhere than on loopback both are due, and one sentence names all that is missing."""
    assert said in only(f"control: {{{control}}}\npbxs: {{}}\n", "control.bind")


def test_what_it_takes() -> None:
    """A token and TLS, minted or of files; on loopback neither is due, and TLS may be had too."""
    far = settings(
        f"control: {{bind: 0.0.0.0:8444, token: {TOKEN}, tls: {{names: [rig.example]}}}}\npbxs: {{}}\n"
    ).control
    near = settings("control: {}\npbxs: {}\n").control
    assert far is not None
    assert near is not None
    assert (far.scheme, far.names) == ("https", ("rig.example", "localhost", "127.0.0.1", "::1"))
    assert (near.scheme, near.tls) == ("http", None)
    said = only("control: {tls: {key: there.pem}}\npbxs: {}\n", "control.tls.key")
    assert said == "'certificate' is missing; name both files, or neither to have them minted"
    assert "rig!" in only("control: {tls: {names: ['rig!']}}\npbxs: {}\n", "control.tls.names[0]")


def test_files_are_judged_like_other_key_files(tmp_path: Path) -> None:
    """By `ucmsim check` and at the start, with the key that names them."""
    tls = {"certificate": "there.pem", "key": "there.pem"}
    file = config(tmp_path, top=top(tls=tls), api={**API, "tls_bind_address": "0.0.0.0:0"})
    checked = CliRunner().invoke(main, ["check", str(file)])
    assert checked.exit_code == 2
    assert "control.tls.key: there is no file '" in checked.output
    assert "control.tls.certificate: there is no file '" in checked.output
    code, lines = failed(tmp_path, "--config", file)
    assert (code, ["there is no file" in line for line in lines]) == (1, [True, True])


def test_it_is_served_to_who_trusts_it_and_has_the_token(tmp_path: Path) -> None:
    """The ready report has an https URL and the CA; the certificate is minted once and has the names that were asked for."""
    file = config(tmp_path, top=top(tls={"names": ["rig.example"]}))
    with Process(tmp_path, "--config", file) as process:
        told = process.report()["control"]
        url, ca = told["url"], told["ca"]
        assert url.startswith("https://127.0.0.1:")
        assert (told["token"], Path(ca)) == (TOKEN, tmp_path / "state" / "control_tls" / "ca.pem")
        assert f"control plane  {url}\n" in process.out
        assert f"\n  CA     {ca}\n" in process.out
        client = ControlClient(url, TOKEN, ca=ca)
        assert client.status().pbxs == ("hq",)
        assert client.api("hq").password_set is False
        (entry, *_) = client.journal("hq") or [None]
        assert entry is None
        place = urlsplit(url)
        with (
            socket.create_connection(("127.0.0.2", place.port), timeout=20) as plain,  # it listens everywhere
            ssl.create_default_context(cafile=ca).wrap_socket(plain, server_hostname="rig.example") as tls,
        ):
            tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: rig.example\r\n\r\n")
            assert tls.recv(12) == b"HTTP/1.1 200"
            shown = tls.getpeercert(binary_form=True)
        with pytest.raises(ControlUnauthorised):
            ControlClient(url, "another", ca=ca).status()
        with pytest.raises(
            ControlUnreachable,
            match=r"CERTIFICATE_VERIFY_FAILED.*; trust the CA that its start tells of: ca=FILE, --ca",
        ):
            ControlClient(url, TOKEN).status()
        with pytest.raises(ControlUnreachable, match=r"mismatch.*; ask it by a name that its certificate has"):
            ControlClient(url.replace("127.0.0.1", "127.0.0.2"), TOKEN, ca=ca).status()
        with pytest.raises(ControlUnreachable, match="holds no CA to trust"):
            ControlClient(url, TOKEN, ca=str(tmp_path / "nothing")).status()
        with pytest.raises(ControlUnreachable):
            ControlClient(url.replace("https", "http"), TOKEN).status()
        listed = CliRunner().invoke(main, ["journal", "--ready-file", str(tmp_path / "ready.json")])
        assert (listed.exit_code, listed.output) == (0, "")
        assert process.stop() == 143
    with Process(tmp_path, "--config", file) as process:
        again = process.report()["control"]["url"]
        assert ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", urlsplit(again).port or 0))) == shown


def test_files_of_ones_own(tmp_path: Path) -> None:
    """They are shown, and what they lead to is what a client must trust."""
    now = datetime.now(UTC)
    issued = Authority.mint("mine", now).issue(("localhost", "127.0.0.1"), now)
    (tmp_path / "key.pem").write_bytes(issued.key_pem)
    trust = Authority.mint("mine", now)
    issued = trust.issue(("127.0.0.1",), now)
    (tmp_path / "key.pem").write_bytes(issued.key_pem)
    (tmp_path / "chain.pem").write_bytes(issued.certificate_pem + trust.certificate_pem)
    file = config(tmp_path, top=top(tls={"certificate": "chain.pem", "key": "key.pem"}))
    with Process(tmp_path, "--config", file) as process:
        told = process.report()["control"]
        assert Path(told["ca"]).read_bytes() == trust.certificate_pem
        assert ControlClient(told["url"], TOKEN, ca=told["ca"]).status().pbxs == ("hq",)
        assert (
            ssl.get_server_certificate(("127.0.0.1", urlsplit(told["url"]).port or 0)).encode()
            in issued.certificate_pem
        )


def test_events_are_followed_over_tls(tmp_path: Path) -> None:
    """The stream is the same as over plain HTTP."""
    file = config(tmp_path, top=top())
    with Process(tmp_path, "--config", file) as process:
        report = process.report()
        told, hq = report["control"], report["pbxs"]["hq"]
        client = ControlClient(told["url"], TOKEN, ca=told["ca"])
        with socket.create_connection(("127.0.0.1", urlsplit(hq["url"]).port or 0), timeout=20) as plain:
            plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
            plain.recv(1)
        following = client.follow_journal("hq", after=0)
        assert next(following).id == 1
        following.close()


def test_no_more_of_a_body_is_kept_than_any_may_have(tmp_path: Path) -> None:
    """Whoever has no token is told so after a body of any length."""
    file = config(tmp_path, top=top())
    with Process(tmp_path, "--config", file) as process:
        told = process.report()["control"]
        place = urlsplit(told["url"])
        context = ssl.create_default_context(cafile=told["ca"])
        for token, status in (("none", 401), (TOKEN, 413)):
            connection = http.client.HTTPSConnection(place.hostname or "", place.port, timeout=60, context=context)
            headers = {"Authorization": f"Bearer {token}"}
            connection.request("PATCH", "/v1/pbxs/hq/api", b" " * (4 * LARGEST), headers)
            assert connection.getresponse().status == status
            connection.close()
        assert json.loads((tmp_path / "ready.json").read_text())["control"] == told


def test_settings_that_lack_something_cannot_be_read() -> None:
    """Whatever way they come."""
    with pytest.raises(ConfigurationError, match=r"cannot listen on 0\.0\.0\.0 without a token"):
        settings("control: {bind: 0.0.0.0:8444}\npbxs: {}\n")
