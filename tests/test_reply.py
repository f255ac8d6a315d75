"""The pieces that bodies are sent in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ucmsim.http.reply import PIECE, CutShort, gathered

PARTS = [b"", b"a", b"bc", b"", b"defghij" * 5, b"k" * PIECE, b"", b"l"]


@pytest.mark.parametrize("size", [1, 7, 35, PIECE, 3 * PIECE])
@pytest.mark.parametrize("view", [bytes, memoryview])
def test_parts_are_gathered_to_pieces_of_one_size(size: int, view: type) -> None:
    """Every piece but the last has that size, none is empty, and joined they are the parts."""
    pieces = list(gathered(map(view, PARTS), size))
    assert b"".join(pieces) == b"".join(PARTS)
    assert {len(piece) for piece in pieces[:-1]} <= {size}
    assert 0 < len(pieces[-1]) <= size


@pytest.mark.parametrize("parts", [[], [b""], [b"", b""]])
def test_nothing_is_no_piece(parts: list[bytes]) -> None:
    """Empty parts make no empty piece."""
    assert list(gathered(parts)) == []


def test_what_was_made_before_a_body_is_cut_short_is_sent() -> None:
    """The pieces so far, then the reason."""

    def parts() -> Iterator[bytes]:
        yield b"0123456"
        yield b"789"
        raise CutShort("gone")

    pieces = gathered(parts(), 4)
    assert [next(pieces), next(pieces), next(pieces)] == [b"0123", b"4567", b"89"]
    with pytest.raises(CutShort, match="gone"):
        next(pieces)


def test_whoever_stops_listening_closes_what_is_read() -> None:
    """A body that is left in the middle lets go of its file at once."""
    closed = []

    def parts() -> Iterator[bytes]:
        try:
            yield from (b"x" * 10 for _ in range(10))
        finally:
            closed.append(True)

    pieces = gathered(parts(), 4)
    assert next(pieces) == b"xxxx"
    pieces.close()  # type: ignore[attr-defined]  # it is a generator
    assert closed == [True]
