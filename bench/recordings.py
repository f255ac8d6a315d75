"""The recordings part: WAVs, tars and a listing from ucmsim, the same bytes as files from nginx, and their memory."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from bench import history, load, rounds
from bench.growth import Download, take
from bench.machine import Cores, tool
from bench.proc import rss_mb
from bench.rounds import Contestant, Load
from bench.servers import Server, nginx, ucmsim

MOST_GROWTH = 40.0
"""Megabytes that parallel downloads of a WAV may add to the idle process."""

_LONG, _SHORT = 262, 65
"""Seconds of the WAV of 4 MB, and of those of 1 MB that a tar holds."""
_IN_TAR = 20
_LISTED, _IN_A_ROW = 100_000, 100
"""Recordings of the long listing, and how many of them one CDR names."""
_CROWD = 64
_PAUSE = 1.0
_TIMES = 5
_LIMIT = 60.0
_BEGUN = 1772388000  # 2026-03-01 12:00 in Chicago


def _names(numbers: range) -> list[str]:
    return [f"2026-03/auto-{_BEGUN + number}-1000-1001.wav" for number in numbers]


_WAV, *_MEMBERS = _names(range(1 + _IN_TAR))
_OWN = "own.wav"
WAV, OWN, TAR = (f"/recapi?filename={names}" for names in (_WAV, _OWN, "@".join(_MEMBERS)))
LISTING = "/recapi?filedir=monitor"


@dataclass(slots=True)
class Recorded:
    """What came of the recordings part; *memory* is resident megabytes after the loads, *facts* the sizes of bodies."""

    loads: list[Load]
    downloads: list[Download]
    memory: dict[str, float]
    facts: dict[str, str]


def measured(
    home: Path,
    like: Path,
    cores: Cores,
    *,
    count: int,
    seconds: float,
    repeats: int,
    notes: list[str],
    tell: Callable[[str], None],
) -> Recorded:
    """Run the loads on one pair of servers, then every download *repeats* times, each time on new ones.

    The imported histories have the columns of the device CSV file *like*.
    """
    few, many = _kept(home, like)
    tell("recordings, starting the servers")
    with _device(home / "loads", few, cores) as device:
        files = _files(device)
        with _beside(home / "loads", device, files, cores) as other:
            _agreed(device, other, files)
            loads = _loads(device, other, files) if tool("ab") else []
            tell("recordings, warming up")
            rounds.warm(loads, cores)
            rounds.run(loads, cores, count=count, seconds=seconds, limit=_LIMIT, notes=notes,
                       tell=lambda what: tell(f"recordings, {what}"))  # fmt: skip
            memory = {"ucmsim, recordings": rss_mb(device.pid)}
    tell(f"importing {_LISTED} recordings")
    with _device(home / "importing", many, cores) as device:
        listing = device.fetch(LISTING)
        if (found := listing.count(b".wav\n")) != _LISTED:
            raise SystemExit(f"The listing holds {found} recordings, not {_LISTED}")
    downloads = _downloads(files, listing)
    for number in range(repeats):
        for download in downloads:
            tell(f"{download.label}, {number + 1} of {repeats}")
            place = home / f"{download.id}-{number}"
            # What a former process kept: one that has filled its history has memory to spare.
            with _device(place, few if download.file else many, cores) as device:
                take(download, device, download.path, WAV, cores, notes)
                with _beside(place, device, files if download.file else {}, cores) as other:
                    if other and download.file:
                        take(download, other, download.file, "/rec.wav", cores, notes)
    return Recorded(loads, downloads, memory, {name: f"{len(data)} B" for name, data in files.items()})


@dataclass(frozen=True, slots=True)
class _Kept:
    """A folder for the *state* of one ucmsim after another, and what the first one is to import."""

    state: Path
    imported: Path


def _kept(home: Path, like: Path) -> tuple[_Kept, _Kept]:
    """Return the recordings to download, and the many to list."""
    home.mkdir()
    calls = [(_LONG, [_WAV]), *((_SHORT, [name]) for name in _MEMBERS)]
    parts = (range(first, first + _IN_A_ROW) for first in range(0, _LISTED, _IN_A_ROW))
    listed = ((_SHORT, _names(part)) for part in parts)
    few, many = home / "few.json", home / "many.json"
    return (
        _Kept(home / "few", history.recorded(few, like, calls)),
        _Kept(home / "many", history.recorded(many, like, listed)),
    )


@contextmanager
def _device(place: Path, kept: _Kept, cores: Cores) -> Iterator[Server]:
    place.mkdir()
    source = {"import": str(kept.imported)}
    with ucmsim("ucmsim", place / "ucmsim", cores, history=source, state=kept.state, tls_max="1.3") as server:
        yield server


@contextmanager
def _beside(place: Path, device: Server, files: dict[str, bytes], cores: Cores) -> Iterator[Server | None]:
    """Run nginx with *device*'s certificate; None when there are no *files*, or no nginx, which is noted elsewhere."""
    if not files or tool("nginx") is None:
        yield None
        return
    with nginx(place / "nginx", cores, device, files) as server:
        yield server


