"""Thousands of ways to ask for what lies outside the spool, as raw bytes: none of them gets a byte of it.

What is there to be stolen is the PBX's own folder, which stands right around the spool, and a folder beside that.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice, product
from pathlib import Path

import pytest

from tests.asking import sent
from tests.rawclient import exchange
from tests.spools import file, pbx_on, put, standing_in, whole
from ucmsim.appliance.pbx import Pbx
from ucmsim.pytest_plugin import Ucm
from ucmsim.recording import beneath, recapi
from ucmsim.store.records import Recording

CANARY = b"canary-3f9c1e7a"
"""Stands in every file outside, and in the names of all but the well-known ones."""
GOOD = b"a good file"
SECRETS = (CANARY, b"root:", b"PRIVATE KEY", b"SQLite format")
"""What no reply may have in it: files outside, names outside, and what is known to be on the machine."""


def outside(folder: Path) -> None:
    """Put what may not be read into *folder*, in which the spool stands, and into the one above it.

    What is there already stays: the key of a real PBX is better than a canary.
    """
    name = CANARY.decode()
    files = ("private.pem", f"{name}.wav", f"deep/er/{name}.wav", "monitor/private.pem",
             f"../{name}.wav", "../monitor/private.pem", f"../spools/{name}.wav")  # fmt: skip
    put(folder, {file: CANARY for file in files if not (folder / file).exists()})


def inside(root: Path) -> None:
    """Put a user's file, and links to everything outside, into the spool *root*."""
    put(root, {"monitor/good.wav": GOOD, "monitor/2013-12/good.wav": GOOD, "meetme/good.wav": GOOD})
    for link, target in LINKS.items():
        (root / link).symlink_to(target.format(home=root.parent))


