"""What happened, as values. Pure.

Credentials never get here: `ucmsim.journal.redaction` takes them out first.
"""

from __future__ import annotations

from dataclasses import dataclass

from ucmsim.journal.lines import LINE, PRINTABLE, WORD, plain


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it.

    *bytes* are those of the body that were handed to the transport, *seconds* wall-clock time from the complete
    request to the last of them, *note* the refusal's sentence, *ended* how it was cut short ("" when it was not).
    """

    pbx: str
    peer: str
    method: str
    target: str
    status: int
    rows: int | None
    bytes: int
    seconds: float
    note: str = ""
    faults: tuple[str, ...] = ()
    ended: str = ""

    def fields(self) -> dict[str, str]:
        """Return the fields of the access line as texts."""
        told = f" - {self.note}" if self.note else ""
        told += f" [faults: {', '.join(self.faults)}]" if self.faults else ""
        told += f" [{self.ended}]" if self.ended else ""
        return {
            "pbx": self.pbx,
            "peer": self.peer,
            "method": plain(self.method, WORD),
            "target": plain(self.target, WORD),
            "status": str(self.status or "-"),
            "rows": "-" if self.rows is None else str(self.rows),
            "bytes": str(self.bytes),
            "milliseconds": f"{self.seconds * 1000:.1f}",
            "told": plain(told, PRINTABLE),
        }

    def __str__(self) -> str:
        return LINE.format(**self.fields())
