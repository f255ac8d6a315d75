"""From a file to `Settings`, or to every problem in it at once: file, line, key, what is wrong, what would be right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ucmsim.errors import ConfigurationError, Problem
from ucmsim.settings import model, rules
from ucmsim.settings.clock import ClockChange
from ucmsim.settings.objections import Source, discreet, in_digits, problems_of, validated
from ucmsim.settings.templates import MARK, Member, Template, filled, firsts, templates_in
from ucmsim.settings.yamltree import parse

M = TypeVar("M", bound=BaseModel)

Judge = Callable[[Mapping[str, Any], Path], Iterable[rules.Broken]]
"""Finds what is wrong with one PBX, or with all of a file, as it was written; relative paths are relative to the folder."""


def load(
    text: str,
    file: Path,
    shown: str | None = None,
    judges: Iterable[Judge] = (),
    of_all: Iterable[Judge] = (),
) -> tuple[model.Settings, Source]:
    """Return the settings that the YAML *text* of *file* holds, and their source.

    Relative paths are relative to the file; *shown* is how the file is named to people. *judges* look at what this
    layer knows nothing of (faults, key files), so that everything is named at once, those *of all* at the whole of it.
    Raises `ConfigurationError`.
    """
    name = shown or str(file)
    tree, problems = parse(text, name)
    source = Source(name, tree)
    if tree.value is None and not problems:
        raise ConfigurationError([Problem("", "it is empty", "it needs at least 'pbxs:' with one PBX", name, 1)])
    problems = [in_digits(discreet(problem, tree.written), tree.written) for problem in problems]
    known_bad = {problem.key for problem in problems}
    base, judges = file.absolute().parent, tuple(judges)
    written = rules.pbxs_in(tree.value)
    templates = templates_in(written)
    # What is wrong with a template is wrong with its first PBX already, but for a few things that its number makes wrong.
    value = {**tree.value, "pbxs": firsts(tree.value["pbxs"], templates)} if templates else tree.value
    try:
        settings = validated(model.Settings, value, source, base)
    except ConfigurationError as error:
        problems += [problem for problem in error.problems if problem.key not in known_bad]
        settings = None
    found = [*rules.broken(value, written, templates), *_judged(rules.pbxs_in(value), base, judges)]
    found += [one for judge in of_all for one in judge(value if isinstance(value, Mapping) else {}, base)]
    problems += [source.problem(*one) for one in found]
    for name in templates:
        problems += [one for one in _miscounted(name, written[name], source) if one.key not in known_bad]
    pbxs: dict[str, model.Pbx] = {}
    for name, one in (settings.pbxs if settings and not problems else {}).items():
        try:
            pbxs |= _multiplied(name, templates.get(name), one, source, lambda pbx: load_pbx(pbx, base, judges))
        except ConfigurationError as error:
            problems += error.problems
    if settings is None or problems:
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line))
    return settings.model_copy(update={"pbxs": pbxs}) if templates else settings, source


def _miscounted(name: str, written: Mapping[str, Any], source: Source) -> Iterable[Problem]:
    """Yield what is wrong with the count of the template *name*."""
    try:
        model.Many.model_validate({key: value for key, value in written.items() if key == "count"})
    except ValidationError as error:
        for one in error.errors(include_url=False):
            if one["type"] != "missing":
                yield from problems_of(model.Many, {**one, "loc": ("pbxs", name, *one["loc"])}, source)
            elif MARK in name:
                right = "say how many PBXs it makes, such as count: 500"
                yield source.problem(("pbxs", name), "this is a template, and its 'count' is missing", right)


def _multiplied(
    name: str,
    template: Template | None,
    first: model.Pbx,
    source: Source,
    read: Callable[[Mapping[str, Any]], model.Pbx],
) -> Mapping[str, model.Pbx]:
    """Return the PBXs of an entry, of which the *first* is good. Where nothing varies they share its settings.

    Raises `ConfigurationError` for the first of the others that is not good.
    """
    if template is None:
        return {name: first}
    made = dict.fromkeys(map(template.named, template.numbers), first)
    for number in template.numbers[1:] if template.varies else ():
        try:
            made[template.named(number)] = read(filled(template.body, number))
        except ConfigurationError as error:
            member = Member(template.named(number), name, number)
            raise ConfigurationError(_of_member(member, one, source) for one in error.problems) from None
    return made


def _of_member(member: Member, problem: Problem, source: Source) -> Problem:
    """Return what is wrong with a PBX of a template as a *problem* of the template."""
    key = ".".join(filter(None, ("pbxs", member.entry, problem.key)))
    wrong = f"{problem.wrong}{member.where}"
    return replace(problem, key=key, wrong=wrong, file=source.file, line=source.tree.line_of(key))


def load_pbx(
    value: Mapping[str, Any], base: Path, judges: Iterable[Judge] = (), beside: tuple[str, ...] = ()
) -> model.Pbx:
    """Return the settings of one PBX given as JSON, without the keys that stood *beside* them.

    Raises `ConfigurationError` with keys but no lines.
    """
    found = [*rules.broken_in_pbx(value), *(one for judge in judges for one in judge(value, base))]
    return _of_json(model.Pbx, value, base, found, beside)


def load_clock_change(value: Mapping[str, Any]) -> ClockChange:
    """Return the change of a PBX clock given as JSON; raises `ConfigurationError` with keys but no lines."""
    return _of_json(ClockChange, value, Path(), rules.broken_in_clock_change(value))


def _of_json(
    kind: type[M], value: Mapping[str, Any], base: Path, found: Iterable[rules.Broken], beside: tuple[str, ...] = ()
) -> M:
    """Return the *kind* that *value* is, unless rules were *found* to be broken as well."""
    problems = [Source().problem(*one) for one in found]
    try:
        made = validated(kind, value, Source(beside=beside), base)
    except ConfigurationError as error:
        raise ConfigurationError([*error.problems, *problems]) from None
    if problems:
        raise ConfigurationError(problems)
    return made


def _judged(pbxs: Mapping[str, Mapping[str, Any]], base: Path, judges: Iterable[Judge]) -> Iterable[rules.Broken]:
    for name, pbx in pbxs.items():
        for path, said, right in (one for judge in judges for one in judge(pbx, base)):
            yield ("pbxs", name, *path), said, right
