"""The pytest plugin: fixtures that hand each test a throw-away simulated PBX, and what a failed test reports of it.

pytest imports this module in every run of every project where ucmsim is installed, so at module level there is
nothing but pytest and the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ucmsim.testing import (  # noqa: F401 - some are here for the annotations of tests
        NothingCame,
        Ucm,
        UcmCa,
        UcmClock,
        UcmFactory,
        UcmFault,
        UcmFleet,
        UcmIdentity,
    )

__tracebackhide__ = True
"""What fails in a test is shown at the line of the test that asked for it."""
_MARKER = "ucmsim(**settings): the settings of this test's simulated PBX, keys as under pbxs.<name> in sim.yaml"
_TESTING = ("NothingCame", "Ucm", "UcmCa", "UcmClock", "UcmFactory", "UcmFault", "UcmFleet", "UcmIdentity")
"""What `ucmsim.testing` has, which may be had from here too."""
_FACTORIES = pytest.StashKey["list[UcmFactory]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the options be known."""
    from ucmsim import pytest_options

    pytest_options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what PBXs are made with, and where that was told."""
    from ucmsim import pytest_options

    return pytest_options.header(config)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add to the report of a failed test what became of each PBX that it used."""
    outcome: Any = yield
    report: pytest.TestReport = outcome.get_result()
    if report.failed and (_FACTORIES in item.stash or "ucm_fleet" in getattr(item, "fixturenames", ())):
        from ucmsim.testing.reporting import section, used

        factories = item.stash.get(_FACTORIES, [])
        report.sections += [("ucmsim", factory.found) for factory in factories if factory.found]
        report.sections += map(section, used(factories, getattr(item, "funcargs", {}).values()))


@pytest.fixture(scope="session")
def ucm_fleet(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UcmFleet]:
    """The process the session's PBXs run in; it ends with the session, and with pytest itself."""
    from ucmsim import pytest_options
    from ucmsim.child import Child
    from ucmsim.testing import UcmFleet
    from ucmsim.testing.session import Session

    seed = pytest_options.seed(pytestconfig)
    session = Session(lambda: Child(seed=seed), tmp_path_factory.mktemp("ucmsim") / "ca.pem")
    try:
        yield UcmFleet.of(session, seed)
    finally:
        session.child.stop()


@pytest.fixture(scope="session")
def ucm_ca(ucm_fleet: UcmFleet) -> UcmCa:
    """Whom to trust for all PBXs of the session: `path` of a PEM file, `ssl_context()`, and `env` for other programs."""
    assert ucm_fleet.ca is not None  # noqa: S101 - of the session's own process there is one
    return ucm_fleet.ca


@pytest.fixture
def ucm_factory(ucm_fleet: UcmFleet, request: pytest.FixtureRequest) -> Iterator[UcmFactory]:
    """Starts PBXs for this test: ``ucm_factory(personality="ucm6510")``, any number, with any settings."""
    yield from _factory(ucm_fleet, request)


@pytest.fixture
def ucm(ucm_factory: UcmFactory, request: pytest.FixtureRequest) -> Ucm:
    """A clean simulated PBX of this test's own, set up by ``@pytest.mark.ucmsim(...)``."""
    return ucm_factory(**getattr(request, "param", {}))


@pytest.fixture
def ucm_noproc(request: pytest.FixtureRequest) -> Iterator[Ucm]:
    """A clean PBX of this test's own in a ucmsim that runs already, here or elsewhere: --ucmsim-url, --ucmsim-token, --ucmsim-ca."""
    from ucmsim import pytest_options
    from ucmsim.client import ControlClient
    from ucmsim.remote import Remote
    from ucmsim.testing import UcmFleet

    url, token, ca = (pytest_options.strongest(request.config, name) for name in ("url", "token", "ca"))
    if url is None or token is None:
        raise pytest.UsageError("ucm_noproc needs a ucmsim that runs: --ucmsim-url and --ucmsim-token say where")
    control = ControlClient(url.value, token.value, ca=str(ca.folder / ca.value) if ca else None)
    remote = Remote.at(url.value, request.getfixturevalue("tmp_path_factory").mktemp("ucmsim-ca"))
    for factory in _factory(UcmFleet(control, seed=control.status().seed, remote=remote), request):
        yield factory(**getattr(request, "param", {}))


def _factory(fleet: UcmFleet, request: pytest.FixtureRequest) -> Iterator[UcmFactory]:
    """Yield a factory in *fleet* for the test that *request* is of, whose report will tell of its PBXs."""
    from ucmsim.testing import UcmFactory
    from ucmsim.testing.chosen import settings_for
    from ucmsim.testing.fleet import name_for

    factory = UcmFactory(fleet, name_for(request.path.name, request.node.name), partial(settings_for, request))
    request.node.stash.setdefault(_FACTORIES, []).append(factory)
    try:
        yield factory
    finally:
        factory.end()
        if said := factory.loss():
            pytest.fail(said, pytrace=False)


def __getattr__(name: str) -> Any:
    """Return what annotations name from here, and stands in `ucmsim.testing`."""
    if name not in _TESTING:  # pytest asks for others, and shall not import anything for them
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ucmsim import testing

    return getattr(testing, name)
