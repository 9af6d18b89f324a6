"""Data made here, from a seed, with a truth that is known: one generator per experiment, and no download.

Truth is kept as `Dataset.truth`: where a motif was planted and on which strand, so that attributions, filters and motif
discovery can be scored against it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError
from dnaconv_core.results import Site
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.sequence.motif import AP1, draw, from_iupac
from dnaconv_core.sequence.shuffle import random_codes

ACCESSIBILITY = "accessibility"
_CORE = from_iupac("TGASTCA").ppm > 0  # (4, 7): no sequence holds this word except where a site is planted
_HALF = 4  # bases of a half-site: TGAC/TGAG on one strand, GTCA/CTCA on the other


def tf_binding(
    n: int = 10_000,
    *,
    seed: int = 0,
    length: int = 101,
    prevalence: float = 0.5,
    gc: float = 0.42,
    decoys: bool = True,
) -> Dataset:
    """Bound or not: positives hold one AP-1 site, drawn from its matrix, at a random position and strand.

    Backgrounds are independent bases of the given GC content. With `decoys` every sequence also holds a half-site (TGAC
    or TGAG, either strand) and a shuffled site, and a negative a second shuffled site in place of the real one, so that
    positives and negatives have the same composition. The word TGASTCA stands nowhere but at planted sites.

    Raises InputError for a number out of range, or sequences too short for what is planted.
    """
    rng = np.random.default_rng(seed)
    _check(n, length, 3 * AP1.width, prevalence=prevalence, gc=gc)
    bound = _exactly(rng, n, prevalence)
    X, truth = _sequences(rng, bound, length, gc, decoys)
    return _dataset(X, bound, "synthetic TF binding", truth=truth)


def chromatin(
    n: int = 10_000,
    *,
    seed: int = 0,
    length: int = 101,
    prevalence: float = 0.35,
    open_share: float = 0.7,
    gc: float = 0.42,
    decoys: bool = True,
    softness: float = 0.05,
) -> Dataset:
    """Bound only where there is a motif **and** the chromatin is open: neither alone tells.

    Sequences are as in `tf_binding`. Accessibility (covariate "accessibility", raw) is skewed like the real one: median
    0.0036, mean 0.004, up to 0.13. A share `open_share` of the sequences is open: the logarithm of accessibility, plus
    logistic noise of scale `softness` (in natural-log units), is above a threshold. Independently of that, a share
    prevalence / open_share holds a site.

    Raises InputError for a number out of range, or sequences too short for what is planted.
    """
    rng = np.random.default_rng(seed)
    _check(n, length, 3 * AP1.width, prevalence=prevalence, open_share=open_share, gc=gc)
    if not prevalence < open_share:
        raise InputError(f"prevalence is {prevalence}: only open sequences are bound, so it must be below {open_share}")
    if not softness >= 0:
        raise InputError(f"softness is {softness}: it must be 0 or more")
    logs = np.log(0.0036) + 0.38 * rng.standard_t(5, n)
    accessibility = np.minimum(np.exp(logs), 0.13)
    ranked = np.argsort(-(logs + softness * rng.logistic(size=n)))  # most open first
    n_bound = max(1, round(n * prevalence))
    n_open = max(n_bound, round(n * open_share))
    opened, closed = ranked[:n_open], ranked[n_open:]
    motif = np.zeros(n, bool)
    motif[rng.permutation(opened)[:n_bound]] = True
    bound = motif.copy()
    motif[rng.permutation(closed)[: round(len(closed) * prevalence / open_share)]] = True
    X, truth = _sequences(rng, motif, length, gc, decoys)
    dataset = _dataset(X, bound, "synthetic chromatin", truth=truth)
    return dataset.with_covariates(accessibility[:, None], (ACCESSIBILITY,))


# What makes a guide active, position by position in the guide 5'→3' (position p of the guide faces base 20 - p of the
# target's 19-base core, in which the rules were published):
#   A/U at the guide's 5' end, most of all its first base, and G/C at its 19th: the strand whose 5' end is less stably
#     paired is loaded into RISC (Ui-Tei et al. 2004; Reynolds et al. 2004, criteria II, IV, VII).
#   A or U at 10 opposite the cut, U at 17, no C at 7 (Reynolds et al. 2004, criteria VI, V, VIII).
#   Weights fall from the first base inwards as in the linear model of Huesken et al. (2005).
_PREFERENCES = {
    #        A      C      G      U
    1: (+0.060, -0.090, -0.110, +0.140),
    2: (+0.030, -0.050, -0.050, +0.070),
    3: (+0.025, -0.025, -0.025, +0.025),
    4: (+0.020, -0.020, -0.020, +0.020),
    5: (+0.015, -0.025, -0.015, +0.025),
    6: (+0.010, -0.015, -0.015, +0.020),
    7: (+0.030, -0.070, -0.010, +0.050),
    10: (+0.060, -0.030, -0.020, -0.010),
    17: (+0.005, -0.010, -0.030, +0.035),
    18: (-0.035, +0.025, +0.010, 0.000),
    19: (-0.070, +0.050, +0.050, -0.030),
}
_GC_LOW, _GC_HIGH = 0.30, 0.52  # of the first 19 bases (Reynolds et al. 2004, criterion I)
_GC_COST = 0.9  # activity lost per unit of GC content outside that range


def rnai(n: int = 6_000, *, seed: int = 0, length: int = 21, noise: float = 0.08) -> Dataset:
    """Activity of RNA guides, 5'→3': the preferences above, a cost for GC content outside 30 to 52 %, and noise.

    `y` is clipped to 0 to 1.34, with mean about 0.67 and standard deviation about 0.2, as in the measured
    data. `noise` is the standard deviation of the Gaussian noise.

    Raises InputError for a number out of range or guides shorter than 19 bases.
    """
    rng = np.random.default_rng(seed)
    _check(n, length, 19)
    if not noise >= 0:
        raise InputError(f"noise is {noise}: it must be 0 or more")
    gc = np.clip(rng.normal(0.5, 0.1, (n, 1)), 0.05, 0.95)  # guides differ in composition as their targets do
    codes = random_codes(rng, n, length, gc)
    weights = np.zeros((length, 4))
    for position, row in _PREFERENCES.items():
        weights[position - 1] = row
    score = weights[np.arange(length), codes].sum(axis=1)  # (N,)
    content = np.isin(codes[:, :19], (1, 2)).mean(axis=1)
    outside = np.maximum(content - _GC_HIGH, 0) + np.maximum(_GC_LOW - content, 0)
    activity = 0.72 + score - _GC_COST * outside + noise * rng.standard_normal(n)
    return _dataset(from_codes(codes), np.clip(activity, 0, 1.34), "synthetic RNAi", alphabet="RNA")


SYNTHETIC: dict[str, Callable[..., Dataset]] = {"tf_binding": tf_binding, "chromatin": chromatin, "rnai": rnai}


def _check(n: int, length: int, shortest: int, **shares: float) -> None:
    if n < 2:
        raise InputError(f"n is {n}: ask for at least 2 examples")
    if length < shortest:
        raise InputError(f"length is {length}: these sequences need at least {shortest} bases")
    for name, share in shares.items():
        if not 0 < share < 1:
            raise InputError(f"{name} is {share}: it must lie between 0 and 1")


def _exactly(rng: np.random.Generator, n: int, share: float) -> np.ndarray:
    """`(n,)` bool with round(n * share) true, at least one of each, in random order."""
    chosen = np.zeros(n, bool)
    chosen[: min(max(1, round(n * share)), n - 1)] = True
    return rng.permutation(chosen)


def _put(codes: np.ndarray, words: np.ndarray, start: np.ndarray) -> None:
    """Write `words (n, w)` into `codes (n, L)` at each row's `start`."""
    np.put_along_axis(codes, start[:, None] + np.arange(words.shape[1]), words, axis=1)


