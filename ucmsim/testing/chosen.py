"""The settings of a test's PBX: fixture argument > marker > option > ini > environment > the default PBX of the fixtures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ucmsim import pytest_options
from ucmsim.errors import ConfigurationError, readable
from ucmsim.overlay import GUIDE, over, placed

__tracebackhide__ = True


def settings_for(request: pytest.FixtureRequest, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a PBX of the test that *request* is of is made with, where *given* is what the fixture was told.

    Raises `pytest.UsageError` where a marker or an option says what cannot be.
    """
    chosen = dict[str, Any]()
    for settings in (*_told(request.config), *_marked(request.node, request.path), placed(given, request.path.parent)):
        chosen = over(chosen, settings)
    return chosen


def default() -> dict[str, Any]:
    """Return a PBX with the three records of the vendor's guide, and one user."""
    api = {
        "enable": True,
        "tls_bind_address": "127.0.0.1:0",
        "tls_authentication_name": "cdrapi",
        "tls_authentication_password": "cdrapi123",
        "permitted_ips": ["127.0.0.0/8"],
    }
    return {"api": api, "history": {"import": GUIDE}}


def _marked(node: pytest.Item, file: Path) -> Iterator[dict[str, Any]]:
    """Yield what the markers of a test in *file* say, the outermost first."""
    for marker in reversed(list(node.iter_markers("ucmsim"))):
        if marker.args:
            raise pytest.UsageError("@pytest.mark.ucmsim takes keywords only, such as ucmsim(personality='ucm6510')")
        yield placed(marker.kwargs, file.parent)


def _told(config: pytest.Config) -> Iterator[dict[str, Any]]:
    """Yield what environment, ini and command line say, the weakest first."""
    for name, one in pytest_options.settings(config):
        yield {"personality": one.value} if name == "personality" else _of_file(one)


def _of_file(given: pytest_options.Given) -> dict[str, Any]:
    """Return the settings in the file that *given* names."""
    from ucmsim.settings.yamltree import value_in

    file = given.folder / given.value
    try:
        with readable(given.value, "name a file with the settings of one PBX"):
            text = file.read_text("utf-8")
        value = value_in(text, given.value)
    except ConfigurationError as error:
        raise pytest.UsageError("\n".join(f"{given.source}: {problem}" for problem in error.problems)) from None
    if not isinstance(value, dict) or "pbxs" in value:
        raise pytest.UsageError(
            f"{given.source}: {given.value} does not hold the settings of one PBX: the keys below pbxs.<name> in sim.yaml, "
            "such as 'personality: ucm6510'"
        )
    return placed(value, file.parent)
