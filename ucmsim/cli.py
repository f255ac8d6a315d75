"""The `ucmsim` command: judge a configuration, show what exists, drive what runs, fill or dump a history, export a CA.

Output is a table for people, `--json` for programs. Exit codes: 0, 1 for what could not be done, 2 for what was asked
wrongly (an invalid configuration among it).
"""

from __future__ import annotations

import click

from ucmsim import __version__
from ucmsim.commands.ca import ca
from ucmsim.commands.check import check
from ucmsim.commands.ctl import ctl
from ucmsim.commands.history import export, generate, import_
from ucmsim.commands.journal import journal
from ucmsim.commands.report import report
from ucmsim.commands.scenario import scenario
from ucmsim.commands.show import show


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ucmsim")
def main() -> None:
    """A simulated Grandstream UCM. Run it with: twistd -n ucmsim --config sim.yaml."""


for command in (check, show, journal, report, scenario, ctl, import_, export, generate, ca):
    main.add_command(command)
