"""The text of a device file, piece by piece: the same as of the whole, wherever the pieces end."""

from __future__ import annotations

import pytest

from ucmsim.cdr.devicetext import decoded, lines

WHOLE = "AcctId,Zoë\r\n1,日本\r2\r\r\n\udcff\r\n\r".encode("utf-8", "surrogateescape") + b"\xe6"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pieces_make_the_text_of_the_whole(size: int) -> None:
    """A letter of several bytes and a line end of two may be parted, and the file may end in the middle of one."""
    pieces = [WHOLE[at : at + size] for at in range(0, len(WHOLE), size)]
    assert "".join(decoded(pieces)) == WHOLE.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    assert "".join(decoded([])) == ""


@pytest.mark.parametrize("text", ["", "\n", "a", "a\n", "\na\n\nb", "a\rb\u2028c\nd"])
def test_lines_are_those_of_split(text: str) -> None:
    """Line feeds alone end a line."""
    assert list(lines(text)) == text.split("\n")
