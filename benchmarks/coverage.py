"""How often the 95 % intervals hold the truth, by simulation: `python benchmarks/coverage.py`.

Each cell draws examples anew, asks for the interval (`with_intervals`, `paired_difference`) as the program does, and
counts how often the truth lies in it. Yes-or-no scores are binormal: negatives from N(0, 1), positives from N(d, 1),
of which ROC-AUC and PR-AUC have exact values. 'not given': more than half of the draws had too few examples to say.
A cell outside 0.93 to 0.97 is drawn again, four times as often: what it holds then counts, and where that is outside,
too, it is marked: 'narrow' intervals promise too much, 'wide' ones are on the safe side.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.integrate import quad
from scipy.stats import norm

from dnaconv_core.evaluate.dependence import Groups, groups_of_codes
from dnaconv_core.evaluate.intervals import paired_difference, with_intervals

if __name__ == "coverage":  # numba looks for the package of that name, and a benchmark's folder comes first
    raise ImportError("this is the benchmark of intervals, not the package 'coverage'")

LOW, HIGH = 0.93, 0.97
AREAS, SIZES, PREVALENCES = (0.75, 0.95), (100, 200, 1000, 5000), (0.5, 0.1, 0.03, 0.01)

Ends = tuple[float, float] | None
Draw = Callable[[np.random.Generator], Ends]


class Cell(NamedTuple):
    """One simulation: what, with how many examples, the truth, and a draw of the interval."""

    what: str
    setting: str
    n: int
    truth: float
    draw: Draw


class Result(NamedTuple):
    what: str
    setting: str
    n: int
    truth: float
    given: float  # share of the draws with an interval
    holds: float  # share of those that hold the truth
    wide: float  # median width

    @property
    def fine(self) -> bool:
        """Whether the interval covers, or is not given."""
        return self.given < 0.5 or LOW <= self.holds <= HIGH

    @property
    def mark(self) -> str:
        """'narrow' or 'wide' where it does not cover as it should."""
        return "" if self.fine else "narrow" if self.holds < LOW else "wide"


def called(cell: Cell) -> str:
    return f"{cell.what}, {cell.setting}, n {cell.n}"


def shift(area: float) -> float:
    """How far apart the two normal distributions are for this ROC-AUC."""
    return float(np.sqrt(2) * norm.ppf(area))


@cache
def average_precision(area: float, prevalence: float) -> float:
    """The PR-AUC of a very large sample."""
    d = shift(area)

    def weighed(score: float) -> float:
        hit, miss = prevalence * norm.sf(score - d), (1 - prevalence) * norm.sf(score)
        return norm.pdf(score - d) * hit / (hit + miss)

    return float(quad(weighed, -9, 9 + d, limit=500)[0])


def binormal(rng: np.random.Generator, n: int, prevalence: float, area: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels, as many positives as the prevalence says, and scores."""
    y = (np.arange(n) < round(n * prevalence)).astype(float)
    return y, rng.normal(size=n) + shift(area) * y


def of(task: str, name: str, y: np.ndarray, prediction: np.ndarray, groups: Groups | None = None) -> Ends:
    found = with_intervals(task, y, prediction, groups=groups, names=name)[name]
    return None if found.low is None or found.high is None else (found.low, found.high)


def between(task: str, name: str, y: np.ndarray, a: np.ndarray, b: np.ndarray) -> Ends:
    found = paired_difference(task, name, y, a, b, groups=None)
    return None if found.low is None or found.high is None else (found.low, found.high)


def drawn(task: str, name: str, example: Callable[..., tuple[np.ndarray, ...]], *options: Any) -> Draw:
    """A draw of the interval of one set of predictions, or of the difference of two."""

    def draw(rng: np.random.Generator) -> Ends:
        y, *predictions = example(rng, *options)
        return (between if len(predictions) == 2 else of)(task, name, y, *predictions)

    return draw


def rankings(sizes: tuple[int, ...] = SIZES) -> Iterator[Cell]:
    for name, title in (("auroc", "ROC-AUC"), ("auprc", "PR-AUC")):
        for area in AREAS:
            for prevalence in PREVALENCES:
                for n in sizes:
                    truth = area if name == "auroc" else average_precision(area, round(n * prevalence) / n)
                    draw = drawn("binary", name, binormal, n, prevalence, area)
                    yield Cell(title, f"ROC-AUC {area:g}, prevalence {prevalence:g}", n, truth, draw)


def _calls(rng: np.random.Generator, n: int, prevalence: float, right: tuple[float, float]) -> tuple[np.ndarray, ...]:
    """Labels drawn at the prevalence, and calls that are right with these chances for positives and negatives."""
    y = (rng.random(n) < prevalence).astype(float)
    return y, np.where(rng.random(n) < np.where(y == 1, *right), y, 1 - y)


