"""The motif bench: put a motif into background sequences, and measure what it does to the output.

Every effect is the change of the logit (before the sigmoid) when the motif is written over the middle, or any other
place, of dinucleotide-shuffled backgrounds (marginalization). Intervals are of the mean over backgrounds. Places not
reached because `progress` asked to stop are NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.edit import substitute, words_of
from dnaconv_core.sequence.encoding import from_codes, reverse_complement
from dnaconv_core.sequence.motif import Motif, from_iupac
from dnaconv_core.sequence.shuffle import dinucleotide_shuffle, random_backgrounds

if TYPE_CHECKING:
    import pandas as pd

    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet

_LOG_OFFSET = 1e-3  # of the model's log transform


class Effect(NamedTuple):
    """Of one motif over N backgrounds."""

    before: np.ndarray  # (N,) logits
    after: np.ndarray  # (N,)
    mean: float  # of after − before
    low: float  # 95 % interval of the mean
    high: float

    def to_frame(self) -> pd.DataFrame:
        """A row for each background: before, after, and the change."""
        import pandas as pd

        return pd.DataFrame({"before": self.before, "after": self.after, "change": self.after - self.before})

    def _repr_html_(self) -> str:
        interval = f"95 % interval {self.low:+.3f} to {self.high:+.3f}"
        return f"<p>mean change <b>{self.mean:+.3f}</b> ({interval}, {len(self.before):,} backgrounds)</p>"


class Curve(NamedTuple):
    """Mean effect at each of P places, with its interval."""

    at: np.ndarray  # (P,) first base of the motif, or the gap between two motifs
    mean: np.ndarray  # (P,)
    low: np.ndarray
    high: np.ndarray


class Positions(NamedTuple):
    """The effect by position, and how much of it changes: (largest − smallest) / |mean| over the inner places."""

    curve: Curve
    variation: float
    invariant: bool  # below a tenth


class Spacing(NamedTuple):
    """Two motifs at each gap: together, and beyond the sum of both alone (interaction)."""

    joint: Curve
    interaction: Curve


class Mutations(NamedTuple):
    """Mean change of the logit, against the motif as it is, for each base at each of its columns `(4, w)`."""

    change: np.ndarray
    word: str


def backgrounds(X: np.ndarray | None, length: int, n: int = 100, *, seed: int = 0) -> np.ndarray:
    """`n` meaningless sequences, one-hot `(n, 4, length)`: dinucleotide shuffles of X (in turn), or random ones."""
    if n < 1:
        raise InputError(f"n is {n}: ask for at least 1 background")
    if X is None or not len(X):
        return random_backgrounds(n, length, seed=seed)
    some = np.asarray(X[np.random.default_rng(seed).permutation(len(X))[:n]])
    return dinucleotide_shuffle(some, -(-n // len(some)), seed=seed).transpose(1, 0, 2, 3).reshape(-1, 4, length)[:n]


def typical_covariates(config: ModelConfig) -> np.ndarray | None:
    """Raw covariates `(C,)` that the model's transform turns into zero (the training mean); zeros without one."""
    if not config.covariates:
        return None
    mean = np.array(config.covariate_mean or [0.0] * len(config.covariates), np.float32)
    return np.exp(mean) - _LOG_OFFSET if config.covariate_transform == "log" else mean


def marginalize(
    model: ConvNet,
    X: np.ndarray,
    motif: str | Motif | np.ndarray,
    *,
    start: int | None = None,
    covariates: np.ndarray | None = None,
    task: int = 0,
    seed: int = 0,
) -> Effect:
    """The motif's effect in backgrounds X `(N, 4, L)`, written from `start` on (default: the middle).

    covariates: one raw row `(C,)` for all (default: typical ones). Raises InputError when the motif does not fit.
    """
    words = words_of(motif, len(X), seed)
    start = (X.shape[2] - words.shape[2]) // 2 if start is None else start
    before = logits(model, X, covariates, task=task)
    after = logits(model, substitute(X, words, start), covariates, task=task)
    return Effect(before, after, *mean_interval((after - before)[None], seed)[0])


