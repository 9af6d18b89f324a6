"""Is an attribution to be believed: the network itself, convergence, agreement of methods, random weights, siblings.

Maps are compared by the ranks of their bases, as a reader compares letters: one below a tenth of its map's tallest
counts as zero. Without that the order of almost-zeros decides: where a network sees one site, nine tenths of the bases
are such, and two maps that show the same seven letters and nothing else seem to disagree.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.answers.labels import LABELS
from dnaconv_core.answers.outputs import answer_of_one, output_names
from dnaconv_core.interpret.attribution import Attribution, attribute
from dnaconv_core.results import Metric

if TYPE_CHECKING:
    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet

DELTA_SHARE = 0.05  # of the summed contributions: a larger convergence delta fails
AGREEMENT = 0.5  # rank correlation below which methods or seeds disagree
_DRAWS = 5  # networks with random weights
RANDOM = 0.5  # rank correlation with random weights from which the map does not depend on training
SEEN = 0.1  # share of the tallest letter below which a base counts as zero
CHANCE = {"auroc": 0.5, "macro_auroc": 0.5, "pearson_r": 0.0}  # what a network reaches that has learned nothing
NETWORK = "Network better than chance"
_FEW_USUAL = 20  # predictions below which quartiles say nothing
_WIDE = 0.8  # share of the middle 90 % at which the middle half is two groups; 0.56 where all lie evenly
_FLAT = "no base counts in this map: there is nothing to compare"
_MEASURE = "bases below a tenth of the tallest count as zero"


class Check(NamedTuple):
    """One piece of evidence: `passed` is None where it cannot be judged."""

    name: str
    value: float | None
    passed: bool | None
    words: str


def network_check(stored: dict[str, dict[str, Metric]], config: ModelConfig, output: int = 0) -> Check:
    """Whether the network, for this output, is better than chance on its validation part, by the interval.

    stored: its metrics by part (`stored_metrics`). A map of a network that has learned nothing explains nothing,
    however well the other checks go.
    """
    of_output = f"valid: {output_names(config)[output]}" if config.n_tasks > 1 else ""
    part = stored.get(of_output) or stored.get("valid", {})
    mains = (answer_of_one(config.answer).main_metric, config.answer.main_metric)
    name = next((name for name in mains if name in part and name in CHANCE), "")
    if not name or part[name].value is None:
        return Check(NETWORK, None, None, "this network was not measured on validation data")
    metric, chance = part[name], f"chance is {CHANCE[name]:g}"
    words = f"{LABELS[name].name} {metric.value:.3f} on validation data ({metric.told() or 'no interval'}), {chance}"
    if metric.low is None:
        return Check(NETWORK, metric.value, None, words)
    passed = metric.low > CHANCE[name]
    return Check(NETWORK, metric.value, passed, words + ("" if passed else ": what it looks at proves nothing"))


def _of_little_worth(check: Check) -> Check:
    """A check that passed, of a network that is not better than chance: it is no support."""
    if not check.passed:
        return check
    return check._replace(passed=None, words=f"{check.words}; no support, as the network is not better than chance")


def base_scores(values: np.ndarray, X: np.ndarray) -> np.ndarray:
    """The score of the observed bases `(N, L)`."""
    return (values * X).sum(axis=1)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rho of two score rows, those below a tenth of their row's largest as zero; 0 where one is flat."""
    from scipy.stats import spearmanr

    a, b = _seen(a), _seen(b)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b).statistic)


def _seen(row: np.ndarray) -> np.ndarray:
    height = np.abs(row)
    return np.where(height < SEEN * height.max(), 0.0, row)


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
    if all(np.ptp(row) == 0 for row in scores.values()):
        return Check("Agreement of methods", None, None, _FLAT)
    table = agreement(scores)
    pairs = list(itertools.combinations(range(len(scores)), 2))
    worst = min(pairs, key=lambda pair: table[pair])
    value, names = float(table[worst]), list(scores)
    words = f"lowest rank correlation {value:.2f}, {names[worst[0]]} with {names[worst[1]]}; {_MEASURE}"
    return Check("Agreement of methods", value, value >= AGREEMENT, words)


