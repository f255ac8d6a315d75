"""The rules that join several keys, judged on the values as they were written.

They are kept apart from the models, because a model is only asked for such a rule when each of its keys is right, and
a user is to hear of everything at once. What is wrong by itself is passed over here: the models say it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeGuard, TypeVar

from ucmsim import personalities
from ucmsim.settings.addresses import DEFAULT_CONTROL_PORT, DEFAULT_PORT, Address, parse_address
from ucmsim.settings.model import TLS_VERSIONS, tls_range
from ucmsim.settings.office import Extensions
from ucmsim.settings.phases import LONGEST, SHORTEST
from ucmsim.settings.traffic import SHARES, TIMES, default_of

T = TypeVar("T")
Broken = tuple[tuple[str | int, ...], str, str]
"""Where a rule is broken, what is wrong, what would be right."""


def broken(value: Any) -> Iterator[Broken]:
    """Yield the rules that the whole configuration *value* breaks."""
    top = _mapping(value)
    pbxs = pbxs_in(value)
    if "pbxs" in top and top["pbxs"] == {} and "control" not in top:
        yield ("pbxs",), "there is no PBX and no control plane to add one", "write at least one PBX under 'pbxs:'"
    for name, pbx in pbxs.items():
        for path, wrong, right in broken_in_pbx(pbx):
            yield ("pbxs", name, *path), wrong, right
    yield from _ports(top, pbxs)


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
    for at, one in enumerate(value if isinstance(value, list | tuple) else ()):
        if isinstance(one, Mapping) and ("step" in one) + ("time_zone" in one) != 1:
            yield ("clock", "corrections", at), "this is one of step and time_zone", "give exactly one of the two"


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


def _ports(top: Mapping[str, Any], pbxs: Mapping[str, Any]) -> Iterator[Broken]:
    taken: dict[Address, str] = {}
    if isinstance(top.get("control"), Mapping):
        bind = _address(top["control"].get("bind", f"127.0.0.1:{DEFAULT_CONTROL_PORT}"), DEFAULT_CONTROL_PORT)
        if bind is not None:
            taken[bind] = "the control plane"
    for name, pbx in pbxs.items():
        api = _mapping(_mapping(pbx).get("api"))
        bind = _address(api.get("tls_bind_address", "0.0.0.0"), DEFAULT_PORT)  # noqa: S104 - the device's default
        if api.get("enable") is not True or bind is None or not bind.port:
            continue
        if clash := next((other for other in taken if _same_place(other, bind)), None):
            path = ("pbxs", name, "api", "tls_bind_address")
            yield path, f"{taken[clash]} listens on {clash} too", "give each its own address or port"
        taken.setdefault(bind, f"PBX '{name}'")


def _same_place(one: Address, other: Address) -> bool:
    """Return whether not both can be listened on: the address of all interfaces takes in every other of its kind."""
    if one.port != other.port or (":" in one.host) != (":" in other.host):
        return False
    return one.host == other.host or one.everywhere or other.everywhere


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _address(value: Any, default_port: int) -> Address | None:
    return _tried(lambda text: parse_address(text, default_port), value)


def _tried(parse: Callable[[Any], T], value: Any) -> T | None:
    try:
        return parse(value)
    except (ValueError, KeyError, TypeError):
        return None
