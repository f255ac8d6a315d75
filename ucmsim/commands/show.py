"""`ucmsim show`: prints what exists, a table for people or `--json` for programs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import click

from ucmsim import catalogue, configuration, personalities, tables
from ucmsim.calls.shapes import BY_ID as SHAPES
from ucmsim.calls.shapes import no_shape
from ucmsim.certificates.defects import BY_ID as DEFECTS
from ucmsim.certificates.defects import CLASSES
from ucmsim.commands import completing, printing
from ucmsim.errors import did_you_mean
from ucmsim.personalities import Personality
from ucmsim.quirks import CONFIDENCES
from ucmsim.register import BY_ID

_SHORT, _SHORTER = ("id", "default", "confidence", "statement"), ("id", "default", "statement")
_DEFECT_SHORT, _DEFECT_SHORTER = (
    ("id", "class", "careful_client", "manner", "statement"),
    ("id", "careful_client", "statement"),
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")


@click.group()
def show() -> None:
    """Print what exists."""


def _shows(
    what: str, rows: Callable[[], Iterable[dict[str, Any]]], summary: str, shorter: Sequence[tuple[str, ...]] = ()
) -> None:
    """Add ``show`` *what*, which prints *rows*, or whole only those named; *shorter* is for narrow terminals."""

    @show.command(what, help=summary)
    @_JSON
    @click.argument("ids", metavar="[ID]...", nargs=-1, shell_complete=completing.ids(rows))
    def command(as_json: bool, ids: tuple[str, ...]) -> None:
        known = {row["id"]: row for row in rows()}
        _only_known(what, ids, known)
        found = [known[name] for name in dict.fromkeys(ids or known)]
        _printed(found, as_json=as_json, whole=bool(ids), shorter=shorter)


_IN_SHORT = ("id", "statement")
_shows("marks", catalogue.mark_rows, "What the journal marks as careless in a client.", (_IN_SHORT,))
_shows("refusals", catalogue.refusal_rows, "Why requests are refused.", (("id", "check", "statement"), _IN_SHORT))
_shows("columns", catalogue.column_rows, "The CDR columns.")
_shows(
    "faults", catalogue.fault_rows, "The kinds of faults.\n\nA narrow terminal leaves out columns; name an ID to see all.",
    (("id", "fields", "statement"), _IN_SHORT),
)  # fmt: skip


@show.command("demo")
def show_demo() -> None:
    """The configuration of the built-in demo: a file to begin with."""
    click.echo(configuration.demo_text(), nl=False)


@show.command("defects", short_help="The gallery of certificate defects.")
@_JSON
@click.option("--class", "group", type=click.Choice(list(CLASSES)), help="Only this class of them.")
@click.argument("ids", metavar="[ID]...", nargs=-1, shell_complete=completing.defects)
def show_defects(as_json: bool, group: str | None, ids: tuple[str, ...]) -> None:
    """The gallery of certificate defects, for the fault tls.certificate; or whole only those named."""
    rows = {row["id"]: row for row in catalogue.defect_rows(group)}
    _only_known("defects", ids, DEFECTS)
    found = [rows[name] for name in dict.fromkeys(ids or rows) if name in rows]
    _printed(found, as_json=as_json, whole=bool(ids), shorter=(_DEFECT_SHORT, _DEFECT_SHORTER))


@show.command("personalities", short_help="The appliances, and where they differ.")
@_JSON
@click.argument("names", metavar="[ID]...", nargs=-1, shell_complete=completing.ids(catalogue.personality_rows))
def show_personalities(as_json: bool, names: tuple[str, ...]) -> None:
    """The appliances that can be simulated, and everything that differs between them; or only those named.

    The last lines show how each writes down an outbound call that was recorded.
    """
    rows = list(catalogue.personality_rows())
    if names:
        chosen = dict.fromkeys(_known(name).id for name in names)
        by_id = {row["id"]: row for row in rows}
        rows = [by_id[name] for name in chosen]
    if as_json:
        printing.for_programs(rows)
    else:
        printing.beside([key, *(row[key] for row in rows)] for key in rows[0])


def _personality(_context: click.Context, _option: click.Parameter, name: str | None) -> Personality | None:
    return None if name is None else _known(name)


def _known(name: str) -> Personality:
    try:
        return personalities.personality(name)
    except KeyError:
        raise click.BadParameter("; ".join(personalities.objection(name))) from None


@show.command("quirks", short_help="The quirk register.")
@_JSON
@click.option("--personality", callback=_personality, help="Only what this one shows, with its own defaults.")
@click.option("--confidence", type=click.Choice(CONFIDENCES), help="Only rows whose default is known exactly so well.")
@click.argument("ids", metavar="[ID]...", nargs=-1, shell_complete=completing.ids(catalogue.quirk_rows))
def show_quirks(as_json: bool, personality: Personality | None, confidence: str | None, ids: tuple[str, ...]) -> None:
    """The quirk register: behaviours, their sources and switches; or whole only the rows named."""
    _only_known("quirks", ids, BY_ID)
    rows = list(catalogue.quirk_rows(personality, confidence))
    if ids:
        by_id = {row["id"]: row for row in rows}
        chosen = dict.fromkeys(ids)
        rows = [by_id[name] for name in chosen if name in by_id]
        for name in chosen.keys() - by_id.keys():
            click.echo(f"'{name}' is none of the rows that the options leave", err=True)
    if not as_json:
        for row in rows:
            del row["changes"]  # for whoever works on ucmsim
    _printed(rows, as_json=as_json, whole=bool(ids), shorter=(_SHORT, _SHORTER))


_TOLD = (
    "src",
    "dst",
    "dcontext",
    "lastapp",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "userfield",
)
"""The columns of a shape's rows that people are shown; the others are in the JSON."""


