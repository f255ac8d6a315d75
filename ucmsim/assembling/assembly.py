"""Puts one PBX together from its settings and its folder: certificates, history, and the PBX itself.

No Twisted: a PBX can be assembled, asked and taken apart by a script, a test or the worker thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from secrets import token_hex

from cryptography.x509 import Certificate, load_pem_x509_certificate

from ucmsim import schedule
from ucmsim.appliance.pbx import Pbx
from ucmsim.assembling.filling import Watch, filling, unwatched
from ucmsim.assembling.identities import Identities, shown_at_first
from ucmsim.assembling.living import Living
from ucmsim.assembling.statefolder import HISTORY, JOURNAL, SPOOL, StateFolder
from ucmsim.calls.locales import Locales
from ucmsim.certificates.authority import Identity, covers
from ucmsim.certificates.defects import DEFECTS, Shown
from ucmsim.certificates.defects.revocation import revoked_list
from ucmsim.certificates.keyring import Keyring
from ucmsim.clock import PbxClock
from ucmsim.configuration import DEFECT_IDS, REFUSABLE_DEFECT_IDS, clock_warnings, pbx_warnings
from ucmsim.errors import StateInUse, Unwanted
from ucmsim.faults import FaultBook
from ucmsim.instants import at_microseconds
from ucmsim.journal import Journal, Spill
from ucmsim.recording.audio import Voices
from ucmsim.recording.spool import Spool
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.steps import Steps, finished
from ucmsim.store.history import History
from ucmsim.streams import stream


@dataclass(frozen=True, slots=True)
class Premises:
    """What the PBXs of one process share: the state *folder*, the *voices* of recordings, the *seed*, and who is told of long work.

    And the *locales* of names.
    """

    folder: StateFolder
    voices: Voices
    seed: int
    watch: Watch = unwatched
    locales: Locales = field(default_factory=Locales)

    @property
    def durable(self) -> bool:
        """Whether what is kept is there after the process."""
        return not self.folder.temporary

    def filling(self, history: History, name: str, settings: PbxSettings, until: datetime) -> Steps[list[str]]:
        """Fill *history*, if it is empty, as the *settings* of the PBX *name* say, a step a record; return what is odd about it.

        One that is kept began before the one that the settings would make now. Raises `HistoryError`.
        """
        odd = [] if len(history) else list(schedule.warnings(settings, until))
        filled = yield from filling(
            history, name, settings, seed=self.seed, until=until, watch=self.watch, locales=self.locales
        )
        return [*odd, *filled.warnings]


@dataclass(slots=True)
class Appliance:
    """A PBX with the calls that will happen in it and what it shows in a handshake, ready to be put on a port.

    *begun_with* are sentences about how it began, *kept* says that its history is that of an earlier start.
    """

    pbx: Pbx
    living: Living
    identities: Identities
    premises: Premises
    begun_with: tuple[str, ...]
    kept: bool
    _is_new: bool

    @property
    def home(self) -> Path:
        """The folder of all that is kept of it."""
        return self.premises.folder.path / self.pbx.name

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for whoever starts it, or looks at it: what is probably not meant."""
        return (*pbx_warnings(self.pbx.settings), *self.begun_with)

    @property
    def ca_file(self) -> Path:
        """What a client must trust."""
        return self.home / "ca.pem"

    @property
    def ca(self) -> Certificate:
        """The PBX's own CA, also where a client trusts something else."""
        return self.identities.authority.certificate

    def identity(self, name: str | None, wall: float, *, for_rsa: bool = False) -> Identity | Shown:
        """Return what is shown under *name* (see `Identities.shown`) for the PBX clock at *wall*."""
        return self.identities.shown(name, self.pbx.clock.at(wall).pbx, for_rsa=for_rsa)

    def prepare(self, specs: Iterable[Mapping[str, object]], wall: float) -> None:
        """Mint what takes long to mint of what the faults *specs* show, so that no client has to wait for it."""
        self.identities.prepare(slow_defects(specs), self.pbx.clock.at(wall).pbx)

    def verifies(self, host: str, wall: float) -> bool:
        """Return whether a client that trusts `ca_file` and goes by real time accepts the good certificate at *host*."""
        certificate, now = self.identities.good.certificate, datetime.fromtimestamp(wall, UTC)
        return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc and covers(certificate, host)

    def close(self) -> None:
        """Switch the PBX off: cut the calls that are up, close the journal and the history."""
        with ExitStack() as closing:
            closing.callback(self.pbx.history.close)
            closing.callback(self.pbx.journal.close)
            self.leave()

    def leave(self) -> None:
        """Switch the PBX off, and leave journal and history open to the next."""
        with ExitStack() as leaving:
            leaving.callback(self.pbx.deliveries.flush)
            self.living.stop()

    def forgetting(self) -> Steps[None]:
        """Remove what is kept of this PBX, in steps; it must be closed."""
        return self.premises.folder.forgetting(self.pbx.name)

    def abandon(self) -> None:
        """Close it, and leave nothing behind that was not there before it was assembled."""
        self.close()
        if self._is_new:
            finished(self.forgetting())


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


