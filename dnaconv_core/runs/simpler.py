"""What simple predictors reach on data that a model is evaluated on: fitted on what the model has learnt from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import DnaConvError
from dnaconv_core.evaluate.dependence import Groups
from dnaconv_core.evaluate.metrics import labelled
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import load_parts
from dnaconv_core.model.bundle import Bundle
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Metric
from dnaconv_core.runs.baselines import (
    MOST_EXAMPLES,
    MOST_LABELS,
    NOT_WISHED,
    Baselines,
    StoredBaseline,
    wished,
)
from dnaconv_core.runs.of_outputs import differences, of_each
from dnaconv_core.sequence.motif import from_iupac


def fit_simpler(
    bundle: Bundle, data: Dataset, prediction: np.ndarray, groups: Groups, progress: Progress = SILENT
) -> Baselines:
    """Every baseline, fitted on the model's training part and measured on `data`, of which it predicts `prediction`.

    None, with the reason, where that part is not here, does not go with the data, or is too large, or none is wished.
    """
    from dnaconv_core.evaluate.baselines_kept import kept_baselines

    wish = wished()
    if wish == "none":
        return Baselines((), NOT_WISHED)
    try:
        experiment, record = get_experiment(bundle.experiment), bundle.record
        source, valid, covariates = (str(record.get(name) or "") for name in ("data", "valid", "covariates"))
        if not source:
            return Baselines((), "the model does not say what it was trained on")
        train, _ = load_parts(experiment, source, valid, covariates, record.get("split"))
        if len(train) + len(data) > MOST_EXAMPLES or data.y.shape[1] > MOST_LABELS:
            return Baselines((), f"there are more than {MOST_EXAMPLES:,} examples or {MOST_LABELS} labels")
        motif = from_iupac(experiment.motif).ppm if experiment.motif else None
        both = experiment.strand == "both" and train.alphabet == "DNA"
        fitted = dict(
            kept_baselines(
                experiment.task, train, data, motif=motif, n_outputs=prediction.shape[1], both_strands=both,
                quick=wish == "quick", progress=progress,
            )
        )  # fmt: skip
    except DnaConvError as error:
        return Baselines((), f"the model's training part cannot be used: {error}")
    found = []
    for key, one in fitted.items():
        pair = prediction, one.prediction
        told = differences(experiment.answer, data.y, labelled(data.w), pair, groups)
        each = of_each(experiment.answer, data, *pair, groups)
        found.append(StoredBaseline(key, one.name, one.explanation, one.metrics, told, one.prediction, each))
    return Baselines(tuple(found))


def simpler_lines(simpler: Baselines, metric: str, name: str) -> list[str]:
    """The baselines in lines of text, by the metric that is called `name`; or why there are none."""
    if not simpler.found:
        return [f"simple predictors are not shown: {simpler.reason}"]
    lines = [f"simple predictors, fitted on the model's training part, {name}:"]
    for one in simpler.found:
        found, difference = one.metrics[metric], one.differences[metric]
        if found.value is None:
            lines.append(f"  {one.name:<20} undefined: {found.undefined}")
            continue
        lines.append(
            f"  {one.name:<20} {found.value:.4f}  ({found.told(4)}); the model {difference.value:+.4f} "
            f"({difference.told()})"
        )
    return lines


def each_lines(simpler: Baselines, names: Sequence[str], metric: str, label: str) -> list[str]:
    """For every output the best simple predictor by the metric that is called `label`, in lines of text."""
    lines = []
    for output, name in enumerate(names):
        told = [(one.name, one.each[output]) for one in simpler.found if output < len(one.each)]
        told = [(other, of) for other, of in told if of.metrics[metric].value is not None]
        if not told:
            continue
        other, of = max(told, key=lambda pair: pair[1].metrics[metric].value or 0.0)
        found, difference = of.metrics[metric], of.differences[metric]
        more = "" if difference.value is None else f"; the model {difference.value:+.4f} ({difference.told()})"
        lines.append(f"  {name}: {label} {found.value:.4f} ({found.told(4)}) by {other}{more}")
    return ["the best simple predictor of each:", *lines] if lines else []


def prevalence_brier(metrics: dict[str, Metric]) -> float | None:
    """The Brier score of always saying the prevalence of these examples: p (1 − p); None where there is none."""
    share = metrics["prevalence"].value if "prevalence" in metrics else None
    brier = metrics.get("brier")
    return None if share is None or brier is None or brier.value is None else share * (1 - share)


def prevalence_words(metrics: dict[str, Metric]) -> str:
    """That score compared with the model's own, in words; '' where there is none."""
    other = prevalence_brier(metrics)
    if other is None:
        return ""
    value = metrics["brier"].value
    assert value is not None  # or there were no other
    better = "better" if value < other else "no better"
    return f"Brier score of always saying the prevalence: {other:.4f}; the model's is {better}"
