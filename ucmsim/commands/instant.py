"""Instants as they are typed: ISO, with their zone; what is none is asked wrongly, whoever would have judged it."""

from __future__ import annotations

from typing import Any

import click

from ucmsim.instants import NoInstant, within_time


class _Instant(click.ParamType):  # type: ignore[type-arg]  # only the newest click has one
    """Takes the text of an instant as it is typed."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            within_time(value)
        except NoInstant as none:
            self.fail(f"{none}", param, ctx)
        return str(value)


INSTANT = _Instant()
