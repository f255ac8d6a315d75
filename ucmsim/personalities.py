"""The appliances that can be simulated, one row a model and firmware.

A personality is data: what differs between two devices is a column here, or in the table of what they write, and a quirk
asks for it; never a branch elsewhere. Sources: spec 0b ("personalities", "head order, Server", "highest TLS version",
"row values on ucm6200") and 4.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ucmsim.columns import GENERATIONS
from ucmsim.errors import did_you_mean, listed

GUIDE, CAP22, UCM62XX = "guide", "cap22", "ucm62xx"
"""By what a firmware's rows are known: the first guides (spec 4.2, 5; manuals of the UCM6100), the rows of CAP22 with the
guides' SIP/ (spec 5.6), or 2661 rows of a UCM62xx (https-api 5.2), which win there over CAP22 (spec 0b)."""

# fmt: off
_WRITTEN: Mapping[str, tuple[str | int, str | int, str | int]] = MappingProxyType({
    #                      GUIDE             CAP22             UCM62XX
    "outbound-context":   ("from-internal",  "outbound-route", "outbound-route"),
    "inbound-context":    ("ext-did",        "ext-did",        "did-local"),
    "dial-string":        ("plain",          "contact",        "contact"),
    "dial-options":       ("ztTkKxX",        "ztTkKxX",        "z"),
    "uniqueid-step":      (1,                1,                2),
    "did-row":            ("own",            "own",            "none"),
    "ring-group-entry":   ("unbilled",       "unbilled",       "billed"),
    "ring-group-winner":  ("talk",           "whole",          "whole"),
    "voicemail-row":      ("none",           "second",         "second"),
    "one-row-lastapp":    ("VoiceMail",      "Dial",           "Dial"),
    "voicemail-reason":   ("option-n",       "option-n",       "option-u"),
    "unregistered-row":   ("Dial",           "Dial",           "Playback"),
    "analogue-channel":   ("1",              "1",              "o1"),
    "analogue-extension": ("trunk",          "trunk",          "port"),
    "analogue-service":   ("s",              "s",              "p"),
})
# fmt: on
"""What each writes, by quirk; the source of each stands in the register."""


@dataclass(frozen=True, slots=True)
class Personality:
    """One model and firmware.

    *generation* names the columns (`ucmsim.columns.GENERATIONS`), *technology* is the channel prefix of phones and
    trunks, *outbound* what the channel of an outbound leg ends with, *server* and *head_order* (11 or 13) are those of
    its Asterisk, *tls_max* the highest TLS version, *unanswered* what stands in answer and end of calls nobody took,
    *userfield* whether it says EXT or a direction, *recordings* whether they stand in directories of their month,
    *acctid* whether it restarts with the month. *writes* is by what its rows are known, *api_call* what they say of a call
    that the API began: before the JSON interface, which came with 1.0.20, nobody is called api.
    """

    id: str
    generation: str
    technology: str
    outbound: str
    server: str
    head_order: int
    tls_max: str
    unanswered: str
    userfield: str
    recordings: str
    acctid: str
    writes: str
    api_call: str
    confidence: str

    @property
    def model(self) -> str:
        return self.id.partition("-")[0]

    @property
    def firmware(self) -> str:
        return self.id.partition("-")[2]

    @property
    def decides(self) -> dict[str, str | int]:
        """The values of the quirks whose default says personality."""
        generation = GENERATIONS[self.generation]
        at = (GUIDE, CAP22, UCM62XX).index(self.writes)
        return {
            "columns": self.generation,
            "json-root": generation.json_root,
            "json-groups": "sessions" if generation.grouped else "rows",
            "server": self.server,
            "head-order": self.head_order,
            "tls-version": f"1.2 to {self.tls_max}",
            "channel-technology": self.technology,
            "outbound-channel": self.outbound,
            "unanswered": self.unanswered,
            "userfield": self.userfield,
            "recording-directory": self.recordings,
            "acctid": self.acctid,
            "api-call": self.api_call,
            **{quirk: values[at] for quirk, values in _WRITTEN.items()},
        }


