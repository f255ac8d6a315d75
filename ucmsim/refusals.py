"""Why a request finds nothing: the codes, and the exception that ends the reading of a request. Spec 3.4."""

from __future__ import annotations

from enum import Enum


class Code(Enum):
    """Why a request is answered with an empty container; the value names the row of spec 3.4 it stands for, if one."""

    CHARACTER = "E1"
    TIME_FORM = "E1 time form"
    IMPOSSIBLE_TIME = "E1 impossible time"
    NUMBER = "E2"
    OVER_LIMIT = "E2 beyond the limit"
    FORMAT = "E3"
    HYPHENS = "E4"
    EMPTY_VALUE = "E5"
    NO_VALUE = "E5 without ="
    EMPTY_ITEM = "E6"
    UNKNOWN = "E7"
    UNNAMED = "E7 without a name"
    EMPTY_QUERY = "E7 nothing after ?"
    TRAILING_AMPERSAND = "E8"
    DOUBLED_AMPERSAND = "E8 doubled &"
    REPEATED = "E9"
    DATABASE = "E10"
    TOO_LONG = "beyond what ucmsim looks for"


class Refused(Exception):
    """The request finds nothing: a code, the parameter, a sentence, and a hint at what would have been right."""

    def __init__(self, code: Code, parameter: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.code, self.parameter, self.sentence, self.hint = code, parameter, sentence, hint


def shown(text: str) -> str:
    """Return *text* fit for a sentence in a log: short, printable."""
    plain = text.encode("ascii", "backslashreplace").decode().encode("unicode_escape").decode()
    return plain if len(plain) <= 60 else plain[:57] + "..."
