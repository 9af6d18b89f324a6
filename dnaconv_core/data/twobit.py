"""Genomes as UCSC's 2bit files: four bases a byte, read by position from the mapped file.

Format: https://genome.ucsc.edu/FAQ/FAQformat.html#format7 (versions 0 and 1, bytes in either order). Read here because
twobitreader keeps one place in the file for all threads and takes ten times as long. Small letters are read as
capitals, as in FASTA.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import DataError

_MARK = 0x1A412743
_FOUR = np.frombuffer(b"TCAG", np.uint8)[(np.arange(256)[:, None] >> np.array([6, 4, 2, 0])) & 3]  # (256, 4)


class Packed(NamedTuple):
    """A sequence of the file: its packed bases begin at byte `offset`; N stand in [starts, ends)."""

    name: str
    length: int
    offset: int
    starts: np.ndarray  # (B,) rising
    ends: np.ndarray


def is_twobit(head: bytes) -> bool:
    """Whether a file that begins with these bytes is one."""
    return len(head) >= 4 and _MARK in (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big"))


def read_index(path: Path, data: mmap.mmap) -> dict[str, Packed]:
    """Where each sequence stands. Raises DataError for a file that is damaged, or has two sequences of one name."""
    try:
        found = _index(data)
    except (struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is a damaged 2bit file ({error}): fetch it again") from error
    if len({one.name for one in found}) < len(found):
        raise DataError(f"{path} has two sequences of one name: give each a name of its own")
    return {one.name: one for one in found}


def _index(data: mmap.mmap) -> list[Packed]:
    order = "<" if int.from_bytes(data[:4], "little") == _MARK else ">"
    version, count, _ = struct.unpack_from(f"{order}3I", data, 4)
    if version not in (0, 1):
        raise ValueError(f"its version is {version}, and 0 and 1 can be read")
    at, wide, places = 16, "I" if version == 0 else "Q", []
    for _ in range(count):
        size = data[at]
        name = data[at + 1 : at + 1 + size].decode("utf-8")
        (offset,) = struct.unpack_from(f"{order}{wide}", data, at + 1 + size)
        at += 1 + size + (4 if version == 0 else 8)
        places.append((name, offset))
    return [_sequence(data, order, name, offset) for name, offset in places]


def _sequence(data: mmap.mmap, order: str, name: str, offset: int) -> Packed:
    length, blocks = struct.unpack_from(f"{order}2I", data, offset)
    number = np.dtype(np.uint32).newbyteorder("<" if order == "<" else ">")
    starts = np.frombuffer(data, number, blocks, offset + 8).astype(np.int64)
    sizes = np.frombuffer(data, number, blocks, offset + 8 + 4 * blocks).astype(np.int64)
    masks = offset + 8 + 8 * blocks
    (small,) = struct.unpack_from(f"{order}I", data, masks)
    begin = masks + 4 + 8 * small + 4  # after the blocks of small letters and a reserved number
    if begin + -(-length // 4) > len(data):
        raise ValueError(f"{name[:30]!r} reaches beyond its end")
    return Packed(name, length, begin, starts, starts + sizes)


def letters(data: np.ndarray, one: Packed, start: int, end: int) -> np.ndarray:
    """Upper-case letters of [start, end) of a sequence, which lies within it, uint8."""
    first = start // 4
    packed = data[one.offset + first : one.offset + -(-end // 4)]
    found = _FOUR[packed].ravel()[start - 4 * first :][: end - start]
    low = np.searchsorted(one.ends, start, "right")
    high = np.searchsorted(one.starts, end, "left")
    for begin, stop in zip(one.starts[low:high].tolist(), one.ends[low:high].tolist(), strict=True):
        found[max(begin - start, 0) : stop - start] = ord("N")
    return found
