"""Calls as tests wish for them, as the control plane takes them. Pure."""

from __future__ import annotations

from collections.abc import Mapping


def sent(call: Mapping[str, object]) -> dict[str, object]:
    """Return a *call* that is wished for with numbers of telephones as text."""
    return {key: _as_text(key, value) for key, value in call.items()}


def _as_text(key: str, value: object) -> object:
    number = key in ("from", "to", "target") and isinstance(value, int) and not isinstance(value, bool)
    return str(value) if number else value
