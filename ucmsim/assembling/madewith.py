"""What a history was made with, as it is noted in it, and how that differs from what the settings say now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ucmsim.personalities import names, personality
from ucmsim.quirks import PERSONALITY, ROWS
from ucmsim.settings import Pbx, Traffic

_STORED = ("columns", *(row.id for row in ROWS if row.switchable))
"""The quirks that decide what is stored."""
_USUAL = Traffic()
_MAILBOX, _FIRST_NOTED_WITH = "quirk voicemail-row", "quirk one-row-lastapp"
"""Whether voicemail makes a second row was no matter of this quirk before G3, until the other was there."""


def facts(settings: Pbx, seed: int) -> dict[str, str]:
    """Return what a history that is filled by these *settings* and *seed* is made with, as text by key."""
    source = settings.history
    made = (
        f"{source.days} days of {source.calls_per_day} calls"
        if source.import_ is None
        else f"import of {source.import_}"
    )
    return {
        "seed": str(seed),
        "history": made,
        "personality": settings.personality.id,
        "time_zone": settings.time_zone.key,
        "extensions": str(settings.extensions),
        "trunks": ", ".join(map(str, settings.trunks)),
        "traffic": _traffic(settings),
        "restarts": ", ".join(instant.isoformat() for instant in settings.restarts) or "none",
        "clock.corrections": ", ".join(map(str, settings.clock.corrections)) or "none",
        "recording": _recording(settings),
        **_quirks(settings),
    }


def _recording(settings: Pbx) -> str:
    recording = settings.recording
    over_ami = f", {recording.ami:g} of them over AMI" if recording.ami else ""
    return f"{recording.share:g} of {', '.join(sorted(set(recording.kinds))) or 'no calls'}{over_ami}"


def _traffic(settings: Pbx) -> str:
    """Return what shapes the calls; whether they go on is no matter of those that were made."""
    made = settings.traffic if not settings.traffic.live else settings.traffic.model_copy(update={"live": False})
    return "usual" if made == _USUAL else made.model_dump_json(exclude_defaults=True)


def _quirks(settings: Pbx) -> dict[str, str]:
    """Return what the quirks are set to; what follows from the personality's columns is no difference of its own."""
    register, decides = settings.register, settings.personality.decides
    return {
        f"quirk {quirk_id}": PERSONALITY if decides.get(quirk_id) == register[quirk_id] else str(register[quirk_id])
        for quirk_id in _STORED
    }


def differences(made_with: Mapping[str, str], now_with: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each of *now_with* that is another than what a history was *made_with*.

    What that does not say is no difference: an older version did not know it.
    """
    known = made_with.get("personality")
    decides = personality(known).decides if known in names() else {}
    decided = {f"quirk {quirk_id}": str(value) for quirk_id, value in decides.items()}
    if _FIRST_NOTED_WITH not in made_with and decided.get(_MAILBOX) == "none":
        made_with = {**made_with, _MAILBOX: "none"}
    for key, now in now_with.items():
        then = made_with.get(key, now)
        # An older version noted what a personality decided by itself like a choice, where it did not ask for it yet.
        if then != now and not (now == PERSONALITY and then == decided.get(key)):
            yield f"the kept history was made with {key} '{then}', and the configuration says '{now}'; a reset while it runs begins anew, and --fresh at the start"
