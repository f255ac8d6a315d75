"""What tests ask of a `Ucm`: how a client reaches it, what it waits for, and what it asserts of its clients."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.clients import client
from tests.until import until
from ucmsim.certificates.authority import self_signed
from ucmsim.client import ControlClient, ControlError
from ucmsim.contract.answers import Entry
from ucmsim.testing import NothingCame, Ucm, UcmCa, UcmFactory, UcmFleet
from ucmsim.testing.asserting import Verifying, unknown
from ucmsim.testing.fleet import name_for
from ucmsim.testing.waiting import Waiting

OPEN = pytest.mark.ucmsim(api={"tls_authentication_name": None})
"""A PBX that asks nobody for credentials."""


def fetch(ucm: Ucm, target: str = "/cdrapi?format=json", *, verify: bool = True) -> requests.Response:
    login = HTTPDigestAuth(ucm.username, ucm.password) if ucm.username else None
    with requests.Session() as session:
        return session.get(ucm.url + target, auth=login, verify=ucm.ca if verify else False, timeout=30)


def socket_to(ucm: Ucm, context: ssl.SSLContext) -> ssl.SSLSocket:
    place = urlsplit(ucm.url)
    return context.wrap_socket(socket.create_connection((place.hostname, place.port)), server_hostname=place.hostname)


def said(of: Callable[[], object]) -> list[str]:
    """Return the lines with which *of* fails."""
    with pytest.raises(AssertionError) as error:
        of()
    return str(error.value).splitlines()


# How clients reach it

CLIENT = """
import os, requests
from requests.auth import HTTPDigestAuth
login = HTTPDigestAuth(os.environ["UCM_USER"], os.environ["UCM_PASSWORD"])
print(len(requests.get(os.environ["UCM_URL"] + "/cdrapi?format=json", auth=login, timeout=30).json()["cdr"]))
"""


def test_a_program_finds_it_by_its_environment(ucm: Ucm) -> None:
    """A program that uses requests trusts the PBX without a word in the program, and finds it by variables."""
    found = subprocess.run(
        [sys.executable, "-c", CLIENT], env={**os.environ, **ucm.env}, capture_output=True, text=True, check=True
    )
    assert found.stdout == "3\n"
    ucm.assert_no_marks()


def test_the_environment_of_a_pbx_without_user(ucm_factory: UcmFactory) -> None:
    """What there is not has no variable."""
    ucm = ucm_factory(api={"tls_authentication_name": None, "tls_authentication_password": None})
    trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "UCM_CA")
    assert ucm.env == {**dict.fromkeys(trust, ucm.ca), "UCM_URL": ucm.url}


def test_one_ca_is_for_the_session(ucm_ca: UcmCa, ucm_factory: UcmFactory) -> None:
    """A context that was made before any PBX trusts each of them, whatever its clock says, and no stranger."""
    context = ucm_ca.ssl_context()
    first, second = ucm_factory(), ucm_factory(personality="ucm6510")
    for ucm in (first, second):
        with socket_to(ucm, context) as line:
            assert line.getpeercert()
    with pytest.raises(ssl.SSLCertVerificationError), socket_to(ucm_factory(tls_profile="device"), context):
        pass
    assert {Path(ucm.ca).read_text() for ucm in (first, second)} == {Path(ucm_ca.path).read_text()}


@pytest.mark.parametrize("program", ["curl", "node"])
def test_other_programs_trust_it(ucm_ca: UcmCa, ucm_factory: UcmFactory, program: str) -> None:
    """Programs such as curl and Node trust each PBX of the session by the environment alone."""
    ucm = ucm_factory(api={"tls_authentication_name": None})
    target = f"{ucm.url}/cdrapi?numRecords=0"
    asking = f"fetch({target!r}).then(async (answer) => process.stdout.write(await answer.text()))"
    command = [client(program), *{"curl": ("-sS", target), "node": ("-e", asking)}[program]]
    found = subprocess.run(command, env={**os.environ, **ucm_ca.env}, capture_output=True, text=True, timeout=60)
    assert (found.stdout.count(","), found.stderr) == (21, "")


@pytest.mark.ucmsim(tls_profile="device", api={"tls_authentication_name": None})
def test_short_keys_are_no_matter_of_the_environment(ucm: Ucm) -> None:
    """Who trusts a unit with old keys by the environment refuses these all the same, as its docstring says, until told otherwise."""
    environment, target = {**os.environ, **ucm.env}, f"{ucm.url}/cdrapi?numRecords=0"
    run = partial(subprocess.run, env=environment, capture_output=True, text=True, timeout=60)
    asked = run([sys.executable, "-c", f"import requests; requests.get({target!r}, timeout=30)"])
    assert (asked.returncode, "DH_KEY_TOO_SMALL" in asked.stderr) == (1, True)
    curl = [client("curl"), "-sS", target]
    assert "dh key too small" in run(curl).stderr
    assert run([*curl, "--ciphers", "DEFAULT@SECLEVEL=0"]).stdout.count(",") == 21


# What happens on it


@pytest.mark.ucmsim(clock={"rate": 0})
def test_time_is_said_in_units(ucm: Ucm) -> None:
    """Advance and step take what timedelta takes, one number of seconds, or a timedelta, and one of them."""
    began = ucm.clock.now
    ucm.clock.advance(hours=1, minutes=5)
    ucm.clock.advance(30)
    ucm.clock.step(minutes=-5)
    ucm.clock.step(timedelta(seconds=-30))
    assert ucm.clock.now == began + timedelta(hours=1)
    for wrong in (ucm.clock.advance, lambda: ucm.clock.advance(1, hours=1), lambda: ucm.clock.step(years=1)):
        with pytest.raises(TypeError):
            wrong()
    assert ucm.clock.now == began + timedelta(hours=1)


@OPEN
def test_a_new_universe(ucm: Ucm) -> None:
    """Rows, faults and journal are as they were when the test began, and the client goes on at the same port."""
    ucm.fault("http.latency", seconds=0)
    ucm.delete_cdrs()
    fetch(ucm)
    assert ucm.wait_for_request("/cdrapi").rows == 0
    ucm.reset()
    assert (ucm.faults, ucm.requests) == ([], [])
    assert len(fetch(ucm).json()["cdr"]) == 3
    assert ucm.wait_for_request("/cdrapi").rows == 3


# What is broken


def test_a_denial_is_a_context(ucm: Ucm) -> None:
    """Everybody is denied with the page until it is over; who is not named is not."""
    with ucm.deny() as denial:
        assert fetch(ucm).status_code == 403
    assert denial.fired == 1
    with ucm.deny("127.0.0.9"):
        assert fetch(ucm).status_code == 200
    with ucm.deny(how="drop"), pytest.raises(requests.ConnectionError):
        fetch(ucm)


@OPEN
def test_another_identity_is_shown(ucm: Ucm) -> None:
    """A bad certificate is a context, behind which what was shown before is: the good one, or another bad one."""
    with ucm.identity("expired") as shown, pytest.raises(requests.exceptions.SSLError, match="expired"):
        fetch(ucm)
    assert shown.defect == "expired"
    ucm.assert_verified_tls()
    assert fetch(ucm).status_code == 200
    ucm.identity("self-signed")
    with ucm.identity("expired"), pytest.raises(requests.exceptions.SSLError, match="expired"):
        fetch(ucm)
    with pytest.raises(requests.exceptions.SSLError, match="self-signed"):
        fetch(ucm)
    ucm.identity()
    assert fetch(ucm).status_code == 200


def test_own_certificate_is_shown(ucm_factory: UcmFactory) -> None:
    """What a PBX serves with that vouches for itself is shown: who trusts that one is content, and ours is not."""
    ucm, other = ucm_factory(), ucm_factory(tls_profile="device")
    folder = Path(other.ca).parent
    with ucm.identity(certificate=(folder / "certificate.pem").read_text(), key=(folder / "private.pem").read_text()):
        with pytest.raises(requests.exceptions.SSLError):
            fetch(ucm)
        assert fetch(replace(ucm, ca=other.ca)).status_code == 200
    assert fetch(ucm).status_code == 200


# What clients did


def test_requests_are_told(ucm: Ucm) -> None:
    """Each has its status, why it was refused, how many rows it brought, and which faults fired."""
    ucm.fault("http.latency", seconds=0, name="quick", when={"nth": [1]})
    fetch(ucm, "/cdrapi?format=json&numRecords=2")
    fetch(ucm, "/cdrapi?caler=5300")
    found = [(one.path, one.status, one.rows, one.refusal and one.refusal.code, one.faults) for one in ucm.requests]
    assert found == [
        ("/cdrapi", 401, None, "no-credentials", ()),
        ("/cdrapi", 200, 2, None, ("quick",)),
        ("/cdrapi", 401, None, "no-credentials", ()),
        ("/cdrapi", 200, 0, "unknown-parameter", ()),
    ]


def test_each_wait_returns_another_request(ucm: Ucm) -> None:
    """Requests that have come already are returned in order, halves that only got the challenge left out."""
    for offset in range(2):
        fetch(ucm, f"/cdrapi?offset={offset}")
    assert [ucm.wait_for_request("/cdrapi").rows for _ in range(2)] == [3, 2]


@OPEN
def test_a_wait_finds_what_came_before_another_that_was_returned(ucm: Ucm) -> None:
    """Only what a wait has returned is passed over, not what came before it and was not asked for then."""
    for target in ("/cdrapi", "/recapi", "/cdrapi?caller=5300"):
        fetch(ucm, target)
    paths = ("/recapi", "/cdrapi", "/cdrapi")
    assert [ucm.wait_for_request(path).target for path in paths] == ["/recapi", "/cdrapi", "/cdrapi?caller=5300"]
    assert said(lambda: ucm.wait_for_request("/cdrapi", within=0)) == [
        "no request with path /cdrapi came within 0 seconds, and nothing else did"
    ]


def test_a_challenge_can_be_waited_for(ucm: Ucm) -> None:
    """Who asks for a status gets the half that has it."""
    fetch(ucm)
    assert ucm.wait_for_request(status="401").refusal.code == "no-credentials"


@OPEN
def test_a_request_that_comes_later_is_awaited(ucm: Ucm) -> None:
    """A client in another thread is waited for."""
    came: list[Entry] = []
    waiting = threading.Thread(target=lambda: came.append(ucm.wait_for_request("/recapi", within=30)))
    waiting.start()
    fetch(ucm, "/cdrapi")
    fetch(ucm, "/recapi")
    waiting.join()
    assert [entry.target for entry in came] == ["/recapi"]


@OPEN
def test_what_came_instead_is_told(ucm: Ucm) -> None:
    """The error of a wait in vain has the lines of what did come, or says that nothing did."""
    assert said(lambda: ucm.wait_for_request("/recapi", within=0)) == [
        "no request with path /recapi came within 0 seconds, and nothing else did"
    ]
    fetch(ucm, "/cdrapi?caler=5300")
    first, line = said(lambda: ucm.wait_for_request("/recapi", within=0.1))
    assert first == "no request with path /recapi came within 0.1 seconds; what came instead:"
    assert "GET /cdrapi?caler=5300  200  0 rows" in line
    assert line.endswith("(did you mean 'caller'?)")
    with pytest.raises(NothingCame):
        ucm.wait_for_request(fault="any", within=0)


@OPEN
def test_rows_that_were_not_delivered_are_named(ucm: Ucm) -> None:
    """A row on no page, and one that was cut, are named by AcctId with the reason, until all went out whole."""
    fetch(ucm, "/cdrapi?format=json&numRecords=1")
    ucm.fault("http.truncate", rows=1, when={"offset": {"from": 1, "to": 1}})
    with pytest.raises(requests.RequestException):
        fetch(ucm, "/cdrapi?format=json&offset=1")
    (cut,) = (one.id for one in ucm.requests if one.faults)
    assert said(ucm.assert_all_rows_delivered) == [
        "1 of 3 rows was never delivered whole:",
        f"  AcctId 64, 5300 to 5301 (imported): cut short in event {cut} of the journal",
    ]
    fetch(ucm, "/cdrapi?offset=2")
    ucm.assert_all_rows_delivered()


@OPEN
@pytest.mark.ucmsim(history={"days": 0})
def test_no_rows_are_no_delivery(ucm: Ucm) -> None:
    """Where there is nothing to deliver the assertion says so, and fails; of a call it tells when, who and which shape."""
    assert said(ucm.assert_all_rows_delivered) == [
        "the PBX has no rows, so that none could be delivered: let calls happen first"
    ]
    ucm.clock.freeze()
    ucm.place_call("answered", 1001, 1002, talk=5, ring=1)
    ucm.clock.advance(minutes=1)
    began = f"{ucm.clock.now - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}Z"
    assert said(ucm.assert_all_rows_delivered)[1:] == [
        f"  AcctId 1, {began}, 1001 to 1002 (answered): on no page that went out"
    ]


@OPEN
def test_verification_must_be_put_to_the_test(ucm: Ucm) -> None:
    """Only a client that has refused a bad certificate, and let none pass, is known to verify."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ucmsim.testing.pbx._CLOSING", 0.0)
        assert said(ucm.assert_verified_tls)[0].startswith("no client has refused a certificate, so nothing is known")
    assert Verifying.of(ucm.journal()) is Verifying.UNKNOWN
    ucm.fault("tls.certificate", defect="expired")
    with pytest.raises(requests.exceptions.SSLError):
        fetch(ucm)
    ucm.assert_verified_tls()
    assert Verifying.of(ucm.journal()) is Verifying.CAREFUL


