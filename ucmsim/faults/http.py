"""The http plane: `Reply` in, `Reply` out; what stands in `pacing`, `bodies` and `heads`, one row each."""

from __future__ import annotations

from ucmsim.faults.api import ChallengeLoop, StaleLoop
from ucmsim.faults.bodies import Chunked, Gzip, Truncate, Twice
from ucmsim.faults.heads import Charset, ContentType, Header, Redirect, Status, StatusLine
from ucmsim.faults.kind import Kind
from ucmsim.faults.pacing import Drip, Empty, Latency, Stall

_REPLY = "when the request is decided"
_EVERY = "when the request is decided, challenges included"

# fmt: off
KINDS = (
    Kind("http.latency", Latency, "seconds: wall-clock seconds, 0 to 86400; spread: fixed, uniform (0 to twice the seconds), normal or lognormal (seconds is the median); deviation: a share of the seconds, or of the logarithm; before: head or body", _REPLY,
         "The reply waits before the first byte of its head, or of its body."),
    Kind("http.drip", Drip, "bytes: of the body at a time, 1048576 at most; seconds: wall-clock seconds between", _REPLY,
         "The body comes in small pieces with pauses between them."),
    Kind("http.stall", Stall, "bytes: of the body that still come", _REPLY,
         "The reply stops for ever; the connection stays open until the client ends it."),
    Kind("http.empty", Empty, "ending: notify (close_notify and FIN), fin (FIN alone) or reset (RST)", _REPLY,
         "The connection ends without a byte of a reply."),
    Kind("http.truncate", Truncate, "share: of the body that comes, 0 to 1, half without it; bytes: so many of it instead; rows: so many rows or entries of a page instead, all of what is no page; at: byte, record, field, token (of JSON) or character (of several bytes), the kind of place that is cut at near there; length: large (of the whole body), matching, missing or small (half of what comes); ending: notify, fin or reset", _REPLY,
         "The body is cut short, with a right or wrong Content-Length and one of the three endings."),
    Kind("http.twice", Twice, "length: one or both, what Content-Length is of", _REPLY,
         "The body comes twice."),
    Kind("http.chunked", Chunked, "how: bad-size, wrong-size, unfinished (without the last chunk) or right; bytes: of a chunk, 1048576 at most", _REPLY,
         "The body comes in chunks, with a mistake in them."),
    Kind("http.gzip", Gzip, "", _REPLY,
         "The head says that the body is packed with gzip, and it is not."),
    Kind("http.status", Status, "status: 400 to 599", _REPLY,
         "The reply is an error, with the page that the device has for it, or would have."),
    Kind("http.status-line", StatusLine, "line: text, 8192 characters at most", _REPLY,
         "The head begins with a line that is no status line."),
    Kind("http.content-type", ContentType, "value: text, null = no such header", _REPLY,
         "The Content-type is wrong, or missing."),
    Kind("http.charset", Charset, "charset: a name", _REPLY,
         "The Content-type names a charset that the body is not in."),
    Kind("http.redirect", Redirect, "location: a URL or path; status: 301, 302, 303, 307 or 308", _REPLY,
         "The reply sends the client elsewhere, or round in circles."),
    Kind("http.header", Header, "bytes: of the value, 64 MiB at most; header: its name", _REPLY,
         "The head has a header that is too long."),
    Kind("http.challenge-loop", ChallengeLoop, "", _EVERY,
         "Every request gets the Digest challenge, whatever its credentials.", challenges=True),
    Kind("http.stale-loop", StaleLoop, "", _EVERY,
         "Every request gets a challenge that calls its nonce stale.", challenges=True),
)
# fmt: on
