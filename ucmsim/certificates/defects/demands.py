"""Whose certificate the client has: servers that ask for one, or want one that nobody has. The server's own is good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ucmsim.certificates.authority import Authority, export
from ucmsim.certificates.defects.draft import Draft
from ucmsim.certificates.defects.drafting import ca, issued, leaf, name, new_key, root, server_key
from ucmsim.certificates.defects.row import Defect, Demand, Scene, Shown

_MANY = 300


def _asking(demand: Callable[[Scene], Demand]) -> Callable[[Scene], Shown]:
    def make(scene: Scene) -> Shown:
        key = server_key(scene)
        return replace(issued(scene, key, leaf(scene, key)), demand=demand(scene), modern=True)

    return make


def _crowd(scene: Scene) -> tuple[bytes, ...]:
    """Return certificates of many CAs, of which only the names are of interest."""
    key = new_key()
    draft = ca(scene, key, "ucmsim CA of clients", issuer=name("ucmsim"), signer=key)
    return tuple(_named(draft, f"ucmsim CA of clients, number {at}").sealed(b"\0") for at in range(_MANY))


def _named(draft: Draft, title: str) -> Draft:
    return replace(draft, subject=name(title))


def _nobody(scene: Scene) -> bytes:
    return export(Authority.mint("of no client", scene.now).certificate, "der")


def _required(scene: Scene) -> Demand:
    return Demand(required=True, named=(root(scene),), trusted=(root(scene),))


def _of_nobody(scene: Scene) -> Demand:
    nobody = _nobody(scene)
    return Demand(required=True, named=(nobody,), trusted=(nobody,))


def _never_good(scene: Scene) -> Demand:
    return Demand(required=True, named=(root(scene),), trusted=(_nobody(scene),))


_row = partial(Defect, "client")

ROWS = (
    _row("client-certificate-asked", "accept", "The client is asked for a certificate, of any CA, and need not have one.", "RFC 5246, 7.4.4; badtls.io",
         "a request without names", _asking(lambda _: Demand())),
    _row("client-certificate-of-many", "accept", "The client is asked for a certificate of one of 300 CAs, and need not have one.", "RFC 5246, 7.4.4",
         "a request with many names", _asking(lambda scene: Demand(named=_crowd(scene)))),
    _row("client-certificate-required", "policy", "The client must have a certificate of the PBX's CA.", "RFC 5246, 7.4.6; badssl client-cert-missing",
         "a request that is meant; without one the server ends the handshake", _asking(_required)),
    _row("client-certificate-of-nobody", "policy", "The client must have a certificate of a CA that has issued none.", "RFC 5246, 7.4.4",
         "a request with the name of a new CA; the server ends the handshake", _asking(_of_nobody)),
    _row("client-certificate-never-good", "policy", "The client must have a certificate of the PBX's CA, and no certificate is good enough.", "RFC 5246, 7.4.8",
         "a request that names one CA and trusts another; the server ends the handshake", _asking(_never_good)),
)  # fmt: skip