@OPEN
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_client_that_does_not_verify(ucm: Ucm) -> None:
    """The assertion names the requests that came although the certificate was bad."""
    ucm.fault("tls.certificate", defect="expired")
    with pytest.raises(requests.exceptions.SSLError):
        fetch(ucm)
    fetch(ucm, "/cdrapi?numRecords=1", verify=False)
    assert Verifying.of(ucm.journal()) is Verifying.CARELESS
    first, line = said(ucm.assert_verified_tls)
    assert first == "1 request came although the certificate was bad: the client does not verify it:"
    assert "GET /cdrapi?numRecords=1  200  1 row" in line


def test_carelessness_is_named(ucm: Ucm) -> None:
    """The assertion has the request, what its mark means, and what would be right; a mark can be allowed."""
    ucm.assert_no_marks()
    fetch(ucm, "/cdrapi?password=hunter2")
    first, challenged, answered, why = said(ucm.assert_no_marks)
    assert first == "2 events were careless:"
    assert challenged.startswith("  ")
    assert answered.endswith("'password' is not a parameter of /cdrapi  !credentials-in-url")
    assert why == (
        "credentials-in-url: A password, a token or user:password@ stood in the target, where logs and proxies keep it. "
        "Right: send credentials in the Authorization header only."
    )
    ucm.assert_no_marks("credentials-in-url")
    with pytest.raises(ValueError, match="there is no mark 'credentials'; there are unverified-certificate, "):
        ucm.assert_no_marks("credentials")


