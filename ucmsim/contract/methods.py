"""What both clients of the control plane can be asked, said once: each method is an operation. Standard library only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

_NONE: Mapping[str, Any] = MappingProxyType({})


class ControlMethods(ABC):
    """The methods of a client: what they are given, what they answer, and with which `ControlError` they fail.

    The clients say in which form it comes: as it is, or in a Deferred. What is sent may have datetimes.
    """

    __slots__ = ()

    # --- the process ------------------------------------------------------------------------------------------------

    @abstractmethod
    def health(self) -> Any:
        """Return that the process answers: its `status` is ``ok``. It needs no token."""

    @abstractmethod
    def readiness(self) -> Any:
        """Return whether everything listens, and which start of ucmsim this is. It needs no token.

        Its `status` is ``ready``, ``starting``, or ``failed`` where a PBX did: `status` of the process then says why.
        """

    @abstractmethod
    def status(self) -> Any:
        """Return instance, version and seed of the process, the names of its PBXs, why some failed, and the versions of what it runs on."""

    @abstractmethod
    def openapi(self) -> Any:
        """Return the OpenAPI document of the control plane, as decoded JSON."""

    @abstractmethod
    def metrics(self) -> Any:
        """Return the counters of all PBXs, in the text format of Prometheus."""

    # --- PBXs -------------------------------------------------------------------------------------------------------

    @abstractmethod
    def pbxs(self) -> Any:
        """Return every PBX."""

    @abstractmethod
    def pbx(self, pbx: str) -> Any:
        """Return the PBX called *pbx*; raises `ControlNotFound` where there is none, as all do that take one."""

    @abstractmethod
    def create_pbx(self, name: str, settings: Mapping[str, Any] = _NONE) -> Any:
        """Start a PBX called *name* with *settings*, keys as under ``pbxs.<name>`` in sim.yaml; return it with its url and CA.

        Raises `ControlRefused`: ``invalid`` with the dotted key in its `field`, ``exists``, ``bind`` where its port cannot be had,
        or ``conflict`` where it cannot begin for another reason, such as that the process has as many files open as it may.
        A long history takes long to make up: see `ControlTimeout`.
        """

    @abstractmethod
    def put_pbx(self, pbx: str, settings: Mapping[str, Any]) -> Any:
        """Let there be a PBX with exactly these *settings*: what is left out is the default. Asked for twice, nothing happens.

        Return whether it was created, the dotted keys that changed, and what it is; raises what `create_pbx` does.
        """

    @abstractmethod
    def change_pbx(self, pbx: str, changes: Mapping[str, Any]) -> Any:
        """Merge *changes* into the settings of a PBX, key by key; None takes a key back to its default.

        Return what `put_pbx` does. What is not under `api` restarts it, as the unit would: connections are cut, and rows, clock, faults and
        journal go on, unless they are what is changed.
        """

    @abstractmethod
    def delete_pbx(self, pbx: str) -> Any:
        """Stop a PBX, and erase its keys and history."""

    @abstractmethod
    def reset(self, pbx: str) -> Any:
        """Let a PBX begin anew as its settings make it: history, clock, faults, journal; its port and identity stay. Return it."""

    @abstractmethod
    def snapshot(self, pbx: str, file: str) -> Any:
        """Write a PBX to a *file*, an absolute path on the machine where ucmsim runs: settings, history, spool, clock, faults.

        Return where that is, its size in bytes, and how many CDRs are in it.
        """

    @abstractmethod
    def restore(self, pbx: str, file: str) -> Any:
        """Let a PBX be what `snapshot` wrote to a *file*; its port and identity stay. Return it."""

    # --- what it looks like to its clients --------------------------------------------------------------------------

    @abstractmethod
    def api(self, pbx: str) -> Any:
        """Return the device's API Configuration page: of the password only whether one is set."""

    @abstractmethod
    def change_api(self, pbx: str, changes: Mapping[str, Any]) -> Any:
        """Change settings of the API Configuration page, at once, and return it.

        Keys are those of ``api`` in sim.yaml; a key or a certificate is PEM text or a path over there, None for the minted one.
        Raises `ControlRefused`: ``invalid`` with the key in its `field`, or ``bind`` where the port cannot be had.
        """

    @abstractmethod
    def identity(self, pbx: str) -> Any:
        """Return the certificate that is shown: its chain as PEM, its names and validity, and the defect that it has."""

    @abstractmethod
    def show_identity(self, pbx: str, identity: Mapping[str, Any] = _NONE) -> Any:
        """Show another certificate from the next handshake on; return what then is.

        *identity* has one of `defect`, `certificate` and `key` as PEM text, and `valid_for`, after how many seconds of the PBX clock a good
        one ends; with none of them the good one is shown. A certificate that was given and shown before needs no key.
        """

    # --- its clock --------------------------------------------------------------------------------------------------

    @abstractmethod
    def clock(self, pbx: str) -> Any:
        """Return what the clock of a PBX shows, its rate, and the world's time."""

    @abstractmethod
    def change_clock(self, pbx: str, change: Mapping[str, Any]) -> Any:
        """Move the clock; return what it then shows.

        *change* has one of `now` (an aware datetime, or ISO text), `advance` (seconds in which everything happens that is to) and
        `step` (seconds, less than 0 too, in which nothing does), and `rate` (seconds that pass in one, 0 to 100000) and
        `time_zone` (IANA) as well as any of them or alone.
        """

    # --- calls ------------------------------------------------------------------------------------------------------

    @abstractmethod
    def calls(self, pbx: str, **which: str | int | datetime) -> Any:
        """Return what really happened in each call that is over, page by page until there is no more.

        *which* narrows it: began (of one call), since, until (an aware datetime, or ISO text), session, uniqueid, shape, after (the number of a call);
        limit is the size of a page. Instants of calls are microseconds of UTC since 1970.
        """

    @abstractmethod
    def place_call(self, pbx: str, call: Mapping[str, Any]) -> Any:
        """Let a call happen; return its shape, kind, beginning and end, and how many CDRs it will write.

        The `began` of what is returned is that of the call in `calls` and `ledger`, and of no other: what that is, ``began=`` asks them.

        *call* has `shape`, `from` and `to`, and may have `at` (an aware datetime of the world's time, or ISO text, now without it), or
        `delay`, seconds from now, `ring` and `talk` in seconds, `phones`, `target`, `trunk`, `code` and `recorded`. Numbers of telephones are text.
        """

    @abstractmethod
    def place_calls(self, pbx: str, calls: Sequence[Mapping[str, Any]]) -> Any:
        """Let *calls* happen, all of them or none; return what `place_call` does of each. The field of an error begins with an index."""

    @abstractmethod
    def delete_cdrs(self, pbx: str) -> Any:
        """Delete every CDR that there is by now; return how many there were. Recordings stay."""

    @abstractmethod
    def ledger(self, pbx: str, **which: str | int | datetime) -> Any:
        """Return every call that is over, and which responses carried its CDRs and recordings, page by page.

        *which* is that of `calls`, and delivered: never, once or again. Rows that were imported are calls of which nobody knows more.
        """

    @abstractmethod
    def ledger_page(self, pbx: str, **which: str | int | datetime) -> Any:
        """Return one page of what `ledger` returns; its `next` is what the next one is `after`, None for the last."""

    # --- faults -----------------------------------------------------------------------------------------------------

    @abstractmethod
    def faults(self, pbx: str, **which: str) -> Any:
        """Return the faults that are armed, with how often each matched and acted; with ``gone="yes"`` those that no longer are."""

    @abstractmethod
    def arm_fault(self, pbx: str, fault: Mapping[str, Any]) -> Any:
        """Arm a fault; return it with its name.

        *fault* has its kind as `fault`, the fields of the kind, and its terms: `name`, `when`, `times`, `chance`, `after`, `until`, `ramp`
        and `ttl`. Raises `ControlRefused`: ``invalid`` with the key in its `field`, or ``exists`` where the name is taken.
        """

    @abstractmethod
    def change_fault(self, pbx: str, name: str, changes: Mapping[str, Any]) -> Any:
        """Change what *changes* says of the fault called *name*; its counters go on. Return it as it is then."""

    @abstractmethod
    def clear_faults(self, pbx: str) -> Any:
        """Disarm every fault."""

    @abstractmethod
    def disarm_fault(self, pbx: str, name: str) -> Any:
        """Disarm the fault called *name*; raises `ControlNotFound` where none is."""

    # --- the journal ------------------------------------------------------------------------------------------------

    @abstractmethod
    def journal_page(self, pbx: str, **filters: Any) -> Any:
        """Return one page of the journal: those of its events that *filters* leave, 100 unless `limit` says how many.

        They are those of ``ucmsim journal``: kind, since, until, clock, peer, path, status, fault, refusal, mark, brief, after, last.
        """

    @abstractmethod
    def journal(self, pbx: str, **filters: Any) -> Any:
        """Return every event that *filters* leave, in order, however many pages that takes.

        They are those of `journal_page`; with `limit` it is so many events, and no more are asked for.
        """

    @abstractmethod
    def follow_journal(
        self, pbx: str, *, after: int | None = None, dropped: Callable[[int], object] | None = None, **filters: Any
    ) -> Any:
        """Yield events as they happen, those *after* an id first, and narrowed by *filters* as `journal` is.

        It ends when the PBX is stopped, reset, restored, or restarted by a change. Ids go on in the next stream; they begin with 1 again
        after a reset, and after other settings of a journal that is in memory only. `ControlUnreachable` is raised where the connection is
        lost, or 60 seconds silent. *dropped* is told how many events the journal has dropped before they could be read.
        """
