"""First-layer filters that begin as what is known: motifs of JASPAR CORE, or words that the training part is rich in.

Only where training starts is another: a filter that began as a motif is one like any other. Which motifs or words is
chosen on the training part alone, one after the other: the one that goes best with what those before it leave
unexplained (orthogonal matching pursuit, Pati et al. 1993), so that no two say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import ConfigError
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.sequence.motif import Motif, from_iupac, information_content, reverse_complement_motif, to_pwm

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_BASES = 400_000  # of the training part that motifs are chosen on
_FEWEST, _MOST = 300, 4000  # examples that they are chosen on
_GAIN = 0.1  # standard deviation, over examples, of a filter's strongest activation
_BELOW = 2.0  # standard deviations below the mean strongest match at which a filter begins to answer
_NSITES = 20.0  # that every motif counts as: no base of it is impossible
_TOGETHER = 128  # motifs or examples that are scored at once


class Candidate(NamedTuple):
    """What a filter may begin as: the word or motif, and its weights `(4, k)`, whose columns sum to 0."""

    name: str
    kernel: np.ndarray


def check_begin(config: ModelConfig, settings: TrainConfig, *, from_model: bool = False) -> None:
    """ConfigError where a network cannot begin as its training says. from_model: it starts from a trained one."""
    if settings.begin == "jaspar" and config.alphabet != "DNA":
        raise ConfigError("begin is 'jaspar' but JASPAR CORE has no motifs of RNA: choose 'words'")
    if from_model and settings.begin != "random":
        raise ConfigError(
            f"begin is {settings.begin!r} but the filters come from a trained model: leave one of them out"
        )
    if settings.freeze_filters and settings.begin == "random" and not from_model:
        raise ConfigError(
            "freeze_filters is true but the filters begin random: let them begin from 'jaspar', 'words' or a trained "
            "model, or set it to false"
        )


def begin(model: ConvNet, train: Dataset, settings: TrainConfig) -> tuple[str, ...]:
    """Let the first filters of every member begin as `settings.begin` says; what each began as, in their order.

    A filter's weights are its motif's log-odds, each column less its mean, so scaled that its strongest activations
    vary as much as is usual over examples; its bias is such that nearly every example's strongest match passes the
    ReLU and little else does. Nothing is done where `begin` is 'random'.
    """
    import torch

    if settings.begin == "random":
        return ()
    config = model.config
    rows = _drawn(train, config, settings)
    X = np.asarray(train.X[rows])
    chosen = _chosen(X, _targets(train, rows, config), config, settings)
    if not chosen:
        return ()
    weights, biases = _fitted([c.kernel for c in chosen], X, both_strands=config.strands == "both")
    first, n = model.convs[0], len(chosen)
    with torch.no_grad():
        for weight, bias in zip(first.weight.chunk(config.members), first.bias.chunk(config.members), strict=True):
            weight[:n], bias[:n] = torch.from_numpy(weights), torch.from_numpy(biases)
    return tuple(c.name for c in chosen)


def _chosen(X: np.ndarray, targets: np.ndarray, config: ModelConfig, settings: TrainConfig) -> list[Candidate]:
    """What the first filters begin as, best first: at most their share, fewer where nothing is left to explain."""
    signed = not (config.answer.yes_or_no or config.answer.joint)  # of numbers, what is low tells as much
    wanted = max(1, round(settings.begin_share * config.filters))
    if settings.begin == "jaspar":
        candidates = _motifs(config)
        matches = best_matches(X, [c.kernel for c in candidates], both_strands=config.strands == "both")
        return [candidates[i] for i in pursue(matches, targets, wanted, signed=signed)]
    has, word = _words(X, config)
    words = map(word, pursue(has, targets, wanted, signed=signed))
    return [Candidate(text, _kernel(from_iupac(text), config.kernel_size)) for text in words]


def pursue(features: Any, targets: np.ndarray, n: int, *, signed: bool) -> list[int]:
    """Columns of `features (N, C)`, dense or sparse, that explain `targets (N, T)` best, up to n of them, best first.

    Each is the one most correlated with what the columns before it leave of a target; without `signed` only positive
    correlations count. Fewer than n where nothing is left to explain.
    """
    residual = targets - targets.mean(axis=0)
    whole = np.linalg.norm(residual, axis=0)
    residual, whole = residual[:, whole > 0], whole[whole > 0]
    count = features.shape[0]
    mean = np.asarray(features.mean(axis=0), np.float64).ravel()
    squares = features.multiply(features) if hasattr(features, "multiply") else features.astype(np.float64) ** 2
    spread = np.sqrt(np.maximum(np.asarray(squares.mean(axis=0), np.float64).ravel() - mean**2, 0) * count)
    open_ = spread > 1e-6 * np.sqrt(count)
    basis: list[np.ndarray] = []
    picked: list[int] = []
    while len(picked) < n and open_.any() and residual.size:
        goes = np.asarray(features.T @ residual) / np.where(open_, spread, 1)[:, None] / whole  # (C, T)
        goes = (np.abs(goes) if signed else goes).max(axis=1)
        goes[~open_] = -np.inf
        best = int(goes.argmax())
        if goes[best] <= 1e-9:
            break
        open_[best] = False
        column = features[:, [best]]
        column = np.asarray(column.todense() if hasattr(column, "todense") else column, np.float64).ravel() - mean[best]
        for other in basis:
            column -= other * (other @ column)
        length = np.linalg.norm(column)
        if length <= 1e-6 * spread[best]:
            continue  # the others say it together
        basis.append(column / length)
        residual = residual - np.outer(basis[-1], basis[-1] @ residual)
        picked.append(best)
    return picked


def best_matches(X: np.ndarray, kernels: Sequence[np.ndarray], *, both_strands: bool) -> np.ndarray:
    """The highest sum that each kernel `(4, k)` has anywhere in one-hot `(N, 4, L)`: float32 `(N, C)`."""
    import torch

    from dnaconv_core.model.layers import flip_strand

    weights = torch.from_numpy(np.stack(kernels).astype(np.float32))
    found = torch.empty(len(X), len(weights))
    with torch.no_grad():
        for at in range(0, len(X), _TOGETHER):
            x = torch.from_numpy(X[at : at + _TOGETHER]).float()
            for c in range(0, len(weights), _TOGETHER):
                some = weights[c : c + _TOGETHER]
                best = torch.conv1d(x, some).amax(dim=2)
                if both_strands:
                    best = torch.maximum(best, torch.conv1d(flip_strand(x), some).amax(dim=2))
                found[at : at + _TOGETHER, c : c + _TOGETHER] = best
    return found.numpy()


def _fitted(kernels: Sequence[np.ndarray], X: np.ndarray, *, both_strands: bool) -> tuple[np.ndarray, np.ndarray]:
    """Weights `(n, 4, k)` and biases `(n,)` float32."""
    matches = best_matches(X, kernels, both_strands=both_strands).astype(np.float64)
    mean, spread = matches.mean(axis=0), np.maximum(matches.std(axis=0), 1e-3)
    weights = np.stack(kernels) * (_GAIN / spread)[:, None, None]
    return weights.astype(np.float32), (-(mean / spread - _BELOW) * _GAIN).astype(np.float32)


def _motifs(config: ModelConfig) -> list[Candidate]:
    """JASPAR CORE vertebrates; where one strand is read, each motif both ways."""
    from dnaconv_core.sequence.jaspar import jaspar

    found = []
    for motif in jaspar():
        found.append(Candidate(motif.name, _kernel(motif, config.kernel_size)))
        if config.strands == "one":
            turned = reverse_complement_motif(motif)
            found.append(Candidate(f"{motif.name} (−)", _kernel(turned, config.kernel_size)))
    return found


def _words(X: np.ndarray, config: ModelConfig) -> tuple[Any, Any]:
    """Which words each example has, sparse `(N, 4**w)`, and the word of a column."""
    from dnaconv_core.evaluate.baseline_words import kmer_counts

    width = min(6 if config.length >= 60 else 3, config.kernel_size)
    has = kmer_counts(X, width, both_strands=config.strands == "both")
    has.data[:] = 1

    def word(column: int) -> str:
        return "".join("ACGT"[column // 4**i % 4] for i in reversed(range(width)))

    return has.astype(np.float64), word


def _kernel(motif: Motif, width: int) -> np.ndarray:
    """Log-odds of a motif in the middle of `(4, width)`, each column less its mean; of a longer one the columns that
    tell most."""
    matrix = to_pwm(motif.ppm, nsites=_NSITES)
    matrix = matrix - matrix.mean(axis=0)
    spare = width - motif.width
    if spare >= 0:
        return np.pad(matrix, ((0, 0), (spare // 2, spare - spare // 2)))
    told = np.convolve(information_content(motif.ppm), np.ones(width), "valid")
    start = int(told.argmax())
    return matrix[:, start : start + width]


def _drawn(train: Dataset, config: ModelConfig, settings: TrainConfig) -> np.ndarray:
    """Rows to choose on: of classes the same number of each, as long as they last."""
    known = np.flatnonzero((train.w > 0).any(axis=1))
    most = int(np.clip(_BASES // config.length, _FEWEST, _MOST))
    if len(known) <= most:
        return known
    rng = np.random.default_rng(settings.seed)
    groups = config.answer.strata(np.nan_to_num(train.y[known, 0]))
    share, rows = most // len(groups), []
    for group in sorted(groups, key=len):
        rows.append(known[rng.permutation(group)[: max(share, 0)]])
    return np.sort(np.concatenate(rows))


def _targets(train: Dataset, rows: np.ndarray, config: ModelConfig) -> np.ndarray:
    """What each output should be, `(N, T)` float64; unknown labels are the mean of the known ones."""
    y, w = train.y[rows].astype(np.float64), train.w[rows]
    columns = []
    for t in range(config.n_tasks):
        values = np.array(config.answer.labels_of(y, t), np.float64)
        known = np.isfinite(values) & (w[:, min(t, w.shape[1] - 1)] > 0)
        values[~known] = values[known].mean() if known.any() else 0.0
        columns.append(values)
    return np.stack(columns, axis=1)
