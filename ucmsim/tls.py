"""TLS as the device has it: versions, ciphers, tickets, and an identity chosen for each connection.

One OpenSSL context an identity is built once and kept: building costs half a millisecond, and one that is in use
cannot be changed. Spec 0b, 2.1.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric import dh
from cryptography.hazmat.primitives.serialization import Encoding, ParameterFormat
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from ucmsim.authority import Identity
from ucmsim.errors import ConfigurationError, Problem
from ucmsim.faults import Handshake

_VERSIONS = MappingProxyType(
    {"1.0": SSL.TLS1_VERSION, "1.1": SSL.TLS1_1_VERSION, "1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}
)
_OAKLEY_GROUP_2 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)
"""The 1024-bit prime of RFC 2409, 6.2: the weak key exchange that two clients had to lower OpenSSL's guard for."""

_ANY_KEY = b"DEFAULT:@SECLEVEL=0"
"""The device judges neither its own keys nor its clients' ciphers by a security level."""

_DEVICE_CIPHERS = b"DHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA:kDHE+aRSA:AES256-SHA:AES128-SHA:kRSA:!NULL:!aNULL:@SECLEVEL=0"


class DeviceConnection(SSL.Connection):
    """A connection on which the peer's close_notify ends its input, not yet ours.

    Twisted would close at once; the device reads an end of file, and answers what it has read all the same.
    """

    on_end: Callable[[], None] | None = None

    def recv(self, bufsiz: int, flags: int | None = None) -> bytes:
        try:
            return super().recv(bufsiz, flags)
        except SSL.ZeroReturnError:
            on_end, self.on_end = self.on_end, None
            if on_end is not None:
                on_end()
            raise SSL.WantReadError from None


@implementer(IOpenSSLServerConnectionCreator)
class DeviceTls:
    """Makes the TLS side of each connection of one PBX.

    *identity_of* returns the good identity for None and that of a defect for its id; *handshaking* returns what the
    PBX decided for the connection that is being made.
    """

    def __init__(
        self,
        identity_of: Callable[[str | None], Identity],
        versions: tuple[str, str],
        *,
        device_profile: bool,
        handshaking: Callable[[], Handshake],
    ) -> None:
        self._identity_of = identity_of
        self._versions = versions
        self._device_profile = device_profile
        self._handshaking = handshaking
        self._contexts: dict[Handshake, tuple[Identity, SSL.Context]] = {}

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        connection = DeviceConnection(self.context(self._handshaking()), None)
        connection.on_end = lambda: _input_ended(protocol)
        return connection

    def context(self, handshake: Handshake) -> SSL.Context:
        """Return the context that shows what *handshake* asks for, built when its identity is a new one.

        Raises `ConfigurationError` when OpenSSL cannot serve with it.
        """
        identity = self._identity_of(handshake.defect)
        kept, context = self._contexts.get(handshake, (None, None))
        if context is None or kept is not identity:
            try:
                context = self._built(identity, tickets=handshake.tickets)
            except SSL.Error as error:
                said = f"OpenSSL cannot serve with this key and certificate: {_reasons(error)}"
                raise ConfigurationError([Problem("api.tls_cert", said, "use an RSA or ECDSA key")]) from error
            self._contexts[handshake] = (identity, context)
        return context

    def _built(self, identity: Identity, *, tickets: bool) -> SSL.Context:
        low, high = self._versions
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(_VERSIONS[low])
        context.set_max_proto_version(_VERSIONS[high])
        context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE | SSL.OP_NO_RENEGOTIATION)
        if not tickets:
            context.set_options(SSL.OP_NO_TICKET)
            context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        # The security level must fall before keys and certificates are judged by it.
        context.set_cipher_list(_DEVICE_CIPHERS if self._device_profile else _ANY_KEY)
        if self._device_profile:
            _load_group_2(context)
        context.use_certificate(identity.certificate)
        for certificate in identity.chain:
            context.add_extra_chain_cert(certificate)
        context.use_privatekey(identity.key)
        return context


def _reasons(error: SSL.Error) -> str:
    return "; ".join(str(reason[-1]) for reason in (error.args[0] if error.args else ())) or str(error)


def _input_ended(protocol: TLSMemoryBIOProtocol) -> None:
    channel: Any = protocol.wrappedProtocol
    if channel is not None:
        channel.inputEnded()


def _load_group_2(context: SSL.Context) -> None:
    parameters = dh.DHParameterNumbers(_OAKLEY_GROUP_2, 2).parameters()
    with tempfile.TemporaryDirectory(prefix="ucmsim-dh-") as folder:
        file = Path(folder, "dh1024")
        file.write_bytes(parameters.parameter_bytes(Encoding.PEM, ParameterFormat.PKCS3))
        context.load_tmp_dh(str(file))