@OPEN
@pytest.mark.ucmsim(journal={"entries": 6})
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_what_the_journal_has_dropped_cannot_be_asserted(ucm: Ucm) -> None:
    """Both assertions fail for events that are kept no more, say what to do about it, and pass again after a reset."""
    with ucm.identity("expired"):
        fetch(ucm, verify=False)
    for _ in range(6):
        fetch(ucm)
    with ucm.identity("expired"), pytest.raises(requests.exceptions.SSLError):
        fetch(ucm)
    until = time.monotonic() + 10
    while ucm.control.journal_page(ucm.name, limit=1).last < 15 and time.monotonic() < until:
        time.sleep(0.02)  # seven exchanges, and eight connections that are told when they are gone
    for assertion in (ucm.assert_no_marks, ucm.assert_verified_tls):
        assert said(assertion) == [
            (
                "9 events were dropped from the journal, so nothing is known of what clients did in them: let it keep "
                'more, such as with @pytest.mark.ucmsim(journal={"entries": 200000, "megabytes": 64}), or let ucm.reset() begin '
                "anew before what is to be judged; marks of all events: unverified-certificate 1 time"
            )
        ]
    with pytest.raises(ValueError, match="there is no mark 'credentials'"):
        ucm.assert_no_marks("credentials")

    ucm.reset()

    ucm.assert_no_marks()


