"""What could be typed next: names that the tables have, and names that a running ucmsim knows, if one is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from ucmsim.client import ControlClient, ControlError
from ucmsim.commands.said import pbx_said, where_said
from ucmsim.commands.whereabouts import chosen
from ucmsim.errors import UcmsimError

Complete = Callable[[click.Context, click.Parameter, str], list[str]]

PATIENCE = 2.0
"""Seconds that the shell waits for a running ucmsim."""


def _beginning(words: Iterable[str], begun: str) -> list[str]:
    return [word for word in words if word.startswith(begun)]


def _asked(context: click.Context, ask: Callable[[ControlClient], Iterable[str]], begun: str) -> list[str]:
    """Return the names that a running ucmsim tells, none where it cannot be asked: a shell wants no error."""
    try:
        return _beginning(ask(where_said(context).client(PATIENCE)), begun)
    except (ControlError, UcmsimError, click.UsageError):
        return []


def pbxs(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the name of a PBX."""
    return _asked(context, lambda client: client.status().pbxs, begun)


def pbx_or_file(context: click.Context, parameter: click.Parameter, begun: str) -> list[str] | list[CompletionItem]:
    """Complete the name of a PBX, or where none begins so that of a file."""
    return pbxs(context, parameter, begun) or [CompletionItem(begun, type="file")]


def armed(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the name of a fault that is armed."""
    pbx = pbx_said(context)
    return _asked(context, lambda client: [one.name for one in client.faults(chosen(client, pbx))], begun)


def kinds(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the kind of a fault."""
    from ucmsim.faults import KINDS

    return _beginning([kind.id for kind in KINDS], begun)


def fields(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete a field or a term of the kind of fault that stands before."""
    from ucmsim.faults import KINDS
    from ucmsim.faults.terms import Terms

    own = [name for kind in KINDS if kind.id == context.params.get("kind") for name in kind.fields]
    return _beginning([f"{name}=" for name in (*own, *Terms.model_fields)], begun)


def shapes(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the shape of a call."""
    from ucmsim.calls.shapes import SHAPES

    return _beginning([shape.id for shape in SHAPES], begun)


def defects(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the id of a certificate defect."""
    from ucmsim.certificates.defects import DEFECTS

    return _beginning([defect.id for defect in DEFECTS], begun)


def settings(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete a key of a PBX's settings."""
    from ucmsim.settings import Pbx

    return _beginning([f"{name}=" for name in Pbx.model_fields], begun)


def page(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete a setting of the API Configuration page."""
    from ucmsim.settings import Api

    return _beginning([f"{name}=" for name in Api.model_fields], begun)


def refusals(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the code of a refusal, or what stands for any."""
    from ucmsim.entry import ANY
    from ucmsim.refusals import Code

    return _beginning([ANY, *(code.slug for code in Code)], begun)


def marks(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the id of a mark, or what stands for any."""
    from ucmsim.entry import ANY
    from ucmsim.journal import MARKS

    return _beginning([ANY, *(mark.id for mark in MARKS)], begun)


def zones(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the name of an IANA zone."""
    from ucmsim.settings.clock import zone_names

    return _beginning(sorted(zone_names()), begun)


def ids(rows: Callable[[], Iterable[dict[str, object]]]) -> Complete:
    """Return what completes an id of *rows*."""

    def completed(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
        return _beginning([str(row["id"]) for row in rows()], begun)

    return completed
