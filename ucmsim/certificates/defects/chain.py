"""Who vouches for it: chains that lead nowhere, to somebody else, or over somebody who may not vouch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_network

from cryptography import x509

from ucmsim.certificates.authority import Authority, export, general_name, usage
from ucmsim.certificates.defects import der
from ucmsim.certificates.defects.draft import Draft, Signer, extension
from ucmsim.certificates.defects.drafting import (
    AUTHORITY_KEY,
    BASIC_CONSTRAINTS,
    KEY_USAGE,
    SUBJECT_KEY,
    Change,
    ca,
    changed,
    issuer_of,
    leaf,
    moved,
    name,
    named,
    new_key,
    root,
    server_key,
    shown,
    signer_identifier,
)
from ucmsim.certificates.defects.row import Defect, Scene, Shown

_BETWEEN = "ucmsim intermediate CA"


@dataclass(frozen=True, slots=True)
class Link:
    """A CA between the root and the leaf: its key, its name, its certificate."""

    key: Signer
    subject: bytes
    certificate: bytes


def link(
    scene: Scene,
    subject: str = _BETWEEN,
    *,
    above: Link | None = None,
    change: Change | None = None,
    key: Signer | None = None,
) -> Link:
    """Return a CA that the one *above* vouches for, or the PBX's own; *change* is made to its draft."""
    key = key or new_key()
    signer = above.key if above else scene.authority.key
    draft = ca(scene, key, subject, issuer=above.subject if above else None, signer=signer)
    if change:
        draft = change(scene, draft)
    return Link(key, draft.subject, draft.signed(signer))


def below(scene: Scene, above: Link, *others: bytes, change: Change | None = None) -> Shown:
    """Return a leaf that the CA *above* vouches for, shown with the certificates of that one and of *others*."""
    key = server_key(scene)
    draft = leaf(scene, key, issuer=above.subject, signer=above.key)
    return shown(scene, key, (change(scene, draft) if change else draft).signed(above.key), above.certificate, *others)


def _by(change: Change) -> Callable[[Scene], Shown]:
    """Return the maker of a chain whose intermediate certificate has this *change*."""
    return lambda scene: below(scene, link(scene, change=change))


def _self_signed(scene: Scene, *, is_ca: bool = False) -> Shown:
    key = server_key(scene)
    draft = leaf(scene, key, issuer=name(scene.names[0]), signer=key)
    if is_ca:
        constraints = extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        draft = draft.but(constraints, extension(usage("digital_signature", "key_cert_sign"), critical=True))
    certificate = draft.signed(key)
    return shown(scene, key, certificate, trust=certificate)


def _stranger(scene: Scene, title: str) -> Scene:
    return replace(scene, authority=Authority.mint(title, scene.now))


def _untrusted(scene: Scene, *, with_root: bool = False) -> Shown:
    stranger = _stranger(scene, "that nobody trusts")  # no PBX can have this name: it has spaces
    key = server_key(scene)
    certificate = leaf(stranger, key).signed(stranger.authority.key)
    return shown(stranger, key, certificate, *([root(stranger)] if with_root else []))


def _namesake(scene: Scene) -> Shown:
    """Issue by a CA that has the name of the PBX's, not its key."""
    key, own, subject = server_key(scene), new_key(), issuer_of(scene)
    false = replace(ca(scene, own, _BETWEEN, issuer=subject, signer=own), subject=subject)
    return shown(scene, key, leaf(scene, key, signer=own).signed(own), trust=false.signed(own))


def _incomplete(scene: Scene) -> Shown:
    whole = below(scene, link(scene))
    return replace(whole, certificates=whole.certificates[:1])


def _gap(scene: Scene) -> Shown:
    upper = link(scene, "ucmsim upper CA")
    return below(scene, link(scene, above=upper))


def _loop(scene: Scene) -> Shown:
    """Let two CAs vouch for each other, and nobody else for either."""
    first, second = new_key(), new_key()
    one, other = name("ucmsim CA one"), name("ucmsim CA other")
    by_other = ca(scene, first, "ucmsim CA one", issuer=other, signer=second).signed(second)
    by_one = ca(scene, second, "ucmsim CA other", issuer=one, signer=first).signed(first)
    return below(scene, Link(first, one, by_other), by_one)


def _by_a_leaf(scene: Scene) -> Shown:
    key = new_key()
    draft = leaf(scene, key, names=["another-host.invalid"])
    return below(scene, Link(key, draft.subject, draft.signed(scene.authority.key)))


def _broken(scene: Scene) -> Shown:
    above = link(scene)
    return below(scene, replace(above, certificate=above.certificate[:-1] + bytes([above.certificate[-1] ^ 1])))


