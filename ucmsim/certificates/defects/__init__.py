"""The gallery: certificates and handshakes with one named flaw each, made on demand for the PBX clock.

To add one, write its row in the file of its class; `python tests/doc_tables.py` brings docs/defects.md up to date, and
tests/test_gallery.py mints it, reads it back and shows it to clients. Times are the PBX clock's, with margins of days:
a client that judges by its own clock may differ by one. No code of badssl.com, badtls.io or x509-limbo is used, whose
classes these are.
"""

from __future__ import annotations

from types import MappingProxyType

from ucmsim.certificates.defects import chain, demands, encoding, extensions, identity, keys, revocation, validity
from ucmsim.certificates.defects.keybank import KeyBank
from ucmsim.certificates.defects.row import Careful, Defect, Demand, Manner, Scene, Script, Shown

__all__ = [
    "BY_ID",
    "CLASSES",
    "DEFECTS",
    "Careful",
    "Defect",
    "Demand",
    "KeyBank",
    "Manner",
    "Scene",
    "Script",
    "Shown",
    "defect",
]

CLASSES = MappingProxyType(
    {
        "identity": identity.ROWS,
        "time": validity.ROWS,
        "chain": chain.ROWS,
        "key": keys.ROWS,
        "extensions": extensions.ROWS,
        "encoding": encoding.ROWS,
        "revocation": revocation.ROWS,
        "client": demands.ROWS,
    }
)

DEFECTS = tuple(row for rows in CLASSES.values() for row in rows)

BY_ID = MappingProxyType({row.id: row for row in DEFECTS})


def defect(defect_id: str) -> Defect:
    """Return the row of *defect_id*; raises `KeyError` when there is none."""
    return BY_ID[defect_id]
