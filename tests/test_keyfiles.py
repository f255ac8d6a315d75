"""The user's own key and certificate files: what is taken, and what is said when it is not."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat, pkcs12

from tests.handshake import objection
from ucmsim.certificates.authority import Authority, Identity, export, self_signed
from ucmsim.certificates.keyfiles import LIMIT, read

NOW = datetime.now(UTC)
NAMES = ("pbx.example.com", "127.0.0.1")
IDENTITY = Authority.mint("the user's", NOW).issue(NAMES, NOW)
OTHER = self_signed(["other.example.com"], NOW)
PLAIN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"secret")
CSR = x509.CertificateSigningRequestBuilder(IDENTITY.certificate.subject).sign(IDENTITY.key, hashes.SHA256())
SPKI = PublicFormat.SubjectPublicKeyInfo


class Files:
    """Two files of a user, good ones until a test writes something else."""

    def __init__(self, folder: Path) -> None:
        self.key, self.certificate = folder / "my.key", folder / "my.pem"
        self.write(self.key, IDENTITY.key_pem)
        self.write(self.certificate, IDENTITY.certificate_pem)

    def write(self, file: Path, content: bytes) -> None:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(content)

    def taken(self) -> Identity:
        identity, objections = read(self.key, self.certificate)
        assert objections == []
        assert identity is not None
        return identity

    def refused(self) -> tuple[str, str, str]:
        identity, objections = read(self.key, self.certificate)
        assert identity is None
        [said] = objections
        return said

    def refused_key(self, content: bytes) -> tuple[str, str]:
        self.write(self.key, content)
        setting, wrong, right = self.refused()
        assert setting == "tls_private_key"
        return wrong.replace(str(self.key), "KEY"), right.replace(str(self.key), "KEY")

    def refused_certificate(self, content: bytes) -> tuple[str, str]:
        self.write(self.certificate, content)
        setting, wrong, right = self.refused()
        assert setting == "tls_cert"
        return wrong.replace(str(self.certificate), "CERT"), right.replace(str(self.certificate), "CERT")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def signed(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey | None = None) -> x509.Certificate:
    """Return a certificate that links two names, which is all that the order of a chain depends on."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    of, by = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in (subject, issuer))
    builder = x509.CertificateBuilder(by, of, key.public_key(), 1, NOW, NOW + timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(export(certificate, "pem") for certificate in certificates)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN)


def block(label: str, content: bytes) -> bytes:
    """Return *content* as a PEM block of three lines."""
    return f"-----BEGIN {label}-----\n{b64encode(content).decode()}\n-----END {label}-----\n".encode()


def test_a_pair_is_taken(files: Files, tmp_path: Path) -> None:
    """A key and its certificate make an identity that a client who trusts the issuer accepts."""
    issuer = IDENTITY.trust
    files.write(files.certificate, pem(IDENTITY.certificate, issuer))
    identity = files.taken()
    assert (identity.certificate, identity.chain, identity.trust) == (IDENTITY.certificate, (issuer,), issuer)
    assert identity.key_pem == IDENTITY.key_pem
    assert objection(identity, "127.0.0.1", tmp_path, trust=identity.trust) == ""


def test_a_lone_certificate_is_what_to_trust(files: Files) -> None:
    """Without a chain, the certificate itself is what a client must trust."""
    identity = files.taken()
    assert identity.chain == ()
    assert identity.trust == IDENTITY.certificate


