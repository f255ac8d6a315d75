"""What a PBX keeps of its keys and certificates, and when it makes new ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.handshake import objection
from ucmsim.certificates.authority import Authority, Identity, export, self_signed
from ucmsim.certificates.defects import Scene, defect
from ucmsim.certificates.keyfiles import read
from ucmsim.certificates.keyring import Keyring, one_for_all
from ucmsim.errors import ConfigurationError

NOW = datetime.now(UTC)
NAMES = ("pbx.example.com", "localhost", "127.0.0.1", "::1")
DAY = timedelta(days=1)


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "hq", "hq")


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(ring: Keyring) -> dict[str, int]:
    return {file.name: S_IMODE(file.stat().st_mode) for file in ring.folder.iterdir()}


def spoil(file: Path, content: bytes | None) -> None:
    file.unlink()
    if content is not None:
        file.write_bytes(content)


def ca(ring: Keyring) -> x509.Certificate:
    return x509.load_pem_x509_certificate((ring.folder / "ca.pem").read_bytes())


def test_minted_identity_is_kept(ring: Keyring, tmp_path: Path) -> None:
    """The files that are kept hold the identity, and a client that trusts `ca.pem` accepts it."""
    identity = ring.issued(NAMES, NOW)
    assert (ring.folder / "private.pem").read_bytes() == identity.key_pem
    assert (ring.folder / "certificate.pem").read_bytes() == identity.certificate_pem
    assert objection(identity, "127.0.0.1", tmp_path, trust=ca(ring)) == ""


def test_restart_reopens_everything(ring: Keyring) -> None:
    """A second start serves the same certificate under the same CA and writes nothing."""
    first = ring.issued(NAMES, NOW)
    written = {file.name: file.stat().st_mtime_ns for file in ring.folder.iterdir()}
    again = ring.issued(NAMES, NOW + 300 * DAY)
    assert (again.certificate, again.trust) == (first.certificate, first.trust)
    assert ring.authority(NOW).certificate == first.trust
    assert {file.name: file.stat().st_mtime_ns for file in ring.folder.iterdir()} == written


@pytest.mark.parametrize("days", [-2, 395.5, 1000])
def test_leaf_that_does_not_last_is_replaced(ring: Keyring, days: float) -> None:
    """A leaf that is not valid at the PBX clock's now, or not for a day more, is minted anew; its CA too if need be."""
    first = ring.issued(NAMES, NOW)
    again = ring.issued(NAMES, NOW + days * DAY)
    assert again.certificate != first.certificate
    assert (again.trust == first.trust) is (days > 0)
    assert ca(ring) == again.trust


def test_ca_that_does_not_last_is_replaced(ring: Keyring) -> None:
    """After ten years there is a new CA, and a new leaf under it."""
    first = ring.issued(NAMES, NOW)
    again = ring.issued(NAMES, NOW + 3651 * DAY)
    assert again.trust != first.trust
    assert ring.authority(NOW + 3651 * DAY).issued(again.certificate)


@pytest.mark.parametrize("names", [NAMES[1:], (*NAMES, "more.example.com"), (NAMES[1], NAMES[0], *NAMES[2:])])
def test_other_names_need_another_leaf(ring: Keyring, names: tuple[str, ...]) -> None:
    """When the names or the CN change, the leaf is minted anew under the same CA."""
    first = ring.issued(NAMES, NOW)
    again = ring.issued(names, NOW)
    assert again.certificate != first.certificate
    assert again.trust == first.trust


@pytest.mark.parametrize("name", ["private.pem", "certificate.pem"])
@pytest.mark.parametrize("content", [None, b"", b"rubbish"])
def test_broken_leaf_is_replaced(ring: Keyring, name: str, content: bytes | None) -> None:
    """When a file of the leaf is gone or broken, the leaf is minted anew under the same CA."""
    first = ring.issued(NAMES, NOW)
    spoil(ring.folder / name, content)
    again = ring.issued(NAMES, NOW)
    assert again.certificate != first.certificate
    assert again.trust == first.trust
    assert read(ring.folder / "private.pem", ring.folder / "certificate.pem")[0] is not None


def test_half_written_pair_is_replaced(ring: Keyring) -> None:
    """A key that is not that of the certificate beside it, as after a crash, is minted anew with it."""
    first = ring.issued(NAMES, NOW)
    (ring.folder / "private.pem").write_bytes(self_signed(NAMES, NOW).key_pem)
    again = ring.issued(NAMES, NOW)
    assert again.certificate != first.certificate
    assert again.certificate.public_key() == again.key.public_key()


