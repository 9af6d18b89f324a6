"""Which interval fits which metric, from the estimate, its variance and the number of examples that decide it.

Each scale starts from a variance that depends on the true value, as Wilson's (1927) interval for a share does, so that
a perfect score has an interval, too. The variance that was measured (of `influence`) corrects it by a ratio, which is
drawn towards 1 where few examples speak for it.

- shares: Wilson's interval; F1 through its share of hits. Matthews: that of (1 + r) / 2
- ROC-AUC: Newcombe (2006), method 5, its variance corrected by DeLong's
- PR-AUC: on the logit scale, from the variance of a share of the positives (Boyd, Eng & Page 2013)
- correlations: Fisher's z; of ranks Bonett & Wright (2000)
- sizes of errors: on the log scale, with Student's t
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

Ends = tuple[float, float]
_EDGE = 1e-12


class Facts(NamedTuple):
    """An estimate: its value, variance and degrees of freedom, and how many groups of examples are on its side and
    against it. alone: groups for each example, 1 where examples are independent.
    """

    value: float
    variance: float
    df: float
    n: float
    others: float
    alone: float = 1.0


def _quantile(level: float, df: float = math.inf) -> float:
    from scipy.special import ndtri, stdtrit

    half = (1 + level) / 2
    return float(ndtri(half) if math.isinf(df) else stdtrit(df, half))


def _ratio(facts: Facts, expected: float, prior: float) -> tuple[float, float]:
    """Measured over expected variance, drawn towards 1 as if `prior` more examples had said so; and how many say it.

    What is expected is of independent examples: the larger the groups, the less it counts. Where no variance was
    measured it is all there is.
    """
    if expected <= 0 or facts.variance <= 0:
        return 1.0, math.inf
    prior *= facts.alone
    return (prior + facts.df * facts.variance / expected) / (prior + facts.df), prior + facts.df


def _wilson(share: float, n: float, z: float) -> Ends:
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return min(max(middle - half, 0.0), share), max(min(middle + half, 1.0), share)


def share(facts: Facts, level: float, prior: float = math.inf) -> Ends:
    """prior: how sure the variance p (1 − p) / n is where examples are independent."""
    p = facts.value
    if prior == math.inf and facts.alone >= 1:
        return _wilson(p, facts.n, _quantile(level))
    ratio, df = _ratio(facts, p * (1 - p) / facts.n, min(prior, 10))
    return _wilson(p, facts.n / ratio, _quantile(level, df))


def f1(facts: Facts, level: float) -> Ends:
    hits = facts.value / (2 - facts.value)
    slope = (1 + hits) ** 2 / 2
    low, high = share(facts._replace(value=hits, variance=facts.variance * slope**2), level)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def matthews(facts: Facts, level: float) -> Ends:
    n = 4 * facts.n * facts.others / (facts.n + facts.others)  # of balanced classes all examples
    low, high = share(facts._replace(value=(1 + facts.value) / 2, variance=facts.variance / 4, n=n), level, prior=2)
    return 2 * low - 1, 2 * high - 1


def ranking(facts: Facts, level: float) -> Ends:
    from scipy.optimize import brentq

    area, m, n = facts.value, facts.n, facts.others

    def variance(true: float) -> float:
        spread = 1 + ((m + n) / 2 - 1) * ((1 - true) / (2 - true) + true / (1 + true))
        return true * (1 - true) / (m * n) * spread

    ratio, df = _ratio(facts, variance(area), 20)
    width = _quantile(level, df) * math.sqrt(ratio)
    inner = min(max(area, _EDGE), 1 - _EDGE)  # at 0 and 1 themselves the variance is 0

    def beyond(true: float) -> float:
        return abs(true - area) - width * math.sqrt(variance(true))

    if beyond(inner) >= 0:  # an interval narrower than that, of a level near 0
        return area, area
    low = brentq(beyond, 0, inner) if area > 0 else 0.0
    high = brentq(beyond, inner, 1) if area < 1 else 1.0
    return float(low), float(high)


def precision_recall(facts: Facts, level: float) -> Ends:
    area = facts.value
    if area >= 1:
        return _wilson(1.0, facts.n, _quantile(level))
    expected = area * (1 - area) / facts.n
    ratio, df = _ratio(facts, expected, 10)
    half = _quantile(level, df) * math.sqrt(ratio * expected) / (area * (1 - area))
    middle = math.log(area / (1 - area))
    return 1 / (1 + math.exp(half - middle)), 1 / (1 + math.exp(-half - middle))


def correlation(facts: Facts, level: float, spread: float = 1.0) -> Ends:
    r = facts.value
    if abs(r) >= 1 or facts.n <= 3:
        return r, r
    expected = spread / (facts.n - 3)
    z_variance = facts.variance / (1 - r**2) ** 2 * facts.n / (facts.n - 3)
    ratio, df = _ratio(facts._replace(variance=z_variance), expected, 20)
    half = _quantile(level, df) * math.sqrt(ratio * expected)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def rank_correlation(facts: Facts, level: float) -> Ends:
    return correlation(facts, level, 1 + facts.value**2 / 2)


def size(facts: Facts, level: float) -> Ends:
    if facts.value <= 0 or facts.df <= 0:
        return facts.value, facts.value
    half = _quantile(level, facts.df) * math.sqrt(facts.variance) / facts.value
    return facts.value * math.exp(-half), facts.value * math.exp(half)


def explained(facts: Facts, level: float) -> Ends:
    low, high = size(facts._replace(value=1 - facts.value), level)
    return 1 - high, 1 - low


SCALES: dict[str, Callable[[Facts, float], Ends]] = {
    scale.__name__: scale
    for scale in (
        share, f1, matthews, ranking, precision_recall, correlation, rank_correlation, size, explained,
    )
}  # fmt: skip
