"""A handshake of TLS 1.2 that is written out here, for what OpenSSL will not serve. Bytes in, bytes out.

It is right in all but what the defect is about, ends in a connection that works, and knows one way of each thing:
ECDHE over P-256, AES-128-GCM, no session to resume. A client that cannot do these gets the alert that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from ucmsim.certificates import tls12
from ucmsim.certificates.defects import Shown

_CLIENT_HELLO, _SERVER_HELLO, _CERTIFICATE, _KEY_EXCHANGE = 1, 2, 11, 12
_HELLO_DONE, _CLIENT_KEY_EXCHANGE, _FINISHED = 14, 16, 20
_GROUPS, _POINT_FORMATS, _EXTENDED_MASTER, _RENEGOTIATION = 10, 11, 23, 0xFF01
_P256 = 23
_BY_RSA = (b"\xc0\x2f", "ECDHE-RSA-AES128-GCM-SHA256")
_BY_ECDSA = (b"\xc0\x2b", "ECDHE-ECDSA-AES128-GCM-SHA256")
_FATAL = 2
_WARNING_CLOSE = b"\x01\x00"

CLOSE_NOTIFY, UNEXPECTED_MESSAGE, BAD_RECORD_MAC, HANDSHAKE_FAILURE = 0, 10, 20, 40
DECODE_ERROR, DECRYPT_ERROR, PROTOCOL_VERSION = 50, 51, 70


class Ended(Exception):
    """The connection is over: by an *alert* of the client's, or of ours if *own*."""

    def __init__(self, alert: int, *, own: bool) -> None:
        super().__init__(alert)
        self.alert = alert
        self.own = own


