"""From a file to a `Scenario`, or to every problem in it at once: file, line, key, what is wrong, what would be right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ucmsim import configuration
from ucmsim.errors import ConfigurationError, Problem, readable
from ucmsim.overlay import placed
from ucmsim.scenarios.language import Scenario
from ucmsim.scenarios.remainder import remainder
from ucmsim.scenarios.rules import broken
from ucmsim.settings.objections import Source, validated
from ucmsim.settings.yamltree import dotted, parse


def read(file: Path) -> Scenario:
    """Return the scenario in *file*; raises `ConfigurationError`."""
    with readable(str(file), "name a scenario or its file"):
        text = file.read_text("utf-8")
    return load(text, file)


def load(text: str, file: Path) -> Scenario:
    """Return the scenario that the YAML *text* of *file* holds; raises `ConfigurationError` with all that is wrong."""
    tree, problems = parse(text, str(file))
    source, base = Source(str(file), tree), file.absolute().parent
    if tree.value is None and not problems:
        raise ConfigurationError([Problem("", "it is empty", "a scenario has name, title and steps", str(file), 1)])
    known_bad = {problem.key for problem in problems}
    scenario = None
    try:
        scenario = validated(Scenario, tree.value, source, base)
    except ConfigurationError as error:
        problems += [problem for problem in error.problems if problem.key not in known_bad]
        if (rest := remainder(tree.value, base)) is not None:
            more = filter(rest.is_about, broken(rest.scenario))
            problems += [source.problem(one.path, one.wrong, one.right) for one in more]
            problems += _of_pbx(rest.scenario, source, base)
    if scenario is not None:
        problems += [source.problem(one.path, one.wrong, one.right) for one in broken(scenario)]
        problems += _of_pbx(scenario, source, base)
    if scenario is None or problems:
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line))
    return scenario.model_copy(update={"pbx": placed(scenario.pbx, base)})


def _of_pbx(scenario: Scenario, source: Source, base: Path) -> Iterator[Problem]:
    """Yield what is wrong with the settings of the PBX, where it stands in the file."""
    try:
        configuration.read_pbx(dict(scenario.pbx), base)
    except ConfigurationError as error:
        lines = {dotted(path): line for path, line in source.tree.lines.items()}
        for problem in error.problems:
            key = f"pbx.{problem.key}".rstrip(".")
            yield replace(problem, key=key, file=source.file, line=lines.get(key, source.tree.line(("pbx",))))