@pytest.mark.parametrize("content", [None, b"", b"rubbish"])
def test_lost_ca_is_replaced(ring: Keyring, content: bytes | None) -> None:
    """Without a CA that can be read as one, there is a new one, and a new leaf under it."""
    first = ring.issued(NAMES, NOW)
    spoil(ring.folder / "ca-key.pem", content)
    again = ring.issued(NAMES, NOW)
    assert again.trust != first.trust
    assert again.certificate != first.certificate
    assert ca(ring) == again.trust


def test_missing_ca_pem_is_written_again(ring: Keyring) -> None:
    """What a client must trust is put back when it is gone."""
    first = ring.issued(NAMES, NOW)
    (ring.folder / "ca.pem").unlink()
    assert ring.issued(NAMES, NOW).certificate == first.certificate
    assert ca(ring) == first.trust


def test_device_profile_keeps_its_self_signed_certificate(ring: Keyring, tmp_path: Path) -> None:
    """The device's certificate is RSA-2048, is its own `ca.pem`, and outlives a restart."""
    first = ring.self_signed(NAMES, NOW)
    assert isinstance(first.key, rsa.RSAPrivateKey)
    assert first.key.key_size == 2048
    assert ca(ring) == first.certificate
    assert objection(first, "localhost", tmp_path, trust=ca(ring)) == ""
    assert ring.self_signed(NAMES, NOW).certificate == first.certificate
    assert ring.self_signed(NAMES[1:], NOW).certificate != first.certificate


def test_profile_can_change_and_change_back(ring: Keyring) -> None:
    """Each profile replaces the certificate of the other, and the CA outlives both."""
    issued = ring.issued(NAMES, NOW)
    device = ring.self_signed(NAMES, NOW)
    assert ca(ring) == device.certificate
    assert ring.authority(NOW).certificate == issued.trust
    again = ring.issued(NAMES, NOW)
    assert again.trust == issued.trust == ca(ring)


def test_ecdsa_self_signed_is_not_the_devices(ring: Keyring) -> None:
    """A kept self-signed certificate with another kind of key is not taken for the device's."""
    ring.keep(self_signed(NAMES, NOW))
    assert isinstance(ring.self_signed(NAMES, NOW).key, rsa.RSAPrivateKey)


def test_own_files_are_kept_and_let_go(ring: Keyring) -> None:
    """The user's own identity is kept with its chain; without it the PBX mints its own again."""
    other = Authority.mint("the user's", NOW)
    own = other.issue(NAMES, NOW)
    own = Identity(own.key, own.certificate, (other.certificate,), other.certificate)
    ring.keep(own)
    kept, _ = read(ring.folder / "private.pem", ring.folder / "certificate.pem")
    assert kept is not None
    assert (kept.certificate, kept.chain, kept.trust) == (own.certificate, own.chain, own.trust)
    assert ca(ring) == other.certificate
    assert b"PRIVATE" not in (ring.folder / "certificate.pem").read_bytes()
    assert ring.issued(NAMES, NOW).trust == ring.authority(NOW).certificate == ca(ring)


def test_defects_can_be_issued_in_the_device_profile(ring: Keyring, tmp_path: Path) -> None:
    """A PBX that serves with a self-signed certificate has a CA all the same, for the defects."""
    ring.self_signed(NAMES, NOW)
    authority = ring.authority(NOW)
    identity = defect("expired").make(Scene(authority, NAMES, NOW))
    assert "expired" in objection(identity, NAMES[0], tmp_path, trust=authority.certificate)
    assert ca(ring) != authority.certificate


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_private_keys_are_private(ring: Keyring, mask: int) -> None:
    """Whatever the umask, no file with a private key has a mode wider than 0600, and nothing else is left behind."""
    with umask(mask):
        ring.issued(NAMES, NOW)
    public = 0o644 & ~mask
    assert modes(ring) == {"private.pem": 0o600, "ca-key.pem": 0o600, "certificate.pem": public, "ca.pem": public}
    holds_key = {file.name for file in ring.folder.iterdir() if b"PRIVATE KEY" in file.read_bytes()}
    assert holds_key == {"private.pem", "ca-key.pem"}


