"""`ucmsim ca export`: the CA in every form, and what trusts it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from tests.commands import Command
from ucmsim.assembling.statefolder import StateFolder


@pytest.fixture
def ucmsim(tmp_path: Path) -> Command:
    return Command(tmp_path)


def test_ca_in_every_form(ucmsim: Command) -> None:
    """PEM, DER and PKCS#12 hold the same CA, which is the one kept for the PBX."""
    config, out = ucmsim.config(), ucmsim.folder / "ca"
    pem = ucmsim("ca", "export", "-c", config).stdout_bytes
    kept = x509.load_pem_x509_certificate((ucmsim.folder / "kept" / "hq" / "ca.pem").read_bytes())
    assert x509.load_pem_x509_certificate(pem) == kept
    assert x509.load_der_x509_certificate(ucmsim("ca", "export", "-c", config, "--format", "der").stdout_bytes) == kept
    ran = ucmsim("ca", "export", "-c", config, "--format", "p12", "--password", "open sesame", "-o", out)
    assert ran.stdout == f"the CA of PBX 'hq' is in {out}\n"
    store = pkcs12.load_pkcs12(out.read_bytes(), b"open sesame")
    assert [one.certificate for one in store.additional_certs] == [kept]
    assert store.key is None


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [("pem", b"-----BEGIN"), ("der", b"0\x82"), ("cer", b"0\x82"), ("p12", b"0\x82"), ("pfx", b"0\x82")],
)
def test_the_suffix_says_which_form_a_ca_has(ucmsim: Command, suffix: str, begins: bytes) -> None:
    """Unless --format does."""
    out = ucmsim.folder / f"ca.{suffix}"
    ucmsim("ca", "export", "-c", ucmsim.config(), "-o", out)
    assert out.read_bytes().startswith(begins)
    assert (suffix in ("p12", "pfx")) == (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01" in out.read_bytes())
    ucmsim("ca", "export", "-c", ucmsim.config(), "-o", out, "--format", "pem")
    assert out.read_bytes().startswith(b"-----BEGIN")


def test_ca_can_be_trusted(ucmsim: Command) -> None:
    """What is exported is a CA that a client can load, and no private key goes with it."""
    out = ucmsim.folder / "ca.pem"
    ucmsim("ca", "export", "-c", ucmsim.config(), "--out", out)
    context = ssl.create_default_context(cafile=str(out))
    assert context.cert_store_stats()["x509_ca"] == 1
    assert b"PRIVATE" not in out.read_bytes()


def test_ca_of_the_device_profile_is_its_certificate(ucmsim: Command) -> None:
    """A PBX that vouches for itself exports its own certificate."""
    config = ucmsim.config("state: kept\npbxs: {hq: {tls_profile: device}}\n")
    pem = ucmsim("ca", "export", "-c", config).stdout_bytes
    own = x509.load_pem_x509_certificate((ucmsim.folder / "kept" / "hq" / "certificate.pem").read_bytes())
    assert x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) == own.public_bytes(Encoding.DER)


def test_folder_with_an_exported_ca_is_ucmsims_own(ucmsim: Command) -> None:
    """A state folder that `ca export` made can be opened, and emptied with --fresh, like any other."""
    ucmsim("ca", "export", "-c", ucmsim.config())
    folder = StateFolder.open(ucmsim.folder / "kept", fresh=True)
    folder.close()
    assert not (ucmsim.folder / "kept" / "hq").exists()
