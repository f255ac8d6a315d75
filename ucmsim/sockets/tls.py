"""TLS as the device has it: versions, ciphers, tickets, and an identity chosen for each connection.

One OpenSSL context an identity is built once and kept: building costs half a millisecond, and one that is in use
cannot be changed. Spec 0b, 2.1.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from ssl import SSLContext, SSLError
from types import MappingProxyType
from typing import Any

from cryptography.x509 import Certificate
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, ITransport
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from zope.interface import implementer

from ucmsim.certificates.authority import Identity, export
from ucmsim.certificates.defects import Demand, Shown
from ucmsim.certificates.defects.row import pem
from ucmsim.certificates.scripted import ScriptedServer
from ucmsim.errors import ConfigurationError, Problem
from ucmsim.faults import Handshake
from ucmsim.sockets.oldtls import OldConnection, old_context
from ucmsim.sockets.pemfiles import written
from ucmsim.sockets.scriptedtls import ScriptedConnection
from ucmsim.sockets.tlsendings import reasons_of

Context = SSL.Context | SSLContext
"""pyOpenSSL's, or the standard library's for old firmware."""

_VERSIONS = MappingProxyType(
    {"1.0": SSL.TLS1_VERSION, "1.1": SSL.TLS1_1_VERSION, "1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}
)
_ANY_KEY = b"DEFAULT:@SECLEVEL=0"
"""The device judges neither its own keys nor its clients' ciphers by a security level."""


_CIPHERS = MappingProxyType({None: _ANY_KEY, "static-rsa": b"kRSA:!eNULL:@SECLEVEL=0", "null": b"eNULL:@SECLEVEL=0"})
"""By the only kind of ciphers that is offered."""


class DeviceConnection(SSL.Connection):
    """A connection on which the peer's close_notify ends its input, not yet ours.

    Twisted would close at once; the device reads an end of file, and answers what it has read all the same.
    """

    def __init__(self, context: SSL.Context, on_end: Callable[[], None]) -> None:
        super().__init__(context, None)
        self._on_end: Callable[[], None] | None = on_end

    def recv(self, bufsiz: int, flags: int | None = None) -> bytes:
        try:
            return super().recv(bufsiz, flags)
        except SSL.ZeroReturnError:
            on_end, self._on_end = self._on_end, None
            if on_end is not None:
                on_end()
            raise SSL.WantReadError from None

    def bio_read(self, bufsiz: int) -> bytes:
        """Return all that there is to send: Twisted asks once, and certificates can be longer than it asks for."""
        pieces = [super().bio_read(bufsiz)]
        with suppress(SSL.WantReadError):
            while True:
                pieces.append(super().bio_read(bufsiz))
        return b"".join(pieces)


class DeviceTlsProtocol(TLSMemoryBIOProtocol):
    """TLS that knows what it stands on when it is asked for its connection; Twisted takes the transport after that."""

    def makeConnection(self, transport: ITransport) -> None:
        self.transport = transport
        super().makeConnection(transport)


class TlsFactory(TLSMemoryBIOFactory):
    """Twisted's TLS without its gathering of small writes: `wire` writes large ones, and means each when it does."""

    protocol = DeviceTlsProtocol


