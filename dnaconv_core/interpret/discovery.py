"""Motifs that a network uses over a dataset: seqlets, clustered and aligned on both strands into patterns.

The idea of TF-MoDISco (Shrikumar et al. 2018) in a small form: the seqlet with most resemblances is a pattern's seed,
what resembles it joins, the pattern becomes the mean of its members, twice; then the next seed among those left.
"""

from __future__ import annotations

from collections.abc import Callable
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
_PARTS, _SHARE = 4, 0.9  # in which the sequences are explained, and of the work that this is
_SEEDS = 1500  # the strongest seqlets, among which seeds are looked for


class Discovery(NamedTuple):
    """Patterns with most seqlets first, and what they were made from."""

    patterns: tuple[Pattern, ...]
    seqlets: Seqlets
    rows: np.ndarray  # (N,) rows of the dataset that were explained
    method: str
    n_unassigned: int


class DiscoveryOptions(NamedTuple):
    """How patterns are looked for."""

    method: str = "deeplift_shap"  # of attribution
    task: int = 0
    width: int = 9  # of a seqlet
    p_value: float = 1e-3  # of a seqlet
    least: int = 10  # seqlets that make a pattern
    most: int = 1000  # positives explained, and negatives
    n_references: int = 4
    finder: str = OWN  # or 'modisco'
    seed: int = 0


DEFAULTS = DiscoveryOptions()


def discover(
    model: ConvNet,
    X: np.ndarray,
    y: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    how: DiscoveryOptions = DEFAULTS,
    so_far: Callable[[Discovery], None] | None = None,
    on: str = "",
    progress: Progress = SILENT,
) -> Discovery:
    """Patterns in what the network finds in favour of the positive class (or of high values).

    At most `most` positives and as many negatives are explained (numbers: above and below the median). Attributions of
    one shuffle of each are the null that seqlets are called against. least: seqlets that make a pattern; it must also
    be more frequent in positives than in negatives, or in sequences than in their shuffles, or it is what any network
    has by chance. finder: 'own', or 'modisco' for TF-MoDISco, an optional extra, which calls seqlets in its own way.
    so_far: is given what the first sequences show, some times before all are explained ('own' alone does so). on: a
    Dask cluster that explains them, with the same result.
    Raises InputError when there are no two classes, or the finder is not known or not installed.
    """
    if how.finder not in FINDERS:
        raise InputError(f"finder is {how.finder!r}: choose {' or '.join(FINDERS)}")
    if how.most < 1:
        raise InputError(f"most is {how.most}: explain at least 1 positive and 1 negative")
    if how.finder == MODISCO:
        modisco.check(X.shape[2])
    rows, positive = _explained(y, how.most, how.seed)
    chosen = _Chosen(rows, positive, np.asarray(X[rows]), None if covariates is None else covariates[rows], on)
    if how.finder == MODISCO:
        return _by_modisco(model, chosen, how, progress)
    return _by_seqlets(model, chosen, how, so_far, progress)


class _Chosen(NamedTuple):
    """Examples to be explained."""

    rows: np.ndarray  # (N,) of the dataset
    positive: np.ndarray  # (N,) bool
    X: np.ndarray  # (N, 4, L)
    covariates: np.ndarray | None  # (N, C)
    on: str = ""  # the cluster that explains them

    def attribution(self, model: ConvNet, X: np.ndarray, how: DiscoveryOptions, progress: Progress) -> Attribution:
        """Of these sequences, or of `X` in their place."""
        return attribute(
            model, X, method=how.method, task=how.task, covariates=self.covariates, n_references=how.n_references,
            seed=how.seed, on=self.on, progress=progress,
        )  # fmt: skip

    def only(self, some: slice | np.ndarray) -> _Chosen:
        beside = None if self.covariates is None else self.covariates[some]
        return self._replace(rows=self.rows[some], positive=self.positive[some], X=self.X[some], covariates=beside)


