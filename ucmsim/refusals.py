"""Why a request is refused, as values: the codes, the refusal, and the exception that ends a reading. Spec 3.4.

A refusal is never sent: the wire shows what the device shows, and the journal and the log tell the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Self


class Code(Enum):
    """Why something is refused: the check that ends it, the row of the spec or the page it stands for, and what was wrong."""

    # At accept and in the handshake
    SESSION_CAP = ("accept", "0b session cap", "So many connections are open that the device takes no more.")
    CUT_BY_FAULT = ("accept", "tcp.close and others", "An armed fault ended the connection at accept.")
    NO_HANDSHAKE = ("handshake", "the client went away", "The client went away before it sent a ClientHello.")
    PLAIN_HTTP = ("handshake", "http on the TLS port", "A request without TLS came to the port of TLS.")
    UNTRUSTED_ISSUER = ("handshake", "alert unknown_ca", "The client does not trust who issued the certificate.")
    CLIENT_ALERT = ("handshake", "another alert of the client", "The client ended the handshake with another alert.")
    HANDSHAKE_FAILED = (
        "handshake",
        "no common ground",
        "Client and device found nothing in common, or a certificate was due that did not come.",
    )
    NO_REQUEST = ("handshake", "nothing after it", "The connection ended before any byte of a request came.")
    # While the request is read
    NO_TARGET = ("reading", "400 Invalid Request", "The request line has no target.")
    HEADERS_CUT = ("reading", "400 Timeout", "The request ended, or paused for too long, inside its headers.")
    HEADER_WITHOUT_COLON = ("reading", "400 bare header", "A header line has no colon.")
    HTTP_VERSION = (
        "reading",
        "400 version",
        "The request line names a version of HTTP that the device does not speak.",
    )
    NO_HOST = ("reading", "400 host", "A request of HTTP/1.1 has no Host.")
    BAD_ESCAPE = ("reading", "400 escape", "A % in the target is not followed by two hexadecimal digits.")
    TOO_MANY_HEADERS = ("reading", "413 headers", "The headers are more, or longer, than the device takes.")
    # Before anybody is asked for credentials
    NO_SUCH_PATH = ("path", "404", "The device has nothing at the path.")
    NOTHING_STATIC = ("path", "403 static", "The path is one of the web interface, of which nothing is served.")
    NOT_PERMITTED = ("permitted-ips", "403", "The client's address is not among Permitted IP(s).")
    BLANK_PERMITTED_IPS = (
        "permitted-ips",
        "403 blank",
        "Permitted IP(s) is blank, which denies everybody on the interface.",
    )
    UNREADABLE_PERMITTED_IPS = (
        "permitted-ips",
        "403 unreadable",
        "Permitted IP(s) cannot be read, so nobody is permitted.",
    )
    DENIED_BY_FAULT = ("permitted-ips", "api.deny", "An armed fault denies the client.")
    METHOD = ("method", "501", "The method is one that the device does not take.")
    # Credentials
    NO_CREDENTIALS = ("authentication", "401", "There are no credentials yet: the answer is a challenge.")
    NO_USER_SET = ("authentication", "401 no account", "Credentials are due, and the PBX has no user.")
    BASIC = ("authentication", "401 Basic", "The credentials are Basic, and Digest is due.")
    BASIC_UNREADABLE = ("authentication", "401 Basic unreadable", "The credentials are Basic, and cannot be read.")
    BASIC_WRONG = ("authentication", "401 Basic wrong", "The credentials are Basic, with a wrong user or password.")
    NOT_DIGEST = ("authentication", "401 scheme", "The credentials are of another scheme than Digest.")
    DIGEST_INCOMPLETE = ("authentication", "401 fields", "A field is missing from the Digest credentials.")
    DIGEST_ALGORITHM = ("authentication", "401 algorithm", "The algorithm is another than that of the challenge.")
    NO_QOP = ("authentication", "401 qop", "The credentials leave out qop, or have another than auth.")
    NONCE_UNREADABLE = ("authentication", "401 nonce unreadable", "The nonce is none that the device can have given.")
    NONCE_UNKNOWN = ("authentication", "401 nonce unknown", "The nonce is none that this PBX knows.")
    NONCE_OLD = ("authentication", "401 stale", "The nonce has expired: the challenge says stale.")
    NONCE_COUNT = ("authentication", "401 stale nc", "The nonce count did not grow: the challenge says stale.")
    NONCE_COUNT_UNREADABLE = ("authentication", "401 nc unreadable", "The nonce count is not eight hexadecimal digits.")
    DIGEST_URI = ("authentication", "401 uri", "The uri of the credentials is not what was asked for.")
    DIGEST_REALM = ("authentication", "401 realm", "The realm is another than that of the challenge.")
    USER_UNKNOWN = ("authentication", "401 user", "There is no such user.")
    RESPONSE_WRONG = ("authentication", "401 response", "The response does not fit the password.")
    CHALLENGED_BY_FAULT = (
        "authentication",
        "http.challenge-loop",
        "An armed fault challenges whoever sends right credentials.",
    )
    # The form, and the parameters of /cdrapi
    FORM_TOO_LARGE = ("form", "413 form", "The form is longer than the device takes.")
    CHARACTER = ("parameters", "E1", "A value has a character that its parameter does not take.")
    TIME_FORM = ("parameters", "E1 time form", "A time is in a form that the device does not read.")
    IMPOSSIBLE_TIME = ("parameters", "E1 impossible time", "A time is one that no clock or calendar shows.")
    NUMBER = ("parameters", "E2", "A number is due, and the value is none that the device reads.")
    OVER_LIMIT = ("parameters", "E2 beyond the limit", "More rows are asked for than one page may have.")
    FORMAT = ("parameters", "E3", "The format is none of csv, json and xml.")
    HYPHENS = ("parameters", "E4", "A hyphen stands where it makes no range of numbers.")
    EMPTY_VALUE = ("parameters", "E5", "A parameter has an empty value.")
    NO_VALUE = ("parameters", "E5 without =", "A parameter has no = and no value.")
    EMPTY_ITEM = ("parameters", "E6", "An item of a list is empty.")
    UNKNOWN_PARAMETER = ("parameters", "E7", "There is no such parameter.")
    UNNAMED = ("parameters", "E7 without a name", "A value has no name before its =.")
    EMPTY_QUERY = ("parameters", "E7 nothing after ?", "Nothing follows the ?.")
    TRAILING_AMPERSAND = ("parameters", "E8", "The query ends with &.")
    DOUBLED_AMPERSAND = ("parameters", "E8 doubled &", "Two & follow one another.")
    REPEATED = ("parameters", "E9", "A parameter comes twice.")
    TOO_LONG = ("parameters", "beyond what ucmsim looks for", "A value is longer than ucmsim looks for.")
    # The parameters of /recapi
    MANY_DIRECTORIES = (
        "parameters",
        "/recapi 404 directories",
        "Files are asked for in more, or fewer, than one directory.",
    )
    LEADS_OUT = ("parameters", "/recapi 404 path", "A path leads out of where recordings are.")
    NAME_NOT_ALLOWED = ("parameters", "/recapi 404 name", "A name is none that a recording has.")
    # The search
    DATABASE = ("search", "E10", "The search failed in the database.")
    NO_SUCH_FILE = ("search", "/recapi 404", "No such recording is there.")
    NO_SUCH_DIRECTORY = ("search", "/recapi empty listing", "No such directory is there, so its listing is empty.")
    FAILED = ("search", "500", "ucmsim failed; its log says why.")

    def __init__(self, check: str, row: str, statement: str) -> None:
        self.check = check
        self.row = row
        self.statement = statement

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
