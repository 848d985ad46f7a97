"""A file as it is to be written: ranges of the one it comes from, new bytes, zeros."""

import mmap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

Source = mmap.mmap | bytes
_CHUNK_BYTES = 1 << 20


class Range(NamedTuple):
    """Bytes of the source, from `start` up to `end`."""

    start: int
    end: int


class Zeros(NamedTuple):
    """Keeps what follows where it was."""

    num_bytes: int


Piece = Range | Zeros | bytes


class NotParsableError(Exception):
    """The file is not what it begins as."""


def write_pieces(source: Source, pieces: Iterable[Piece], target: Path) -> None:
    with target.open("xb") as file:
        for piece in pieces:
            if isinstance(piece, bytes):
                file.write(piece)
            elif isinstance(piece, Range):
                for start in range(piece.start, piece.end, _CHUNK_BYTES):
                    file.write(source[start : min(start + _CHUNK_BYTES, piece.end)])
            else:
                for start in range(0, piece.num_bytes, _CHUNK_BYTES):
                    file.write(bytes(min(_CHUNK_BYTES, piece.num_bytes - start)))


def in_place(kept: Sequence[Range], patches: Sequence[tuple[int, bytes]], size: int) -> list[Piece]:
    """A file as long as its source: `kept` ranges and `patches` where they were, zeros elsewhere.

    Args:
        kept: may overlap; what lies beyond `size` is left out.
        patches: starts and new bytes; they win over kept ranges, and do not overlap each other.
    """
    pieces: list[Piece] = []
    at = 0
    for start, content in [*sorted(patches), (size, b"")]:
        pieces += _kept_or_zero(kept, at, start)
        pieces.append(content)
        at = start + len(content)
    return pieces


def _kept_or_zero(kept: Sequence[Range], start: int, end: int) -> list[Piece]:
    pieces: list[Piece] = []
    at = start
    for one in sorted(kept):
        first, last = max(one.start, at), min(one.end, end)
        if first < last:
            pieces += [Zeros(first - at), Range(first, last)]
            at = last
    return [*pieces, Zeros(max(0, end - at))]
