"""Reads server-sent events, line by line. Pure. Source: WHATWG HTML, 9.2."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class EventStream:
    """What has come of the event that is being read; a comment, and what is no data, is passed over."""

    _data: list[str] = field(default_factory=list)

    def line(self, line: bytes) -> str | None:
        """Take a *line*; return the data of the event that it ends, None if it ends none."""
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            data, self._data = self._data, []
            return "\n".join(data) if data else None
        name, _, value = text.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        return None
