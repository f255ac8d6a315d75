"""The page of verdicts has every defect that can be shown, and who does what no row explains is told."""

from __future__ import annotations

import pytest

from tests.verdictpage import PAGE, summed_up
from ucmsim.certificates.defects import CLASSES, DEFECTS, Defect

ROWS = {row.id: row for row in DEFECTS}
REFUSED, ACCEPTED = "refused with alert 45 certificate_expired", "accepted"


def test_every_defect_has_its_line() -> None:
    """Those that can be shown, and those of revocation twice."""
    ids = [line.split("`")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert ids == [row.id for row in (*DEFECTS, *CLASSES["revocation"]) if row.available]


@pytest.mark.parametrize(
    ("row", "verdicts", "odd", "unexplained"),
    [
        (ROWS["expired"], (REFUSED, REFUSED), 0, []),
        (ROWS["expired"], (REFUSED, ACCEPTED), 1, ["expired, Node"]),
        (ROWS["rsa-1024"], (REFUSED, ACCEPTED), 1, []),  # Node's security level takes it, as the row says
        (ROWS["rsa-1024"], (ACCEPTED, REFUSED), 1, ["rsa-1024, curl"]),
        (ROWS["p384-key"], (ACCEPTED, REFUSED), 1, ["p384-key, Node"]),
        (ROWS["p521-key"], (ACCEPTED, REFUSED), 0, []),  # a matter of policy
    ],
)
def test_what_no_row_explains_is_told(row: Defect, verdicts: tuple[str, str], odd: int, unexplained: list[str]) -> None:
    """By the defect and the client, however many others there are that a rule of their own lets do so."""
    curl, node = verdicts
    said, found = summed_up([(row, {"curl": (curl, ACCEPTED), "Node": (node, ACCEPTED)})])
    assert f"{odd} are otherwise, {len(unexplained)} of them" in said
    assert found == unexplained
