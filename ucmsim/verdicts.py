"""What the server's side can tell of how a client took what it was shown in the handshake. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

ALERTS = MappingProxyType({
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
    41: "no_certificate", 42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
    45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
    49: "access_denied", 50: "decode_error", 51: "decrypt_error", 60: "export_restriction", 70: "protocol_version",
    71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
    100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension",
    111: "certificate_unobtainable", 112: "unrecognized_name", 113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value", 115: "unknown_psk_identity", 116: "certificate_required",
    120: "no_application_protocol",
})  # fmt: skip
"""The alerts of TLS by number. RFC 8446, 6, and the IANA registry."""

_OBJECTIONS = (
    ((41, 42, 43, 44, 45, 46, 48, 113, 114), "it looked at the certificate, and objects"),
    ((40, 71), "what was to be agreed on is too weak for it, or unknown: a cipher, a group or a key"),
    ((70, 86), "it speaks no such version of TLS: compare what it offers with tls_min and tls_max"),
    ((10, 20, 22, 47, 50, 51, 109, 110), "it found the handshake itself wrong, as a faulty one is"),
    ((80,), "it failed by itself, or would not say why: its own log may"),
)

_NUMBERS = MappingProxyType({name: number for number, name in ALERTS.items()})
_RECEIVED = re.compile(r"\b(?:sslv3|tlsv1|tlsv13|tls|ssl/tls) (?:alert )?([a-z ]+)")
"""What OpenSSL says of an alert that it received, in lower case and with blanks; not every one is called an alert."""

Word = Literal["accepted", "refused", "undecided"]
"""Application bytes arrived; none did; there was no ClientHello, so nothing was shown."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The *word*, and the number of the alert that the client sent, if one came."""

    word: Word
    alert: int | None = None

    def __str__(self) -> str:
        if self.alert is None:
            return self.word
        return f"{self.word} with alert {self.alert} {ALERTS.get(self.alert, 'of no name')}"


def verdict(*, hello: bool, heard: bool, alert: int | None = None) -> Verdict:
    """Return the verdict on a connection: whether a *hello* came, whether application bytes were *heard*."""
    if not hello:
        return Verdict("undecided")
    return Verdict("accepted") if heard else Verdict("refused", alert)


def alert_in_clear(data: bytes) -> int | None:
    """Return the number of the alert that *data*, the records of a client without keys, begins with; None if it is none."""
    is_alert = len(data) >= 7 and data[0] == 21 and data[1] == 3 and data[3:5] == b"\0\2"
    return data[6] if is_alert else None


def alert_of(reason: str) -> int | None:
    """Return the number of the alert that OpenSSL's *reason* says has come; None if it is about something else."""
    said = (found[1].strip().replace(" ", "_") for found in _RECEIVED.finditer(reason.lower().replace("_", " ")))
    return next((_NUMBERS[name] for name in said if name in _NUMBERS), None)


def objection(alert: int | None) -> str:
    """Return what a client means by an *alert* of this number, as far as that can be told; RFC 8446, 6.2."""
    return next((said for numbers, said in _OBJECTIONS if alert in numbers), "its own log may say why")
