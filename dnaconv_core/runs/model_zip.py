"""A model's `.zip` that is not trusted: read in pieces, and refused before anything large is made of it.

Names come first, then the configuration. It says how many weights there are and of what shapes: those in the file must
be these, which their header tells, and finite, which one pass over them tells. Only then are they read to be kept.
"""

from __future__ import annotations

import codecs
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dnaconv_core.errors import BundleError
from dnaconv_core.files import ZIP_DAMAGED, is_litter
from dnaconv_core.model.bundle import CARD, CONFIG, METRICS, WEIGHTS
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.runs.seen import HASHES, MOST_BYTES

TABLE, HISTORY, COMMAND = "predictions.csv", "history.csv", "command.txt"
_SMALL, _HEADER = 1 << 20, 1 << 20
LIMITS = {  # of the weights the configuration tells, beside their header
    CONFIG: _SMALL, WEIGHTS: _HEADER, METRICS: 4 << 20, CARD: _SMALL, TABLE: 1 << 28, HISTORY: 32 << 20,
    COMMAND: _SMALL, HASHES: MOST_BYTES,
}  # fmt: skip
_MOST_ENTRIES = 32
_LONGEST_LINE = 1 << 20  # characters of a table's line, beside its sequence
_BLOCK = 1 << 20


class ModelZip:
    """The files of a bundle in a zip, by name, at its top or in one folder; used in a `with`.

    Raises BundleError for what is no zip, other names than a bundle's, and more than a file may have.
    """

    def __init__(self, archive: Path | bytes) -> None:
        self.label = "the file" if isinstance(archive, bytes) else str(archive)
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self._allowed = dict(LIMITS)
        try:
            self._packed = zipfile.ZipFile(io.BytesIO(archive) if isinstance(archive, bytes) else archive)
        except FileNotFoundError:
            raise BundleError(f"{self.label} does not exist: give the path of an exported model") from None
        except ZIP_DAMAGED as error:
            raise self._damaged(error) from None

    def __enter__(self) -> ModelZip:
        self._look()
        return self

    def __exit__(self, *_: object) -> None:
        self._packed.close()

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def read(self, name: str) -> bytes:
        """All of a file, never more than it may have, whatever its header says."""
        return b"".join(self.blocks(name))

    def blocks(self, name: str) -> Iterator[bytes]:
        """A file's bytes in pieces."""
        left = self._allowed[name]
        try:
            with self._packed.open(self._entries[name]) as file:
                while block := file.read(_BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise BundleError(
                            f"{self._entries[name].filename} unpacks to more than the {self._allowed[name]:,} bytes it "
                            f"may have: refused"
                        )
                    yield block
        except ZIP_DAMAGED as error:
            raise self._damaged(error) from None

    def lines(self, name: str, longest: int) -> Iterator[str]:
        """A table's lines, none longer than `longest` and what else it may have. Raises UnicodeDecodeError."""
        most, rest = longest + _LONGEST_LINE, ""
        decoder = codecs.getincrementaldecoder("utf-8")()
        for block in self.blocks(name):
            *whole, rest = (rest + decoder.decode(block)).split("\n")
            yield from (f"{line}\n" for line in whole)
            if len(rest) > most:
                raise BundleError(f"{name} has a line of more than {most:,} characters: export the model again")
        yield from [rest + decoder.decode(b"", final=True)] if rest else []

    def check_weights(self, config: ModelConfig) -> None:
        """That the weights are those of such a network, and finite. Raises BundleError."""
        has = self._entries[WEIGHTS].file_size
        if has + _HEADER < 4 * config.n_parameters:  # before a network of that size is made
            raise BundleError(
                f"{CONFIG} describes {config.n_parameters:,} parameters and {WEIGHTS} has only {has:,} bytes: they do "
                f"not belong together"
            )
        self._allowed[WEIGHTS] += 4 * config.n_parameters
        blocks = self.blocks(WEIGHTS)
        header, rest = _header(blocks)
        _check_header(header, config)
        for values in _numbers(rest, blocks):
            if not np.isfinite(values).all():
                raise BundleError(f"{WEIGHTS} holds values that are not finite numbers: export the model again")

    def _look(self) -> None:
        entries = [one for one in self._packed.infolist() if not (one.is_dir() or is_litter(one.filename))]
        if len(entries) > _MOST_ENTRIES:
            raise BundleError(f"{self.label} holds {len(entries):,} files: an exported model has {len(LIMITS)} at most")
        for entry in entries:
            path = PurePosixPath(entry.filename)
            if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or len(path.parts) > 2:
                named = repr(entry.filename[:60])
                raise BundleError(f"{self.label} holds {named}, a path outside the model's folder: refused")
            if path.name not in LIMITS or path.name in self._entries:
                why = "twice" if path.name in self._entries else "which is no part of a model"
                raise BundleError(f"{self.label} holds {entry.filename!r} {why}: export the model again")
            self._entries[path.name] = entry
        for needed in (CONFIG, WEIGHTS):
            if needed not in self._entries:
                raise BundleError(f"{self.label} has no {needed}: a model is exported with 'dnaconv runs export'")

    def _damaged(self, error: Exception) -> BundleError:
        return BundleError(f"{self.label} is not a readable .zip ({error}): export the model again")


def _header(blocks: Iterator[bytes]) -> tuple[dict[str, Any], bytes]:
    """The names, kinds and shapes of tensors at a safetensors file's beginning, and what was read beyond."""
    start = b""
    size = 8
    for block in blocks:
        start += block
        if len(start) >= 8:
            size = 8 + int.from_bytes(start[:8], "little")
        if len(start) >= size or size > _HEADER:
            break
    try:
        if not 8 < size <= min(len(start), _HEADER):
            raise ValueError("its header is cut off or too large")
        told = json.loads(start[8:size])
        told.pop("__metadata__", None)
        return {name: (one["dtype"], tuple(one["shape"])) for name, one in told.items()}, start[size:]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(f"{WEIGHTS} is not a readable safetensors file ({str(error)[:100]}): copy it again") from None


def _check_header(header: dict[str, Any], config: ModelConfig) -> None:
    """Whether these are the tensors of such a network, which is made without room for its numbers."""
    import torch

    from dnaconv_core.model.convnet import build

    with torch.device("meta"):
        expected = {name: tuple(tensor.shape) for name, tensor in build(config).state_dict().items()}
    if set(header) != set(expected):
        odd = sorted(set(header) ^ set(expected))[0]
        raise BundleError(f"{WEIGHTS} and {CONFIG} do not belong together: tensor {odd[:60]!r} is in only one of them")
    for name, (kind, shape) in header.items():
        if shape != expected[name]:
            raise BundleError(f"{WEIGHTS}: {name} has shape {shape} but {CONFIG} describes {expected[name]}")
        if kind != "F32":
            raise BundleError(f"{WEIGHTS}: {name} holds {str(kind)[:20]!r} instead of 32-bit numbers: export it again")


def _numbers(rest: bytes, blocks: Iterator[bytes]) -> Iterator[np.ndarray]:
    """The little-endian 32-bit numbers of `rest` and the blocks after it, in pieces."""
    for block in blocks:
        joined = rest + block
        whole = len(joined) - len(joined) % 4
        yield np.frombuffer(joined[:whole], "<f4")
        rest = joined[whole:]
    yield np.frombuffer(rest[: len(rest) - len(rest) % 4], "<f4")