@pytest.mark.parametrize("key_first", [True, False])
def test_one_file_may_hold_both(files: Files, key_first: bool) -> None:
    """A combined file is taken in either order, named twice or once beside a plain one."""
    pair = (IDENTITY.key_pem, IDENTITY.certificate_pem)
    both = b"Bag Attributes\n".join(pair if key_first else reversed(pair))
    files.write(files.certificate, both)
    assert files.taken().certificate == IDENTITY.certificate
    files.write(files.key, both)
    assert files.taken().certificate == IDENTITY.certificate
    files.key = files.certificate
    assert files.taken().certificate == IDENTITY.certificate


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP521R1()),
        rsa.generate_private_key(65537, 1024),
    ],
    ids=["P-256", "P-521", "RSA-1024"],
)
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_rsa_and_ecdsa_keys_are_taken(
    files: Files, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: PrivateFormat
) -> None:
    """RSA and ECDSA keys are taken, in PKCS#8 and in OpenSSL's older form, with line ends of any kind."""
    identity = Authority.mint("the user's", NOW).issue(NAMES, NOW, key=key)
    files.write(files.key, b"\xef\xbb\xbf" + key.private_bytes(Encoding.PEM, form, PLAIN).replace(b"\n", b"\r\n"))
    files.write(files.certificate, identity.certificate_pem.replace(b"\n", b"\r\n"))
    assert files.taken().certificate == identity.certificate


def test_parameters_before_a_key_are_passed_over(files: Files) -> None:
    """The curve that openssl writes before an EC key does not stand in its way."""
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    files.write(files.key, parameters + IDENTITY.key_pem)
    assert files.taken().certificate == IDENTITY.certificate


def test_leaf_is_the_certificate_of_the_key(files: Files) -> None:
    """Wherever the leaf stands, it comes first; the rest keeps its order, and the root is what to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    leaf, middle, root = signed("leaf", "middle", key), signed("middle", "root"), signed("root", "root")
    files.write(files.key, key_pem(key))
    for order in ([leaf, middle, root], [root, middle, leaf], [middle, leaf, root]):
        files.write(files.certificate, pem(*order))
        identity = files.taken()
        assert identity.certificate == leaf
        assert identity.chain == tuple(one for one in order if one != leaf)
        assert identity.trust == root


def test_trust_is_as_far_up_as_the_file_goes(files: Files) -> None:
    """Without the root the highest intermediate is what to trust; strangers are sent and not trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    leaf, middle, stranger = signed("leaf", "middle", key), signed("middle", "root"), signed("who", "else")
    files.write(files.key, key_pem(key))
    files.write(files.certificate, pem(leaf, middle, stranger))
    assert files.taken().chain == (middle, stranger)
    assert files.taken().trust == middle


def test_issuers_in_a_circle_end(files: Files) -> None:
    """Two certificates that name each other as issuer do not hold up the reading."""
    key = ec.generate_private_key(ec.SECP256R1())
    files.write(files.key, key_pem(key))
    files.write(files.certificate, pem(signed("a", "b", key), signed("b", "a")))
    assert len(files.taken().chain) == 1


def test_missing_files_are_both_said(tmp_path: Path) -> None:
    """Each file that is not there is a sentence under its own setting."""
    identity, objections = read(tmp_path / "a.key", tmp_path / "b.pem")
    assert identity is None
    assert [(setting, wrong) for setting, wrong, _ in objections] == [
        ("tls_private_key", f"there is no file '{tmp_path}/a.key'"),
        ("tls_cert", f"there is no file '{tmp_path}/b.pem'"),
    ]


def test_directory_and_pipe_are_no_files(files: Files, tmp_path: Path) -> None:
    """A directory and a pipe are called by their names; the pipe is not waited for."""
    files.key = tmp_path
    assert files.refused()[1:] == (f"'{tmp_path}' is a directory", "name a file in it")
    files.key = tmp_path / "pipe"
    os.mkfifo(files.key)
    assert files.refused()[1] == f"'{files.key}' is a device or a pipe"


