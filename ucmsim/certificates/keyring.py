"""The keys and certificates that one PBX keeps in its state folder, reopened as long as they serve.

A client that was told once to trust `ca.pem` shall not have to be told again after a restart. Whatever no longer fits
(it ends, the names or the profile changed, a file is broken or gone) is minted anew, the CA last of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_IMODE, S_ISREG

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ucmsim.certificates.authority import Authority, Identity, bears, export, self_signed
from ucmsim.certificates.keyfiles import read
from ucmsim.errors import ConfigurationError, Problem
from ucmsim.privatefile import PUBLIC, SECRET, beside

DEVICE_BITS = 2048
"""Of the RSA key that the device ships with."""
_ENOUGH = timedelta(days=1)
_CA_KEY, _CA = "ca-key.pem", "ca.pem"


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key files of the PBX *name* in *folder*, which one process has to itself.

    `private.pem` and `certificate.pem` are what it serves with, `ca.pem` is what a client must trust. `ca-key.pem`
    holds the key *and* the certificate of its CA, which `ca.pem` need not be. Private keys have mode 0600 from the
    first moment. Raises `ConfigurationError` when the folder cannot be used.
    """

    folder: Path
    name: str

    def authority(self, now: datetime) -> Authority:
        """Return the PBX's CA, which also issues the defects where the PBX serves with a certificate of another.

        It is that of the folder above, where one CA is for all PBXs.
        """
        authority = _authority_in(self.folder.parent) or self._own_authority(now)
        _keep_authority(self.folder, authority)
        return authority

    def _own_authority(self, now: datetime) -> Authority:
        kept = _authority_in(self.folder)
        return kept if kept and _lasts(kept.certificate, now) else Authority.mint(self.name, now)

    def issued(self, names: Sequence[str], now: datetime, authority: Authority | None = None) -> Identity:
        """Return an identity under exactly these *names*, issued by `authority`, which need not be read again if it is given."""
        authority = authority or self.authority(now)
        kept = self._kept_identity(names, now)
        if kept and authority.issued(kept.certificate):
            identity = replace(kept, trust=authority.certificate)
        else:
            identity = authority.issue(names, now)
        self.keep(identity)
        return identity

    def self_signed(self, names: Sequence[str], now: datetime) -> Identity:
        """Return an identity as the device ships with: RSA-2048, which is slow to make, and signed by itself."""
        kept = self._kept_identity(names, now)
        identity = kept if kept and _as_shipped(kept) else self_signed(names, now, rsa_bits=DEVICE_BITS)
        self.keep(identity)
        return identity

    def keep(self, identity: Identity) -> None:
        """Write what the PBX serves with, be it minted or the user's own, and what a client must trust for it.

        Where there is no room for all of it everything is as it was. Raises `ConfigurationError`.
        """
        _write(
            (self.folder / "private.pem", identity.key_pem, SECRET),
            (self.folder / "certificate.pem", identity.certificate_pem, PUBLIC),
            (self.folder / _CA, export(identity.trust, "pem"), PUBLIC),
        )

    def keep_list(self, pem: bytes) -> None:
        """Write the list of what the CA has revoked to `crl.pem`."""
        _write((self.folder / "crl.pem", pem, PUBLIC))

    def _kept_identity(self, names: Sequence[str], now: datetime) -> Identity | None:
        """Return the identity in the folder if it is whole, bears *names* and lasts."""
        kept, _ = read(self.folder / "private.pem", self.folder / "certificate.pem")
        return kept if kept and bears(kept.certificate, names) and _lasts(kept.certificate, now) else None


def one_for_all(folder: Path) -> Path:
    """Let all PBXs of the state *folder* have one CA from now on; return the file that a client of any of them trusts.

    It is valid whatever a PBX clock says. Raises `ConfigurationError` when the folder cannot be used.
    """
    authority = _authority_in(folder) or Authority.for_all()
    _keep_authority(folder, authority)
    _write((folder / _CA, authority.certificate_pem, PUBLIC))
    return folder / _CA


def _authority_in(folder: Path) -> Authority | None:
    """Return the CA that is kept in *folder*, None where there is none."""
    path = folder / _CA_KEY
    try:
        pem = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:  # a CA that cannot be read may still be trusted by somebody: do not replace it
        raise _unusable("read", path, error) from error
    try:
        return Authority.load(pem, pem)
    except ValueError:
        return None


def _keep_authority(folder: Path, authority: Authority) -> None:
    _write((folder / _CA_KEY, authority.key_pem + authority.certificate_pem, SECRET))


def _as_shipped(identity: Identity) -> bool:
    alone = identity.certificate.issuer == identity.certificate.subject
    return alone and isinstance(identity.key, rsa.RSAPrivateKey) and identity.key.key_size == DEVICE_BITS


def _lasts(certificate: x509.Certificate, now: datetime) -> bool:
    """Return whether *certificate* is valid *now* and for a day at least; compared so that no clock overflows."""
    return certificate.not_valid_before_utc <= now and certificate.not_valid_after_utc - _ENOUGH >= now


def _write(*files: tuple[Path, bytes, int]) -> None:
    """Put at each path its content, never with more than its mode; leave a file alone that is right already.

    None is put there before all of them are written beside it. Raises `ConfigurationError`.
    """
    path = Path()
    with ExitStack() as coming:
        try:
            ready = []
            for path, content, mode in files:
                if not _is_so(path, content, mode):
                    ready.append((_beside(path, content, mode, coming), path))
            for fresh, path in ready:
                fresh.replace(path)
        except OSError as error:
            raise _unusable("written", path, error) from error


def _beside(path: Path, content: bytes, mode: int, coming: ExitStack) -> Path:
    try:
        return coming.enter_context(beside(path, content, mode))
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return coming.enter_context(beside(path, content, mode))


def _is_so(path: Path, content: bytes, mode: int) -> bool:
    """Return whether *content* is at *path* already, with *mode* at most."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    return S_ISREG(found.st_mode) and not S_IMODE(found.st_mode) & ~mode and path.read_bytes() == content


def _unusable(verb: str, path: Path, error: OSError) -> ConfigurationError:
    wrong = f"'{path}' cannot be {verb}: {error.strerror}"
    return ConfigurationError([Problem("state", wrong, "ucmsim must be able to read and write the state folder")])
