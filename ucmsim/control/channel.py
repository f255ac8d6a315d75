"""What of a request to the control plane never becomes one: answered in the one error shape, where Twisted has a bare status.

The library has one place for all that is malformed, and closes without a word where a line is too long; both are
private to it, so `tests/test_control_malformed.py` looks at each by what comes back on the wire.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from twisted.web.http import HTTPChannel

from ucmsim.control.answer import JSON, ApiError

_ROOM = HTTPChannel.totalHeadersSize
_PATIENCE = 2
"""Seconds in which what a client still sends is read, and thrown away: to close at once would destroy the answer."""

_HANDSHAKE = b"\x16"
"""The type of the record that a ClientHello comes in; no method begins with it."""

_REQUEST_LINE = ApiError(
    400,
    "malformed",
    "the first line cannot be read; it is METHOD /path HTTP/1.1, with what is special in the path as %XX",
)
_TLS = ApiError(
    400, "malformed", "this is the beginning of TLS, and the control plane is served without; ask http://, not https://"
)
_HEADER = ApiError(
    400,
    "malformed",
    f"a header cannot be read; each is a line 'Name: value', and there are {HTTPChannel.maxHeaders} at most",
)
_LENGTH = ApiError(
    400, "malformed", "the length of the body cannot be read; send one Content-Length, or Transfer-Encoding: chunked"
)
_CHUNK = ApiError(400, "malformed", "the chunks of the body cannot be read; send a Content-Length instead")
_TARGET = ApiError(414, "target-too-long", f"the first line may have {_ROOM} bytes at most; ask for less at once")
_HEADERS = ApiError(431, "headers-too-large", f"first line and headers may have {_ROOM} bytes at most together")


class ControlChannel(HTTPChannel):
    """One connection to the control plane."""

    _wrong = _REQUEST_LINE
    _begun = _refused = False

    def dataReceived(self, data: bytes) -> None:
        # Both sides of TLS would wait: such a client for a ServerHello, and this for the end of a line.
        if not self._begun and data[:1] == _HANDSHAKE:
            self._refuse(_TLS)
        self._begun = True
        if not self._refused:
            super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        first = not self._receivedHeaderSize
        if self._receivedHeaderSize + len(line) > _ROOM:
            self._refuse(_TARGET if first else _HEADERS)
            return
        self._wrong = _REQUEST_LINE if first else _HEADER
        super().lineReceived(line)

    def lineLengthExceeded(self, _line: bytes) -> None:
        self._refuse(_HEADERS if self._receivedHeaderSize else _TARGET)

    def rawDataReceived(self, data: bytes) -> None:
        if not self._refused:
            self._wrong = _CHUNK
            super().rawDataReceived(data)

    def _failChooseTransferDecoder(self) -> bool:
        self._wrong = _LENGTH
        return super()._failChooseTransferDecoder()

    def _respondToBadRequestAndDisconnect(self) -> None:
        self._refuse(self._wrong)

    def _refuse(self, error: ApiError) -> None:
        """Answer *error*, and hear nothing more."""
        if self._refused:
            return
        self._refused = True
        body = json.dumps(error.body).encode() + b"\n"
        head = (
            f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\nServer: ucmsim\r\nContent-Type: {JSON}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        transport: Any = self.transport
        transport.write(head.encode() + body)
        self.setRawMode()
        self.setTimeout(_PATIENCE)
        transport.unregisterProducer()
        if not self.isSecure():  # under TLS there is no half of an end: the client closes, or it is too late
            transport.loseWriteConnection()
