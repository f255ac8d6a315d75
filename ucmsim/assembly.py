"""Puts one PBX together from its settings and its folder: certificates, history, and the PBX itself.

No Twisted: a PBX can be assembled, asked and taken apart by a script, a test or the worker thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509 import Certificate, load_pem_x509_certificate

from ucmsim import keyfiles, schedule
from ucmsim.audio import Voices
from ucmsim.authority import Authority, Identity, covers, self_signed
from ucmsim.clock import PbxClock
from ucmsim.configuration import DEFECT_IDS, REFUSABLE_DEFECT_IDS, clock_warnings, pbx_warnings
from ucmsim.defects import DEFECTS, KeyBank, Scene, Shown, defect
from ucmsim.defects.revocation import revoked_list
from ucmsim.errors import ConfigurationError, Problem, StateInUse
from ucmsim.filling import Watch, fill, unwatched
from ucmsim.history import History
from ucmsim.instants import at_microseconds
from ucmsim.journal import Journal, Spill
from ucmsim.keyring import Keyring
from ucmsim.living import Living
from ucmsim.pbx import Pbx
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.spool import Spool
from ucmsim.statefolder import StateFolder
from ucmsim.streams import stream

_A_DAY = timedelta(days=1)
ANOTHER = "another-"
"""What good identities beside the PBX's own are called by faults, in front of their number."""


@dataclass(slots=True)
class Appliance:
    """A PBX with the calls that will happen in it and what it shows in a handshake, ready to be put on a port.

    *ca_file* is what a client must trust, *warnings* are sentences for whoever starts it, *kept* says that its history is
    that of an earlier start.
    """

    pbx: Pbx
    living: Living
    ca_file: Path
    warnings: tuple[str, ...]
    kept: bool
    _folder: StateFolder
    _good: Identity
    _authority: Authority
    _is_new: bool
    _bank: KeyBank
    _began: datetime
    _bad: dict[tuple[str, bool], tuple[Shown, datetime]] = field(default_factory=dict)
    _others: dict[tuple[str, bool], Identity] = field(default_factory=dict)

    @property
    def ca(self) -> Certificate:
        """The PBX's own CA, also where a client trusts something else."""
        return self._authority.certificate

    def identity(self, name: str | None, wall: float, *, for_rsa: bool = False) -> Identity | Shown:
        """Return the good identity for None, else another or the one with the defect *name*, for the PBX clock at *wall*.

        With *for_rsa* its key is an RSA key, unless the defect is that it is none. A defect is minted on first use, and again when a day of PBX time has passed: what is not valid yet must not
        become so.
        """
        for_rsa = for_rsa and not isinstance(self._good.key, RSAPrivateKey)
        if name is None and not for_rsa:
            return self._good
        pbx, now = self.pbx, self.pbx.clock.at(wall).pbx
        if name is None or name.startswith(ANOTHER):
            return self._another(name or "", for_rsa=for_rsa)
        shown, minted = self._bad.get((name, for_rsa), (None, now))
        if shown is None or abs(now - minted) > _A_DAY:
            own = self._good.key if pbx.settings.tls_profile == "device" else None
            key = self._bank.rsa() if for_rsa else own
            shown = defect(name).make(Scene(self._authority, pbx.settings.names, now, self._bank, key))
            self._bad[name, for_rsa] = (shown, now)
        return shown

    def _another(self, name: str, *, for_rsa: bool) -> Identity:
        """Return another good identity: for an RSA key, or one that takes turns with others.

        It is as good for as long as the PBX's own, whatever its clock says by now.
        """
        if (name, for_rsa) not in self._others:
            names, key = self.pbx.settings.names, self._bank.rsa() if for_rsa else None
            if self.pbx.settings.tls_profile == "device":  # which vouches for itself
                made = self_signed(names, self._began, key=key or self._good.key)
            else:
                made = self._authority.issue(names, self._began, key=key)
            self._others[name, for_rsa] = made
        return self._others[name, for_rsa]

    def prepare(self, specs: Iterable[Mapping[str, object]], wall: float) -> None:
        """Mint what takes long to mint of what the faults *specs* show, so that no client has to wait for it."""
        for defect_id in slow_defects(specs):
            self.identity(defect_id, wall)

    def verifies(self, host: str, wall: float) -> bool:
        """Return whether a client that trusts `ca_file` and goes by real time accepts the good certificate at *host*."""
        certificate, now = self._good.certificate, datetime.fromtimestamp(wall, UTC)
        return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc and covers(certificate, host)

    def close(self) -> None:
        """Switch the PBX off: cut the calls that are up, close the journal and the history."""
        with ExitStack() as closing:
            closing.callback(self.pbx.history.close)
            closing.callback(self.pbx.journal.close)
            self.living.stop()

    def forget(self) -> None:
        """Remove what is kept of this PBX; it must be closed."""
        self._folder.forget(self.pbx.name)

    def abandon(self) -> None:
        """Close it, and leave nothing behind that was not there before it was assembled."""
        self.close()
        if self._is_new:
            self.forget()


