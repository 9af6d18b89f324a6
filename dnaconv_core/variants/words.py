"""A variant's two alleles side by side."""

from __future__ import annotations

import numpy as np

from dnaconv_core.variants.effects import VariantEffect

GAP = -1


def aligned(effect: VariantEffect) -> tuple[np.ndarray, np.ndarray]:
    """For REF's and ALT's window, the base that stands in each column `(W,)`, GAP where none does.

    Both windows begin at the same base. Behind an insertion or deletion the columns of both hold the same base of the
    genome; the allele that is longer leaves the window sooner, and its last columns are gaps.
    """
    length, at = len(effect.ref_window), effect.variant.start - (effect.window_start or 0)
    ref, alt = min(len(effect.variant.ref), length - at), min(len(effect.alt), length - at)
    columns = []
    for own, other in ((ref, alt), (alt, ref)):
        behind = np.arange(at + own, length)
        inner = np.full(max(other - own, 0), GAP)
        after = np.full(max(own - other, 0), GAP)
        columns.append(np.concatenate([np.arange(at + own), inner, behind, after]))
    return columns[0], columns[1]


def in_columns(values: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Values `(4, L)` of a window in these columns `(4, W)`, 0 in gaps."""
    return np.where(columns == GAP, 0, values[:, columns])
