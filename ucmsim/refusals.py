"""Why a request is refused, as values: the codes, the refusal, and the exception that ends a reading. Spec 3.4.

A refusal is never sent: the wire shows what the device shows, and the journal and the log tell the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Self


class Code(Enum):
    """Why something is refused: the check that ends it, and the row of the spec or the page it stands for."""

    # At accept and in the handshake
    SESSION_CAP = ("accept", "0b session cap")
    CUT_BY_FAULT = ("accept", "tcp.close and others")
    NO_HANDSHAKE = ("handshake", "the client went away")
    PLAIN_HTTP = ("handshake", "http on the TLS port")
    UNTRUSTED_ISSUER = ("handshake", "alert unknown_ca")
    CLIENT_ALERT = ("handshake", "another alert of the client")
    HANDSHAKE_FAILED = ("handshake", "no common ground")
    # While the request is read
    NO_TARGET = ("reading", "400 Invalid Request")
    HEADERS_CUT = ("reading", "400 Timeout")
    HEADER_WITHOUT_COLON = ("reading", "400 bare header")
    HTTP_VERSION = ("reading", "400 version")
    NO_HOST = ("reading", "400 host")
    BAD_ESCAPE = ("reading", "400 escape")
    TOO_MANY_HEADERS = ("reading", "413 headers")
    # Before anybody is asked for credentials
    NO_SUCH_PATH = ("path", "404")
    NOTHING_STATIC = ("path", "403 static")
    NOT_PERMITTED = ("permitted-ips", "403")
    BLANK_PERMITTED_IPS = ("permitted-ips", "403 blank")
    UNREADABLE_PERMITTED_IPS = ("permitted-ips", "403 unreadable")
    DENIED_BY_FAULT = ("permitted-ips", "api.deny")
    METHOD = ("method", "501")
    # Credentials
    NO_CREDENTIALS = ("authentication", "401")
    NO_USER_SET = ("authentication", "401 no account")
    BASIC = ("authentication", "401 Basic")
    BASIC_UNREADABLE = ("authentication", "401 Basic unreadable")
    BASIC_WRONG = ("authentication", "401 Basic wrong")
    NOT_DIGEST = ("authentication", "401 scheme")
    DIGEST_INCOMPLETE = ("authentication", "401 fields")
    DIGEST_ALGORITHM = ("authentication", "401 algorithm")
    NO_QOP = ("authentication", "401 qop")
    NONCE_UNREADABLE = ("authentication", "401 nonce unreadable")
    NONCE_UNKNOWN = ("authentication", "401 nonce unknown")
    NONCE_OLD = ("authentication", "401 stale")
    NONCE_COUNT = ("authentication", "401 stale nc")
    NONCE_COUNT_UNREADABLE = ("authentication", "401 nc unreadable")
    DIGEST_URI = ("authentication", "401 uri")
    DIGEST_REALM = ("authentication", "401 realm")
    USER_UNKNOWN = ("authentication", "401 user")
    RESPONSE_WRONG = ("authentication", "401 response")
    CHALLENGED_BY_FAULT = ("authentication", "http.challenge-loop")
    # The form, and the parameters of /cdrapi
    FORM_TOO_LARGE = ("form", "413 form")
    CHARACTER = ("parameters", "E1")
    TIME_FORM = ("parameters", "E1 time form")
    IMPOSSIBLE_TIME = ("parameters", "E1 impossible time")
    NUMBER = ("parameters", "E2")
    OVER_LIMIT = ("parameters", "E2 beyond the limit")
    FORMAT = ("parameters", "E3")
    HYPHENS = ("parameters", "E4")
    EMPTY_VALUE = ("parameters", "E5")
    NO_VALUE = ("parameters", "E5 without =")
    EMPTY_ITEM = ("parameters", "E6")
    UNKNOWN_PARAMETER = ("parameters", "E7")
    UNNAMED = ("parameters", "E7 without a name")
    EMPTY_QUERY = ("parameters", "E7 nothing after ?")
    TRAILING_AMPERSAND = ("parameters", "E8")
    DOUBLED_AMPERSAND = ("parameters", "E8 doubled &")
    REPEATED = ("parameters", "E9")
    TOO_LONG = ("parameters", "beyond what ucmsim looks for")
    # The parameters of /recapi
    MANY_DIRECTORIES = ("parameters", "/recapi 404 directories")
    LEADS_OUT = ("parameters", "/recapi 404 path")
    NAME_NOT_ALLOWED = ("parameters", "/recapi 404 name")
    # The search
    DATABASE = ("search", "E10")
    NO_SUCH_FILE = ("search", "/recapi 404")
    NO_SUCH_DIRECTORY = ("search", "/recapi empty listing")
    FAILED = ("search", "500")

    def __init__(self, check: str, row: str) -> None:
        self.check = check
        self.row = row

    @property
    def slug(self) -> str:
        """The code as it is told: ``unknown-parameter``."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is found, or an error page is sent: a code, the parameter if one is to blame, a sentence, a hint.

    The hint says what would have been right, "" where nothing would have been.
    """

    code: Code
    parameter: str
    sentence: str
    hint: str = ""

    @classmethod
    def of(cls, code: Code, sentence: str, hint: str = "") -> Self:
        """Return a refusal that no parameter is to blame for."""
        return cls(code, "", sentence, hint)

    def __str__(self) -> str:
        return f"{self.sentence} ({self.hint})" if self.hint else self.sentence


class Refused(Exception):
    """The request finds nothing: a code, the parameter, a sentence, and a hint at what would have been right."""

    def __init__(self, code: Code, parameter: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.code, self.parameter, self.sentence, self.hint = code, parameter, sentence, hint


def shown(text: str) -> str:
    """Return *text* fit for a sentence in a log: short, printable."""
    plain = text.encode("ascii", "backslashreplace").decode().encode("unicode_escape").decode()
    return plain if len(plain) <= 60 else plain[:57] + "..."
