"""The rules that join several keys, judged on the values as they were written.

They are kept apart from the models, because a model is only asked for such a rule when each of its keys is right, and
a user is to hear of everything at once. What is wrong by itself is passed over here: the models say it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_address
from math import isfinite
from typing import Any, TypeGuard, TypeVar

from ucmsim import personalities
from ucmsim.instants import SECOND, NoInstant, microseconds, moved_within_time, within_time
from ucmsim.settings.addresses import DEFAULT_CONTROL_PORT, DEFAULT_PORT, Address, parse_address
from ucmsim.settings.model import TLS_VERSIONS, tls_range
from ucmsim.settings.office import Extensions
from ucmsim.settings.phases import LONGEST, SHORTEST
from ucmsim.settings.templates import MARK, Member, Template, filled, members
from ucmsim.settings.traffic import SHARES, TIMES, default_of

T = TypeVar("T")
Broken = tuple[tuple[str | int, ...], str, str]
"""Where a rule is broken, what is wrong, what would be right."""


def broken(value: Any, written: Mapping[str, Any], templates: Mapping[str, Template]) -> Iterator[Broken]:
    """Yield the rules that the whole configuration *value* breaks, which has the first PBX in the place of each template.

    *written* are its PBXs as they were written, the *templates* among them.
    """
    top = _mapping(value)
    pbxs = pbxs_in(value)
    if "pbxs" in top and top["pbxs"] == {} and "control" not in top:
        yield ("pbxs",), "there is no PBX and no control plane to add one", "write at least one PBX under 'pbxs:'"
    for name, pbx in pbxs.items():
        for path, wrong, right in broken_in_pbx(pbx):
            yield ("pbxs", name, *path), wrong, right
    yield from _names(written, templates)
    yield from _control(_mapping(top.get("control")))
    yield from _ports(top, written, templates)


def pbxs_in(value: Any) -> Mapping[str, Mapping[str, Any]]:
    """Return the PBXs of a configuration as they were written, those that are no mapping left out."""
    pbxs = _mapping(_mapping(value).get("pbxs"))
    return {name: pbx for name, pbx in pbxs.items() if isinstance(pbx, Mapping)}


def broken_in_pbx(value: Any) -> Iterator[Broken]:
    """Yield the rules that the settings of one PBX break."""
    pbx = _mapping(value)
    api, history = _mapping(pbx.get("api")), _mapping(pbx.get("history"))
    named = [key for key in ("tls_private_key", "tls_cert") if api.get(key) is not None]
    if len(named) == 1:
        missing = "tls_cert" if named == ["tls_private_key"] else "tls_private_key"
        yield ("api", named[0]), f"'{missing}' is missing", "name both files, or neither to have them minted"
    if history.get("import") is not None and (others := [key for key in ("days", "calls_per_day") if key in history]):
        yield (
            ("history", "import"),
            f"'import' does not go with {' and '.join(map(repr, others))}",
            "keep one of the two",
        )
    yield from _tls(pbx)
    yield from _caller_ids(_mapping(pbx.get("extensions")))
    yield from _corrections(_mapping(pbx.get("clock")).get("corrections"))
    for path, wrong, right in broken_in_traffic(pbx.get("traffic")):
        yield ("traffic", *path), wrong, right


def broken_in_clock_change(value: Mapping[str, Any]) -> Iterator[Broken]:
    """Yield the rules that a change of a PBX clock breaks."""
    if not value:
        yield (), "there is nothing to change", "give now, advance or step, or rate, or time_zone"
    first, *others = [key for key in ("now", "advance", "step") if key in value] or [""]
    for other in others:
        yield (other,), f"'{other}' does not go with '{first}'", "keep one of the two; rate and time_zone go with each"


def broken_in_traffic(value: Any) -> Iterator[Broken]:
    """Yield the rules that the settings of `traffic` break; paths begin below it."""
    traffic = _mapping(value)
    if not traffic:
        return  # the defaults break none
    for path in TIMES:
        given = _mapping(traffic.get(path[0]) if len(path) == 1 else _mapping(traffic.get(path[0])).get(path[1]))
        median, longest = ({**default_of(path), **given}[key] for key in ("median", "longest"))
        sound = all(_is_number(one) and SHORTEST <= one <= LONGEST for one in (median, longest))
        if sound and median > longest:
            key = "median" if "median" in given else "longest"
            yield (*path, key), f"the median, {median:g} s, is above the longest, {longest:g} s", "let it be below"
    for name in SHARES:
        shares = default_of((name,)) | dict(_mapping(traffic.get(name)))
        if all(_is_number(share) and not share for share in shares.values()):
            yield (name,), "every share is 0", "let at least one be more"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _corrections(value: Any) -> Iterator[Broken]:
    written = value if isinstance(value, list | tuple) else ()
    for at, one in enumerate(written):
        if isinstance(one, Mapping) and ("step" in one) + ("time_zone" in one) != 1:
            yield ("clock", "corrections", at), "this is one of step and time_zone", "give exactly one of the two"
    ahead = 0
    for instant, at, step in sorted(_steps(written)):
        try:
            moved_within_time(instant + ahead, step)
        except NoInstant as none:  # as of a step while the unit runs: the clock would stand there, and not step back
            yield ("clock", "corrections", at, "step"), none.wrong, none.right
        else:
            ahead += round(step * SECOND)


def _steps(corrections: Iterable[Any]) -> Iterator[tuple[int, int, float]]:
    """Yield each step of the *corrections*: its instant in microseconds of the epoch, its place among them, its seconds."""
    for at, one in enumerate(map(_mapping, corrections)):
        with suppress(NoInstant, OverflowError):
            if _is_number(step := one.get("step")) and isfinite(step):
                yield microseconds(within_time(one.get("at"))), at, float(step)


def _caller_ids(extensions: Mapping[str, Any]) -> Iterator[Broken]:
    """Yield the caller IDs of extensions that there are not, or that had one before."""
    given, usual = extensions.get("caller_ids"), Extensions()
    first, count = extensions.get("first", usual.first), extensions.get("count", usual.count)
    if not isinstance(given, list | tuple) or not (_is_whole(first) and _is_whole(count)):
        return
    numbers = [_mapping(one).get("extension") for one in given]
    for at, number in enumerate(numbers):
        path = ("extensions", "caller_ids", at, "extension")
        if _is_whole(number) and number >= 1 and not first <= number < first + count:
            yield path, f"there is no extension {number}", f"they are {first} to {first + count - 1}"
        elif _is_whole(number) and number in numbers[:at]:
            yield path, f"extension {number} has a caller ID already", "give each extension one"


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _tls(pbx: Mapping[str, Any]) -> Iterator[Broken]:
    row = _tried(personalities.personality, pbx.get("personality", "ucm6100"))
    chosen = [pbx.get("tls_min"), pbx.get("tls_max")]
    if row is None or any(version is not None and version not in TLS_VERSIONS for version in chosen):
        return
    low, high = tls_range(row, pbx.get("tls_profile") == "device", *chosen)
    if TLS_VERSIONS.index(low) > TLS_VERSIONS.index(high):
        key = "tls_min" if pbx.get("tls_min") else "tls_max"
        yield (key,), f"the lowest TLS version, {low}, is above the highest, {high}", "set tls_min and tls_max"


def _names(pbxs: Mapping[str, Any], templates: Mapping[str, Template]) -> Iterator[Broken]:
    """Yield templates that make a PBX that there is already, each with the first of these."""
    taken: dict[str, Member] = {}
    told: set[str] = set()
    for member in members(pbxs, templates):
        other = taken.setdefault(member.name, member)
        if other.entry != member.entry and member.entry not in told:
            told.add(member.entry)
            said = (
                f"this is a second PBX '{member.name}': {_from(other)}"
                if member.number is None
                else (f"this makes a PBX '{member.name}', and {_from(other)}")
            )
            yield ("pbxs", member.entry), said, "let the names differ"


def _from(member: Member) -> str:
    return "there is one already" if member.number is None else f"the template '{member.entry}' makes one too"


def _control(control: Mapping[str, Any]) -> Iterator[Broken]:
    bind = _address(control.get("bind", f"127.0.0.1:{DEFAULT_CONTROL_PORT}"), DEFAULT_CONTROL_PORT)
    if bind is not None and not ip_address(bind.host).is_loopback:
        wanted = (("token", "a token of your own", "'token: ...'"), ("tls", "TLS", "'tls: {}'"))
        missing = [(what, add) for key, what, add in wanted if control.get(key) is None]
        if missing:
            without, adding = (" and ".join(words) for words in zip(*missing, strict=True))
            said = f"the control plane cannot listen on {bind.host} without {without}"
            yield ("control", "bind"), said, f"add {adding}, or let it listen on loopback, e.g. 127.0.0.1:8444"
    tls = _mapping(control.get("tls"))
    named = [key for key in ("certificate", "key") if tls.get(key) is not None]
    if len(named) == 1:
        other = "key" if named == ["certificate"] else "certificate"
        yield ("control", "tls", named[0]), f"'{other}' is missing", "name both files, or neither to have them minted"


def _ports(top: Mapping[str, Any], pbxs: Mapping[str, Any], templates: Mapping[str, Template]) -> Iterator[Broken]:
    """Yield what listens where something else does, of each template the first PBX that does."""
    taken: dict[tuple[int, bool], dict[Address, Member | None]] = {}
    if isinstance(top.get("control"), Mapping):
        bind = _address(top["control"].get("bind", f"127.0.0.1:{DEFAULT_CONTROL_PORT}"), DEFAULT_CONTROL_PORT)
        if bind is not None:
            taken[_kind(bind)] = {bind: None}
    told: set[str] = set()
    for member in members(pbxs, templates):
        if member.entry in told:
            continue
        api = _mapping(_mapping(pbxs[member.entry]).get("api"))
        bind = _bound(api, member.number)
        if bind is None:
            continue
        path = ("pbxs", member.entry, "api", "tls_bind_address")
        others = taken.setdefault(_kind(bind), {})
        if member.number == 1 and templates[member.entry].count > 1 and bind == _bound(api, 2):
            told.add(member.entry)
            right = (
                f"let the port be 0, or count it: {bind.host}:{{n+20000}}, or the address: 127.0.0.{MARK}:{bind.port}"
            )
            yield path, f"every PBX of this template listens on {bind}", right
        elif clash := next(_candidates(bind, others), None):
            told.add(member.entry)
            who = "the control plane" if (other := others[clash]) is None else f"PBX '{other.name}'"
            yield path, f"{who} listens on {clash} too{member.where}", "give each its own address or port"
        others.setdefault(bind, member)


def _kind(bind: Address) -> tuple[int, bool]:
    """Return what two addresses have in common that may be the same place: the port, and whether they are IPv6."""
    return bind.port, ":" in bind.host


def _candidates(bind: Address, others: Mapping[Address, Any]) -> Iterator[Address]:
    """Yield where not both can listen: the address of all interfaces takes in every other of its kind."""
    if bind in others:
        yield bind
    elif bind.everywhere:
        yield from others
    else:
        yield from (other for other in others if other.everywhere)


def _bound(api: Mapping[str, Any], number: int | None) -> Address | None:
    """Return where a PBX listens, that of a template with this *number*; None where it does not, or anywhere."""
    written = api.get("tls_bind_address", "0.0.0.0")  # noqa: S104 - the device's default
    bind = _address(written if number is None else filled(written, number), DEFAULT_PORT)
    return bind if api.get("enable") is True and bind is not None and bind.port else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _address(value: Any, default_port: int) -> Address | None:
    return _tried(lambda text: parse_address(text, default_port), value)


def _tried(parse: Callable[[Any], T], value: Any) -> T | None:
    try:
        return parse(value)
    except (ValueError, KeyError, TypeError):
        return None
