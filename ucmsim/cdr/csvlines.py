"""Records as lines of CSV that any reader takes: RFC 4180. The device's own CSV quotes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from csv import writer


class _Line:
    """What a CSV writer writes to: its last line, without the end."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, line: str) -> None:
        self.text = line.removesuffix("\r\n")


def rfc4180(records: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield *records* as lines; the writer quotes CR and LF for being in the line end that it is given."""
    line = _Line()
    write = writer(line, lineterminator="\r\n").writerow
    for record in records:
        write(record)
        yield line.text