_OLD = "Asterisk/1.8.9.2"
_NEW = "Asterisk/13.38.3"

# fmt: off
PERSONALITIES = (
    #           id               columns  SIP     outbound  Server head TLS    unanswered    userfield    recordings
    #           acctid        writes   API's call   confidence
    Personality("ucm6100-1.0.9",  "G1", "SIP",   "number",  _OLD, 11, "1.2", "blank",      "ext",       "flat",
                "continuous", GUIDE,   "extension",  "documented"),
    Personality("ucm6100-1.0.18", "G3", "SIP",   "counter", _OLD, 11, "1.2", "stamped",    "direction", "flat",
                "continuous", CAP22,   "extension",  "seen"),
    Personality("ucm6510-1.0.2",  "G1", "SIP",   "number",  _OLD, 11, "1.2", "blank",      "ext",       "flat",
                "continuous", GUIDE,   "extension",  "documented"),
    Personality("ucm6510-1.0.5",  "G2", "SIP",   "number",  _OLD, 11, "1.2", "blank",      "direction", "flat",
                "continuous", GUIDE,   "extension",  "assumed"),
    Personality("ucm6510-1.0.10", "G3", "SIP",   "counter", _OLD, 11, "1.2", "stamped",    "direction", "flat",
                "continuous", CAP22,   "extension",  "seen"),
    Personality("ucm6200-1.0.10", "G3", "PJSIP", "counter", _OLD, 11, "1.2", "busy-blank", "direction", "flat",
                "monthly",    UCM62XX, "extension",  "seen"),
    Personality("ucm6200-1.0.20", "G3", "PJSIP", "counter", _NEW, 13, "1.2", "busy-blank", "direction", "month",
                "monthly",    UCM62XX, "api",        "assumed"),
)
# fmt: on

ALIASES = MappingProxyType({"ucm6100": "ucm6100-1.0.9", "ucm6510": "ucm6510-1.0.10", "ucm6200": "ucm6200-1.0.20"})
"""A bare model means its usual row."""

MODELS = MappingProxyType({
    "ucm6100": ("ucm6102", "ucm6104", "ucm6108", "ucm6116"),
    "ucm6200": ("ucm6202", "ucm6204", "ucm6208"),
})  # fmt: skip
"""The models that a family, the name of a personality, stands for; UCM6510 is one of its own."""

LATER = (
    "ucm6300", "ucm6300a", "ucm6301", "ucm6302", "ucm6302a", "ucm6304", "ucm6304a", "ucm6308", "ucm6308a", "clouducm",
)  # fmt: skip
"""Models that come with the JSON interface."""

_FAMILIES = MappingProxyType({model: family for family, models in MODELS.items() for model in models})
_BY_ID = MappingProxyType({row.id: row for row in PERSONALITIES})


def names() -> tuple[str, ...]:
    """Return every id and alias that `personality` accepts."""
    return (*ALIASES, *_BY_ID)


def personality(name: str) -> Personality:
    """Return the row that *name*, an id or an alias, stands for; `KeyError` when there is none."""
    return _BY_ID[ALIASES.get(name, name)]


def objection(name: str) -> tuple[str, str]:
    """Return what is wrong with *name*, which `personality` does not know, and what would be right."""
    model, _, firmware = name.lower().partition("-")
    if model in LATER:
        return f"personality '{name}' comes with the JSON interface", f"use {listed(ALIASES)}"
    if family := _FAMILIES.get(model):
        same = f"{family}-{firmware}"
        known = [same] if same in _BY_ID else [one for one in names() if one.partition("-")[0] == family]
        return f"there is no personality '{name}': {model} is a model of the family {family}", f"use {listed(known)}"
    return f"there is no personality '{name}'", did_you_mean(name, names()) or f"use {listed(names())}"
