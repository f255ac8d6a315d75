"""`ucmsim ca`: what a client must trust."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from ucmsim.commands.configured import KEPT, PBX, chosen, unwritable
from ucmsim.commands.exits import exiting


@click.group()
def ca() -> None:
    """What a client must trust."""


@ca.command("export", short_help="Write the CA of a PBX to a file.")
@KEPT
@PBX
@click.option(
    "--format", "form", type=click.Choice(["pem", "der", "p12"]), help="Default: what the suffix of --out says, or pem."
)
@click.option("--password", default="changeit", show_default=True, help="Of the PKCS#12 truststore.")
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
def ca_export(config: Path, name: str | None, form: Any, password: str, out: Path | None) -> None:
    """Write the CA of a PBX as PEM, DER or PKCS#12 truststore; it is minted if the PBX never ran."""
    from ucmsim.assembling.assembly import trusted
    from ucmsim.certificates.authority import export as exported

    with exiting():
        settings, name, pbx = chosen(config, name)
        if settings.state is None:
            raise click.UsageError("this configuration keeps no state, so each start has a CA of its own; add 'state:'")
        suffix = out.suffix.lower() if out else ""
        form = form or {".p12": "p12", ".pfx": "p12", ".der": "der", ".cer": "der"}.get(suffix, "pem")
        data = exported(trusted(settings.state, name, pbx, wall=time.time()), form, password)
        if out is None:
            sys.stdout.buffer.write(data)
            return
        try:
            out.write_bytes(data)
        except OSError as error:
            raise unwritable(out, error) from error
        click.echo(f"the CA of PBX '{name}' is in {out}")
