"""What sliding a window along activations `(F, m)` comes to: views, weighted sums, maxima. Tensors in, tensors out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

_DIAGONAL = 128  # window positions whose share of a sum is held at once


def one_hot_codes(codes: np.ndarray) -> np.ndarray:
    """Codes `(m,)` as float32 one-hot `(4, m)`; anything but 0 to 3 is a zero column."""
    return (codes == np.arange(4, dtype=codes.dtype)[:, None]).astype(np.float32)


def shifted(h: Tensor, at: int, positions: int, count: int) -> Tensor:
    """A view `(p, F, n)` of `(F, m)`: [i, :, s] is column at + i + s."""
    return h.as_strided(
        (positions, h.shape[0], count), (h.stride(1), h.stride(0), h.stride(1)), h.storage_offset() + at
    )


def weighted_sums(h: Tensor, weights: Tensor) -> Tensor:
    """`(T, n)`: for each window of `(F, n + P - 1)` the sum of its activations times `weights (T, F, P)`.

    One matrix product gives every column's share at every window position; a window's sum runs along its diagonal.
    """
    tasks, _, positions = weights.shape
    count = h.shape[1] - positions + 1
    result = h.new_zeros(tasks, count)
    for task in range(tasks):
        for at in range(0, positions, _DIAGONAL):
            part = weights[task, :, at : at + _DIAGONAL]  # (F, p)
            p = part.shape[1]
            shares = part.T @ h[:, at : at + count + p - 1]  # (p, n + p - 1)
            result[task] += shares.as_strided((p, count), (count + p, 1)).sum(dim=0)
    return result


def sums(h: Tensor, width: int) -> Tensor:
    """Sums of every `width` neighbours of `(T, m)`: `(T, m - width + 1)`, by running totals in float64."""
    total = h.double().cumsum(dim=1)
    result = total[:, width - 1 :].clone()
    result[:, 1:] -= total[:, :-width]
    return result.to(h.dtype)


def maxima(h: Tensor, width: int) -> Tensor:
    """Maximum of every `width` neighbours of `(F, m)`: `(F, m - width + 1)`, by doubling."""
    span = 1
    while span < width:
        step = min(span, width - span)
        h = h[:, :-step].maximum(h[:, step:])
        span += step
    return h


def toeplitz(weight: Tensor, rows: range, columns: range, left: int) -> Tensor:
    """The convolution `(F, C, k)` from positions `columns` to positions `rows` as one matrix `(p·F, q·C)`."""
    filters, channels, k = weight.shape
    matrix = weight.new_zeros(len(rows), filters, len(columns), channels)
    for i, p in enumerate(rows):
        for j, q in enumerate(columns):
            if 0 <= q - p + left < k:
                matrix[i, :, j] = weight[:, :, q - p + left]
    return matrix.view(len(rows) * filters, len(columns) * channels)
