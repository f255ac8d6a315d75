"""Seconds as they are typed: a number, or one with a unit, such as 90s, 5m or 1h."""

from __future__ import annotations

import math
import re
from types import MappingProxyType
from typing import Any

import click

_TYPED = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)([a-z]?)", re.IGNORECASE)
_UNITS = MappingProxyType({"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400})


class Seconds(click.ParamType):  # type: ignore[type-arg]  # only the newest click has one
    """Takes a finite number of seconds *least* at least, or *above* that, and at most *most*; None for no such bound."""

    name = "seconds"

    def __init__(self, least: float | None = None, most: float | None = None, *, above: float | None = None) -> None:
        self._least, self._most, self._above = least, most, above

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if not isinstance(value, str):
            return float(value)
        typed = _TYPED.fullmatch(value.strip())
        seconds = float(typed[1]) * _UNITS.get(typed[2].lower(), math.nan) if typed else math.nan
        if not math.isfinite(seconds):
            self.fail(f"'{value}' is no number of seconds, such as 3600, or 90s, 5m, 1h or 2d", param, ctx)
        if self._above is not None and seconds <= self._above:
            self.fail(f"'{value}' is too short; it must be above {self._above:g} seconds", param, ctx)
        if self._least is not None and seconds < self._least:
            self.fail(f"'{value}' is too short; it must be {self._least:g} seconds or more", param, ctx)
        if self._most is not None and seconds > self._most:
            self.fail(f"'{value}' is too long; it must be {self._most:g} seconds or less", param, ctx)
        return seconds


SECONDS = Seconds()
"""Without bounds: the control plane says what is too many, or too few."""
