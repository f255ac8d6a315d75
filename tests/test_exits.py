"""How a command ends that could not do what it was asked."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from ucmsim.commands.exits import USAGE, exiting
from ucmsim.contract.errors import ControlNotFound, ControlTimeout, ControlUnauthorised, ControlUnreachable
from ucmsim.errors import BindError, ConfigurationError, Problem


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BindError("the port is busy"), 1, "the port is busy\n"),
        (ConfigurationError([Problem("a", "it is wrong")]), 2, "a: it is wrong\n"),
        (ControlNotFound(404, "not-found", "there is no such PBX", None), 1, "there is no such PBX\n"),
        (ControlUnreachable("nobody answers"), 3, "nobody answers\n"),
        (ControlTimeout("no answer came in 60 s"), 3, "no answer came in 60 s (--timeout SECONDS)\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: BaseException, code: int, said: str) -> None:
    """Its sentence is told, and no traceback."""
    assert ended(error) == (code, said)


def test_a_token_of_another_process_is_told_how_to_be_found() -> None:
    """The server only says that it is not its own."""
    code, said = ended(ControlUnauthorised(401, "unauthorized", "no", None))
    assert (code, said.partition("; ")[0]) == (1, "that is not the control token of the ucmsim that runs there")


def test_what_no_kind_says_is_said_by_the_command() -> None:
    """So that a scenario that there is not is asked for wrongly; where the kind says it that holds."""
    assert ended(BindError("no"), USAGE)[0] == 2
    assert ended(ControlUnreachable("no"), USAGE)[0] == 3


def ended(error: BaseException, *otherwise: int) -> tuple[int, str]:
    """Return with which code a command ends in which *error* is raised, and what it says."""

    @click.command()
    def command() -> None:
        with exiting(*otherwise):
            raise error

    found = CliRunner().invoke(command, [])
    return found.exit_code, found.stderr
