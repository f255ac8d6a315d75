"""The scripted handshake: right in all but its defect, however its bytes are cut, and no more than TLS 1.2."""

from __future__ import annotations

import contextlib
import ssl
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ucmsim.certificates import tls12
from ucmsim.certificates.authority import Authority, export
from ucmsim.certificates.defects import KeyBank, Scene, Script, Shown
from ucmsim.certificates.defects.drafting import issued, leaf, new_key
from ucmsim.certificates.scripted import Ended, ScriptedServer

NOW = datetime.now(UTC)
NAMES = ("pbx.example.com", "127.0.0.1")
RANDOM = bytes(range(32))


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(Authority.mint("hq", NOW), NAMES, NOW, KeyBank())


@pytest.fixture(scope="module", params=["ecdsa", "rsa"])
def shown(request: pytest.FixtureRequest, scene: Scene) -> Shown:
    """Return what is flawless, and scripted all the same."""
    key = new_key() if request.param == "ecdsa" else scene.bank.rsa()
    found = issued(scene, key, leaf(scene, key))
    return Shown(found.key_pem, found.certificates, found.trust, script=Script())


def careful(scene: Scene) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=export(scene.authority.certificate, "der"))


class Talk:
    """One client over memory buffers and one scripted server."""

    def __init__(self, shown: Shown, context: ssl.SSLContext, *, at_once: int = 1 << 20) -> None:
        self.server = ScriptedServer(shown, RANDOM)
        self.inbox, self.outbox = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = context.wrap_bio(self.inbox, self.outbox, server_hostname=NAMES[0])
        self.at_once = at_once

    def pass_on(self) -> None:
        """Give each side what the other has sent, so many bytes at once."""
        sent = self.outbox.read()
        for at in range(0, len(sent), self.at_once):
            self.server.feed(sent[at : at + self.at_once])
        self.inbox.write(bytes(self.server.out))
        self.server.out.clear()

    def shake(self) -> None:
        """Let the handshake happen."""
        for _ in range(4):
            try:
                self.client.do_handshake()
            except ssl.SSLWantReadError:
                self.pass_on()
            else:
                return


