"""What simple predictors reach on a run's own split, stored with its model: `baselines.json` and `baselines.npz`."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.errors import BundleError, ConfigError, DnaConvError, InputError
from dnaconv_core.evaluate.dependence import groups_of
from dnaconv_core.evaluate.held_out import PREDICTIONS as HELD_OUT
from dnaconv_core.evaluate.held_out import read_kept
from dnaconv_core.evaluate.intervals import Difference
from dnaconv_core.evaluate.metrics import labelled
from dnaconv_core.files import DAMAGED, write_atomic
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Metric
from dnaconv_core.runs.of_outputs import OfOutput, differences, differences_as_json, of_each
from dnaconv_core.sequence.motif import from_iupac
from dnaconv_core.storing import check_storing

if TYPE_CHECKING:
    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.experiments.base import Experiment

NUMBERS, PREDICTIONS = "baselines.json", "baselines.npz"
MOST_EXAMPLES = 400_000  # of both parts together; on more, counting words takes minutes
WISH = "DNACONV_BASELINES"
MOST_LABELS = 10  # each has linear models of its own
NOT_WISHED = f"{WISH} is 'none'"
_ENDED = "fitting them was stopped before all were done"
_ONLY_QUICK = "this run asked for the quick ones, without gapped words, JASPAR and trees"
_EVERY, _SURE = 0.3, 0.05  # seconds between messages; share of the work from which the time left can be guessed
COMPARED = {key: answer.compared for key, answer in ANSWERS.items()}  # metrics that a model is compared by


def check_wish(wish: str) -> None:
    """Raises ConfigError for a wish of a run other than '' and 'quick'."""
    if wish not in ("", "quick"):
        raise ConfigError(f"baselines is {wish[:20]!r}: write 'quick' or leave it out")


def wished(run: str = "") -> str:
    """Which are fitted, as $DNACONV_BASELINES says: 'all', 'quick' (without those that take longest) or 'none'.

    run: 'quick' where the run itself asks for no more. Raises ConfigError for another word.
    """
    wish = os.environ.get(WISH, "all")
    if wish not in ("all", "quick", "none"):
        some = "'quick' (without gapped words, JASPAR and trees)"
        raise ConfigError(f"{WISH} is {wish[:20]!r}: write 'all', {some} or 'none'")
    return run if run and wish == "all" else wish


class StoredBaseline(NamedTuple):
    """One baseline of a run, and how the run's model differs from it (model minus baseline), by metric."""

    key: str
    name: str
    explanation: str
    metrics: dict[str, Metric]
    differences: dict[str, Difference]
    prediction: np.ndarray | None  # (N,), of several outputs (N, T), in the order of the run's predictions
    each: tuple[OfOutput, ...] = ()  # of every output alone, where there are several

    def as_json(self) -> dict[str, Any]:
        """All but the predictions."""
        metrics = {name: metric.as_json() for name, metric in self.metrics.items()}
        differences = {name: found._asdict() for name, found in self.differences.items()}
        words = {"key": self.key, "name": self.name, "explanation": self.explanation}
        each = {"each": [one.as_json() for one in self.each]} if self.each else {}
        return words | {"metrics": metrics, "differences": differences} | each


class Baselines(NamedTuple):
    found: tuple[StoredBaseline, ...]
    reason: str = ""  # why there are none, or not all


class Watching(Protocol):
    """What a run offers while it is watched: a message, and whether to stop."""

    def say(self, message: str, /) -> None: ...
    def should_stop(self) -> bool: ...


def store_baselines(
    folder: Path,
    experiment: Experiment,
    train: Dataset,
    valid: Dataset,
    *,
    seed: int = 0,
    wish: str = "",
    watch: Watching | None = None,
) -> Baselines:
    """Fit every baseline on the run's split, compare with each the predictions kept in `folder`, and keep all that.

    Where that cannot be done (too many examples, several labels, data that a baseline refuses) the reason is kept: a
    run does not fail for it. Each is kept as soon as it is fitted, so that a stop loses nothing that was done.

    wish: which the run asks for, see `wished`.
    """
    check_storing()
    progress = SILENT if watch is None else _Told(watch)
    kept = read_kept(folder, "prediction")
    if kept is None:
        raise BundleError(f"{folder / HELD_OUT} is missing: keep the model's validation predictions first")
    folder.mkdir(parents=True, exist_ok=True)
    stored: dict[str, Any] = {"main": experiment.main_metric, "baselines": {}, "reason": _ENDED}
    arrays: dict[str, np.ndarray] = {}
    try:
        for key, told, prediction in _fitted(experiment, train, valid, kept.prediction, seed, wished(wish), progress):
            stored["baselines"][key], arrays[key] = told, prediction
            _write(folder, stored, arrays)  # the process may be ended at any moment
        stopped = progress.should_stop()
    except DnaConvError as error:
        stored, arrays, stopped = {"baselines": {}, "reason": str(error)}, {}, True
    if not stopped:
        stored["reason"] = _ONLY_QUICK if wish == "quick" else ""
    _write(folder, stored, arrays)
    return load_baselines(folder)


