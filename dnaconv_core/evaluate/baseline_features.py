"""What the baselines other than words look at: base content, motif matches, covariates. All `(N, F)` float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import DataError
from dnaconv_core.evaluate.baseline_words import blocks
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.motif import Motif, scan, to_pwm

LOG_OFFSET = 1e-3  # as in the networks' covariate transform
_TOGETHER = 200  # sequences whose windows are laid out at once


def gc_share(X: np.ndarray) -> np.ndarray:
    """Share of G and C among the known bases, `(N, 1)`; one half where none is known."""
    counts = np.concatenate([block.sum(axis=2) for block in blocks(X)])
    known = counts.sum(axis=1)
    return np.divide(counts[:, 1] + counts[:, 2], known, out=np.full(len(counts), 0.5), where=known > 0)[:, None]


def cpg_share(X: np.ndarray) -> np.ndarray:
    """CpGs per pair of neighbours, `(N, 1)`."""
    return np.concatenate([(x[:, 1, :-1] & x[:, 2, 1:]).mean(axis=1) for x in blocks(X)])[:, None]


def best_match(X: np.ndarray, motif: np.ndarray) -> np.ndarray:
    """The highest PWM score over positions and strands, bits, `(N, 1)`."""
    pwm = to_pwm(motif)
    found = [scan(block, pwm) for block in blocks(X)]
    return np.concatenate([x.reshape(len(x), -1).max(axis=1) for x in found])[:, None].astype(np.float64)


def best_matches(X: np.ndarray, motifs: Sequence[Motif], progress: Progress = SILENT) -> np.ndarray:
    """`best_match` of many motifs at once, with the sites each was made from: `(N, M)`, motifs as given.

    Motifs of one width are laid side by side and meet all windows in one product of matrices. None may be longer than
    the sequences. When `progress` asks to stop, the motifs that are left score 0.
    """
    found = np.zeros((len(X), len(motifs)))
    order = sorted(range(len(motifs)), key=lambda i: motifs[i].width)
    for width, of_width in groupby(order, key=lambda i: motifs[i].width):
        columns = list(of_width)
        pwms = np.stack([to_pwm(motifs[i].ppm, nsites=motifs[i].nsites) for i in columns])  # (M, 4, w)
        worst = pwms.min(axis=1, keepdims=True)  # what an unknown base scores
        raised = np.concatenate([pwms - worst, (pwms - worst)[:, ::-1, ::-1]]).astype(np.float32)
        kernels = raised.transpose(2, 1, 0).reshape(4 * width, -1)  # (4 w, 2 M)
        for start in range(0, len(X), _TOGETHER):
            if progress.should_stop():
                return found
            rows = slice(start, start + _TOGETHER)
            both = _highest(np.asarray(X[rows]), kernels, width).reshape(-1, 2, len(columns))
            found[rows, columns] = both.max(axis=1) + worst.sum(axis=(1, 2))
    return found


def _highest(X: np.ndarray, kernels: np.ndarray, width: int) -> np.ndarray:
    """The highest score `(B, M)` of kernels `(4 w, M)` over the windows of one-hot `(B, 4, L)`."""
    bases = np.ascontiguousarray(X.transpose(0, 2, 1), np.float32).reshape(len(X), -1)  # (B, 4 L)
    windows = np.lib.stride_tricks.sliding_window_view(bases, 4 * width, axis=1)[:, ::4]  # (B, P, 4 w)
    scores = windows.reshape(-1, 4 * width) @ kernels
    return scores.reshape(len(X), -1, kernels.shape[1]).max(axis=1)


def covariate_transform(train: Dataset, valid: Dataset) -> Callable[[Dataset], np.ndarray]:
    """Raw covariates to features: the logarithm of those that are positive and skewed to the right.

    Raises DataError for covariates that are no finite numbers.
    """
    for data in (train, valid):
        beside = _covariates(data)
        bad = np.argwhere(~np.isfinite(beside))
        if len(bad):
            row, column = bad[0]
            raise DataError(
                f"{data.label}: {data.covariate_names[column]} of {data.ids[row]} is {beside[row, column]}: "
                f"covariates must be finite numbers"
            )
    values = _covariates(train).astype(np.float64)
    centred = values - values.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    skew = np.divide((centred**3).mean(axis=0), spread**3, out=np.zeros_like(spread), where=spread > 0)
    logs = (values.min(axis=0) >= 0) & (skew > 1)

    def transform(data: Dataset) -> np.ndarray:
        raw = _covariates(data).astype(np.float64)
        return np.where(logs, np.log(np.maximum(raw, 0) + LOG_OFFSET), raw)

    return transform


def _covariates(data: Dataset) -> np.ndarray:
    assert data.covariates is not None  # the training part has them
    return data.covariates
