"""The `ucmsim` command: judge a configuration, show what exists, drive what runs, fill or dump a history, export a CA.

Output is a table for people, `--json` for programs. Exit codes: 0, 1 for what could not be done, 2 for what was asked
wrongly (an invalid configuration among it).
"""

from __future__ import annotations

import click

from ucmsim import __version__
from ucmsim.cacommand import ca
from ucmsim.checkcommand import check
from ucmsim.ctl import ctl
from ucmsim.historycommands import export, generate, import_
from ucmsim.journalcommand import journal
from ucmsim.reportcommand import report
from ucmsim.scenariocommand import scenario
from ucmsim.show import show


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ucmsim")
def main() -> None:
    """A simulated Grandstream UCM. Run it with: twistd -n ucmsim --config sim.yaml."""


for command in (check, show, journal, report, scenario, ctl, import_, export, generate, ca):
    main.add_command(command)
