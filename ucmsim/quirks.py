"""The quirk register: every behaviour that the documents leave open, with its source, its default and its switch.

A quirk is how a unit always behaves; a fault is armed for a while. Spec 0b decides the defaults.
To add a quirk, add a row, read it where the behaviour is decided, and name it in a test (`@pytest.mark.quirk`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ucmsim.errors import did_you_mean, listed
from ucmsim.personalities import Personality

Value = str | int


@dataclass(frozen=True, slots=True)
class Quirk:
    """One row: *values* are the words and numbers it takes.

    *number* says that any whole number from that one up is taken too, *text* that any text is. *later* names what a
    row waits for that cannot be switched yet. *confidence* is one of documented, seen, inferred, assumed.
    """

    id: str
    default: Value
    values: tuple[Value, ...]
    statement: str
    source: str
    confidence: str
    number: int | None = None
    text: bool = False
    later: str = ""

    def accepts(self, value: object) -> bool:
        if isinstance(value, bool):
            return False
        if isinstance(value, int):
            return value in self.values or (self.number is not None and value >= self.number)
        return isinstance(value, str) and (value in self.values or (self.text and value.isprintable() and value != ""))

    @property
    def allowed(self) -> str:
        words = [str(value) for value in self.values]
        if self.number is not None:
            words.append(f"a whole number from {self.number}")
        if self.text:
            words.append("a text")
        return listed(words)


_PERSONALITY = "personality"
"""The default of quirks that a column of the personality decides."""

QUIRKS = (
    Quirk("acl-denial", "page", ("page", "drop"), "A peer outside Permitted IPs gets a 403 page, or its connection is "
          "closed right after accept.", "spec 2.8, 0b", "assumed"),
    Quirk("acl-unparsable", "reject", ("reject", "deny-all"), "An unreadable Permitted IPs entry is refused when ucmsim "
          "is configured, or denies everybody as Asterisk's access lists do.", "spec 1, 0b", "inferred"),
    Quirk("acctid", "continuous", ("continuous", "monthly"), "AcctId counts on for ever, or restarts at 1 with each "
          "calendar month (2661 rows of a UCM62xx).", "https-api 5.2, spec 0b", "seen"),
    Quirk("answeredby", "accept", ("accept", "unknown"), "The filter answeredby, which one edition of the guide lacks, "
          "is taken everywhere, or is an unknown parameter.", "spec 3.1, 0b", "documented"),
    Quirk("basic-auth", "refuse", ("refuse", "accept"), "Basic credentials are answered with the Digest challenge, or "
          "accepted as some firmware did before 2019.", "spec 2.7, 7 #18", "seen"),
    Quirk("empty-time", "open", ("open", "refuse"), "An empty startTime or endTime leaves that end open, or is an empty "
          "value like any other.", "spec 3.4, 0b", "documented"),
    Quirk("group-shift", "none", ("none", "one"), "G3 groups hold one session each, or start one row early and repeat "
          "the first group's main_cdr, as a captured firmware did.", "spec 4.4", "seen"),
    Quirk("head-order", _PERSONALITY, (11, 13, _PERSONALITY), "The response head has the order of Asterisk 1.8 to 11, or of 13 "
          "(Content-Length last).", "spec 2.3, 0b", "inferred"),
    Quirk("inactivity-timeout", 30, ("none",), "Seconds without a byte until a connection is given up: in silence before "
          "the request line, with 400 Timeout inside the headers.", "spec 2.2, 0b", "inferred", number=1),
    Quirk("keep-alive", "none", ("none",), "One request per connection, or seconds that a connection waits for the next "
          "one (15 on Asterisk 13).", "spec 2.2, 9 Q16", "inferred", number=1),
    Quirk("naive-time", "local", ("local", "utc"), "A time of day without a zone is PBX local time, or UTC.",
          "spec 3.3", "seen"),
    Quirk("order", "asc", ("asc", "desc"), "Rows come oldest first, or newest first.", "spec 4.5", "seen"),
    Quirk("server", _PERSONALITY, (_PERSONALITY,), "The value of the Server header.", "spec 2.3, 0b", "assumed",
          text=True),
    Quirk("session-cap", 100, ("none",), "Connections at a time; the next one is closed before TLS without a byte.",
          "spec 2.2, 0b", "inferred", number=1),
    Quirk("time-fraction", "cut", ("cut", "keep"), "A fraction of a second in a bound is cut off, or kept in the text "
          "that start is compared with.", "spec 0b", "assumed"),
    Quirk("trailing-comma", "ignore", ("ignore", "refuse"), "One comma at the end of an extension list is ignored, or is "
          "an empty item.", "spec 3.4, 0b", "assumed"),
    Quirk("unknown-nonce", "refuse", ("refuse", "accept"), "A nonce that this PBX never issued is challenged anew, or "
          "accepted on first use as Asterisk does.", "spec 2.7, 0b", "inferred"),
    Quirk("listing", "recursive", ("recursive", "flat"), "A directory listing descends into subdirectories, or not.",
          "spec 6.3", "seen", later="/recapi"),
    Quirk("recapi-bad-name", "skip", ("skip", "404"), "A file name that is not allowed is skipped, or refuses the whole "
          "request.", "spec 6.2, 0b", "documented", later="/recapi"),
    Quirk("recapi-cache-control", "sent", ("sent", "omitted"), "Cache-Control is sent with files too, or not.",
          "spec 2.3, 0b", "assumed", later="/recapi"),
)  # fmt: skip

_BY_ID = MappingProxyType({row.id: row for row in QUIRKS})


@dataclass(frozen=True, slots=True)
class Quirks:
    """The value of every register row for one PBX: `quirks["acl-denial"]`."""

    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, quirk_id: str) -> Value:
        return self.values[quirk_id]

    def number(self, quirk_id: str) -> int | None:
        """Return the number that a row is set to, None when it is set to a word (``none``, ``personality``)."""
        value = self.values[quirk_id]
        return value if isinstance(value, int) else None

    @classmethod
    def of(cls, personality: Personality, chosen: Mapping[str, Value] | None = None) -> Quirks:
        """Return the register's defaults, overridden by the *personality*, overridden by what is *chosen*."""
        defaults = {row.id: row.default for row in QUIRKS}
        columns: dict[str, Value] = {"server": personality.server, "head-order": personality.head_order}
        values = {**defaults, **dict(personality.quirks), **(chosen or {})}
        return cls(
            MappingProxyType({key: columns[key] if value == _PERSONALITY else value for key, value in values.items()})
        )


def objection(quirk_id: str, value: object) -> tuple[str, str] | None:
    """Return what is wrong with setting *quirk_id* to *value* and what would be right, or None."""
    row = _BY_ID.get(quirk_id)
    if row is None:
        hint = did_you_mean(quirk_id, _BY_ID) or "'ucmsim show quirks' lists them all"
        return f"there is no quirk '{quirk_id}'", hint
    if row.later:
        return f"quirk '{quirk_id}' cannot be switched yet", f"it comes with {row.later}"
    if not row.accepts(value):
        if row.text and isinstance(value, int | float) and not isinstance(value, bool):
            return f"text is due as the value of quirk '{quirk_id}', not the number {value}", f'quote it: "{value}"'
        return f"'{value}' is not a value of quirk '{quirk_id}'", f"the values are {row.allowed}"
    return None
