"""What a PBX shows in a handshake: told, and changed from the next handshake on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import ExtensionOID

from ucmsim.asking.identitywish import objections
from ucmsim.certificates import keyfiles
from ucmsim.certificates.authority import Identity, export
from ucmsim.certificates.defects import Shown
from ucmsim.certificates.keyfiles import Upload
from ucmsim.control.answer import Answer, invalid
from ucmsim.control.plane import Plane
from ucmsim.errors import ConfigurationError, Problem
from ucmsim.service.pbxservice import PbxService

_UNREADABLE = (
    ValueError,
    x509.InvalidVersion,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""How it is said of a broken certificate that it cannot be read."""


async def identity(plane: Plane, pbx: str) -> Answer:
    """Answer what is shown where no fault shows something else."""
    service = plane.find(pbx)
    appliance = service.appliance
    if (defect := appliance.pbx.flaw(service.wall)) is None:  # which needs no minting
        return Answer(_told(service, appliance.identity(None, service.wall)))
    return Answer(_told(service, await plane.fleet.work(lambda: appliance.identity(defect, service.wall))))


async def show_identity(plane: Plane, pbx: str, body: dict[str, Any]) -> Answer:
    """Show a defect, the caller's own key and certificate, one that ends soon, or with none of these the good one again."""
    service = plane.find(pbx)
    identities = service.appliance.identities
    kept = identities.kept.get(again) if (again := _by_chain(body)) else None
    defect, pair, valid_for = _asked(body, again=kept is not None)
    device = service.appliance.pbx.settings.tls_profile == "device"
    try:
        instead, ends = kept or (None, None)
        if pair:
            instead = await plane.fleet.work(lambda: _pair(*pair, device=device))
        elif instead:
            instead = _fitting(instead, device=device)
        shown = await service.show(defect=defect, instead=instead, valid_for=valid_for, ends=ends)
    except ConfigurationError as error:
        raise invalid(error, "api") from None
    return Answer(_told(service, shown))


def _by_chain(body: Mapping[str, Any]) -> bytes:
    """Return the certificate that is asked for without its key, b"" where none is."""
    given = body.get("certificate")
    return given.encode("utf-8", "replace") if isinstance(given, str) and "key" not in body else b""


def _asked(body: Mapping[str, Any], *, again: bool) -> tuple[str | None, tuple[Upload, Upload] | None, float | None]:
    """Return the defect that is asked for, key and certificate, and for how long it is valid. Raises `ApiError`.

    *again* says that the certificate is one that was shown before, whose key is known.
    """
    problems = list(objections(body, again=again))
    if problems:
        raise invalid(ConfigurationError(problems))
    if again:
        return None, None, None
    pair = [Upload(body[name].encode("utf-8", "surrogatepass")) for name in ("key", "certificate") if name in body]
    return body.get("defect"), (pair[0], pair[1]) if pair else None, body.get("valid_for")


def _pair(key: Upload, certificate: Upload, *, device: bool) -> Identity:
    """Return the identity that the two make. Raises `ConfigurationError`."""
    found, unfit = keyfiles.read(key, certificate)
    if found is None:
        raise ConfigurationError(Problem(keyfiles.PLAINLY[name], wrong, right) for name, wrong, right in unfit)
    return _fitting(found, device=device)


def _fitting(found: Identity, *, device: bool) -> Identity:
    """Return the identity that was *found*. Raises `ConfigurationError` where that of a *device* has another kind of key."""
    if device and not isinstance(found.key, RSAPrivateKey):
        wrong = "the key is no RSA key, and tls_profile 'device' has RSA ciphers only"
        raise ConfigurationError([Problem("key", wrong, "use an RSA key, or tls_profile 'modern'")])
    return found


def _told(service: PbxService, shown: Identity | Shown) -> dict[str, Any]:
    appliance, leaf = service.appliance, _Leaf.of(_ders(shown))
    return {
        "defect": appliance.pbx.flaw(service.wall),
        "given": appliance.identities.instead is not None,
        "certificate": shown.certificate_pem.decode(),
        "subject": leaf.subject,
        "names": leaf.names,
        "not_before": leaf.not_before,
        "not_after": leaf.not_after,
        "sha256": leaf.sha256,
        "ca": str(appliance.ca_file.absolute()),
    }


def _ders(shown: Identity | Shown) -> list[bytes]:
    if isinstance(shown, Shown):
        return list(shown.certificates)
    return [export(one, "der") for one in (shown.certificate, *shown.chain)]


@dataclass(slots=True)
class _Leaf:
    """What the first certificate of a chain says; what a broken one does not say is None, or empty."""

    sha256: str = ""
    subject: str | None = None
    names: list[str] | None = None
    not_before: str | None = None
    not_after: str | None = None

    @classmethod
    def of(cls, chain: list[bytes]) -> _Leaf:
        """Return what is told of the leaf of a *chain* of DER."""
        leaf = cls(names=[])
        if not chain:
            return leaf
        leaf.sha256 = sha256(chain[0]).hexdigest()
        with suppress(*_UNREADABLE):
            certificate = x509.load_der_x509_certificate(chain[0])
            # One after another: each is read when it is asked for, and may be what is broken.
            with suppress(*_UNREADABLE):
                leaf.subject = certificate.subject.rfc4514_string()
            with suppress(*_UNREADABLE):
                leaf.names = list(_names(certificate))
            with suppress(*_UNREADABLE):
                leaf.not_before = certificate.not_valid_before_utc.isoformat()
            with suppress(*_UNREADABLE):
                leaf.not_after = certificate.not_valid_after_utc.isoformat()
        return leaf


def _names(certificate: x509.Certificate) -> Iterator[str]:
    found: Any = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    return (str(one.value) for one in found)
