"""How TLS ended on one connection: why no handshake came about, what alert the client sent, that it asked for nothing."""

from __future__ import annotations

from ssl import SSLError

from OpenSSL import SSL

from ucmsim.journal import Visit
from ucmsim.journal.visits import BY_CLIENT
from ucmsim.refusals import Code, Refusal
from ucmsim.verdicts import alert_of, objection

_NO_REQUEST = Refusal.of(
    Code.NO_REQUEST,
    "the connection ended before a request came",
    "a client that refuses a certificate may do so without an alert, and one that asks whether the port is open asks no more",
)


def conclude(visit: Visit, error: BaseException | None) -> None:
    """Take into *visit* what its end, by an *error*, says of TLS."""
    if not visit.shaken:
        visit.refusal = _tls_failure(error)
    visit.alert = _alert_in(error)
    if visit.shaken and not visit.heard:
        # In TLS 1.3 a client judges our certificate when the handshake is done for us.
        visit.refusal = _NO_REQUEST if visit.alert is None else _tls_failure(error)
    if visit.alert is not None:
        # With a fatal alert it is over; that we closed the socket then is no decision of ours.
        visit.ended = visit.ended or BY_CLIENT


def _tls_failure(error: BaseException | None) -> Refusal:
    """Return why a handshake did not come about."""
    if not isinstance(error, SSL.Error):
        said = "the client went away before the handshake was done"
        return Refusal.of(Code.NO_HANDSHAKE, said, "a client that refuses a certificate may do so without an alert")
    reasons = reasons_of(error)
    folded = reasons.lower().replace("_", " ")
    if "http request" in folded:
        return Refusal.of(Code.PLAIN_HTTP, "this is plain HTTP on the TLS port: use https://")
    if "unknown ca" in folded:
        said = f"the client does not trust the certificate's issuer ({reasons})"
        return Refusal.of(Code.UNTRUSTED_ISSUER, said, "let it trust the PBX's ca.pem")
    if "alert" in folded:
        return Refusal.of(Code.CLIENT_ALERT, f"the client refused: {reasons}", objection(alert_of(reasons)))
    hint = next((hint for reason, hint in _MISSED if reason in folded), "compare it with what the ClientHello offers")
    return Refusal.of(Code.HANDSHAKE_FAILED, reasons, hint)


_MISSED = (
    ("did not return a certificate", "a client certificate is asked for: give the client one"),
    ("certificate verify failed", "the client's own certificate is not trusted: give it one that is"),
    (
        "no shared cipher",
        "none of the ciphers that the ClientHello offers is spoken: compare tls_profile and tls.ciphers",
    ),
    ("protocol", "compare the versions that the ClientHello offers with tls_min and tls_max"),
    ("version", "compare the versions that the ClientHello offers with tls_min and tls_max"),
)
"""What would have been right, by what OpenSSL says as a server."""


def _alert_in(error: BaseException | None) -> int | None:
    """Return the number of the alert that the client ended the connection with, None if it sent none."""
    return alert_of(reasons_of(error)) if isinstance(error, SSL.Error) else None


def reasons_of(error: SSL.Error | SSLError) -> str:
    """Return what OpenSSL says of *error*."""
    if isinstance(error, SSLError):
        return error.reason or str(error)
    return "; ".join(str(reason[-1]) for reason in (error.args[0] if error.args else ())) or str(error)
