"""What a trained network adds to the best simple predictor, in one sentence, from paired intervals on validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from dnaconv_core.answers import find_answer
from dnaconv_core.answers.labels import LABELS
from dnaconv_core.evaluate.intervals import Difference
from dnaconv_core.runs.baselines import StoredBaseline, load_baselines

_MEAN = "mean"  # the baseline that predicts without looking


class Verdict(NamedTuple):
    """kind: 'adds', 'nothing', 'worse' or 'unknown'; sentence: for a user; baseline: the key of the best one."""

    kind: str
    sentence: str
    baseline: str = ""
    difference: Difference | None = None

    def as_json(self) -> dict[str, Any]:
        told = None if self.difference is None else self.difference._asdict()
        return {"kind": self.kind, "sentence": self.sentence, "baseline": self.baseline, "difference": told}


def verdict_of(folder: Path, task: str) -> Verdict:
    """The verdict on the model in this folder; 'unknown', with the reason, where it has no baselines."""
    metric = find_answer(task).main_metric
    stored = load_baselines(folder)
    ranked = [b for b in stored.found if metric in b.differences and b.differences[metric].value is not None]
    ranked = [b for b in ranked if b.metrics.get(metric) is not None and b.metrics[metric].value is not None]
    if not ranked:
        reason = stored.reason or f"no simple predictor has a {LABELS[metric].name} here"
        return Verdict("unknown", f"What the network adds to simple predictors is not known: {reason}.")
    best = max(ranked, key=lambda b: (b.metrics[metric].value, b.key != _MEAN))
    return _said(best, best.differences[metric], LABELS[metric].name)


def _said(best: StoredBaseline, difference: Difference, metric: str) -> Verdict:
    other = f"the best simple predictor, {best.name} ({metric} {best.metrics[difference.name].value:.3f})"
    if difference.value is None or difference.low is None or difference.high is None:
        why = difference.note or "too few examples"
        words = f"On the validation part the network cannot be compared with {other}: {why}."
        return Verdict("unknown", words, best.key, difference)
    between = f"{difference.low:+.3f} to {difference.high:+.3f}"
    if difference.low > 0:
        words = f"On the validation part the network adds {difference.value:+.3f} ({between}) to {other}."
        return Verdict("adds", words, best.key, difference)
    if difference.high < 0:
        words = (
            f"On the validation part the network is worse than {other} by {-difference.value:.3f} ({between}): use "
            f"that, or train a wider network with both strands and pooling (--preset wide)."
        )
        return Verdict("worse", words, best.key, difference)
    words = (
        f"On the validation part there is no clear difference between the network and {other}: {between}. Try another "
        f"preset, or bring more examples."
    )
    return Verdict("nothing", words, best.key, difference)
