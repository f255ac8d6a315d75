"""How the listings of a spool are written down: their header, their lines, what stands in them. Spec 6.3. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ucmsim.cdr.csvlines import rfc4180
from ucmsim.http.request import data
from ucmsim.register import Quirks


@dataclass(frozen=True, slots=True)
class Listing:
    """What listings on one PBX are like, settled once: they can have a hundred thousand lines. Spec 6.3.

    Lines end with *end*, and fields are *quoted* or not. *header* is that of a directory's contents, sent for *each* or
    once; *wide* adds a second, empty column to the list of directories. The Directory column is *name_only*, or a path.
    """

    end: str
    quoted: bool
    header: tuple[str, ...]
    each: bool
    wide: bool
    name_only: bool
    recursive: bool
    newest_first: bool
    files_only: bool

    @classmethod
    def of(cls, quirks: Quirks) -> Listing:
        """Return what the register says."""
        return cls(
            end="\r\n" if quirks["listing-line-end"] == "crlf" else "\n",
            quoted=quirks["listing-quoting"] == "rfc4180",
            header=("Directory", "Filename"),
            each=quirks["listing-header"] == "each",
            wide=quirks["spool-listing"] == "directory-filename",
            name_only=quirks["listing-directory"] == "name",
            recursive=quirks["listing"] == "recursive",
            newest_first=quirks["listing-order"] == "newest",
            files_only=quirks["listing-entries"] == "files",
        )

    def lines(self, records: Iterable[tuple[str, ...]]) -> Iterator[bytes]:
        """Yield *records* as lines: raw, so that a comma in a name makes one field more, unless they are quoted."""
        written = rfc4180(records) if self.quoted else map(",".join, records)
        end = self.end
        return (data(line + end) for line in written)
