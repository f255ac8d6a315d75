"""The worked examples of the protocol, whole: paths, methods, forms and who may come, examples 17 and 18."""

from __future__ import annotations

import time

import pytest

from tests.guide import ALL, DENIED, EMPTY_URI, FORM_TOO_LARGE, NOT_FOUND, STANDING, TIMEOUT, TOO_MANY, UNIMPLEMENTED
from tests.guideclient import asked, challenged, connected, dropped, get, known, plain, request
from tests.rawclient import exchange
from ucmsim.client import ControlError
from ucmsim.pytest_plugin import Ucm, UcmFleet

pytestmark = pytest.mark.ucmsim(clock=STANDING)
settings = pytest.mark.ucmsim

# --- example 17: paths, methods, forms ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize("target", ["/cdrapi/x", "/foo", "/", "/cdrapi//", "/httpstatus", "/static/x"])
def test_example_17_unknown_path(method: str, target: str, ucm: Ucm) -> None:
    """An unknown path is not found, without a challenge, whatever the method."""
    assert exchange(ucm, request(target, method=method)) == NOT_FOUND


@pytest.mark.parametrize("target", ["/CDRAPI/", "/CdrApi", "/cdrapi/", "/%63drapi"])
def test_example_17_same_path(target: str, ucm: Ucm) -> None:
    """Letter case and one slash at the end make no difference."""
    assert get(ucm, target) == ALL


@pytest.mark.parametrize("method", ["DELETE", "PUT", "OPTIONS", "BREW"])
def test_example_17_unimplemented(method: str, ucm: Ucm) -> None:
    """Any other method is not implemented, without a challenge."""
    assert exchange(ucm, request("/cdrapi", method=method)) == UNIMPLEMENTED


@pytest.mark.parametrize("method", ["get", "Head", "post"])
def test_method_in_any_case(method: str, ucm: Ucm) -> None:
    """The letter case of a method makes no difference."""
    line = known(challenged(ucm), method=method.upper())
    whole = ALL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == "Head" else ALL
    assert exchange(ucm, request("/cdrapi", line, method=method)) == whole


@pytest.mark.parametrize("form", ["caller=5300", "format=CSV&callee=5301"])
def test_form_replaces_the_query(form: str, ucm: Ucm) -> None:
    """Where there is a form, the parameters of the URI do not count."""
    assert get(ucm, "/cdrapi?caller=0-0", method="POST", form=form) == ALL


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/json"])
def test_other_content_type(kind: str, ucm: Ucm) -> None:
    """A body of another type means no parameters at all."""
    assert get(ucm, "/cdrapi?caller=0-0", f"Content-Type: {kind}", method="POST", form="caller=0-0") == ALL


def test_longest_form(ucm: Ucm) -> None:
    """A form may have 1024 bytes; one more gets 413 and no page."""
    form = "caller=" + "5300," * 203
    assert get(ucm, "/cdrapi", method="POST", form=form + "99") == ALL
    assert get(ucm, "/cdrapi", method="POST", form=form + "999") == FORM_TOO_LARGE


def test_header_limit(ucm: Ucm) -> None:
    """A hundred headers are read, more are too many, before anything else is looked at."""
    line = known(challenged(ucm))
    most = [line, *(f"X-{number}: x" for number in range(98))]  # with Host they are 100
    assert exchange(ucm, request("/cdrapi", *most)) == ALL
    assert exchange(ucm, request("/cdrapi", *most, "X-99: x")) == TOO_MANY


def test_empty_uri(ucm: Ucm) -> None:
    """A request line without a URI is a bad request."""
    assert exchange(ucm, b"GET\r\n\r\n") == EMPTY_URI


@pytest.mark.parametrize("line", [b"GET /cdrapi", b"GET /cdrapi HTTP/1.0", b"GET /cdrapi HTTP/9.9", b"GET /cdrapi x"])
def test_version_is_not_examined(line: bytes, ucm: Ucm) -> None:
    """Whatever version a client writes, the answer is HTTP/1.1, and a Host is not needed."""
    for end in (b"\r\n", b"\n"):
        assert exchange(ucm, end.join((line, known(challenged(ucm)).encode(), b"", b""))) == ALL


def test_second_request_is_ignored(ucm: Ucm) -> None:
    """One connection answers one request, though more were sent along."""
    line = known(challenged(ucm))
    assert exchange(ucm, request("/cdrapi", line) + request("/foo") * 3) == ALL


