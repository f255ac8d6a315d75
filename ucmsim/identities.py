"""What one PBX can show in a handshake: its good identity, what is shown in its place, other good ones, and defects.

Minted on first use and kept, also over a new universe of the PBX: whoever trusts it goes on trusting it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ucmsim.authority import Authority, Identity, self_signed
from ucmsim.defects import KeyBank, Scene, Shown, defect

_A_DAY = timedelta(days=1)
ANOTHER = "another-"
"""What good identities beside the PBX's own are called by faults, in front of their number."""


@dataclass(slots=True)
class Identities:
    """The identities of one PBX, of which *good* is its own, minted or given; *began* is when it was minted.

    *names* are those of its certificate, *device* says that it vouches for itself. *instead* is a good identity that is
    shown in place of its own, *defect* the id of a flaw that is, unless a fault shows something else.
    """

    good: Identity
    authority: Authority
    names: tuple[str, ...]
    began: datetime
    bank: KeyBank
    device: bool = False
    instead: Identity | None = None
    defect: str | None = None
    _bad: dict[tuple[str, bool], tuple[Shown, datetime]] = field(default_factory=dict)
    _others: dict[tuple[str, bool], Identity] = field(default_factory=dict)

    @property
    def own(self) -> Identity:
        """What is shown where nothing is wrong."""
        return self.instead or self.good

    def shown(self, name: str | None, now: datetime, *, for_rsa: bool = False) -> Identity | Shown:
        """Return the own identity for None, else another or the one with the defect *name*, when the PBX clock says *now*.

        With *for_rsa* its key is an RSA key, unless the defect is that it is none. A defect is minted on first use, and
        again when a day of PBX time has passed: what is not valid yet must not become so.
        """
        for_rsa = for_rsa and not isinstance(self.own.key, RSAPrivateKey)
        if name is None and not for_rsa:
            return self.own
        if name is None or name.startswith(ANOTHER):
            return self._another(name or "", for_rsa=for_rsa)
        shown, minted = self._bad.get((name, for_rsa), (None, now))
        if shown is None or abs(now - minted) > _A_DAY:
            own = self.good.key if self.device else None
            key = self.bank.rsa() if for_rsa else own
            shown = defect(name).make(Scene(self.authority, self.names, now, self.bank, key))
            self._bad[name, for_rsa] = (shown, now)
        return shown

    def _another(self, name: str, *, for_rsa: bool) -> Identity:
        """Return another good identity: for an RSA key, or one that takes turns with others.

        It is as good for as long as the PBX's own, whatever its clock says by now.
        """
        if (name, for_rsa) not in self._others:
            key = self.bank.rsa() if for_rsa else None
            if self.device:  # which vouches for itself
                made = self_signed(self.names, self.began, key=key or self.good.key)
            else:
                made = self.authority.issue(self.names, self.began, key=key)
            self._others[name, for_rsa] = made
        return self._others[name, for_rsa]

    def prepare(self, defects: Iterable[str], now: datetime) -> None:
        """Mint *defects* that take long to mint, so that no client has to wait for them."""
        for defect_id in defects:
            self.shown(defect_id, now)

    def show(self, *, defect: str | None = None, instead: Identity | None = None) -> None:
        """Show a *defect* or another identity from the next handshake on, with neither its own."""
        self.defect, self.instead = defect, instead
