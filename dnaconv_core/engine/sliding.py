"""What sliding a window along activations `(F, m)` comes to: views, weighted sums, maxima. Tensors in, tensors out.

step: columns from one position of a window to its next; the windows themselves begin at every column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

_DIAGONAL = 128  # window positions whose share of a sum is held at once


def one_hot_codes(codes: np.ndarray) -> np.ndarray:
    """Codes `(m,)` as float32 one-hot `(4, m)`; anything but 0 to 3 is a zero column."""
    return (codes == np.arange(4, dtype=codes.dtype)[:, None]).astype(np.float32)


def shifted(h: Tensor, at: int, positions: int, count: int, step: int = 1) -> Tensor:
    """A view `(p, F, n)` of `(F, m)`: [i, :, s] is column at + step · i + s."""
    return h.as_strided(
        (positions, h.shape[0], count), (step * h.stride(1), h.stride(0), h.stride(1)), h.storage_offset() + at
    )


def weighted_sums(h: Tensor, weights: Tensor, step: int = 1) -> Tensor:
    """`(T, n)`: for each window of `(F, n + step · (P - 1))` the sum of its activations times `weights (T, F, P)`.

    One matrix product gives every column's share at every window position; a window's sum runs along its diagonal.
    """
    tasks, _, positions = weights.shape
    count = h.shape[1] - step * (positions - 1)
    result = h.new_zeros(tasks, count)
    for task in range(tasks):
        for at in range(0, positions, _DIAGONAL):
            part = weights[task, :, at : at + _DIAGONAL]  # (F, p)
            p = part.shape[1]
            wide = count + step * (p - 1)
            shares = part.T @ h[:, step * at : step * at + wide]  # (p, n + step · (p - 1))
            result[task] += shares.as_strided((p, count), (wide + step, 1)).sum(dim=0)
    return result


def sums(h: Tensor, width: int, step: int = 1) -> Tensor:
    """Sums of `width` columns of `(T, m)`, `step` apart: `(T, m - step · (width - 1))`. Running totals in float64."""
    rows, m = h.shape
    total = functional.pad(h.double(), (step, -m % step)).view(rows, -1, step).cumsum(dim=1).flatten(1)
    return (total[:, step * width : step + m] - total[:, : m - step * (width - 1)]).to(h.dtype)


def maxima(h: Tensor, width: int, step: int = 1) -> Tensor:
    """Maximum of `width` columns of `(F, m)`, `step` apart: `(F, m - step · (width - 1))`, by doubling."""
    span = 1
    while span < width:
        more = min(span, width - span)
        h = h[:, : -step * more].maximum(h[:, step * more :])
        span += more
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
