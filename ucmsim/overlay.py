"""Settings of a PBX as decoded YAML: laid over others, and the files that they name. Pure, standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

GUIDE = "ucmsim:guide-2013.csv"
"""The three records of the vendor's guide, wherever ucmsim is installed."""
_FILES = (("history", "import"), ("api", "tls_private_key"), ("api", "tls_cert"))
"""Groups and keys whose values name files."""


def over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay the settings *above* over those *below*: `api` and `quirks` key by key, everything else whole."""
    both = {**below, **above}
    for key in ("api", "quirks"):
        if isinstance(below.get(key), Mapping) and isinstance(above.get(key), Mapping):
            both[key] = {**below[key], **above[key]}
    return both


def deeply_over(below: Any, above: Any) -> Any:
    """Return *above* laid over *below*, mapping by mapping."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {**below, **{key: deeply_over(below.get(key), value) for key, value in above.items()}}


def patched(target: Any, patch: Any) -> Any:
    """Return *target* as the JSON merge patch *patch* has it, RFC 7396 part 2: null takes a key away."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = patched(result.get(key), value)
    return result


def placed(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return *settings* with the files that they name relative to *folder*.

    What is no such name stays: a text of several lines, what comes with ucmsim, and a path in somebody's home folder.
    """
    found = dict(settings)
    for group, key in _FILES:
        inner = found.get(group)
        if isinstance(inner, Mapping) and isinstance(name := inner.get(key), str) and _is_relative(name):
            found[group] = {**inner, key: str(folder / name)}
    return found


def _is_relative(name: str) -> bool:
    return bool(name) and "\n" not in name and name != GUIDE and not name.startswith("~")
