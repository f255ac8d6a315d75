"""TLS as old firmware speaks it, over the standard library's `ssl`: TLS 1.0 to 1.2 and a 1024-bit Diffie-Hellman group.

pyOpenSSL carries an OpenSSL of its own, and from OpenSSL 4 on that one refuses to use a group of ours with a client
that names larger ones (RFC 7919), which the device has never heard of. The interpreter's OpenSSL is the older one.
`OldConnection` is the part of `OpenSSL.SSL.Connection` that Twisted's TLS uses.
"""

from __future__ import annotations

import base64
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Literal

from OpenSSL import SSL

from ucmsim.certificates.authority import Identity
from ucmsim.certificates.defects import Shown
from ucmsim.sockets.pemfiles import written

_OAKLEY_GROUP_2 = bytes.fromhex(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF"
)
"""The 1024-bit prime of RFC 2409, 6.2: the weak key exchange that two clients had to lower OpenSSL's guard for."""

_CIPHERS = "DHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA:kDHE+aRSA:AES256-SHA:AES128-SHA:kRSA:!NULL:!aNULL:@SECLEVEL=0"
_ONLY = MappingProxyType({
    None: _CIPHERS, "dhe-1024": "kDHE+aRSA:!NULL:@SECLEVEL=0", "static-rsa": "kRSA:!NULL:@SECLEVEL=0",
    "null": "eNULL:@SECLEVEL=0",
})  # fmt: skip
_VERSIONS = MappingProxyType(
    {
        "1.0": ssl.TLSVersion.TLSv1,
        "1.1": ssl.TLSVersion.TLSv1_1,
        "1.2": ssl.TLSVersion.TLSv1_2,
        "1.3": ssl.TLSVersion.TLSv1_3,
    }
)


def old_context(
    identity: Identity | Shown,
    versions: tuple[str, str],
    *,
    tickets: bool,
    suite: str | None = None,
    asks: Literal["", "optional", "required"] = "",
    ca: bytes = b"",
) -> ssl.SSLContext:
    """Return the context that serves *identity* as old firmware does; raises `ssl.SSLError`.

    *suite* is the only kind of ciphers, None for all that it has; a client's certificate can be asked for, of the *ca* (DER).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(_ONLY[suite])
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED if asks == "required" else ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=ca)
    with warnings.catch_warnings():
        # Old versions are what this is for.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = (_VERSIONS[version] for version in versions)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION
    context.options &= ~ssl.OP_SINGLE_DH_USE
    if not tickets:
        context.options |= ssl.OP_NO_TICKET
    with written(identity.key_pem, identity.certificate_pem) as (key, certificate):
        parameters = key.with_name("dh")
        parameters.write_bytes(_group_pem())
        context.load_dh_params(str(parameters))
        context.load_cert_chain(str(certificate), str(key))
    return context


def _group_pem() -> bytes:
    """Return the group in PKCS #3: a sequence of two integers, the prime and the generator 2."""
    prime = b"\x02\x81\x81\x00" + _OAKLEY_GROUP_2
    body = prime + b"\x02\x01\x02"
    der = b"\x30\x81" + bytes([len(body)]) + body
    return b"-----BEGIN DH PARAMETERS-----\n" + base64.encodebytes(der) + b"-----END DH PARAMETERS-----\n"


class OldConnection:
    """One server-side connection over memory buffers, with the names and errors of pyOpenSSL.

    *on_end* is called once when the peer sends its close_notify.
    """

    def __init__(self, context: ssl.SSLContext, on_end: Callable[[], None]) -> None:
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._on_end: Callable[[], None] | None = on_end

    def set_accept_state(self) -> None:
        """It is a server's from the beginning."""

    def set_app_data(self, data: object) -> None:
        """Nothing here asks for it again."""

    def do_handshake(self) -> None:
        with _as_pyopenssl():
            self._tls.do_handshake()

    def recv(self, bufsiz: int) -> bytes:
        try:
            with _as_pyopenssl():
                data = self._tls.read(bufsiz)
        except SSL.ZeroReturnError:
            data = b""
        if not data:
            on_end, self._on_end = self._on_end, None
            if on_end is not None:
                on_end()
            raise SSL.WantReadError
        return data

    def send(self, data: bytes) -> int:
        with _as_pyopenssl():
            return self._tls.write(data)

    def shutdown(self) -> bool:
        """Send close_notify; return whether the peer has sent its own."""
        try:
            with _as_pyopenssl():
                self._tls.unwrap()
        except SSL.WantReadError:
            return False
        return True

    def bio_write(self, data: bytes) -> int:
        return self._in.write(data)

    def bio_read(self, _bufsiz: int) -> bytes:
        """Return all that there is to send: Twisted asks once, and certificates can be longer than it asks for."""
        data = self._out.read()
        if not data:
            raise SSL.WantReadError
        return data

    def bio_shutdown(self) -> None:
        self._in.write_eof()

    def get_protocol_version_name(self) -> str:
        return self._tls.version() or ""

    def get_cipher_name(self) -> str | None:
        agreed = self._tls.cipher()
        return agreed[0] if agreed else None

    def get_peer_certificate(self) -> None:
        """The device asks for none."""

    def get_alpn_proto_negotiated(self) -> bytes:
        """Return what the device negotiates: nothing."""
        return b""


@contextmanager
def _as_pyopenssl() -> Iterator[None]:
    """Raise the errors that Twisted's TLS waits for."""
    try:
        yield
    except ssl.SSLWantReadError:
        raise SSL.WantReadError from None
    except ssl.SSLZeroReturnError:
        raise SSL.ZeroReturnError from None
    except (ssl.SSLError, ValueError) as error:
        raise SSL.Error([("SSL routines", "", str(error))]) from error