LINKS = {
    "monitor/link.wav": "../../private.pem",
    "monitor/whole.wav": "{home}/private.pem",
    "monitor/chain.wav": "link.wav",
    "monitor/passwd": "/etc/passwd",
    "monitor/up": "..",
    "monitor/out": "../..",
    "monitor/home": "{home}",
    "monitor/root": "/",
    "monitor/2013-11": "../..",
    "monitor/self": "self",
    "monitor/inner.wav": "good.wav",
    "monitor/dev": "/dev",
    "monitor/me": "/proc/self",
    "2012-01": "/etc",
    "spool": "..",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spool within a PBX's folder."""
    home = tmp_path_factory.mktemp("traversal") / "state" / "hq"
    outside(home)
    inside(home / "spool")
    return home / "spool"


@pytest.fixture(scope="module")
def pbx(root: Path) -> Pbx:
    return pbx_on(root, Recording("monitor", "made.wav", 0, samples=8))


# The attempts


DOTS = [
    b"..", b"%2e%2e", b".%2e", b"%2E.", b"%252e%252e", b"%c0%ae%c0%ae", b"\xc0\xae\xc0\xae", b"%uff0e%uff0e", b"\xef\xbc\x8e\xef\xbc\x8e",
    b"..%00", b"..;", b"...", b"....", b".+.", b"..%20", b".\\.", b"%2e%2e%00", b"..%01", b"%%32%65%%32%65", b"..%0d%0a", b"up",
]  # fmt: skip
SLASHES = [
    b"/",
    b"%2f",
    b"%2F",
    b"//",
    b"/./",
    b"\\",
    b"%5c",
    b"%252f",
    b"%c0%af",
    b"\xc0\xaf",
    b"/%2e/",
    b"%00/",
    b"@",
]
FRONTS = [
    b"",
    b"/",
    b"./",
    b"monitor/",
    b"/monitor/",
    b"2013-12/",
    b"good.wav/",
    b"//",
    b"%00",
    b"%2f",
    b"\\",
    b"root/",
    b"file:///",
]
TARGETS = [b"private.pem", CANARY + b".wav", b"etc/passwd", b"monitor/private.pem", b""]
WAYS = [
    b"filename=%s",
    b"filedir=%s",
    b"filedir=monitor&filename=%s",
    b"filedir=%s&filename=private.pem",
    b"filename=good.wav@%s",
    b"filename=%s@good.wav",
    b"filedir=monitor@%s",
    b"FileDir=%s&fileName=" + CANARY + b".wav",
]
LINKED = [name.partition("/")[2].encode() for name in LINKS if name.startswith("monitor/")]
BEHIND = [
    b"", b"private.pem", CANARY + b".wav", b"deep/er/" + CANARY + b".wav", b"monitor/private.pem", b"etc/passwd", b"environ", b"root/etc/passwd",
    b"fd/0", b"cwd", b"passwd",
]  # fmt: skip


def paths() -> Iterator[bytes]:
    """Yield paths that climb, paths through links, and paths that are whole."""
    for depth, (dots, slash, front, target) in enumerate(product(DOTS, SLASHES, FRONTS, TARGETS)):
        yield front + (dots + slash) * (1 + depth % 9) + target
    for link, slash, rest in product(LINKED, SLASHES[:6], BEHIND):
        yield link + slash + rest
    for absolute, slash in product((b"etc/passwd", b"proc/self/environ", b"root", b"dev/null"), SLASHES):
        yield slash + absolute.replace(b"/", slash)
        yield b"monitor" + slash + slash + absolute


def attempts() -> list[bytes]:
    """Return distinct requests, each a way of asking for one of the paths; every tenth is a POST."""
    found = dict.fromkeys(WAYS[number % len(WAYS)] % path for number, path in enumerate(paths()))
    for link in LINKED:
        found.update(dict.fromkeys(way % link for way in WAYS))
    return [_raw(query, number) for number, query in enumerate(found)]


def _raw(query: bytes, number: int) -> bytes:
    if number % 10 and b"\r" not in query:
        return b"GET /recapi?" + query + b" HTTP/1.1\r\nHost: pbx\r\n\r\n"
    front = b"POST /recapi HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
    return front % len(query) + query


ATTEMPTS = attempts()


def leaked(reply: bytes) -> bool:
    """Return whether a secret is in *reply*."""
    return any(secret in reply for secret in SECRETS)


def test_there_are_thousands_of_distinct_attempts() -> None:
    """Every dot, slash, front, target, way and link is in some of them."""
    assert len(set(ATTEMPTS)) == len(ATTEMPTS) > 15_000
    joined = b"\n".join(ATTEMPTS)
    assert all(part in joined for part in (*DOTS, *SLASHES, *FRONTS, *TARGETS, *LINKED, *BEHIND))


def test_no_attempt_gets_a_byte_from_outside(pbx: Pbx) -> None:
    """Each is answered with 404, or with what is in the spool."""
    statuses = Counter[int]()
    for raw in ATTEMPTS:
        reply = sent(pbx, raw)
        assert not leaked(whole(reply)), raw
        statuses[reply.status] += 1
    assert set(statuses) == {200, 404}
    assert min(statuses.values()) > 1000


# The check can fail


@pytest.fixture(scope="module")
def flat(root: Path) -> Pbx:
    """The PBX, which does not descend: a broken one would read the whole machine."""
    return pbx_on(root, quirks={"listing": "flat"})


def caught(pbx: Pbx, enough: int) -> int:
    """Return how many of the attempts are answered with a secret, at most *enough*; links come first."""
    replies = (leaked(whole(sent(pbx, raw))) for raw in reversed(ATTEMPTS))
    return len(list(islice(filter(None, replies), enough)))


def test_an_opener_that_follows_links_is_caught(flat: Pbx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the one flag the links lead out, in every kind of attempt."""
    monkeypatch.setattr(beneath, "_INSIDE", os.O_RDONLY | os.O_DIRECTORY)
    assert caught(flat, 30) == 30


def test_an_opener_that_follows_links_to_files_is_caught(flat: Pbx, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is one that does so at the last step."""
    monkeypatch.setattr(beneath, "_FILE", os.O_RDONLY)
    following = standing_in(stat=lambda name, **more: os.stat(name, dir_fd=more["dir_fd"]))
    monkeypatch.setattr(beneath, "os", following)
    assert caught(flat, 5) == 5


def test_rules_that_are_not_there_are_caught(flat: Pbx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what is refused by name, two dots and a whole path lead out."""
    monkeypatch.setattr(recapi, "_objection", lambda _name, _quirks: "")
    monkeypatch.setattr(recapi, "_directory", lambda path, _quirks: recapi.parts_of(path))
    # The opener refuses what the names no longer do.
    assert not [raw for raw in ATTEMPTS[::5] if leaked(whole(sent(flat, raw)))]
    monkeypatch.setattr(beneath, "_name", lambda part: part.encode("utf-8", "surrogateescape"))
    assert caught(flat, 100) == 100


def test_the_same_file_inside_the_spool_is_found(tmp_path: Path) -> None:
    """The plain request gets it: it is the place that makes the difference, and the check sees it."""
    put(tmp_path, {"monitor/private.pem": CANARY, f"monitor/sub/{CANARY.decode()}.wav": b""})
    pbx = pbx_on(tmp_path)
    found = whole(sent(pbx, b"GET /recapi?filename=private.pem HTTP/1.1\r\n\r\n"))
    assert found == file(CANARY, "text/pem")
    assert leaked(found)
    assert leaked(whole(sent(pbx, b"GET /recapi?filedir=monitor/sub HTTP/1.1\r\n\r\n")))


def test_a_link_that_leads_inside_is_not_followed_either(pbx: Pbx) -> None:
    """No link is, so that nothing has to be known about where it leads."""
    assert sent(pbx, b"GET /recapi?filename=good.wav HTTP/1.1\r\n\r\n").body == GOOD
    assert sent(pbx, b"GET /recapi?filename=inner.wav HTTP/1.1\r\n\r\n").status == 404
    assert sent(pbx, b"GET /recapi?filename=up/meetme/good.wav HTTP/1.1\r\n\r\n").status == 404


def test_links_are_listed_as_the_names_that_they_are(pbx: Pbx) -> None:
    """Their names are inside, what they lead to is not."""
    lines = sent(pbx, b"GET /recapi?filedir=monitor HTTP/1.1\r\n\r\n").body.decode().splitlines()
    names = {
        "good.wav",
        "made.wav",
        "2013-12",
        *(name.partition("/")[2] for name in LINKS if name.startswith("monitor/")),
    }
    assert sorted(lines) == sorted(
        ["Directory,Filename", "monitor/2013-12,good.wav", *(f"monitor,{name}" for name in names)]
    )
    assert sent(pbx, b"GET /recapi HTTP/1.1\r\n\r\n").body == b"Directory\nmeetme\nmonitor\nmonitor/2013-12\n"


# At the system's border


def test_no_path_with_two_dots_or_a_slash_reaches_the_system(
    pbx: Pbx, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every name that is opened is one part of a path, and stands in a directory that is open already."""
    asked: set[object] = set()

    def watching(call: str) -> Callable[..., object]:
        def watched(path: object, *args: object, **more: object) -> object:
            if not isinstance(path, int):  # a directory that is open
                asked.add(path)
                assert path == root or isinstance(more.get("dir_fd"), int)
            return getattr(os, call)(path, *args, **more)

        return watched

    monkeypatch.setattr(beneath, "os", standing_in(**{call: watching(call) for call in ("open", "stat", "scandir")}))
    for raw in ATTEMPTS[::5]:
        sent(pbx, raw)
    names = asked - {root}
    assert len(names) > 100
    assert not [
        name
        for name in names
        if not isinstance(name, bytes) or b"/" in name or name in (b".", b"..", b"") or b"\0" in name
    ]


# Over the wire


OPEN = {"tls_authentication_name": None, "tls_authentication_password": None}


@pytest.mark.ucmsim(api=OPEN, quirks={"inactivity-timeout": 5})
def test_a_sample_over_tls(ucm: Ucm) -> None:
    """Two hundred of them, sent to a real PBX whose own keys and history stand right beside its spool."""
    home = Path(ucm.ca).parent
    assert b"PRIVATE KEY" in (home / "private.pem").read_bytes()
    outside(home)
    inside(home / "spool")
    assert exchange(ucm, b"GET /recapi?filename=good.wav HTTP/1.1\r\n\r\n").endswith(GOOD)
    sample = ATTEMPTS[:: len(ATTEMPTS) // 200]
    assert len(sample) >= 200
    for raw in sample:
        reply = exchange(ucm, raw)
        assert reply.startswith((b"HTTP/1.1 404 Not Found\r\n", b"HTTP/1.1 200 OK\r\n")), raw
        assert not leaked(reply), raw