@show.command("shapes", short_help="The shapes of calls, and their rows.")
@_JSON
@click.option(
    "--personality", callback=_personality, default="ucm6510", show_default=True, help="The one that writes the rows."
)
@click.argument("ids", metavar="[ID]...", nargs=-1, shell_complete=completing.shapes)
def show_shapes(as_json: bool, personality: Personality, ids: tuple[str, ...]) -> None:
    """The shapes that calls have, and the rows that are written of each; or only those named.

    Each is played with the same people: it rings 14.3 seconds, is talked for 420.6, and who gives up waits 20.1.
    """
    ids = tuple(name.replace("_", "-") for name in ids)  # as in the settings
    for unknown in (name for name in ids if name not in SHAPES):
        raise click.BadParameter(no_shape(unknown))
    rows = [row for row in catalogue.shape_rows(personality) if not ids or row["id"] in ids]
    if as_json:
        printing.for_programs(rows)
        return
    for row in rows:
        click.echo(f"{row['id']}  ({', '.join(row['kinds'])}; {row['confidence']}, {row['source']})")
        click.echo(f"  {row['statement']}")
        click.echo(f"  truth: {'; '.join(row['truth']) or 'nobody talked'}")
        if row["trunks"]:
            click.echo(f"  trunks: {'; '.join(row['trunks'])}")
        told = [*_TOLD, "action_type"] if row["rows"] and "action_type" in row["rows"][0] else [*_TOLD]
        lines = [told, *([cdr.get(name, "") for name in told] for cdr in row["rows"])]
        printing.lines(f"  {line}" for line in (tables.table(lines, None) if row["rows"] else ["no row"]))
        click.echo()


@show.command()
@click.option("--json", "_as_json", is_flag=True, help="It is JSON anyway.")
def schema(_as_json: bool) -> None:
    """The JSON Schema of the configuration file."""
    printing.for_programs(catalogue.configuration_schema())


def _only_known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    """Raise `click.BadParameter` for the first of *names* that is none of those *known*, which ``show`` *what* lists."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"'ucmsim show {what}' lists them all"
            raise click.BadParameter(f"there is no {what.removesuffix('s')} '{name}'; {hint}")


def _printed(
    rows: Sequence[dict[str, Any]], *, as_json: bool, whole: bool, shorter: Sequence[tuple[str, ...]] = ()
) -> None:
    """Print *rows*, as a table, or *whole* a field a line; a narrow terminal gets the first of *shorter* that fits."""
    if as_json:
        printing.for_programs(rows)
    elif rows and whole:
        printing.blocks(list(rows[0]), (row.values() for row in rows))
    elif rows:
        printing.table(list(rows[0]), (row.values() for row in rows), shorter)
