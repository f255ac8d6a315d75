"""From where the settings of a test's PBX come, which source wins, and what pytest's header says of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ucmsim import __version__, pytest_options
from ucmsim.pytest_options import OPTIONS
from ucmsim.testing import UcmFleet
from ucmsim.testing.chosen import settings_for


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Nothing is said by the environment of who runs this."""
    for option in OPTIONS:
        monkeypatch.delenv(option.variable, raising=False)


def chosen(
    pytester: pytest.Pytester,
    *options: str,
    marked: tuple[dict[str, Any], ...] = (),
    given: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the settings of a test that pytest with *options* runs, *marked* from the nearest on, its fixture *given*."""
    markers = [SimpleNamespace(args=(), kwargs=one) for one in marked]
    node = SimpleNamespace(iter_markers=lambda name: markers if name == "ucmsim" else [])
    request: Any = SimpleNamespace(config=pytester.parseconfig(*options), node=node, path=pytester.path / "test_it.py")
    return settings_for(request, given or {})


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the users' tests in a process of their own, with this plugin alone."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        plain = ("-W", "error", "-p", "no:cacheprovider", "-p", "ucmsim.pytest_plugin")
        return pytester.runpytest_subprocess(*plain, "-s", *arguments, timeout=120)


# Which source wins


def test_argument_over_marker_over_option(pytester):
    """What is nearer to the test wins; of a group that each says something of, the keys are merged."""
    pytester.makefile(".yaml", mine="quirks: {order: desc}\napi: {tls_authentication_name: filed}\n")
    options = ("--ucmsim-personality=ucm6200", "--ucmsim-config=mine.yaml")
    filed = {"quirks": {"order": "desc"}, "api": {"tls_authentication_name": "filed"}, "personality": "ucm6200"}
    assert chosen(pytester, *options) == filed
    marked = {"personality": "ucm6510", "quirks": {"keep-alive": 5}}
    outer = {"personality": "ucm6100", "time_zone": "Europe/Berlin"}
    merged = {
        **filed,
        "personality": "ucm6510",
        "quirks": {"order": "desc", "keep-alive": 5},
        "time_zone": "Europe/Berlin",
    }
    assert chosen(pytester, *options, marked=(marked, outer)) == merged
    given = {"personality": "ucm6100", "quirks": {"order": "asc"}}
    assert chosen(pytester, *options, marked=(marked, outer), given=given) == {
        **merged, "personality": "ucm6100", "quirks": {"order": "asc", "keep-alive": 5},
    }  # fmt: skip


def test_option_over_ini_over_environment(pytester, monkeypatch):
    """The command line wins over the ini file, and that over the environment, each with its file and its personality."""
    assert chosen(pytester) == {}
    monkeypatch.setenv("UCMSIM_PERSONALITY", "ucm6100")
    monkeypatch.setenv("UCMSIM_CONFIG", "here.yaml")
    pytester.makefile(".yaml", here="personality: ucm6510\nquirks: {order: desc}\n", of_ini="quirks: {keep-alive: 5}\n")
    pytester.makefile(".yaml", said="personality: ucm6510-1.0.5\n")
    assert chosen(pytester) == {"personality": "ucm6100", "quirks": {"order": "desc"}}
    pytester.makeini("[pytest]\nucmsim_config = of_ini.yaml\nucmsim_personality = ucm6200\n")
    both = {"order": "desc", "keep-alive": 5}
    assert chosen(pytester) == {"personality": "ucm6200", "quirks": both}
    assert chosen(pytester, "--ucmsim-config=said.yaml") == {"personality": "ucm6510-1.0.5", "quirks": both}
    assert chosen(pytester, "--ucmsim-config=said.yaml", "--ucmsim-personality=ucm6510") == {
        "personality": "ucm6510", "quirks": both,
    }  # fmt: skip


def test_files_in_a_file_are_beside_it(pytester):
    """What a file of settings names is relative to that file, what a test names to the test."""
    folder = pytester.mkdir("settings")
    (folder / "mine.yaml").write_text("history: {import: rows.csv}\napi: {tls_cert: c.pem}\n")
    assert chosen(pytester, "--ucmsim-config=settings/mine.yaml", given={"api": {"tls_private_key": "k.pem"}}) == {
        "history": {"import": str(folder / "rows.csv")},
        "api": {"tls_cert": str(folder / "c.pem"), "tls_private_key": str(pytester.path / "k.pem")},
    }


def test_what_is_no_file_beside_it_stays(pytester):
    """The guide's records, which come with ucmsim, a file at home, and a certificate that stands there itself."""
    said = {"history": {"import": "ucmsim:guide-2013.csv"}, "api": {"tls_private_key": "~/k.pem", "tls_cert": "-\n-"}}
    assert chosen(pytester, given=said) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            None,
            "^--ucmsim-config: mine.yaml: it cannot be read: No such file or directory; name a file with the settings of one PBX$",
        ),
        ("pbxs: {hq: {}}\n", "^--ucmsim-config: mine.yaml does not hold the settings of one PBX: the keys below "),
        ("- a list\n", "^--ucmsim-config: mine.yaml does not hold the settings of one PBX: the keys below "),
        ("a: 1\na: 2\n", "^--ucmsim-config: mine.yaml:2: "),
    ],
)
def test_a_file_that_cannot_be_used(pytester, text, said):
    """It is an error of whoever runs pytest, in one sentence."""
    if text is not None:
        pytester.makefile(".yaml", mine=text)
    with pytest.raises(pytest.UsageError, match=said):
        chosen(pytester, "--ucmsim-config=mine.yaml")


