"""The sound of recordings: a WAV that is made while it is read, from any byte on, and sounds like two people."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import threading
import tracemalloc
import wave
from array import array
from collections.abc import Iterator
from itertools import combinations, groupby, pairwise
from math import log10, sqrt
from operator import eq, mul
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clients import client
from ucmsim.http.reply import PIECE, Body
from ucmsim.recording.audio import HEADER, RATE, Voices, wav

VOICES = Voices(Random("42/voices"))
SEED = 7
MINUTE = 60 * RATE
HOUR = 60 * MINUTE
AGES = 10**15
"""Samples of 4000 years: nothing that grows with the length of a recording ends with this one."""

BLOCK = 2 * 8 * RATE
"""Bytes within which each voice has its turn."""

WHOLE = b"".join(wav(VOICES, SEED, 2 * MINUTE).chunks())
SOUND = memoryview(WHOLE)[HEADER:]

DIGEST = "bc0603872ef694750e414fd69ae60f14f511882434574216d5c137751bb21413"
PRINTS_THE_DIGEST = f"""
from hashlib import sha256
from random import Random
from ucmsim.recording.audio import Voices, wav
print(sha256(b"".join(wav(Voices(Random("42/voices")), {SEED}, {2 * MINUTE}).chunks())).hexdigest())
"""


def made(body: Body) -> bytes:
    return b"".join(body.chunks())


def samples_of(data: bytes | memoryview) -> array[int]:
    samples = array("h", bytes(data))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


SAMPLES = samples_of(SOUND)


def loudness(samples: array[int]) -> float:
    """Return the root mean square."""
    return sqrt(sum(map(mul, samples, samples)) / len(samples))


def frames(milliseconds: int, *, every: int | None = None) -> Iterator[array[int]]:
    """Yield the sound in frames, one *every* so many milliseconds, else one after the other."""
    length, step = RATE * milliseconds // 1000, RATE * (every or milliseconds) // 1000
    return (SAMPLES[at : at + length] for at in range(0, len(SAMPLES) - length, step))


def is_pause(frame: array[int]) -> bool:
    return loudness(frame) < 32


# --- the file ---------------------------------------------------------------------------------------------------------


def test_header_is_what_asterisk_writes() -> None:
    """The header of one second says RIFF, PCM, mono, 8000 samples of 16 bits a second, and both lengths."""
    assert made(wav(VOICES, SEED, 8000).slice(0, HEADER)) == (
        b"RIFF\xa4\x3e\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00"
        b"data\x80\x3e\x00\x00"
    )


@pytest.mark.parametrize("samples", [0, 1, 2, 7999, 8000, 8001, 63999, 64000, 64001, 244640])
def test_length_is_that_of_header_and_samples(samples: int) -> None:
    """A recording has two bytes a sample after the 44 of its header, and that is what the header says."""
    body = wav(VOICES, SEED, samples)
    data = made(body)
    assert body.length == len(data) == 44 + 2 * samples
    assert data[4:8] == (36 + 2 * samples).to_bytes(4, "little")
    with wave.open(io.BytesIO(data)) as read:
        assert read.getparams() == (1, 2, 8000, samples, "NONE", "not compressed")
        assert read.readframes(samples) == data[HEADER:] == SOUND[: 2 * samples]


@pytest.mark.parametrize(
    ("samples", "riff", "data"),
    [
        (2**31 - 19, b"\xfe\xff\xff\xff", b"\xda\xff\xff\xff"),
        (2**31 - 18, b"\xff\xff\xff\xff", b"\xff\xff\xff\xff"),
        (AGES, b"\xff\xff\xff\xff", b"\xff\xff\xff\xff"),
    ],
)
def test_lengths_that_do_not_fit_are_all_ones(samples: int, riff: bytes, data: bytes) -> None:
    """From 4 GiB on both lengths in the header are all ones; the recording itself is as long as it is."""
    body = wav(VOICES, SEED, samples)
    header = made(body.slice(0, HEADER))
    assert (header[4:8], header[40:44]) == (riff, data)
    assert body.length == 44 + 2 * samples


def test_sox_reads_it(tmp_path: Path) -> None:
    """Sox finds the rate, one channel, 16 bits and the duration, and as many samples as there are."""
    sox, file = client("sox"), _written(wav(VOICES, SEED, 244640), tmp_path)
    said = [_ran(sox, "--i", option, file).strip() for option in ("-t", "-r", "-c", "-b", "-s", "-D")]
    assert said == ["wav", "8000", "1", "16", "244640", "30.580000"]
    assert len(_ran(sox, file, "-t", "dat", "-").splitlines()) == 2 + 244640


def test_ffprobe_reads_it(tmp_path: Path) -> None:
    """Ffprobe finds the codec, the rate, one channel, 16 bits and the duration."""
    stream = _probed(wav(VOICES, SEED, 244640), tmp_path)
    expected = {
        "codec_name": "pcm_s16le",
        "sample_rate": "8000",
        "channels": 1,
        "bits_per_sample": 16,
        "duration_ts": 244640,
        "duration": "30.580000",
    }
    assert {key: stream[key] for key in expected} == expected


def test_clients_read_on_where_the_lengths_did_not_fit(tmp_path: Path) -> None:
    """What was loaded so far of a recording beyond 4 GiB is read to its end."""
    begun = wav(VOICES, SEED, AGES).slice(0, HEADER + 2 * 3 * RATE)
    assert _probed(begun, tmp_path)["duration"] == "3.000000"
    assert len(_ran(client("sox"), "-V1", _written(begun, tmp_path), "-t", "dat", "-").splitlines()) == 2 + 3 * RATE


def _written(body: Body, folder: Path) -> str:
    file = folder / "recording.wav"
    file.write_bytes(made(body))
    return str(file)


def _ran(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def _probed(body: Body, folder: Path) -> dict[str, object]:
    shown = _ran(client("ffprobe"), "-v", "error", "-show_streams", "-of", "json", _written(body, folder))
    (stream,) = json.loads(shown)["streams"]
    return stream


# --- a lazy body ------------------------------------------------------------------------------------------------------

PLACES = st.integers(0, len(WHOLE) + 100) | st.sampled_from([0, HEADER - 1, HEADER, HEADER + BLOCK, len(WHOLE)])


@given(first=st.tuples(PLACES, PLACES), second=st.tuples(PLACES, PLACES))
def test_slices_are_those_of_the_whole(first: tuple[int, int], second: tuple[int, int]) -> None:
    """A slice, and a slice of it, begin and end at any byte and are what the whole has there, past its end too."""
    start, stop = sorted(first)
    once = wav(VOICES, SEED, 2 * MINUTE).slice(start, stop)
    assert made(once) == WHOLE[start:stop]
    assert once.length == len(WHOLE[start:stop])
    again, until = sorted(second)
    twice = once.slice(again, until)
    assert made(twice) == WHOLE[start:stop][again:until]
    assert twice.length == len(WHOLE[start:stop][again:until])


@settings(max_examples=50)
@given(start=PLACES, length=st.integers(0, 3 * BLOCK), size=st.integers(50, 2 * BLOCK) | st.just(PIECE))
def test_pieces_are_full_and_join_to_the_whole(start: int, length: int, size: int) -> None:
    """Whatever the size of a piece, all but the last have it, none is empty, and together they are the body."""
    pieces = list(wav(VOICES, SEED, 2 * MINUTE).slice(start, start + length).chunks(size))
    assert b"".join(pieces) == WHOLE[start : start + length]
    assert {len(piece) for piece in pieces[:-1]} <= {size}
    assert all(0 < len(piece) <= size for piece in pieces)


@pytest.mark.parametrize("size", [1, 2, 3, 43, 44, 45])
def test_pieces_may_be_tiny(size: int) -> None:
    """Pieces shorter than the header or a sample join to the same bytes."""
    pieces = list(wav(VOICES, SEED, 2000).chunks(size))
    assert b"".join(pieces) == made(wav(VOICES, SEED, 2000))
    assert {len(piece) for piece in pieces[:-1]} == {size}


def test_never_whole_in_memory() -> None:
    """An hour, 58 MB, is made in less than a MB."""
    assert VOICES.bank
    tracemalloc.start()
    try:
        length = sum(map(len, wav(VOICES, SEED, HOUR).chunks()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length == 44 + 2 * HOUR
    assert peak < 1_000_000


def test_nothing_is_made_that_is_not_asked_for() -> None:
    """The first piece of 4000 years of sound is there as soon as that of two minutes, and so is the last."""
    body = wav(VOICES, SEED, AGES)
    tracemalloc.start()
    try:
        first = next(iter(body.chunks()))
        (last,) = body.slice(body.length - 1000, body.length).chunks()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert first[HEADER:] == WHOLE[HEADER:PIECE]
    assert last == made(body.slice(body.length - 3 * BLOCK, body.length))[-1000:]
    assert peak < 1_000_000


def test_memory_is_shared_by_all_recordings() -> None:
    """A thousand recordings cost no more than their seeds and lengths, the voices a few MB when the first is made."""
    assert VOICES.bank
    tracemalloc.start()
    try:
        kept = [wav(VOICES, seed, HOUR) for seed in range(1000)]
        recordings = tracemalloc.get_traced_memory()[0]
        tracemalloc.clear_traces()
        voices = Voices(Random(1))
        unused = tracemalloc.get_traced_memory()[0]
        kept.append(wav(voices, SEED, HOUR))
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert {body.length for body in kept} == {44 + 2 * HOUR}
    assert recordings < 300_000
    assert unused < 10_000
    assert 1_000_000 < used < 4_000_000


def test_voices_are_made_once() -> None:
    """Of several threads that ask at once all get the same voices, and those that one thread alone would have got."""
    voices, begin = Voices(Random("42/voices")), threading.Barrier(4)
    bodies: list[Body] = []

    def ask() -> None:
        begin.wait()
        bodies.append(wav(voices, SEED, 2 * MINUTE))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies == [bodies[0]] * 4
    assert [made(body) == WHOLE for body in bodies] == [True] * 4


# --- the same, and never the same -------------------------------------------------------------------------------------


def test_same_seed_same_bytes() -> None:
    """The same seeds give the same bytes, in this process, in another one, and in any other release."""
    assert made(wav(VOICES, SEED, 2 * MINUTE)) == WHOLE
    assert hashlib.sha256(WHOLE).hexdigest() == DIGEST
    assert _ran(sys.executable, "-c", PRINTS_THE_DIGEST).strip() == DIGEST


def test_a_longer_recording_begins_as_the_shorter_one() -> None:
    """How long a recording is changes nothing of what is heard in it."""
    assert made(wav(VOICES, SEED, 3 * MINUTE).slice(HEADER, len(WHOLE))) == SOUND


def test_other_voices_speak_otherwise() -> None:
    """Another seed of the process is another sound of every recording."""
    other = made(wav(Voices(Random("43/voices")), SEED, 2 * MINUTE))
    assert _alike(samples_of(other[HEADER:]), SAMPLES) < 0.05


def test_every_block_of_every_recording_is_its_own() -> None:
    """No block of one recording is found in another, or elsewhere in the same one."""
    blocks = [
        made(wav(VOICES, seed, 2 * MINUTE).slice(at, at + BLOCK))
        for seed in (*range(-20, 20), SEED + 2**64, *(Random(seed).getrandbits(64) for seed in range(20)))
        for at in range(HEADER, HEADER + 15 * BLOCK, BLOCK)
    ]
    assert len(set(blocks)) == len(blocks) == 61 * 15


def test_recordings_differ_nearly_everywhere() -> None:
    """At the same place of two recordings nearly every sample differs, and no half second is the same."""
    recordings = [samples_of(made(wav(VOICES, seed, MINUTE))[HEADER:]) for seed in range(8)]
    step = RATE // 2
    for one, other in combinations(recordings, 2):
        assert _alike(one, other) < 0.03
        assert all(one[at : at + step] != other[at : at + step] for at in range(0, MINUTE, step))


def _alike(one: array[int], other: array[int]) -> float:
    """Return the share of samples that are the same at the same place."""
    return sum(map(eq, one, other)) / len(one)


# --- what is heard ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pitches() -> list[tuple[float, float]]:
    """The pitch of what is said, ten times a second, and how plain it is."""
    return [_pitch(frame) for frame in frames(40, every=100) if not is_pause(frame)]


def test_loud_as_a_telephone_call() -> None:
    """The sound is about 20 dB below full scale, its peaks stay below it, and it has no direct current."""
    assert -21.5 < 20 * log10(loudness(SAMPLES) / 32768) < -18.5
    assert 8000 < max(map(abs, SAMPLES)) < 24000
    assert abs(sum(SAMPLES) / len(SAMPLES)) < 2


def test_pauses() -> None:
    """A tenth to three tenths are pauses; none of them is longer than a breath, and no talk goes on for long."""
    quiet = [is_pause(frame) for frame in frames(20)]
    assert 0.1 < sum(quiet) / len(quiet) < 0.3
    runs = [(pausing, len(list(run)) * 0.02) for pausing, run in groupby(quiet)]
    assert max(seconds for pausing, seconds in runs if pausing) < 1.5
    assert max(seconds for pausing, seconds in runs if not pausing) < 4


def test_a_pause_is_no_hole() -> None:
    """In a pause there is the faint hiss of a line, never a row of zeros."""
    quietest = min(loudness(frame) for frame in frames(20))
    assert 2 < quietest < 8
    assert max(len(list(run)) for sample, run in groupby(SAMPLES) if not sample) < RATE // 100


def test_no_clicks() -> None:
    """Out of the hiss of a pause sound rises slowly, and into it it falls slowly."""
    quiet = [abs(sample) < 16 for sample in SAMPLES]
    edges = 0
    for at in range(16, len(SAMPLES) - 16):
        before, after = all(quiet[at - 16 : at]), all(quiet[at + 1 : at + 17])
        if not quiet[at] and (before or after):
            edges += 1
            assert abs(SAMPLES[at]) < 100
    assert edges > 100
    assert max(abs(after - before) for before, after in pairwise(SAMPLES)) < 10000


def test_two_voices_take_turns(pitches: list[tuple[float, float]]) -> None:
    """A low and a high voice are heard one after the other, the caller's low one first, each for some seconds."""
    plain = [pitch for pitch, strength in pitches if strength > 0.8]
    turns = [(high, list(run)) for high, run in groupby(plain, key=lambda pitch: pitch > 148)]
    assert [high for high, _ in turns] == [False, True] * 15
    assert all(0.5 < len(run) * 0.1 < 7 for _, run in turns)
    caller, callee = (sorted(pitch for high, run in turns if high == whose for pitch in run) for whose in (False, True))
    assert 105 < caller[len(caller) // 2] < 130
    assert 185 < callee[len(callee) // 2] < 225


def test_it_is_no_noise(pitches: list[tuple[float, float]]) -> None:
    """What is heard repeats itself from one period to the next, and is low as voices are; noise does and is neither."""
    strengths = sorted(strength for _, strength in pitches)
    assert strengths[len(strengths) // 2] > 0.95
    assert strengths[len(strengths) // 20] > 0.6
    talk = [frame for frame in frames(20) if not is_pause(frame)]
    crossings = sum((early < 0) != (late < 0) for frame in talk for early, late in pairwise(frame))
    assert 300 < crossings / (len(talk) * 0.02) < 2000


def test_syllables() -> None:
    """A voice swells and falls three to five times a second."""
    swells = sum(loud for loud, _ in groupby(loudness(frame) > 2000 for frame in frames(10)))
    talking = sum(not is_pause(frame) for frame in frames(20)) * 0.02
    assert 3 < swells / talking < 5


def _pitch(frame: array[int]) -> tuple[float, float]:
    """Return the pitch in Hz by autocorrelation, and how much of the frame it explains, up to 1."""
    window = len(frame) - RATE // 80
    found = {}
    for lag in range(RATE // 260, RATE // 80):
        early, late = frame[:window], frame[lag : lag + window]
        found[lag] = sum(map(mul, early, late)) / sqrt(sum(map(mul, early, early)) * sum(map(mul, late, late)) or 1)
    best = max(found.values())
    # The double period fits as well: the shortest of those that fit is meant.
    lag = next(lag for lag, strength in found.items() if strength > 0.9 * best)
    return RATE / lag, best
