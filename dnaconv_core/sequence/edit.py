"""Change one-hot sequences `(N, 4, L)`: put motifs in, take bases out, change single bases. The input is left as it is.

A motif is an IUPAC word ('TGASTCA'; ambiguous letters are drawn, N from all four bases), a `Motif` (drawn from its
columns), or one-hot `(4, w)` for all sequences or `(N, 4, w)` for one each. Positions are 0-based; where one number is
given it holds for all sequences, an array `(N,)` gives each its own.
"""

from __future__ import annotations

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.sequence.motif import Motif, draw, from_iupac


def substitute(X: np.ndarray, motif: str | Motif | np.ndarray, start: int | np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Write the motif over the bases from `start` on: same shape as X.

    Raises InputError when the motif would reach beyond the sequence, or is none.
    """
    X = _sequences(X)
    words = words_of(motif, len(X), seed)  # (N, 4, w)
    columns = _columns(start, words.shape[2], X, "the motif")  # (N, w)
    result = X.copy()
    result[np.arange(len(X))[:, None], :, columns] = words.transpose(0, 2, 1)
    return result


def insert(
    X: np.ndarray,
    motif: str | Motif | np.ndarray,
    start: int | np.ndarray,
    *,
    keep_length: bool = False,
    seed: int = 0,
) -> np.ndarray:
    """Put the motif in before base `start`: `(N, 4, L + w)`, or the first L of it with `keep_length`.

    `start` may be L, which appends. Raises InputError when `start` lies outside, or the motif is none.
    """
    X = _sequences(X)
    words = words_of(motif, len(X), seed)
    width, length = words.shape[2], X.shape[2]
    starts = _starts(start, X, 0, length)[:, None]  # (N, 1)
    place = np.arange(length + width)  # of the result: before the motif, in it, or after it
    inside = (place >= starts) & (place < starts + width)
    old = np.clip(np.where(place < starts, place, place - width), 0, max(length - 1, 0))
    new = np.clip(place - starts, 0, width - 1)
    result = np.where(
        inside[:, None, :],
        np.take_along_axis(words, new[:, None, :], axis=2),
        np.take_along_axis(X, old[:, None, :], axis=2),
    ).astype(X.dtype)
    return result[:, :, :length] if keep_length else result


def delete(X: np.ndarray, start: int | np.ndarray, width: int) -> np.ndarray:
    """Take `width` bases out from `start` on: `(N, 4, L - width)`.

    Raises InputError when they reach beyond the sequence.
    """
    X = _sequences(X)
    first = _columns(start, width, X, "the deletion")[:, :1]  # (N, 1)
    place = np.arange(X.shape[2] - width)
    old = np.where(place < first, place, place + width)
    return np.take_along_axis(X, old[:, None, :], axis=2)


def mutate(X: np.ndarray, position: int | np.ndarray, base: str) -> np.ndarray:
    """Set one base of each sequence to `base` (A, C, G, T or U; N makes it unknown): same shape as X.

    Raises InputError for another letter or a position outside the sequence.
    """
    X = _sequences(X)
    letter = base.upper().replace("U", "T")
    if len(letter) != 1 or letter not in "ACGTN":
        raise InputError(f"base is {base!r}: use A, C, G, T (U) or N")
    columns = _columns(position, 1, X, "the mutation")
    result = X.copy()
    result[np.arange(len(X))[:, None], :, columns] = from_codes(np.array(["ACGTN".index(letter)])).T
    return result


def ablate(X: np.ndarray, start: int | np.ndarray, width: int, *, how: str = "shuffle", seed: int = 0) -> np.ndarray:
    """Destroy what stands at `start`, `width` bases long: same shape as X.

    `how`: 'shuffle' puts the same bases in another order (differently for each sequence, and never the same order where
    another exists), 'random' draws new bases, 'n' makes them unknown. Raises InputError for another `how` or bases
    beyond the sequence.
    """
    X = _sequences(X)
    columns = _columns(start, width, X, "the ablation")
    rows, rng = np.arange(len(X))[:, None], np.random.default_rng(seed)
    held = X[rows, :, columns]  # (N, w, 4)
    if how == "shuffle":
        changed = _reordered(held, rng)
    elif how == "random":
        changed = from_codes(rng.integers(0, 4, columns.shape)).transpose(0, 2, 1)
    elif how == "n":
        changed = np.zeros_like(held)
    else:
        raise InputError(f"how is {how!r}: choose 'shuffle', 'random' or 'n'")
    result = X.copy()
    result[rows, :, columns] = changed
    return result


def _reordered(held: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Columns of `(N, w, 4)` in an order that gives other letters wherever not all are the same."""
    result = held.copy()
    left = np.flatnonzero((held != held[:, :1]).any(axis=(1, 2)))  # rows that can change
    while len(left):
        order = rng.permuted(np.tile(np.arange(held.shape[1]), (len(left), 1)), axis=1)
        result[left] = held[left[:, None], order]
        left = left[(result[left] == held[left]).all(axis=(1, 2))]
    return result


def _sequences(X: np.ndarray) -> np.ndarray:
    X = np.asarray(X)
    if X.ndim != 3 or X.shape[1] != 4:
        raise InputError(f"X has shape {X.shape}: sequences to edit are one-hot (sequences, 4, length)")
    return X


def words_of(motif: str | Motif | np.ndarray, n: int, seed: int) -> np.ndarray:
    """The motif as one-hot `(n, 4, w)`, drawn where it leaves a choice."""
    if isinstance(motif, str):
        motif = from_iupac(motif)
    if isinstance(motif, Motif):
        return from_codes(draw(motif.ppm, n, np.random.default_rng(seed)))
    words = np.asarray(motif)
    if words.ndim == 2:
        words = np.broadcast_to(words, (n, *words.shape))
    if words.ndim != 3 or words.shape[:2] != (n, 4) or not words.shape[2]:
        raise InputError(f"the motif has shape {np.shape(motif)}: it must be (4, width) or ({n}, 4, width)")
    return words


def _starts(start: int | np.ndarray, X: np.ndarray, low: int, high: int) -> np.ndarray:
    starts = np.asarray(start)
    if starts.ndim > 1 or (starts.ndim == 1 and len(starts) != len(X)) or starts.dtype.kind not in "iu":
        raise InputError(f"position must be one whole number, or one for each of the {len(X)} sequences")
    starts = np.broadcast_to(starts, len(X))
    outside = (starts < low) | (starts > high)
    if outside.any():
        raise InputError(
            f"position {starts[outside.argmax()]} of sequence {outside.argmax() + 1} is outside: "
            f"sequences of {X.shape[2]} bases take {low} to {high} here"
        )
    return starts


def _columns(start: int | np.ndarray, width: int, X: np.ndarray, what: str) -> np.ndarray:
    """`(N, width)` positions from each start. Raises InputError where they do not fit into the sequence."""
    if not 1 <= width <= X.shape[2]:
        raise InputError(f"{what} is {width} bases long: sequences of {X.shape[2]} bases take 1 to {X.shape[2]}")
    return _starts(start, X, 0, X.shape[2] - width)[:, None] + np.arange(width)
