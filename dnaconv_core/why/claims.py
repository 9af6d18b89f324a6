"""Why a 1-D convolution: each reason as an experiment of a few seconds, with a control, on data made for it.

Every experiment trains small networks on sequences whose truth is known and returns the numbers of one chart and a
sentence that is made from them. What they mean is said only where they show what is claimed.
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
    meaning: str = ""  # why that is so, where they do
    also: Found | None = None  # a second chart to the same sentence


class Claim(NamedTuple):
    """One reason, and the experiment that puts it to the test."""

    title: str
    claim: str
    control: str
    run: Callable[[int], Found]  # seed → numbers
    experiment: str  # where to try it at full size, with these settings
    settings: dict[str, Any]  # with the preset
    networks: int  # that are trained


def position_invariance(seed: int = 0) -> Found:
    """The motif lies in the left half in training; can it be found in the right half?"""
    left, right = (0, LENGTH // 2 - 7), (LENGTH // 2, LENGTH - 7)
    X, y = planted(1200, seed, where=left)
    tests = {"left half, as in training": planted(600, seed + 1, where=left)}
    tests["right half, never seen in training"] = planted(600, seed + 2, where=right)
    names = {"Conv1D + maximum": conv(pooling="max"), "Conv1D + Flatten": conv(pooling="flatten"), "Dense": None}
    series: dict[str, list[float]] = {where: [] for where in tests}
    for config in names.values():
        model = fitted(config, X, y, seed=seed)
        for where, (X_test, y_test) in tests.items():
            series[where].append(auroc(model, X_test, y_test))
    away = series["right half, never seen in training"]
    holds = away[0] > 0.85 and away[0] > max(away[1:]) + 0.1
    verdict = (
        f"On the right half, where training never showed the motif, Conv1D with a maximum reaches {away[0]:.2f}, "
        f"Conv1D with Flatten {away[1]:.2f} and a dense network {away[2]:.2f} (guessing: 0.5)."
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
    verdict = (
        f"With {sizes[0]} examples Conv1D reaches {ours[0]:.2f}. With {sizes[-1]:,}, dense networks of "
        f"{weights[1] / weights[0]:.0f} and {weights[2] / weights[0]:.0f} times its weights reach {small[-1]:.2f} and "
        f"{large[-1]:.2f}."
    )
    return Found("lines", "training examples", "ROC-AUC on new sequences", sizes, _fixed(series), verdict, holds, 0.5,
                 "A dense network must learn the motif anew at every position.")  # fmt: skip


def locality(seed: int = 0) -> Found:
    """Kernels shorter and longer than the motif, of 7 bases; negatives hold its letters shuffled."""
    kernels = (1, 2, 3, 5, 7, 9, 13)
    X, y = planted(1500, seed)
    X_test, y_test = planted(800, seed + 1)
    values = [auroc(fitted(conv(kernel_size=k, filters=8), X, y, seed=seed), X_test, y_test) for k in kernels]
    short, whole = values[kernels.index(2)], values[kernels.index(7)]
    holds = whole > short + 0.1 and values[-1] < whole + 0.03
    verdict = (
        f"A kernel of 2 bases reaches {short:.2f}, one as long as the motif {whole:.2f} and one of 13 bases "
        f"{values[-1]:.2f}."
    )
    return Found(
        "lines", "kernel size (bases); the motif has 7", "ROC-AUC on new sequences", kernels,
        {"one layer, maximum": tuple(values)}, verdict, holds, 0.5, "The bases that matter lie close together.",
    )  # fmt: skip


def depth(seed: int = 0) -> Found:
    """Two words that only mean something at a fixed distance: negatives hold both, further apart."""
    X, y = grammar(3000, seed)
    X_test, y_test = grammar(800, seed + 1)
    names, values, fields = [], [], []
    for layers, kernel in ((1, 5), (2, 5), (3, 5), (1, 13)):
        config = conv(depth=layers, kernel_size=kernel, filters=16)
        fields.append(1 + layers * (kernel - 1))
        names.append(f"depth {layers}, kernel {kernel}: sees {fields[-1]}")
        values.append(auroc(fitted(config, X, y, seed=seed, steps=500), X_test, y_test))
    one, two, three, long = values
    holds = three > one + 0.1 and abs(long - three) < 0.05
    verdict = (
        f"The two words span 12 bases. One layer sees {fields[0]} bases and reaches {one:.2f}, two see {fields[1]} and "
        f"reach {two:.2f}, three see {fields[2]} and reach {three:.2f}. One layer of longer filters, which sees as "
        f"many bases as three, reaches {long:.2f}."
    )
    return Found("bars", "network", "ROC-AUC on new sequences", tuple(names), {"ROC-AUC": tuple(values)}, verdict,
                 holds, 0.5, "What matters is how many bases a unit sees.")  # fmt: skip


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
    verdict = (
        f"Half of the examples are bound, and the network starts at 'surely not bound'. After 150 steps of plain "
        f"gradient descent the mean prediction is {means['cross_entropy']:.2f} with cross-entropy and "
        f"{means['l2']:.3f} with L2. Of activities, the most active tenth has a mean of {measured:.2f}: a linear "
        f"output with L2 predicts {by_l2:.2f}, a sigmoid with cross-entropy {by_ce:.2f}."
    )
    return Found("lines", "logit of a positive example (left: sure but wrong)", "pull towards 1 (−gradient)", x,
                 series, verdict, holds, also=groups,
                 meaning="L2 behind a sigmoid has almost no gradient there; and no sigmoid exceeds 1.")  # fmt: skip


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
        "raw accessibility": (conv(**beside), a, a_test),
        "its logarithm, standardised": (conv(**beside, **log), a, a_test),
        "the same, shuffled": (conv(**beside, **log), rng.permutation(a), rng.permutation(a_test)),
    }
    values = []
    for config, given, given_test in tried.values():
        model = fitted(config, X, y, seed=seed, covariates=given)
        values.append(auroc(model, X_test, y_test, given_test))
    holds = values[2] > values[1] + 0.03 and values[1] < values[0] + 0.03
    verdict = (
        f"The network reaches {values[0]:.2f} with the sequence alone, {values[1]:.2f} with raw accessibility "
        f"({a.mean():.4f} on average), {values[2]:.2f} with its standardised logarithm and {values[3]:.2f} with that "
        f"shuffled."
    )
    return Found("bars", "given beside the sequence", "ROC-AUC on new sequences", tuple(tried),
                 {"ROC-AUC": tuple(values)}, verdict, holds, 0.5)  # fmt: skip


def overfitting(seed: int = 0) -> Found:
    """Filters against dropout, on few examples: what is learnt, and what is memorised."""
    filters = (1, 4, 16, 64)
    names = {
        0.0: ("training sequences, dropout 0", "new sequences, dropout 0"),
        0.5: ("training sequences, dropout 0.5", "new sequences, dropout 0.5"),
    }
    X, y = planted(250, seed)
    X_test, y_test = planted(800, seed + 1)
    series: dict[str, list[float]] = {}
    for rate, (training, new) in names.items():
        for n in filters:
            model = fitted(conv(filters=n, pooling="flatten", dropout=rate), X, y, seed=seed, steps=250)
            series.setdefault(training, []).append(auroc(model, X, y))
            series.setdefault(new, []).append(auroc(model, X_test, y_test))
    rows = np.array(list(series.values()))  # training and new without dropout, then with
    without, dropped = (rows[::2] - rows[1::2])[:, 1:].mean(axis=1)
    holds = without > 0.1 and dropped < without - 0.02
    verdict = (
        f"With 250 examples and {filters[1]} to {filters[-1]} filters, networks score higher on training than on new "
        f"sequences by {without:.2f} on average without dropout and by {dropped:.2f} with it. One filter reaches "
        f"{rows[0, 0]:.2f} even on training sequences."
    )
    return Found("lines", "filters", "ROC-AUC", filters, _fixed(series), verdict, holds, 0.5)


# What the Train page is opened with: the network of these experiments, and the preset for data made here.
_SMALL = {"preset": "quick", "depth": 1, "filters": 16, "kernel_size": 7, "dropout": 0.0, "pooling": "max"}

CLAIMS: dict[str, Claim] = {
    "position": Claim(
        "Position invariance",
        "A convolution with a maximum finds a motif wherever it lies.",
        "Flatten and a dense network have separate weights for each position. They see the same training data.",
        position_invariance, "tf_binding", _SMALL, 3,
    ),
    "sharing": Claim(
        "Parameter sharing",
        "Every position uses the same weights, so a few examples are enough.",
        "Dense networks with as many hidden units, and with 16 times as many, see the same examples.",
        parameter_sharing, "tf_binding", _SMALL, 12,
    ),
    "locality": Claim(
        "Locality",
        "A filter needs to see only as many bases as a motif has.",
        "Negatives contain the motif's letters in another order, so single bases tell nothing.",
        locality, "tf_binding", _SMALL | {"filters": 8}, 7,
    ),
    "depth": Claim(
        "Deeper layers see further",
        "Later layers see more bases, so they can tell two words close together from the same words further apart.",
        "Negatives contain both words too, further apart. One layer of longer filters sees as far as three layers.",
        depth, "tf_binding", _SMALL | {"depth": 3, "kernel_size": 5}, 4,
    ),
    "loss": Claim(
        "The loss fits the task",
        "When the network is sure but wrong, cross-entropy corrects it most; L2 behind a sigmoid hardly corrects it.",
        "Same start, data and steps. Only the loss differs, and for activities the output that goes with it.",
        loss, "tf_binding", _SMALL | {"loss": "cross_entropy"}, 4,  # L2 on classes is refused
    ),
    "outside": Claim(
        "An extra number",
        "A small raw number is ignored; scaled like the other features, it is used.",
        "The same numbers, given to the wrong sequences, must not help.",
        outside_input, "chromatin", _SMALL | {"covariate_transform": "log"}, 4,
    ),
    "fit": Claim(
        "Under- and overfitting",
        "Too few filters learn too little. Many memorise the examples; dropout makes that weaker.",
        "Training and new sequences are made in the same way, so a gap between them means memorised examples.",
        overfitting, "tf_binding", _SMALL | {"pooling": "flatten", "filters": 64, "dropout": 0.5}, 8,
    ),
}  # fmt: skip


def _fixed(series: dict[str, list[float]]) -> dict[str, tuple[float, ...]]:
    return {name: tuple(values) for name, values in series.items()}
