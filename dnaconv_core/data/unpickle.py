"""Numpy arrays out of joblib and `.npy` files, without running anything that a pickle asks for.

joblib writes a small pickle that describes an array and, right behind it, the array's bytes. `pickled_layout.py`
follows that pickle without importing or calling anything; here the array is made from the checked description.

Limits: an array that declares more than `limit` bytes is refused before any of it is unpacked; compressed data are
unpacked piece by piece, never more than was declared, and whatever follows the declared bytes is an error.
"""

from __future__ import annotations

import bz2
import io
import lzma
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dnaconv_core.data.pickled_layout import read_layout, short
from dnaconv_core.errors import DataError, UnsafeFileError

ARRAY_BYTES = 2 << 30  # the most that one file may unpack to
_LZMA_BYTES = 256 << 20  # memory an xz or lzma dictionary may ask for
_PIECE = 1 << 18  # compressed bytes taken at a time


class StoredArray:
    """One array in a file: `shape` and `dtype` are known once it is open, values are read when asked for, once.

    Raises UnsafeFileError for a file that holds or asks for anything but one array of numbers, truth values or
    fixed-width text, or that unpacks to more than `limit` bytes; DataError for a damaged one.
    """

    def __init__(self, path: Path | str, *, limit: int = ARRAY_BYTES) -> None:
        self.path = Path(path)
        with _as_data_errors(self.path):
            self._file = self.path.open("rb")
            try:
                self._stream = _unpacked(self._file, self.path)
                self.layout = read_layout(self._stream, self.path)
                self._check_size(limit)
            except BaseException:
                self._file.close()
                raise
        self.shape, self.dtype = self.layout.shape, self.layout.dtype.newbyteorder("=")

    def _check_size(self, limit: int) -> None:
        shape, itemsize = self.layout.shape, self.layout.dtype.itemsize
        if math.prod(n for n in shape if n) * itemsize > limit:
            raise UnsafeFileError(
                f"{self.path} declares {short(shape)} values of {itemsize} bytes, which is more than the "
                f"{limit / 2**20:,.0f} MiB allowed for one file: nothing of it was unpacked; write smaller shards"
            )

    def __enter__(self) -> StoredArray:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def read(self) -> np.ndarray:
        """The whole array, in the machine's byte order."""
        rows = self.shape[0] if self.shape else 1
        return next(self.blocks(max(rows, 1)), np.empty(self.shape, self.dtype))

    def blocks(self, rows: int) -> Iterator[np.ndarray]:
        """Consecutive blocks of at most `rows` rows; the file's end is checked after the last.

        An array in Fortran order is read whole first, because its rows do not lie together.
        """
        shape, dtype, order = self.layout.shape, self.layout.dtype, self.layout.order
        with _as_data_errors(self.path):
            if self.layout.padded:
                self._stream.read(self._stream.read(1)[0])
            if order == "F" or not shape:
                whole = self._take(shape[::-1], dtype).transpose()
                self._check_end()
        if order == "F" or not shape:
            yield from [whole[i : i + rows] for i in range(0, shape[0], rows)] if shape else [whole]
            return
        for start in range(0, shape[0], rows):
            with _as_data_errors(self.path):
                block = self._take((min(rows, shape[0] - start), *shape[1:]), dtype)
                if start + rows >= shape[0]:
                    self._check_end()
            yield block
        if shape[0] == 0:
            with _as_data_errors(self.path):
                self._check_end()

    def _take(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        block = np.empty(shape, dtype)
        view = block.reshape(-1).view(np.uint8).data if block.size else memoryview(b"")
        got = 0
        while got < len(view):
            n = self._stream.readinto(view[got : got + (1 << 24)])
            if not n:
                raise EOFError("it ends in the middle of the array")
            got += n
        _check_values(block)
        return block.astype(dtype.newbyteorder("="), copy=False)

    def _check_end(self) -> None:
        if self.layout.pickled and self._stream.read(1) != b".":
            raise UnsafeFileError(f"{self.path} goes on after its array: only one numpy array in a file is read")
        if self._stream.read(1):
            raise UnsafeFileError(f"{self.path} goes on after its end: only one numpy array in a file is read")


def read_array(path: Path | str, *, limit: int = ARRAY_BYTES) -> np.ndarray:
    """The array in a joblib or `.npy` file. Raises as StoredArray does."""
    with StoredArray(path, limit=limit) as stored:
        return stored.read()


def _check_values(block: np.ndarray) -> None:
    """Bytes that no truth value and no text can have would break whoever uses them later."""
    if block.dtype.kind == "b" and block.size and block.view(np.uint8).max() > 1:
        raise ValueError("it has truth values that are neither 0 nor 1")
    if block.dtype.kind == "U" and block.size:
        codes = block.view(block.dtype.str[0] + "u4")  # the same byte order
        if codes.max() > 0x10FFFF or ((codes >= 0xD800) & (codes < 0xE000)).any():
            raise ValueError("it has text that is not Unicode")


@contextmanager
def _as_data_errors(path: Path) -> Iterator[None]:
    """Everything that reading a damaged file can raise, said in one sentence."""
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist: check the name") from error
    except (zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        raise DataError(f"{path} cannot be read to its end ({error}): fetch or write it again") from error
    except (ArithmeticError, LookupError, RecursionError, SyntaxError, TypeError, ValueError, struct.error) as error:
        raise DataError(f"{path} is damaged or no joblib array ({short(error)}): fetch or write it again") from error


# Unpacking


class _Inflated(io.RawIOBase):
    """The decompressed bytes of a file, made as they are asked for."""

    def __init__(self, file: BinaryIO, decoder: Any) -> None:
        self._file, self._decoder = file, decoder

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._decoder.eof:
            # zlib hands back the input it has not used; bz2 and lzma keep it and say whether they want more
            waiting = getattr(self._decoder, "unconsumed_tail", b"")
            wants = getattr(self._decoder, "needs_input", not waiting)
            data = self._file.read(_PIECE) if wants else waiting
            out = self._decoder.decompress(data, len(buffer))
            if out:
                buffer[: len(out)] = out
                return len(out)
            if wants and not data and not self._decoder.eof:
                raise EOFError("it ends too early")
        if getattr(self._decoder, "unused_data", b"") or self._file.read(1):
            raise ValueError("more follows after its compressed data")
        return 0


def _unpacked(file: BinaryIO, path: Path) -> io.BufferedReader:
    """The file as it is, or decompressed, by its first bytes."""
    first = file.read(6)
    file.seek(0)
    if first.startswith((b"x", b"\x1f\x8b")):
        decoder: Any = zlib.decompressobj(wbits=47)  # 47: zlib or gzip, as the header says
    elif first.startswith(b"BZ"):
        decoder = bz2.BZ2Decompressor()
    elif first.startswith((b"\xfd7zXZ", b"\x5d\x00")):
        decoder = lzma.LZMADecompressor(memlimit=_LZMA_BYTES)
    elif first.startswith(b"\x04\x22\x4d\x18"):
        raise DataError(f"{path} is compressed with lz4, which is not read here: write it again with compress=3 (zlib)")
    else:
        return file  # type: ignore[return-value]  # open("rb") is a BufferedReader
    return io.BufferedReader(_Inflated(file, decoder), 1 << 16)