def by_position(
    model: ConvNet,
    X: np.ndarray,
    motif: str | Motif | np.ndarray,
    *,
    positions: Sequence[int] | None = None,
    covariates: np.ndarray | None = None,
    task: int = 0,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Positions:
    """The effect at every position (or those asked for): flat where the network does not care where a motif lies.

    `variation` leaves out the places where padding reaches into the motif's windows: one motif's width at either end.
    It is NaN, and `invariant` False, where not all others were reached.
    """
    words = words_of(motif, len(X), seed)
    width, length = words.shape[2], X.shape[2]
    at = np.arange(length - width + 1) if positions is None else np.asarray(positions)
    before = logits(model, X, covariates, task=task)
    changes = np.full((len(at), len(X)), np.nan)
    for row, start in enumerate(at):
        changes[row] = logits(model, substitute(X, words, int(start)), covariates, task=task) - before
        progress.report((row + 1) / len(at), f"position {start + 1}")
        if progress.should_stop():
            break
    curve = _curve(at, changes, seed)
    inner = (at >= width) & (at <= length - 2 * width)
    mean = curve.mean[inner] if inner.any() else curve.mean
    variation = float(np.ptp(mean) / max(abs(mean.mean()), 1e-9))
    return Positions(curve, variation, variation < 0.1)


def by_spacing(
    model: ConvNet,
    X: np.ndarray,
    first: str | Motif | np.ndarray,
    second: str | Motif | np.ndarray,
    *,
    most: int = 30,
    covariates: np.ndarray | None = None,
    task: int = 0,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Spacing:
    """Both motifs with 0 to `most` bases between them, around the middle; interaction is joint − first − second."""
    a, b = words_of(first, len(X), seed), words_of(second, len(X), seed + 1)
    length = X.shape[2]
    most = min(most, length - a.shape[2] - b.shape[2])
    if most < 0:
        wide = a.shape[2] + b.shape[2]
        raise InputError(f"the two motifs have {wide} bases together; this model reads {length}: choose shorter ones")
    before = logits(model, X, covariates, task=task)
    joint, extra = np.full((2, most + 1, len(X)), np.nan)
    for gap in range(most + 1):
        left = (length - a.shape[2] - b.shape[2] - gap) // 2
        right = left + a.shape[2] + gap
        with_a = substitute(X, a, left)
        with_b, both = substitute(X, b, right), substitute(with_a, b, right)
        alone = logits(model, with_a, covariates, task=task) + logits(model, with_b, covariates, task=task)
        together = logits(model, both, covariates, task=task)
        joint[gap], extra[gap] = together - before, together - alone + before
        progress.report((gap + 1) / (most + 1), f"{gap} bases apart")
        if progress.should_stop():
            break
    return Spacing(_curve(np.arange(most + 1), joint, seed), _curve(np.arange(most + 1), extra, seed))


def by_mutation(
    model: ConvNet,
    X: np.ndarray,
    motif: str | Motif,
    *,
    start: int | None = None,
    covariates: np.ndarray | None = None,
    task: int = 0,
) -> Mutations:
    """Every single substitution of the motif's most likely word, in the middle of backgrounds X."""
    word = _best_word(motif)
    width = len(word)
    start = (X.shape[2] - width) // 2 if start is None else start
    codes = np.array(["ACGT".index(letter) for letter in word], np.int8)
    whole = logits(model, substitute(X, from_codes(codes), start), covariates, task=task)
    change = np.zeros((4, width))
    for column in range(width):
        for base in range(4):
            if base != codes[column]:
                mutant = codes.copy()
                mutant[column] = base
                after = logits(model, substitute(X, from_codes(mutant), start), covariates, task=task)
                change[base, column] = (after - whole).mean()
    return Mutations(change, word)


def strand_effects(
    model: ConvNet,
    X: np.ndarray,
    motif: str | Motif,
    *,
    covariates: np.ndarray | None = None,
    task: int = 0,
    seed: int = 0,
) -> tuple[Effect, Effect]:
    """The motif's effect as it is, and with the whole sequence reverse-complemented: the same DNA, read from behind."""
    words = words_of(motif, len(X), seed)
    start = (X.shape[2] - words.shape[2]) // 2
    put = substitute(X, words, start)
    effects = []
    for one, other in ((X, put), (reverse_complement(X), reverse_complement(put))):
        before, after = logits(model, one, covariates, task=task), logits(model, other, covariates, task=task)
        effects.append(Effect(before, after, *mean_interval((after - before)[None], seed)[0]))
    return effects[0], effects[1]


def _best_word(motif: str | Motif) -> str:
    ppm = from_iupac(motif).ppm if isinstance(motif, str) else motif.ppm
    return "".join("ACGT"[base] for base in ppm.argmax(axis=0))


def through_one(model: ConvNet, background: np.ndarray, word: str, *, task: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and logits `(P + 1,)` of one background `(4, L)`, the word put at each of P places, last without it.

    Covariates are the typical ones of the training data.
    """
    places = background.shape[1] - len(word) + 1
    many = np.repeat(background[None], places + 1, axis=0)
    many[:places] = substitute(many[:places], word, np.arange(places))
    beside = typical_covariates(model.config)
    given = None if beside is None else np.tile(beside, (len(many), 1))
    said, raw = (predict(model, many, given, output=kind)[:, task] for kind in ("prediction", "logit"))
    return said, raw


def logits(model: ConvNet, X: np.ndarray, covariates: np.ndarray | None = None, *, task: int = 0) -> np.ndarray:
    """Logits `(N,)` of one output. covariates: one raw row `(C,)` for all (default: typical ones)."""
    row = typical_covariates(model.config) if covariates is None else np.asarray(covariates, np.float32).reshape(-1)
    beside = None if row is None else np.tile(row, (len(X), 1))
    return predict(model, X, beside, output="logit")[:, task].astype(np.float64)


def _curve(at: np.ndarray, changes: np.ndarray, seed: int) -> Curve:
    mean, low, high = np.array(mean_interval(changes, seed)).T
    return Curve(at, mean, low, high)


def mean_interval(changes: np.ndarray, seed: int, n_resamples: int = 500) -> list[tuple[float, float, float]]:
    """Mean of each row of `(P, N)` and its central 95 % over resampled backgrounds."""
    n = changes.shape[1]
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), n_resamples)  # (R, N)
    means = changes @ counts.T / n  # (P, R)
    low, high = np.quantile(means, [0.025, 0.975], axis=1)
    return [(float(m), float(lo), float(hi)) for m, lo, hi in zip(changes.mean(axis=1), low, high, strict=True)]