def rates(sizes: tuple[int, ...] = SIZES) -> Iterator[Cell]:
    """Accuracy, recall, precision, F1 and Matthews, examples drawn at a prevalence; the Brier score."""
    for prevalence in (0.5, 0.1, 0.03):
        for right in ((0.7, 0.8), (0.6, 0.99)):
            tp, fp = prevalence * right[0], (1 - prevalence) * (1 - right[1])
            fn, tn = prevalence - tp, 1 - prevalence - fp
            product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
            truths = {
                "accuracy": tp + tn,
                "recall": right[0],
                "precision": tp / (tp + fp),
                "f1": 2 * tp / (2 * tp + fp + fn),
                "mcc": (tp * tn - fp * fn) / product**0.5,
            }
            for name, truth in truths.items():
                for n in sizes:
                    draw = drawn("binary", name, _calls, n, prevalence, right)
                    setting = f"prevalence {prevalence:g}, recall {right[0]:g}, specificity {right[1]:g}"
                    yield Cell(name, setting, n, truth, draw)


def brier(sizes: tuple[int, ...] = SIZES) -> Iterator[Cell]:
    for prevalence in (0.5, 0.1, 0.03, 0.01):
        for area in AREAS:
            d, odds = shift(area), np.log(prevalence / (1 - prevalence))

            def said(score: np.ndarray, d: float = d, odds: float = odds) -> np.ndarray:
                return 1 / (1 + np.exp(-(odds + d * score - d**2 / 2)))

            missed = [
                quad(lambda s, at=at, y=y, f=said: norm.pdf(s - at) * (f(s) - y) ** 2, -9, 9 + at, limit=500)[0]
                for at, y in ((d, 1), (0, 0))
            ]
            truth = prevalence * missed[0] + (1 - prevalence) * missed[1]

            def example(rng: np.random.Generator, n: int, p: float, d: float, f: Any) -> tuple[np.ndarray, ...]:
                y = (rng.random(n) < p).astype(float)
                return y, f(rng.normal(size=n) + d * y)

            for n in sizes:
                draw = drawn("binary", "brier", example, n, prevalence, d, said)
                yield Cell("Brier score", f"ROC-AUC {area:g}, prevalence {prevalence:g}", n, truth, draw)


def _pair(rng: np.random.Generator, n: int, r: float) -> tuple[np.ndarray, np.ndarray]:
    """Two normal variables with correlation r."""
    a, b = rng.normal(size=(2, n))
    return a, r * a + np.sqrt(1 - r**2) * b


def numbers(sizes: tuple[int, ...] = (20, 100, 1000)) -> Iterator[Cell]:
    for r in (0.0, 0.5, 0.8):
        truths = {
            "pearson_r": r,
            "spearman_rho": 6 / np.pi * np.arcsin(r / 2),
            "rmse": np.sqrt(2 - 2 * r),
            "mae": np.sqrt(2 - 2 * r) * np.sqrt(2 / np.pi),
            "r2": 2 * r - 1,
        }
        for name, truth in truths.items():
            for n in sizes:
                draw = drawn("regression", name, _pair, n, r)
                yield Cell(name, f"normal, r {r:g}", n, float(truth), draw)