# The header


def test_the_header_says_what_counts_and_from_where(pytester, monkeypatch):
    """One line: the seed, the personality, files in the order in which they count, the control plane, each with its source; no secret."""

    def header(*options: str) -> str:
        return pytest_options.header(pytester.parseconfig(*options)).removeprefix(f"ucmsim {__version__}: ")

    assert header() == "seed 42 (default), personality ucm6100 (default)"
    monkeypatch.setenv("UCMSIM_CONTROL_URL", "http://somebody:secret@127.0.0.1:8444")
    pytester.makeini("[pytest]\nucmsim_personality = ucm6200\n")
    assert header("--ucmsim-seed=7", "--ucmsim-token=a-secret-token") == (
        "seed 7 (--ucmsim-seed), personality ucm6200 (ini ucmsim_personality), "
        "control plane 127.0.0.1:8444 (UCMSIM_CONTROL_URL)"
    )
    monkeypatch.setenv("UCMSIM_CONFIG", "first.yaml")
    monkeypatch.delenv("UCMSIM_CONTROL_URL")
    pytester.makefile(".yaml", first="personality: ucm6100\n", mine="quirks: {order: desc}\n")
    assert header("--ucmsim-config=mine.yaml") == (
        "seed 42 (default), personality ucm6200 (ini ucmsim_personality), "
        "settings of first.yaml (UCMSIM_CONFIG), over them those of mine.yaml (--ucmsim-config)"
    )


FILE = ("--ucmsim-config=mine.yaml",)
NAMES_ONE = "personality: ucm6510\n"