def _too_long(scene: Scene) -> Shown:
    upper = link(scene, "ucmsim upper CA", change=lambda _, draft: _limited(draft, 0))
    return below(scene, link(scene, above=upper), upper.certificate)


def _limited(draft: Draft, path_length: int) -> Draft:
    return draft.but(extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True))


def _long(scene: Scene, links: int) -> Shown:
    chain = [link(scene, "ucmsim CA 1")]
    for at in range(2, links + 1):
        chain.insert(0, link(scene, f"ucmsim CA {at}", above=chain[0]))
    return below(scene, chain[0], *(one.certificate for one in chain[1:]))


def _arranged(arrange: Callable[[Sequence[bytes], bytes], Sequence[bytes]]) -> Callable[[Scene], Shown]:
    """Return the maker of leaf, lower and upper CA, arranged with the root at hand."""

    def make(scene: Scene) -> Shown:
        upper = link(scene, "ucmsim upper CA")
        whole = below(scene, link(scene, above=upper), upper.certificate)
        return replace(whole, certificates=tuple(arrange(whole.certificates, root(scene))))

    return make


def _with_a_stranger(scene: Scene) -> Shown:
    key = server_key(scene)
    certificate = leaf(scene, key).signed(scene.authority.key)
    return shown(
        scene, key, certificate, export(_stranger(scene, "that has no part in it").authority.certificate, "der")
    )


def _constrained(*, permitted: bool) -> Callable[[Scene], Shown]:
    def change(scene: Scene, draft: Draft) -> Draft:
        if permitted:
            trees: list[x509.GeneralName] = [
                x509.DNSName("wrong-host.invalid"),
                _network("192.0.2.0/24"),
                _network("2001:db8::/32"),
            ]
            return draft.but(extension(x509.NameConstraints(trees, None), critical=True))
        own = [general_name(one) for one in scene.names]
        trees = [_network(str(one.value)) if isinstance(one, x509.IPAddress) else one for one in own]
        return draft.but(extension(x509.NameConstraints(None, trees), critical=True))

    return _by(change)


def _network(text: str) -> x509.IPAddress:
    return x509.IPAddress(ip_network(text))


def _times(begins: float, ends: float) -> Change:
    def change(scene: Scene, draft: Draft) -> Draft:
        return replace(
            draft, not_before=der.moment(moved(scene.now, begins)), not_after=der.moment(moved(scene.now, ends))
        )

    return change


def _no_ca(_scene: Scene, draft: Draft) -> Draft:
    return draft.but(extension(x509.BasicConstraints(ca=False, path_length=None), critical=True))


def _without(*oids: str) -> Change:
    return lambda _scene, draft: draft.but(without=oids)


def _may_not_sign(_scene: Scene, draft: Draft) -> Draft:
    return draft.but(extension(usage("digital_signature", "crl_sign"), critical=True))


def _issuer(_scene: Scene, draft: Draft) -> Draft:
    return replace(draft, issuer=name("ucmsim CA of another name"))


def _no_issuer(_scene: Scene, draft: Draft) -> Draft:
    return replace(draft, issuer=named())


def _other_key_identifier(_scene: Scene, draft: Draft) -> Draft:
    return draft.but(extension(signer_identifier(new_key())))


_row = partial(Defect, "chain")

