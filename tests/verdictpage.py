"""Who refuses which bad certificate: `python -m tests.verdictpage` shows all to every client and writes `docs/verdicts.md`."""

from __future__ import annotations

import platform
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import requests

from tests.doc_tables import ROOT, table
from tests.gallery import CLIENTS, HOST, Client, Node, Shown, Tried, curl_cert_status, curl_crlfile, may_differ
from ucmsim.certificates.defects import CLASSES, DEFECTS, Defect
from ucmsim.child import Child
from ucmsim.client import ControlClient
from ucmsim.pytest_plugin import UcmFleet

PAGE = ROOT / "docs" / "verdicts.md"
_HEAD = """# Who refuses what

The gallery of [bad certificates](defects.md), shown to clients: the verdict of the PBX on one that verifies and trusts
the PBX's CA, and behind the stroke on one that verifies nothing. A number is the alert that came. Made by
`make gallery` with {versions}; other versions have other rules.

A verdict in *italics* is not that of a careful client: the defect's row says by which rule of that client.
{said}

"""
_REVOCATION = """
## Revocation

None of these clients asks about revocation by itself, which is the rule by which they accept above. Those that are told to
do, each with what it looks at: an OCSP response in the handshake, or the CA's list. A number after *exit* is curl's; a
verdict in *italics* is of one that looks elsewhere. The first takes nobody without a response, whatever is due.

"""


def _versions() -> str:
    run = partial(subprocess.run, capture_output=True, text=True, check=True)
    said = [f"Python {platform.python_version()} ({ssl.OPENSSL_VERSION.rpartition(' ')[0].rsplit(' ', 2)[0]})"]
    said += [f"requests {requests.__version__}", " ".join(run(["curl", "--version"]).stdout.split()[:2])]
    return ", ".join([*said, f"Node {run(['node', '--version']).stdout.strip()}"])


def _is_due(row: Defect, verdict: str) -> bool:
    """Return whether *verdict* is that of a careful client."""
    return row.careful_client == "policy" or verdict.startswith(
        "accept" if row.careful_client == "accept" else "refuse"
    )


def _numbered(verdict: str) -> str:
    """Return *verdict* with its alert as a number."""
    return re.sub(r" with alert (\d+).*", r" \1", verdict)


def _short(row: Defect, verdict: str) -> str:
    """Return *verdict* in short, in italics where it is not what a careful client does."""
    return _numbered(verdict) if _is_due(row, verdict) else f"*{_numbered(verdict)}*"


Verdicts = dict[str, tuple[str, str]]
"""The verdict on each client that verifies, and on the same one when it verifies nothing."""


def matrix(shown: Shown, clients: Mapping[str, Client]) -> Iterator[tuple[Defect, Verdicts]]:
    """Yield the verdicts on each defect that can be shown."""
    for row in DEFECTS:
        if row.available:
            with shown.showing(row.id):
                yield (
                    row,
                    {
                        name: (shown.verdict(ask, shown.ca)[1], shown.verdict(ask, None)[1])
                        for name, ask in clients.items()
                    },
                )


def _line(row: Defect, verdicts: Verdicts) -> list[str]:
    pairs = (f"{_short(row, verifying)} / {_numbered(careless)}" for verifying, careless in verdicts.values())
    return [f"`{row.id}`", row.careful_client, *pairs]


def summed_up(found: Sequence[tuple[Defect, Verdicts]]) -> tuple[str, list[str]]:
    """Return in a sentence how many verdicts on verifying clients are not due, and those that no rule of the client explains."""
    odd = [(row, name) for row, verdicts in found for name, pair in verdicts.items() if not _is_due(row, pair[0])]
    unexplained = [f"{row.id}, {name}" for row, name in odd if may_differ(row, name) is None]
    must = sum(row.careful_client == "refuse" for row, _ in found)
    count = sum(len(verdicts) for row, verdicts in found if row.careful_client != "policy")
    said = (
        f"{len(found)} defects, {must} of which must be refused: of {count} verdicts that are due {len(odd)} are otherwise, "
        f"{len(unexplained)} of them by no rule that its row tells."
    )
    return said, unexplained


ASKING: Mapping[str, Client] = MappingProxyType(
    {"curl --cert-status": curl_cert_status, "curl --crlfile": curl_crlfile}
)
"""Clients that look whether a certificate is revoked."""


def revocation(shown: Shown) -> Iterator[list[str]]:
    """Yield a line for each defect of revocation: its id, what a careful client does, the verdicts of `ASKING`."""
    for row in CLASSES["revocation"]:
        if row.available:
            with shown.showing(row.id):
                found = [shown.verdict(ask, shown.ca) for ask in ASKING.values()]
            yield [f"`{row.id}`", row.careful_client, *(_told(row, *pair) for pair in found)]


def _told(row: Defect, tried: Tried, verdict: str) -> str:
    word = _short(row, verdict)
    return word if tried.accepted else f"{word}, exit {tried.said.partition(':')[0]}"


def main() -> int:
    """Write the page; return 1 when a client does what no row explains."""
    child = Child()
    node = Node()
    try:
        control = child.ready["control"]
        fleet = UcmFleet(ControlClient(control["url"], control["token"]), child.pid, child.log)
        clients = {**CLIENTS, "Node": node}
        shown = Shown(fleet.start({"tls_names": [HOST]}))
        found, more = list(matrix(shown, clients)), list(revocation(shown))
    finally:
        node.close()
        child.stop()
    head = ["defect", "a careful client"]
    said, unexplained = summed_up(found)
    lines = [_line(row, verdicts) for row, verdicts in found]
    tables = [table([*head, *clients], lines), "\n", _REVOCATION, table([*head, *ASKING], more), "\n"]
    PAGE.write_text(_HEAD.format(versions=_versions(), said=said) + "".join(tables))
    print(said, *unexplained, sep="\n")
    return bool(unexplained)


if __name__ == "__main__":
    sys.exit(main())