def test_sentences_about_one_event() -> None:
    """One event is told in the singular, and where none was dropped there is nothing to say."""
    assert (unknown(1, {"no-qop": 1}), unknown(2, {})[:28]) == ("", "1 event was dropped from the")
    assert unknown(3, {}).endswith(" before what is to be judged")
    assert unknown(3, {"no-qop": 2, "no-back-off": 1}).endswith(
        "; marks of all events: no-qop 2 times, no-back-off 1 time"
    )


# Several of them


def test_a_factory_makes_any_number(ucm_factory: UcmFactory, ucm: Ucm, ucm_fleet: UcmFleet) -> None:
    """Each has its own port, settings and calls; the second of a test has a number, and all are gone with it."""
    other = ucm_factory(personality="ucm6510", history={"days": 0})
    assert (other.name, other.seed) == (f"{ucm.name}-2", ucm.seed)
    assert other.url != ucm.url
    assert [one.settings["personality"] for one in (ucm, other)] == ["ucm6100-1.0.9", "ucm6510-1.0.10"]
    assert fetch(other).json() == {"cdr_root": []}
    assert ucm.requests == []
    ucm_factory.end()
    assert not {ucm.name, other.name} & {pbx.name for pbx in ucm_fleet.control.pbxs()}


def test_what_a_test_is_called_names_its_pbx(ucm: Ucm) -> None:
    """Calls that are made up follow from the seed and that name, so that they are the same whatever runs beside it."""
    assert ucm.name == name_for("test_ucm.py", "test_what_a_test_is_called_names_its_pbx")
    assert ucm.name.startswith("test-what-a-test-is-called-names-its-pbx-")
    assert name_for("a.py", "test[Ä]") != name_for("b.py", "test[Ä]")
    assert name_for("a.py", "Ä") == "test-" + name_for("a.py", "Ä")[-4:]


