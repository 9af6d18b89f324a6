"""Motifs that a network uses over a dataset: seqlets, clustered and aligned on both strands into patterns.

The idea of TF-MoDISco (Shrikumar et al. 2018) in a small form: the seqlet with most resemblances is a pattern's seed,
what resembles it joins, the pattern becomes the mean of its members, twice; then the next seed among those left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.interpret import modisco
from dnaconv_core.interpret.attribution import Attribution, attribute
from dnaconv_core.interpret.patterns import Pattern, contributing, described, numbered, windows
from dnaconv_core.interpret.seqlets import Seqlets, call_seqlets
from dnaconv_core.progress import SILENT, Part, Progress
from dnaconv_core.sequence.shuffle import dinucleotide_shuffle

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

OWN, MODISCO = "own", "modisco"
FINDERS = (OWN, MODISCO)
_FLANK = 6  # bases kept on either side of a seqlet while aligning
_SHIFT = 6  # bases a seqlet may be moved to fit
_ALIKE = 0.55  # cosine similarity of contributions from which two seqlets are of one pattern
_MERGE = 0.75  # of two patterns, from which they are one
_REAL = 0.01  # p-value from which a pattern is more than chance
_SEEDS = 1500  # the strongest seqlets, among which seeds are looked for


class Discovery(NamedTuple):
    """Patterns with most seqlets first, and what they were made from."""

    patterns: tuple[Pattern, ...]
    seqlets: Seqlets
    rows: np.ndarray  # (N,) rows of the dataset that were explained
    method: str
    n_unassigned: int


def discover(
    model: ConvNet,
    X: np.ndarray,
    y: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    method: str = "deeplift_shap",
    task: int = 0,
    width: int = 9,
    p_value: float = 1e-3,
    least: int = 10,
    most: int = 1000,
    n_references: int = 4,
    finder: str = OWN,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Discovery:
    """Patterns in what the network finds in favour of the positive class (or of high values).

    At most `most` positives and as many negatives are explained (numbers: above and below the median). Attributions of
    one shuffle of each are the null that seqlets are called against. least: seqlets that make a pattern; it must also
    be more frequent in positives than in negatives, or in sequences than in their shuffles, or it is what any network
    has by chance. finder: 'own', or 'modisco' for TF-MoDISco, an optional extra, which calls seqlets in its own way.
    Raises InputError when there are no two classes, or the finder is not known or not installed.
    """
    if finder not in FINDERS:
        raise InputError(f"finder is {finder!r}: choose {' or '.join(FINDERS)}")
    if most < 1:
        raise InputError(f"most is {most}: explain at least 1 positive and 1 negative")
    if finder == MODISCO:
        modisco.check(X.shape[2])
    rows, positive = _explained(y, most, seed)
    X = np.asarray(X[rows])
    covariates = None if covariates is None else covariates[rows]
    options = {"method": method, "task": task, "covariates": covariates, "n_references": n_references, "seed": seed}
    if finder == MODISCO:
        found = attribute(model, X, progress=Part(progress, 0.0, 0.8), **options)
        if not np.isfinite(found.values).all():  # stopped by the user
            return _nothing(rows, method, width)
        progress.report(0.8, "TF-MoDISco is looking for patterns")
        patterns = modisco.find_patterns(X, found, positive, least=least)
        return Discovery(patterns, modisco.seqlets(patterns, found, X), rows, f"{method}, TF-MoDISco", 0)
    found = attribute(model, X, progress=Part(progress, 0.0, 0.45), **options)
    shuffled = dinucleotide_shuffle(X, 1, seed=seed + 1)[:, 0]
    null = attribute(model, shuffled, progress=Part(progress, 0.45, 0.45), **options)
    progress.report(0.9, "looking for patterns")
    if not np.isfinite(found.values).all() or not np.isfinite(null.values).all():  # stopped by the user
        return _nothing(rows, method, width)
    scores, chance = (found.values * X).sum(axis=1), (null.values * shuffled).sum(axis=1)
    seqlets = call_seqlets(scores, chance, width=width, p_value=p_value)
    by_chance = call_seqlets(chance, chance, width=width, p_value=p_value)
    patterns, left = find_patterns(
        seqlets, X, found, positive, least=least, by_chance=_wide(by_chance, null.values * shuffled),
        progress=Part(progress, 0.9, 0.1),
    )  # fmt: skip
    progress.report(1.0, f"{len(patterns)} pattern{'s' * (len(patterns) != 1)} from {len(seqlets):,} seqlets")
    return Discovery(patterns, seqlets, rows, method, left)


def find_patterns(
    seqlets: Seqlets,
    X: np.ndarray,
    found: Attribution,
    positive: np.ndarray,
    *,
    least: int = 10,
    by_chance: np.ndarray | None = None,
    progress: Progress = SILENT,
) -> tuple[tuple[Pattern, ...], int]:
    """Cluster and align seqlets of explained one-hot X `(N, 4, L)`; positive `(N,)` bool. Also how many fit nowhere.

    by_chance: the contributions around the seqlets of as many shuffles, `(M, 4, w)`. Those found so far when `progress`
    asks to stop.
    """
    n = len(seqlets)
    if not n:
        return (), 0
    wide = _wide(seqlets, found.values * X)
    free = np.ones(n, bool)
    groups = []
    alike = (_resemblance(wide[:_SEEDS]) > _ALIKE).astype(np.float32)
    tried = np.zeros(min(n, _SEEDS), bool)
    while not progress.should_stop():
        open_seeds = free[:_SEEDS] & ~tried
        if not open_seeds.any():
            break
        progress.report(1 - open_seeds.mean(), f"{len(seqlets):,} seqlets are aligned")
        neighbours = (alike @ free[:_SEEDS].astype(np.float32)) * open_seeds
        seed = int(neighbours.argmax())
        tried[seed] = True
        core = wide[seed][:, _SHIFT:-_SHIFT]
        members = shift = minus = None
        for _ in range(3):
            score, shift, minus = _fit(wide, core)
            members = free & (score > _ALIKE)
            if members.sum() < 2:
                break
            core = _aligned(wide, shift, minus)[members].mean(axis=0)
        if members is None or members.sum() < least:
            continue
        free &= ~members
        groups.append((core, members, shift, minus))
    groups = _merged(groups, wide)
    patterns = [_pattern(g, seqlets, X, found, positive) for g in groups]
    patterns = [p for p, g in zip(patterns, groups, strict=True) if _is_real(p, g[0], by_chance)]
    return numbered(patterns), n - sum(p.n_seqlets for p in patterns)


def _nothing(rows: np.ndarray, method: str, width: int) -> Discovery:
    return Discovery((), Seqlets(*(np.zeros(0, np.int64),) * 4, width), rows, method, 0)


def _is_real(pattern: Pattern, core: np.ndarray, by_chance: np.ndarray | None) -> bool:
    """Whether its seqlets tell the classes apart, or are more than those in shuffles that look the same."""
    from scipy.stats import binomtest

    if pattern.p_fisher <= _REAL or by_chance is None:
        return True
    n = pattern.n_seqlets + int((_fit(by_chance, core)[0] > _ALIKE).sum())
    return binomtest(pattern.n_seqlets, n, alternative="greater").pvalue <= _REAL


def _wide(seqlets: Seqlets, contributions: np.ndarray) -> np.ndarray:
    """Contributions `(S, 4, w)` of seqlets and their surroundings, from `(N, 4, L)`."""
    first, width = seqlets.start - _FLANK - _SHIFT, seqlets.width + 2 * (_FLANK + _SHIFT)
    return windows(contributions, seqlets.sequence, first, width)


def _explained(y: np.ndarray, most: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to explain and which of them are positive."""
    y = np.asarray(y, np.float64).reshape(len(y), -1)[:, 0]
    high = y >= 0.5 if np.isin(y, (0, 1)).all() else y > np.median(y)
    if not high.any() or high.all():
        raise InputError("all labels are alike: patterns are compared between positives and negatives, give both")
    rng = np.random.default_rng(seed)
    chosen = [np.sort(rng.permutation(np.flatnonzero(part))[:most]) for part in (high, ~high)]
    return np.concatenate(chosen), np.repeat([True, False], [len(part) for part in chosen])