class ScriptedServer:
    """The server's side of one connection that shows *shown*; *random* are the 32 bytes of its hello.

    `feed` takes what comes and raises `Ended`; `out` is what there is to send, `heard` the application's bytes.
    """

    def __init__(self, shown: Shown, random: bytes) -> None:
        self.out = bytearray()
        self.heard = bytearray()
        self.is_open = False
        self.cipher = ""
        self._shown = shown
        self._random = random
        self._pending = b""
        self._message = b""
        self._transcript = b""
        self._client_random = b""
        self._extended = False
        self._own = ec.generate_private_key(ec.SECP256R1())
        self._master = b""
        self._reading: tls12.Direction | None = None
        self._writing: tls12.Direction | None = None
        self._keys_out: tls12.Direction | None = None
        self._expects = _CLIENT_HELLO

    def feed(self, data: bytes) -> None:
        """Take *data* from the client, however it is cut."""
        self._pending += data
        try:
            while (found := tls12.split(self._pending)) is not None:
                kind, body, self._pending = found
                self._record(kind, body)
        except tls12.NotOurs:
            self._fail(BAD_RECORD_MAC if self._reading else UNEXPECTED_MESSAGE)
        except IndexError:  # a field that ends before it is due
            self._fail(DECODE_ERROR)

    def send(self, data: bytes) -> None:
        """Send application *data*; the handshake must be over."""
        for at in range(0, len(data), tls12.LARGEST):
            self._write(tls12.APPLICATION_DATA, data[at : at + tls12.LARGEST])

    def close(self) -> None:
        """Send close_notify."""
        self._write(tls12.ALERT, _WARNING_CLOSE)

    # --- records ---------------------------------------------------------------------------------------------------

    def _record(self, kind: int, body: bytes) -> None:
        if kind == tls12.CHANGE_CIPHER_SPEC and self._expects == _FINISHED and self._reading is None:
            self._reading, self._keys_out = tls12.directions(self._master, self._random, self._client_random)
            return
        plain = self._reading.opened(kind, body) if self._reading else body
        if kind == tls12.ALERT and len(plain) == len(_WARNING_CLOSE):
            if plain[0] == _FATAL or plain[1] == CLOSE_NOTIFY:
                raise Ended(plain[1], own=False)
        elif kind == tls12.HANDSHAKE and not self.is_open:
            self._message += plain
            self._messages()
        elif kind == tls12.APPLICATION_DATA and self.is_open:
            self.heard += plain
        else:
            self._fail(UNEXPECTED_MESSAGE)

    def _messages(self) -> None:
        while len(self._message) >= 4 and len(self._message) >= (end := 4 + int.from_bytes(self._message[1:4])):
            message, self._message = self._message[:end], self._message[end:]
            if message[0] != self._expects:
                self._fail(UNEXPECTED_MESSAGE)
            _STEPS[message[0]](self, message)

    def _write(self, kind: int, body: bytes) -> None:
        for at in range(0, len(body), tls12.LARGEST):
            piece = body[at : at + tls12.LARGEST]
            self.out += tls12.record(kind, self._writing.sealed(kind, piece) if self._writing else piece)

    def _say(self, *messages: tuple[int, bytes]) -> None:
        flight = b"".join(bytes([kind]) + len(body).to_bytes(3) + body for kind, body in messages)
        self._transcript += flight
        self._write(tls12.HANDSHAKE, flight)

    def _fail(self, alert: int) -> None:
        self._write(tls12.ALERT, bytes([_FATAL, alert]))
        raise Ended(alert, own=True)

    # --- the three steps -------------------------------------------------------------------------------------------

    def _hello(self, message: bytes) -> None:
        self._transcript += message
        version, self._client_random, suites, extensions = _read_hello(message[4:])
        key = serialization.load_pem_private_key(self._shown.key_pem, None)
        suite, self.cipher = _BY_RSA if isinstance(key, rsa.RSAPrivateKey) else _BY_ECDSA
        groups = extensions.get(_GROUPS, b"\0\2" + _P256.to_bytes(2))
        if version < tls12.VERSION:
            self._fail(PROTOCOL_VERSION)
        if suite not in suites or _P256.to_bytes(2) not in _pairs(groups[2:]):
            self._fail(HANDSHAKE_FAILURE)
        self._extended = _EXTENDED_MASTER in extensions
        answers = [(_RENEGOTIATION, b"\0")]
        answers += [(_EXTENDED_MASTER, b"")] if self._extended else []
        answers += [(_POINT_FORMATS, b"\1\0")] if _POINT_FORMATS in extensions else []
        said = b"".join(kind.to_bytes(2) + _sized(body, 2) for kind, body in answers)
        self._say(
            (_SERVER_HELLO, tls12.VERSION + self._random + b"\0" + suite + b"\0" + _sized(said, 2)),
            (_CERTIFICATE, self._certificates()),
            (_KEY_EXCHANGE, self._key_exchange(key)),
            (_HELLO_DONE, b""),
        )
        self._expects = _CLIENT_KEY_EXCHANGE

    def _certificates(self) -> bytes:
        script = self._shown.script
        if script is not None and script.message is not None:
            return script.message
        return _sized(b"".join(_sized(one, 3) for one in self._shown.certificates), 3)

    def _key_exchange(self, key: object) -> bytes:
        point = self._own.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        offered = b"\x03" + _P256.to_bytes(2) + _sized(point, 1)
        proven = self._client_random + self._random + offered
        if isinstance(key, rsa.RSAPrivateKey):
            algorithm, proof = b"\x04\x01", key.sign(proven, padding.PKCS1v15(), hashes.SHA256())
        else:
            signer: ec.EllipticCurvePrivateKey = key  # type: ignore[assignment]  # defects are scripted with these two
            algorithm, proof = b"\x04\x03", signer.sign(proven, ec.ECDSA(hashes.SHA256()))
        if self._shown.script is not None and self._shown.script.spoils_proof:
            proof = proof[:-1] + bytes([proof[-1] ^ 1])
        return offered + algorithm + _sized(proof, 2)

    def _key(self, message: bytes) -> None:
        self._transcript += message
        try:
            theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), message[5:])
        except ValueError:
            self._fail(DECODE_ERROR)
        shared = self._own.exchange(ec.ECDH(), theirs)
        randoms = self._client_random + self._random
        self._master = tls12.master_secret(shared, randoms, self._transcript, extended=self._extended)
        self._expects = _FINISHED

    def _finished(self, message: bytes) -> None:
        if self._reading is None or message[4:] != tls12.verify_data(self._master, b"client", self._transcript):
            self._fail(DECRYPT_ERROR)
        self._transcript += message
        self._write(tls12.CHANGE_CIPHER_SPEC, b"\1")
        self._writing = self._keys_out
        self._say((_FINISHED, tls12.verify_data(self._master, b"server", self._transcript)))
        self.is_open = True


_STEPS: MappingProxyType[int, Callable[[ScriptedServer, bytes], None]] = MappingProxyType(
    {
        _CLIENT_HELLO: ScriptedServer._hello,
        _CLIENT_KEY_EXCHANGE: ScriptedServer._key,
        _FINISHED: ScriptedServer._finished,
    }
)


def _sized(body: bytes, octets: int) -> bytes:
    """Return *body* behind its length in so many *octets*."""
    return len(body).to_bytes(octets) + body


def _pairs(data: bytes) -> list[bytes]:
    return [data[at : at + 2] for at in range(0, len(data) - 1, 2)]


def _read_hello(body: bytes) -> tuple[bytes, bytes, list[bytes], dict[int, bytes]]:
    """Return version, random, suites and extensions of a ClientHello; raises `IndexError` where one ends early."""
    version, random, at = body[:2], body[2:34], 34
    at += 1 + body[at]
    size = int.from_bytes(body[at : at + 2])
    suites = _pairs(body[at + 2 : at + 2 + size])
    at += 2 + size
    at += 1 + body[at]
    extensions: dict[int, bytes] = {}
    end = at + 2 + int.from_bytes(body[at : at + 2])
    at += 2
    while at + 4 <= min(end, len(body)):
        kind, size = int.from_bytes(body[at : at + 2]), int.from_bytes(body[at + 2 : at + 4])
        extensions[kind] = body[at + 4 : at + 4 + size]
        at += 4 + size
    return version, random, suites, extensions
