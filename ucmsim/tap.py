"""The composition root: options in, a service out. The only place of the service that fetches the reactor."""

from __future__ import annotations

import gc
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.application.service import IService, MultiService
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python import usage

from ucmsim import configuration
from ucmsim.assembling.assembly import Appliance, Premises, assembling
from ucmsim.assembling.filling import unwatched
from ucmsim.assembling.statefolder import StateFolder
from ucmsim.calls.locales import Locales
from ucmsim.certificates.keyring import one_for_all
from ucmsim.control.site import ControlService
from ucmsim.errors import BindError, TooManyOpen, UcmsimError
from ucmsim.progress import heeding, narrated, watched
from ucmsim.recording.audio import Voices
from ucmsim.service import announce, descriptors, parent
from ucmsim.service.fleet import Fleet
from ucmsim.service.metrics import registry_of
from ucmsim.service.stopping import heeding_hangup, stoppable, within
from ucmsim.settings import TOKEN_FILE, Address, Settings
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.sockets.ports import CONTROL, Listener, check, of_pbx
from ucmsim.steps import Steps, finished
from ucmsim.streams import stream

PARENTS = "ucmsim-child-"
"""How the names of folders begin that a parent makes for its ucmsim: nothing else is removed for one that is gone."""

STOP_LIMIT = 5.0
"""Seconds after which the process ends, whatever is still at work."""


class Options(usage.Options):
    """What can be said on the command line; everything else is in the configuration file."""

    synopsis = "[options]"
    longdesc = "A simulated Grandstream UCM. Without --config it is the built-in demo PBX on https://127.0.0.1:8443."
    optParameters = [
        ["config", "c", None, "The configuration file (sim.yaml); 'ucmsim check FILE' judges it."],
        ["ready-file", "r", None, "Where to write the ready report once everything listens; a pipe will do."],
        ["parent-pipe", None, None, "Number of an inherited file descriptor; stop when its other end closes.", int],
        ["parent-folder", None, None, "A folder that the parent made for it: it is removed once the parent is gone."],
    ]
    optFlags = [["fresh", "f", "Empty the state folder first."]]

    compData = usage.Completions(optActions={"config": usage.CompleteFiles("*.yaml")})

    def parseArgs(self, *words: str) -> None:
        """Take no words but options."""
        if words:
            raise usage.UsageError(f"'{words[0]}' is no option; did you mean --config {words[0]}?")

    def postOptions(self) -> None:
        """Take no descriptor for the parent's that is none."""
        fd = self["parent-pipe"]
        if fd is not None and (said := parent.objection(fd)):
            raise usage.UsageError(f"--parent-pipe {fd} {said}; give the number of one that was inherited")
        if fd is None and self["parent-folder"] is not None:
            raise usage.UsageError("--parent-folder needs --parent-pipe, which says when the parent is gone")
        if self["parent-folder"] is not None and not Path(self["parent-folder"]).name.startswith(PARENTS):
            raise usage.UsageError(f"--parent-folder is removed, so its name must begin with {PARENTS}")


def makeService(options: Options, reactor: Any = None) -> IService:
    """Return the service that *options* describe; what is wrong is printed, and the process exits with 1."""
    if reactor is None:
        from twisted.internet import reactor  # noqa: TID251 - the one place
    try:
        # Histories are filled here, which can take minutes.
        with stoppable():
            settings = configuration.read(Path(options["config"]) if options["config"] else None)
            return Simulator(settings, options, reactor)
    except UcmsimError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None


def _places(settings: Settings) -> Iterator[tuple[Address, Listener]]:
    """Yield where *settings* let somebody listen from the start on."""
    if settings.control is not None:
        yield settings.control.bind, CONTROL
    for name, pbx in settings.pbxs.items():
        if pbx.api.enable:
            yield pbx.api.tls_bind_address, of_pbx(name)