ROWS = (
    _row("self-signed", "refuse", "The certificate is signed with its own key, not by the CA.", "RFC 5280, 6.1; badssl self-signed",
         "a leaf that is its own issuer", _self_signed),
    _row("self-signed-ca", "refuse", "The certificate is that of a CA, signed with its own key and under the PBX's names.",
         "RFC 5280, 6.1", "a leaf that is its own issuer, with the rights of a CA", partial(_self_signed, is_ca=True)),
    _row("untrusted-root", "refuse", "The certificate is issued by a CA that nobody trusts.", "RFC 5280, 6.1; badssl untrusted-root",
         "a CA made for it", _untrusted),
    _row("untrusted-root-sent", "refuse", "The certificate is issued by a CA that nobody trusts, whose own is sent as well.",
         "RFC 5280, 6.1", "a CA made for it, in the chain", partial(_untrusted, with_root=True)),
    _row("namesake-root", "refuse", "The certificate is issued by a CA that has the name of the PBX's, and another key.", "RFC 5280, 6.1",
         "a CA of the same name", _namesake),
    _row("incomplete-chain", "refuse", "The intermediate CA's certificate is not sent.", "RFC 8446, 4.4.2; badssl incomplete-chain",
         "the chain cut after the leaf", _incomplete),
    _row("gap-in-chain", "refuse", "Of two intermediate CAs only the lower one's certificate is sent.", "RFC 8446, 4.4.2",
         "the upper certificate left out", _gap),
    _row("chain-in-a-loop", "refuse", "Two intermediate CAs vouch for each other, and no root for either.", "RFC 5280, 6.1",
         "two cross certificates", _loop),
    _row("issued-by-a-leaf", "refuse", "The certificate is issued by the holder of a server's certificate.", "RFC 5280, 6.1.4 (k)",
         "a leaf as the intermediate", _by_a_leaf),
    _row("intermediate-no-ca", "refuse", "The intermediate certificate says that it is not that of a CA.", "RFC 5280, 6.1.4 (k)",
         "CA:FALSE in its basic constraints", _by(_no_ca)),
    _row("intermediate-without-constraints", "refuse", "The intermediate certificate does not say whether it is that of a CA.",
         "RFC 5280, 6.1.4 (k)", "no basic constraints", _by(_without(BASIC_CONSTRAINTS))),
    _row("intermediate-may-not-sign", "refuse", "The intermediate CA's key usage does not include signing certificates.",
         "RFC 5280, 6.1.4 (n)", "a key usage without keyCertSign", _by(_may_not_sign)),
    _row("intermediate-without-usage", "policy", "The intermediate CA's certificate has no key usage.", "RFC 5280, 4.2.1.3",
         "the extension left out", _by(_without(KEY_USAGE))),
    _row("intermediate-expired", "refuse", "The intermediate CA's certificate ended three days ago.", "RFC 5280, 6.1.3 (a)",
         "days that are over", _by(_times(-400, -3))),
    _row("intermediate-not-yet-valid", "refuse", "The intermediate CA's certificate begins in three days.", "RFC 5280, 6.1.3 (a)",
         "days that are to come", _by(_times(3, 400))),
    _row("intermediate-broken-signature", "refuse", "The signature of the intermediate CA's certificate is wrong.", "RFC 5280, 6.1.3 (a)",
         "its last bit turned", _broken),
    _row("path-too-long", "refuse", "A CA that may issue for servers only has issued for another CA.", "RFC 5280, 6.1.4 (l); badtls.io",
         "a path length of 0, and a CA below", _too_long),
    _row("name-not-permitted", "refuse", "The intermediate CA may vouch for other names only.", "RFC 5280, 6.1.3 (b); badtls.io",
         "permitted subtrees without the PBX", _constrained(permitted=True)),
    _row("name-excluded", "refuse", "The intermediate CA may not vouch for the PBX's names.", "RFC 5280, 6.1.3 (c); badtls.io",
         "excluded subtrees with the PBX", _constrained(permitted=False)),
    _row("other-issuer-name", "refuse", "The signature is that of the CA, and the issuer has another name.", "RFC 5280, 6.1.3 (a)",
         "another issuer", changed(_issuer)),
    _row("no-issuer-name", "refuse", "The issuer has no name at all.", "RFC 5280, 4.1.2.4", "an empty issuer", changed(_no_issuer)),
    _row("other-authority-key", "policy", "The certificate names another key of its issuer than it is signed with.", "RFC 5280, 4.2.1.1",
         "another authority key identifier", changed(_other_key_identifier)),
    _row("no-authority-key", "policy", "The certificate does not say which key of its issuer it is signed with.", "RFC 5280, 4.2.1.1",
         "the extension left out", changed(_without(AUTHORITY_KEY))),
    _row("no-subject-key", "accept", "The certificate does not say which key it is that of.", "RFC 5280, 4.2.1.2",
         "the extension left out", changed(_without(SUBJECT_KEY))),
    _row("chain-of-ten", "accept", "There are ten intermediate CAs.", "RFC 5280, 6.1", "a long chain", partial(_long, links=10)),
    _row("chain-out-of-order", "accept", "The intermediate certificates are sent in the wrong order.", "RFC 8446, 4.4.2",
         "the upper one before the lower", _arranged(lambda chain, _: [chain[0], chain[2], chain[1]])),
    _row("chain-with-root", "accept", "The root is sent as well, which the client has already.", "RFC 8446, 4.4.2",
         "the root at the end", _arranged(lambda chain, top: [*chain, top])),
    _row("chain-sent-twice", "accept", "Every certificate is sent twice.", "RFC 8446, 4.4.2",
         "the chain behind itself", _arranged(lambda chain, _: [*chain, *chain])),
    _row("stranger-in-chain", "accept", "A certificate is sent that has no part in the chain.", "RFC 8446, 4.4.2",
         "another CA's behind the leaf", _with_a_stranger),
)  # fmt: skip
