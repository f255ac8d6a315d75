"""What a request over treq fails with where the network is to blame, and no program; and what is behind it."""

from __future__ import annotations

import errno

from OpenSSL import SSL
from twisted.internet import error as network
from twisted.web.client import RequestTransmissionFailed, ResponseFailed
from twisted.web.http import PotentialDataLoss

NETWORK = (
    OSError,
    network.ConnectError,
    network.ConnectionClosed,
    network.ConnectingCancelledError,
    RequestTransmissionFailed,
    ResponseFailed,
    PotentialDataLoss,
    SSL.Error,
)
"""What a request can fail with that is no mistake of a program."""


def cause_of(error: Exception) -> Exception:
    """Return what is behind *error*: twisted.web wraps what happened to a request."""
    reasons = getattr(error, "reasons", None)
    found: Exception = reasons[0].value if reasons else error
    return (
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        if isinstance(found, network.ConnectionRefusedError)
        else found
    )