def _lived(settings: PbxSettings, history: History, begun: datetime) -> Iterator[str]:
    """Yield a warning where live calls wait for the clock to come to where the kept history ends."""
    until = at_microseconds(history.ledger.last_end())
    if settings.traffic.live and until > begun:
        yield (
            f"the kept history goes on to {until:%Y-%m-%dT%H:%M:%SZ} and the clock begins at {begun:%Y-%m-%dT%H:%M:%SZ}, so "
            "live calls begin behind that; --fresh begins anew, or let clock.start be later"
        )


def _sound(seed: int, name: str, path: str) -> int:
    """Return the seed of what the recording at *path* sounds like."""
    return stream(seed, name, "sound", path).getrandbits(64)


def assemble(
    name: str,
    settings: PbxSettings,
    folder: StateFolder,
    *,
    voices: Voices,
    seed: int,
    wall: float,
    watch: Watch = unwatched,
) -> Appliance:
    """Return the PBX *name* as it stands at *wall* seconds; its recordings are spoken by *voices*.

    Mints or reopens keys, opens its history and fills an empty one. Raises `ConfigurationError` or `HistoryError`, and
    then leaves no new folder behind.
    """
    with ExitStack() as undoing:
        is_new = not (folder.path / name).exists()
        if is_new:
            undoing.callback(folder.forget, name)
        home = folder.pbx(name)
        clock = PbxClock.of(settings.clock, wall)
        now, begun = clock.at(wall).pbx, clock.world(wall)
        keyring = Keyring(home, name)
        good = _identity(keyring, settings, now)
        authority = keyring.authority(now)
        keyring.keep_list(revoked_list(authority, now))
        warnings = [*pbx_warnings(settings), *clock_warnings(now, wall)]
        history = History.open(home / "history.sqlite", durable=not folder.temporary)
        undoing.callback(history.close)
        kept = len(history) > 0
        filled = fill(history, name, settings, seed=seed, until=begun, watch=watch)
        if not kept:  # a kept history began before the one that the settings would make now
            warnings += schedule.warnings(settings, begun)
        journal = _journal(settings, home)
        undoing.callback(journal.close)
        pbx = Pbx(
            name,
            settings,
            history,
            Spool.begun(home / "spool", history.recordings, voices, lambda path: _sound(seed, name, path)),
            clock,
            seed=seed,
            defects=DEFECT_IDS,
            refusable=REFUSABLE_DEFECT_IDS,
            journal=journal,
        )
        living = Living(name, settings, history, seed=seed, since=begun, boot=history.begin())
        appliance = Appliance(
            pbx,
            living,
            home / "ca.pem",
            (*warnings, *filled.warnings, *_lived(settings, history, begun)),
            kept,
            folder,
            good,
            authority,
            is_new,
            KeyBank(home),
            now,
        )
        appliance.prepare(settings.faults, wall)
        undoing.pop_all()
    return appliance


def slow_defects(specs: Iterable[Mapping[str, object]]) -> list[str]:
    """Return the defects that take long to mint among those that the faults *specs* show, right or wrong."""
    named = {str(spec.get("defect")) for spec in specs if spec.get("fault", "tls.certificate") == "tls.certificate"}
    return [row.id for row in DEFECTS if row.slow and row.id in named]


def _journal(settings: PbxSettings, home: Path) -> Journal:
    """Return the journal that the *settings* ask for; raises `HistoryError`."""
    kept = settings.journal
    spill = None if kept.spill is None else Spill.open(home / "journal.sqlite", kept.spill)
    return Journal.of(kept, spill)


def trusted(state: Path, name: str, settings: PbxSettings, *, wall: float) -> Certificate:
    """Return what a client must trust for the PBX *name* in the folder *state*; minted there if it never ran.

    Raises `StateInUse` when another process has the folder and has not got that far.
    """
    try:
        folder = StateFolder.open(state)
    except StateInUse:
        kept = state / name / "ca.pem"
        if not kept.exists():
            raise
        return load_pem_x509_certificate(kept.read_bytes())
    try:
        now = PbxClock.of(settings.clock, wall).at(wall).pbx
        return _identity(Keyring(folder.pbx(name), name), settings, now).trust
    finally:
        folder.close()


def _identity(keyring: Keyring, settings: PbxSettings, now: datetime) -> Identity:
    api = settings.api
    if api.tls_private_key is None or api.tls_cert is None:
        mint = keyring.self_signed if settings.tls_profile == "device" else keyring.issued
        return mint(settings.names, now)
    identity, objections = keyfiles.read(api.tls_private_key, api.tls_cert)
    if identity is None:
        raise ConfigurationError(
            Problem(f"pbxs.{keyring.name}.api.{key}", wrong, right) for key, wrong, right in objections
        )
    keyring.keep(identity)
    return identity