def _by_modisco(model: ConvNet, chosen: _Chosen, how: DiscoveryOptions, progress: Progress) -> Discovery:
    found = chosen.attribution(model, chosen.X, how, Part(progress, 0.0, 0.8))
    if not np.isfinite(found.values).all():  # stopped by the user
        return _nothing(chosen.rows, how)
    progress.report(0.8, "TF-MoDISco is looking for patterns")
    patterns = modisco.find_patterns(chosen.X, found, chosen.positive, least=how.least)
    seqlets = modisco.seqlets(patterns, found, chosen.X)
    return Discovery(patterns, seqlets, chosen.rows, f"{how.method}, TF-MoDISco", 0)


def _by_seqlets(
    model: ConvNet,
    chosen: _Chosen,
    how: DiscoveryOptions,
    so_far: Callable[[Discovery], None] | None,
    progress: Progress,
) -> Discovery:
    shuffled = dinucleotide_shuffle(chosen.X, 1, seed=how.seed + 1)[:, 0]
    own, null = (np.full(chosen.X.shape, np.nan, np.float32) for _ in range(2))  # contributions of the bases
    done, n = np.zeros(len(chosen.X), bool), 0
    for number in range(min(_PARTS, len(chosen.X))):
        some = slice(number, None, _PARTS)  # of both classes
        part = chosen.only(some)
        for contributions, X in ((own[some], part.X), (null[some], shuffled[some])):
            explaining = _Explaining(progress, n, len(X), 2 * len(chosen.X))
            contributions[:] = part.attribution(model, X, how, explaining).values * X
            n += len(X)
            if not np.isfinite(contributions).all():  # stopped by the user
                return _nothing(chosen.rows, how)
        done[some] = True
        if so_far is not None and not done.all():
            so_far(_found_in(chosen.only(done), own[done], null[done], how, SILENT))
    return _found_in(chosen, own, null, how, Part(progress, _SHARE, 1 - _SHARE))


class _Explaining(NamedTuple):
    """Progress of the attributions of `n` sequences, after `before` others, told as a part of all."""

    progress: Progress
    before: int
    n: int
    all: int

    def report(self, fraction: float, message: str) -> None:
        done = self.before + round(fraction * self.n)
        self.progress.report(_SHARE * done / self.all, f"step 1 of 2: {done:,} of {self.all:,} sequences explained")

    def should_stop(self) -> bool:
        return self.progress.should_stop()


def _found_in(
    chosen: _Chosen, own: np.ndarray, null: np.ndarray, how: DiscoveryOptions, progress: Progress
) -> Discovery:
    """Seqlets and patterns; own, null: contributions `(N, 4, L)` of the bases of sequences and of their shuffles."""
    chance = null.sum(axis=1)
    seqlets = call_seqlets(own.sum(axis=1), chance, width=how.width, p_value=how.p_value)
    by_chance = _wide(call_seqlets(chance, chance, width=how.width, p_value=how.p_value), null)
    patterns, left = find_patterns(
        seqlets, chosen.X, own, chosen.positive, least=how.least, by_chance=by_chance, progress=progress
    )
    progress.report(1.0, f"{len(patterns)} pattern{'s' * (len(patterns) != 1)} from {len(seqlets):,} seqlets")
    return Discovery(patterns, seqlets, chosen.rows, how.method, left)


def find_patterns(
    seqlets: Seqlets,
    X: np.ndarray,
    contributions: np.ndarray,
    positive: np.ndarray,
    *,
    least: int = 10,
    by_chance: np.ndarray | None = None,
    progress: Progress = SILENT,
) -> tuple[tuple[Pattern, ...], int]:
    """Cluster and align seqlets of explained one-hot X `(N, 4, L)`; positive `(N,)` bool. Also how many fit nowhere.

    contributions: of the bases of X, `(N, 4, L)`. by_chance: the contributions around the seqlets of as many shuffles,
    `(M, 4, w)`. Those found so far when `progress` asks to stop.
    """
    if not len(seqlets):
        return (), 0
    wide = _wide(seqlets, contributions)
    groups = _merged(_grown(wide, least, progress), wide)
    patterns = [_pattern(g, seqlets, X, contributions, positive) for g in groups]
    patterns = [p for p, g in zip(patterns, groups, strict=True) if _is_real(p, g.core, by_chance)]
    return numbered(patterns), len(seqlets) - sum(p.n_seqlets for p in patterns)


