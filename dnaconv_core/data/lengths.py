"""Examples of unequal lengths made equal: cropped around their centre, or padded with unknown bases."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.data.examples import UNKNOWN, Examples
from dnaconv_core.errors import DataError, InputError

HOWS = ("auto", "equal", "crop", "pad")
_MEND = {"equal": "crop or pad", "crop": "pad, or choose a smaller length", "pad": "crop, or choose a larger one"}
_MOST = 0.95  # of all examples keep every base, where lengths vary
_BASES = 1 << 22  # handled together


class Fitted(NamedTuple):
    """codes (N, length) uint8, unknown where padded; how many were changed, and a sentence that says so."""

    codes: np.ndarray
    length: int
    n_cropped: int
    n_padded: int
    sentence: str


class Histogram(NamedTuple):
    """counts (B,) of examples with edges[b] ≤ length < edges[b + 1]; edges (B + 1,) whole numbers."""

    counts: np.ndarray
    edges: np.ndarray


def length_histogram(examples: Examples, bins: int = 40) -> Histogram:
    """How many examples have which length: at most `bins` bins of equal width, of one base each where they suffice."""
    lengths = examples.lengths
    if not len(lengths):
        return Histogram(np.zeros(0, np.int64), np.zeros(1, np.int64))
    low, high = int(lengths.min()), int(lengths.max())
    width = -(-(high - low + 1) // bins)
    edges = np.arange(low, high + width + 1, width)
    return Histogram(np.bincount((lengths - low) // width, minlength=len(edges) - 1), edges)


def fit_lengths(examples: Examples, how: str = "auto", length: int | None = None) -> Fitted:
    """All examples with the same length, their centres in the centre.

    how: 'equal' changes nothing and refuses unequal ones; 'crop' cuts all to the shortest; 'pad' fills all up to the
    longest; 'auto' does neither where they are equal, and else pads to the length that 95 % do not exceed and crops the
    rest. length: in place of those. Raises InputError for other words, DataError naming an example that does not fit.
    """
    if how not in HOWS:
        raise InputError(f"how is {str(how)[:60]!r}: choose {', '.join(map(repr, HOWS))}")
    if length is not None and length < 1:
        raise InputError(f"length is {length}: an example has at least 1 base")
    lengths = examples.lengths
    if not len(lengths) or not lengths.max():
        raise DataError("there is no base in any example: lengths cannot be made equal")
    if length is None:
        length = _chosen(lengths, how)
    bad = {"equal": lengths != length, "crop": lengths < length, "pad": lengths > length}.get(how)
    if bad is not None and bad.any():
        row = int(bad.argmax())
        which = f"example {row + 1} ({str(examples.ids[row])[:60]!r}) has {lengths[row]} bases"
        mend = {
            "equal": "crop or pad",
            "crop": "pad, or choose a smaller length",
            "pad": "crop, or choose a larger one",
        }
        raise DataError(f"{which} where {length} are wanted ({how}): {mend[how]}")
    cropped, padded = int((lengths > length).sum()), int((lengths < length).sum())
    return Fitted(_fitted(examples, length), length, cropped, padded, _sentence(lengths, length, cropped, padded))


def _chosen(lengths: np.ndarray, how: str) -> int:
    if how == "equal":
        return int(lengths[0])
    if how == "crop":
        return max(int(lengths.min()), 1)
    if how == "pad":
        return int(lengths.max())
    return max(int(np.quantile(lengths, _MOST, method="higher")), 1)


def _fitted(examples: Examples, length: int) -> np.ndarray:
    if (examples.lengths == length).all():  # nothing to move: the same memory
        return examples.codes[examples.offsets[0] : examples.offsets[-1]].reshape(examples.n, length)
    codes = np.full((examples.n, length), UNKNOWN, np.uint8)
    step = max(_BASES // length, 1)
    for low in range(0, examples.n, step):
        has = examples.lengths[low : low + step, None]
        place = has // 2 - length // 2 + np.arange(length)  # (B, length): base n // 2 becomes base length // 2
        inside = (place >= 0) & (place < has)
        source = examples.offsets[low : low + step][: len(has), None] + place
        codes[low : low + step][inside] = examples.codes[source[inside]]
    return codes


def _sentence(lengths: np.ndarray, length: int, cropped: int, padded: int) -> str:
    if not cropped and not padded:
        return f"All {len(lengths):,} examples have {length} bases."
    text = f"Lengths are {lengths.min():,} to {lengths.max():,} bases and were made {length:,}"
    done = [f"{cropped:,} were cropped around their centre"] * bool(cropped)
    done += [f"{padded:,} were padded with N on both sides"] * bool(padded)
    return f"{text}: {', '.join(done)}."
