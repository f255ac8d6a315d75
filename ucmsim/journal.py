"""What happened, as values: one `Exchange` a request, told in one line. Pure.

Credentials never get here: the `Authorization` header is not part of an exchange, and `redacted` takes the PBX's
secrets out of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

LINE = '{pbx} {peer} "{method} {target}" {status} rows={rows} bytes={bytes} {milliseconds} ms{told}'
"""The access line, as a format with the names of `Exchange.fields`."""

_USERINFO = re.compile(r"(?<=://)[^/?#@\s]*@")
_SECRET = re.compile(r"(?i)((?:^|[?&])(?:password|passwd|pass|pwd|secret|token|user|username)=)[^&]*")
_LONGEST = 512


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
            "method": _plain(self.method),
            "target": _plain(self.target),
            "status": str(self.status or "-"),
            "rows": "-" if self.rows is None else str(self.rows),
            "bytes": str(self.bytes),
            "milliseconds": f"{self.seconds * 1000:.1f}",
            "told": told,
        }

    def __str__(self) -> str:
        return LINE.format(**self.fields())


def redacted(target: str, secrets: Iterable[str]) -> str:
    """Return the request *target* without credentials: user:password@, secret parameters, and *secrets* themselves."""
    target = _SECRET.sub(r"\1***", _USERINFO.sub("***@", target))
    for secret in secrets:
        if len(secret) >= 4:
            for spelled in {secret, quote(secret, safe=""), quote_plus(secret, safe="")}:
                target = target.replace(spelled, "***")
    return target


def _plain(text: str) -> str:
    """Return *text* as printable ASCII without quotes, cut to a length that a log can bear."""
    shown = "".join(
        letter if 32 < ord(letter) < 127 and letter != '"' else _escaped(letter) for letter in text[: _LONGEST + 1]
    )
    return shown if len(text) <= _LONGEST else shown[:_LONGEST] + "..."


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape"))