class Simulator(MultiService):
    """A fleet in its state folder, with its control plane, from start to stop."""

    _log = Logger()

    def __init__(self, settings: Settings, options: Options, reactor: Any) -> None:
        super().__init__()
        self._options = options
        self._reactor = reactor
        self._instance = secrets.token_hex(8)
        announce.check_report(options["ready-file"])
        self._seed = settings.seed
        self._voices = Voices(stream(settings.seed, "voices"))
        self._locales = Locales()
        self._demo = configuration.is_demo(settings)
        self._many = self._ending = self._orphan = False
        fd = options["parent-pipe"]
        self._orphaned_early = (lambda: False) if fd is None else parent.ParentLook(fd)
        self._heed_no_hangup: Callable[[], object] = lambda: None
        self._fleet = Fleet(reactor, self._assembling)
        self._fleet.setServiceParent(self)
        self._control: ControlService | None = None
        self._folder = StateFolder.open(settings.state, fresh=bool(options["fresh"]))
        try:
            self._check_places(settings)
            self._ca = one_for_all(self._folder.path) if settings.one_ca else None
            if self._folder.foreign:
                self._log.warn("The state folder {path} holds files that are not ucmsim's", path=self._folder.path)
            self._room = descriptors.Room(descriptors.raise_limit(), durable=not self._folder.temporary)
            self._look_for_room(settings.pbxs.values())
            for name, pbx in self._watched(settings.pbxs):
                self._add(finished(self._assembling(name, pbx)))
            if settings.control is not None:
                self._control = ControlService(
                    self._fleet,
                    settings.control,
                    self._folder,
                    reactor,
                    instance=self._instance,
                    seed=settings.seed,
                    registry=registry_of(self._fleet),
                )
                self._control.setServiceParent(self)
        except BaseException:
            self._abandon()
            raise

    def _check_places(self, settings: Settings) -> None:
        """Raise `BindError` where a port cannot be had; the demo has no file in which another could be chosen, and says how to have one."""
        try:
            check(_places(settings))
        except BindError as error:
            if not self._demo or isinstance(error, TooManyOpen):
                raise
            how = "'ucmsim show demo > sim.yaml' writes the file for 'twistd -n ucmsim --config sim.yaml'"
            raise BindError(f"{error}; {how}") from error

    def _watched(self, pbxs: Mapping[str, PbxSettings]) -> Iterable[tuple[str, PbxSettings]]:
        """Yield *pbxs*, and show how far that has come if they are many: then instead of each history's own progress."""
        self._many = len(pbxs) > announce.MOST
        if not self._many:
            return pbxs.items()
        return heeding(watched, self._is_over)(pbxs.items(), f"starting {len(pbxs)} PBXs", len(pbxs))

    def _add(self, appliance: Appliance) -> None:
        try:
            self._fleet.add(appliance)
        except BaseException:
            appliance.close()
            raise

    def _look_for_room(self, pbxs: Iterable[PbxSettings]) -> None:
        """Tell where so many *pbxs* are too many for one process, at the start and whenever another is created."""
        spilling = [pbx.journal.spill is not None for pbx in pbxs]
        if said := self._room.news(len(spilling), sum(spilling)):
            self._say(said)

    def _assembling(self, name: str, settings: PbxSettings) -> Steps[Appliance]:
        if self.running:
            self._look_for_room([*(one.appliance.pbx.settings for one in self._fleet), settings])
        wall = self._reactor.seconds()
        watch = unwatched if self._many and not self.running else narrated(self._say)
        watch = heeding(watch, self._is_over)
        return assembling(name, settings, Premises(self._folder, self._voices, self._seed, watch, self._locales), wall)

    def _is_over(self) -> bool:
        """Return whether nobody needs any more what takes long: everything ends, or has nobody who waits for its start."""
        return self._ending or (not self.running and self._orphaned_early())

    def _say(self, sentence: str) -> None:
        """Tell of long work: before the start at once, because the log begins with the start and would be late."""
        if self.running:
            self._log.info("{sentence}", sentence=sentence)
        else:
            sys.stderr.write(f"{sentence}\n")
            sys.stderr.flush()

    def startService(self) -> None:
        """Open every port, then tell who waits for it. A port that cannot be opened ends the process with 1."""
        try:
            with stoppable():
                self._open()
        except UcmsimError as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(1) from None
        if self._options["parent-pipe"] is not None:
            parent.ParentPipe(self._reactor, self._options["parent-pipe"], self._orphaned).startReading()
        # Once the reactor runs, a signal ends the process in order; whoever waits for the report may send one at once.
        self._reactor.callWhenRunning(self._heed_hangup)
        self._reactor.callWhenRunning(self._announce)

    def _open(self) -> None:
        try:
            super().startService()
        except BaseException:
            self._abandon()
            raise

    def stopService(self) -> Deferred[Any]:
        """Stop everything, within `STOP_LIMIT`: whoever has long work to do in the worker drops it."""
        self._ending = True
        stopping = within(STOP_LIMIT, super().stopService(), self._reactor, self._late)
        stopping.addBoth(self._close)
        return stopping

    def _late(self) -> None:
        """Tell that what cannot be interrupted, such as the minting of a large key, is not waited for."""
        self._log.warn("After {seconds:g} seconds something is still at work, and is left", seconds=STOP_LIMIT)

    def _orphaned(self) -> None:
        self._orphan = True
        self._end("The process that started ucmsim is gone")

    def _heed_hangup(self) -> None:
        if self.running:
            self._heed_no_hangup = heeding_hangup(lambda: self._reactor.callFromThread(self._hung_up))

    def _hung_up(self) -> None:
        # A terminal that is closed sends it twice, the second to the end at the latest: it is heeded from now on.
        self._heed_no_hangup = lambda: None
        self._end("The terminal that ucmsim was started from is gone (SIGHUP)")

    def _end(self, why: str) -> None:
        """Let the reactor stop, once, because of *why*."""
        if self.running and not self._ending:
            self._ending = True
            self._log.info("{why}", why=why)
            self._reactor.stop()

    def _announce(self) -> None:
        # What is there by now stays. Without it a full collection is quick, so is the end of the process, which has two.
        gc.freeze()
        control = self._control.described() if self._control else None
        if self._options["ready-file"]:
            path = Path(self._options["ready-file"])
            try:
                announce.write_report(path, announce.report(self._instance, control, self._fleet, self._ca))
            except OSError as error:
                self._log.error("The ready report cannot be written to {path}: {why}", path=path, why=error.strerror)
        plane = (control, self._folder.path / TOKEN_FILE) if control else None
        text = announce.banner(self._fleet, show_passwords=self._demo, control=plane)
        # Not print: twistd has turned sys.stdout into its log, and the banner is not for the log.
        with suppress(OSError, ValueError):
            if sys.__stdout__ is not None:
                sys.__stdout__.write(text)
                sys.__stdout__.flush()

    def _abandon(self) -> None:
        self._fleet.stop_worker()  # before anything is closed that it may be closing
        for service in list(self._fleet):
            service.appliance.close()
        self._folder.close()
        if self._orphaned_early():
            self._remove_for_parent()

    def _remove_for_parent(self) -> None:
        if (folder := self._options["parent-folder"]) is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _close(self, result: object) -> object:
        try:
            self._folder.close()
        finally:
            if self._orphan:
                self._remove_for_parent()
            self._heed_no_hangup()
        return result
