"""`ucmsim ctl identity` and `ucmsim ctl api`: the certificate that is shown, and the device's API Configuration page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ucmsim.client import ControlClient
from ucmsim.commands import completing
from ucmsim.commands.asking import WORDS, About, asks, given
from ucmsim.commands.ctl import showing
from ucmsim.commands.ctl.words import nested
from ucmsim.commands.outeroptions import group
from ucmsim.commands.seconds import SECONDS
from ucmsim.errors import readable
from ucmsim.secrecy import is_content

_UPLOADS = ("tls_private_key", "tls_cert")


def _no_pair(context: click.Context, _parameter: click.Parameter, word: str | None) -> str | None:
    """Return the *word*, which is no ``key=value``; raises `click.BadParameter`."""
    key, equals, value = (word or "").partition("=")
    if equals:
        option = f"--{key.replace('_', '-')}"
        there = [one for parameter in context.command.params for one in parameter.opts]
        right = (
            f"everything else is said by an option: {option} {value}"
            if option in there
            else "'ucmsim show defects' has them"
        )
        raise click.BadParameter(f"'{word}' is no defect; {right}")
    return word


@group("The certificate that is shown: show, set.")
def identity() -> None:
    """The certificate that a PBX shows."""


@identity.command("show")
@asks(About.WORD)
def shown(client: ControlClient, pbx: str, *, as_json: bool) -> None:
    """What is shown; --json has the chain as PEM."""
    showing.one(client.identity(pbx), as_json=as_json, without=("certificate",))


@identity.command("set", short_help="Show a DEFECT from the next handshake on, files, or what soon expires.")
@click.argument("defect", required=False, callback=_no_pair, shell_complete=completing.defects)
@click.option("--certificate", type=click.Path(path_type=Path), help="A PEM file with a certificate, and its chain.")
@click.option("--key", type=click.Path(path_type=Path), help="And the PEM file of its key.")
@click.option(
    "--valid-for",
    type=SECONDS,
    metavar="SECONDS",
    help="A good one that expires so many seconds of the PBX clock from now.",
)
@asks(About.OPTION)
def show_identity(
    client: ControlClient,
    pbx: str,
    *,
    defect: str | None,
    certificate: Path | None,
    key: Path | None,
    valid_for: float | None,
    as_json: bool,
) -> None:
    """Show a certificate with a DEFECT from the next handshake on, one from files, or one that soon expires; else the good one.

    'ucmsim show defects' has the defects.
    """
    pair = {"certificate": certificate and _pem(certificate), "key": key and _pem(key)}
    chosen = given({"defect": defect, **pair, "valid_for": valid_for})
    showing.one(client.show_identity(pbx, chosen), as_json=as_json, without=("certificate",))


@group("The device's API Configuration page: show, set.")
def api() -> None:
    """The device's API Configuration page."""


@api.command("show")
@asks(About.WORD)
def page(client: ControlClient, pbx: str, *, as_json: bool) -> None:
    """Its seven settings; of the password only whether one is set."""
    showing.one(client.api(pbx), as_json=as_json)


@api.command("set", short_help="Change settings of it.")
@click.argument("words", metavar=WORDS, nargs=-1, required=True, shell_complete=completing.page)
@asks(About.OPTION)
def change(client: ControlClient, pbx: str, *, words: tuple[str, ...], as_json: bool) -> None:
    """Change settings of it: ucmsim ctl api set enable=true permitted_ips=127.0.0.0/8.

    tls_private_key and tls_cert are names of PEM files here, which are uploaded, or null for what was minted.
    """
    changes: dict[str, Any] = nested(words)
    for name in _UPLOADS:
        if isinstance(file := changes.get(name), str):
            if is_content(file):  # which is a key perhaps, and is not quoted
                raise click.UsageError(f"{name} is given the text of a file, not its name; write {name}=FILE")
            changes[name] = _pem(Path(file))
    showing.one(client.change_api(pbx, changes), as_json=as_json)


def _pem(file: Path) -> str:
    with readable(str(file), "name a PEM file that is here"):
        return file.read_text("utf-8")