@pytest.mark.parametrize("at_once", [1, 7, 1 << 20])
def test_it_ends_in_a_connection_that_works(shown: Shown, scene: Scene, at_once: int) -> None:
    """A careful client verifies it, and both sides hear each other, records of every length and number."""
    talk = Talk(shown, careful(scene), at_once=at_once)
    talk.shake()
    assert talk.server.is_open
    assert (talk.client.version(), (talk.client.cipher() or ("",))[0]) == ("TLSv1.2", talk.server.cipher)
    for size in (1, 300, 20_000):
        talk.client.write(bytes(size))
        talk.pass_on()
        assert bytes(talk.server.heard) == bytes(size)
        talk.server.heard.clear()
        talk.server.send(b"x" * size)
        talk.pass_on()
        assert b"".join(talk.client.read(1 << 15) for _ in range(-(-size // tls12.LARGEST))) == b"x" * size
    talk.server.close()
    talk.pass_on()
    assert talk.client.read(1) == b""


def test_a_client_that_closes_says_so(shown: Shown, scene: Scene) -> None:
    """The client's close_notify ends the connection, and is no failure."""
    talk = Talk(shown, careful(scene))
    talk.shake()
    with pytest.raises(ssl.SSLWantReadError):
        talk.client.unwrap()
    with pytest.raises(Ended) as ended:
        talk.pass_on()
    assert (ended.value.alert, ended.value.own) == (0, False)


def test_a_client_that_objects_says_why(shown: Shown) -> None:
    """The alert of a client that refuses is known by its number."""
    talk = Talk(shown, ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        talk.shake()
    with pytest.raises(Ended) as ended:
        talk.pass_on()
    assert (ended.value.alert, ended.value.own) == (48, False)


@pytest.mark.parametrize(
    ("change", "alert"),
    [
        (lambda context: setattr(context, "minimum_version", ssl.TLSVersion.TLSv1_3), 40),
        (lambda context: context.set_ciphers("AES256-GCM-SHA384"), 40),
        (lambda context: context.set_ecdh_curve("secp521r1"), 40),
    ],
    ids=["1.3-only", "another-cipher", "another-curve"],
)
def test_a_client_that_cannot(change: object, alert: int, shown: Shown, scene: Scene) -> None:
    """Who offers nothing of what is scripted gets the alert for it."""
    context = careful(scene)
    change(context)  # type: ignore[operator]
    talk = Talk(shown, context)
    with pytest.raises(Ended) as ended:
        talk.shake()
    assert (ended.value.alert, ended.value.own) == (alert, True)
    assert bytes(talk.server.out).endswith(bytes([2, alert]))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_client_of_old(shown: Shown, scene: Scene) -> None:
    """Who knows no more than TLS 1.1 is told that this is another version."""
    context = careful(scene)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(Ended) as ended:
        Talk(shown, context).shake()
    assert (ended.value.alert, ended.value.own) == (70, True)


@pytest.mark.parametrize(
    ("sent", "alert"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 10),
        (tls12.record(tls12.APPLICATION_DATA, b"x"), 10),
        (tls12.record(tls12.CHANGE_CIPHER_SPEC, b"\1"), 10),
        (tls12.record(tls12.HANDSHAKE, b"\x10\0\0\0"), 10),
        (tls12.record(tls12.HANDSHAKE, b"\1\0\0\2\3\3"), 50),
        (tls12.record(tls12.HANDSHAKE, b"\1\0\0\x25\3\3" + bytes(34) + b"\xff"), 50),
    ],
)
def test_what_is_no_handshake(sent: bytes, alert: int, shown: Shown) -> None:
    """Whatever is sent instead of a handshake gets a fatal alert, and no other error."""
    server = ScriptedServer(shown, RANDOM)
    with pytest.raises(Ended) as ended:
        server.feed(sent)
    assert (ended.value.alert, ended.value.own) == (alert, True)
    assert bytes(server.out) == tls12.record(tls12.ALERT, bytes([2, alert]))


def test_a_record_that_was_touched(shown: Shown, scene: Scene) -> None:
    """A record that somebody changed on its way ends the connection."""
    talk = Talk(shown, careful(scene))
    talk.shake()
    talk.client.write(b"hello")
    sent = talk.outbox.read()
    with pytest.raises(Ended) as ended:
        talk.server.feed(sent[:-1] + bytes([sent[-1] ^ 1]))
    assert (ended.value.alert, ended.value.own) == (20, True)


def test_known_answer() -> None:
    """The pseudo-random function gives what its published test vector gives."""
    secret = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
    seed = bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")
    made = tls12.prf(secret, b"test label", seed, 100)
    assert made.hex().startswith("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9")


def test_no_key_is_left_in_the_repository() -> None:
    """Keys are made, never kept."""
    folder = Path(__file__).parent.parent / "ucmsim" / "defects"
    assert not [file for file in folder.rglob("*") if file.suffix in (".pem", ".key", ".der")]


@cache
def flawless() -> tuple[Shown, ssl.SSLContext]:
    """Return what is scripted without a flaw, and who trusts it."""
    scene, key = Scene(Authority.mint("hq", NOW), NAMES, NOW, KeyBank()), new_key()
    found = issued(scene, key, leaf(scene, key))
    return Shown(found.key_pem, found.certificates, found.trust, script=Script()), careful(scene)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_whatever_comes_ends_in_an_alert_or_goes_on(data: st.DataObject) -> None:
    """A ClientHello that somebody has damaged, cut or lengthened raises nothing but the end of the connection."""
    talk = Talk(*flawless())
    with pytest.raises(ssl.SSLWantReadError):
        talk.client.do_handshake()
    sent = bytearray(talk.outbox.read())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(sent) - 1))
        match data.draw(st.sampled_from(["turn", "cut", "put"])):
            case "turn":
                sent[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del sent[at : at + data.draw(st.integers(1, 40))]
                sent = sent or bytearray(b"\x16")
            case _:
                sent[at:at] = data.draw(st.binary(min_size=1, max_size=40))
    with contextlib.suppress(Ended):
        talk.server.feed(bytes(sent))
    assert not talk.server.is_open