def test_unreadable_paths_say_why(files: Files, tmp_path: Path) -> None:
    """What the system says is passed on: for a file as a folder, a loop of links, a NUL."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path, why in (
        (files.certificate / "deeper", "Not a directory"),
        (tmp_path / "loop", "Too many levels of symbolic links"),
        (tmp_path / "nul\0", "embedded null byte"),
    ):
        files.key = path
        assert files.refused()[1] == f"'{path}' cannot be read: {why}"


def test_missing_permission_is_said(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read is told apart from one that is not there."""
    if os.geteuid():
        files.key.chmod(0)
    else:  # the superuser may read everything

        def denied(path: Path) -> bytes:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "read_bytes", denied)
    _, objections = read(files.key, files.certificate)
    assert objections[0] == (
        "tls_private_key",
        f"'{files.key}' cannot be read: Permission denied",
        "name a file that ucmsim may read",
    )


def test_files_must_be_under_2_mb(files: Files) -> None:
    """A file of one byte less than 2 MB is taken, a file of 2 MB is not."""
    files.write(files.key, IDENTITY.key_pem.ljust(LIMIT - 1, b"\n"))
    assert files.taken().certificate == IDENTITY.certificate
    wrong, right = files.refused_key(IDENTITY.key_pem.ljust(LIMIT, b"\n"))
    assert wrong == "'KEY' has 2097152 bytes"
    assert right == "the device takes files under 2 MB (2097152 bytes)"


def _der_key() -> bytes:
    return IDENTITY.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, PLAIN)


KEYS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "empty": (lambda: b"", "'KEY' is empty", "the device takes PEM"),
    "text": (lambda: b"hello\n", "'KEY' is not PEM", "lines such as -----BEGIN"),
    "der": (_der_key, "'KEY' is DER, not PEM", "openssl pkey -inform der -in 'KEY' -out NEW.pem"),
    "pkcs12": (
        lambda: pkcs12.serialize_key_and_certificates(b"me", IDENTITY.key, IDENTITY.certificate, None, LOCKED),
        "'KEY' is PKCS#12, not PEM",
        "openssl pkcs12 -nodes -in 'KEY' -out NEW.pem",
    ),
    "utf-16": (lambda: IDENTITY.key_pem.decode().encode("utf-16"), "'KEY' is UTF-16 text", "save it as plain ASCII"),
    "cut off": (lambda: IDENTITY.key_pem[:-20], "'KEY' has a BEGIN line without its END line", "may be cut off"),
    "encrypted": (
        lambda: IDENTITY.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, LOCKED),
        "the private key on line 1 of 'KEY' is encrypted with a passphrase",
        "the device cannot ask for one: openssl pkey -in 'KEY' -out NEW.pem",
    ),
    "encrypted as of old": (
        lambda: b"\n\n" + IDENTITY.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, LOCKED),
        "the private key on line 3 of 'KEY' is encrypted with a passphrase",
        "the device cannot ask for one: openssl pkey",
    ),
    "public key": (
        lambda: IDENTITY.key.public_key().public_bytes(Encoding.PEM, SPKI),
        "'KEY' holds a public key, but no private key",
        "in a PEM block of that name",
    ),
    "request": (
        lambda: CSR.public_bytes(Encoding.PEM),
        "'KEY' holds a certificate signing request, but no private key",
        "in a PEM block of that name",
    ),
    "certificates": (
        lambda: pem(IDENTITY.certificate, IDENTITY.trust),
        "'KEY' holds a certificate, but no private key",
        "in a PEM block of that name",
    ),
    "openssh": (
        lambda: IDENTITY.key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, PLAIN),
        "the private key on line 1 of 'KEY' is in OpenSSH's own form",
        "ssh-keygen -p -m PKCS8 -f COPY",
    ),
    "ed25519": (
        lambda: ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN),
        "the private key on line 1 of 'KEY' is an Ed25519 key",
        "the device serves with RSA and ECDSA keys",
    ),
    "x25519": (
        lambda: x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN),
        "the private key on line 1 of 'KEY' is an X25519 key",
        "the device serves with RSA and ECDSA keys",
    ),
    "unknown curve": (
        lambda: block("PRIVATE KEY", _der_key().replace(b"\xce\x3d\x03\x01\x07", b"\xce\x3d\x03\x01\x63")),
        "the private key on line 1 of 'KEY' is of a kind that is not known here",
        "use an RSA or ECDSA key",
    ),
    "broken": (
        lambda: block("PRIVATE KEY", _der_key()[:-1]),
        "the private key on line 1 of 'KEY' is broken",
        "copy or export it anew",
    ),
}