# --- example 18: who may come ------------------------------------------------------------------------------------


@pytest.mark.quirk("acl-denial")
@settings(api={"permitted_ips": ["192.168.40.3/255.255.255.255"]})
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_example_18_page(method: str, ucm: Ucm) -> None:
    """A peer that is not permitted gets the 403 page, without a challenge, before its method is looked at."""
    assert exchange(ucm, request("/cdrapi", method=method)) == DENIED
    assert exchange(ucm, request("/foo", method=method)) == NOT_FOUND


@pytest.mark.quirk("acl-denial")
@settings(api={"permitted_ips": ["192.168.40.3/255.255.255.255"]}, quirks={"acl-denial": "drop"})
def test_example_18_drop(ucm: Ucm) -> None:
    """A peer that is not permitted is closed right after accept, without a byte."""
    assert dropped(ucm)


@settings(api={"permitted_ips": []})
def test_blank_permitted_ips(ucm: Ucm) -> None:
    """Blank Permitted IPs deny everybody."""
    assert exchange(ucm, request("/cdrapi")) == DENIED


@settings(api={"permitted_ips": ["127.0.0.0/255.0.0.0", "!127.0.0.1"]})
def test_last_matching_entry_wins(ucm: Ucm) -> None:
    """All entries are walked, and the last one that matches decides."""
    assert exchange(ucm, request("/cdrapi")) == DENIED


@pytest.mark.quirk("acl-unparsable")
@settings(api={"permitted_ips": ["127.0.0.0/8", "rubbish"]}, quirks={"acl-unparsable": "deny-all"})
def test_unparsable_entry_denies_everybody(ucm: Ucm) -> None:
    """The device's way with an entry that it cannot read is to deny everybody."""
    assert exchange(ucm, request("/cdrapi")) == DENIED


@pytest.mark.quirk("acl-unparsable")
def test_unparsable_entry_is_refused(ucm_fleet: UcmFleet) -> None:
    """An entry that cannot be read is refused before a PBX starts."""
    with pytest.raises(ControlError, match="rubbish"):
        ucm_fleet.start({"api": {"permitted_ips": ["127.0.0.0/8", "rubbish"]}})


@pytest.mark.quirk("session-cap")
@settings(quirks={"session-cap": 2})
def test_session_cap(ucm: Ucm) -> None:
    """One connection too many is closed without a byte, and there is room again when another ends."""
    with plain(ucm), connected(ucm) as second:
        assert dropped(ucm)
        assert asked(second, request("/foo")) == NOT_FOUND
        assert exchange(ucm, request("/foo")) == NOT_FOUND


@pytest.mark.quirk("inactivity-timeout")
@settings(quirks={"inactivity-timeout": 1})
def test_inactivity(ucm: Ucm) -> None:
    """Who falls silent before the end of the request line hears nothing, inside the headers 400 Timeout."""
    with connected(ucm) as silent, connected(ucm) as halting:
        halting.sendall(b"GET /cdrapi HTTP/1.1\r\n")
        assert asked(silent, b"GET /cdrapi HTTP") == b""
        assert asked(halting, b"Host: x\r\n") == TIMEOUT


# --- connections that are kept --------------------------------------------------------------------------------------


@pytest.mark.quirk("keep-alive")
@settings(quirks={"keep-alive": 1})
def test_keep_alive(ucm: Ucm) -> None:
    """A connection that is kept says nothing of Connection, takes a second request, and is given up when idle."""
    kept = ALL.replace(b"Connection: close\r\n", b"")
    challenge = challenged(ucm)
    with connected(ucm) as tls:
        for nc in (1, 2):
            tls.sendall(request("/cdrapi", known(challenge, nc=nc)))
            assert b"".join(tls.recv(1) for _ in kept) == kept
        since = time.monotonic()
        assert tls.recv(1) == b""
        assert 0.8 < time.monotonic() - since < 10


@pytest.mark.quirk("keep-alive")
@settings(quirks={"keep-alive": 15})
def test_keep_alive_until_the_client_says_close(ucm: Ucm) -> None:
    """Pipelined requests are answered in order, and the one that says close is the last."""
    challenge = challenged(ucm)
    first, second = (known(challenge, nc=nc) for nc in (1, 2))
    raw = request("/cdrapi", first) + request("/cdrapi", second, "Connection: close") + request("/foo")
    assert exchange(ucm, raw) == ALL.replace(b"Connection: close\r\n", b"") + ALL
