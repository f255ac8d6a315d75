"""The user's own key and certificate files, judged as the device would take them. Spec 1.

The device takes PEM under 2 MB, and reads its key from one file and its certificates from the other; a file may hold
more than is asked of it, in any order. Every reason not to take a file is a sentence of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from ucmsim.certificates.authority import Identity, Key, common_name

LIMIT = 2 * 1024 * 1024
"""A file must be smaller than this."""

Objection = tuple[str, str, str]
"""The setting that names the file, what is wrong with the file, and what would be right."""

PLAINLY = MappingProxyType({"tls_private_key": "key", "tls_cert": "certificate"})
"""What these settings are called where it is not the device's page that has them."""

_T = TypeVar("_T")
_BLOCK = re.compile(rb"-----BEGIN ([^-\r\n]+)-----(?:(?!-----).)*-----END \1-----", re.DOTALL)
_PKCS12 = b"\x02\x01\x03"  # its version, 3, among the first bytes
_CERTIFICATE = ("CERTIFICATE", "X509 CERTIFICATE")
_KNOWN = MappingProxyType({
    "CERTIFICATE": "a certificate",
    "X509 CERTIFICATE": "a certificate",
    "TRUSTED CERTIFICATE": "a certificate in OpenSSL's own TRUSTED form",
    "CERTIFICATE REQUEST": "a certificate signing request",
    "NEW CERTIFICATE REQUEST": "a certificate signing request",
    "PUBLIC KEY": "a public key",
    "RSA PUBLIC KEY": "a public key",
    "PKCS7": "a PKCS#7 bundle",
    "EC PARAMETERS": "the parameters of a curve",
    "DH PARAMETERS": "Diffie-Hellman parameters",
})  # fmt: skip


class Upload(NamedTuple):
    """What was sent in place of a file, as on the device's own page."""

    content: bytes


class _File(NamedTuple):
    """What a file holds, how it is *called* in a sentence, and how it is *named* on a command line."""

    called: str
    named: str
    content: bytes

    @classmethod
    def of(cls, source: Path | Upload) -> _File:
        """Return it, unless the device would not take it."""
        if isinstance(source, Path):
            return cls(f"'{source}'", f"'{source}'", _content(source))
        if (size := len(source.content)) >= LIMIT:
            raise _Unfit(f"the upload has {size} bytes", f"the device takes files under 2 MB ({LIMIT} bytes)")
        return cls("the upload", "FILE", source.content)


class _Block(NamedTuple):
    label: str
    pem: bytes
    line: int

    @property
    def is_key(self) -> bool:
        return self.label.endswith("PRIVATE KEY")

    def __str__(self) -> str:
        return "a private key" if self.is_key else _KNOWN.get(self.label, f"a block '{self.label}'")


class _Unfit(Exception):
    """A file cannot be taken; the arguments are what is wrong and what would be right."""


def read(key_source: Path | Upload, cert_source: Path | Upload) -> tuple[Identity | None, list[Objection]]:
    """Return the identity that two files hold, or uploads, or everything that is wrong with them.

    One file that holds both may be named twice. The leaf is the certificate that belongs to the key; the others
    follow as they stand. *trust* is as far up as the file goes.
    """
    objections: list[Objection] = []
    key = _judged(_key, key_source, "tls_private_key", objections)
    certificates = _judged(_certificates, cert_source, "tls_cert", objections)
    if key is None or certificates is None:
        return None, objections
    own = key.public_key()
    leaf = next((certificate for certificate in certificates if certificate.public_key() == own), None)
    if leaf is None:
        return None, [("tls_cert", *_mismatch(key, key_source, certificates, cert_source))]
    chain = tuple(certificate for certificate in certificates if certificate != leaf)
    return Identity(key, leaf, chain, _top(leaf, chain)), []