@pytest.mark.parametrize("case", KEYS)
def test_key_files_that_are_not_taken(files: Files, case: str) -> None:
    """Every reason not to take a key file is a sentence of its own, with what to do about it."""
    content, wrong, right = KEYS[case]
    said = files.refused_key(content())
    assert said[0] == wrong
    assert right in said[1]


CERTIFICATES: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "empty": (lambda: b"", "'CERT' is empty", "the device takes PEM"),
    "text": (lambda: b"hello\n", "'CERT' is not PEM", "lines such as -----BEGIN CERTIFICATE-----"),
    "der": (
        lambda: export(IDENTITY.certificate, "der"),
        "'CERT' is DER, not PEM",
        "openssl x509 -inform der -in 'CERT' -out NEW.pem",
    ),
    "pkcs12": (
        lambda: export(IDENTITY.certificate, "p12"),
        "'CERT' is PKCS#12, not PEM",
        "openssl pkcs12 -nodes -in 'CERT' -out NEW.pem",
    ),
    "key alone": (
        lambda: IDENTITY.key_pem,
        "'CERT' holds a private key, but no certificate",
        "in a block -----BEGIN CERTIFICATE-----",
    ),
    "request and key": (
        lambda: CSR.public_bytes(Encoding.PEM) + IDENTITY.key_pem,
        "'CERT' holds a certificate signing request and a private key, but no certificate",
        "in a block -----BEGIN CERTIFICATE-----",
    ),
    "unheard of": (
        lambda: block("NONSENSE", b"any"),
        "'CERT' holds a block 'NONSENSE', but no certificate",
        "in a block -----BEGIN CERTIFICATE-----",
    ),
    "broken": (
        lambda: b"\n" + block("CERTIFICATE", export(IDENTITY.certificate, "der")[:-1]),
        "the certificate on line 2 of 'CERT' is broken",
        "copy or export it anew",
    ),
    "broken second": (
        lambda: block("CERTIFICATE", export(IDENTITY.certificate, "der")) + block("CERTIFICATE", b""),
        "the certificate on line 4 of 'CERT' is broken",
        "copy or export it anew",
    ),
    "cut off": (
        lambda: IDENTITY.certificate_pem + IDENTITY.certificate_pem[:-30],
        "'CERT' has a BEGIN line without its END line",
        "may be cut off",
    ),
}


@pytest.mark.parametrize("case", CERTIFICATES)
def test_certificate_files_that_are_not_taken(files: Files, case: str) -> None:
    """Every reason not to take a certificate file is a sentence of its own, with what to do about it."""
    content, wrong, right = CERTIFICATES[case]
    said = files.refused_certificate(content())
    assert said[0] == wrong
    assert right in said[1]


def test_pair_that_does_not_match(files: Files) -> None:
    """A key and a certificate that do not belong together are named, each with the mark of its public key."""
    wrong, right = files.refused_certificate(OTHER.certificate_pem)
    assert f"the key in '{files.key}' (public key " in wrong
    assert "is not that of the certificate of 'other.example.com' in 'CERT' (public key " in wrong
    assert "openssl pkey -pubout" in right
    wrong, _ = files.refused_certificate(OTHER.certificate_pem + pem(IDENTITY.trust))
    assert wrong.endswith("), nor of the 1 after it")


def test_exchanged_files(files: Files) -> None:
    """Files under each other's setting are said to hold what belongs in the other."""
    identity, objections = read(files.certificate, files.key)
    assert identity is None
    assert [wrong for _, wrong, _ in objections] == [
        f"'{files.certificate}' holds a certificate, but no private key",
        f"'{files.key}' holds a private key, but no certificate",
    ]