def random_weights_check(
    model: ConvNet,
    X: np.ndarray,
    found: Attribution,
    *,
    covariates: np.ndarray | None = None,
    seed: int = 0,
    **options: Any,
) -> Check:
    """Compare with the same network with random weights (Adebayo et al. 2018): a map that stays explains no learning.

    The mean rank correlation of the signed scores over five draws, for the first sequence of X. Signed, as letters are
    drawn: where only a few bases vary, as a site between runs of one base, every network's scores are large there and
    zero elsewhere, and absolute scores would agree (0.65 on average) though trained and random weights share no sign.
    """
    from dnaconv_core.model.convnet import build

    mine, values = base_scores(found.values[:1], X[:1])[0], []
    if np.ptp(mine) == 0:
        return Check("Random weights", None, None, _FLAT)
    for draw in range(_DRAWS):
        fresh = build(model.config, seed + 1000 + draw)
        other = attribute(fresh, X[:1], method=found.method, covariates=covariates, seed=seed, **options)
        values.append(rank_correlation(mine, base_scores(other.values, X[:1])[0]))
    value = float(np.mean(values))
    passed = abs(value) < RANDOM
    words = f"mean rank correlation {value:.2f} with {_DRAWS} networks of random weights"
    return Check("Random weights", value, passed, words + ("" if passed else ": the map hardly depends on training"))


def stability_check(
    found: Attribution,
    siblings: Sequence[ConvNet],
    X: np.ndarray,
    *,
    covariates: np.ndarray | None = None,
    **options: Any,
) -> Check:
    """Mean rank correlation with the same method on networks trained alike from other seeds, first sequence of X."""
    if not siblings:
        return Check("Stability over seeds", None, None, "no run with the same settings and another seed is here")
    mine = base_scores(found.values[:1], X[:1])[0]
    if np.ptp(mine) == 0:
        return Check("Stability over seeds", None, None, _FLAT)
    theirs = [attribute(other, X[:1], method=found.method, covariates=covariates, **options) for other in siblings]
    value = float(np.mean([rank_correlation(mine, base_scores(one.values, X[:1])[0]) for one in theirs]))
    words = f"mean rank correlation {value:.2f} with {len(siblings)} run{'s' * (len(siblings) > 1)} from other seeds"
    return Check("Stability over seeds", value, value >= AGREEMENT, words)


def check_map(
    model: ConvNet,
    X: np.ndarray,
    maps: dict[str, Attribution],
    *,
    covariates: np.ndarray | None = None,
    siblings: Sequence[ConvNet] = (),
    network: Check | None = None,
    **options: Any,
) -> list[Check]:
    """All that speaks for and against the first of `maps` (by the method's name in words) of one sequence `(1, 4, L)`.

    siblings: the same network trained from other seeds. network: its `network_check`, which comes first; where it
    fails no other check counts as passed. options: how the first map was made, as `attribute` takes them.
    """
    first = next(iter(maps.values()))
    checks = [
        convergence(first, 0),
        agreement_check({name: base_scores(found.values, X)[0] for name, found in maps.items()}),
        random_weights_check(model, X, first, covariates=covariates, **options),
        stability_check(first, siblings, X, covariates=covariates, **options),
    ]
    if network is None:
        return checks
    return [network, *(map(_of_little_worth, checks) if network.passed is False else checks)]


def little_to_explain(prediction: float, usual: np.ndarray) -> str:
    """One sentence where a prediction lies among the middle half of the `usual` ones `(N,)`; '' where it does not.

    A map then splits up next to nothing: its tallest letters may be those of any sequence. Where the middle half is
    nearly as wide as all of them, they are two groups, as of a network that tells its classes apart: none is usual.
    """
    if len(usual) < _FEW_USUAL:
        return ""
    least, low, high, most = np.quantile(usual, [0.05, 0.25, 0.75, 0.95])
    if not low <= prediction <= high or high - low > _WIDE * (most - least):
        return ""
    return (
        f"Little to explain: {prediction:.3f} is a usual prediction of this model (half of {len(usual):,} validation "
        f"examples lie between {low:.3f} and {high:.3f}). Tall letters may mean little here."
    )