def _unit(flat: np.ndarray) -> np.ndarray:
    norm = np.linalg.norm(flat, axis=-1, keepdims=True)
    return np.divide(flat, norm, out=np.zeros_like(flat), where=norm > 1e-12)


def _resemblance(wide: np.ndarray) -> np.ndarray:
    """Cosine similarity `(S, S)` of each seqlet's middle with every other, at its best shift and strand."""
    core = _unit(wide[:, :, _SHIFT:-_SHIFT].reshape(len(wide), -1))
    best = np.full((len(wide), len(wide)), -1.0, np.float32)
    width = wide.shape[2] - 2 * _SHIFT
    for strand in (wide, wide[:, ::-1, ::-1]):
        for shift in range(2 * _SHIFT + 1):
            other = _unit(strand[:, :, shift : shift + width].reshape(len(wide), -1))
            np.maximum(best, core @ other.T, out=best)
    return best


def _fit(wide: np.ndarray, core: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best similarity of each seqlet to a core `(4, w)`, with the shift and strand that give it: each `(S,)`."""
    length, width, n = wide.shape[2], core.shape[1], 2 * _SHIFT + 1
    placed = np.zeros((2, n, 4, length), wide.dtype)  # the core at each shift of each strand
    for shift in range(n):
        placed[0, shift, :, shift : shift + width] = core
        placed[1, shift, :, length - shift - width : length - shift] = core[::-1, ::-1]
    products = wide.reshape(len(wide), -1) @ placed.reshape(2 * n, -1).T  # (S, 2n)
    norm = np.sqrt(np.lib.stride_tricks.sliding_window_view((wide**2).sum(axis=1), width, axis=1).sum(axis=2))  # (S, n)
    norms = np.concatenate([norm, norm[:, ::-1]], axis=1) * np.linalg.norm(core)
    scores = np.divide(products, norms, out=np.zeros_like(products), where=norms > 1e-12)
    best = scores.argmax(axis=1)
    return scores[np.arange(len(wide)), best], best % n, best >= n


def _aligned(wide: np.ndarray, shift: np.ndarray, minus: np.ndarray) -> np.ndarray:
    """Each seqlet `(S, 4, w)` at its own shift and strand."""
    turned = np.where(minus[:, None, None], wide[:, ::-1, ::-1], wide)
    width = wide.shape[2] - 2 * _SHIFT
    columns = shift[:, None, None] + np.arange(width)[None, None]
    return np.take_along_axis(turned, np.broadcast_to(columns, (len(wide), 4, width)), axis=2)


def _merged(groups: list, wide: np.ndarray) -> list:
    """Patterns that are one another's shift or other strand, as one; the larger one keeps its place."""
    groups = sorted(groups, key=lambda g: -g[1].sum())
    kept: list = []
    for core, members, shift, minus in groups:
        for i, (large, others, s, m) in enumerate(kept):
            padded = np.pad(core, ((0, 0), (_SHIFT, _SHIFT)))[None]
            if _fit(padded, large)[0][0] > _MERGE:
                _, new_shift, new_minus = _fit(wide, large)
                both = others | members
                kept[i] = (large, both, np.where(members, new_shift, s), np.where(members, new_minus, m))
                break
        else:
            kept.append((core, members, shift, minus))
    return kept


def _pattern(group, seqlets: Seqlets, X, found: Attribution, positive: np.ndarray) -> Pattern:
    """One pattern, trimmed to the columns that contribute."""
    core, members, shift, minus = group
    left, right = contributing(core)
    base = seqlets.start - _FLANK - _SHIFT  # of each wide window, on the + strand
    wide = seqlets.width + 2 * (_FLANK + _SHIFT)
    first = np.where(minus, base + wide - (shift + right), base + shift + left)[members]
    return described((seqlets.sequence[members], first, minus[members]), right - left, X, found, positive)
