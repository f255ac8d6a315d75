"""A simulated PBX in a test: where it is, what is broken on it, and what its clients did."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ucmsim.client import ControlClient
from ucmsim.contract.answers import Call, Entry, Fault, LedgerCall, PlacedCall
from ucmsim.testing import asserting
from ucmsim.testing.asserting import Verifying
from ucmsim.testing.clock import UcmClock
from ucmsim.testing.faults import UcmFault, UcmIdentity
from ucmsim.testing.placing import sent
from ucmsim.testing.trust import trusting
from ucmsim.testing.waiting import Waiting

if TYPE_CHECKING:
    from ucmsim.scenarios.playing import Play

__tracebackhide__ = True
_CLOSING = 5.0
"""Seconds within which a connection that a client has refused is gone, and told."""


@dataclass(frozen=True, slots=True)
class Ucm:
    """A simulated PBX: where it is, who may log in, what to trust, its clock, what breaks it, and what clients did.

    All that asks the PBX may raise `ucmsim.client.ControlError`. *url* is "" where nothing listens. *control* asks the control
    plane for anything else; there the PBX goes by its *name*.
    """

    name: str
    url: str
    username: str | None
    password: str | None = field(repr=False)
    ca: str
    control: ControlClient = field(repr=False)
    _log: Path | None = field(default=None, repr=False)
    seed: int | None = field(default=None, repr=False)
    _waiting: Waiting = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_waiting", Waiting(self.control, self.name))

    # --- how clients reach it ---------------------------------------------------------------------------------------

    def ssl_context(self) -> ssl.SSLContext:
        """Return a context that trusts the CA of this PBX, and nothing else.

        Where its tls_profile is ``device`` the context takes the short keys of the hardware as well.
        """
        context = ssl.create_default_context(cafile=self.ca)
        if self.settings.get("tls_profile") == "device":
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return context

    @property
    def env(self) -> dict[str, str]:
        """Environment variables for a program: UCM_URL, UCM_USER, UCM_PASSWORD, UCM_CA, and what lets it trust the PBX.

        requests, curl, Node and what uses OpenSSL have a variable each for that. None has one for the 1024 bits of Diffie-Hellman of
        ``tls_profile: device``, which requests, httpx and curl refuse (DH_KEY_TOO_SMALL) and Node 20 takes: a program has to be
        told, as curl is by ``--ciphers DEFAULT@SECLEVEL=0``.
        """
        own = {"UCM_URL": self.url, "UCM_USER": self.username, "UCM_PASSWORD": self.password, "UCM_CA": self.ca}
        return {**trusting(self.ca), **{name: value for name, value in own.items() if value}}

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its settings as in sim.yaml, with ``***`` for each secret."""
        return self.control.pbx(self.name).settings

    def reset(self) -> None:
        """Let a new universe begin: history, clock, faults, journal, ledger as its settings have them; the port stays."""
        self.control.reset(self.name)

    # --- what happens on it -----------------------------------------------------------------------------------------

    @property
    def clock(self) -> UcmClock:
        """What the PBX believes the time to be, to be read and moved."""
        return UcmClock(self.control, self.name)

    @property
    def calls(self) -> list[Call]:
        """What really happened in each call that is over by now: its talks, what trunks carried, and its rows.

        Instants are microseconds of UTC since 1970.
        """
        return self.control.calls(self.name)

    def place_call(self, shape: str, caller: str | int, callee: str | int, **how: Any) -> PlacedCall:
        """Let a call happen: ``ucm.place_call("answered", "1001", "1002", talk=60)``; its row comes when it ends.

        *how* is ``at`` (an aware datetime of the world's time, `UcmClock.world`, now without it) or ``delay``, in seconds from now,
        ``ring`` and ``talk`` in seconds, ``phones``, ``target``, ``trunk``, ``code``, ``recorded``. A telephone number may be an int here, which is sent as the
        text that the control plane wants: in Python it cannot have lost zeros before it. What is returned has ``began``, by which
        the call is found when it is over: ``ucm.ledger(began=placed.began)``.
        """
        return self.control.place_call(self.name, sent({"shape": shape, "from": caller, "to": callee, **how}))

    def place_calls(self, calls: Iterable[Mapping[str, Any]]) -> list[PlacedCall]:
        """Let calls happen, all or none: ``ucm.place_calls([{"shape": "answered", "from": "1001", "to": "1002"}])``.

        Each may have what `place_call` takes. An error names each that is wrong by its index.
        """
        return self.control.place_calls(self.name, list(map(sent, calls)))

    def delete_cdrs(self) -> int:
        """Delete every CDR that there is by now, as on the device's own page; return how many. Recordings stay."""
        return self.control.delete_cdrs(self.name)

    # --- what is broken ---------------------------------------------------------------------------------------------

    def fault(self, kind: str, **fields: Any) -> UcmFault:
        """Arm a fault: ``ucm.fault("http.latency", seconds=3, when={"nth": [2]}, times=1)``.

        *fields* are the fault's own and those of its arming.
        """
        armed = self.control.arm_fault(self.name, {"fault": kind, **fields})
        return UcmFault(armed.name, armed.id, self.control, self.name)

    def deny(self, address: str | None = None, *, how: str = "page", **terms: Any) -> UcmFault:
        """Deny the peers that *address* covers, everybody without it: with the 403 page, or *how* ``"drop"``, at accept."""
        return self.fault("api.deny", address=address, how=how, **terms)

    def identity(
        self,
        defect: str | None = None,
        *,
        certificate: str | None = None,
        key: str | None = None,
        valid_for: float | None = None,
    ) -> UcmIdentity:
        """Show the certificate with a *defect* from the next handshake on, or a *certificate* with its *key*, both PEM.

        Or a good one that expires in *valid_for* seconds of the PBX clock, 1 to 86400; without any the good one. As a context
        manager it shows at the end what was shown before.
        """
        chosen = {"defect": defect, "certificate": certificate, "key": key, "valid_for": valid_for}
        given = {name: value for name, value in chosen.items() if value is not None}
        return UcmIdentity.show(self.control, self.name, given)

    @property
    def faults(self) -> list[Fault]:
        """The faults that are armed, with how often each matched and acted."""
        return self.control.faults(self.name)

    def clear_faults(self) -> None:
        """Disarm every fault of this PBX."""
        self.control.clear_faults(self.name)

    def play(
        self, scenario: str | Path, *, patience: float | None = None, say: Callable[[str], object] | None = None
    ) -> Play:
        """Return a bad day for the client: ``with ucm.play("dst-night") as day:``, and in it ``while day.running: poll()``.

        *scenario* is a name of `ucmsim scenario list`, or a file; *patience* is seconds that each step, and at the end the
        client, is waited for. *say* is called with a sentence for each step, in another thread: `print` tells them all.
        At the end it raises `AssertionError` with a list of what passed and failed unless all passed.
        """
        from ucmsim.scenarios.performing import quiet  # pydantic and what it brings are for those who play
        from ucmsim.scenarios.playing import play

        return play(self.control, self.name, str(scenario), patience, say or quiet)

    # --- what clients did -------------------------------------------------------------------------------------------

    @property
    def requests(self) -> list[Entry]:
        """Every request so far, in order, each with `path`, `status`, `refusal`, `rows`, `faults`, `marks` and more."""
        return self.journal(kind="exchange")

    def journal(self, **filters: Any) -> list[Entry]:
        """Return what happened, in order: ``ucm.journal(kind="exchange", refusal="any")``.

        Each has what users ask for as attributes, and all that is known of it as `raw`; *filters* are those of
        ``ucmsim journal``.
        """
        return self.control.journal(self.name, **filters)

    def ledger(self, **which: Any) -> list[LedgerCall]:
        """Return every call with the responses that carried its rows and recordings; *which* as the control plane takes it."""
        return self.control.ledger(self.name, **which)

    @property
    def log(self) -> list[str]:
        """What this PBX has logged so far: one line an exchange, with the reason for every refusal."""
        if self._log is None:
            raise LookupError("the log is where this ucmsim was started; ucm.journal() tells the same, and more")
        about = (f"] {self.name} ", f"] {self.name}: ")
        lines = self._log.read_text("utf-8", "replace").splitlines()
        return [line.partition("] ")[2] for line in lines if any(mark in line for mark in about)]

    def wait_for_request(self, path: str | None = None, *, within: float = 10.0, **filters: Any) -> Entry:
        """Return the first request, to *path* if one is given, that no wait before this one has returned.

        It may have come already. *filters* are those of `journal`; an exchange that only got the Digest challenge is passed
        over unless they ask for a status or a refusal. Raises `ucmsim.testing.NothingCame`, an AssertionError that says what
        came instead, after *within* seconds.
        """
        return self._waiting.request(within, filters if path is None else {"path": path, **filters})

    def assert_all_rows_delivered(self) -> None:
        """Fail unless every row there is went out whole to some client at least once."""
        _objecting(asserting.undelivered(self.ledger()))

    def assert_verified_tls(self) -> None:
        """Fail unless a client has refused a bad certificate, and none has sent a request in spite of one.

        Where the journal has dropped events that cannot be known, and it fails too.
        """
        until = time.monotonic() + _CLOSING
        # A connection is told when its socket is gone, which may be after its client was done with it.
        while Verifying.of(entries := self.journal()) is Verifying.UNKNOWN and time.monotonic() < until:
            time.sleep(0.02)
        _objecting(asserting.unverified(entries))
        _objecting(self._unknown())

    def assert_no_marks(self, *allowed: str) -> None:
        """Fail if a client did anything that is marked as careless, but for the marks that are *allowed*.

        Where the journal has dropped events that cannot be known, and it fails too.
        """
        _objecting(asserting.careless(self.journal(mark="any"), allowed))
        _objecting(self._unknown())

    def _unknown(self) -> str:
        """Return what is said of events that are kept no more; asked last, since more may go while others are read."""
        page = self.control.journal_page(self.name, limit=1)
        return asserting.unknown(page.first, page.marks)


def _objecting(said: str) -> None:
    if said:
        raise AssertionError(said)
