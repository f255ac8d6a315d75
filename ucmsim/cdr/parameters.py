"""The parameters of `/cdrapi`: which there are, and what becomes of those unknown, empty or given twice. Spec 3.1, 3.4.

Says nothing of what their values mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from ucmsim.errors import did_you_mean
from ucmsim.http.request import Absent, Params
from ucmsim.refusals import Code, Refused, shown
from ucmsim.register import Quirks

NAMES = (
    "format", "numRecords", "offset", "caller", "callee", "answeredby", "startTime", "endTime", "minDur", "maxDur",
)  # fmt: skip
"""As the guide writes them."""

_BY_LOWER: Mapping[str, str] = MappingProxyType({name.lower(): name for name in NAMES})
_LISTS = ("caller", "callee")
_TIMES = ("startTime", "endTime")


def collected(params: Params, quirks: Quirks) -> dict[str, str]:
    """Return the value of every parameter by its name, the lists of a repeated caller or callee joined.

    An empty value is left only where it stands for an open end. Raises `Refused`.
    """
    values: dict[str, str] = {}
    for name, written, value in _kept(params, quirks):
        if name not in values:
            values[name] = value
        elif name in _LISTS and quirks["repeated-list"] == "join":
            values[name] += f",{value}"
        elif quirks["repeated-parameter"] == "refuse":
            raise _repeated(name, written, quirks)
        elif quirks["repeated-parameter"] == "last":
            values[name] = value
    return values


def formats(params: Params, quirks: Quirks) -> list[str]:
    """Return every value that `format` is given, whatever else is wrong: the container depends on it."""
    given = [value for written, value in params if _name(written, quirks) == "format"]
    return [value for value in given if value or quirks["empty-value"] == "refuse"]


def _kept(params: Params, quirks: Quirks) -> Iterator[tuple[str, str, str]]:
    """Yield name, name as it was written, and value of the parameters that count."""
    for at, (written, value) in enumerate(params):
        if not written and isinstance(value, Absent):
            if quirks["trailing-ampersand"] == "refuse":
                raise _unnamed(params, at)
            continue
        name = _name(written, quirks)
        if name is None:
            if quirks["unknown-parameter"] == "refuse":
                raise _unknown(written, [known for known in NAMES if _name(known, quirks)])
        elif value or (name in _TIMES and quirks["empty-time"] == "open"):
            yield name, written, value
        elif quirks["empty-value"] == "refuse":
            raise _empty(written, value)


def _name(written: str, quirks: Quirks) -> str | None:
    """Return the parameter that *written* means, None when there is no such one."""
    if quirks["parameter-case"] == "any":
        name = _BY_LOWER.get(written.lower())
    else:
        name = written if written in NAMES else None
    return None if name == "answeredby" and quirks["answeredby"] == "unknown" else name


def _repeated(name: str, written: str, quirks: Quirks) -> Refused:
    if name in _LISTS:
        hint = "write one list, its items parted by commas"
    else:
        hint = "only caller and callee may repeat" if quirks["repeated-list"] == "join" else "no parameter may repeat"
    return Refused(Code.REPEATED, written, f"'{written}' is given twice", hint)


def _empty(written: str, value: str) -> Refused:
    if isinstance(value, Absent):
        return Refused(Code.NO_VALUE, written, f"'{written}' has no '=' and so no value", f"write {written}=...")
    return Refused(Code.EMPTY_VALUE, written, f"'{written}' is empty", "leave it out, or give it a value")


def _unnamed(params: Params, at: int) -> Refused:
    if len(params) == 1:
        return Refused(Code.EMPTY_QUERY, "", "nothing follows the '?'", "leave the '?' out")
    if at == len(params) - 1:
        return Refused(Code.TRAILING_AMPERSAND, "", "the query ends with '&'", "leave the last '&' out")
    return Refused(Code.DOUBLED_AMPERSAND, "", "there is nothing before an '&'", "part parameters with one '&' each")


def _unknown(written: str, known: Iterable[str]) -> Refused:
    if not written:
        return Refused(Code.UNNAMED, "", "a value has no name before its '='", "name the parameter")
    said = f"'{shown(written)}' is not a parameter of /cdrapi"
    return Refused(Code.UNKNOWN_PARAMETER, written, said, did_you_mean(written, known))
