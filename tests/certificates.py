"""Certificates read back, by a reader that takes anything: what a defect has made is seen here, not where it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

NAMES = MappingProxyType(
    {
        "2.5.29.14": "subject-key",
        "2.5.29.35": "authority-key",
        "2.5.29.19": "constraints",
        "2.5.29.15": "usage",
        "2.5.29.37": "uses",
        "2.5.29.17": "names",
        "2.5.29.30": "name-constraints",
    }
)
"""What the extensions of a flawless certificate are called here."""

_Algorithm = tuple[Callable[[], hashes.HashAlgorithm], bool]
_ALGORITHMS: Mapping[str, _Algorithm] = {
    "1.2.840.10045.4.3.2": (hashes.SHA256, False),
    "1.2.840.10045.4.3.3": (hashes.SHA384, False),
    "1.2.840.10045.4.1": (hashes.SHA1, False),
    "1.2.840.113549.1.1.11": (hashes.SHA256, False),
    "1.2.840.113549.1.1.5": (hashes.SHA1, False),
    "1.2.840.113549.1.1.4": (hashes.MD5, False),
    "1.2.840.113549.1.1.10": (hashes.SHA256, True),
}


class NoDer(Exception):
    """What is read has no end, or one that is not where it should be."""


@dataclass(frozen=True)
class Element:
    """One element: its tag, its content, and all of it as it is written."""

    tag: int
    content: bytes
    whole: bytes

    @property
    def inner(self) -> list[Element]:
        return elements(self.content)

    @property
    def text(self) -> str:
        return self.content.decode("latin-1")

    @property
    def oid(self) -> str:
        """The object identifier that it is."""
        first, *octets = self.content
        arcs, arc = [first // 40, first % 40], 0
        for octet in octets:
            arc = arc << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs, arc = [*arcs, arc], 0
        return ".".join(map(str, arcs))

    @property
    def number(self) -> int:
        return int.from_bytes(self.content, signed=True)


def elements(data: bytes) -> list[Element]:
    """Return the elements that follow each other in *data*; raises `NoDer`."""
    found, at = [], 0
    while at < len(data):
        head = data[at : at + 2]
        if len(head) < 2 or head[1] == 0x80:
            raise NoDer
        octets = head[1] & 0x7F if head[1] & 0x80 else 0
        size = int.from_bytes(data[at + 2 : at + 2 + octets]) if octets else head[1]
        if octets and octets != ((size.bit_length() + 7) // 8):
            raise NoDer
        start, end = at + 2 + octets, at + 2 + octets + size
        if end > len(data):
            raise NoDer
        found.append(Element(head[0], data[start:end], data[at:end]))
        at = end
    return found


@dataclass(frozen=True)
class Read:
    """A certificate as it was read; *facts* are what can differ, under the names that the expectations use."""

    fields: Mapping[str, Element]
    extensions: Mapping[str, tuple[bool, Element]]
    facts: Mapping[str, object] = field(default_factory=dict)

    def extension(self, name: str) -> Element:
        """Return the value of the extension called *name* in `NAMES`, or by its object identifier."""
        return self.extensions[next((oid for oid, called in NAMES.items() if called == name), name)][1]

    @property
    def names(self) -> list[tuple[int, bytes]]:
        """The alternative names, each with its tag without the class: 1 mail, 2 host, 6 URI, 7 address."""
        return [(one.tag & 0x1F, one.content) for one in elements(self.extension("names").content)[0].inner]

    @property
    def subject(self) -> list[tuple[str, int, bytes]]:
        """The attributes of the subject: object identifier, tag of the text, text."""
        pairs = [one.inner[0].inner for one in self.fields["subject"].inner]
        return [(kind.oid, text.tag, text.content) for kind, text in pairs]

    @property
    def constraints(self) -> list[Element]:
        return elements(self.extension("constraints").content)[0].inner

    @property
    def uses(self) -> list[str]:
        return [one.oid for one in elements(self.extension("uses").content)[0].inner]

    @property
    def usage(self) -> bytes:
        """The octets of the key usage, the number of unused bits before them."""
        return elements(self.extension("usage").content)[0].content


def read(der: bytes, *issuers: object) -> Read:
    """Return the certificate *der*, whose signature one of the keys of its *issuers* may have made; raises `NoDer`."""
    whole, *trailing = elements(der)
    if trailing or whole.tag != 0x30:
        raise NoDer
    tbs, outer, signature, *rest = whole.inner
    parts = tbs.inner
    names = ["serial", "inner", "issuer", "validity", "subject", "key"]
    version = parts.pop(0) if parts[0].tag == 0xA0 else None
    fields = dict(zip(names, parts[:6], strict=True))
    begins, ends = fields["validity"].inner
    fields |= {"begins": begins, "ends": ends, "outer": outer, "signature": signature}
    after = parts[6:]
    listed = next((one.inner[0].inner for one in after if one.tag == 0xA3), [])
    extensions: dict[str, tuple[bool, Element]] = {}
    facts: dict[str, object] = {}
    for one in listed:
        kind, *flags, value = one.inner
        name = NAMES.get(kind.oid, kind.oid)
        fact = (value.content, *(flag.whole for flag in flags))
        if name in facts:
            facts["twice"] = (name, fact)
            continue
        extensions[kind.oid] = (bool(flags), value)
        facts[name] = fact
    key = fields["key"]
    if "subject-key" in facts:
        bits = key.inner[1].content[1:]
        facts["subject-key"] = extensions["2.5.29.14"][1].content[2:] == hashlib.sha1(bits).digest()
    facts |= {
        "version": version.inner[0].number if version else None,
        "serial": _serial(fields["serial"]),
        "inner": fields["inner"].whole,
        "outer": outer.whole == fields["inner"].whole,
        "issuer": fields["issuer"].whole,
        "begins": begins.whole,
        "ends": ends.whole,
        "subject": fields["subject"].whole,
        "key": (key.inner[0].whole, len(key.inner[1].content)),
        "signature": any(_verifies(tbs.whole, outer, signature, issuer) for issuer in issuers),
        "unique": [one.whole for one in after if one.tag in (0x81, 0x82)],
        "after": [one.whole for one in after if one.tag not in (0x81, 0x82, 0xA3)],
        "rest": [one.whole for one in rest],
        "no-list": not any(one.tag == 0xA3 for one in after),
    }
    return Read(fields, extensions, facts)


def _serial(element: Element) -> str:
    octets = element.content
    if len(octets) > 1 and octets[0] == 0 and octets[1] < 0x80:
        return "padded"
    return "ordinary" if element.number > 0 and len(octets) <= 20 else str(element.number)


def _verifies(tbs: bytes, algorithm: Element, signature: Element, issuer: object) -> bool:
    known = _ALGORITHMS.get(algorithm.inner[0].oid)
    if known is None or signature.content[0]:
        return False
    digest, pss = known[0](), known[1]
    try:
        match issuer:
            case rsa.RSAPublicKey():
                scheme = padding.PSS(padding.MGF1(digest), 32) if pss else padding.PKCS1v15()
                issuer.verify(signature.content[1:], tbs, scheme, digest)
            case ec.EllipticCurvePublicKey():
                issuer.verify(signature.content[1:], tbs, ec.ECDSA(digest))
    except InvalidSignature:
        return False
    return True
