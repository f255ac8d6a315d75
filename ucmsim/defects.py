"""The table of certificate defects: flaws that a careful client refuses and a careless one never sees.

To add a defect, add a row here, a row to the README, and the client's error text to its test.
Times are the PBX clock's, with margins of days: a client that judges by its own clock may differ by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from ucmsim.authority import Authority, Identity, Key, self_signed


@dataclass(frozen=True, slots=True)
class Defect:
    """One row: what is wrong with the certificate, what a careful client does about it, and how it is made.

    *make* takes the PBX's CA, which the client trusts, the PBX's good names, the PBX clock's now, and the key to use
    where it must be of a kind that the ciphers can serve (else it makes one).
    """

    id: str
    statement: str
    careful_client: str
    make: Callable[[Authority, Sequence[str], datetime, Key | None], Identity]


def _expired(authority: Authority, names: Sequence[str], now: datetime, key: Key | None = None) -> Identity:
    return authority.issue(names, now, starts=timedelta(days=-33), days=30, key=key)


def _not_yet_valid(authority: Authority, names: Sequence[str], now: datetime, key: Key | None = None) -> Identity:
    return authority.issue(names, now, starts=timedelta(days=3), key=key)


def _wrong_host(authority: Authority, _names: Sequence[str], now: datetime, key: Key | None = None) -> Identity:
    return authority.issue(["wrong-host.invalid"], now, key=key)  # RFC 2606: no host has a name under .invalid


def _self_signed(_authority: Authority, names: Sequence[str], now: datetime, key: Key | None = None) -> Identity:
    return self_signed(names, now, key=key)


def _untrusted_root(_authority: Authority, names: Sequence[str], now: datetime, key: Key | None = None) -> Identity:
    another = Authority.mint("that nobody trusts", now)  # no PBX can have this name: it has spaces
    return another.issue(names, now, key=key)


DEFECTS = (
    Defect("expired", "The certificate ended three days ago.", "refuse", _expired),
    Defect("not-yet-valid", "The certificate begins in three days.", "refuse", _not_yet_valid),
    Defect("wrong-host", "The certificate is that of wrong-host.invalid, and of no address.", "refuse", _wrong_host),
    Defect("self-signed", "The certificate is signed with its own key, not by the CA.", "refuse", _self_signed),
    Defect("untrusted-root", "The certificate is issued by a CA that nobody trusts.", "refuse", _untrusted_root),
)

_BY_ID = MappingProxyType({row.id: row for row in DEFECTS})


def defect(defect_id: str) -> Defect:
    """Return the row of *defect_id*; raises `KeyError` when there is none."""
    return _BY_ID[defect_id]
