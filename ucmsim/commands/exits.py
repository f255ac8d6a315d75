"""With which exit code a command ends that could not do what it was asked, and the sentence that it says then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ucmsim.commands.said import programs_said
from ucmsim.contract.errors import ControlError, ControlTimeout, ControlUnauthorised, ControlUnreachable
from ucmsim.errors import ConfigurationError, UcmsimError
from ucmsim.secrecy import without_keys

REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130
"""Exit codes: it could not be done, it was asked wrongly, no ucmsim answers, Ctrl-C."""
_NOT_THIS_ONE = (
    "that is not the control token of the ucmsim that runs there; it is in <state>/control-token, and in the ready "
    "report: say it by --token or UCMSIM_CONTROL_TOKEN"
)


@contextmanager
def exiting(otherwise: int = REFUSED) -> Iterator[None]:
    """Turn ucmsim's errors into their sentence and an exit code, which is *otherwise* where the kind of error says none.

    With ``--json`` the sentence is the `message` of the error shape of the control plane; both go to standard error.
    """
    try:
        yield
    except (ControlError, UcmsimError) as error:
        context = click.get_current_context(silent=True)
        programs = context is not None and programs_said(context)
        click.echo(json.dumps(_for_programs(error)) if programs else _sentence(error), err=True)
        raise SystemExit(_code(error, otherwise)) from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def _sentence(error: Exception) -> str:
    match error:
        case ControlTimeout():
            return f"{error} (--timeout SECONDS)"
        case ControlUnauthorised():
            return _NOT_THIS_ONE
    return without_keys(str(error))


def _for_programs(error: Exception) -> dict[str, Any]:
    """Return *error* as the control plane tells one."""
    code, field, message = "failed", None, _sentence(error)
    match error:
        case ControlError():
            code, field = error.code, error.field
            message = message.removesuffix(f" ({field})")  # which is told by itself
        case ConfigurationError():
            code, field = "invalid", error.problems[0].key or None
    return {"error": {"code": code, "message": message, "field": field}}


def _code(error: Exception, otherwise: int) -> int:
    match error:
        case ControlUnreachable():
            return UNREACHABLE
        case ControlError():
            return REFUSED
        case ConfigurationError():
            return USAGE
    return otherwise
