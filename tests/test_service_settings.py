"""What the settings of a PBX switch in the real process: versions of TLS, keys, addresses, accounts."""

from __future__ import annotations

import socket
import ssl
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    HTTPSHandler,
    build_opener,
    urlopen,
)

import pytest

from tests.processes import LIMIT
from ucmsim.pytest_plugin import Ucm

# --- what settings switch ------------------------------------------------------------------------------------------


def connected(url: str, context: ssl.SSLContext) -> str | None:
    """Shake hands with the PBX at *url*; return the TLS version."""
    place = urlsplit(url)
    with (
        socket.create_connection((place.hostname or "", place.port or 0), timeout=LIMIT) as raw,
        context.wrap_socket(raw, server_hostname=place.hostname) as tls,
    ):
        return tls.version()


def only_13(ucm: Ucm) -> ssl.SSLContext:
    """Return a context that wants TLS 1.3."""
    context = ucm.ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


@pytest.mark.quirk("tls-version")
def test_tls_version_is_the_personalitys(ucm: Ucm) -> None:
    """Without a setting TLS 1.2 is the highest, and a client that wants more is refused."""
    assert connected(ucm.url, ucm.ssl_context()) == "TLSv1.2"
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        connected(ucm.url, only_13(ucm))


@pytest.mark.quirk("tls-version")
@pytest.mark.ucmsim(tls_min="1.2", tls_max="1.3")
def test_tls_version_is_that_of_the_settings(ucm: Ucm) -> None:
    """With tls_max another version is the highest."""
    assert connected(ucm.url, ucm.ssl_context()) == "TLSv1.3"
    assert connected(ucm.url, only_13(ucm)) == "TLSv1.3"


@pytest.mark.quirk("tls-keys")
@pytest.mark.ucmsim(tls_profile="device")
def test_keys_of_the_device_are_a_setting(ucm: Ucm) -> None:
    """With tls_profile: device a client of today objects to the weak key, until it lowers its security level."""
    with pytest.raises(ssl.SSLError, match="DH_KEY_TOO_SMALL"):
        connected(ucm.url, ssl.create_default_context(cafile=ucm.ca))
    assert connected(ucm.url, ucm.ssl_context()) == "TLSv1.2"


@pytest.mark.quirk("tls-keys")
def test_keys_are_modern_without_a_setting(ucm: Ucm) -> None:
    """A client of today has no objection."""
    assert connected(ucm.url, ucm.ssl_context()) == "TLSv1.2"


@pytest.mark.quirk("bind-address")
@pytest.mark.ucmsim(api={"tls_bind_address": "127.0.0.2:0"})
def test_bind_address_is_a_setting(ucm: Ucm) -> None:
    """The API listens where tls_bind_address says, and nowhere else."""
    place = urlsplit(ucm.url)
    assert place.hostname == "127.0.0.2"
    assert connected(ucm.url, ucm.ssl_context()) == "TLSv1.2"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", place.port or 0), timeout=LIMIT)


@pytest.mark.quirk("factory-account")
@pytest.mark.ucmsim(api={"tls_authentication_name": None, "tls_authentication_password": None})
def test_there_is_no_account_until_one_is_set(ucm: Ucm) -> None:
    """Without tls_authentication_name the report has no user, and nobody is asked for one."""
    assert (ucm.username, ucm.password) == (None, None)
    with urlopen(f"{ucm.url}/cdrapi", timeout=LIMIT, context=ucm.ssl_context()) as answer:
        assert answer.status == 200


@pytest.mark.quirk("factory-account")
@pytest.mark.ucmsim(api={"tls_authentication_name": "cdrapi", "tls_authentication_password": "cdrapi123"})
def test_the_factorys_account_is_a_setting(ucm: Ucm) -> None:
    """With the factory's name and password set they open, as they do on later units, and nothing else does."""
    known = HTTPPasswordMgrWithDefaultRealm()
    known.add_password(None, ucm.url, "cdrapi", "cdrapi123")
    opener = build_opener(HTTPDigestAuthHandler(known), HTTPSHandler(context=ucm.ssl_context()))
    with opener.open(f"{ucm.url}/cdrapi", timeout=LIMIT) as answer:
        assert answer.status == 200
    with pytest.raises(HTTPError, match="401"):
        urlopen(f"{ucm.url}/cdrapi", timeout=LIMIT, context=ucm.ssl_context())