@implementer(IOpenSSLServerConnectionCreator)
class DeviceTls:
    """Makes the TLS side of each connection of one PBX.

    *identity_of* returns the good identity for None and that of a defect for its id, told whether it must be for an RSA key.
    *ca* is who may have issued the certificate that a client is asked for. What the PBX decided for a connection stands in
    the `Below` under it.
    """

    def __init__(
        self,
        identity_of: Callable[[str | None, bool], Identity | Shown],
        versions: tuple[str, str],
        ca: Certificate,
        *,
        device_profile: bool,
    ) -> None:
        self._identity_of = identity_of
        self._ca = export(ca, "der")
        self._versions = versions
        self._device_profile = device_profile
        self._contexts: dict[Handshake, tuple[Identity | Shown, Context]] = {}

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        below: Any = protocol.transport
        handshake: Handshake = below.handshake

        def on_end() -> None:
            channel: Any = protocol.wrappedProtocol
            if channel is not None:
                channel.inputEnded()

        shown = self._identity_of(handshake.identity, handshake.needs_rsa)
        if isinstance(shown, Shown) and shown.script is not None:
            server = ScriptedServer(shown, os.urandom(32))
            return ScriptedConnection(server, on_end)  # type: ignore[return-value]  # all of it that Twisted uses
        context = self.context(handshake)
        if isinstance(context, SSLContext):
            return OldConnection(context, on_end)  # type: ignore[return-value]  # all of it that Twisted uses
        return DeviceConnection(context, on_end)

    def context(self, handshake: Handshake) -> Context:
        """Return the context that shows what *handshake* asks for, built when its identity is a new one.

        Raises `ConfigurationError` when OpenSSL cannot serve with it.
        """
        identity = self._identity_of(handshake.identity, handshake.needs_rsa)
        kept, context = self._contexts.get(handshake, (None, None))
        if context is None or kept is not identity:
            old = self._device_profile and not getattr(identity, "modern", False)
            old = old or handshake.suite == "dhe-1024"
            build = self._built_old if old else self._built
            try:
                context = build(identity, handshake)
            except (SSL.Error, SSLError) as error:
                said = f"OpenSSL cannot serve with this key and certificate: {reasons_of(error)}"
                raise ConfigurationError([Problem("api.tls_cert", said, "use an RSA or ECDSA key")]) from error
            # The standard library cannot turn the session cache off, which belongs to the context.
            if handshake.tickets or not old:
                self._contexts[handshake] = (identity, context)
        return context

    def _spoken(self, handshake: Handshake) -> tuple[str, str]:
        """Return the lowest and highest version; weak ciphers are none of TLS 1.3."""
        low, high = handshake.versions or self._versions
        return (min(low, "1.2"), min(high, "1.2")) if handshake.suite else (low, high)

    def _built_old(self, identity: Identity | Shown, handshake: Handshake) -> Context:
        versions = self._spoken(handshake)
        return old_context(
            identity, versions, tickets=handshake.tickets, suite=handshake.suite, asks=handshake.asks, ca=self._ca
        )

    def _built(self, identity: Identity | Shown, handshake: Handshake) -> Context:
        low, high = self._spoken(handshake)
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(_VERSIONS[low])
        context.set_max_proto_version(_VERSIONS[high])
        context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE | SSL.OP_NO_RENEGOTIATION)
        if not handshake.tickets:
            context.set_options(SSL.OP_NO_TICKET)
            context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        # The security level must fall before keys and certificates are judged by it.
        context.set_cipher_list(_CIPHERS[handshake.suite])
        if handshake.asks:
            _demand(context, Demand(required=handshake.asks == "required", named=(self._ca,), trusted=(self._ca,)))
        if isinstance(identity, Identity):
            context.use_certificate(identity.certificate)
            for certificate in identity.chain:
                context.add_extra_chain_cert(certificate)
            context.use_privatekey(identity.key)
        else:
            # From files, because OpenSSL itself takes more than cryptography can read.
            with written(identity.key_pem, identity.certificate_pem) as (key, certificates):
                context.use_certificate_chain_file(bytes(certificates))
                context.use_privatekey_file(bytes(key))
            if identity.staple:
                context.set_ocsp_server_callback(lambda _connection, _data: identity.staple)
            if identity.demand is not None:
                _demand(context, identity.demand)
        return context


def _demand(context: SSL.Context, demand: Demand) -> None:
    """Let *context* ask the client for a certificate."""
    for certificates, load in ((demand.named, context.load_client_ca), (demand.trusted, context.load_verify_locations)):
        if certificates:
            with written(b"", b"".join(map(pem, certificates))) as (_, file):
                load(bytes(file))
    context.set_session_id(b"ucmsim")  # OpenSSL wants one where clients have certificates
    required = SSL.VERIFY_FAIL_IF_NO_PEER_CERT if demand.required else 0
    context.set_verify(SSL.VERIFY_PEER | required, lambda *found: bool(found[-1]))
