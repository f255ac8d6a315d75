"""A scripted handshake with the names and errors of pyOpenSSL: the part of `SSL.Connection` that Twisted's TLS uses."""

from __future__ import annotations

from collections.abc import Callable

from OpenSSL import SSL

from ucmsim.certificates.scripted import CLOSE_NOTIFY, Ended, ScriptedServer
from ucmsim.verdicts import ALERTS


class ScriptedConnection:
    """One connection that `ScriptedServer` speaks for; *on_end* is called once when the peer sends its close_notify."""

    def __init__(self, server: ScriptedServer, on_end: Callable[[], None]) -> None:
        self._server = server
        self._on_end: Callable[[], None] | None = on_end
        self._ended: Ended | None = None
        self._closed = False

    def set_accept_state(self) -> None:
        """It is a server's from the beginning."""

    def set_app_data(self, data: object) -> None:
        """Nothing here asks for it again."""

    def do_handshake(self) -> None:
        if not self._server.is_open:
            self._raise()
            raise SSL.WantReadError

    def recv(self, bufsiz: int) -> bytes:
        if self._server.heard:
            data = bytes(self._server.heard[:bufsiz])
            del self._server.heard[:bufsiz]
            return data
        self._raise()
        raise SSL.WantReadError

    def send(self, data: bytes) -> int:
        self._server.send(bytes(data))
        return len(data)

    def shutdown(self) -> bool:
        """Send close_notify; return whether the peer has sent its own."""
        if not self._closed:
            self._closed = True
            self._server.close()
        return self._ended is not None

    def bio_write(self, data: bytes) -> int:
        if self._ended is None:
            try:
                self._server.feed(bytes(data))
            except Ended as ended:
                self._ended = ended
        return len(data)

    def bio_read(self, _bufsiz: int) -> bytes:
        """Return all that there is to send: Twisted asks once, and certificates can be longer than it asks for."""
        data = bytes(self._server.out)
        if not data:
            raise SSL.WantReadError
        self._server.out.clear()
        return data

    def bio_shutdown(self) -> None:
        """What the peer sent is here already."""

    def get_protocol_version_name(self) -> str:
        return "TLSv1.2"

    def get_cipher_name(self) -> str:
        return self._server.cipher

    def get_peer_certificate(self) -> None:
        """The script asks for none."""

    def get_alpn_proto_negotiated(self) -> bytes:
        """Return what the device negotiates: nothing."""
        return b""

    def _raise(self) -> None:
        """Raise what ended the connection, as OpenSSL would."""
        if self._ended is None:
            return
        if self._ended.alert == CLOSE_NOTIFY and not self._ended.own:
            on_end, self._on_end = self._on_end, None
            if on_end is not None:
                on_end()
            return
        said = ALERTS.get(self._ended.alert, str(self._ended.alert)).replace("_", " ")
        raise SSL.Error([("SSL routines", "", f"scripted: {said}" if self._ended.own else f"tls alert {said}")])
