"""Why a 1-D convolution: each reason as an experiment of a few seconds, with a control, on data made for it.

Every experiment trains small networks on sequences whose truth is known and returns the numbers of one chart and a
sentence that is made from them: where an experiment does not show what it claims, the sentence says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.why.networks import (
    LENGTH,
    activities,
    auroc,
    conv,
    count,
    fitted,
    grammar,
    logits,
    planted,
)


class Found(NamedTuple):
    """What one experiment measured, ready for one chart."""

    kind: str  # 'bars' or 'lines'
    x_title: str
    y_title: str
    x: tuple[Any, ...]
    series: dict[str, tuple[float, ...]]  # by name, a value for each x
    verdict: str  # one sentence made from the numbers
    holds: bool  # whether they show what was claimed
    reference: float | None = None  # a line to compare with
    also: Found | None = None  # a second chart to the same sentence


class Claim(NamedTuple):
    """One reason, and the experiment that puts it to the test."""

    title: str
    claim: str
    control: str
    run: Callable[[int], Found]  # seed → numbers
    experiment: str  # where to try it at full size, with these settings
    settings: dict[str, Any]  # with the preset


def position_invariance(seed: int = 0) -> Found:
    """The motif lies in the left half in training; can it be found in the right half?"""
    left, right = (0, LENGTH // 2 - 7), (LENGTH // 2, LENGTH - 7)
    X, y = planted(1200, seed, where=left)
    tests = {"left half, as in training": planted(600, seed + 1, where=left)}
    tests["right half, never seen there"] = planted(600, seed + 2, where=right)
    names = {"Conv1D + maximum": conv(pooling="max"), "Conv1D + Flatten": conv(pooling="flatten"), "Dense": None}
    series: dict[str, list[float]] = {where: [] for where in tests}
    for config in names.values():
        model = fitted(config, X, y, seed=seed)
        for where, (X_test, y_test) in tests.items():
            series[where].append(auroc(model, X_test, y_test))
    away = series["right half, never seen there"]
    holds = away[0] > 0.85 and away[0] > max(away[1:]) + 0.1
    verdict = _said(
        f"On the right, where training never showed the motif, Conv1D with a maximum reaches {away[0]:.2f}, with "
        f"Flatten {away[1]:.2f}, and a dense network {away[2]:.2f} (guessing is 0.5)",
        holds,
    )
    return Found("bars", "network", "ROC-AUC", tuple(names), _fixed(series), verdict, holds, 0.5)


def parameter_sharing(seed: int = 0) -> Found:
    """Weights shared over positions or not, with as many hidden units and with more, for more and more examples."""
    sizes = (100, 300, 1000, 3000)
    X, y = planted(max(sizes), seed)
    X_test, y_test = planted(800, seed + 1)
    series: dict[str, list[float]] = {}
    weights = []
    for config, hidden in ((conv(pooling="max"), 16), (None, 16), (None, 256)):
        models = [fitted(config, X[:n], y[:n], seed=seed, hidden=hidden) for n in sizes]
        weights.append(count(models[0]))
        name = f"{'Dense' if config is None else 'Conv1D'}, {weights[-1]:,} weights"
        series[name] = [auroc(model, X_test, y_test) for model in models]
    ours, small, large = series.values()
    holds = ours[0] > max(small[-1], large[-1]) + 0.05
    verdict = _said(
        f"With {sizes[0]} examples Conv1D reaches {ours[0]:.2f}; with {sizes[-1]:,}, dense networks of "
        f"{weights[1] / weights[0]:.0f} and {weights[2] / weights[0]:.0f} times its weights reach {small[-1]:.2f} and "
        f"{large[-1]:.2f}",
        holds,
        ": they must learn the motif anew at every position",
    )
    return Found("lines", "training examples", "ROC-AUC on new sequences", sizes, _fixed(series), verdict, holds, 0.5)


def locality(seed: int = 0) -> Found:
    """Kernels shorter and longer than the motif, of 7 bases; negatives hold its letters shuffled."""
    kernels = (1, 2, 3, 5, 7, 9, 13)
    X, y = planted(1500, seed)
    X_test, y_test = planted(800, seed + 1)
    values = [auroc(fitted(conv(kernel_size=k, filters=8), X, y, seed=seed), X_test, y_test) for k in kernels]
    short, whole = values[kernels.index(2)], values[kernels.index(7)]
    holds = whole > short + 0.1 and values[-1] < whole + 0.03
    verdict = _said(
        f"A kernel of 2 bases reaches {short:.2f}, one as long as the motif {whole:.2f}, and one of 13 bases "
        f"{values[-1]:.2f}",
        holds,
        ": what counts lies close together",
    )
    return Found(
        "lines", "kernel size (bases); the motif has 7", "ROC-AUC on new sequences", kernels,
        {"one layer, maximum": tuple(values)}, verdict, holds, 0.5,
    )  # fmt: skip


def depth(seed: int = 0) -> Found:
    """Two words that only mean something at a fixed distance: negatives hold both, further apart."""
    X, y = grammar(3000, seed)
    X_test, y_test = grammar(800, seed + 1)
    names, values, fields = [], [], []
    for layers, kernel in ((1, 5), (2, 5), (3, 5), (1, 13)):
        config = conv(depth=layers, kernel_size=kernel, filters=16)
        fields.append(1 + layers * (kernel - 1))
        names.append(f"{layers} layer{'s' * (layers > 1)} of {kernel} bases, sees {fields[-1]}")
        values.append(auroc(fitted(config, X, y, seed=seed, steps=500), X_test, y_test))
    one, two, three, long = values
    holds = three > one + 0.1 and abs(long - three) < 0.05
    verdict = _said(
        f"The pair spans 12 bases, and 9 can hold the end of one word and the start of the other. One layer sees "
        f"{fields[0]} and reaches {one:.2f}, two see {fields[1]} and reach {two:.2f}, three see {fields[2]} and reach "
        f"{three:.2f}. One layer of longer filters, which sees as far as three, reaches {long:.2f}",
        holds,
        ": what counts is how far a unit sees",
    )
    return Found("bars", "network", "ROC-AUC on new sequences", tuple(names), {"ROC-AUC": tuple(values)}, verdict,
                 holds, 0.5)  # fmt: skip


def loss(seed: int = 0) -> Found:
    """The pull of both losses on a network that is surely wrong: the gradient at the logit, of a positive example."""
    import torch
    from torch.nn import functional

    at = torch.linspace(-8, 4, 25, requires_grad=True)
    cross, squares = functional.binary_cross_entropy_with_logits, functional.mse_loss
    one = torch.ones_like(at)
    (ce,) = torch.autograd.grad(cross(at, one, reduction="sum"), at)
    (l2,) = torch.autograd.grad(squares(torch.sigmoid(at), one, reduction="sum"), at)
    X, y = planted(1000, seed)
    means = {}
    for name, function in (("cross_entropy", cross), ("l2", lambda z, t: squares(torch.sigmoid(z), t))):
        model = fitted(conv(), X, y, seed=seed, loss=function, steps=150, start=-12.0)
        means[name] = float(torch.sigmoid(logits(model, X)).mean())
    series = {"cross-entropy": tuple((-ce).tolist()), "L2 of the probability": tuple((-l2).tolist())}
    x = tuple(round(v, 2) for v in at.tolist())
    groups = _calibration(seed)
    measured, by_l2, by_ce = (values[-1] for values in groups.series.values())
    holds = abs(means["cross_entropy"] - 0.5) < 0.2 and means["l2"] < 0.3 and groups.holds
    verdict = _said(
        f"Started from 'surely not bound' on data of which half is bound, 150 steps of plain gradient descent on "
        f"cross-entropy bring the mean prediction to {means['cross_entropy']:.2f}; as many on L2, whose pull vanishes "
        f"there, leave it at {means['l2']:.3f}. On activities it is the other way round: of the most active tenth, "
        f"{measured:.2f} on average, a linear output with L2 says {by_l2:.2f}, cross-entropy through a sigmoid "
        f"{by_ce:.2f}",
        holds,
        ", since a sigmoid ends at 1",
    )
    return Found("lines", "logit of a positive example (left: surely wrong)", "pull towards 1 (−gradient)", x,
                 series, verdict, holds, also=groups)  # fmt: skip


def _calibration(seed: int) -> Found:
    """Activities up to 1.4, learnt with either loss: is the mean right in each tenth?"""
    import torch
    from torch.nn import functional

    X, y = activities(2000, seed)
    X_test, y_test = activities(1000, seed + 1)
    flat = conv(pooling="flatten")
    l2 = logits(fitted(flat, X, y, seed=seed, loss=functional.mse_loss), X_test)
    ce = torch.sigmoid(logits(fitted(flat, X, y, seed=seed), X_test))
    tenths = np.array_split(np.argsort(y_test), 10)
    shown = {"measured": y_test, "L2, linear output": l2.numpy(), "cross-entropy, sigmoid": ce.numpy()}
    series = {name: tuple(float(values[rows].mean()) for rows in tenths) for name, values in shown.items()}
    measured, by_l2, by_ce = (values[-1] for values in series.values())
    return Found(
        "lines", "new sequences in tenths, from the least to the most active", "mean activity (predicted or measured)",
        tuple(range(1, 11)), series, "", abs(by_l2 - measured) < 0.1 and measured - by_ce > 0.15,
    )  # fmt: skip


def outside_input(seed: int = 0) -> Found:
    """Bound needs a motif and open chromatin: the accessibility raw, as its logarithm, and shuffled."""
    rng = np.random.default_rng(seed)

    def draw(n: int, part: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        X, motif = planted(n, seed + part)
        openness = np.exp(np.log(0.0036) + 0.5 * rng.standard_normal(n)).astype(np.float32)
        return X, motif * (openness > 0.0036), openness[:, None]

    X, y, a = draw(2000, 0)
    X_test, y_test, a_test = draw(1000, 5)
    mean, scale = float(np.log(a + 1e-3).mean()), float(np.log(a + 1e-3).std())
    log = {"covariate_transform": "log", "covariate_mean": (mean,), "covariate_scale": (scale,)}
    beside = {"covariates": ("accessibility",)}
    tried = {
        "sequence alone": (conv(), None, None),
        "accessibility raw": (conv(**beside), a, a_test),
        "its logarithm, standardised": (conv(**beside, **log), a, a_test),
        "the same, shuffled": (conv(**beside, **log), rng.permutation(a), rng.permutation(a_test)),
    }
    values = []
    for config, given, given_test in tried.values():
        model = fitted(config, X, y, seed=seed, covariates=given)
        values.append(auroc(model, X_test, y_test, given_test))
    holds = values[2] > values[1] + 0.03 and values[1] < values[0] + 0.03
    verdict = _said(
        f"With the sequence alone the network reaches {values[0]:.2f}, with raw accessibility, {a.mean():.4f} on "
        f"average, {values[1]:.2f}, with its standardised logarithm {values[2]:.2f}, and with that shuffled "
        f"{values[3]:.2f}",
        holds,
    )
    return Found("bars", "what joins at the last layer", "ROC-AUC on new sequences", tuple(tried),
                 {"ROC-AUC": tuple(values)}, verdict, holds, 0.5)  # fmt: skip


def overfitting(seed: int = 0) -> Found:
    """Filters against dropout, on few examples: what is learnt, and what is learnt by heart."""
    filters, rates = (1, 4, 16, 64), (0.0, 0.5)
    X, y = planted(250, seed)
    X_test, y_test = planted(800, seed + 1)
    series: dict[str, list[float]] = {}
    for rate in rates:
        for n in filters:
            model = fitted(conv(filters=n, pooling="flatten", dropout=rate), X, y, seed=seed, steps=250)
            for part, value in (("training", auroc(model, X, y)), ("new", auroc(model, X_test, y_test))):
                series.setdefault(f"{part} sequences, dropout {rate:g}", []).append(value)
    rows = np.array(list(series.values()))  # training and new without dropout, then with
    without, dropped = (rows[::2] - rows[1::2])[:, 1:].mean(axis=1)
    holds = without > 0.1 and dropped < without - 0.02
    verdict = _said(
        f"From 250 examples, {filters[1]} to {filters[-1]} filters do better on training than on new sequences by "
        f"{without:.2f} on average without dropout and by {dropped:.2f} with it; one filter reaches only "
        f"{rows[0, 0]:.2f} even on what it was trained on",
        holds,
    )
    return Found("lines", "filters", "ROC-AUC", filters, _fixed(series), verdict, holds, 0.5)


# What the Train page is opened with: the network of these experiments, and the preset for data made here.
_SMALL = {"preset": "quick", "depth": 1, "filters": 16, "kernel_size": 7, "dropout": 0.0, "pooling": "max"}

CLAIMS: dict[str, Claim] = {
    "position": Claim(
        "Position invariance",
        "A convolution that keeps its maximum finds a motif wherever it lies.",
        "Flatten and a dense network, which weigh each position by itself, see the same training data.",
        position_invariance, "tf_binding", _SMALL,
    ),
    "sharing": Claim(
        "Parameter sharing",
        "One set of weights is used at every position, so that few examples are enough.",
        "Dense networks with as many hidden units, and with 16 times as many, see the same examples.",
        parameter_sharing, "tf_binding", _SMALL,
    ),
    "locality": Claim(
        "Locality",
        "A filter need only look at as many neighbours as a motif is long.",
        "Negatives hold the motif's letters shuffled: single bases tell nothing.",
        locality, "tf_binding", _SMALL | {"filters": 8},
    ),
    "depth": Claim(
        "Depth composes",
        "Later layers see further, and so can tell two words at a distance from the same words elsewhere.",
        "Negatives hold both words too, at other distances; one layer of longer filters sees as far as three layers.",
        depth, "tf_binding", _SMALL | {"depth": 3, "kernel_size": 5},
    ),
    "loss": Claim(
        "The loss fits the task",
        "Cross-entropy pulls hardest where a class is surely wrong; L2 through a sigmoid lets go there.",
        "The same start, data and steps: only the loss differs, and for activities the output that goes with it.",
        loss, "tf_binding", _SMALL | {"loss": "cross_entropy"},  # L2 on classes is refused
    ),
    "outside": Claim(
        "An outside number joins at the end",
        "A small raw number is ignored; on the scale of the other features it is used.",
        "The same numbers given to the wrong sequences must not help.",
        outside_input, "chromatin", _SMALL | {"covariate_transform": "log"},
    ),
    "fit": Claim(
        "Under- and overfitting",
        "Too few filters learn too little; many learn the examples by heart, with dropout somewhat less.",
        "Training and new sequences are drawn alike: any gap is memory.",
        overfitting, "tf_binding", _SMALL | {"pooling": "flatten", "filters": 64, "dropout": 0.5},
    ),
}  # fmt: skip


def _said(numbers: str, holds: bool, meaning: str = "") -> str:
    """An experiment's sentence: its numbers, then what they mean, or that this draw does not show what is claimed."""
    return f"{numbers}{meaning}." if holds else f"{numbers}. These random numbers do not show what is claimed."


def _fixed(series: dict[str, list[float]]) -> dict[str, tuple[float, ...]]:
    return {name: tuple(values) for name, values in series.items()}