def assembling(name: str, settings: PbxSettings, premises: Premises, wall: float) -> Steps[Appliance]:
    """Return the PBX *name* as it stands at *wall* seconds, after a step for each record that an empty history is filled with.

    Mints or reopens keys, opens its history and fills an empty one. Raises `ConfigurationError` or `HistoryError`, and
    then leaves no new folder behind; where `Unwanted` is raised in it, no folder at all, also where there was one.
    """
    folder = premises.folder
    is_new = not (folder.path / name).exists()

    def undo(_kind: object, error: BaseException | None, _trace: object) -> None:
        if is_new or isinstance(error, Unwanted):
            folder.forget(name)

    with ExitStack() as undoing:
        undoing.push(undo)
        home = folder.pbx(name)
        clock = PbxClock.of(settings.clock, wall)
        now, begun = clock.at(wall).pbx, clock.world(wall)
        keyring = Keyring(home, name)
        identities = Identities.at_first(keyring, settings, now)
        keyring.keep_list(revoked_list(identities.authority, now))
        history = History.open(home / HISTORY, durable=premises.durable)
        undoing.callback(history.close)
        kept = len(history) > 0
        warnings = yield from premises.filling(history, name, settings, begun)
        journal = opened_journal(settings, home)
        undoing.callback(journal.close)
        appliance = put_together(
            name, settings, premises, history=history, journal=journal, identities=identities, clock=clock, wall=wall,
            warnings=warnings, kept=kept, is_new=is_new,
        )  # fmt: skip
        undoing.pop_all()
    return appliance


def put_together(
    name: str,
    settings: PbxSettings,
    premises: Premises,
    *,
    history: History,
    journal: Journal,
    identities: Identities,
    clock: PbxClock,
    wall: float,
    warnings: Iterable[str] = (),
    kept: bool = False,
    is_new: bool = False,
    faults: FaultBook | None = None,
) -> Appliance:
    """Return the PBX *name* that goes on with all of that at *wall* seconds; with *faults* it arms none of its own."""
    seed, begun = premises.seed, clock.world(wall)
    spool = premises.folder.path / name / SPOOL
    pbx = Pbx(
        name,
        settings,
        history,
        Spool.begun(spool, history.recordings, premises.voices, lambda path: _sound(seed, name, path)),
        clock,
        seed=seed,
        defects=DEFECT_IDS,
        refusable=REFUSABLE_DEFECT_IDS,
        journal=journal,
        faults=faults,
    )
    pbx.shows, pbx.ends = identities.defect, identities.ends
    living = Living(name, settings, history, seed=seed, since=begun, boot=history.begin(), locales=premises.locales)
    if clock.corrections:
        living.correct(clock.corrections)
    told = (*clock_warnings(clock.at(wall).pbx, wall), *warnings, *_lived(settings, history, begun))
    appliance = Appliance(pbx, living, identities, premises, told, kept, is_new)
    appliance.prepare(settings.faults, wall)
    return appliance


def armed(name: str, settings: PbxSettings, seed: int, wall: float) -> FaultBook:
    """Return the book of the PBX *name* in which the faults of its *settings* are armed at *wall* seconds."""
    book = FaultBook(partial(stream, seed, name, "fault"), DEFECT_IDS)
    for spec in settings.faults:
        book.arm(spec, wall)
    return book


def slow_defects(specs: Iterable[Mapping[str, object]]) -> list[str]:
    """Return the defects that take long to mint among those that the faults *specs* show, right or wrong."""
    named = {str(spec.get("defect")) for spec in specs if spec.get("fault", "tls.certificate") == "tls.certificate"}
    return [row.id for row in DEFECTS if row.slow and row.id in named]


def opened_journal(settings: PbxSettings, home: Path) -> Journal:
    """Return the journal that the *settings* ask for; raises `HistoryError`."""
    kept = settings.journal
    spill = None if kept.spill is None else Spill.open(home / JOURNAL, kept.spill)
    journal = Journal.of(kept, spill)
    journal.mark = token_hex(8)
    return journal


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
        return shown_at_first(Keyring(folder.pbx(name), name), settings, now).trust
    finally:
        folder.close()