def classes(sizes: tuple[int, ...] = (100, 1000)) -> Iterator[Cell]:
    """Three classes of shares 0.6, 0.3 and 0.1: of each against all others the score is the class's own, binormal."""
    shares, d = np.array([0.6, 0.3, 0.1]), 1.0

    def example(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        y = rng.choice(3, n, p=shares)
        score = rng.normal(size=(n, 3)) + d * (y[:, None] == np.arange(3))
        odds = np.exp(d * score) * shares
        return y.astype(float), odds / odds.sum(axis=1, keepdims=True)

    large = np.random.default_rng(1)
    big = [with_intervals("classes", *example(large, 400_000), groups=None) for _ in range(5)]
    for name in ("macro_auroc", "accuracy", "log_loss"):
        truth = float(np.mean([found[name].value for found in big]))
        for n in sizes:
            yield Cell(name, "three classes", n, truth, drawn("classes", name, example, n))


def differences(sizes: tuple[int, ...] = SIZES) -> Iterator[Cell]:
    """Two predictors of which one sees more; their noise is shared in part."""

    def scores(rng: np.random.Generator, n: int, prevalence: float, areas: tuple[float, float]) -> Any:
        y = (np.arange(n) < round(n * prevalence)).astype(float)
        shared, one, two = rng.normal(size=(3, n))
        return y, *(
            np.sqrt(0.5) * (shared + own) + shift(area) * y for own, area in zip((one, two), areas, strict=True)
        )

    for areas in ((0.75, 0.7), (0.95, 0.9), (0.75, 0.75)):
        for prevalence in PREVALENCES:
            for n in sizes:
                setting = f"{areas[0]:g} and {areas[1]:g}, prevalence {prevalence:g}"
                draw = drawn("binary", "auroc", scores, n, prevalence, areas)
                yield Cell("ROC-AUC, difference", setting, n, areas[0] - areas[1], draw)
                truth = average_precision(areas[0], prevalence) - average_precision(areas[1], prevalence)
                draw = drawn("binary", "auprc", scores, n, prevalence, areas)
                if round(n * prevalence) == n * prevalence:
                    yield Cell("PR-AUC, difference", setting, n, truth, draw)
    for n in sizes:

        def calls(rng: np.random.Generator, n: int = n) -> Ends:
            y = (rng.random(n) < 0.3).astype(float)
            hard = rng.random(n)
            a, b = (np.where(hard + 0.3 * rng.random(n) < limit, y, 1 - y) for limit in (1.0, 0.9))
            return between("binary", "accuracy", y, a, b)

        yield Cell("accuracy, difference", "0.85 and 0.75", n, 0.1, calls)
    for n in (20, 100, 1000):

        def follows(rng: np.random.Generator, n: int = n) -> Ends:
            y, shared, one, two = rng.normal(size=(4, n))
            return between("regression", "pearson_r", y, y + 0.7 * shared + 0.7 * one, y + 0.7 * shared + 0.9 * two)

        truth = 1 / np.sqrt(1 + 2 * 0.49) - 1 / np.sqrt(1 + 0.49 + 0.81)
        yield Cell("Pearson r, difference", "0.71 and 0.66", n, float(truth), follows)


def tiled(sizes: tuple[int, ...] = (2000, 5000), plain: bool = False) -> Iterator[Cell]:
    """Windows of 50 bases, one base apart; labels and scores drift along the sequence over about a window's length."""
    window, reach, area = 50, 50, 0.75

    def smooth(rng: np.random.Generator, n: int) -> np.ndarray:
        values = np.convolve(rng.normal(size=n + reach), np.ones(reach) / np.sqrt(reach), "valid")[:n]
        return values

    def draw_one(rng: np.random.Generator, n: int) -> Ends:
        y = (smooth(rng, n) > 0.5).astype(float)
        codes = rng.integers(0, 4, n + window - 1).astype(np.uint8)
        tiles = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(codes, window))
        groups = None if plain else groups_of_codes([f"tile_{i}" for i in range(n)], tiles, "DNA")
        return of("binary", "auroc", y, smooth(rng, n) + shift(area) * y, groups)

    for n in sizes:
        title = "ROC-AUC of tiles, as if independent" if plain else "ROC-AUC of tiles, by groups"
        yield Cell(title, "windows of 50 bases, one base apart", n, area, lambda rng, n=n: draw_one(rng, n))


def simulate(cell: Cell, draws: int, seed: int = 0) -> Result:
    rng = np.random.default_rng(seed)
    found = [ends for _ in range(draws) if (ends := cell.draw(rng)) is not None]
    ends = np.array(found or [(np.nan, np.nan)])
    holds = float(np.mean((ends[:, 0] <= cell.truth) & (cell.truth <= ends[:, 1])))
    wide = float(np.median(ends[:, 1] - ends[:, 0]))
    return Result(*cell[:4], len(found) / draws, holds, wide)


def settled(cell: Cell, draws: int) -> Result:
    """`simulate`, once more with four times as many other draws where the first found it outside by chance or not."""
    found = simulate(cell, draws)
    return found if found.fine else simulate(cell, 4 * draws, seed=1)


def table(results: list[Result]) -> str:
    """Markdown: a line for each setting, a column for each number of examples."""
    lines = []
    sizes = sorted({result.n for result in results})
    lines.append("| metric | setting | " + " | ".join(f"n = {n:,}" for n in sizes) + " |")
    lines.append("|---|---|" + "---:|" * len(sizes))
    for what, setting in dict.fromkeys((result.what, result.setting) for result in results):
        row = {result.n: result for result in results if (result.what, result.setting) == (what, setting)}
        cells = [_said(row.get(n)) for n in sizes]
        lines.append(f"| {what} | {setting} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _said(result: Result | None) -> str:
    if result is None:
        return ""
    if result.given < 0.5:
        return "not given"
    return f"{result.holds:.3f}" if result.fine else f"**{result.holds:.3f}, {result.mark}**"


KINDS = {
    "rankings": rankings, "rates": rates, "brier": brier, "numbers": numbers, "classes": classes,
    "differences": differences, "tiled": tiled,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--only", nargs="+", default=[], metavar="TEXT", help="cells whose name ends so")
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    cells = [cell for kind in options.kinds for cell in KINDS[kind]()]
    cells = [cell for cell in cells if not options.only or called(cell).endswith(tuple(options.only))]
    results = [settled(cell, options.draws) for cell in cells]
    if "tiled" in options.kinds and not options.only:
        results += [simulate(cell, min(options.draws, 300)) for cell in tiled(plain=True)]
    print(table(results))
    outside = [result for result in results if not result.fine and result.n >= 100]
    words = ", ".join(f"{n} {mark}" for mark, n in Counter(result.mark for result in outside).items()) or "none"
    print(f"\n{len(outside)} of {len(results)} cells outside {LOW} to {HIGH} at n of 100 or more: {words}.")
    if options.json:
        Path(options.json).write_text(json.dumps([result._asdict() for result in results], indent=1))


if __name__ == "__main__":
    main()