def _sequences(
    rng: np.random.Generator, planted: np.ndarray, length: int, gc: float, decoys: bool
) -> tuple[np.ndarray, tuple[Site, ...]]:
    """One-hot `(n, 4, L)` with a site where `planted (n,)`, decoys beside it, and the truth."""
    n, width = len(planted), AP1.width
    codes = random_codes(rng, n, length, gc)
    minus = rng.random(n) < 0.5
    sites = draw(AP1.ppm, n, rng)
    shuffled = rng.permuted(sites, axis=1)
    sites = np.where(planted[:, None], sites, shuffled)
    sites[minus] = 3 - sites[minus, ::-1]
    if decoys:
        start, half_start, other_start = _places(rng, n, length, (width, _HALF, width))
        half = draw(AP1.ppm[:, :_HALF], n, rng)
        other_strand = rng.random(n) < 0.5
        half[other_strand] = 3 - half[other_strand, ::-1]
        _put(codes, half, half_start)
        _put(codes, rng.permuted(draw(AP1.ppm, n, rng), axis=1), other_start)
        _put(codes, sites, start)
    else:
        start = rng.integers(0, length - width + 1, n)
        rows = np.flatnonzero(planted)
        held = codes[rows]
        _put(held, sites[rows], start[rows])
        codes[rows] = held
    _destroy_accidents(rng, codes, planted, start)
    rows = np.flatnonzero(planted)
    truth = tuple(
        Site(i, s, s + width, "-" if m else "+", AP1.name)
        for i, s, m in zip(rows.tolist(), start[rows].tolist(), minus[rows].tolist(), strict=True)
    )
    return from_codes(codes), truth


