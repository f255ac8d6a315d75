"""TLS of the control plane, which imitates no device: TLS 1.2 or newer, and ciphers as OpenSSL has them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from ucmsim.certificates import keyfiles
from ucmsim.certificates.authority import Identity
from ucmsim.certificates.keyring import Keyring
from ucmsim.errors import ConfigurationError, Problem
from ucmsim.settings import TLS_FOLDER, Control


def ca_file(state: Path) -> Path:
    """Return the file in the folder *state* that a client of the control plane must trust."""
    return state / TLS_FOLDER / "ca.pem"


def identity(settings: Control, state: Path, wall: float) -> Identity:
    """Return what the control plane shows at *wall* seconds, the user's own or minted, kept in the folder *state*.

    Raises `ConfigurationError`.
    """
    assert settings.tls is not None  # noqa: S101 - asked only where there is TLS
    keyring, files = Keyring(state / TLS_FOLDER, "control"), settings.tls
    if files.key is None or files.certificate is None:
        return keyring.issued(settings.names, datetime.fromtimestamp(wall, UTC))
    found, objections = keyfiles.read(files.key, files.certificate)
    if found is None:
        raise ConfigurationError(
            Problem(f"control.tls.{keyfiles.PLAINLY[setting]}", wrong, right) for setting, wrong, right in objections
        )
    keyring.keep(found)
    return found


@implementer(IOpenSSLServerConnectionCreator)
class ControlTls:
    """Makes the TLS side of each connection to the control plane, which shows *shown*. Raises `ConfigurationError`."""

    def __init__(self, shown: Identity) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
        try:
            context.use_certificate(shown.certificate)
            for certificate in shown.chain:
                context.add_extra_chain_cert(certificate)
            context.use_privatekey(shown.key)
        except SSL.Error as error:
            said = f"OpenSSL cannot serve with this key and certificate: {error}"
            raise ConfigurationError(
                [Problem("control.tls.certificate", said, "use RSA-2048 or ECDSA P-256")]
            ) from error
        self._context = context

    def serverConnectionForTLS(self, _protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        return SSL.Connection(self._context, None)
