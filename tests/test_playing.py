"""The pages for the three who use ucmsim, played as they stand: what they type, and what they see."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.playing import File, Sandbox, Typed, differs, steps
from tests.processes import needs_curl

DOCS = Path(__file__).parent.parent / "docs"
PAGES = [DOCS / f"for-{who}.md" for who in ("developers", "test-authors", "qa")]


@needs_curl
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_as_it_is_played(page: Path, tmp_path: Path) -> None:
    """Each command prints what the page says."""
    played = list(steps(page.read_text()))
    assert sum(isinstance(step, Typed) for step in played) > 2
    with Sandbox(tmp_path) as sandbox:
        for step in played:
            assert sandbox.do(step) == "", step


def test_what_a_page_says_is_read() -> None:
    """Files, commands over several lines, and what goes on."""
    page = (
        "<!-- file: a/b.txt -->\n```yaml\nx: 1\n```\ntext\n```console\n$ one \\\n    two\nout\n$ three\n```\n"
        "<!-- goes on -->\n```console\n$ four\n```\n```python\nno\n```\n"
    )
    assert list(steps(page)) == [
        File("a/b.txt", "x: 1\n"),
        Typed("one \\\n    two", ("out",)),
        Typed("three", ()),
        Typed("four", (), goes_on=True),
    ]


@pytest.mark.parametrize(
    ("seen", "printed", "said"),
    [
        ("a b", "a b", ""),
        ("a ... c", "a b b c", ""),
        ("a ...", "a b c", ""),
        ("a b", "a c", "the page has 'b', and there is 'c'"),
        ("a b", "a", "the page has 'b', and nothing more is printed"),
        ("a", "a b", "the page ends, and there is 'b'"),
        ("... c", "a b", "the page has 'c', and nothing more is printed"),
    ],
)
def test_what_differs_is_found(seen: str, printed: str, said: str) -> None:
    """The check can fail."""
    assert differs(tuple(seen.split()), printed.split()) == said


def test_a_command_that_fails_otherwise_is_found(tmp_path: Path) -> None:
    """What is printed of an error is compared like everything else."""
    with Sandbox(tmp_path) as sandbox:
        assert sandbox.do(Typed("echo no >&2; exit 3", ("yes",))) == "the page has 'yes', and there is 'no'"
        assert sandbox.do(File("x", "127.0.0.1:8443\n")) == ""
        assert sandbox.do(Typed("cat x", ("127.0.0.1:8443",))) == ""
        assert (tmp_path / "x").read_text() != "127.0.0.1:8443\n"
        assert sandbox.do(File("y", "control: {}\n")) == ""  # its port is 8444
        assert sandbox.do(Typed("cat y", ('control: {bind: "127.0.0.1:8444"}',))) == ""
        assert (tmp_path / "y").read_text() != 'control: {bind: "127.0.0.1:8444"}\n'
