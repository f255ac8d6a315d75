"""The shape of the house: lower layers never import higher ones, and Twisted stays where it belongs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import ucmsim

ROOT = Path(ucmsim.__file__).parent

LAYERS: dict[str, tuple[str, ...]] = {
    "0": (
        "errors",
        "instants",
        "refusals",
        "privatefile",
        "regularfile",
        "acl",
        "columns",
        "personalities",
        "quirks",
        "register",
        "entry",
        "steps",
        "overlay",
        "secrecy",
        "settings",
        "contract",
    ),
    "1": (
        "clock",
        "corrections",
        "schedule",
        "streams",
        "calls",
        "faults",
        "journal",
        "verdicts",
        "http",
        "authentication",
        "cdr",
        "recording",
        "store",
        "appliance",
    ),
    "1b": ("certificates",),
    "2": (
        "progress",
        "configuration",
        "catalogue",
        "tables",
        "assembling",
        "asking",
    ),
    "3": (
        "control",
        "treqaddress",
        "treqbody",
        "treqfailures",
        "treqclient",
        "tap",
        "sockets",
        "service",
    ),
    "4": (
        "client",
        "deadline",
        "remote",
        "freename",
        "child",
        "report",
        "cli",
        "pytest_options",
        "testing",
        "pytest_plugin",
        "scenarios",
        "commands",
    ),
}

MAY_IMPORT = {
    "0": {"0"},
    "1": {"0", "1"},
    "1b": {"0", "1b"},
    "2": {"0", "1", "1b", "2"},
    "3": {"0", "1", "1b", "2", "3"},
    "4": {"0", "1", "1b", "2", "4"},
}
WITHOUT_TWISTED = ("0", "1", "1b", "2")
TWISTED = ("twisted", "treq", "zope", "OpenSSL", "service_identity")


def layer_of(module: str) -> str:
    """Return the layer that the first name below the package stands in."""
    name = module.split(".")[1] if "." in module else module
    return next(layer for layer, names in LAYERS.items() if name in names)


def modules() -> Iterator[tuple[str, Path]]:
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT.parent).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if module not in ("ucmsim", "ucmsim.__main__"):
            yield module, file


class Imports(NamedTuple):
    """The modules that a source imports: *all* of them, and at the *top* those that importing it imports."""

    all: tuple[str, ...]
    top: tuple[str, ...]


def imports(tree: ast.AST) -> Imports:
    """Return what a module imports, each name in full; what stands under `TYPE_CHECKING` is not at the top."""
    every: list[str] = []
    top: list[str] = []
    left: list[tuple[ast.AST, bool]] = [(tree, True)]
    while left:
        node, at_top = left.pop()
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports name their module in full, so that this check can read them"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        every += names
        top += names if at_top else []
        at_top = at_top and not _is_put_off(node)
        left += [(child, at_top) for child in ast.iter_child_nodes(node)]
    return Imports(tuple(every), tuple(top))


def _is_put_off(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


@cache
def parsed(file: Path) -> ast.Module:
    """Return what stands in *file*, read once for all tests."""
    return ast.parse(file.read_text())


@cache
def imported(file: Path) -> Imports:
    """Return what *file* imports, likewise."""
    return imports(parsed(file))


EVERY = list(modules())


@pytest.mark.parametrize(("module", "file"), EVERY, ids=[module for module, _ in EVERY])
def test_no_import_goes_up(module: str, file: Path) -> None:
    """A module imports from its own layer and those below it."""
    mine = layer_of(module)
    ours = [name for name in imported(file).all if name.startswith("ucmsim.")]
    up = [name for name in ours if name != "ucmsim.__version__" and layer_of(name) not in MAY_IMPORT[mine]]
    # Layer 4 starts the service; it may reach layer 3 inside a function only.
    if mine == "4":
        top = imported(file).top
        up = [name for name in up if name in top]
    assert not up, f"layer {mine} imports upwards"


@pytest.mark.parametrize(("module", "file"), EVERY, ids=[module for module, _ in EVERY])
def test_twisted_stays_in_layer_3(module: str, file: Path) -> None:
    """Layers 0 to 2 know no Twisted at all, layer 4 none at module level."""
    mine = layer_of(module)
    if mine in WITHOUT_TWISTED:
        found = [name for name in imported(file).all if name.split(".")[0] in TWISTED]
    elif mine == "4":
        found = [name for name in imported(file).top if name.split(".")[0] in TWISTED]
    else:
        found = []
    assert not found


@pytest.mark.parametrize(("module", "file"), EVERY, ids=[module for module, _ in EVERY])
def test_no_reactor_at_module_level(module: str, file: Path) -> None:
    """Nobody imports the reactor at module level: that would install it."""
    tops = imported(file).top
    assert not [name for name in tops if name.startswith("twisted.internet.reactor")]


@pytest.mark.parametrize(("module", "file"), EVERY, ids=[module for module, _ in EVERY])
def test_the_pbx_neither_logs_nor_reads_a_clock_nor_opens_sockets(module: str, file: Path) -> None:
    """In layers 0, 1 and 1b time and chance come in as arguments, and what there is to say is returned."""
    if layer_of(module) in ("0", "1", "1b"):
        names = {name.split(".")[0] for name in imported(file).all}
        assert not names & {"logging", "socket", "time", "secrets", "asyncio", "select"}


@cache
def known(module: str) -> frozenset[str]:
    """Return the modules that *module* imports: none for one that is not of the package."""
    file = dict(EVERY).get(module)
    named = imported(file).all if file else ()
    return frozenset(name if name in dict(EVERY) else name.rpartition(".")[0] or name for name in named)


def reached(module: str) -> set[str]:
    """Return every module that importing *module* imports, however far that leads."""
    found, waiting = set[str](), [module]
    while waiting:
        new = known(waiting.pop()) - found
        found |= new
        waiting += new
    return found


@pytest.mark.parametrize("module", [module for module, _ in EVERY if module.startswith("ucmsim.calls")])
def test_calls_know_no_store(module: str) -> None:
    """What happens, and what is written of it, are values: no module of the calls leads to SQLite."""
    assert "sqlite3" not in reached(module)


def test_a_store_is_found_however_far_it_is() -> None:
    """The check can fail: a store that another module imports is one."""
    assert "sqlite3" in reached("ucmsim.store.history")
    assert "sqlite3" in reached("ucmsim.assembling.living")


@pytest.mark.parametrize("module", [name for name, _ in EVERY if re.fullmatch(r"ucmsim\.commands\.(?!ctl)\w+", name)])
def test_what_commands_share_knows_no_group_of_them(module: str) -> None:
    """What `ucmsim ctl` is made of uses it, and not the other way round, inside functions either."""
    assert [name for name in known(module) if name.startswith("ucmsim.commands.ctl")] == []


def test_every_module_has_a_layer() -> None:
    """Every file of the package stands in exactly one layer, and every name of a layer is a file."""
    found = {module.split(".")[1] for module, _ in EVERY}
    named = [name for names in LAYERS.values() for name in names]
    assert sorted(named) == sorted(found)


@pytest.mark.parametrize(
    "source",
    ["from ucmsim.appliance.pbx import Pbx", "def f():\n    from ucmsim.sockets import tls", "import ucmsim.cli"],
)
def test_the_check_can_fail(source: str) -> None:
    """An import that goes up from layer 0 is found, inside functions too."""
    assert [name for name in imports(ast.parse(source)).all if layer_of(name) not in MAY_IMPORT["0"]]


_CHANGEABLE = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
_CACHED = {"ucmsim.settings.objections", "ucmsim.store.schema", "ucmsim.calls.timing", "ucmsim.calls.traffic"}
"""Modules that keep what a pure function returned; beside each stands what that saves."""


def changeable(tree: ast.Module) -> Iterator[str]:
    """Yield the names of what a module keeps at its top level and anybody could change."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            made = node.value.func if isinstance(node.value, ast.Call) else None
            if isinstance(node.value, _CHANGEABLE) or (
                isinstance(made, ast.Name) and made.id in ("dict", "list", "set")
            ):
                yield from (ast.unparse(target) for target in targets)
    yield from (f"global {name}" for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names)


