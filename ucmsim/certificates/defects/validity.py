"""When it is valid: times that are over, still to come, or written as no time may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ucmsim.certificates.defects import der
from ucmsim.certificates.defects.drafting import issued, leaf, moved, server_key
from ucmsim.certificates.defects.row import Defect, Scene, Script, Shown

_Time = Callable[[Scene], bytes]


def _from_now(days: float) -> _Time:
    return lambda scene: der.moment(moved(scene.now, days))


def _written(tag: int, text: str) -> _Time:
    return lambda _scene: der.tlv(tag, text.encode())


def _as(days: float, pattern: str, tag: int = der.UTC_TIME) -> _Time:
    """Return the time *days* from now, written by *pattern*."""
    return lambda scene: der.tlv(tag, moved(scene.now, days).strftime(pattern).encode())


def _generalized(days: float) -> _Time:
    return lambda scene: der.generalized(moved(scene.now, days))


_YESTERDAY, _IN_A_YEAR = _from_now(-1), _from_now(396)


def _span(begins: _Time = _YESTERDAY, ends: _Time = _IN_A_YEAR) -> Callable[[Scene], Shown]:
    """Return the maker of a certificate that is flawless but for its times."""

    def make(scene: Scene) -> Shown:
        key = server_key(scene)
        return issued(scene, key, replace(leaf(scene, key), not_before=begins(scene), not_after=ends(scene)))

    return make


def _scripted(ends: _Time) -> Callable[[Scene], Shown]:
    return lambda scene: replace(_span(ends=ends)(scene), script=Script())


def _outlives_its_issuer(scene: Scene) -> bytes:
    end = scene.authority.certificate.not_valid_after_utc
    return der.moment(moved(end, 365))


_row = partial(Defect, "time")

ROWS = (
    _row("expired", "refuse", "The certificate ended three days ago.", "RFC 5280, 4.1.2.5; badssl expired",
         "thirty days that are over", _span(_from_now(-33), _from_now(-3))),
    _row("not-yet-valid", "refuse", "The certificate begins in three days.", "RFC 5280, 4.1.2.5; badtls.io",
         "days that are to come", _span(_from_now(3), _from_now(400))),
    _row("expired-for-years", "refuse", "The certificate ended ten years ago.", "RFC 5280, 4.1.2.5",
         "a year that is long over", _span(_from_now(-4018), _from_now(-3653))),
    _row("valid-in-ten-years", "refuse", "The certificate begins in ten years.", "RFC 5280, 4.1.2.5",
         "a year that is far away", _span(_from_now(3653), _from_now(4018))),
    _row("expired-before-1970", "refuse", "The certificate was valid from 1951 to 1969.", "RFC 5280, 4.1.2.5.1",
         "years before the epoch of computers", _span(_written(der.UTC_TIME, "510101000000Z"), _written(der.UTC_TIME, "691231235959Z"))),
    _row("ends-before-it-begins", "refuse", "The certificate begins in ten days and ended ten days ago.",
         "RFC 5280, 4.1.2.5; x509-limbo", "the two times swapped", _span(_from_now(10), _from_now(-10))),
    _row("valid-for-centuries", "accept", "The certificate has no end: it is valid to the last second of 9999.", "RFC 5280, 4.1.2.5",
         "99991231235959Z as the end", _span(ends=_written(der.GENERALIZED_TIME, "99991231235959Z"))),
    _row("valid-for-ten-years", "policy", "The certificate is valid for ten years, which public CAs may not issue.",
         "CA/Browser Forum Baseline Requirements, 6.3.2", "a late end", _span(ends=_from_now(3652))),
    _row("outlives-its-issuer", "policy", "The certificate ends a year after the CA's own does.", "RFC 5280, 6.1; X.509 shell model",
         "an end behind that of the CA", _span(ends=_outlives_its_issuer)),
    _row("valid-since-1950", "accept", "The certificate is valid since the first second that UTCTime can tell.", "RFC 5280, 4.1.2.5.1",
         "500101000000Z as the beginning", _span(begins=_written(der.UTC_TIME, "500101000000Z"))),
    _row("generalized-time-too-early", "policy", "Years that UTCTime can tell are written as GeneralizedTime.", "RFC 5280, 4.1.2.5",
         "both times in the other form", _span(_generalized(-1), _generalized(396))),
    _row("time-without-seconds", "refuse", "The end is written without its seconds.", "RFC 5280, 4.1.2.5.1; x509-limbo",
         "a UTCTime of eleven letters", _scripted(_as(396, "%y%m%d%H%MZ")), "scripted"),
    _row("time-as-text", "refuse", "The end has the right digits, and is a text where a time is due.", "RFC 5280, 4.1",
         "a UTF8String", _scripted(_as(396, "%y%m%d%H%M%SZ", der.UTF8)), "scripted"),
    _row("time-with-offset", "refuse", "The end is written with an offset in place of Z.", "RFC 5280, 4.1.2.5.1; x509-limbo",
         "a UTCTime that ends in +0000", _span(ends=_as(396, "%y%m%d%H%M%S+0000"))),
    _row("time-with-fraction", "refuse", "The end is written with a fraction of its seconds.", "RFC 5280, 4.1.2.5.2; x509-limbo",
         "a GeneralizedTime that ends in .5Z", _span(ends=_as(396, "%Y%m%d%H%M%S.5Z", der.GENERALIZED_TIME))),
    _row("time-in-month-13", "refuse", "The end is on day 32 of month 13.", "RFC 5280, 4.1.2.5.1",
         "a UTCTime of such digits", _span(ends=_as(396, "%y1332%H%M%SZ"))),
    _row("time-of-letters", "refuse", "The end is a word, not a time.", "RFC 5280, 4.1.2.5.1",
         "a UTCTime of letters", _span(ends=_written(der.UTC_TIME, "tomorrow noon"))),
)  # fmt: skip