@pytest.mark.parametrize(
    ("ini", "text", "options", "personality"),
    [
        ("", "", (), "ucm6100 (default)"),
        ("", "quirks: {order: desc}\n", FILE, "ucm6100 (default)"),
        ("", NAMES_ONE, FILE, "ucm6510 (mine.yaml, --ucmsim-config)"),
        ("ucmsim_config = mine.yaml", NAMES_ONE, (), "ucm6510 (mine.yaml, ini ucmsim_config)"),
        ("ucmsim_personality = ucm6200", NAMES_ONE, FILE, "ucm6510 (mine.yaml, --ucmsim-config)"),
        ("ucmsim_personality = ucm6200", "quirks: {order: desc}\n", FILE, "ucm6200 (ini ucmsim_personality)"),
        ("ucmsim_personality = ucm6200\nucmsim_config = mine.yaml", NAMES_ONE, (), "ucm6200 (ini ucmsim_personality)"),
        ("ucmsim_config = mine.yaml", NAMES_ONE, ("--ucmsim-personality=ucm6200",), "ucm6200 (--ucmsim-personality)"),
    ],
)
def test_the_header_has_the_personality_that_a_pbx_gets(pytester, ini, text, options, personality):
    """Whichever of option, ini and the file of either says so."""
    pytester.makeini(f"[pytest]\n{ini}\n")
    pytester.makefile(".yaml", mine=text)
    assert chosen(pytester, *options).get("personality", "ucm6100") == personality.partition(" ")[0]
    assert f", personality {personality}" in pytest_options.header(pytester.parseconfig(*options))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "- a list\n",
        "pbxs: {hq: {personality: ucm6510}}\n",
        "a: [\n",
        "personality: 6510\n",
        NAMES_ONE.encode("utf-16"),
    ],
)
def test_the_header_has_no_personality_where_a_file_cannot_be_used(pytester, text):
    """The file is named, and whoever needs it is told what is wrong; what is stronger than it counts all the same."""
    if text is not None:
        (pytester.path / "mine.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    pytester.makeini("[pytest]\nucmsim_personality = ucm6200\n")
    due = f"ucmsim {__version__}: seed 42 (default), settings of mine.yaml (--ucmsim-config)"
    assert pytest_options.header(pytester.parseconfig(*FILE)) == due
    assert ", personality ucm6510 (--ucmsim-personality), " in pytest_options.header(
        pytester.parseconfig(*FILE, "--ucmsim-personality=ucm6510")
    )


def test_a_seed_is_a_number(pytester):
    """Another is a usage error before any test."""
    with pytest.raises(
        pytest.UsageError, match=r"^--ucmsim-seed: 'many' is no seed; it is a whole number, such as 42$"
    ):
        pytest_options.header(pytester.parseconfig("--ucmsim-seed=many"))


# As users run it

MADE_UP = """
import warnings

import pytest
import requests


@pytest.mark.ucmsim(
    history={"days": 1, "calls_per_day": 20}, clock={"start": "2026-03-04T12:00:00Z"}, api={"tls_authentication_name": None}
)
def test_made_up(ucm):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the certificate is of the day of its calls
        with requests.Session() as session:
            print("ROWS", ucm.name, session.get(ucm.url + "/cdrapi", verify=False, timeout=30).content.hex())


def test_before(ucm):
    assert ucm.settings["personality"] == "ucm6200-1.0.20"
"""


def test_what_is_made_up_follows_from_the_seed_and_the_test(pytester):
    """Alone or behind others a test has the same calls, with another seed others; options reach the PBX."""
    pytester.makepyfile(MADE_UP)

    def rows(*arguments: str) -> str:
        result = run(pytester, "--ucmsim-personality=ucm6200", *arguments)
        assert result.ret == 0
        return next(line.partition("ROWS ")[2] for line in result.outlines if "ROWS" in line)

    (name,) = (one for one in pytester.path.iterdir() if one.suffix == ".py")
    first = rows(f"{name.name}::test_before", f"{name.name}::test_made_up")
    assert rows("-k", "made_up") == first
    assert rows("-k", "made_up", "--ucmsim-seed=43") != first


NOPROC = """
def test_it(ucm_noproc):
    assert ucm_noproc.settings["personality"] == "ucm6510-1.0.10"
    assert ucm_noproc.requests == []
    print("NAMED", ucm_noproc.name)
    try:
        ucm_noproc.log
    except LookupError as error:
        print("LOG", error)
"""


def test_a_ucmsim_that_runs_already(pytester, ucm_fleet: UcmFleet, monkeypatch):
    """`ucm_noproc` is a PBX of the test's own in it, gone with the test; the token may be in the environment."""
    monkeypatch.setenv("UCMSIM_CONTROL_TOKEN", ucm_fleet.control.token)
    before = ucm_fleet.control.pbxs()
    pytester.makepyfile(NOPROC)
    result = run(pytester, "--ucmsim-url", ucm_fleet.control.url, "--ucmsim-personality=ucm6510")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*NAMED test-it-*", "LOG the log is where this ucmsim was started; ucm.journal() tells *"]
    )
    assert ucm_fleet.control.pbxs() == before


def test_a_ucmsim_that_nobody_named(pytester):
    """Without an address the error says which options have it."""
    pytester.makepyfile(NOPROC)
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*UsageError: ucm_noproc needs a ucmsim that runs: --ucmsim-url and --ucmsim-token*"])