@pytest.mark.parametrize(("module", "file"), list(modules()), ids=lambda one: str(one) if isinstance(one, str) else "")
def test_no_module_has_state(module: str, file: Path) -> None:
    """What stands at the top of a module nobody can change, and nothing is kept there from one call to the next."""
    tree = parsed(file)
    assert set(changeable(tree)) <= {"__all__"}
    assert bool(list(cached(tree))) is (module in _CACHED)


def cached(tree: ast.AST) -> Iterator[str]:
    """Yield the functions of a module, or of its classes, that keep what they returned."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = {name.id for one in node.decorator_list for name in ast.walk(one) if isinstance(name, ast.Name)}
            yield from (node.name for _ in names & {"cache", "lru_cache"})


@pytest.mark.parametrize(
    "text", ["a = {}", "a: dict[str, int] = {}", "a = [n for n in b]", "a = set(b)", "def f():\n    global a"]
)
def test_state_would_be_seen(text: str) -> None:
    """The check finds what it looks for."""
    assert [name[-1] for name in changeable(ast.parse(text))] == ["a"]
    assert list(cached(ast.parse("@lru_cache(5)\ndef f(): pass\n@cache\ndef g(): pass"))) == ["f", "g"]


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    import a.b",
        "class C:\n    async def f(self):\n        from a import b",
        "if TYPE_CHECKING:\n    from a import b",
    ],
)
def test_what_is_put_off_is_not_at_the_top(source: str) -> None:
    """Importing a file imports nothing that stands in a function or is there for the type checker only."""
    assert imports(ast.parse(source)) == (("a.b",), ())
    assert imports(ast.parse("if True:\n    import a.b")) == (("a.b",), ("a.b",))