class _Group(NamedTuple):
    """Seqlets that are alike."""

    core: np.ndarray  # (4, w) their mean, aligned
    members: np.ndarray  # (S,) bool
    shift: np.ndarray  # (S,) at which each fits best
    minus: np.ndarray  # (S,) bool, the strand on which it does


def _grown(wide: np.ndarray, least: int, progress: Progress) -> list[_Group]:
    """Groups from one seed after another, the one with most free neighbours first."""
    n = len(wide)
    groups: list[_Group] = []
    free, tried = np.ones(n, bool), np.zeros(min(n, _SEEDS), bool)
    alike = (_resemblance(wide[:_SEEDS]) > _ALIKE).astype(np.float32)
    while not progress.should_stop():
        open_seeds = free[:_SEEDS] & ~tried
        if not open_seeds.any():
            break
        progress.report(1 - open_seeds.mean(), f"step 2 of 2: {n:,} seqlets are aligned, {len(groups)} groups so far")
        neighbours = (alike @ free[:_SEEDS].astype(np.float32)) * open_seeds
        seed = int(neighbours.argmax())
        tried[seed] = True
        group = _around(wide[seed][:, _SHIFT:-_SHIFT], wide, free)
        if group.members.sum() >= least:
            free &= ~group.members
            groups.append(group)
    return groups


def _around(core: np.ndarray, wide: np.ndarray, free: np.ndarray) -> _Group:
    """The free seqlets that resemble a core, which becomes their mean, three times over."""
    for _ in range(3):
        score, shift, minus = _fit(wide, core)
        members = free & (score > _ALIKE)
        if members.sum() < 2:
            break
        core = _aligned(wide, shift, minus)[members].mean(axis=0)
    return _Group(core, members, shift, minus)


def _nothing(rows: np.ndarray, how: DiscoveryOptions) -> Discovery:
    return Discovery((), Seqlets(*(np.zeros(0, np.int64),) * 4, how.width), rows, how.method, 0)


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


def _merged(groups: list[_Group], wide: np.ndarray) -> list[_Group]:
    """Patterns that are one another's shift or other strand, as one; the larger one keeps its place."""
    kept: list[_Group] = []
    for group in sorted(groups, key=lambda g: -g.members.sum()):
        padded = np.pad(group.core, ((0, 0), (_SHIFT, _SHIFT)))[None]
        same = next((i for i, large in enumerate(kept) if _fit(padded, large.core)[0][0] > _MERGE), None)
        if same is None:
            kept.append(group)
            continue
        large, new = kept[same], group.members
        _, shift, minus = _fit(wide, large.core)
        kept[same] = _Group(
            large.core, large.members | new, np.where(new, shift, large.shift), np.where(new, minus, large.minus)
        )
    return kept


def _pattern(
    group: _Group, seqlets: Seqlets, X: np.ndarray, contributions: np.ndarray, positive: np.ndarray
) -> Pattern:
    """One pattern, trimmed to the columns that contribute."""
    core, members, shift, minus = group
    left, right = contributing(core)
    base = seqlets.start - _FLANK - _SHIFT  # of each wide window, on the + strand
    wide = seqlets.width + 2 * (_FLANK + _SHIFT)
    first = np.where(minus, base + wide - (shift + right), base + shift + left)[members]
    return described((seqlets.sequence[members], first, minus[members]), right - left, X, contributions, positive)
