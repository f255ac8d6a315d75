"""With which exit code a command ends that could not do what it was asked, and the sentence that it says then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from ucmsim.contract.errors import ControlError, ControlTimeout, ControlUnauthorised, ControlUnreachable
from ucmsim.errors import ConfigurationError, UcmsimError

REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130
"""Exit codes: it could not be done, it was asked wrongly, no ucmsim answers, Ctrl-C."""
_NOT_THIS_ONE = (
    "that is not the control token of the ucmsim that runs there; it is in <state>/control-token, and in the ready "
    "report: say it by --token or UCMSIM_CONTROL_TOKEN"
)


@contextmanager
def exiting(otherwise: int = REFUSED) -> Iterator[None]:
    """Turn ucmsim's errors into their sentence and an exit code, which is *otherwise* where the kind of error says none."""
    try:
        yield
    except (ControlError, UcmsimError) as error:
        click.echo(_sentence(error), err=True)
        raise SystemExit(_code(error, otherwise)) from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def _sentence(error: Exception) -> str:
    match error:
        case ControlTimeout():
            return f"{error} (--timeout SECONDS)"
        case ControlUnauthorised():
            return _NOT_THIS_ONE
    return str(error)


def _code(error: Exception, otherwise: int) -> int:
    match error:
        case ControlUnreachable():
            return UNREACHABLE
        case ControlError():
            return REFUSED
        case ConfigurationError():
            return USAGE
    return otherwise
