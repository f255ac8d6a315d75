"""An appliance at work: what stands between its port and its PBX, and what goes on in it, from one start to one stop.

A new universe of a PBX is another one of these, which takes over the port of the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

from ucmsim.assembling.assembly import Appliance
from ucmsim.assembling.identities import Identities
from ucmsim.certificates.authority import Identity
from ucmsim.faults import Handshake, Moment
from ucmsim.service.delivering import DeliveryKeeper
from ucmsim.service.happenings import Happenings
from ucmsim.service.keeping import JournalKeeper
from ucmsim.service.worker import Worker
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.sockets.channel import DeviceFactory
from ucmsim.sockets.gate import Gate
from ucmsim.sockets.listening import Listening, Place
from ucmsim.sockets.tls import DeviceTls, TlsFactory
from ucmsim.verdicts import verdict


class Running:
    """One *appliance*: its TLS, its gate, its port, its calls, its journal and what it delivers."""

    _log = Logger()

    def __init__(self, appliance: Appliance, reactor: Any, worker: Worker) -> None:
        self.appliance = appliance
        self._worker = worker
        pbx, settings = appliance.pbx, appliance.pbx.settings
        self._tls = DeviceTls(
            lambda name, for_rsa: appliance.identity(name, reactor.seconds(), for_rsa=for_rsa),
            settings.tls_range,
            appliance.ca,
            device_profile=settings.tls_profile == "device",
        )
        wrapped = TlsFactory(self._tls, False, DeviceFactory(pbx, reactor, worker), clock=reactor)
        self.calls = Happenings(appliance, reactor, worker.ahead, worker, worker.slowly)
        pbx.went_down.append(self.calls.restarted)
        self.gate = Gate(
            pbx, wrapped, reactor, inactivity=pbx.quirks.number("inactivity-timeout"), undecided=self._undecided
        )
        self.journal = JournalKeeper(pbx.name, pbx.journal, reactor, worker.ahead)
        self.deliveries = DeliveryKeeper(pbx.name, pbx.deliveries, reactor, worker.ahead)
        self.listening = Listening(pbx, self.gate, reactor)
        self._tls.context(Handshake())  # a key that cannot be served with is found now, not by the first client

    def start(self, place: Place | None = None) -> None:
        """Open the port, or take over the *place* of another; not where the API is disabled. Raises `BindError`."""
        pbx = self.appliance.pbx
        for warning in self.appliance.warnings:
            self._log.warn("{pbx}: {warning}", pbx=pbx.name, warning=warning)
        if place is not None:
            self.listening.take(place)
        elif pbx.settings.api.enable:  # if not, one of the warnings says so
            self.listening.open(pbx.settings.api.tls_bind_address)
        # Behind the port, which may not be had: nothing is at work then that would have to be stopped.
        self.calls.startService()
        self.journal.startService()
        self.deliveries.startService()

    def stop(self, let_go: Callable[[Appliance], object] | None = None) -> Deferred[None]:
        """Close the port, unless it was given up, cut what is open, and close the history, or *let go* of it all otherwise.

        What fails on the way is told in the log, and the rest is done all the same; what *let_go* raises is raised.
        """
        return Deferred.fromCoroutine(self._stop(let_go))

    async def _stop(self, let_go: Callable[[Appliance], object] | None) -> None:
        # Of hundreds of PBXs many have calls to write by the time that their ports are closed, and the worker has enough to do.
        calls = Deferred.fromCoroutine(self._tried("its calls", self.calls.stopService))
        port = Deferred.fromCoroutine(self._tried("its port", self.listening.close))
        self.gate.abort_all()
        await port
        await self._tried("its connections", self.gate.empty)  # told of before what is told is closed
        await calls
        await self._tried("its journal", self.journal.stopService)
        await self._tried("what it delivered", self.deliveries.stopService)
        if let_go is None:
            await self._tried("its history", lambda: self._worker.ahead(self.appliance.close))
        else:
            await self._worker.ahead(lambda: let_go(self.appliance))

    async def _tried(self, what: str, step: Callable[[], Any]) -> None:
        """Do a *step* of the end, about *what*; that it failed is told, and keeps nobody from the next."""
        try:
            await maybeDeferred(step)
        except Exception:  # noqa: BLE001 - whatever it is, the rest has to end as well
            self._log.failure("{pbx}: {what} did not end as it should", pbx=self.appliance.pbx.name, what=what)

    def configure(self, settings: PbxSettings, identities: Identities) -> None:
        """Go by *settings* from now on, which differ in the API Configuration page alone, and show these *identities*."""
        self.appliance.identities = identities
        self.appliance.pbx.configure(settings)

    def _undecided(self, peer: str) -> None:
        """Tell of a connection that ended before a defect could be shown on it."""
        pbx = self.appliance.pbx
        if pbx.shows or pbx.ends or pbx.faults.any_at(Moment.HANDSHAKE):
            self._log.info(
                "{pbx} {peer} was shown nothing: {verdict}",
                pbx=pbx.name, peer=peer, verdict=verdict(hello=False, heard=False),
            )  # fmt: skip


def judge(identity: Identity, settings: PbxSettings) -> None:
    """Raise `ConfigurationError` when a PBX with these *settings* cannot serve with *identity*."""
    tls = DeviceTls(
        lambda *_: identity, settings.tls_range, identity.trust, device_profile=settings.tls_profile == "device"
    )
    tls.context(Handshake())