def test_private_keys_are_never_wider_on_their_way(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key file has mode 0600 before it gets its name."""
    seen = {}
    replace = Path.replace

    def watched(path: Path, target: Path) -> Path:
        seen[target.name] = S_IMODE(path.stat().st_mode)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", watched)
    with umask(0):
        ring.issued(NAMES, NOW)
    assert (seen["private.pem"], seen["ca-key.pem"]) == (0o600, 0o600)


def test_widened_modes_are_narrowed(ring: Keyring) -> None:
    """A key file that somebody opened to the world is closed at the next start."""
    first = ring.issued(NAMES, NOW)
    for name in ("private.pem", "ca-key.pem"):
        (ring.folder / name).chmod(0o644)
    assert ring.issued(NAMES, NOW).certificate == first.certificate
    assert {mode for name, mode in modes(ring).items() if name in ("private.pem", "ca-key.pem")} == {0o600}


def test_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A folder that cannot be made is a sentence about the setting `state`."""
    (tmp_path / "hq").write_bytes(b"in the way")
    with pytest.raises(
        ConfigurationError, match=r"state: '.*/hq/ca-key.pem' cannot be .*: Not a directory; ucmsim must"
    ):
        Keyring(tmp_path / "hq", "hq").issued(NAMES, NOW)


def test_ca_that_cannot_be_read_is_not_replaced(ring: Keyring) -> None:
    """A CA file that is there and cannot be read stops the start: somebody may trust it."""
    (ring.folder / "ca-key.pem").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"ca-key\.pem' cannot be read: Is a directory"):
        ring.authority(NOW)


def test_file_that_cannot_be_replaced_is_said(ring: Keyring) -> None:
    """A directory in the place of a file stops the start with a sentence."""
    (ring.folder / "private.pem").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"private\.pem' cannot be written: Is a directory"):
        ring.issued(NAMES, NOW)


@pytest.mark.parametrize(("at", "file"), [(1, "private.pem"), (2, "certificate.pem"), (3, "ca.pem")])
def test_where_there_is_no_room_all_is_as_it_was(
    ring: Keyring, monkeypatch: pytest.MonkeyPatch, at: int, file: str
) -> None:
    """Whichever file it is for: a key never comes without its certificate, nothing is left beside them, and it can be kept later."""
    ring.issued(NAMES, NOW)
    before = {kept.name: kept.read_bytes() for kept in ring.folder.iterdir()}
    other, right, count = self_signed(NAMES, NOW), os.fdopen, 0

    def opened(number: int, mode: str) -> Any:
        nonlocal count
        count += 1
        if count == at:
            os.close(number)
            number = os.open("/dev/full", os.O_WRONLY)
        return right(number, mode)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", opened)
        with pytest.raises(ConfigurationError, match=rf"/{file}' cannot be written: No space left on device; ucmsim"):
            ring.keep(other)
    assert {kept.name: kept.read_bytes() for kept in ring.folder.iterdir()} == before
    ring.keep(other)
    assert ca(ring) == other.certificate


def test_ca_pem_is_what_export_gives(ring: Keyring) -> None:
    """`ca.pem` is byte for byte the PEM export of the CA."""
    ring.issued(NAMES, NOW)
    assert (ring.folder / "ca.pem").read_bytes() == export(ring.authority(NOW).certificate, "pem")


@pytest.mark.parametrize("year", [1970, 2013, 2026, 2100])
def test_one_ca_for_all_is_good_whatever_the_clock_says(tmp_path: Path, year: int) -> None:
    """It issues what each PBX serves with and its defects, and is good at any time that a PBX clock may show."""
    trusted = one_for_all(tmp_path)
    now = datetime(year, 6, 1, tzinfo=UTC)
    identities = [Keyring(tmp_path / name, name).issued(NAMES, now) for name in ("hq", "branch")]
    for identity, folder in zip(identities, ("hq", "branch"), strict=True):
        assert (tmp_path / folder / "ca.pem").read_bytes() == trusted.read_bytes()
        assert identity.certificate.not_valid_before_utc <= now <= identity.certificate.not_valid_after_utc
    root = x509.load_pem_x509_certificate(trusted.read_bytes())
    assert root.not_valid_before_utc <= now <= root.not_valid_after_utc
    good = Keyring(tmp_path / "now", "now").issued(NAMES, NOW)
    assert objection(good, NAMES[0], tmp_path, trust=root) == ""
    shown = defect("expired").make(Scene(Keyring(tmp_path / "hq", "hq").authority(NOW), NAMES, NOW))
    assert objection(shown, NAMES[0], tmp_path, trust=root) == "certificate has expired"


def test_one_ca_for_all_is_kept(tmp_path: Path) -> None:
    """A restart has the same one, its key is private, and a PBX that had its own serves with another certificate."""
    ring = Keyring(tmp_path / "hq", "hq")
    before = ring.issued(NAMES, NOW)
    shared = one_for_all(tmp_path).read_bytes()
    assert one_for_all(tmp_path).read_bytes() == shared
    assert S_IMODE((tmp_path / "ca-key.pem").stat().st_mode) == 0o600
    after = ring.issued(NAMES, NOW)
    assert export(after.trust, "pem") == shared
    assert after.certificate != before.certificate
    assert ring.issued(NAMES, NOW).certificate == after.certificate
    assert (ring.folder / "ca-key.pem").read_bytes() == (tmp_path / "ca-key.pem").read_bytes()
