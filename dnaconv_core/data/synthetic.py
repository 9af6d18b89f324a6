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
_OPEN, _SCATTER, _HIGHEST = 0.0044, 0.3, 0.13  # accessibility: median where open, scatter of its logarithm, limit
_HALF = 4  # bases of a half-site: TGAC/TGAG on one strand, GTCA/CTCA on the other


def tf_binding(
    n: int = 10_000,
    *,
    seed: int = 0,
    length: int = 101,
    prevalence: float = 0.5,
    gc: float = 0.42,
    second_site: float = 0.5,
    decoys: bool = True,
) -> Dataset:
    """Bound or not: positives hold an AP-1 site, drawn from its matrix, at a random position and strand.

    A share `second_site` of them holds two, as bound regions often do, which a network notices sooner. Backgrounds are
    independent bases of the given GC content. With `decoys` every sequence also holds a half-site (TGAC or TGAG, either
    strand), and sites with their bases shuffled in the place of those that are not planted, so that positives and
    negatives have the same composition. The word TGASTCA stands nowhere but at planted sites.

    The ideal, a scan with the true matrix, reaches AUROC 0.992: some planted sites are too weak to be told.

    Raises InputError for a number out of range, or sequences too short for what is planted.
    """
    rng = np.random.default_rng(seed)
    _check(n, length, 3 * AP1.width, prevalence=prevalence, gc=gc)
    bound = _exactly(rng, n, prevalence)
    X, truth = _sequences(rng, _sites(rng, bound, second_site), length, gc, decoys)
    return _dataset(X, bound, "synthetic TF binding", truth=truth)


def chromatin(
    n: int = 20_000,
    *,
    seed: int = 0,
    length: int = 101,
    prevalence: float = 0.4,
    open_share: float = 0.8,
    contrast: float = 4.0,
    gc: float = 0.42,
    second_site: float = 0.5,
    decoys: bool = True,
) -> Dataset:
    """Bound only where there is a motif **and** the chromatin is open: neither alone tells.

    Sequences are as in `tf_binding`. A share `open_share` of them is open and, independently of that, a share
    prevalence / open_share holds a site; open ones with a site are bound. Openness itself is hidden: what is measured
    is accessibility (covariate "accessibility", raw), `contrast` times higher at the median where it is open, scattered
    and skewed like the real one: mean 0.004, up to 0.13.

    The ideal, the true matrix with the chance of being open, reaches AUROC 0.989; knowing which sequences hold a site,
    but not the accessibility, 0.92; the accessibility alone 0.66.

    Raises InputError for a number out of range, or sequences too short for what is planted.
    """
    rng = np.random.default_rng(seed)
    _check(n, length, 3 * AP1.width, prevalence=prevalence, open_share=open_share, gc=gc)
    if not prevalence < open_share:
        raise InputError(f"prevalence is {prevalence}: only open sequences are bound, so it must be below {open_share}")
    if not contrast >= 1:
        raise InputError(f"contrast is {contrast}: it must be 1 or more")
    is_open = _exactly(rng, n, open_share)
    motif = np.zeros(n, bool)  # exactly the same share of open and of closed sequences
    for group in (is_open, ~is_open):
        members = rng.permutation(np.flatnonzero(group))
        motif[members[: max(1, round(len(members) * prevalence / open_share))]] = True
    X, truth = _sequences(rng, _sites(rng, motif, second_site), length, gc, decoys)
    medians = np.where(is_open, _OPEN, _OPEN / contrast)
    accessibility = np.minimum(medians * np.exp(_SCATTER * rng.standard_t(5, n)), _HIGHEST)
    dataset = _dataset(X, motif & is_open, "synthetic chromatin", truth=truth)
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
    data. `noise` is the standard deviation of the Gaussian noise; the activity before it has Pearson r 0.92 with y.

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


def _put(codes: np.ndarray, words: np.ndarray, start: np.ndarray, chosen: np.ndarray) -> None:
    """Write `words (n, w)` into the `chosen (n,)` rows of codes `(n, L)`, each at its `start`."""
    rows = np.flatnonzero(chosen)
    codes[rows[:, None], start[rows, None] + np.arange(words.shape[1])] = words[rows]


def _sites(rng: np.random.Generator, planted: np.ndarray, second: float) -> np.ndarray:
    """Number of sites of each sequence, `(n,)`: none, one, or (a share `second` of those that have one) two."""
    if not 0 <= second <= 1:
        raise InputError(f"second_site is {second}: it is a share, from 0 to 1")
    return np.where(planted, 1 + (rng.random(len(planted)) < second), 0)


def _sequences(
    rng: np.random.Generator, n_sites: np.ndarray, length: int, gc: float, decoys: bool
) -> tuple[np.ndarray, tuple[Site, ...]]:
    """One-hot `(n, 4, L)` holding `n_sites (n,)` sites each, 0 to 2, decoys in the place of others, and the truth."""
    n, width = len(n_sites), AP1.width
    codes = random_codes(rng, n, length, gc)
    starts = _places(rng, n, length, (width, width, _HALF))  # (3, n)
    at_site = np.zeros((n, length), bool)  # where a site begins
    truth = []
    for place, start in enumerate(starts[:2]):
        words, minus = draw(AP1.ppm, n, rng), rng.random(n) < 0.5
        shuffled = rng.permuted(words, axis=1)
        real = n_sites > place
        words[minus] = 3 - words[minus, ::-1]
        _put(codes, words, start, real)
        if decoys:
            _put(codes, shuffled, start, ~real)
        rows = np.flatnonzero(real)
        at_site[rows, start[rows]] = True
        truth += [
            Site(row, begin, begin + width, "-" if reverse else "+", AP1.name)
            for row, begin, reverse in zip(rows.tolist(), start[rows].tolist(), minus[rows].tolist(), strict=True)
        ]
    if decoys:
        half, minus = draw(AP1.ppm[:, :_HALF], n, rng), rng.random(n) < 0.5
        half[minus] = 3 - half[minus, ::-1]
        _put(codes, half, starts[2], np.ones(n, bool))
    _destroy_accidents(rng, codes, at_site)
    return from_codes(codes), tuple(sorted(truth))


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


def _destroy_accidents(rng: np.random.Generator, codes: np.ndarray, at_site: np.ndarray) -> None:
    """Change bases of codes `(n, L)` until TGASTCA (its own reverse complement) stands only where `at_site` is true."""
    width = _CORE.shape[1]
    positions = codes.shape[1] - width + 1
    within = np.zeros_like(at_site)  # bases of a site: these are never changed
    for offset in range(width):
        within[:, offset : offset + positions] |= at_site[:, :positions]
    while True:
        hit = ~at_site[:, :positions]
        for offset in range(width):
            hit &= _CORE[:, offset][codes[:, offset : offset + positions]]
        rows, places = np.nonzero(hit)
        if not len(rows):
            return
        free = ~within[rows[:, None], places[:, None] + np.arange(width)]  # (k, w)
        column = places + (free * rng.random(free.shape)).argmax(axis=1)  # a random base of the word outside the sites
        codes[rows, column] = (codes[rows, column] + rng.integers(1, 4, len(rows))) % 4


def _dataset(
    X: np.ndarray, y: np.ndarray, name: str, *, alphabet: str = "DNA", truth: tuple[Site, ...] = ()
) -> Dataset:
    labels = np.asarray(y, np.float32)[:, None]
    ids = np.array([f"synthetic_{i:06d}" for i in range(1, len(X) + 1)])
    return Dataset(X, labels, np.ones_like(labels), ids, alphabet=alphabet, name=name, truth=truth)
