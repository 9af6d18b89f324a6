"""A shipped model's figures, measured anew from the predictions kept with it: nothing is trained or predicted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from dnaconv_core.errors import BundleError
from dnaconv_core.evaluate.dependence import Groups, groups_of_codes
from dnaconv_core.evaluate.held_out import PREDICTIONS, WHOLE, Kept, read_kept
from dnaconv_core.evaluate.intervals import paired_difference, with_intervals
from dnaconv_core.evaluate.metrics import labelled
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.files import write_atomic
from dnaconv_core.model.bundle import CARD, METRICS, load_bundle
from dnaconv_core.results import Metric
from dnaconv_core.runs.baselines import NUMBERS, load_baselines
from dnaconv_core.runs.pretrained import recipe, shipped_card


def measure_again(name: str, folder: Path) -> dict[str, Metric]:
    """Validation metrics, those of the baselines, the differences and the card of the model `name` in `folder`.

    Raises BundleError for a name that is none, and where no predictions are kept.
    """
    wanted, kept = recipe(name), read_kept(folder, *WHOLE)
    if kept is None:
        raise BundleError(f"{folder / PREDICTIONS} is missing: rebuild the model")
    experiment = get_experiment(wanted.spec.experiment)
    groups = groups_of_codes(kept.ids, kept.codes, experiment.alphabet)
    stored = json.loads((folder / METRICS).read_text())
    found = with_intervals(experiment.task, kept.y, kept.prediction, weights=labelled(kept.w), groups=groups)
    stored["valid"] = {key: metric.as_json() for key, metric in found.items()}
    write_atomic(folder / METRICS, json.dumps(stored, indent=1).encode())
    numbers = json.loads((folder / NUMBERS).read_text())
    for baseline in load_baselines(folder).found:
        if baseline.prediction is not None:
            prediction = baseline.prediction.reshape(len(kept.y), -1)
            numbers["baselines"][baseline.key] |= _measured(experiment, kept, prediction, groups)
    write_atomic(folder / NUMBERS, json.dumps(numbers, indent=1).encode())
    write_atomic(folder / CARD, shipped_card(name, wanted, folder).encode())
    return load_bundle(folder).metrics["valid"]


def _measured(experiment: Experiment, kept: Kept, prediction: np.ndarray, groups: Groups) -> dict[str, Any]:
    """A baseline's metrics, and the model's differences from it, as `baselines.json` has them."""
    weights = labelled(kept.w)
    metrics = with_intervals(experiment.task, kept.y, prediction, weights=weights, groups=groups)
    differences = {}
    for name in experiment.answer.compared:
        pair = kept.prediction, prediction
        found = paired_difference(experiment.task, name, kept.y, *pair, weights=weights, groups=groups)
        differences[name] = {key: value for key, value in found._asdict().items() if key != "name"}
    return {"metrics": {name: metric.as_json() for name, metric in metrics.items()}, "differences": differences}