def _places(rng: np.random.Generator, n: int, length: int, widths: tuple[int, ...]) -> np.ndarray:
    """Starts `(len(widths), n)` of stretches that do not overlap, in random order along each of n sequences."""
    free = length - sum(widths)
    gaps = np.sort(rng.integers(0, free + 1, (n, len(widths))), axis=1)  # free bases before each stretch
    order = rng.permuted(np.tile(np.arange(len(widths)), (n, 1)), axis=1)  # (n, k): which stretch comes when
    ordered = np.asarray(widths)[order]
    begins = gaps + ordered.cumsum(axis=1) - ordered
    starts = np.empty_like(begins)
    np.put_along_axis(starts, order, begins, axis=1)
    return starts.T


def _destroy_accidents(rng: np.random.Generator, codes: np.ndarray, planted: np.ndarray, start: np.ndarray) -> None:
    """Change bases until TGASTCA (its own reverse complement) stands nowhere outside the planted sites."""
    width = _CORE.shape[1]
    inside = np.arange(codes.shape[1])  # positions, compared with each row's site
    while True:
        hit = np.ones((len(codes), codes.shape[1] - width + 1), bool)
        for offset in range(width):
            hit &= _CORE[:, offset][codes[:, offset : offset + hit.shape[1]]]
        rows, places = np.nonzero(hit)
        accident = ~(planted[rows] & (places == start[rows]))
        rows, places = rows[accident], places[accident]
        if not len(rows):
            return
        site = (inside >= start[rows, None]) & (inside < start[rows, None] + width) & planted[rows, None]  # (k, L)
        free = ~np.take_along_axis(site, places[:, None] + np.arange(width), axis=1)  # (k, w)
        column = places + (free * rng.random(free.shape)).argmax(axis=1)  # a random base of the word outside the site
        codes[rows, column] = (codes[rows, column] + rng.integers(1, 4, len(rows))) % 4


def _dataset(
    X: np.ndarray, y: np.ndarray, name: str, *, alphabet: str = "DNA", truth: tuple[Site, ...] = ()
) -> Dataset:
    labels = np.asarray(y, np.float32)[:, None]
    ids = np.array([f"synthetic_{i:06d}" for i in range(1, len(X) + 1)])
    return Dataset(X, labels, np.ones_like(labels), ids, alphabet=alphabet, name=name, truth=truth)
