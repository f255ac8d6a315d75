"""The sound of recordings: two voices that take turns, as a WAV that is made while it is read. Pure. Spec 6.5.

1. `Voices` holds a reel of talk a voice, made once for a process. No sample is computed after that.
2. A recording is a row of blocks. What is heard in a block, and when, is a hash of the recording's seed and the
   block's number: every byte is found at once. At the same moment two recordings as good as never sound the same; of
   an eighth of a second one in 100 000 is, of a whole block none.
3. Sound is cut only where it is silent, so that nothing clicks.
4. But for rounded sines there is no arithmetic that machines differ in (sums are `fsum`, whose rounding no release of
   Python changes): the same seed is the same bytes everywhere.
"""

from __future__ import annotations

import struct
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, islice, repeat
from math import fsum, pi, sin, sqrt
from operator import mul
from random import Random

from ucmsim.http.reply import PIECE, Body, Bytes, gathered, within

RATE = 8000
"""Samples a second."""

HEADER = 44
"""Bytes before the first sample."""

_SAMPLE = 2  # bytes
_SECOND = _SAMPLE * RATE

_BLOCK = 8 * _SECOND
_LEAD = (_SECOND // 20, _SECOND * 3 // 10)
_CALLER = (_SECOND * 3 // 2, _SECOND * 7 // 2)
_BETWEEN = (_SECOND // 5, _SECOND * 2 // 5)
_REST = _SECOND // 10
"""A block in bytes: a pause of _LEAD, the caller for at most _CALLER, a pause of _BETWEEN, the callee up to the _REST.

Pairs are the least, and what chance may add to it.
"""


class Voices:
    """The two voices of all recordings of a process; made of *chance* when the first recording is asked for."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._lock = threading.Lock()
        self._bank: _Bank | None = None

    @property
    def bank(self) -> _Bank:
        """All that they say, made once, whichever thread asks first."""
        with self._lock:
            if self._bank is None:
                self._bank = _bank(self._chance)
            return self._bank


def wav(voices: Voices, seed: int, samples: int) -> Body:
    """Return the recording of *samples* that has this *seed*."""
    return _Wav(voices.bank, seed, samples, 0, HEADER + _SAMPLE * samples)


_FRAME = bytes.fromhex("d820a2e15a50004924924924500049249249245000492492492450004924924924")
"""A fiftieth of a second of silence in GSM 06.10, as any encoder makes it."""


def gsm(samples: int) -> Body:
    """Return silence of *samples* as raw GSM 06.10: a file that players take, for what nobody encodes here."""
    return Bytes(_FRAME * -(-samples * 50 // RATE))


def size(name: str, samples: int) -> int:
    """Return how many bytes a recording of *samples* has, by its *name*."""
    return gsm(samples).length if name.endswith(".gsm") else HEADER + _SAMPLE * samples


@dataclass(frozen=True, slots=True)
class _Wav:
    """Bytes *start* to *stop* of a recording."""

    bank: _Bank
    seed: int
    samples: int
    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    def slice(self, start: int, stop: int) -> _Wav:
        return _Wav(self.bank, self.seed, self.samples, *within(self.start, self.stop, start, stop))

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        return gathered(self._parts(), size)

    def _parts(self) -> Iterator[memoryview]:
        """Yield views, some of them empty: the header, then what the bank has for each block."""
        yield memoryview(_header(self.samples))[self.start : self.stop]
        number = max(self.start - HEADER, 0) // _BLOCK
        at = HEADER + number * _BLOCK
        while at < self.stop:
            for part in self.bank.block(self.seed, number):
                yield part[max(self.start - at, 0) : max(self.stop - at, 0)]
                at += len(part)
            number += 1


def _header(samples: int) -> bytes:
    """Return the header as Asterisk's format_wav.c writes it: what follows the RIFF size is 36 bytes and the data."""
    data = _SAMPLE * samples
    riff = 36 + data
    if riff >= 1 << 32:
        # 74 hours do not fit into the fields. Of all ones ffmpeg and sox make "as far as the file goes".
        riff = data = (1 << 32) - 1
    shape = (1, 1, RATE, _SECOND, _SAMPLE, 8 * _SAMPLE)  # PCM, mono
    return struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", riff, b"WAVEfmt ", 16, *shape, b"data", data)


# --- the bank ---------------------------------------------------------------------------------------------------------

_DICE = struct.Struct("<8I")


@dataclass(frozen=True, slots=True)
class _Reel:
    """A voice that talks; at *cuts*, in bytes, a syllable begins or all ends, and turns begin at the first *starts*."""

    sound: memoryview
    cuts: tuple[int, ...]
    starts: int

    def turn(self, die: int, room: int) -> memoryview:
        """Return whole syllables, at most *room* bytes of them, from one on that *die* chooses."""
        start = self.cuts[die % self.starts]
        return self.sound[start : self.cuts[bisect_right(self.cuts, start + room) - 1]]


@dataclass(frozen=True, slots=True)
class _Bank:
    """What recordings are cut from: talk of the *caller* and the *callee*, and the *hiss* of a line in a pause."""

    caller: _Reel
    callee: _Reel
    hiss: memoryview

    def block(self, seed: int, number: int) -> tuple[memoryview, ...]:
        """Return the parts of a block."""
        dice = _DICE.unpack(blake2b(b"%d %d" % (seed, number), digest_size=_DICE.size).digest())
        lead = _hissing(self.hiss, dice[0], _spread(dice[1], _LEAD))
        first = self.caller.turn(dice[2], _spread(dice[3], _CALLER))
        between = _hissing(self.hiss, dice[4], _spread(dice[5], _BETWEEN))
        room = _BLOCK - len(lead) - len(first) - len(between)
        second = self.callee.turn(dice[6], room - _REST)
        return lead, first, between, second, _hissing(self.hiss, dice[7], room - len(second))


def _hissing(hiss: memoryview, die: int, length: int) -> memoryview:
    """Return *length* bytes of *hiss* from where *die* says."""
    start = (die % (len(hiss) - length)) & -_SAMPLE
    return hiss[start : start + length]


def _spread(die: int, span: tuple[int, int]) -> int:
    """Return what *die* makes of *span*, the least and what may be added, in whole samples."""
    least, more = span
    return least + (die % more & -_SAMPLE)


# --- the voices -------------------------------------------------------------------------------------------------------

_CALLER_VOICE = (117, 1.0)
_CALLEE_VOICE = (205, 1.15)
"""The pitch in Hz, and how much higher the formants are than those of _VOWELS."""

_VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
"""Formants of five vowels as men speak them, in Hz. Peterson and Barney 1952, "Control methods used in a study of the
vowels"."""

_RESONANCES = ((1.0, 90), (0.5, 130), (0.25, 200))
"""How strong each formant is, and how wide in Hz."""

_HIGHEST = 3400  # Hz: a telephone line carries no more
_PERIOD = 512
_SINE = tuple(round(32767 * sin(2 * pi * step / _PERIOD)) for step in range(_PERIOD))

_SYLLABLES = 24
_SYLLABLE = (_SECOND // 5, _SECOND // 8)
_PHRASE = (4, 9)  # syllables
_BREATH = (_SECOND * 3 // 20, _SECOND // 5)
_REEL = 60 * _SECOND
_ATTACK = RATE // 40
_LEVEL = 5200
_HISS = 6
"""Root mean square of a voice at its loudest, and peak of the hiss: the whole is at -20 dB of full scale."""


def _bank(chance: Random) -> _Bank:
    """Make what is heard in all recordings."""
    hiss = memoryview(_packed(byte % (2 * _HISS + 1) - _HISS for byte in chance.randbytes(4 * RATE)))
    return _Bank(_reel(*_CALLER_VOICE, hiss, chance), _reel(*_CALLEE_VOICE, hiss, chance), hiss)


def _reel(pitch: float, size: float, hiss: memoryview, chance: Random) -> _Reel:
    """Make a voice say one phrase after another, most of them falling as statements do, the others rising."""
    vowels = [_period(pitch, [size * formant for formant in formants]) for formants in _VOWELS]
    syllables = []
    for place in range(_SYLLABLES):  # from low to high
        first, last = chance.sample(vowels, 2)
        syllables.append(_syllable(pitch * (0.9 + 0.2 * place / _SYLLABLES), first, last, chance))
    said: list[bytes | memoryview] = []
    cuts = [0]
    while cuts[-1] < _REEL:
        phrase = sorted(chance.sample(range(_SYLLABLES), chance.randint(*_PHRASE)), reverse=chance.random() < 0.8)
        said += (syllables[place] for place in phrase)
        cuts += islice(accumulate((len(syllables[place]) for place in phrase), initial=cuts[-1]), 1, None)
        said.append(_hissing(hiss, chance.getrandbits(32), _spread(chance.getrandbits(32), _BREATH)))
        cuts[-1] += len(said[-1])
    return _Reel(memoryview(b"".join(said)), tuple(cuts), bisect_right(cuts, cuts[-1] - _BLOCK))


def _syllable(pitch: float, first: list[float], last: list[float], chance: Random) -> bytes:
    """Make a syllable that glides from one vowel to another and begins and ends at nought."""
    length = _spread(chance.getrandbits(32), _SYLLABLE) // _SAMPLE
    release = length // 2
    step = pitch * _PERIOD / RATE
    bend = step * chance.uniform(-0.02, 0.06) / length
    phases = [int(at * (step - bend * at)) % _PERIOD for at in range(length)]
    glide = (first[phase] + (last[phase] - first[phase]) * at / length for at, phase in enumerate(phases))
    swell = [*_rise(_ATTACK), *repeat(float(_LEVEL), length - _ATTACK - release), *reversed(_rise(release))]
    return _packed(map(int, map(mul, glide, swell)))


def _rise(length: int) -> list[float]:
    """Return a swell from nought to nearly _LEVEL that begins and ends flat."""
    return [_LEVEL * x * x * (3 - 2 * x) for x in (at / length for at in range(length))]


def _period(pitch: float, formants: list[float]) -> list[float]:
    """Return one period of a vowel with a root mean square of 1."""
    wave = [0.0] * _PERIOD
    for harmonic in range(1, _HIGHEST // int(pitch) + 1):
        loudness = 0.02 / harmonic + fsum(
            strength / (1 + ((harmonic * pitch - formant) / width) ** 2) / harmonic
            for formant, (strength, width) in zip(formants, _RESONANCES, strict=True)
        )
        # Phases that grow with the square of the harmonic keep the peaks low.
        first = 53 * harmonic * harmonic
        phases = range(first, first + harmonic * _PERIOD, harmonic)
        wave = [value + loudness * _SINE[phase % _PERIOD] for value, phase in zip(wave, phases, strict=True)]
    level = sqrt(fsum(value * value for value in wave) / _PERIOD)
    return [value / level for value in wave]


def _packed(samples: Iterable[int]) -> bytes:
    """Return *samples* as they stand in a WAV."""
    whole = tuple(samples)
    return struct.pack(f"<{len(whole)}h", *whole)
