"""The text of a device file, piece by piece: the same as of the whole, wherever the pieces end."""

from __future__ import annotations

import pytest

from ucmsim.cdr.devicetext import Window, decoded, lines, unmarked

WHOLE = "AcctId,Zoë\r\n1,日本\r2\r\r\n\udcff\r\n\r".encode("utf-8", "surrogateescape") + b"\xe6"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pieces_make_the_text_of_the_whole(size: int) -> None:
    """A letter of several bytes and a line end of two may be parted, and the file may end in the middle of one."""
    pieces = [WHOLE[at : at + size] for at in range(0, len(WHOLE), size)]
    assert "".join(decoded(pieces)) == WHOLE.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    assert "".join(decoded([])) == ""


@pytest.mark.parametrize("text", ["", "\n", "a", "a\n", "\na\n\nb", "a\rb\u2028c\nd"])
@pytest.mark.parametrize("size", [1, 2, 100])
def test_lines_are_those_of_split(text: str, size: int) -> None:
    """Line feeds alone end a line."""
    assert list(lines(text[at : at + size] for at in range(0, len(text), size))) == text.split("\n")


def test_a_mark_is_taken_from_the_beginning_only() -> None:
    """Also where nothing is before it in a piece."""
    assert list(unmarked(["", "\ufeff", "", "\ufeffa", "b"])) == ["", "\ufeffa", "b"]
    assert list(unmarked([])) == []


def test_a_window_forgets_what_is_passed() -> None:
    """It has as much more at a time as remains in it, and knows where that stood in all there was."""
    window = Window(iter(["ab\nc", "d", "e", "f\ng"]))
    assert (window.more(), window.text) == (True, "ab\nc")
    window.go(1)
    assert (window.more(), window.text, window.at) == (True, "b\ncdef\ng", 0)
    assert (window.line, window.where(0), window.where(7)) == (
        1,
        "line 1 column 2 (char 1)",
        "line 3 column 1 (char 8)",
    )
    window.go(3)
    assert (window.line, window.more(), window.text[window.at :]) == (2, False, "def\ng")
    assert window.where(window.at) == "line 2 column 2 (char 4)"