@pytest.mark.parametrize("ucm", [{"personality": "ucm6510"}, {"personality": "ucm6200"}], indirect=True)
def test_settings_are_parameters(ucm: Ucm) -> None:
    """Indirect parameters are settings."""
    assert ucm.settings["personality"].split("-")[0] in ("ucm6510", "ucm6200")


def test_one_pbx_that_does_not_stop_keeps_no_other_from_it() -> None:
    """At the end of a test every PBX is stopped, the latest first, and what went wrong is raised then."""
    ended = list[str]()

    class Fleet(UcmFleet):
        def end(self, ucm: Ucm) -> None:
            ended.append(ucm.name)
            if ucm.name == "c":
                raise ControlError(500, "internal", "ucmsim failed; its log says why", None)

    control = ControlClient("http://127.0.0.1:9", "token")
    factory = UcmFactory(Fleet(control), "test", dict)
    factory.started += [Ucm(name, "", None, None, "", control) for name in "abc"]
    with pytest.raises(ControlError, match="ucmsim failed"):
        factory.end()
    assert ended == ["c", "b", "a"]


def test_a_wrong_setting_is_said_by_the_factory(ucm_factory: UcmFactory) -> None:
    """It is the control plane's own sentence, and nothing is left to end."""
    with pytest.raises(ControlError, match="there is no personality 'ucm6501'; did you mean 'ucm6510'"):
        ucm_factory(personality="ucm6501")
    assert ucm_factory.started == []


def test_what_a_fault_did_is_known_after_it_is_gone(ucm: Ucm) -> None:
    """How often it acted stays what it was, whether it was disarmed, cleared or lived its time, and beside another of its name."""
    cleared = ucm.fault("http.latency", seconds=0)
    fetch(ucm)
    ucm.clear_faults()
    with ucm.fault("http.latency", seconds=0) as disarmed:
        pass
    dying = ucm.fault("http.latency", seconds=0)
    fetch(ucm)
    fetch(ucm)
    dying.change(ttl=0.001)
    until(lambda: not ucm.faults)
    assert (cleared.fired, disarmed.fired, dying.fired) == (1, 0, 2)
    assert [one.fired for one in ucm.control.faults(ucm.name, gone="yes")] == [1, 0, 2]
    with pytest.raises(ControlError, match="'perhaps' cannot stand in gone: it is yes or no"):
        ucm.control.faults(ucm.name, gone="perhaps")


def test_what_a_fault_did_before_a_reset_is_not_made_up(ucm: Ucm) -> None:
    """A reset takes its count away, and who asks is told so instead of 0."""
    fault = ucm.fault("http.latency", seconds=0)
    fetch(ucm)
    ucm.reset()
    with pytest.raises(LookupError, match="nobody knows any more how often 'http-latency' has acted"):
        assert fault.fired == 0


