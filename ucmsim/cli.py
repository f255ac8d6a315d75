"""The `ucmsim` command: judge a configuration, show what exists, drive what runs, fill or dump a history, export a CA.

Output is a table for people, `--json` for programs. Exit codes: 0, 1 for what could not be done, 2 for what was asked
wrongly (an invalid configuration among it).
"""

from __future__ import annotations

import errno
import sys
from types import MappingProxyType
from typing import Any

import click

from ucmsim import __version__
from ucmsim.commands.exits import REFUSED
from ucmsim.commands.lazily import LazyGroup
from ucmsim.commands.printing import silence
from ucmsim.secrecy import without_keys


class Commands(LazyGroup):
    """The commands, and an end with a sentence where what they print cannot be written, which quotes no key."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise click.UsageError(without_keys(error.format_message()), error.ctx) from None

    def main(self, *given: Any, **options: Any) -> Any:
        try:
            return super().main(*given, **options)
        except OSError as error:
            if error.filename is not None or error.errno not in _FULL:
                raise
            silence(sys.__stdout__)
            sys.stderr.write(f"standard output cannot be written: {error.strerror}\n")
            raise SystemExit(REFUSED) from None


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ucmsim")
def main() -> None:
    """A simulated Grandstream UCM. Run it with: twistd -n ucmsim --config sim.yaml."""


main.elsewhere = MappingProxyType(
    {
        "check": "ucmsim.commands.check:check",
        "show": "ucmsim.commands.show:show",
        "journal": "ucmsim.commands.journal:journal",
        "report": "ucmsim.commands.report:report",
        "scenario": "ucmsim.commands.scenario:scenario",
        "ctl": "ucmsim.commands.ctl:ctl",
        "import": "ucmsim.commands.history:import_",
        "export": "ucmsim.commands.history:export",
        "generate": "ucmsim.commands.history:generate",
        "ca": "ucmsim.commands.ca:ca",
    }
)
