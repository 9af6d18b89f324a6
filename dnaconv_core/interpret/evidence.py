"""Is an attribution to be believed: agreement of methods, random weights, and sibling networks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.interpret.attribution import Attribution, attribute

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

DELTA_SHARE = 0.05  # of the summed contributions: a larger convergence delta fails
AGREEMENT = 0.5  # rank correlation below which methods or seeds disagree
_DRAWS = 5  # networks with random weights
RANDOM = 0.5  # rank correlation with random weights from which the map does not depend on training


class Check(NamedTuple):
    """One piece of evidence: `passed` is None where it cannot be judged."""

    name: str
    value: float | None
    passed: bool | None
    words: str


def base_scores(values: np.ndarray, X: np.ndarray) -> np.ndarray:
    """The score of the observed bases `(N, L)`."""
    return (values * X).sum(axis=1)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rho of two score rows; 0 where one of them does not vary."""
    from scipy.stats import spearmanr

    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b).statistic)


def convergence(found: Attribution, row: int) -> Check:
    """|Σ attribution − Δ output| against the total contribution."""
    if found.delta is None:
        return Check("Convergence", None, None, "this method does not promise a sum")
    delta = float(found.delta[row])
    total = float(np.abs(found.values[row]).sum()) or 1.0
    passed = delta <= DELTA_SHARE * total
    words = f"the contributions miss the change of the output by {delta:.2g}, {delta / total:.1%} of their total"
    return Check("Convergence", delta, passed, words + ("" if passed else ": use more steps, or another method"))


def agreement(scores: dict[str, np.ndarray]) -> np.ndarray:
    """Rank correlation `(M, M)` between the score rows `(L,)` of M methods."""
    rows = list(scores.values())
    table = np.eye(len(rows))
    for i, j in itertools.combinations(range(len(rows)), 2):
        table[i, j] = table[j, i] = rank_correlation(rows[i], rows[j])
    return table


def agreement_check(scores: dict[str, np.ndarray]) -> Check:
    """The lowest rank correlation between any two methods."""
    if len(scores) < 2:
        return Check("Agreement of methods", None, None, "choose a second method to compare with")
    table = agreement(scores)
    pairs = list(itertools.combinations(range(len(scores)), 2))
    worst = min(pairs, key=lambda pair: table[pair])
    value, names = float(table[worst]), list(scores)
    words = f"lowest rank correlation {value:.2f}, {names[worst[0]]} with {names[worst[1]]}"
    return Check("Agreement of methods", value, value >= AGREEMENT, words)


def random_weights_check(
    model: ConvNet, X: np.ndarray, found: Attribution, *, covariates: np.ndarray | None = None, seed: int = 0, **options
) -> Check:
    """Compare with the same network with random weights (Adebayo et al. 2018): a map that stays explains no learning.

    The mean rank correlation of the signed scores over five draws, for the first sequence of X. Signed, as letters are
    drawn: where only a few bases vary, as a site between runs of one base, every network's scores are large there and
    zero elsewhere, and absolute scores would agree (0.65 on average) though trained and random weights share no sign.
    """
    from dnaconv_core.model.convnet import build

    mine, values = base_scores(found.values[:1], X[:1])[0], []
    for draw in range(_DRAWS):
        fresh = build(model.config, seed + 1000 + draw)
        other = attribute(fresh, X[:1], method=found.method, covariates=covariates, seed=seed, **options)
        values.append(rank_correlation(mine, base_scores(other.values, X[:1])[0]))
    value = float(np.mean(values))
    passed = abs(value) < RANDOM
    words = f"mean rank correlation {value:.2f} with {_DRAWS} networks of random weights"
    return Check("Random weights", value, passed, words + ("" if passed else ": the map hardly depends on training"))


def stability_check(
    found: Attribution, siblings: Sequence[ConvNet], X: np.ndarray, *, covariates: np.ndarray | None = None, **options
) -> Check:
    """Mean rank correlation with the same method on networks trained alike from other seeds, first sequence of X."""
    if not siblings:
        return Check("Stability over seeds", None, None, "no run with the same settings and another seed is here")
    mine = base_scores(found.values[:1], X[:1])[0]
    values = [
        rank_correlation(
            mine,
            base_scores(attribute(other, X[:1], method=found.method, covariates=covariates, **options).values, X[:1])[
                0
            ],
        )
        for other in siblings
    ]
    value = float(np.mean(values))
    words = f"mean rank correlation {value:.2f} with {len(siblings)} run{'s' * (len(siblings) > 1)} from other seeds"
    return Check("Stability over seeds", value, value >= AGREEMENT, words)
