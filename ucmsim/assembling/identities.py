"""What one PBX can show in a handshake: its good identity, what is shown in its place, other good ones, and defects.

Minted on first use and kept, also over a new universe of the PBX: whoever trusts it goes on trusting it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ucmsim.appliance.pbx import EXPIRED
from ucmsim.certificates import keyfiles
from ucmsim.certificates.authority import Authority, Identity, bears, self_signed
from ucmsim.certificates.defects import KeyBank, Scene, Shown, defect
from ucmsim.certificates.keyfiles import Upload
from ucmsim.certificates.keyring import DEVICE_BITS, Keyring
from ucmsim.errors import ConfigurationError, Problem
from ucmsim.settings import Pbx as PbxSettings

_A_DAY = timedelta(days=1)
_NONE: Mapping[str, Upload] = MappingProxyType({})
KEPT = 100
"""Identities that were given, and are known after something else is shown."""
ANOTHER = "another-"
"""What good identities beside the PBX's own are called by faults, in front of their number."""


@dataclass(slots=True)
class Identities:
    """The identities of one PBX, of which *good* is its own, minted or given; *began* is when it was minted.

    *names* are those of its certificate, *device* says that it vouches for itself; *minted* is the last that was made for it,
    also while it serves with files of the user's. *instead* is a good identity that is
    shown in place of its own, *defect* the id of a flaw that is, unless a fault shows something else. Where *ends* is given
    what is shown in its place ends then, on the PBX clock, and is what has expired from then on. The latest that were shown
    *instead* are *kept* with their end, to be shown again, by their chain as PEM.
    """

    good: Identity
    authority: Authority
    names: tuple[str, ...]
    began: datetime
    bank: KeyBank
    device: bool = False
    minted: Identity | None = None
    instead: Identity | None = None
    defect: str | None = None
    ends: datetime | None = None
    kept: dict[bytes, tuple[Identity, datetime | None]] = field(default_factory=dict)
    _bad: dict[tuple[str, bool], tuple[Shown, datetime]] = field(default_factory=dict)
    _others: dict[tuple[str, bool], Identity] = field(default_factory=dict)
    _minting: dict[tuple[str, bool], Lock] = field(default_factory=dict, compare=False)

    @classmethod
    def at_first(cls, keyring: Keyring, settings: PbxSettings, now: datetime) -> Identities:
        """Return what a PBX with these *settings* can show, minted or reopened. Raises `ConfigurationError`."""
        authority, bank = keyring.authority(now), KeyBank(keyring.folder)
        good, device = shown_at_first(keyring, settings, now, authority), settings.tls_profile == "device"
        minted = None if settings.api.given else good
        return cls(good, authority, settings.names, now, bank, device, minted)

    def under(
        self, settings: PbxSettings, before: PbxSettings, now: datetime, uploads: Mapping[str, Upload] = _NONE
    ) -> Identities:
        """Return what the PBX can show under other *settings*, with *uploads* in place of files; what is shown instead stays.

        Files that were named *before* are not read again, and where nothing has changed it is the same. Raises
        `ConfigurationError`.
        """
        device, names = settings.tls_profile == "device", settings.names
        if settings.api.given:
            same = not uploads and settings.api.files == before.api.files
            good, minted = self.good if same else _given(settings, uploads), self.minted
        else:
            good = minted = self._minted_under(names, now, device=device)
        if (good, names, device) == (self.good, self.names, self.device):
            return self
        fresh: dict[str, Any] = {"_bad": {}, "_others": {}, "_minting": {}}
        return replace(self, good=good, names=names, began=now, device=device, minted=minted, **fresh)

    def _minted_under(self, names: tuple[str, ...], now: datetime, *, device: bool) -> Identity:
        """Return the identity that was minted, or another for the same key, by the same CA, under other *names*."""
        last = self.minted if self.device == device else None
        if last and bears(last.certificate, names):
            return last
        key = last.key if last else None
        if device:
            return self_signed(names, now, rsa_bits=DEVICE_BITS, key=key)
        return self.authority.issue(names, now, key=key)

    @property
    def own(self) -> Identity:
        """What is shown where nothing is wrong."""
        return self.instead or self.good

    def shown(self, name: str | None, now: datetime, *, for_rsa: bool = False) -> Identity | Shown:
        """Return the own identity for None, else another or the one with the defect *name*, when the PBX clock says *now*.

        With *for_rsa* its key is an RSA key, unless the defect is that it is none. A defect is minted on first use, and
        again when a day of PBX time has passed: what is not valid yet must not become so. Handshakes and the worker may ask
        at the same time, and are shown the same.
        """
        if name == EXPIRED and self.ends is not None and now > self.ends:
            return self.own
        for_rsa = for_rsa and not isinstance(self.own.key, RSAPrivateKey)
        if name is None and not for_rsa:
            return self.own
        # One lock for each: what is costly to mint must not be in the way of what is there already.
        with self._minting.setdefault((name or "", for_rsa), Lock()):
            if name is None or name.startswith(ANOTHER):
                return self._another(name or "", for_rsa=for_rsa)
            return self._flawed(name, now, for_rsa=for_rsa)

    def _flawed(self, name: str, now: datetime, *, for_rsa: bool) -> Shown:
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

    def ending(self, ends: datetime, now: datetime) -> Identity:
        """Return an identity like the PBX's own that *ends*, to the second."""
        if self.device:  # which vouches for itself
            return self_signed(self.names, now, ends=ends, key=self.good.key)
        return self.authority.issue(self.names, now, ends=ends, key=self.good.key)

    def show(self, *, defect: str | None = None, instead: Identity | None = None, ends: datetime | None = None) -> None:
        """Show a *defect*, or another identity, which *ends* or not, from the next handshake on, with neither its own."""
        self.defect, self.instead, self.ends = defect, instead, ends
        if instead is not None:
            self.kept.pop(pem := instead.certificate_pem, None)
            self.kept[pem] = instead, ends
            if len(self.kept) > KEPT:
                del self.kept[next(iter(self.kept))]


def shown_at_first(
    keyring: Keyring, settings: PbxSettings, now: datetime, authority: Authority | None = None
) -> Identity:
    """Return the good identity, minted or reopened, and keep it. Raises `ConfigurationError`.

    The *authority* need not be read again if it is given.
    """
    if not settings.api.given:
        if settings.tls_profile == "device":
            return keyring.self_signed(settings.names, now)
        return keyring.issued(settings.names, now, authority)
    try:
        identity = _given(settings, {})
    except ConfigurationError as error:
        raise ConfigurationError(replace(one, key=f"pbxs.{keyring.name}.{one.key}") for one in error.problems) from None
    keyring.keep(identity)
    return identity


def _given(settings: PbxSettings, uploads: Mapping[str, Upload]) -> Identity:
    """Return the identity in the user's own files, or in *uploads*. Raises `ConfigurationError`."""
    api = settings.api
    assert api.tls_private_key is not None  # noqa: S101 - both are given or neither is
    assert api.tls_cert is not None  # noqa: S101
    key, certificate = uploads.get("tls_private_key", api.tls_private_key), uploads.get("tls_cert", api.tls_cert)
    identity, objections = keyfiles.read(key, certificate)
    if identity is None:
        raise ConfigurationError(Problem(f"api.{key}", wrong, right) for key, wrong, right in objections)
    return identity
