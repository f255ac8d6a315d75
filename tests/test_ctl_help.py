"""The help of `ucmsim` and `ucmsim ctl`, and how little a command imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from tests import ctlcommand
from tests.ctlcommand import said
from ucmsim.cli import main
from ucmsim.commands.ctl import ctl

no_environment = ctlcommand.no_environment  # a fixture


def test_no_line_of_help_is_cut() -> None:
    """What a group says of each of its commands fits in a line of a narrow terminal, or two; arguments are no options."""
    for words in every(main):
        text = CliRunner().invoke(main, [*words, "--help"]).stdout
        body = [line for line in text.splitlines() if not line.startswith("Usage:")]
        assert [line for line in body if line.endswith("...")] == []
        options = text.partition("Options:\n")[2].partition("\n\n")[0]
        assert all(line.strip().startswith("-") or line.startswith("    ") for line in options.splitlines()), options


def test_help_has_where_ucmsim_runs_behind_what_is_the_commands_own() -> None:
    """In each command and each group, under a heading of its own, with one line an option."""
    for words in every(ctl):
        own, where = said(*words, "--help").split("Where ucmsim runs:\n")
        assert "--json" in own
        assert "--url" not in own
        assert where.split()[0] == "--url"
        assert all(name in where for name in ("--token", "--ready-file", "--config", "--timeout"))


def every(command: click.Command) -> Iterator[list[str]]:
    """Yield the words that lead from *command* to each command below it, and itself."""
    yield []
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            one = command.get_command(context, name)
            assert one is not None
            yield from ([name, *words] for words in every(one))


@pytest.mark.parametrize("words", [["status"], ["faults", "list"], ["clock", "show"], ["pbxs", "list"]], ids=" ".join)
def test_a_command_imports_what_it_needs(words: list[str]) -> None:
    """Half a second for each in a script would be the settings, the faults and the calls, which `check` needs and not this."""
    asking = (
        "import sys\nfrom ucmsim.cli import main\n"
        "try:\n    main(['ctl', '--url', 'http://127.0.0.1:9', '--token', 'x', *sys.argv[1:]])\n"
        "finally:\n    print([one for one in ('settings', 'faults', 'calls') if f'ucmsim.{one}' in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", asking, *words], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 3, ran.stderr
    assert ran.stdout == "[]\n"