def _judged(
    judge: Callable[[_File], _T], source: Path | Upload, setting: str, objections: list[Objection]
) -> _T | None:
    try:
        return judge(_File.of(source))
    except _Unfit as unfit:
        objections.append((setting, *unfit.args))
        return None


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        content = path.read_bytes() if S_ISREG(status.st_mode) and status.st_size < LIMIT else b""
    except FileNotFoundError:
        raise _Unfit(f"there is no file '{path}'", "a relative path is relative to the configuration file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else error
        raise _Unfit(f"'{path}' cannot be read: {reason}", "name a file that ucmsim may read") from None
    if S_ISDIR(status.st_mode):
        raise _Unfit(f"'{path}' is a directory", "name a file in it")
    if not S_ISREG(status.st_mode):
        raise _Unfit(f"'{path}' is a device or a pipe", "name a regular file")
    if status.st_size >= LIMIT:
        raise _Unfit(f"'{path}' has {status.st_size} bytes", f"the device takes files under 2 MB ({LIMIT} bytes)")
    return content


def _blocks(file: _File, form: str) -> list[_Block]:
    """Return the PEM blocks of the file, at least one; *form* names the openssl command that makes PEM of DER."""
    content = file.content
    found = list(_BLOCK.finditer(content))
    if content.count(b"-----BEGIN ") > len(found):
        raise _Unfit(f"{file.called} has a BEGIN line without its END line", "copy the file again, it may be cut off")
    if found:
        return [_Block(m[1].decode("latin-1"), m[0], content.count(b"\n", 0, m.start()) + 1) for m in found]
    if not content:
        raise _Unfit(f"{file.called} is empty", "the device takes PEM")
    if content[:1] == b"\x30" and _PKCS12 in content[:12]:
        raise _Unfit(
            f"{file.called} is PKCS#12, not PEM", f"convert it: openssl pkcs12 -nodes -in {file.named} -out NEW.pem"
        )
    if content[:1] == b"\x30":
        raise _Unfit(
            f"{file.called} is DER, not PEM", f"convert it: openssl {form} -inform der -in {file.named} -out NEW.pem"
        )
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise _Unfit(f"{file.called} is UTF-16 text", "save it as plain ASCII")
    raise _Unfit(f"{file.called} is not PEM", "PEM is text with lines such as -----BEGIN CERTIFICATE-----")


def _key(file: _File) -> Key:
    blocks = _blocks(file, "pkey")
    block = next((block for block in blocks if block.is_key), None)
    if block is None:
        right = "it must hold the private key, in a PEM block of that name"
        raise _Unfit(f"{file.called} holds {_held(blocks)}, but no private key", right)
    place = f"the private key on line {block.line} of {file.called}"
    if block.label == "OPENSSH PRIVATE KEY":
        raise _Unfit(f"{place} is in OpenSSH's own form", "ssh-keygen -p -m PKCS8 -f COPY makes PEM of a copy of it")
    try:
        key = serialization.load_pem_private_key(block.pem, password=None)
    except TypeError:
        right = f"the device cannot ask for one: openssl pkey -in {file.named} -out NEW.pem"
        raise _Unfit(f"{place} is encrypted with a passphrase", right) from None
    except UnsupportedAlgorithm:
        raise _Unfit(f"{place} is of a kind that is not known here", "use an RSA or ECDSA key") from None
    except ValueError:
        raise _Unfit(f"{place} is broken", "copy or export it anew") from None
    if not isinstance(key, Key):
        raise _Unfit(f"{place} is {_kind(key)} key", "the device serves with RSA and ECDSA keys")
    return key


def _certificates(file: _File) -> list[x509.Certificate]:
    blocks = _blocks(file, "x509")
    certificates = [_certificate(block, file) for block in blocks if block.label in _CERTIFICATE]
    if not certificates:
        right = "it must hold the certificate, in a block -----BEGIN CERTIFICATE-----"
        raise _Unfit(f"{file.called} holds {_held(blocks)}, but no certificate", right)
    return certificates


def _certificate(block: _Block, file: _File) -> x509.Certificate:
    place = f"the certificate on line {block.line} of {file.called}"
    try:
        certificate = x509.load_pem_x509_certificate(block.pem)
        _ = certificate.subject, certificate.issuer, certificate.public_key()  # each is parsed on its first use
    except UnsupportedAlgorithm:
        raise _Unfit(f"{place} has a key of a kind that is not known here", "use an RSA or ECDSA key") from None
    except ValueError:
        raise _Unfit(f"{place} is broken", "copy or export it anew") from None
    return certificate


def _held(blocks: list[_Block]) -> str:
    return " and ".join(dict.fromkeys(map(str, blocks)))


def _kind(key: PrivateKeyTypes) -> str:
    """Return the kind of *key* with its article, from its class: ``an Ed25519``, ``a DSA``."""
    kind = type(key).__name__.removesuffix("PrivateKey")
    return f"an {kind}" if kind[0] in "EX" else f"a {kind}"


def _mismatch(
    key: Key, key_source: Path | Upload, certificates: Sequence[x509.Certificate], cert_source: Path | Upload
) -> tuple[str, str]:
    first, *others = certificates
    in_one, in_other = (f" in '{source}'" if isinstance(source, Path) else "" for source in (key_source, cert_source))
    wrong = (
        f"the key{in_one} (public key {_fingerprint(key.public_key())}) is not that of the certificate of "
        f"'{common_name(first)}'{in_other} (public key {_fingerprint(first.public_key())})"
    )
    right = "'openssl pkey -pubout -in KEY' and 'openssl x509 -pubkey -noout -in CERTIFICATE' must print the same"
    return wrong + (f", nor of the {len(others)} after it" if others else ""), right


def _fingerprint(key: PublicKeyTypes) -> str:
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return sha256(spki).hexdigest()[:16]


def _top(leaf: x509.Certificate, chain: Sequence[x509.Certificate]) -> x509.Certificate:
    """Return the certificate that the issuers lead to from *leaf*, as far as *chain* has them."""
    top, left = leaf, list(chain)
    while top.issuer != top.subject:
        issuer = next((certificate for certificate in left if certificate.subject == top.issuer), None)
        if issuer is None:
            break
        left.remove(issuer)
        top = issuer
    return top