def _write(folder: Path, stored: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    packed, named = io.BytesIO(), cast("dict[str, Any]", arrays)  # numpy has a keyword of another type, too
    np.savez_compressed(packed, **named)
    write_atomic(folder / PREDICTIONS, packed.getvalue())
    write_atomic(folder / NUMBERS, json.dumps(stored, indent=1).encode())


def load_baselines(folder: Path) -> Baselines:
    """Those stored with the run or bundle in this folder; none, with the reason, where there are none."""
    try:
        stored = json.loads((folder / NUMBERS).read_text())
        arrays: dict[str, np.ndarray] = {}
        if (folder / PREDICTIONS).is_file():
            with np.load(folder / PREDICTIONS, allow_pickle=False) as kept:
                arrays = {key: kept[key] for key in kept.files}
        found = tuple(
            StoredBaseline(
                key,
                str(b["name"]),
                str(b["explanation"]),
                {name: Metric.from_json(m) for name, m in b["metrics"].items()},
                {name: Difference(name, **d) for name, d in b["differences"].items()},
                arrays.get(key),
                tuple(map(OfOutput.from_json, b.get("each", ()))),
            )
            for key, b in stored["baselines"].items()
        )
        return Baselines(found, str(stored.get("reason", "")))
    except FileNotFoundError:
        return Baselines((), "no baselines were fitted for this model")
    except (*DAMAGED, AttributeError, RecursionError):
        return Baselines((), f"{folder / NUMBERS} or {PREDICTIONS} beside it is damaged")


class _Told:
    """Progress of the baselines as messages, with the time left: the run's epoch stays where it ended."""

    def __init__(self, watch: Watching) -> None:
        self.watch = watch
        self.should_stop = watch.should_stop
        self.began, self.last = time.monotonic(), float("-inf")

    def report(self, fraction: float, message: str) -> None:
        now = time.monotonic()
        if now - self.last < _EVERY:
            return
        self.last = now
        left = round((now - self.began) * (1 - fraction) / fraction) if fraction > _SURE else None
        self.watch.say(message if left is None else f"{message}, {left // 60}:{left % 60:02d} left")


def _fitted(
    experiment: Experiment,
    train: Dataset,
    valid: Dataset,
    prediction: np.ndarray,
    seed: int,
    wish: str,
    progress: Progress,
) -> Iterator[tuple[str, dict[str, Any], np.ndarray]]:
    """Key, description with the model's differences, and predictions of each baseline once it is fitted."""
    if wish == "none":
        raise InputError(NOT_WISHED)
    if len(train) + len(valid) > MOST_EXAMPLES:
        raise InputError(f"more than {MOST_EXAMPLES:,} examples: baselines would take minutes")
    if valid.y.shape[1] > MOST_LABELS:
        raise InputError(f"more than {MOST_LABELS} labels: baselines would take minutes")
    from dnaconv_core.evaluate.baselines_kept import kept_baselines

    motif = from_iupac(experiment.motif).ppm if experiment.motif else None
    both, groups = experiment.strand == "both" and train.alphabet == "DNA", groups_of(valid)
    for key, baseline in kept_baselines(
        experiment.task, train, valid, motif=motif, n_outputs=prediction.shape[1], both_strands=both, seed=seed,
        quick=wish == "quick", progress=progress,
    ):  # fmt: skip
        pair, w = (prediction, baseline.prediction), labelled(valid.w)
        found = differences_as_json(differences(experiment.answer, valid.y, w, pair, groups))
        each = of_each(experiment.answer, valid, *pair, groups)
        made = baseline.prediction.astype(np.float32)
        told = {**baseline.as_json(), "differences": found}
        if each:
            told["each"] = [one.as_json() for one in each]
        yield key, told, made[:, 0] if made.shape[1] == 1 else made
