"""The gallery read back: every defect is minted, and has the flaw that it names and no other."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from OpenSSL import crypto

from tests.appliances import assemble
from tests.certificates import NoDer, Read, elements, read
from tests.flaws import FLAWS, MADE, NAMES, NO_DER, NOW, Seen
from tests.gallery import give_slow_key, slow_key
from tests.slowkey import ffdhe, modp, slow_rsa_key
from ucmsim.assembling.assembly import slow_defects
from ucmsim.assembling.statefolder import StateFolder
from ucmsim.certificates.authority import Authority, export
from ucmsim.certificates.defects import CLASSES, DEFECTS, Defect, KeyBank, Scene, defect
from ucmsim.settings import load_pbx

EACH = pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.id, marks=[pytest.mark.slow] if row.slow else []) for row in MADE]
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(Authority.mint("hq", NOW), NAMES, NOW, KeyBank(tmp_path_factory.mktemp("keys")))


@pytest.fixture(scope="module")
def flawless(scene: Scene) -> Read:
    """Return a leaf that the CA itself issued."""
    return read(export(scene.authority.issue(NAMES, NOW).certificate, "der"), scene.authority.key.public_key())


@pytest.fixture(scope="module")
def flawless_ca(scene: Scene) -> Read:
    """Return the certificate of a CA whose own is flawless, with the times of an intermediate one."""
    ca = read(export(scene.authority.certificate, "der"), scene.authority.key.public_key())
    times = {"begins": _written(NOW - timedelta(1)), "ends": _written(NOW + timedelta(396))}
    return Read(ca.fields, ca.extensions, {**ca.facts, **times})


def _written(moment: datetime) -> bytes:
    return b"\x17\x0d" + f"{moment:%y%m%d%H%M%S}Z".encode()


def differences(found: Read, other: Read, *, without: tuple[str, ...] = ()) -> set[str]:
    """Return the names of the facts in which *found* differs from *other*."""
    names = found.facts.keys() | other.facts.keys()
    return {name for name in names if found.facts.get(name) != other.facts.get(name)} - set(without)


def issuers(der: bytes, known: list[bytes]) -> list[object]:
    """Return the keys of those *known* certificates that have the name of the issuer of *der*."""
    named = elements(der)[0].inner[0].inner
    keys: list[object] = []
    for one in known:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                parsed = x509.load_der_x509_certificate(one)
                if any(field.whole == parsed.subject.public_bytes() for field in named):
                    keys.append(parsed.public_key())
            except (ValueError, x509.InvalidVersion):
                continue
    return keys


@EACH
def test_it_has_the_flaw_that_it_names_and_no_other(
    row: Defect, scene: Scene, flawless: Read, flawless_ca: Read
) -> None:
    """Read back, a defect differs from what is flawless in just what it is about."""
    if row.slow and scene.bank.folder:
        give_slow_key(scene.bank.folder)
    shown = row.make(scene)
    first, *chain = shown.certificates
    if row.id in NO_DER:
        with pytest.raises(NoDer):
            read(first)
        assert NO_DER[row.id](first)
        return
    flaw = FLAWS[row.id]
    known = [*chain, first, shown.trust, export(scene.authority.certificate, "der")]
    leaf = read(first, *issuers(first, known))
    others = [read(one, *issuers(one, known)) for one in chain]
    assert differences(leaf, flawless) == set(flaw.leaf.split())
    assert tuple(
        " ".join(sorted(differences(one, flawless_ca, without=("issuer", "authority-key", "subject"))))
        for one in others
    ) == (flaw.others or ("",) * len(others))
    assert flaw.seen(Seen(shown, leaf, others, scene))


@EACH
def test_openssl_reads_what_is_served(row: Defect, scene: Scene) -> None:
    """What is served can be loaded by OpenSSL as it is; a scripted defect says how it is scripted, a served one nothing."""
    if row.slow and scene.bank.folder:
        give_slow_key(scene.bank.folder)
    shown = row.make(scene)
    assert (shown.script is not None) == (row.manner == "scripted")
    if row.manner == "served":
        for one in shown.certificates:
            assert (
                crypto.dump_certificate(crypto.FILETYPE_ASN1, crypto.load_certificate(crypto.FILETYPE_ASN1, one)) == one
            )


def test_every_defect_is_expected() -> None:
    """Every defect that can be made is looked at here, and nothing else."""
    assert {row.id for row in MADE} == FLAWS.keys() | NO_DER.keys()
    assert len(MADE) >= 70


def test_rows_are_complete() -> None:
    """Every row has an id of its own and all its sentences, in the class that it stands in."""
    assert len({row.id for row in DEFECTS}) == len(DEFECTS)
    for group, rows in CLASSES.items():
        for row in rows:
            assert row.group == group
            assert row.statement.endswith(".")
            assert row.careful_client in ("refuse", "accept", "policy")
            assert row.manner in ("served", "scripted", "unavailable")
            assert row.reference
            assert row.made
            assert not row.made.endswith(".")
            assert all(row.unless.values())


def test_what_is_unavailable_says_so(scene: Scene) -> None:
    """A defect that cannot be shown is in the table, with the reason, and cannot be made."""
    unavailable = [row for row in DEFECTS if not row.available]
    assert [row.id for row in unavailable] == ["dsa-key", "published-key"]
    for row in unavailable:
        with pytest.raises(LookupError):
            row.make(scene)


@pytest.mark.parametrize("year", [1, 1950, 2049, 2051, 9999])
@pytest.mark.parametrize("group", CLASSES)
def test_any_pbx_clock_can_be_served(group: str, year: int, scene: Scene) -> None:
    """A PBX clock at the edges of time gets its defects as well."""
    now = datetime(year, 6, 1, tzinfo=UTC)
    then = Scene(Authority.mint("hq", now), NAMES, now, scene.bank)
    for row in CLASSES[group]:
        if row.available and not row.slow:
            assert row.make(then).certificates


@pytest.mark.parametrize("prime", [modp(), ffdhe()], ids=["modp", "ffdhe"])
def test_the_key_that_takes_no_time_is_one(prime: int) -> None:
    """Its primes have 4096 bits and pass the test of Fermat, and it signs as any key does."""
    assert prime.bit_length() == 4096
    assert pow(2, prime - 1, prime) == 1
    key = slow_rsa_key()
    assert key.key_size == 8192
    signature = key.sign(b"text", PKCS1v15(), SHA256())
    key.public_key().verify(signature, b"text", PKCS1v15(), SHA256())


def test_costly_keys_are_made_once(scene: Scene) -> None:
    """An RSA key is used again, an ECDSA key is a new one each time."""
    assert defect("rsa-1024").make(scene).key_pem == defect("rsa-1024").make(scene).key_pem
    assert defect("expired").make(scene).key_pem != defect("expired").make(scene).key_pem


def test_a_pbx_without_host_names(scene: Scene) -> None:
    """A PBX whose only names are addresses gets its defects too."""
    bare = Scene(scene.authority, ("127.0.0.1",), NOW, scene.bank)
    for row in MADE:
        if not row.slow:
            assert row.make(bare).certificates


@pytest.mark.parametrize(
    ("specs", "found"),
    [
        ([], []),
        ([{"fault": "tls.certificate", "defect": "rsa-8192"}], ["rsa-8192"]),
        ([{"fault": "tls.certificate", "defect": "expired"}, {"fault": "http.latency", "defect": "rsa-8192"}], []),
        ([{"fault": "tls.certificate", "defect": ["rsa-8192"]}, {"fault": ["tls.certificate"]}, {}], []),
    ],
)
def test_what_takes_seconds_is_known_beforehand(specs: list[dict[str, object]], found: list[str]) -> None:
    """Whatever is written in the place of a fault, what will be slow is known before a client waits for it."""
    assert slow_defects(specs) == found


@pytest.mark.slow
def test_it_is_minted_when_the_pbx_begins(tmp_path: Path) -> None:
    """A slow defect that is armed from the start is there before a client is, with its key in the state folder."""
    folder = StateFolder.open(tmp_path)
    give_slow_key(folder.pbx("hq"))
    settings = load_pbx(
        {"history": {"days": 0}, "faults": [{"fault": "tls.certificate", "defect": "rsa-8192"}]}, tmp_path
    )
    appliance = assemble(settings, folder, NOW.timestamp())
    try:
        minted = appliance.identities._bad
        assert list(minted) == [("rsa-8192", False)]
        shown, _ = minted["rsa-8192", False]
        assert shown.key_pem == slow_key()
        assert appliance.identity("rsa-8192", NOW.timestamp()) is shown
    finally:
        appliance.close()
        folder.close()


def test_a_key_that_takes_seconds_is_kept_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found again by the next process, and made anew where the file is broken; short keys are kept nowhere."""
    made: list[int] = []

    def counting(exponent: int, bits: int) -> rsa.RSAPrivateKey:
        made.append(bits)
        return generate(exponent, bits)

    generate = rsa.generate_private_key
    monkeypatch.setattr("ucmsim.certificates.defects.keybank.rsa.generate_private_key", counting)
    monkeypatch.setattr("ucmsim.certificates.defects.keybank._COSTLY", 1500)
    key = KeyBank(tmp_path).rsa(1536)
    assert KeyBank(tmp_path).rsa(1536).private_numbers() == key.private_numbers()
    KeyBank(tmp_path).rsa(1024)
    (file,) = tmp_path.iterdir()
    assert (made, file.stat().st_mode & 0o777) == ([1536, 1024], 0o600)
    file.write_bytes(b"broken")
    assert KeyBank(tmp_path).rsa(1536).private_numbers() != key.private_numbers()
    assert KeyBank(tmp_path / "missing").rsa(1536).key_size == 1536
    assert KeyBank().rsa(1536).key_size == 1536