def test_the_end_of_a_fault_leaves_others_of_its_name(ucm: Ucm) -> None:
    """After a reset, or where it was cleared, what is armed under the name by now is another one, and stays."""
    with ucm.fault("http.latency", seconds=0):
        ucm.reset()
        ucm.fault("http.latency", seconds=0)
    assert len(ucm.faults) == 1
    ucm.clear_faults()
    with ucm.fault("http.latency", seconds=0) as first:
        ucm.clear_faults()
        second = ucm.fault("http.latency", seconds=0)
    assert [one.name for one in ucm.faults] == [second.name] == [first.name]


def test_a_wait_knows_another_universe(ucm: Ucm) -> None:
    """Who resets the PBX may be somebody else, and in the middle of a wait: what comes then is found, and nothing twice."""
    fetch(ucm, "/cdrapi")
    first = ucm.wait_for_request("/cdrapi")
    ucm.control.reset(ucm.name)
    fetch(ucm, "/cdrapi")
    second = ucm.wait_for_request("/cdrapi", within=5)
    assert (second.id, second.status) == (first.id, 200)
    with pytest.raises(NothingCame):
        ucm.wait_for_request("/cdrapi", within=0)


@OPEN
def test_a_wait_goes_on_over_a_reset(ucm: Ucm) -> None:
    """What was seen before a reset that comes while somebody waits hides nothing of what comes after it."""
    for _ in range(3):
        fetch(ucm, "/cdrapi")
        ucm.wait_for_request("/cdrapi")

    class Resetting(ControlClient):
        """Resets the PBX between the first look and the second, and lets a client ask."""

        looked = 0

        def journal(self, pbx: str, **filters: Any) -> list[Entry]:
            Resetting.looked += 1
            if Resetting.looked == 2:
                self.reset(pbx)
                fetch(ucm, "/cdrapi")
            return super().journal(pbx, **filters)

    waiting = Waiting(Resetting(ucm.control.url, ucm.control.token), ucm.name, {
        (one.id, one.wall) for one in ucm.journal()
    })  # fmt: skip
    assert waiting.request(5, {"path": "/cdrapi"}).id == 1


def test_the_end_of_an_identity_shows_what_was_before(ucm: Ucm) -> None:
    """A certificate of one's own, a defect within it, and at last the good one."""
    good = ucm.control.identity(ucm.name).certificate
    mine = self_signed(("localhost", "127.0.0.1"), datetime.now(UTC))
    pem = mine.certificate_pem.decode()

    def shown() -> tuple[str | None, bool]:
        told = ucm.control.identity(ucm.name)
        return told.defect, told.certificate == pem

    with ucm.identity(certificate=pem, key=mine.key_pem.decode()):
        with ucm.identity("expired"):
            with ucm.identity("self-signed"):
                assert shown() == ("self-signed", False)
            assert shown() == ("expired", False)
        assert shown() == (None, True)
    assert ucm.control.identity(ucm.name).certificate == good


@pytest.mark.ucmsim(clock={"start": "2026-03-03T12:00:00Z", "rate": 0})
def test_a_certificate_expires_by_the_clock(ucm: Ucm) -> None:
    """It is good until then, and expired from the second after its end."""
    with ucm.identity(valid_for=60):
        assert ucm.control.identity(ucm.name).defect is None
        ucm.clock.advance(seconds=61)
        assert ucm.control.identity(ucm.name).defect == "expired"
    assert ucm.control.identity(ucm.name).defect is None


@pytest.mark.ucmsim(tls_profile="device", api={"tls_authentication_name": None})
def test_the_context_takes_what_the_device_has(ucm: Ucm) -> None:
    """The profile of old firmware has short keys, which OpenSSL refuses as it is set up by default."""
    with socket_to(ucm, ucm.ssl_context()) as tls:
        assert tls.cipher() is not None
    with pytest.raises(ssl.SSLError), socket_to(ucm, ssl.create_default_context(cafile=ucm.ca)):
        pass


def test_marks_that_are_none_are_told(ucm: Ucm) -> None:
    """A list in the place of names is a sentence, and so is a name that is none."""
    with pytest.raises(
        TypeError, match=r"\['no-qop'\] is no mark; name each by itself, such as assert_no_marks\('no-qop'"
    ):
        ucm.assert_no_marks(["no-qop"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="there is no mark 'no-qob'; there are unverified-certificate, "):
        ucm.assert_no_marks("no-qob")