def _files(device: Server) -> dict[str, bytes]:
    """Return what nginx serves; the WAV is put into the spool of *device* as a user's own file."""
    files = {"rec.wav": device.fetch(WAV), "rec.tar": device.fetch(TAR)}
    (device.spool / "monitor" / _OWN).write_bytes(files["rec.wav"])
    return files


def _agreed(device: Server, other: Server | None, files: dict[str, bytes]) -> None:
    """Raise `SystemExit` when a body is not what it should be, or two servers differ in one."""
    bodies = {"own file of ucmsim": (device.fetch(OWN), files["rec.wav"])}
    if other:
        bodies |= {f"{name} of nginx": (other.fetch(f"/{name}"), data) for name, data in files.items()}
    with tarfile.open(fileobj=BytesIO(files["rec.tar"]), mode="r:") as tar:
        read = {member.name: opened.read() for member in tar if (opened := tar.extractfile(member))}
    if list(read) != [Path(name).name for name in _MEMBERS]:
        raise SystemExit(f"The tar holds {', '.join(read) or 'nothing'}")
    bodies |= {f"{name} in the tar": (read[Path(name).name], _wav(device, name)) for name in _MEMBERS}
    for what, (body, expected) in bodies.items():
        if body != expected:
            raise SystemExit(f"The {what} differs: {len(body)} bytes, not {len(expected)}")
    if other and other.negotiated() != device.negotiated():
        raise SystemExit(f"nginx agreed on {other.negotiated()}, ucmsim on {device.negotiated()}")


def _wav(device: Server, name: str) -> bytes:
    return device.fetch(f"/recapi?filename={name}")


def _loads(device: Server, other: Server | None, files: dict[str, bytes]) -> list[Load]:
    wav, tar = (Contestant(other, f"/{name}") if other else None for name in files)
    size, tar_size = map(len, files.values())
    few, fewer = partial(load.ab_whole, a_second=40), partial(load.ab_whole, a_second=8)
    return [
        Load("wav", f"WAV, {size} B", "ab", few, Contestant(device, WAV), wav, wanted=0.40, size=size),
        Load("wav-own", f"WAV put into the spool, {size} B", "ab", few, Contestant(device, OWN), wav, size=size),
        Load("tar", f"tar of {_IN_TAR}, {tar_size} B", "ab", fewer, Contestant(device, TAR), tar, size=tar_size),
    ]


def _downloads(files: dict[str, bytes], listing: bytes) -> list[Download]:
    wav, tar = (f"{len(data)} B" for data in files.values())
    crowd = f"{_CROWD} at once: WAV, {wav}"
    silent = f"the same, but nobody reads for {_PAUSE:.0f} s"
    return [
        Download("parallel", crowd, WAV, "/rec.wav", clients=_CROWD, wanted=MOST_GROWTH),
        Download("stopped", silent, WAV, "/rec.wav", clients=_CROWD, pause=_PAUSE, wanted=MOST_GROWTH),
        Download("tar", f"tar of {_IN_TAR}, {tar}", TAR, "/rec.tar", times=_TIMES),
        Download("listing", f"listing of {_LISTED} recordings, {len(listing)} B", LISTING, times=_TIMES),
    ]
